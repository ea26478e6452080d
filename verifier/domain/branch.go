package domain

// Cond is a condition of a jump, numbered as the high nibble of the opcode.
type Cond uint8

// The conditions, with the numbers of the jump codes.
const (
	Eq  Cond = 0x10 // a == b
	Gt  Cond = 0x20 // a > b, unsigned
	Ge  Cond = 0x30 // a >= b, unsigned
	Set Cond = 0x40 // a & b != 0
	Ne  Cond = 0x50 // a != b
	SGt Cond = 0x60 // a > b, signed
	SGe Cond = 0x70 // a >= b, signed
	Lt  Cond = 0xa0 // a < b, unsigned
	Le  Cond = 0xb0 // a <= b, unsigned
	SLt Cond = 0xc0 // a < b, signed
	SLe Cond = 0xd0 // a <= b, signed
	// Clear is the negation of Set; no opcode has it.
	Clear Cond = 0xf0
)

// Not is the condition that holds where c does not.
func (c Cond) Not() Cond {
	switch c {
	case Eq:
		return Ne
	case Ne:
		return Eq
	case Gt:
		return Le
	case Le:
		return Gt
	case Ge:
		return Lt
	case Lt:
		return Ge
	case SGt:
		return SLe
	case SLe:
		return SGt
	case SGe:
		return SLt
	case SLt:
		return SGe
	case Set:
		return Clear
	}
	return Set
}

// Flip is the condition on (b, a) that says what c says on (a, b).
func (c Cond) Flip() Cond {
	switch c {
	case Gt:
		return Lt
	case Lt:
		return Gt
	case Ge:
		return Le
	case Le:
		return Ge
	case SGt:
		return SLt
	case SLt:
		return SGt
	case SGe:
		return SLe
	case SLe:
		return SGe
	}
	return c
}

func (s *Scalar) isConst(is32 bool) bool {
	if is32 {
		return s.IsConst32()
	}
	return s.IsConst()
}

func (s *Scalar) constValue(is32 bool) uint64 {
	if is32 {
		return s.Bits.Value & lowHalf
	}
	return s.Bits.Value
}

// BranchTaken says whether the condition c on a and b, or on their lower
// halves if is32, always holds (1), never holds (0), or is not known (-1).
func BranchTaken(c Cond, is32 bool, a, b *Scalar) int {
	switch c {
	case Eq:
		return equal(is32, a, b)
	case Ne:
		return inverse(equal(is32, a, b))
	case Set:
		return intersects(is32, a, b)
	case Clear:
		return inverse(intersects(is32, a, b))
	case Gt, SGt:
		return greater(c == SGt, is32, a, b)
	case Lt, SLt:
		return greater(c == SLt, is32, b, a)
	case Ge, SGe:
		return inverse(greater(c == SGe, is32, b, a))
	case Le, SLe:
		return inverse(greater(c == SLe, is32, a, b))
	}
	return -1
}

func inverse(taken int) int {
	if taken < 0 {
		return taken
	}
	return 1 - taken
}

func equal(is32 bool, a, b *Scalar) int {
	x, y := a.Bits, b.Bits
	if is32 {
		x, y = x.Low(), y.Low()
	}
	switch {
	case x.IsConst() && y.IsConst():
		if x.Value == y.Value {
			return 1
		}
		return 0
	case !x.Overlaps(y):
		return 0
	case a.U32Min > b.U32Max || a.U32Max < b.U32Min || a.S32Min > b.S32Max || a.S32Max < b.S32Min:
		// Unequal lower halves decide both forms.
		return 0
	case is32:
		return -1
	case a.UMin > b.UMax || a.UMax < b.UMin || a.SMin > b.SMax || a.SMax < b.SMin:
		return 0
	}
	return -1
}

func intersects(is32 bool, a, b *Scalar) int {
	if !b.isConst(is32) {
		a, b = b, a
	}
	if !b.isConst(is32) {
		return -1
	}
	v := b.constValue(is32)
	switch {
	case a.Bits.Min()&v != 0:
		return 1
	case a.Bits.Max()&v == 0:
		return 0
	}
	return -1
}

func greater(signed, is32 bool, a, b *Scalar) int {
	switch {
	case signed && is32:
		return above(a.S32Min, a.S32Max, b.S32Min, b.S32Max)
	case signed:
		return above(a.SMin, a.SMax, b.SMin, b.SMax)
	case is32:
		return above(a.U32Min, a.U32Max, b.U32Min, b.U32Max)
	}
	return above(a.UMin, a.UMax, b.UMin, b.UMax)
}

func above[T int32 | int64 | uint32 | uint64](amin, amax, bmin, bmax T) int {
	switch {
	case amin > bmax:
		return 1
	case amax <= bmin:
		return 0
	}
	return -1
}

// Refine removes from a and b what the condition c, known to hold of them or
// of their lower halves, excludes. For the branch not taken, call it with
// c.Not(). a and b may be the same Scalar.
//
// If c cannot hold, the result need not be Valid; Linux then calls Forget and
// goes on.
func Refine(c Cond, is32 bool, a, b *Scalar) {
	switch c {
	case Eq:
		refineEqual(is32, a, b)
	case Ne:
		refineNotEqual(is32, a, b)
	case Set, Clear:
		refineSet(c == Set, is32, a, b)
	case Lt, Le, SLt, SLe:
		refineLess(c, is32, a, b)
	case Gt, Ge, SGt, SGe:
		refineLess(c.Flip(), is32, b, a)
	}
	a.Sync()
	b.Sync()
}

func refineEqual(is32 bool, a, b *Scalar) {
	if is32 {
		a.meetU32(b.U32Min, b.U32Max)
		a.meetS32(b.S32Min, b.S32Max)
		b.U32Min, b.U32Max, b.S32Min, b.S32Max = a.U32Min, a.U32Max, a.S32Min, a.S32Max
		low := a.Bits.Low().Intersect(b.Bits.Low())
		a.Bits = a.Bits.WithLow(low)
		b.Bits = b.Bits.WithLow(low)
		return
	}
	a.meetU64(b.UMin, b.UMax)
	a.meetS64(b.SMin, b.SMax)
	b.UMin, b.UMax, b.SMin, b.SMax = a.UMin, a.UMax, a.SMin, a.SMax
	a.Bits = a.Bits.Intersect(b.Bits)
	b.Bits = a.Bits
}

// refineNotEqual moves an end of a range that is the excluded constant.
// BranchTaken has decided the case of a range that is that constant alone, so
// that no range becomes empty.
func refineNotEqual(is32 bool, a, b *Scalar) {
	if !b.isConst(is32) {
		a, b = b, a
	}
	if !b.isConst(is32) {
		return
	}
	v := b.constValue(is32)
	if is32 {
		a.U32Min, a.U32Max = without(a.U32Min, a.U32Max, uint32(v))
		a.S32Min, a.S32Max = without(a.S32Min, a.S32Max, int32(v))
		return
	}
	a.UMin, a.UMax = without(a.UMin, a.UMax, v)
	a.SMin, a.SMax = without(a.SMin, a.SMax, int64(v))
}

func without[T int32 | int64 | uint32 | uint64](lo, hi, v T) (T, T) {
	if lo == v {
		lo++
	}
	if hi == v {
		hi--
	}
	return lo, hi
}

// refineSet handles a & b != 0 (set) and a & b == 0 for a constant b. The
// first only teaches something if b is a single bit.
func refineSet(set, is32 bool, a, b *Scalar) {
	if !b.isConst(is32) {
		a, b = b, a
	}
	if !b.isConst(is32) {
		return
	}
	v := b.constValue(is32)
	if !set {
		// Linux 6.18: the ranges are forgotten, so that a dead branch does not
		// make them inconsistent with the bits.
		a.Forget()
		a.Bits = a.Bits.And(Tnum{Value: ^v})
		return
	}
	if v != 0 && v&(v-1) == 0 {
		a.Bits = a.Bits.Or(Tnum{Value: v})
	}
}

func refineLess(c Cond, is32 bool, a, b *Scalar) {
	switch strict := c == Lt || c == SLt; {
	case c == Lt || c == Le:
		if is32 {
			less(&a.U32Min, &a.U32Max, &b.U32Min, &b.U32Max, strict)
		} else {
			less(&a.UMin, &a.UMax, &b.UMin, &b.UMax, strict)
		}
	case is32:
		less(&a.S32Min, &a.S32Max, &b.S32Min, &b.S32Max, strict)
	default:
		less(&a.SMin, &a.SMax, &b.SMin, &b.SMax, strict)
	}
}

// less narrows a's upper and b's lower end by a <= b, or a < b if strict.
func less[T int32 | int64 | uint32 | uint64](amin, amax, bmin, bmax *T, strict bool) {
	var step T
	if strict {
		step = 1
	}
	*amax = min(*amax, *bmax-step)
	*bmin = max(*bmin, *amin+step)
}
