package opt

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// jump rewrites a conditional jump.
func (w *walker) jump(in *ir.Insn) {
	if !w.on(emit.OptValue) {
		w.emit(in)
		return
	}
	b := &w.f.blocks[w.n]
	x := w.value(in.Dst)
	y := unknown
	if in.Op.IsK() {
		y = w.t.konst(uint64(in.Imm))
	} else {
		y = w.value(in.Src)
		if _, ok := w.t.constant(x); ok {
			if op, ok := mirrored(in.Op); ok {
				in.Op, in.Dst, in.Src = op, in.Src, in.Dst
				in.Flags &^= ir.KnownSrc | ir.Src32 | ir.Dst32
				x, y = y, x
			}
		}
	}
	if taken, ok := w.decided(in.Op, x, y); ok {
		w.branched = true
		if !taken {
			return
		}
		if in.Flags&ir.BackEdge == 0 {
			b.next = int(in.Off)
			return
		}
		b.next = none
		w.emit(&ir.Insn{Op: ir.JA, Off: in.Off, Slot: in.Slot, Flags: in.Flags & (ir.BackEdge | ir.Target), Cost: in.Cost})
		return
	}
	low := in.Op.Is32()
	if !in.Op.IsK() {
		if c, ok := w.t.constant(y); ok && low {
			w.operand(in, int64(int32(c)))
		} else if ok && fits32(c) {
			w.operand(in, int64(c))
		} else {
			w.source(in, low)
		}
	}
	if low {
		x = w.t.low(x)
	}
	if r, ok := w.holder(x, low); ok && r != in.Dst {
		in.Dst = r
		in.Flags &^= ir.Dst32
	}
	w.emit(in)
}

// mirrored is the jump with its operands swapped.
func mirrored(op ir.Op) (ir.Op, bool) {
	base := op.Base()
	switch base {
	case ir.JEq64K, ir.JNe64K, ir.JSet64K:
		return op, true
	case ir.JGt64K:
		return op - base + ir.JLt64K, true
	case ir.JGe64K:
		return op - base + ir.JLe64K, true
	case ir.JLt64K:
		return op - base + ir.JGt64K, true
	case ir.JLe64K:
		return op - base + ir.JGe64K, true
	case ir.JSGt64K:
		return op - base + ir.JSLt64K, true
	case ir.JSGe64K:
		return op - base + ir.JSLe64K, true
	case ir.JSLt64K:
		return op - base + ir.JSGt64K, true
	case ir.JSLe64K:
		return op - base + ir.JSGe64K, true
	}
	return op, false
}

// decided is whether a jump is taken, if that is known.
func (w *walker) decided(op ir.Op, x, y vn) (taken, ok bool) {
	a, aok := w.t.constant(x)
	c, cok := w.t.constant(y)
	if aok && cok {
		return decide(op, a, c), true
	}
	is32 := op.Is32()
	if x == y || is32 && w.t.low(x) == w.t.low(y) {
		switch op.Base() {
		case ir.JSet64K:
		default:
			return decide(op, 0, 0), true
		}
	}
	if !cok {
		return false, false
	}
	bits := ^w.t.all[x].zeros // that may be set
	if is32 {
		bits, c = uint64(uint32(bits)), uint64(uint32(c))
	}
	switch op.Base() {
	case ir.JEq64K:
		return false, c&^bits != 0
	case ir.JNe64K:
		return true, c&^bits != 0
	case ir.JGt64K:
		return false, bits <= c
	case ir.JGe64K:
		return c == 0, bits < c || c == 0
	case ir.JLt64K:
		return c != 0, bits < c || c == 0
	case ir.JLe64K:
		return true, bits <= c
	case ir.JSet64K:
		return false, bits&c == 0
	}
	return false, false
}
