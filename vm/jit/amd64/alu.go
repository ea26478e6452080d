package amd64

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
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
		c.simple(w, k, and, in, dst, src)
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

// divide emits division and remainder. By zero the quotient is 0 and the
// remainder is dst; the least number by -1 must not reach the machine, which
// traps. RFC 9669 section 4.1.
func (c *compiler) divide(w, k bool, in *ir.Insn, dst, src reg, signed, mod bool) {
	if k {
		if c.divideConst(w, in.Imm, dst, signed, mod) {
			return
		}
		src = c.operand(w, k, in.Imm, src)
	}
	done := c.NewLabel()
	if !k {
		c.special(w, dst, src, signed, mod, done)
	}
	if src != tmp {
		c.movRR(w, tmp, src)
	}
	c.quotient(w, dst, tmp, signed, mod)
	c.Bind(done)
}

// special handles the divisors 0 and -1, and goes to done.
func (c *compiler) special(w bool, dst, src reg, signed, mod bool, done emit.Label) {
	nonzero := c.NewLabel()
	c.testRR(w, src, src)
	c.jcc(condNE, nonzero)
	if !mod {
		c.movRI(dst, 0)
	} else if !w {
		c.movRR(false, dst, dst)
	}
	c.jmp(done)
	c.Bind(nonzero)
	if !signed {
		return
	}
	other := c.NewLabel()
	c.aluRI(w, cmp, src, -1)
	c.jcc(condNE, other)
	if mod {
		c.movRI(dst, 0)
	} else {
		c.unary(w, opNeg, dst)
	}
	c.jmp(done)
	c.Bind(other)
}

// quotient divides dst by d, which is none of rax, rdx and dst.
func (c *compiler) quotient(w bool, dst, d reg, signed, mod bool) {
	extend := func() {
		if signed {
			c.cqo(w)
			c.unary(w, opIdiv, d)
		} else {
			c.aluRR(false, xor, rdx, rdx)
			c.unary(w, opDiv, d)
		}
	}
	switch dst {
	case rax:
		c.movRR(true, tmp2, rdx)
		extend()
		if mod {
			c.movRR(w, rax, rdx)
		}
		c.movRR(true, rdx, tmp2)
	case rdx:
		c.movRR(true, tmp2, rax)
		c.movRR(w, rax, rdx)
		extend()
		if !mod {
			c.movRR(w, rdx, rax)
		}
		c.movRR(true, rax, tmp2)
	default:
		c.movRR(true, tmp2, rdx)
		c.rr(true, 0x87, rax, dst)
		extend()
		if mod {
			c.movRR(w, rax, rdx)
		}
		c.rr(true, 0x87, rax, dst)
		c.movRR(true, rdx, tmp2)
	}
}

// in32or64 is a constant as a signed number of the operation's width.
func in32or64(w bool, imm int64) int64 {
	if w {
		return imm
	}
	return int64(int32(imm))
}

// divideConst emits unsigned division by a power of 2, and any by 1; false
// means that it did not.
func (c *compiler) divideConst(w bool, imm int64, dst reg, signed, mod bool) bool {
	d := uint64(imm)
	if !w {
		d = uint64(uint32(imm))
	}
	if signed && in32or64(w, imm) == -1 {
		// The least number by -1 would trap.
		if mod {
			c.movRI(dst, 0)
		} else {
			c.unary(w, opNeg, dst)
		}
		return true
	}
	if signed && d != 1 || d == 0 || d&(d-1) != 0 {
		return false
	}
	n := uint8(0)
	for d>>n != 1 {
		n++
	}
	switch {
	case !mod && n == 0:
		if !w {
			c.movRR(false, dst, dst)
		}
	case !mod:
		c.shiftRI(w, opShr, dst, n)
	case n == 0:
		c.movRI(dst, 0)
	case n <= 31:
		c.aluRI(false, and, dst, int32(uint32(d-1)))
	default:
		c.movRI(tmp, int64(d-1))
		c.aluRR(true, and, dst, tmp)
	}
	return true
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
