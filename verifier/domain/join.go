package domain

import (
	"math"
	"slices"
)

// Join makes s hold all members of b too, and reports whether it holds more
// values than before.
func (s *Scalar) Join(b *Scalar) (grown bool) {
	if *s == *b || s.Contains(b) {
		return false
	}
	s.Bits = s.Bits.Union(b.Bits)
	s.SMin, s.SMax = min(s.SMin, b.SMin), max(s.SMax, b.SMax)
	s.UMin, s.UMax = min(s.UMin, b.UMin), max(s.UMax, b.UMax)
	s.S32Min, s.S32Max = min(s.S32Min, b.S32Min), max(s.S32Max, b.S32Max)
	s.U32Min, s.U32Max = min(s.U32Min, b.U32Min), max(s.U32Max, b.U32Max)
	return true
}

// Steps are the numbers at which Widen stops, in order, as signed and as
// unsigned numbers.
type Steps struct {
	signed   []int64
	unsigned []uint64
}

// NewSteps makes steps of the numbers that a program compares with, the
// numbers beside them, and the ends of the machine's types.
func NewSteps(consts []int64) *Steps {
	st := &Steps{}
	for _, c := range append([]int64{
		0, math.MaxInt32, math.MaxUint32, math.MinInt32, math.MinInt64, math.MaxInt64,
	}, consts...) {
		for _, d := range [...]int64{-1, 0, 1} {
			st.signed = append(st.signed, c+d) // one that wraps around is a step as well
			st.unsigned = append(st.unsigned, uint64(c+d), uint64(uint32(c+d)))
		}
	}
	st.unsigned = append(st.unsigned, math.MaxUint64)
	slices.Sort(st.signed)
	slices.Sort(st.unsigned)
	st.signed = slices.Compact(st.signed)
	st.unsigned = slices.Compact(st.unsigned)
	return st
}

// above is the least step not below v, below the greatest not above v; the
// ends of the types are steps.
func (st *Steps) above(v int64) int64 {
	i, _ := slices.BinarySearch(st.signed, v)
	return st.signed[i]
}

func (st *Steps) below(v int64) int64 {
	i, ok := slices.BinarySearch(st.signed, v)
	if !ok {
		i--
	}
	return st.signed[i]
}

func (st *Steps) aboveU(v uint64) uint64 {
	i, _ := slices.BinarySearch(st.unsigned, v)
	return st.unsigned[i]
}

func (st *Steps) belowU(v uint64) uint64 {
	i, ok := slices.BinarySearch(st.unsigned, v)
	if !ok {
		i--
	}
	return st.unsigned[i]
}

// Widen is Join, but an end that moves goes on to the next step, so that a
// chain of widenings ends. It reports whether s holds more than before.
func (s *Scalar) Widen(b *Scalar, st *Steps) (grown bool) {
	old := *s
	if !s.Join(b) {
		return false
	}
	if s.SMin < old.SMin {
		s.SMin = st.below(s.SMin)
	}
	if s.SMax > old.SMax {
		s.SMax = st.above(s.SMax)
	}
	if s.UMin < old.UMin {
		s.UMin = st.belowU(s.UMin)
	}
	if s.UMax > old.UMax {
		s.UMax = st.aboveU(s.UMax)
	}
	if s.S32Min < old.S32Min {
		s.S32Min = int32(max(st.below(int64(s.S32Min)), math.MinInt32))
	}
	if s.S32Max > old.S32Max {
		s.S32Max = int32(min(st.above(int64(s.S32Max)), math.MaxInt32))
	}
	if s.U32Min < old.U32Min {
		s.U32Min = uint32(st.belowU(uint64(s.U32Min)))
	}
	if s.U32Max > old.U32Max {
		s.U32Max = uint32(min(st.aboveU(uint64(s.U32Max)), math.MaxUint32))
	}
	if s.Bits.Mask != old.Bits.Mask {
		// A bit that became unknown takes those along that the ends leave
		// room for: they would follow one by one.
		s.Bits = s.Bits.Union(RangeTnum(0, max(s.Bits.Mask, s.UMax)))
	}
	return true
}
