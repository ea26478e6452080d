package difftest

import (
	"math"

	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm/ir"
)

// answer is whether the machine's value is one of those that were recorded.
type answer uint8

const (
	no answer = iota
	yes
	unresolved // the machine cannot tell
)

// link is a value that is tied to others by an id.
type link struct {
	value   *verifier.Value
	machine uint64
	frame   int
	reg     int // -1 for a slot
	slot    int
	free    bool
	bytes   int // of it that are there
}

// member reports whether the machine is one of those that visit n stands for,
// and binds again what is free and yet as the visit says: from there on all
// that is computed of it must be too.
func (f *follower) member(p *pass, n int32, v *verifier.Visit, free *freedom) bool {
	f.links = f.links[:0]
	for i, fr := range v.Frames {
		regs := &p.frames[i].regs
		for r := range fr.Regs {
			val, on := &fr.Regs[r], free.regs[i]>>r&1 != 0
			if val.Kind == verifier.ValueNone {
				continue
			}
			ok, text := f.holds(p, val, regs[r])
			if !f.count(ok, on) {
				f.why = reason{visit: n, frame: i, reg: r, value: *val, machine: regs[r], text: text}
				return false
			}
			if ok != no {
				free.setReg(i, isa.Reg(r), false)
				f.tie(link{val, regs[r], i, r, 0, on, 8})
			}
		}
		for k := range fr.Stack {
			if !f.memberSlot(p, n, i, k, &fr.Stack[k], free) {
				return false
			}
		}
	}
	return f.memberLinks(n, free)
}

// count tallies an answer; it is false for a value that binds and is none of
// those recorded.
func (f *follower) count(ok answer, free bool) bool {
	switch {
	case ok == yes:
		f.tally.Checked++
	case ok == unresolved:
		f.tally.Unresolved++
	case free:
		f.tally.Unbound++
	default:
		return false
	}
	return true
}

func (f *follower) tie(l link) {
	if v := l.value; v.ID != 0 && (v.Kind == verifier.ValueNumber || v.Kind == verifier.ValuePacket ||
		v.Kind == verifier.ValuePacketMeta || v.MayBeNull) {
		f.links = append(f.links, l)
	}
}

// memberSlot checks 8 bytes of stack.
func (f *follower) memberSlot(p *pass, n int32, fr, k int, s *verifier.SavedSlot, free *freedom) bool {
	if s.Bytes == ([8]verifier.ByteKind{}) {
		free.setSlot(fr, k, 0)
		return true
	}
	x := *mem.Addr(p.frames[fr].fp - uint64(8*(k+1))).U64()
	was, still := free.slot(fr, k), uint8(0)
	why := reason{visit: n, frame: fr, reg: -1, slot: k, value: s.Value, machine: x}
	saved := 0
	for saved < 8 && s.Bytes[saved] == verifier.ByteSaved {
		saved++
	}
	for b := saved; b < 8; b++ {
		if s.Bytes[b] != verifier.ByteZero {
			continue
		}
		ok := no
		if byte(x>>(8*b)) == 0 {
			ok = yes
		}
		on := was>>b&1 != 0
		if !f.count(ok, on) {
			why.text = "not the zero that is recorded"
			f.why = why
			return false
		}
		if ok == no {
			still |= 1 << b
		}
	}
	if saved > 0 && s.Value.Kind != verifier.ValueNone {
		mask := uint8(1<<saved - 1)
		on := was&mask != 0
		ok, text := f.holdsSaved(p, &s.Value, x, saved)
		if !f.count(ok, on) {
			why.text = text
			f.why = why
			return false
		}
		if ok == no {
			still |= mask
		} else {
			f.tie(link{&s.Value, x, fr, -1, k, on, saved})
		}
	}
	free.setSlot(fr, k, still)
	return true
}

// holdsSaved is holds for the lower n bytes of a saved register.
func (f *follower) holdsSaved(p *pass, v *verifier.Value, x uint64, n int) (answer, string) {
	if n == 8 {
		return f.holds(p, v, x)
	}
	if v.Kind != verifier.ValueNumber {
		return unresolved, ""
	}
	s := v.Scalar
	s.Trunc(n)
	if s.Has(x & (1<<(8*n) - 1)) {
		return yes, ""
	}
	return no, "the bytes saved are none of those recorded"
}

// memberLinks checks what ids promise, and frees again what is not as promised.
func (f *follower) memberLinks(n int32, free *freedom) bool {
	for i := range f.links {
		a := &f.links[i]
		for j := range i {
			b := &f.links[j]
			if a.value.ID != b.value.ID || a.value.Kind != b.value.Kind || tied(a, b) {
				continue
			}
			if !a.free && !b.free {
				f.why = reason{visit: n, frame: a.frame, reg: a.reg, slot: a.slot, value: *a.value, machine: a.machine, text: "not tied to another as its id says"}
				return false
			}
			// Whichever of the two is bound stays so.
			for _, l := range []*link{a, b} {
				switch {
				case !l.free:
				case l.reg >= 0:
					free.setReg(l.frame, isa.Reg(l.reg), true)
				default:
					free.setSlot(l.frame, l.slot, 0xff)
				}
			}
		}
	}
	return true
}

// tied reports whether two values with the same id are as it says.
func tied(a, b *link) bool {
	x, y := a.machine, b.machine
	v, w := a.value, b.value
	there := ^uint64(0) >> (64 - 8*min(a.bytes, b.bytes))
	switch {
	case v.Kind != verifier.ValueNumber && (v.MayBeNull || w.MayBeNull):
		return !v.MayBeNull || !w.MayBeNull || (x == 0) == (y == 0)
	case v.Kind != verifier.ValueNumber:
		return x-uint64(int64(v.Off)) == y-uint64(int64(w.Off))
	case v.Link|w.Link == 64|32:
		return true // moved in different widths
	}
	if v.Link != 0 {
		x -= uint64(int64(v.Off))
	}
	if w.Link != 0 {
		y -= uint64(int64(w.Off))
	}
	if v.Link == 32 || w.Link == 32 {
		there &= math.MaxUint32
	}
	return (x^y)&there == 0
}

// holds reports whether x is one of the values of v, and why not.
func (f *follower) holds(p *pass, v *verifier.Value, x uint64) (answer, string) {
	if v.MayBeNull && x == 0 {
		return yes, ""
	}
	is := func(ok bool, text string) (answer, string) {
		if ok {
			return yes, ""
		}
		return no, text
	}
	// varies is what the variable part is if the object begins at a.
	varies := func(a uint64) bool { return v.Has(x - a - uint64(int64(v.Off))) }
	w := f.world
	switch v.Kind {
	case verifier.ValueNumber:
		return is(v.Has(x), "not one of the numbers recorded")
	case verifier.ValueOther:
		f.tally.name("kernel object")
		return unresolved, ""
	}
	if v.Untrusted {
		f.tally.name("untrusted pointer")
		return unresolved, ""
	}
	switch v.Kind {
	case verifier.ValueCtx:
		return is(varies(w.ctx), "not the context")
	case verifier.ValueStack:
		if int(v.Arg) >= len(p.frames) {
			return no, "the stack of a frame that is not there"
		}
		return is(varies(p.frames[v.Arg].fp), "not that far from the frame pointer")
	case verifier.ValueMap:
		if v.Arg < 0 {
			f.tally.name("inner map")
			return unresolved, ""
		}
		return is(w.mapAt(x-uint64(int64(v.Off))) == int(v.Arg), "not that map")
	case verifier.ValueMapValue, verifier.ValueMapKey:
		return f.holdsElement(v, varies)
	case verifier.ValueFunc:
		fn, ok := ir.Callback(x)
		return is(ok && fn == int(v.Arg), "not that function")
	case verifier.ValueMem:
		return f.holdsMem(v, x, varies)
	}
	return f.holdsPacket(v, x)
}

// holdsElement: a pointer into a value or a key of a map.
func (f *follower) holdsElement(v *verifier.Value, varies func(uint64) bool) (answer, string) {
	if v.Arg < 0 {
		f.tally.name("value of an inner map")
		return unresolved, ""
	}
	starts := f.world.values[v.Arg]
	if v.Kind == verifier.ValueMapKey {
		starts = f.world.keys[v.Arg]
	}
	for _, a := range starts {
		if varies(a) {
			return yes, ""
		}
	}
	return no, "not that far from an element of the map"
}

// holdsMem: a pointer into memory of a known size.
func (f *follower) holdsMem(v *verifier.Value, x uint64, varies func(uint64) bool) (answer, string) {
	for _, m := range f.world.mems {
		if m.size >= uint64(v.Arg) && varies(m.at) {
			return yes, ""
		}
	}
	if !v.IsConst() {
		f.tally.name("memory at an offset that varies")
		return unresolved, ""
	}
	if f.readable(x-uint64(int64(v.Off))-v.Value(), uint64(v.Arg)) {
		return yes, ""
	}
	return no, "not that much memory"
}

// Value of a scalar that IsConst is its only value; readable reports whether n
// bytes at a are the program's.
func (f *follower) readable(a, n uint64) bool {
	w := f.world
	within := func(at, size uint64) bool { return a >= at && n <= size && a-at <= size-n }
	if within(w.ctx, uint64(w.ctxSize)) {
		return true
	}
	for _, p := range f.passes {
		for _, fr := range p.frames {
			if within(fr.fp-stackSize, stackSize) {
				return true
			}
		}
	}
	for i, starts := range w.values {
		for _, s := range starts {
			if within(s, uint64(w.maps[i].Def().ValueSize)) {
				return true
			}
		}
	}
	if meta, _, end, ok := w.packet(); ok && within(meta, end-meta) {
		return true
	}
	return false
}

// holdsPacket: a pointer into the packet, with what was proven of it.
func (f *follower) holdsPacket(v *verifier.Value, x uint64) (answer, string) {
	meta, data, end, ok := f.world.packet()
	if !ok {
		f.tally.name("packet of another context")
		return unresolved, ""
	}
	at, limit := data, end
	switch v.Kind {
	case verifier.ValuePacketEnd:
		if x != end+uint64(int64(v.Off)) {
			return no, "not the packet's end"
		}
		return yes, ""
	case verifier.ValuePacketMeta:
		at, limit = meta, data
	}
	base := x - uint64(int64(v.Off))
	s := v.Scalar
	switch {
	case !s.Has(base - at):
		return no, "not that far from the packet's start"
	case v.Arg > 0 && int64(base+uint64(v.Arg)-limit) > 0:
		return no, "less of the packet exists than was proven"
	case v.Arg == verifier.PacketAtEnd && x < limit:
		return no, "not at the packet's end"
	case v.Arg == verifier.PacketBeyondEnd && x <= limit:
		return no, "not beyond the packet's end"
	}
	return yes, ""
}
