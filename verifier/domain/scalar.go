package domain

import "math"

// Scalar is a set of 64-bit values: those that agree with Bits and lie in all
// four ranges, both ends included. The 32-bit ranges are of the lower half.
//
// Scalars are plain comparable values: == means the same knowledge. The zero
// Scalar is the constant 0. The same type describes the variable part of a
// pointer's offset.
type Scalar struct {
	Bits           Tnum
	SMin, SMax     int64
	UMin, UMax     uint64
	S32Min, S32Max int32
	U32Min, U32Max uint32
}

// Unknown is the set of all values.
func Unknown() Scalar {
	s := Scalar{Bits: UnknownTnum}
	s.Forget()
	return s
}

// Const is the set of v alone.
func Const(v uint64) Scalar {
	return Scalar{
		Bits: Tnum{Value: v},
		SMin: int64(v), SMax: int64(v), UMin: v, UMax: v,
		S32Min: int32(v), S32Max: int32(v), U32Min: uint32(v), U32Max: uint32(v),
	}
}

// Forget opens all ranges and keeps the known bits. Linux does this to a
// scalar that has become inconsistent.
func (s *Scalar) Forget() {
	s.forget64()
	s.forget32()
}

func (s *Scalar) forget64() {
	s.SMin, s.SMax = math.MinInt64, math.MaxInt64
	s.UMin, s.UMax = 0, math.MaxUint64
}

func (s *Scalar) forget32() {
	s.S32Min, s.S32Max = math.MinInt32, math.MaxInt32
	s.U32Min, s.U32Max = 0, math.MaxUint32
}

// IsConst reports whether all bits are known.
func (s *Scalar) IsConst() bool { return s.Bits.Mask == 0 }

// IsConst32 reports whether all bits of the lower half are known.
func (s *Scalar) IsConst32() bool { return uint32(s.Bits.Mask) == 0 }

// Value is the value of a constant.
func (s *Scalar) Value() uint64 { return s.Bits.Value }

// IsUnknown reports whether nothing is known.
func (s *Scalar) IsUnknown() bool { return *s == Unknown() }

// Unbounded reports whether all four ranges are open.
func (s *Scalar) Unbounded() bool {
	return s.SMin == math.MinInt64 && s.SMax == math.MaxInt64 && s.UMin == 0 && s.UMax == math.MaxUint64 &&
		s.S32Min == math.MinInt32 && s.S32Max == math.MaxInt32 && s.U32Min == 0 && s.U32Max == math.MaxUint32
}

// Has reports whether v is a member.
func (s *Scalar) Has(v uint64) bool {
	return s.Bits.Has(v) &&
		s.SMin <= int64(v) && int64(v) <= s.SMax && s.UMin <= v && v <= s.UMax &&
		s.S32Min <= int32(v) && int32(v) <= s.S32Max && s.U32Min <= uint32(v) && uint32(v) <= s.U32Max
}

// RangeContains reports whether the four ranges of b lie within those of s.
func (s *Scalar) RangeContains(b *Scalar) bool {
	return s.UMin <= b.UMin && b.UMax <= s.UMax && s.SMin <= b.SMin && b.SMax <= s.SMax &&
		s.U32Min <= b.U32Min && b.U32Max <= s.U32Max && s.S32Min <= b.S32Min && b.S32Max <= s.S32Max
}

// Contains reports whether each range of b lies within that of s and each
// bit known in s is known, and the same, in b. Then every member of b is one
// of s; the reverse may be missed.
func (s *Scalar) Contains(b *Scalar) bool {
	return s.RangeContains(b) && s.Bits.Contains(b.Bits)
}

// Valid reports whether s is consistent: no empty range, and a constant's
// ranges hold that constant alone.
func (s *Scalar) Valid() bool { return s.Violation() == "" }

// Violation names the broken invariant of s in Linux's words, "" if there is
// none.
func (s *Scalar) Violation() string {
	if s.UMin > s.UMax || s.SMin > s.SMax || s.U32Min > s.U32Max || s.S32Min > s.S32Max {
		return "range bounds violation"
	}
	if v := s.Bits.Value; s.IsConst() &&
		(s.UMin != v || s.UMax != v || s.SMin != int64(v) || s.SMax != int64(v)) {
		return "const tnum out of sync with range bounds"
	}
	if v := uint32(s.Bits.Value); s.IsConst32() &&
		(s.U32Min != v || s.U32Max != v || s.S32Min != int32(v) || s.S32Max != int32(v)) {
		return "const subreg tnum out of sync with range bounds"
	}
	return ""
}
