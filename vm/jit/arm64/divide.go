package arm64

import "github.com/skepbpf/skep/vm/jit/emit"

// division is a division of n, with the result in d.
type division struct {
	w, signed, mod bool
	narrow         bool // n has an upper half of zeros
	d, n           reg
}

// divide emits division and remainder. The machine's quotient by zero is 0, and
// the least number's by -1 itself, as BPF has them; the remainder follows.
// RFC 9669 section 4.1.
func (c *compiler) divide(d division, k bool, imm int64, src reg) {
	if k && c.divideConst(d, imm) {
		return
	}
	op := udiv
	if d.signed {
		op = sdiv
	}
	by := c.operand(d.w, k, imm, src)
	if !d.mod {
		c.twoRR(d.w, op, d.d, d.n, by)
		return
	}
	c.twoRR(d.w, op, tmp2, d.n, by)
	c.msubRR(d.w, d.d, tmp2, by, d.n)
}

// divideConst emits division by a constant; false means that it did not.
func (c *compiler) divideConst(d division, imm int64) bool {
	negative := d.signed && imm < 0 // of 32 bits, too: it is sign-extended
	by := uint64(imm)
	if negative {
		by = -by
	}
	if !d.w {
		by = uint64(uint32(by))
	}
	power, ok := log2(d.w, int64(by))
	switch {
	case by == 0:
		return false
	case by == 1 && d.mod:
		c.movRI(d.d, 0)
	case by == 1 && negative:
		c.negRR(d.w, d.d, d.n)
	case by == 1:
		c.shift(d.w, true, lsrv, 0, d.d, d.n, 0)
	case ok && d.signed:
		c.signedPower(d, power, negative)
	case ok && d.mod:
		c.bitwiseRI(d.w, and, d.d, d.n, int64(by-1))
	case ok:
		c.lsrRI(d.w, d.d, d.n, power)
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

// signedPower divides by 2^k or -2^k, k > 0. Quotients are cut towards zero, so
// that 2^k - 1 is added to negative numbers first.
func (c *compiler) signedPower(d division, k uint8, negative bool) {
	n := d.n
	if k > 1 {
		c.asrRI(d.w, tmp, n, width(d.w)-1)
		n = tmp
	}
	c.lsrRI(d.w, tmp, n, width(d.w)-k)
	c.arithRR(d.w, add, tmp, tmp, d.n)
	switch {
	case d.mod:
		c.bitwiseRI(d.w, and, tmp, tmp, -1<<k)
		c.arithRR(d.w, sub, d.d, d.n, tmp)
	case negative:
		c.asrRI(d.w, tmp, tmp, k)
		c.negRR(d.w, d.d, tmp)
	default:
		c.asrRI(d.w, d.d, tmp, k)
	}
}

// unsigned32 divides by a number that is no power of 2.
func (c *compiler) unsigned32(d division, by uint32) {
	m := emit.Unsigned32(by)
	c.movRI(tmp, int64(m.Mul))
	if m.Post == 64 {
		n := d.n
		if !d.narrow {
			n = tmp2
			c.movRR(false, n, d.n)
		}
		c.umulhRR(tmp, n, tmp)
	} else {
		c.umaddlRR(tmp, d.n, tmp, zr)
		c.lsrRI(true, tmp, tmp, m.Post)
	}
	c.remains(d, uint64(by))
}

// unsigned64 divides by a number that is no power of 2.
func (c *compiler) unsigned64(d division, by uint64) {
	m := emit.Unsigned64(by)
	n := d.n
	if m.Pre > 0 {
		c.lsrRI(true, tmp2, n, m.Pre)
		n = tmp2
	}
	c.movRI(tmp, int64(m.Mul))
	c.umulhRR(tmp, n, tmp)
	if m.Add {
		// The quotient is ((n-t)>>1 + t) >> Post.
		c.arithRR(true, sub, tmp2, d.n, tmp)
		c.lsrRI(true, tmp2, tmp2, 1)
		c.arithRR(true, add, tmp, tmp, tmp2)
	}
	if m.Post > 0 {
		c.lsrRI(true, tmp, tmp, m.Post)
	}
	c.remains(d, by)
}

// signed32 divides by a number that is no power of 2, or by its negative.
func (c *compiler) signed32(d division, by uint32, negative bool) {
	m := emit.Signed32(by)
	c.extend(true, sbfm, tmp2, d.n, 32)
	c.movRI(tmp, int64(m.Mul))
	c.mulRR(true, tmp, tmp, tmp2)
	c.asrRI(true, tmp, tmp, m.Post)
	c.asrRI(true, tmp2, tmp2, 63)
	c.towardsZero(d, uint64(by), negative)
}

// signed64 divides by a number that is no power of 2, or by its negative.
func (c *compiler) signed64(d division, by uint64, negative bool) {
	m := emit.Signed64(by)
	c.movRI(tmp, int64(m.Mul))
	c.smulhRR(tmp, d.n, tmp)
	c.arithRR(true, add, tmp, tmp, d.n)
	if m.Post > 0 {
		c.asrRI(true, tmp, tmp, m.Post)
	}
	c.asrRI(true, tmp2, d.n, 63)
	c.towardsZero(d, by, negative)
}

// towardsZero ends a signed division: tmp is the quotient rounded down, tmp2 is
// -1 if the dividend is negative and else 0.
func (c *compiler) towardsZero(d division, by uint64, negative bool) {
	if negative && !d.mod {
		c.arithRR(d.w, sub, d.d, tmp2, tmp)
		return
	}
	c.arithRR(d.w, sub, tmp, tmp, tmp2)
	c.remains(d, by)
}

// remains puts the quotient tmp, or what it leaves of the dividend, into place.
func (c *compiler) remains(d division, by uint64) {
	if !d.mod {
		c.movRR(d.w, d.d, tmp)
		return
	}
	c.movRI(tmp2, int64(by))
	c.msubRR(d.w, d.d, tmp, tmp2, d.n)
}
