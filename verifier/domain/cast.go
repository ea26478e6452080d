package domain

import "math"

// Zext32 keeps the lower half and clears the upper one, as every 32-bit
// operation does.
func (s *Scalar) Zext32() {
	s.Bits = s.Bits.Low()
	s.UMin, s.UMax = uint64(s.U32Min), uint64(s.U32Max)
	// A lower half that may be negative is a large positive number once
	// extended with zeros; Sync finds the exact range.
	s.SMin, s.SMax = 0, math.MaxUint32
	if s.S32Min >= 0 {
		s.SMin, s.SMax = int64(s.S32Min), int64(s.S32Max)
	}
	s.Sync()
}

// Trunc keeps the lowest size bytes (1, 2, 4 or 8) and clears the rest, as a
// load or a byte swap of that size does.
func (s *Scalar) Trunc(size int) {
	if size >= 8 {
		return
	}
	low := uint64(1)<<(8*size) - 1
	s.Bits = s.Bits.Trunc(size)
	if s.UMin&^low == s.UMax&^low {
		s.UMin, s.UMax = s.UMin&low, s.UMax&low
	} else {
		s.UMin, s.UMax = 0, low
	}
	s.SMin, s.SMax = int64(s.UMin), int64(s.UMax)
	if size < 4 {
		s.forget32()
	}
	s.Sync()
}

// Sext sign-extends the lowest size bytes (1, 2 or 4) to 64 bits.
//
// Linux 6.18: a range survives only if all its members agree in the bits above
// those kept and in the sign; the bits are then those of the range alone.
func (s *Scalar) Sext(size int) {
	if s.IsConst() {
		*s = Const(uint64(sext64(s.Bits.Value, size)))
		return
	}
	n := 8 * size
	if s.SMin>>n == s.SMax>>n {
		a, b := sext64(uint64(s.SMin), size), sext64(uint64(s.SMax), size)
		lo, hi := min(a, b), max(a, b)
		if (lo < 0) == (hi < 0) {
			s.SMin, s.SMax, s.UMin, s.UMax = lo, hi, uint64(lo), uint64(hi)
			s.S32Min, s.S32Max, s.U32Min, s.U32Max = int32(lo), int32(hi), uint32(lo), uint32(hi)
			s.Bits = RangeTnum(uint64(lo), uint64(hi))
			return
		}
	}
	*s = Unknown()
	top := int64(1) << (n - 1)
	s.SMin, s.SMax = -top, top-1
	s.S32Min, s.S32Max = int32(-top), int32(top-1)
}

// Sext32 sign-extends the lowest size bytes (1 or 2) to 32 bits and clears the
// upper half.
func (s *Scalar) Sext32(size int) {
	s.sext32(size)
	s.Zext32()
}

func (s *Scalar) sext32(size int) {
	if s.IsConst() {
		v := uint32(sext64(s.Bits.Value, size))
		s.Bits = Tnum{Value: uint64(v)}
		s.S32Min, s.S32Max, s.U32Min, s.U32Max = int32(v), int32(v), v, v
		return
	}
	n := 8 * size
	if s.S32Min>>n == s.S32Max>>n {
		a, b := int32(sext64(uint64(s.S32Min), size)), int32(sext64(uint64(s.S32Max), size))
		lo, hi := min(a, b), max(a, b)
		if (lo < 0) == (hi < 0) {
			s.S32Min, s.S32Max, s.U32Min, s.U32Max = lo, hi, uint32(lo), uint32(hi)
			s.Bits = RangeTnum(uint64(lo), uint64(hi)).Low()
			return
		}
	}
	s.Bits = UnknownTnum.Low()
	s.forget32()
	top := int32(1) << (n - 1)
	s.S32Min, s.S32Max = -top, top-1
}

func sext64(v uint64, size int) int64 {
	switch size {
	case 1:
		return int64(int8(v))
	case 2:
		return int64(int16(v))
	case 4:
		return int64(int32(v))
	}
	return int64(v)
}

// Swap reverses the lowest size bytes (2, 4 or 8) and clears the rest.
//
// Linux 6.18: the ranges are what the swapped bits say.
func (s *Scalar) Swap(size int) {
	s.Bits = s.Bits.Swap(size)
	s.Forget()
	if size < 8 {
		s.Trunc(size)
		return
	}
	s.Sync()
}
