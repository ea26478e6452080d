package opt

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// fits32 reports whether a constant is cheap as an operand.
func fits32(c uint64) bool { return int64(c) == int64(int32(c)) }

// step rewrites an instruction.
func (w *walker) step(in *ir.Insn) {
	switch op := in.Op; {
	case op >= ir.Add64K && op <= ir.Mov32X:
		w.alu(in)
	case op >= ir.Neg64 && op <= ir.Swap64:
		src := in.Dst
		if op >= ir.MovSX64From8 && op <= ir.MovSX32From16 {
			src = in.Src
		}
		w.fill(in, w.t.convert(op, w.value(src)), w.on(emit.OptValue))
	case op >= ir.LdU8 && op <= ir.LdS32:
		w.load(in)
	case op >= ir.St8K && op <= ir.St64X:
		w.store(in)
	case op >= ir.JEq64K && op <= ir.JSLe32X:
		w.jump(in)
	default:
		w.other(in)
	}
}

// alu rewrites a binary operation.
func (w *walker) alu(in *ir.Insn) {
	b := unknown
	switch {
	case in.Op.IsK():
		b = w.t.konst(uint64(in.Imm))
	case w.exact && in.Flags&ir.KnownSrc != 0 && !in.Op.Is32() && commutes(in.Op.Base()) && w.on(emit.OptFacts):
		b = w.t.konst(w.f.prog.Value(in.Slot)) // as in a loop that does not change it
	default:
		b = w.value(in.Src)
	}
	a := b
	if in.Op.Base() != ir.Mov64K {
		a = w.value(in.Dst)
	}
	w.fill(in, w.t.binary(in.Op, a, b), w.on(emit.OptValue))
}

// fill writes an instruction that gives Dst of in, which does the same, the
// value v. free says that it may be one that takes v from somewhere else.
func (w *walker) fill(in *ir.Insn, v vn, free bool) {
	switch {
	case free && w.st.regs[in.Dst] == v:
		return
	case free && w.fetch(in, v):
	case (free || joins(in.Op)) && w.rebuild(in, v):
	default:
		w.keep(in)
	}
	w.hold(in.Dst, v)
}

// joins reports whether an operation may be the last of those that make a rotate
// or a wide load.
func joins(op ir.Op) bool {
	if op >= ir.Be16 && op <= ir.Swap64 {
		return true
	}
	base := op.Base()
	return op <= ir.Mov32X && (base == ir.Or64K || base == ir.Add64K || base == ir.Xor64K)
}

// fetch writes a move of v, if v is a constant or in a register.
func (w *walker) fetch(in *ir.Insn, v vn) bool {
	c, ok := w.t.constant(v)
	if ok && (fits32(c) || c>>32 == 0 || in.Op == ir.Mov64K) {
		w.emit(&ir.Insn{Op: ir.Mov64K, Dst: in.Dst, Imm: int64(c), Slot: in.Slot})
		return true
	}
	if r, has := w.holder(v, false); has {
		w.emit(&ir.Insn{Op: ir.Mov64X, Dst: in.Dst, Src: r, Slot: in.Slot})
		return true
	}
	if ok {
		w.emit(&ir.Insn{Op: ir.Mov64K, Dst: in.Dst, Imm: int64(c), Slot: in.Slot})
	}
	return ok
}

// rebuild writes v as the operation that it is the cheapest as, if the operands
// are at hand.
func (w *walker) rebuild(in *ir.Insn, v vn) bool {
	x := w.t.all[v]
	out := ir.Insn{Op: x.op, Dst: in.Dst, Imm: x.imm, Slot: in.Slot}
	switch op := x.op; {
	case op == ir.Rol64K || op == ir.Rol32K:
		if !w.on(emit.OptRotate) {
			return false
		}
		r, ok := w.reach(x.a, op == ir.Rol32K, in)
		if !ok {
			return false
		}
		out.Src = r
	case op >= ir.Rol64X && op <= ir.Ror32X:
		low := op == ir.Rol32X || op == ir.Ror32X
		count, ok := w.countIn(x.b, !low)
		if !w.on(emit.OptRotate) || !ok || count == in.Dst || !w.inPlace(x.a, low, in) {
			return false
		}
		out.Src = count
	case isLoad(op):
		return w.wide(in, v)
	case !w.on(emit.OptValue):
		return false
	case op == ir.Mov32X || op >= ir.MovSX64From8 && op <= ir.MovSX32From16:
		r, ok := w.reach(x.a, true, in)
		if !ok {
			return false
		}
		out.Src = r
	case op >= ir.Add64K && op <= ir.Arsh32X && op.IsK():
		return w.rebuildK(in, &x)
	default:
		return false
	}
	w.emit(&out)
	return true
}

// rebuildK writes an operation with a constant, which must be done in place.
func (w *walker) rebuildK(in *ir.Insn, x *value) bool {
	out := ir.Insn{Op: x.op, Dst: in.Dst, Imm: x.imm, Slot: in.Slot}
	low := out.Op.Is32()
	switch {
	case out.Op == ir.And64K && uint64(x.imm)>>32 == 0:
		out.Op, low = ir.And32K, true
	case !low && !fits32(uint64(x.imm)):
		return false
	}
	if !w.inPlace(x.a, low, in) {
		return false
	}
	if out.Op == in.Op && out.Imm == in.Imm {
		out.Flags = in.Flags
	}
	w.emit(&out)
	return true
}

// countIn is a register that shifts as far as v.
func (w *walker) countIn(v vn, is64 bool) (uint8, bool) {
	for r, x := range w.st.regs {
		if x != unknown && w.t.count(x, is64) == v {
			return uint8(r), true
		}
	}
	return 0, false
}

// keep writes in with the best operand.
func (w *walker) keep(in *ir.Insn) {
	if w.on(emit.OptValue) && !in.Op.IsK() && in.Op >= ir.Add64K && in.Op <= ir.Mov32X {
		v := w.value(in.Src)
		c, ok := w.t.constant(v)
		switch {
		case ok && in.Op.Is32():
			w.operand(in, int64(int32(c)))
		case ok && fits32(c):
			w.operand(in, int64(c))
		case in.Op.Base() == ir.Lsh64K || in.Op.Base() == ir.Rsh64K || in.Op.Base() == ir.Arsh64K:
			if r, ok := w.countIn(w.t.count(v, !in.Op.Is32()), !in.Op.Is32()); ok && w.st.age[r] < w.st.age[in.Src] {
				in.Src = r
				in.Flags &^= ir.Src32 | ir.KnownSrc
			}
		default:
			w.source(in, in.Op.Is32())
		}
	}
	w.emit(in)
}

// operand gives a binary operation or jump the constant c instead of Src.
func (w *walker) operand(in *ir.Insn, c int64) {
	in.Op--
	switch in.Op.Base() {
	case ir.Lsh64K, ir.Rsh64K, ir.Arsh64K:
		c &= 63
		if in.Op.Is32() {
			c &= 31
		}
	}
	in.Src, in.Imm = 0, c
	in.Flags &^= ir.KnownSrc | ir.Src32 | ir.SrcDead
}

// source gives in the register that holds the same as Src the longest, or the
// same low half.
func (w *walker) source(in *ir.Insn, low bool) {
	v := w.value(in.Src)
	if low {
		v = w.t.low(v)
	}
	if r, ok := w.holder(v, low); ok && r != in.Src {
		in.Src = r
		if low {
			in.Flags &^= ir.Src32
		}
	}
}

// other rewrites what is none of the rest.
func (w *walker) other(in *ir.Insn) {
	w.emit(in)
	switch op := in.Op; {
	case op.IsJump() || op == ir.Spend || op == ir.CastKern || op == ir.CastUser || op >= ir.Rol64K && op <= ir.LdBe64:
	case op >= ir.ProbeU8 && op <= ir.ProbeS32 || op == ir.Elem || op == ir.ElemK:
		w.log = w.log[:0]
	default:
		w.log = w.log[:0]
		w.forget()
	}
	for d, r := defs(in), uint8(0); d != 0; d, r = d>>1, r+1 {
		if d&1 != 0 {
			w.hold(r, unknown)
		}
	}
}
