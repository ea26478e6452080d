package amd64

import (
	"math/bits"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// divide emits division and remainder. By zero the quotient is 0 and the
// remainder is dst; the least number by -1 must not reach the machine, which
// traps. RFC 9669 section 4.1.
func (c *compiler) divide(w, k bool, in *ir.Insn, dst, src reg, signed, mod bool) {
	d := division{w: w, signed: signed, mod: mod, n: dst, in: in}
	if k {
		if c.divideConst(d, in.Imm) {
			return
		}
		src = c.operand(w, k, in.Imm, src)
	}
	done := c.NewLabel()
	if !k {
		c.special(d, src, done)
	}
	c.quotient(d, src)
	c.Bind(done)
}

// division is a division of n, which the result replaces.
type division struct {
	w, signed, mod bool
	n              reg
	in             *ir.Insn
}

// special handles the divisors 0 and -1, and goes to done.
func (c *compiler) special(d division, src reg, done emit.Label) {
	if d.in.Flags&ir.NonZero == 0 {
		c.testRR(d.w, src, src)
		if d.mod && d.w {
			c.jcc(condE, done)
		} else {
			nonzero := c.NewLabel()
			c.jcc(condNE, nonzero)
			if d.mod {
				c.movRR(false, d.n, d.n)
			} else {
				c.movRI(d.n, 0)
			}
			c.jmp(done)
			c.Bind(nonzero)
		}
	}
	if d.signed && d.in.Flags&ir.NoOverflow == 0 {
		other := c.NewLabel()
		c.aluRI(d.w, cmp, src, -1)
		c.jcc(condNE, other)
		if d.mod {
			c.movRI(d.n, 0)
		} else {
			c.unary(d.w, opNeg, d.n)
		}
		c.jmp(done)
		c.Bind(other)
	}
}

// quotient divides by a register. The machine wants the dividend in rax and rdx,
// and the divisor in neither.
func (c *compiler) quotient(d division, by reg) {
	keepA := d.n != rax && d.in.Flags&ir.R0Dead == 0
	keepD := d.n != rdx && d.in.Flags&ir.R3Dead == 0
	// rax and rdx go to tmp and tmp2: to be restored, or because the divisor is
	// there. If tmp is taken, rax goes to the stack.
	from := by
	switch {
	case by == tmp && keepA:
		c.push(rax)
	case keepA || by == rax:
		c.movRR(true, tmp, rax)
	}
	if keepD || by == rdx {
		c.movRR(true, tmp2, rdx)
	}
	switch by {
	case rax:
		from = tmp
	case rdx:
		from = tmp2
	}
	if d.n != rax {
		c.movRR(d.w, rax, d.n)
	}
	c.divideA(d, from)
	result := rax
	if d.mod {
		result = rdx
	}
	if d.n != result {
		c.movRR(d.w, d.n, result)
	}
	switch {
	case by == tmp && keepA:
		c.pop(rax)
	case keepA:
		c.movRR(true, rax, tmp)
	}
	if keepD {
		c.movRR(true, rdx, tmp2)
	}
}

// divideA divides rax.
func (c *compiler) divideA(d division, by reg) {
	if d.signed {
		c.cqo(d.w)
		c.unary(d.w, opIdiv, by)
		return
	}
	if !d.w || c.opts.Features&HasFastDivide != 0 {
		c.aluRR(false, xor, rdx, rdx)
		c.unary(d.w, opDiv, by)
		return
	}
	// Older machines take much longer for 64 bits, and most numbers have fewer.
	wide, done := c.NewLabel(), c.NewLabel()
	c.movRR(true, rdx, rax)
	c.aluRR(true, or, rdx, by)
	c.shiftRI(true, opShr, rdx, 32)
	c.jcc(condNE, wide)
	c.unary(false, opDiv, by)
	c.jmp(done)
	c.Bind(wide)
	c.aluRR(false, xor, rdx, rdx)
	c.unary(true, opDiv, by)
	c.Bind(done)
}

// divideConst emits division by a constant; false means that it did not.
func (c *compiler) divideConst(d division, imm int64) bool {
	negative := d.signed && (imm < 0 && d.w || int32(imm) < 0 && !d.w)
	by := uint64(imm)
	if negative {
		by = -by
	}
	if !d.w {
		by = uint64(uint32(by))
	}
	switch {
	case by == 0:
		return false
	case by == 1 && d.mod:
		c.movRI(d.n, 0)
	case by == 1 && negative:
		c.unary(d.w, opNeg, d.n)
	case by == 1:
		if !d.w {
			c.movRR(false, d.n, d.n)
		}
	case by&(by-1) == 0 && d.signed:
		c.signedPower(d, uint8(bits.TrailingZeros64(by)), negative)
	case by&(by-1) == 0:
		c.unsignedPower(d, uint8(bits.TrailingZeros64(by)))
	case c.opts.Off&emit.OptDivide != 0:
		return false
	case d.signed && d.w:
		c.signed64(d, by, negative)
	case d.signed:
		c.signed32(d, uint32(by), negative)
	case d.w:
		c.unsigned64(d, by)
	default:
		c.unsigned32(d, uint32(by))
	}
	return true
}

// unsignedPower divides by 2^k, k > 0.
func (c *compiler) unsignedPower(d division, k uint8) {
	switch {
	case !d.mod:
		c.shiftRI(d.w, opShr, d.n, k)
	case k < 32:
		c.aluRI(false, and, d.n, int32(uint32(1)<<k-1))
	case k == 32:
		c.movRR(false, d.n, d.n)
	default:
		c.movRI(tmp, int64(uint64(1)<<k-1))
		c.aluRR(true, and, d.n, tmp)
	}
}

// signedPower divides by 2^k or -2^k, k > 0. Quotients are cut towards zero, so
// that 2^k - 1 is added to negative numbers first.
func (c *compiler) signedPower(d division, k uint8, negative bool) {
	width := uint8(32)
	if d.w {
		width = 64
	}
	c.movRR(d.w, tmp, d.n)
	if k > 1 {
		c.shiftRI(d.w, opSar, tmp, width-1)
	}
	c.shiftRI(d.w, opShr, tmp, width-k)
	c.aluRR(d.w, add, tmp, d.n)
	if !d.mod {
		c.shiftRI(d.w, opSar, tmp, k)
		if negative {
			c.unary(d.w, opNeg, tmp)
		}
		c.movRR(d.w, d.n, tmp)
		return
	}
	if k < 32 {
		c.aluRI(d.w, and, tmp, -1<<k)
	} else {
		c.shiftRI(true, opShr, tmp, k)
		c.shiftRI(true, opShl, tmp, k)
	}
	c.aluRR(d.w, sub, d.n, tmp)
}

// unsigned32 divides by a number that is no power of 2.
func (c *compiler) unsigned32(d division, by uint32) {
	m := emit.Unsigned32(by)
	if m.Post == 64 {
		if d.in.Flags&ir.Dst32 == 0 {
			c.movRR(false, d.n, d.n)
		}
		c.mulHigh(d, m, false)
		c.remains(d, tmp, uint64(by))
		return
	}
	n, q := d.n, tmp
	if d.in.Flags&ir.Dst32 == 0 {
		n = tmp2
		c.movRR(false, n, d.n)
	}
	if !d.mod {
		q = d.n
	}
	switch {
	case m.Mul>>31 == 0:
		c.imulRRI(true, q, n, int32(m.Mul))
	case q == n:
		c.movRI(tmp, int64(m.Mul))
		c.imulRR(true, q, tmp)
	default:
		c.movRI(q, int64(m.Mul))
		c.imulRR(true, q, n)
	}
	c.shiftRI(true, opShr, q, m.Post)
	if d.mod {
		c.remains(d, q, uint64(by))
	}
}

// unsigned64 divides by a number that is no power of 2.
func (c *compiler) unsigned64(d division, by uint64) {
	m := emit.Unsigned64(by)
	c.mulHigh(d, m, false)
	if m.Add {
		// The quotient is ((n-t)>>1 + t) >> Post.
		n := d.n
		if d.mod {
			n = tmp2
			c.movRR(true, n, d.n)
		}
		c.aluRR(true, sub, n, tmp)
		c.shiftRI(true, opShr, n, 1)
		c.aluRR(true, add, tmp, n)
	}
	if m.Post > 0 {
		c.shiftRI(true, opShr, tmp, m.Post)
	}
	c.remains(d, tmp, by)
}

// signed32 divides by a number that is no power of 2, or by its negative.
func (c *compiler) signed32(d division, by uint32, negative bool) {
	m := emit.Signed32(by)
	c.movsx32(tmp2, d.n)
	c.movRI(tmp, int64(m.Mul))
	c.imulRR(true, tmp, tmp2)
	c.shiftRI(true, opSar, tmp, m.Post)
	c.shiftRI(true, opSar, tmp2, 63)
	c.towardsZero(d, uint64(by), negative)
}

// signed64 divides by a number that is no power of 2, or by its negative.
func (c *compiler) signed64(d division, by uint64, negative bool) {
	m := emit.Signed64(by)
	post := m.Post
	c.mulHigh(d, m, true)
	c.aluRR(true, add, tmp, d.n)
	if post > 0 {
		c.shiftRI(true, opSar, tmp, post)
	}
	c.movRR(true, tmp2, d.n)
	c.shiftRI(true, opSar, tmp2, 63)
	c.towardsZero(d, by, negative)
}

// towardsZero ends a signed division: tmp is the quotient rounded down, tmp2 is
// -1 if the dividend is negative and else 0.
func (c *compiler) towardsZero(d division, by uint64, negative bool) {
	if negative && !d.mod {
		c.aluRR(d.w, sub, tmp2, tmp)
		c.movRR(d.w, d.n, tmp2)
		return
	}
	c.aluRR(d.w, sub, tmp, tmp2)
	c.remains(d, tmp, by)
}

// remains puts the quotient q, or what it leaves of the dividend, into place. It
// may change q.
func (c *compiler) remains(d division, q reg, by uint64) {
	switch {
	case !d.mod:
		c.movRR(d.w, d.n, q)
		return
	case !d.w || isInt32(int64(by)):
		c.imulRRI(d.w, q, q, int32(by))
	default:
		c.movRI(tmp2, int64(by))
		c.imulRR(true, q, tmp2)
	}
	c.aluRR(d.w, sub, d.n, q)
}

// mulHigh puts the upper half of the product of d.n >> m.Pre and m.Mul into tmp.
// It leaves all else but tmp2 alone.
func (c *compiler) mulHigh(d division, m emit.Divisor, signed bool) {
	n := d.n
	if signed || c.opts.Features&HasBMI2 == 0 {
		c.movRR(true, tmp, rax)
		c.movRR(true, tmp2, rdx)
		if n != rax {
			c.movRR(true, rax, n)
		}
		if m.Pre > 0 {
			c.shiftRI(true, opShr, rax, m.Pre)
		}
		c.movRI(rdx, int64(m.Mul))
		op := byte(opMul)
		if signed {
			op = opImul
		}
		c.unary(true, op, rdx)
		c.movRR(true, rax, tmp)
		c.movRR(true, tmp, rdx)
		c.movRR(true, rdx, tmp2)
		return
	}
	keep := n == rdx && m.Pre > 0 && d.mod || n != rdx && d.in.Flags&ir.R3Dead == 0
	if keep {
		c.movRR(true, tmp2, rdx)
	}
	if n != rdx && m.Pre == 0 {
		c.movRI(rdx, int64(m.Mul))
		c.mulX(tmp, tmp, n)
	} else {
		if n != rdx {
			c.movRR(true, rdx, n)
		}
		if m.Pre > 0 {
			c.shiftRI(true, opShr, rdx, m.Pre)
		}
		c.movRI(tmp, int64(m.Mul))
		c.mulX(tmp, tmp, tmp)
	}
	if keep {
		c.movRR(true, rdx, tmp2)
	}
}

// mulX is BMI2's hi:lo = rdx * src; if hi is lo it is the upper half.
func (e *encoder) mulX(hi, lo, src reg) {
	b1 := byte(0xe2) // R, X and B inverted, map 0f38
	if hi >= 8 {
		b1 &^= 0x80
	}
	if src >= 8 {
		b1 &^= 0x20
	}
	e.Byte(0xc4, b1, 0x80|(^byte(lo)&15)<<3|3, 0xf6, 0xc0|byte(hi&7)<<3|byte(src&7))
}
