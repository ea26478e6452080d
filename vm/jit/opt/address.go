package opt

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// noReg is the register that is none.
const noReg = 0xff

// linear is a value as base + index<<scale + off, of registers as they were
// after so many changes.
type linear struct {
	base, index, scale  uint8
	baseTime, indexTime int32
	off                 int64
}

// addresses says, at a place in a block, what registers are sums of.
type addresses struct {
	forms [11]linear
	time  [11]int32 // changes so far
	// waiting are the accesses through a register since its last change, which
	// would do without it; other says that something else reads it.
	waiting [11][]int32
	other   [11]bool
}

func (a *addresses) reset() {
	for r := range a.forms {
		a.set(uint8(r), linear{base: uint8(r), index: noReg, baseTime: a.time[r] + 1})
	}
}

// set is a change of r to l.
func (a *addresses) set(r uint8, l linear) {
	a.time[r]++
	a.forms[r] = l
	a.waiting[r], a.other[r] = a.waiting[r][:0], false
}

// of is what r is in terms of registers as they are.
func (a *addresses) of(r uint8) linear {
	l := &a.forms[r]
	if (l.base == noReg || a.time[l.base] == l.baseTime) && (l.index == noReg || a.time[l.index] == l.indexTime) {
		return *l
	}
	return linear{base: r, index: noReg, baseTime: a.time[r]}
}

// follow changes what is known as an instruction changes it.
func (a *addresses) follow(in *ir.Insn) {
	d := in.Dst
	switch in.Op {
	case ir.Mov64X:
		a.set(d, a.of(in.Src))
		return
	case ir.Add64K:
		l := a.of(d)
		if small(in.Imm) && small(l.off) {
			l.off += in.Imm
			a.set(d, l)
			return
		}
	case ir.Lsh64K:
		if l := a.of(d); l.index == noReg && l.base != noReg && in.Imm <= 3 && small(l.off) {
			a.set(d, linear{base: noReg, index: l.base, indexTime: l.baseTime, scale: uint8(in.Imm), off: l.off << in.Imm})
			return
		}
	case ir.Add64X:
		if l, ok := a.sum(a.of(d), a.of(in.Src)); ok {
			a.set(d, l)
			return
		}
		if l, ok := a.sum(a.of(d), linear{base: in.Src, index: noReg, baseTime: a.time[in.Src]}); ok {
			a.set(d, l)
			return
		}
	}
	for s := defs(in); s != 0; s &= s - 1 {
		r := s.first()
		a.set(r, linear{base: r, index: noReg, baseTime: a.time[r] + 1})
	}
}

// sum is x + y, if it has one base and one index.
func (a *addresses) sum(x, y linear) (linear, bool) {
	if x.base == noReg {
		x, y = y, x
	}
	if x.base == noReg || x.index != noReg || !small(x.off) || !small(y.off) {
		return linear{}, false
	}
	switch {
	case y.base == noReg:
		x.index, x.indexTime, x.scale = y.index, y.indexTime, y.scale
	case y.index == noReg:
		x.index, x.indexTime, x.scale = y.base, y.baseTime, 0
	default:
		return linear{}, false
	}
	x.off += y.off
	return x, true
}

// address makes accesses take sums apart: base + off always, base + index where
// nobody else needs the sum. It needs live.
func (f *function) address(_ *emit.Options) bool {
	var a addresses
	changed := false
	var after []regs
	for i := range f.blocks {
		b := &f.blocks[i]
		if b.dead || len(b.insns) < 2 {
			continue
		}
		after = f.liveAfter(b, after[:0])
		a.reset()
		for k := range b.insns {
			in := &b.insns[k]
			r := addressed(in)
			for u := f.uses(in); u != 0; u &= u - 1 {
				if s := u.first(); s != r || in.Op >= ir.St8X && in.Op <= ir.St64X && in.Src == s {
					a.other[s] = true
				}
			}
			if r != noReg && a.access(b.insns, k, r, after[len(after)-1-k].has(r)) {
				changed = true
			}
			a.follow(in)
		}
	}
	if changed {
		f.live()
		f.sweep()
	}
	return changed
}

// addressed is the register that holds the address of an access which can be
// given in other registers, noReg if there is none.
func addressed(in *ir.Insn) uint8 {
	switch op := in.Op; {
	case op >= ir.LdU8 && op <= ir.LdS32 || op >= ir.LdBe16 && op <= ir.LdBe64:
		return in.Src
	case op >= ir.St8K && op <= ir.St64X:
		return in.Dst
	}
	return noReg
}

// access changes the access k by way of r, which somebody may read behind it.
func (a *addresses) access(insns []ir.Insn, k int, r uint8, live bool) bool {
	in, l := &insns[k], a.of(r)
	switch {
	case l.base == noReg || l.base == r && l.index == noReg || !small(l.off+int64(in.Off)):
		a.other[r] = true
		return false
	case l.index == noReg:
		take(in, &l)
		return true
	}
	a.waiting[r] = append(a.waiting[r], int32(k))
	if live && !defs(in).has(r) || a.other[r] {
		return false
	}
	for _, n := range a.waiting[r] {
		take(&insns[n], &l)
	}
	return true
}

// take lets an access use the parts of a sum.
func take(in *ir.Insn, l *linear) {
	in.Off += int32(l.off)
	if in.Op >= ir.St8K && in.Op <= ir.St64X {
		in.Dst = l.base
	} else {
		in.Src = l.base
	}
	if l.index == noReg {
		return
	}
	in.Index, in.Scale = l.index, l.scale
	switch {
	case in.Op >= ir.LdBe16:
		in.Op += ir.LdIdxBe16 - ir.LdBe16
	case in.Op <= ir.LdS32:
		in.Op += ir.LdIdxU8 - ir.LdU8
	case in.Op <= ir.St64K:
		in.Op += ir.StIdx8K - ir.St8K
	default:
		in.Op += ir.StIdx8X - ir.St8X
	}
}

// liveAfter appends the registers that somebody may read behind each
// instruction of b, from the last to the first.
func (f *function) liveAfter(b *block, list []regs) []regs {
	live := b.liveOut
	for k := len(b.insns) - 1; k >= 0; k-- {
		list = append(list, live)
		live = live&^defs(&b.insns[k]) | f.uses(&b.insns[k])
	}
	return list
}
