package emit

import "math/bits"

// Divisor is how to divide by a constant that is neither 0 nor a power of 2,
// with the upper part of a product. Granlund and Montgomery, PLDI 1994,
// division by invariant integers.
type Divisor struct {
	// Mul is the other factor.
	Mul uint64
	// Pre is a shift of the dividend before, Post one of the product behind.
	Pre, Post uint8
	// Add: the factor is Mul + 2^64.
	Add bool
}

// Unsigned64 divides 64-bit numbers: with t the upper half of the product of
// n >> Pre and Mul, the quotient is t >> Post, and with Add it is
// ((n-t)>>1 + t) >> Post.
func Unsigned64(d uint64) Divisor {
	s := bits.Len64(d) - 1
	m, e := ceiling(1<<s, d)
	if e <= 1<<s {
		// A shorter shift does where the factor has no more bits than that.
		for m&1 == 0 && s > 0 {
			m, s = m>>1, s-1
		}
		return Divisor{Mul: m, Post: uint8(s)}
	}
	if pre := bits.TrailingZeros64(d); pre > 0 {
		// The dividend has so many bits less that any factor does.
		d >>= pre
		s -= pre
		m, _ = ceiling(1<<s, d)
		return Divisor{Mul: m, Pre: uint8(pre), Post: uint8(s)}
	}
	m, _ = ceiling(uint64(2)<<s-d, d)
	return Divisor{Mul: m, Post: uint8(s), Add: true}
}

// ceiling is hi * 2^64 / d rounded up, and d times that beyond hi * 2^64. d
// divides no such number.
func ceiling(hi, d uint64) (m, beyond uint64) {
	q, r := bits.Div64(hi, 0, d)
	return q + 1, d - r
}

// Unsigned32 divides 32-bit numbers: the quotient is n * Mul >> Post. Where Post
// is 64, that is the upper half of the product of 128 bits; otherwise Mul has 32
// bits.
func Unsigned32(d uint32) Divisor {
	for s := range bits.Len32(d) {
		m := uint64(1)<<(32+s)/uint64(d) + 1
		if e := m*uint64(d) - 1<<(32+s); e <= 1<<s {
			if m>>32 == 0 {
				return Divisor{Mul: m, Post: uint8(32 + s)}
			}
			break
		}
	}
	m, _ := ceiling(1, uint64(d))
	return Divisor{Mul: m, Post: 64}
}

// Signed64 divides by d and -d, for d > 2: with t the upper half of the signed
// product of n and Mul, the quotient by d is (t+n) >> Post, plus 1 if n is
// negative.
func Signed64(d uint64) Divisor {
	s := bits.Len64(d-1) - 1
	m, _ := ceiling(1<<s, d)
	return Divisor{Mul: m, Post: uint8(s)}
}

// Signed32 is the same for 32-bit numbers; Mul has 32 bits, and the quotient is
// n * Mul >> Post, plus 1 if n is negative.
func Signed32(d uint32) Divisor {
	s := bits.Len32(d-1) - 1
	return Divisor{Mul: uint64(1)<<(32+s)/uint64(d) + 1, Post: uint8(32 + s)}
}
