package amd64

import (
	"github.com/skepbpf/skep/vm/ir"
)

// binary emits an operation of two operands.
func (c *compiler) binary(in *ir.Insn, dst, src reg) {
	w, k := !in.Op.Is32(), in.Op.IsK()
	switch in.Op.Base() {
	case ir.Add64K:
		c.simple(w, k, add, in, dst, src)
	case ir.Sub64K:
		c.simple(w, k, sub, in, dst, src)
	case ir.Or64K:
		c.simple(w, k, or, in, dst, src)
	case ir.And64K:
		if !k || !c.mask(in.Imm, dst) {
			c.simple(w, k, and, in, dst, src)
		}
	case ir.Xor64K:
		c.simple(w, k, xor, in, dst, src)
	case ir.Mul64K:
		c.multiply(w, k, in, dst, src)
	case ir.Lsh64K:
		c.shift(w, k, opShl, in, dst, src)
	case ir.Rsh64K:
		c.shift(w, k, opShr, in, dst, src)
	case ir.Arsh64K:
		c.shift(w, k, opSar, in, dst, src)
	case ir.Mov64K:
		c.move(w, k, in, dst, src)
	case ir.Div64K:
		c.divide(w, k, in, dst, src, false, false)
	case ir.SDiv64K:
		c.divide(w, k, in, dst, src, true, false)
	case ir.Mod64K:
		c.divide(w, k, in, dst, src, false, true)
	case ir.SMod64K:
		c.divide(w, k, in, dst, src, true, true)
	}
}

// operand is the second operand in a register: src, or tmp with the constant.
func (c *compiler) operand(w, k bool, imm int64, src reg) reg {
	if !k {
		return src
	}
	if !w {
		imm = int64(uint32(imm))
	}
	c.movRI(tmp, imm)
	return tmp
}

// fits is the constant as an instruction of width w takes it.
func fits(w bool, imm int64) (int32, bool) {
	if !w {
		return int32(imm), true
	}
	return int32(imm), isInt32(imm)
}

func (c *compiler) simple(w, k bool, op alu, in *ir.Insn, dst, src reg) {
	if k {
		if imm, ok := fits(w, in.Imm); ok {
			c.aluRI(w, op, dst, imm)
			return
		}
	}
	c.aluRR(w, op, dst, c.operand(w, k, in.Imm, src))
}

func (c *compiler) multiply(w, k bool, in *ir.Insn, dst, src reg) {
	if k {
		if c.shapes() && c.multiplyConst(w, dst, dst, in.Imm) {
			return
		}
		if imm, ok := fits(w, in.Imm); ok {
			c.imulRRI(w, dst, dst, imm)
			return
		}
	}
	c.imulRR(w, dst, c.operand(w, k, in.Imm, src))
}

func (c *compiler) move(w, k bool, in *ir.Insn, dst, src reg) {
	switch {
	case k && !w:
		c.movRI(dst, int64(uint32(in.Imm)))
	case k:
		c.movRI(dst, in.Imm)
	case dst != src || !w:
		c.movRR(w, dst, src)
	}
}

func (c *compiler) shift(w, k bool, op byte, in *ir.Insn, dst, src reg) {
	if k {
		mask := int64(31)
		if w {
			mask = 63
		}
		switch n := in.Imm & mask; {
		case n != 0:
			c.shiftRI(w, op, dst, uint8(n))
		case !w:
			c.movRR(false, dst, dst)
		}
		return
	}
	if c.opts.Features&HasBMI2 != 0 {
		c.shiftX(w, op, dst, dst, src)
		return
	}
	c.shiftByCL(w, op, dst, src)
}

// shiftByCL shifts by src, which the machine wants in cl.
func (c *compiler) shiftByCL(w bool, op byte, dst, src reg) {
	switch {
	case src == rcx && dst != rcx:
		c.shiftCL(w, op, dst)
	case dst == rcx:
		c.movRR(true, tmp, rcx)
		if src != rcx {
			c.movRR(true, rcx, src)
		}
		c.shiftCL(w, op, tmp)
		c.movRR(true, rcx, tmp)
	default:
		c.movRR(true, tmp, rcx)
		c.movRR(true, rcx, src)
		c.shiftCL(w, op, dst)
		c.movRR(true, rcx, tmp)
	}
}

// convert emits operations of one operand.
func (c *compiler) convert(in *ir.Insn, dst, src reg) {
	switch in.Op {
	case ir.Neg64:
		c.unary(true, opNeg, dst)
	case ir.Neg32:
		c.unary(false, opNeg, dst)
	case ir.MovSX64From8:
		c.movsx8(true, dst, src)
	case ir.MovSX64From16:
		c.movsx16(true, dst, src)
	case ir.MovSX64From32:
		c.movsx32(dst, src)
	case ir.MovSX32From8:
		c.movsx8(false, dst, src)
	case ir.MovSX32From16:
		c.movsx16(false, dst, src)
	case ir.Be16, ir.Swap16:
		c.ror16(dst)
		c.movzx16(dst, dst)
	case ir.Be32, ir.Swap32:
		c.bswap(false, dst)
	case ir.Be64, ir.Swap64:
		c.bswap(true, dst)
	case ir.Le16:
		c.movzx16(dst, dst)
	case ir.Le32:
		c.movRR(false, dst, dst)
	case ir.Le64:
	}
}
