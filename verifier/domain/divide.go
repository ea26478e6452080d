package domain

import "math"

// The operations of this file say more than Linux's verifier does; verdicts
// must not depend on them.

// unsigned is the set [lo, hi].
func unsigned(lo, hi uint64) Scalar {
	s := Unknown()
	s.UMin, s.UMax = lo, hi
	s.Sync()
	return s
}

// signed is the set [lo, hi].
func signed(lo, hi int64) Scalar {
	s := Unknown()
	s.SMin, s.SMax = lo, hi
	s.Sync()
	return s
}

// signed32 is the set [lo, hi] of lower halves, the upper half zero.
func signed32(lo, hi int32) Scalar {
	s := Unknown()
	s.S32Min, s.S32Max = lo, hi
	s.Sync()
	s.Zext32()
	return s
}

// NonZero reports whether 0 is no member, or, if is32, the lower half of none.
func (s *Scalar) NonZero(is32 bool) bool {
	if is32 {
		return s.U32Min > 0 || s.S32Min > 0 || s.S32Max < 0 || uint32(s.Bits.Value) != 0
	}
	return !s.Has(0)
}

// Fits32 reports whether the upper half of every member is zero.
func (s *Scalar) Fits32() bool { return s.UMax <= math.MaxUint32 || s.Bits.Max() <= math.MaxUint32 }

// ApplyExact is Apply for operations that the program is free to do with any
// numbers: division and remainder, signed or not, and shifts by an unknown
// count have results too, and a 32-bit result has no upper half.
// RFC 9669 section 4.1.
func (s *Scalar) ApplyExact(op Op, is32, isSigned bool, b *Scalar) {
	if s.IsConst() && b.IsConst() {
		if v, ok := compute(op, s.Bits.Value, b.Bits.Value); ok {
			if is32 {
				v &= lowHalf
			}
			*s = Const(v)
			return
		}
	}
	switch op {
	case OpDiv, OpMod:
		x, y := *s, *b
		switch {
		case isSigned && is32:
			s.divideSigned32(op, &x, &y)
		case isSigned:
			lo, hi := divideSigned(op, x.SMin, x.SMax, y.SMin, y.SMax, math.MinInt64)
			*s = signed(lo, hi)
		case is32:
			lo, hi := divide(op, uint64(x.U32Min), uint64(x.U32Max), uint64(y.U32Min), uint64(y.U32Max))
			*s = unsigned(lo, hi)
		default:
			lo, hi := divide(op, x.UMin, x.UMax, y.UMin, y.UMax)
			*s = unsigned(lo, hi)
		}
		return
	case OpLsh, OpRsh, OpArsh:
		s.shiftBy(op, is32, b)
		return
	}
	s.Apply(op, is32, b)
}

// compute is an operation of which the lower half of the result is one of the
// lower halves; false for others.
func compute(op Op, a, b uint64) (uint64, bool) {
	switch op {
	case OpAdd:
		return a + b, true
	case OpSub:
		return a - b, true
	case OpMul:
		return a * b, true
	case OpAnd:
		return a & b, true
	case OpOr:
		return a | b, true
	case OpXor:
		return a ^ b, true
	}
	return 0, false
}

// divide is the range of the unsigned quotient or remainder of the ranges.
// Division by 0 is 0, remainder by 0 the dividend.
func divide(op Op, alo, ahi, blo, bhi uint64) (lo, hi uint64) {
	switch {
	case op == OpDiv && blo == 0 && bhi == 0:
		return 0, 0
	case op == OpDiv && blo == 0:
		return 0, ahi
	case op == OpDiv:
		return alo / bhi, ahi / blo
	case ahi < blo: // the remainder is the dividend
		return alo, ahi
	case blo == 0:
		return 0, ahi
	}
	return 0, min(ahi, bhi-1)
}

// divideSigned is divide for signed numbers of which least is the smallest;
// least divided by -1 is itself.
func divideSigned(op Op, alo, ahi, blo, bhi, least int64) (lo, hi int64) {
	if op == OpMod {
		// The remainder has the dividend's sign and is smaller than the divisor.
		lo, hi = min(alo, 0), max(ahi, 0)
		if blo <= 0 && bhi >= 0 || blo == least {
			return lo, hi
		}
		m := max(abs(blo), abs(bhi)) - 1
		return max(lo, -m), min(hi, m)
	}
	overflows := alo == least && blo <= -1 && bhi >= -1
	if overflows {
		return least, -1 - least
	}
	if blo > 0 || bhi < 0 {
		a, b, c, d := alo/blo, alo/bhi, ahi/blo, ahi/bhi
		return min(a, b, c, d), max(a, b, c, d)
	}
	// 0 is among the divisors; no quotient is further from 0 than the dividend.
	if alo == least {
		return least, -1 - least
	}
	m := max(abs(alo), abs(ahi))
	return -m, m
}

func (s *Scalar) divideSigned32(op Op, x, y *Scalar) {
	lo, hi := divideSigned(op, int64(x.S32Min), int64(x.S32Max), int64(y.S32Min), int64(y.S32Max), math.MinInt32)
	if lo < math.MinInt32 || hi > math.MaxInt32 {
		lo, hi = math.MinInt32, math.MaxInt32
	}
	*s = signed32(int32(lo), int32(hi))
}

func abs(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

// shiftBy shifts by a count of which only the lowest bits are looked at.
func (s *Scalar) shiftBy(op Op, is32 bool, b *Scalar) {
	width := uint64(64)
	if is32 {
		width = 32
	}
	count := *b
	mask := Const(width - 1)
	count.Apply(OpAnd, false, &mask)
	if count.IsConst() {
		s.Apply(op, is32, &count)
		return
	}
	lo, hi := uint(count.UMin), uint(count.UMax)
	x := *s
	if is32 {
		x.Trunc(4)
		x.SMin, x.SMax = int64(s.S32Min), int64(s.S32Max)
	}
	switch op {
	case OpRsh:
		*s = unsigned(x.UMin>>hi, x.UMax>>lo)
	case OpArsh:
		a, b := x.SMin>>lo, x.SMin>>hi
		c, d := x.SMax>>lo, x.SMax>>hi
		if is32 {
			*s = signed32(int32(min(a, b)), int32(max(c, d)))
			return
		}
		*s = signed(min(a, b), max(c, d))
	default:
		top := uint64(math.MaxUint64)
		if is32 {
			top = math.MaxUint32
		}
		if x.UMax > top>>hi {
			*s = unsigned(0, top)
			return
		}
		*s = unsigned(x.UMin<<lo, x.UMax<<hi)
	}
}
