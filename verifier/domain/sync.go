package domain

import "math"

// Sync lets bits and ranges learn from one another. Every operation that
// changes one of them calls it at its end.
//
// Linux 6.18: the bits first narrow the ranges, then the ranges narrow one
// another in three rounds, then they narrow the bits, then the bits the ranges
// once more. More rounds would sometimes learn more; verdicts depend on the
// number.
func (s *Scalar) Sync() {
	s.rangesFromBits()
	for range 3 {
		s.low32FromRanges()
		s.signs64()
		s.wholeFrom32()
	}
	s.bitsFromRanges()
	s.rangesFromBits()
}

const (
	sign64 = uint64(1) << 63
	sign32 = uint64(1) << 31
)

// rangesFromBits narrows all ranges to the smallest and largest member of the
// tnum; for signed ranges an unknown sign bit counts as set for the smallest
// and clear for the largest.
func (s *Scalar) rangesFromBits() {
	low := s.Bits.Low()
	s.S32Min = max(s.S32Min, int32(low.Value|low.Mask&sign32))
	s.S32Max = min(s.S32Max, int32(low.Value|low.Mask&^sign32))
	s.U32Min = max(s.U32Min, uint32(low.Min()))
	s.U32Max = min(s.U32Max, uint32(low.Max()))

	b := s.Bits
	s.SMin = max(s.SMin, int64(b.Value|b.Mask&sign64))
	s.SMax = min(s.SMax, int64(b.Value|b.Mask&^sign64))
	s.UMin = max(s.UMin, b.Min())
	s.UMax = min(s.UMax, b.Max())
	s.soleMember()
}

// soleMember makes s a constant if the unsigned range and the tnum have one
// value in common.
//
// Linux 6.18: where they have none in common, the largest member of the tnum
// is taken although it is not in the range; the path is dead and stays so.
// That goes for constants too.
func (s *Scalar) soleMember() {
	if v := s.Bits.Value; s.Bits.Mask == 0 {
		if s.UMin != v || s.UMax < v {
			*s = Const(v)
		}
		return
	}
	next := s.Bits.Next(s.UMin)
	switch {
	case s.Bits.Has(s.UMin):
		if next > s.UMax {
			*s = Const(s.UMin)
		}
	case next == s.Bits.Max():
		*s = Const(next)
	case next <= s.UMax && s.Bits.Next(next) > s.UMax:
		*s = Const(next)
	}
}

// bitsFromRanges narrows the tnum to the bits in which all of the unsigned
// range agrees, first the whole, then the lower half.
func (s *Scalar) bitsFromRanges() {
	whole := s.Bits.Intersect(RangeTnum(s.UMin, s.UMax))
	low := whole.Low().Intersect(RangeTnum(uint64(s.U32Min), uint64(s.U32Max)))
	s.Bits = whole.WithLow(low)
}

// meetU32 and the like narrow one range.
func (s *Scalar) meetU32(lo, hi uint32) { s.U32Min, s.U32Max = max(s.U32Min, lo), min(s.U32Max, hi) }
func (s *Scalar) meetS32(lo, hi int32)  { s.S32Min, s.S32Max = max(s.S32Min, lo), min(s.S32Max, hi) }
func (s *Scalar) meetU64(lo, hi uint64) { s.UMin, s.UMax = max(s.UMin, lo), min(s.UMax, hi) }
func (s *Scalar) meetS64(lo, hi int64)  { s.SMin, s.SMax = max(s.SMin, lo), min(s.SMax, hi) }

// low32FromRanges narrows the 32-bit ranges by the 64-bit ones, then by each
// other.
func (s *Scalar) low32FromRanges() {
	// A range within one block of 2^32 has the same upper half throughout, so
	// that the lower halves of its ends are ordered as the ends are.
	if s.UMin>>32 == s.UMax>>32 {
		s.meetU32(uint32(s.UMin), uint32(s.UMax))
		if int32(s.UMin) <= int32(s.UMax) {
			s.meetS32(int32(s.UMin), int32(s.UMax))
		}
	}
	if s.SMin>>32 == s.SMax>>32 {
		if uint32(s.SMin) <= uint32(s.SMax) {
			s.meetU32(uint32(s.SMin), uint32(s.SMax))
		}
		if int32(s.SMin) <= int32(s.SMax) {
			s.meetS32(int32(s.SMin), int32(s.SMax))
		}
	}
	// A range from the upper part of one block into the lower part of the next
	// is a signed range of lower halves that passes through zero.
	if uint32(s.UMin>>32)+1 == uint32(s.UMax>>32) && int32(s.UMin) < 0 && int32(s.UMax) >= 0 {
		s.meetS32(int32(s.UMin), int32(s.UMax))
	}
	if uint32(s.SMin>>32)+1 == uint32(s.SMax>>32) && int32(s.SMin) < 0 && int32(s.SMax) >= 0 {
		s.meetS32(int32(s.SMin), int32(s.SMax))
	}
	s.signs32()
}

// signs32 narrows the signed and the unsigned 32-bit range by each other.
func (s *Scalar) signs32() {
	// A range that does not cross the sign boundary is the same range in both
	// readings.
	if int32(s.U32Min) <= int32(s.U32Max) {
		s.meetS32(int32(s.U32Min), int32(s.U32Max))
	}
	if uint32(s.S32Min) <= uint32(s.S32Max) {
		s.meetU32(uint32(s.S32Min), uint32(s.S32Max))
		return
	}
	// See signs64.
	switch {
	case s.U32Max < uint32(s.S32Min):
		s.S32Min = int32(s.U32Min)
		s.U32Max = min(s.U32Max, uint32(s.S32Max))
	case uint32(s.S32Max) < s.U32Min:
		s.S32Max = int32(s.U32Max)
		s.U32Min = max(s.U32Min, uint32(s.S32Min))
	}
}

// signs64 narrows the signed and the unsigned 64-bit range by each other.
func (s *Scalar) signs64() {
	if int64(s.UMin) <= int64(s.UMax) {
		s.meetS64(int64(s.UMin), int64(s.UMax))
	}
	if uint64(s.SMin) <= uint64(s.SMax) {
		s.meetU64(uint64(s.SMin), uint64(s.SMax))
		return
	}
	// The signed range crosses zero; as an unsigned set it has a part at each
	// end. An unsigned range that misses one part leaves only the other.
	switch {
	case s.UMax < uint64(s.SMin):
		s.SMin = int64(s.UMin)
		s.UMax = min(s.UMax, uint64(s.SMax))
	case uint64(s.SMax) < s.UMin:
		s.SMax = int64(s.UMax)
		s.UMin = max(s.UMin, uint64(s.SMin))
	}
}

// wholeFrom32 narrows the 64-bit ranges by the 32-bit ones: the lower halves
// of the ends can be moved to the ends of the unsigned 32-bit range.
func (s *Scalar) wholeFrom32() {
	lo, hi := uint64(s.U32Min), uint64(s.U32Max)
	umin, umax := s.UMin&^lowHalf|lo, s.UMax&^lowHalf|hi
	smin, smax := int64(uint64(s.SMin)&^lowHalf|lo), int64(uint64(s.SMax)&^lowHalf|hi)
	s.meetU64(umin, umax)
	s.meetS64(smin, smax)

	// A value that fits in 32 signed bits is its own lower half, if that is
	// not negative.
	if s.S32Min >= 0 && s.SMin >= math.MinInt32 && s.SMax <= math.MaxInt32 {
		s.SMin, s.SMax = int64(s.S32Min), int64(s.S32Max)
		s.UMin, s.UMax = uint64(s.S32Min), uint64(s.S32Max)
		s.Bits = s.Bits.Intersect(RangeTnum(s.UMin, s.UMax))
	}
}
