package verifier

import (
	"slices"

	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier/domain"
)

// Walk is a record of how a program was explored: every visit of an
// instruction with what was known there, and what came after it. What a run of
// an accepted program does is a way through it, and at every step the machine
// is one of those that the visit's state stands for; the soundness test
// follows runs to see whether that is so. A walk is large: about 2 kB a visit.
type Walk struct {
	// Visits are in the order of the walk. Visits[0] is none.
	Visits []Visit
	// Starts are the first visits of the passes, by subprogram: of the entry,
	// and of each global function that was verified on its own.
	Starts map[int]int32
	// Async are the first visits of callbacks that run later, on their own.
	Async []int32
	// Funcs are the subprograms in the order of their slots.
	Funcs []WalkFunc

	covers []cover
}

// WalkFunc is a subprogram.
type WalkFunc struct {
	Start, End int // slots
	// Alone is set where the subprogram is verified on its own, so that calls
	// do not lead into it.
	Alone bool
}

// Visit is one instruction processed, and the state before it.
type Visit struct {
	Slot   int
	Frames []*VisitFrame // the entry's first, the running function's last
	// Next are the visits that may come after this one. One at the same slot
	// came before the instruction took effect where that does not jump.
	Next []int32
	// Cover is the earlier visit of a state that covers this one, so that the
	// path ended here; 0 if none does. Bound is what it covers.
	Cover int32
	Bound Bound
	// Speculative is set on paths that only a processor takes.
	Speculative bool
}

// Bound says, by frame, which registers and stack slots of the covering state
// must hold in a state that it covers. The others are never read again, or are
// numbers on which no path relies.
type Bound struct {
	Regs  [maxFrames]uint16
	Slots [maxFrames]uint64
}

// VisitFrame is what was known of one function's activation. Visits share it
// where nothing has changed.
type VisitFrame struct {
	Func     int // in Walk.Funcs
	CallSite int // slot of the call, -1 in the first frame
	Callback bool
	Regs     [isa.NumRegs]Value
	Stack    []SavedSlot // Stack[i] is fp-8*(i+1) and up
}

// ValueKind is what a register holds.
type ValueKind uint8

// The kinds of values. What is not listed, objects of the kernel above all, is
// ValueOther.
const (
	ValueNone       ValueKind = iota // nothing is known, and it cannot be read
	ValueNumber                      // a member of Scalar
	ValueCtx                         // the context
	ValueMap                         // map Arg itself
	ValueMapValue                    // a value in map Arg
	ValueMapKey                      // a key of map Arg
	ValueStack                       // the stack of frame Arg
	ValuePacketMeta                  // the packet's metadata; Arg bytes of it are proven
	ValuePacket                      // the packet; Arg bytes of it are proven
	ValuePacketEnd                   // the packet's end
	ValueMem                         // Arg bytes of memory
	ValueFunc                        // subprogram Arg
	ValueOther
)

// What Arg of a packet pointer says if it is no number of bytes.
const (
	PacketAtEnd     int32 = atEnd     // the pointer is at the packet's end or beyond it
	PacketBeyondEnd int32 = beyondEnd // it is beyond the end
)

// Value is what was known of a register. For a number, Scalar is its value.
// For a pointer, Scalar is the variable part of its offset and Off the rest.
type Value struct {
	domain.Scalar
	Kind ValueKind
	// MayBeNull is set on pointers that were not compared with NULL yet.
	MayBeNull bool
	// Untrusted is set on pointers to what may not be there.
	Untrusted bool
	// Link is 64 or 32 where a number differs by Off from the others with its
	// ID, in that many bits; 0 where it equals them.
	Link uint8
	Off  int32
	// ID, if not 0, ties values: equal numbers, pointers into the packet with
	// the same variable part, pointers that are NULL together.
	ID uint32
	// Arg belongs to the kind. Of a map it is the index in image.Program.Maps,
	// -1 for an inner map.
	Arg int32
}

// ByteKind is what a byte of stack holds.
type ByteKind uint8

// The kinds of bytes.
const (
	ByteAny    ByteKind = iota // never written, or some data
	ByteSaved                  // part of a saved register
	ByteZero                   // zero
	ByteObject                 // part of a dynptr, an iterator, a saved interrupt flag
)

// SavedSlot is what was known of 8 bytes of stack. Bytes[0] has the lowest
// address, and a saved register's bytes begin there.
type SavedSlot struct {
	Bytes [8]ByteKind
	Value Value
}

// cover is an end of a path whose bounds are not known before the walk's end:
// marks of precision still come.
type cover struct {
	visit  int32
	by     *state
	within bool // every value was compared
}

// visit records that the current instruction is about to be processed.
func (w *Walk) visit(v *verifier) {
	if len(w.Visits) == 0 {
		w.Visits = append(w.Visits, Visit{})
	}
	s, n := v.state, int32(len(w.Visits))
	var before []*VisitFrame
	switch {
	case s.visit != 0:
		w.Visits[s.visit].Next = append(w.Visits[s.visit].Next, n)
		before = w.Visits[s.visit].Frames
	case w.Starts[v.sub] == 0:
		if w.Starts == nil {
			w.Starts = map[int]int32{}
		}
		w.Starts[v.sub] = n
	default:
		w.Async = append(w.Async, n)
	}
	s.visit = n
	to := Visit{Slot: v.insn, Speculative: s.speculative, Frames: make([]*VisitFrame, s.cur+1)}
	for i := range to.Frames {
		f := v.visitFrame(s.frames[i])
		if i < len(before) && before[i].same(f) {
			f = before[i]
		}
		to.Frames[i] = f
	}
	w.Visits = append(w.Visits, to)
}

// covered records that the kept state by covers the one just visited.
func (w *Walk) covered(cur, by *state, within bool) {
	w.Visits[cur.visit].Cover = by.visit
	w.covers = append(w.covers, cover{cur.visit, by, within})
}

// finish says what binds at each end of a path that another state covers.
func (w *Walk) finish(v *verifier) {
	for i := range v.subs {
		s := &v.subs[i]
		w.Funcs = append(w.Funcs, WalkFunc{Start: s.start, End: s.end, Alone: s.global})
	}
	for _, c := range w.covers {
		b := &w.Visits[c.visit].Bound
		for i := int32(0); i <= c.by.cur; i++ {
			b.Regs[i], b.Slots[i] = v.boundIn(c.by, i, c.within)
		}
	}
	w.covers = nil
}

// boundIn is what of frame i of the kept state s binds the states that it
// covers: what statesEqual compares.
func (v *verifier) boundIn(s *state, i int32, within bool) (regs uint16, slots uint64) {
	binds := func(r *reg) bool {
		return r.typ != ptNone && (r.typ != ptScalar || r.precise || within || !v.bpf || v.exactScalars)
	}
	f := s.frames[i]
	live := v.aux[s.frameInsn(i)].live
	for r := range f.regs {
		if live>>r&1 != 0 && binds(&f.regs[r]) {
			regs |= 1 << r
		}
	}
	for k := range f.stack {
		o := &f.stack[k]
		if o.typ == ([8]slotType{}) || o.isSpill() && !binds(o.r) {
			continue
		}
		slots |= 1 << k
	}
	return regs, slots
}

func (v *verifier) visitFrame(f *frame) *VisitFrame {
	out := &VisitFrame{
		Func: int(f.sub), CallSite: int(f.callsite), Callback: f.callback || f.asyncCallback,
		Stack: make([]SavedSlot, len(f.stack)),
	}
	for i := range f.regs {
		out.Regs[i] = v.valueOf(&f.regs[i])
	}
	for i := range f.stack {
		s, o := &f.stack[i], &out.Stack[i]
		for b, t := range s.typ {
			switch t {
			case slotSpill:
				o.Bytes[b] = ByteSaved
			case slotZero:
				o.Bytes[b] = ByteZero
			case slotDynptr, slotIter, slotIRQ:
				o.Bytes[b] = ByteObject
			}
		}
		if s.isSpill() {
			o.Value = v.valueOf(s.r)
		}
	}
	return out
}

func (f *VisitFrame) same(g *VisitFrame) bool {
	return f.Func == g.Func && f.CallSite == g.CallSite && f.Callback == g.Callback &&
		f.Regs == g.Regs && slices.Equal(f.Stack, g.Stack)
}

// valueKinds are the kinds of the base types that a run can be compared with.
var valueKinds = [...]ValueKind{
	ptNone: ValueNone, ptScalar: ValueNumber, ptCtx: ValueCtx, ptMap: ValueMap, ptMapValue: ValueMapValue,
	ptMapKey: ValueMapKey, ptStack: ValueStack, ptPacketMeta: ValuePacketMeta, ptPacket: ValuePacket,
	ptPacketEnd: ValuePacketEnd, ptMem: ValueMem, ptFunc: ValueFunc,
}

func (v *verifier) valueOf(r *reg) Value {
	out := Value{Scalar: r.Scalar, Kind: ValueOther, Off: r.off, ID: r.id, Arg: int32(r.arg)}
	if b := int(r.typ.base()); b < len(valueKinds) && (valueKinds[b] != ValueNone || b == int(ptNone)) {
		out.Kind = valueKinds[b]
	}
	out.MayBeNull, out.Untrusted = r.typ.has(fNull), r.typ.has(fUntrusted)
	switch out.Kind {
	case ValueNumber:
		out.ID &^= linkMask
		switch r.id & linkMask {
		case linkAdd64:
			out.Link = 64
		case linkAdd32:
			out.Link = 32
		}
	case ValueMap, ValueMapValue, ValueMapKey:
		out.Arg = int32(v.maps[r.arg].index)
	}
	return out
}
