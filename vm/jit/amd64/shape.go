package amd64

import (
	"math"
	"math/bits"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// indexed emits accesses and additions with an index.
func (c *compiler) indexed(in *ir.Insn, dst, src reg) {
	switch op := in.Op; {
	case op <= ir.LdIdxS32:
		size, signed := loadForm(op - ir.LdIdxU8)
		c.loadAt(size, signed, dst, source(in))
	case op <= ir.LdIdxBe64:
		c.loadAt(2<<(op-ir.LdIdxBe16), false, dst, source(in))
		c.swap(2<<(op-ir.LdIdxBe16), dst)
	case op <= ir.StIdx64X:
		m := operand{base: dst, index: regs[in.Index&15], indexed: true, scale: in.Scale, off: in.Off}
		switch {
		case op >= ir.StIdx8X:
			c.storeAt(1<<(op-ir.StIdx8X), m, src)
		case op == ir.StIdx64K && !isInt32(in.Imm):
			c.movRI(tmp, in.Imm)
			c.storeAt(8, m, tmp)
		default:
			c.storeIAt(1<<(op-ir.StIdx8K), m, int32(in.Imm))
		}
	case op == ir.Lea:
		c.leaAt(true, dst, operand{base: src, off: int32(in.Imm)})
	default:
		c.leaAt(true, dst, operand{base: src, index: regs[in.Index&15], indexed: true, scale: in.Scale, off: int32(in.Imm)})
	}
}

// swap reverses the bytes of r, which has none above size.
func (c *compiler) swap(size int, r reg) {
	if size == 2 {
		c.ror16(r)
		return
	}
	c.bswap(size == 8, r)
}

// source is the memory that a load reads.
func source(in *ir.Insn) operand {
	m := operand{base: regs[in.Src&15], off: in.Off}
	if in.Op >= ir.LdIdxU8 {
		m.index, m.scale, m.indexed = regs[in.Index&15], in.Scale, true
	}
	return m
}

// combine emits instruction i and the one or two behind it as one, if it can,
// and says how many these are. The function ends at end.
func (c *compiler) combine(i, end int) int {
	a, b := &c.p.Insns[i], &c.p.Insns[i+1]
	switch {
	case b.Flags&ir.Target != 0:
	case c.pair(a, b):
		return 1
	case i+2 < end && c.update(a, b, &c.p.Insns[i+2]):
		return 2
	}
	return 0
}

// pair emits two operations as one instruction, if it can.
func (c *compiler) pair(a, b *ir.Insn) bool {
	switch {
	case a.Op == ir.LdU32 || a.Op == ir.LdU64 || a.Op == ir.LdIdxU32 || a.Op == ir.LdIdxU64:
		return c.loadOp(a, b)
	case a.Op == ir.Mov64X || a.Op == ir.Mov32X:
		return a.Dst == b.Dst && a.Dst != a.Src && c.threeOperands(a, b)
	case a.Op >= ir.Add64K && a.Op <= ir.Sub32X || a.Op >= ir.Or64K && a.Op <= ir.Xor32X:
		return c.flags(a, b)
	}
	return false
}

// update emits a load, an operation on what it has loaded and the store back,
// if nobody else reads that.
func (c *compiler) update(a, b, s *ir.Insn) bool {
	size, index := 0, false
	switch {
	case a.Op >= ir.LdU8 && a.Op <= ir.LdU64 && s.Op == ir.St8X+a.Op-ir.LdU8:
		size = 1 << (a.Op - ir.LdU8)
	case a.Op >= ir.LdIdxU8 && a.Op <= ir.LdIdxU64 && s.Op == ir.StIdx8X+a.Op-ir.LdIdxU8:
		size, index = 1<<(a.Op-ir.LdIdxU8), true
	default:
		return false
	}
	op, ok := aluOp(b.Op)
	if !ok || s.Flags&(ir.Target|ir.SrcDead) != ir.SrcDead || b.Dst != a.Dst || s.Src != a.Dst || s.Dst != a.Src || s.Off != a.Off ||
		a.Dst == a.Src || index && (a.Index != s.Index || a.Scale != s.Scale || a.Index == a.Dst) || size == 8 && b.Op.Is32() {
		return false
	}
	if !b.Op.IsK() {
		if b.Src == a.Dst {
			return false
		}
		c.aluTo(size, op, source(a), regs[b.Src&15])
		return true
	}
	if size == 8 && !isInt32(b.Imm) || size == 2 && !isInt8(b.Imm) {
		return false
	}
	c.aluToI(size, op, source(a), int32(b.Imm))
	return true
}

// aluOp is the instruction of an operation that works on memory, too.
func aluOp(op ir.Op) (alu, bool) {
	switch op.Base() {
	case ir.Add64K:
		return add, true
	case ir.Sub64K:
		return sub, true
	case ir.Or64K:
		return or, true
	case ir.And64K:
		return and, true
	case ir.Xor64K:
		return xor, true
	}
	return 0, false
}

// loadOp emits a load and the operation that is the only one to use it.
func (c *compiler) loadOp(a, b *ir.Insn) bool {
	wide := a.Op == ir.LdU64 || a.Op == ir.LdIdxU64
	if b.Flags&ir.SrcDead == 0 || b.Src != a.Dst || b.Dst == a.Dst || b.Op.IsK() || !wide && !b.Op.Is32() {
		return false
	}
	w, dst, m := !b.Op.Is32(), regs[b.Dst&15], source(a)
	if b.Op.IsJump() {
		if b.Op == ir.MayGoto || b.Op == ir.JA || b.Op.Base() == ir.JSet64K {
			return false
		}
		c.aluAt(w, cmp, dst, m)
		c.jumpIf(b, conds[(b.Op.Base()-ir.JEq64K)/4])
		return true
	}
	if b.Op < ir.Add64K || b.Op > ir.Xor32X {
		return false
	}
	switch b.Op.Base() {
	case ir.Add64K:
		c.aluAt(w, add, dst, m)
	case ir.Sub64K:
		c.aluAt(w, sub, dst, m)
	case ir.Or64K:
		c.aluAt(w, or, dst, m)
	case ir.And64K:
		c.aluAt(w, and, dst, m)
	case ir.Xor64K:
		c.aluAt(w, xor, dst, m)
	case ir.Mul64K:
		c.imulAt(w, dst, m)
	default:
		return false
	}
	return true
}

// threeOperands emits a copy and the operation that changes it.
func (c *compiler) threeOperands(a, b *ir.Insn) bool {
	if b.Op < ir.Add64K || b.Op > ir.Xor32X {
		if b.Op != ir.Lsh64K && b.Op != ir.Lsh32K {
			return false
		}
	}
	w, dst, src := !b.Op.Is32(), regs[a.Dst&15], regs[a.Src&15]
	if w && a.Op == ir.Mov32X {
		return false
	}
	imm, ok := fits(w, b.Imm)
	switch b.Op {
	case ir.Add64K, ir.Add32K:
		if ok {
			c.leaAt(w, dst, operand{base: src, off: imm})
		}
		return ok
	case ir.Sub64K, ir.Sub32K:
		if ok = ok && imm != math.MinInt32; ok {
			c.leaAt(w, dst, operand{base: src, off: -imm})
		}
		return ok
	case ir.Add64X, ir.Add32X:
		index := regs[b.Src&15]
		if b.Src == a.Dst {
			index = src
		}
		if src&7 == rbp && index&7 != rbp {
			src, index = index, src
		}
		c.leaAt(w, dst, operand{base: src, index: index, indexed: true})
		return true
	case ir.Mul64K, ir.Mul32K:
		if c.multiplyConst(w, dst, src, b.Imm) {
			return true
		}
		if ok {
			c.imulRRI(w, dst, src, imm)
		}
		return ok
	case ir.Lsh64K, ir.Lsh32K:
		if b.Imm != 1 {
			return false
		}
		c.leaAt(w, dst, operand{base: src, index: src, indexed: true})
		return true
	case ir.And64K, ir.And32K:
		switch b.Imm {
		case 0xff:
			c.movzx8(dst, src)
			return true
		case 0xffff:
			c.movzx16(dst, src)
			return true
		}
	}
	return false
}

// mask is dst &= n in fewer bytes, if n has no upper half.
func (c *compiler) mask(n int64, dst reg) bool {
	switch {
	case !c.shapes():
		return false
	case n == 0xff:
		c.movzx8(dst, dst)
	case n == 0xffff:
		c.movzx16(dst, dst)
	case n >= 0 && n <= math.MaxInt32:
		c.aluRI(false, and, dst, int32(n))
	default:
		return false
	}
	return true
}

// multiplyConst is dst = src * n by what takes less time than a multiplication:
// n is one more or less than a power of 2. dst may be src.
func (c *compiler) multiplyConst(w bool, dst, src reg, n int64) bool {
	switch {
	case n == 3 || n == 5 || n == 9:
		c.leaAt(w, dst, operand{base: src, index: src, indexed: true, scale: uint8(bits.TrailingZeros64(uint64(n - 1)))})
	case n > 1 && n < 1<<31 && n&(n+1) == 0:
		by := src
		if dst == src {
			by = tmp
			c.movRR(true, tmp, src)
		} else {
			c.movRR(true, dst, src)
		}
		c.shiftRI(w, opShl, dst, uint8(bits.TrailingZeros64(uint64(n+1))))
		c.aluRR(w, sub, dst, by)
	default:
		return false
	}
	return true
}

// flags emits an operation and the jump that asks whether it is zero or
// negative.
func (c *compiler) flags(a, b *ir.Insn) bool {
	if !b.Op.IsJump() || b.Op < ir.JEq64K || b.Op == ir.MayGoto || !b.Op.IsK() || b.Imm != 0 || b.Dst != a.Dst || b.Op.Is32() != a.Op.Is32() {
		return false
	}
	cc := condE
	switch b.Op.Base() {
	case ir.JEq64K:
	case ir.JNe64K:
		cc = condNE
	case ir.JSLt64K:
		cc = condS
	case ir.JSGe64K:
		cc = condNS
	default:
		return false
	}
	op := [...]alu{add, sub}[min(1, (a.Op.Base()-ir.Add64K)/4)]
	if a.Op >= ir.Or64K {
		op = [...]alu{or, and, xor}[(a.Op.Base()-ir.Or64K)/4]
	}
	c.simple(!a.Op.Is32(), a.Op.IsK(), op, a, regs[a.Dst&15], regs[a.Src&15])
	c.jumpIf(b, cc)
	return true
}

// shapes reports whether instructions may be put together.
func (c *compiler) shapes() bool { return c.opts.Off&emit.OptShape == 0 }
