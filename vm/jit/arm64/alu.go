package arm64

import (
	"math/bits"

	"github.com/skepbpf/skep/vm/ir"
)

// binary emits an operation of two operands.
func (c *compiler) binary(in *ir.Insn, dst, src reg) { c.threeOperands(in, dst, dst, src) }

// threeOperands emits dst = n op src. The machine has no other form.
func (c *compiler) threeOperands(in *ir.Insn, dst, n, src reg) {
	w, k := !in.Op.Is32(), in.Op.IsK()
	imm := in.Imm
	if !w {
		imm = int64(int32(imm))
	}
	narrow := in.Flags&ir.Dst32 != 0
	switch in.Op.Base() {
	case ir.Add64K:
		c.simple(w, k, add, imm, dst, n, src)
	case ir.Sub64K:
		c.simple(w, k, sub, imm, dst, n, src)
	case ir.Or64K:
		c.bitwise(w, k, orr, imm, dst, n, src)
	case ir.And64K:
		c.bitwise(w, k, and, imm, dst, n, src)
	case ir.Xor64K:
		c.bitwise(w, k, eor, imm, dst, n, src)
	case ir.Mul64K:
		c.multiply(w, k, imm, dst, n, src)
	case ir.Lsh64K:
		c.shift(w, k, lslv, imm, dst, n, src)
	case ir.Rsh64K:
		c.shift(w, k, lsrv, imm, dst, n, src)
	case ir.Arsh64K:
		c.shift(w, k, asrv, imm, dst, n, src)
	case ir.Mov64K:
		c.move(w, k, imm, dst, src)
	case ir.Div64K:
		c.divide(division{w: w, d: dst, n: n, narrow: narrow}, k, imm, src)
	case ir.SDiv64K:
		c.divide(division{w: w, d: dst, n: n, signed: true}, k, imm, src)
	case ir.Mod64K:
		c.divide(division{w: w, d: dst, n: n, narrow: narrow, mod: true}, k, imm, src)
	case ir.SMod64K:
		c.divide(division{w: w, d: dst, n: n, signed: true, mod: true}, k, imm, src)
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

// addRI adds or subtracts any constant, by way of tmp if need be.
func (c *compiler) addRI(op arith, d, n reg, imm int64) {
	if arithImm(imm) {
		c.arithRI(true, op, d, n, imm)
		return
	}
	c.movRI(tmp, imm)
	c.arithRR(true, op, d, n, tmp)
}

// compareRI sets the flags to those of n - imm, by way of tmp if need be.
func (c *compiler) compareRI(w bool, n reg, imm int64) {
	if arithImm(imm) {
		c.cmpRI(w, n, imm)
		return
	}
	c.cmpRR(w, n, c.operand(w, true, imm, 0))
}

func (c *compiler) simple(w, k bool, op arith, imm int64, dst, n, src reg) {
	if k && arithImm(imm) {
		c.arithRI(w, op, dst, n, imm)
		return
	}
	c.arithRR(w, op, dst, n, c.operand(w, k, imm, src))
}

func (c *compiler) bitwise(w, k bool, op logic, imm int64, dst, n, src reg) {
	if k {
		c.bitwiseRI(w, op, dst, n, imm)
		return
	}
	c.logicRR(w, op, dst, n, src)
}

// bitwiseRI is d = n op imm, by way of tmp if need be.
func (c *compiler) bitwiseRI(w bool, op logic, d, n reg, imm int64) {
	if m, ok := bitmask(w, uint64(imm)); ok {
		c.logicRI(w, op, d, n, m)
		return
	}
	c.logicRR(w, op, d, n, c.operand(w, true, imm, 0))
}

func (c *compiler) multiply(w, k bool, imm int64, dst, n, src reg) {
	if s, ok := log2(w, imm); k && ok {
		c.lslRI(w, dst, n, s)
		return
	}
	if s, ok := log2(w, imm-1); k && ok && c.shapes() {
		c.arithShifted(w, add, dst, n, n, lsl, s)
		return
	}
	c.mulRR(w, dst, n, c.operand(w, k, imm, src))
}

// log2 is n if imm is 1<<n.
func log2(w bool, imm int64) (n uint8, ok bool) {
	v := uint64(imm)
	if !w {
		v = uint64(uint32(imm))
	}
	return uint8(bits.TrailingZeros64(v)), v != 0 && v&(v-1) == 0
}

func (c *compiler) move(w, k bool, imm int64, dst, src reg) {
	switch {
	case k && !w:
		c.movRI(dst, int64(uint32(imm)))
	case k:
		c.movRI(dst, imm)
	case dst != src || !w:
		c.movRR(w, dst, src)
	}
}

func (c *compiler) shift(w, k bool, op two, imm int64, dst, n, src reg) {
	if !k {
		c.twoRR(w, op, dst, n, src)
		return
	}
	s := uint8(imm) & (width(w) - 1)
	switch {
	case s == 0 && w && dst == n:
	case s == 0:
		c.movRR(w, dst, n)
	case op == lslv:
		c.lslRI(w, dst, n, s)
	case op == lsrv:
		c.lsrRI(w, dst, n, s)
	default:
		c.asrRI(w, dst, n, s)
	}
}

// convert emits operations of one operand.
func (c *compiler) convert(in *ir.Insn, dst, src reg) {
	switch in.Op {
	case ir.Neg64:
		c.negRR(true, dst, dst)
	case ir.Neg32:
		c.negRR(false, dst, dst)
	case ir.MovSX64From8:
		c.extend(true, sbfm, dst, src, 8)
	case ir.MovSX64From16:
		c.extend(true, sbfm, dst, src, 16)
	case ir.MovSX64From32:
		c.extend(true, sbfm, dst, src, 32)
	case ir.MovSX32From8:
		c.extend(false, sbfm, dst, src, 8)
	case ir.MovSX32From16:
		c.extend(false, sbfm, dst, src, 16)
	case ir.Be16, ir.Swap16:
		c.oneRR(false, rev16, dst, dst)
		c.extend(false, ubfm, dst, dst, 16)
	case ir.Be32, ir.Swap32:
		c.oneRR(false, rev32, dst, dst)
	case ir.Be64, ir.Swap64:
		c.oneRR(true, rev64, dst, dst)
	case ir.Le16:
		c.extend(false, ubfm, dst, dst, 16)
	case ir.Le32:
		c.movRR(false, dst, dst)
	case ir.Le64:
	}
}
