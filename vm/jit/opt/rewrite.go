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
	if in.Op.IsK() {
		b = w.t.konst(uint64(in.Imm))
	} else {
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
		return w.wide(in, &x)
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

// load rewrites a load.
func (w *walker) load(in *ir.Insn) {
	root, off, _ := w.address(in.Src, in.Off)
	signed := in.Op >= ir.LdS8
	size := int8(1) << (in.Op - ir.LdU8)
	if signed {
		size = 1 << (in.Op - ir.LdS8)
	}
	v := unknown
	if w.on(emit.OptMemory) {
		v = w.recall(root, off, size)
	}
	if v == unknown {
		op := in.Op
		if signed {
			op = ir.LdU8 + (op - ir.LdS8)
		}
		v = w.t.node(op, root, 0, placeOf(off, w.st.seq[w.class(root)]))
	}
	if signed {
		v = w.t.convert(ir.MovSX64From8+(in.Op-ir.LdS8), v)
	} else {
		w.remember(root, off, size, v)
	}
	free := w.on(emit.OptMemory)
	switch {
	case free && w.st.regs[in.Dst] == v:
		return
	case free && w.fetch(in, v):
	case free && !isLoad(w.t.all[v].op) && w.rebuild(in, v):
	default:
		w.base(in, &in.Src, root, off)
		w.emit(in)
	}
	w.hold(in.Dst, v)
}

// far is how far from a register accesses are as cheap as at it.
const far = 4096

// base gives an access to root + off a register that is needed anyway.
func (w *walker) base(in *ir.Insn, reg *uint8, root vn, off int32) {
	if !w.on(emit.OptValue) {
		return
	}
	if r, ok := w.holder(root, false); ok && off > -far/16 && off < far || ok && r == fp {
		*reg, in.Off = r, off
		return
	}
	*reg = w.oldest(w.value(*reg), *reg)
}

// wide writes a load of several bytes, if memory is as it was and its address
// at hand.
func (w *walker) wide(in *ir.Insn, x *value) bool {
	off, seq := placed(x.imm)
	if !w.on(emit.OptBytes) || in.Op >= ir.LdU8 && in.Op <= ir.LdS32 || seq != w.st.seq[w.class(x.a)] {
		return false
	}
	out := ir.Insn{Op: x.op, Dst: in.Dst, Slot: in.Slot}
	for r := range w.st.regs {
		if d, ok := w.distance(w.st.regs[r], x.a, off); ok {
			out.Src, out.Off = uint8(r), d
			w.emit(&out)
			return true
		}
	}
	for _, r := range [2]uint8{in.Dst, in.Src} {
		i := w.revocable(r, in)
		if i < 0 {
			continue
		}
		if d, ok := w.distance(w.before[i], x.a, off); ok {
			w.revoke(i)
			out.Src, out.Off = r, d
			w.emit(&out)
			return true
		}
	}
	return false
}

// distance is how far root + off is from v, if that is known.
func (w *walker) distance(v, root vn, off int32) (int32, bool) {
	if v == unknown {
		return 0, false
	}
	if v == root {
		return off, true
	}
	x := &w.t.all[v]
	d := int64(off) - x.imm
	return int32(d), x.op == ir.Add64K && x.a == root && d == int64(int32(d))
}

// store rewrites a store.
func (w *walker) store(in *ir.Insn) {
	root, off, _ := w.address(in.Dst, in.Off)
	var v vn
	size := int8(1) << ((in.Op - ir.St8K) & 3)
	if in.Op <= ir.St64K {
		v = w.t.konst(uint64(in.Imm))
	} else {
		v = w.value(in.Src)
		if w.on(emit.OptValue) {
			v = w.stored(in, v, size)
		}
	}
	w.base(in, &in.Dst, root, off)
	w.emit(in)
	w.overwrite(root, off, size)
	w.remember(root, off, size, v)
}

// stored gives a store the best source, and is the value that is stored as far
// as its bytes go.
func (w *walker) stored(in *ir.Insn, v vn, size int8) vn {
	if size < 8 {
		covers := uint64(1)<<(8*size) - 1
		for {
			x := &w.t.all[v]
			if x.op != ir.Mov32X && (x.op != ir.And64K || uint64(x.imm)&covers != covers) {
				break
			}
			v = x.a
		}
	}
	if c, ok := w.t.constant(v); ok && (size < 8 || fits32(c)) {
		in.Op -= ir.St8X - ir.St8K
		in.Imm = int64(int32(c))
		in.Flags &^= ir.KnownSrc | ir.Src32 | ir.SrcDead
		return v
	}
	if r, ok := w.holder(v, false); ok {
		if r != in.Src {
			in.Flags &^= ir.Src32
		}
		in.Src = r
		return v
	}
	in.Src = w.oldest(w.value(in.Src), in.Src)
	return v
}

// other rewrites what is none of the rest.
func (w *walker) other(in *ir.Insn) {
	w.emit(in)
	switch op := in.Op; {
	case op.IsJump() || op == ir.Spend || op == ir.CastKern || op == ir.CastUser || op >= ir.ProbeU8 && op <= ir.ProbeS32 ||
		op >= ir.Rol64K && op <= ir.LdBe64 || op == ir.Elem || op == ir.ElemK:
	default:
		w.forget()
	}
	for d, r := defs(in), uint8(0); d != 0; d, r = d>>1, r+1 {
		if d&1 != 0 {
			w.hold(r, unknown)
		}
	}
}

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
