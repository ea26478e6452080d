package domain

import "math"

// Op is an arithmetic operation, numbered as the high nibble of the opcode.
type Op uint8

// The operations that Apply knows.
const (
	OpAdd  Op = 0x00
	OpSub  Op = 0x10
	OpMul  Op = 0x20
	OpDiv  Op = 0x30
	OpOr   Op = 0x40
	OpAnd  Op = 0x50
	OpLsh  Op = 0x60
	OpRsh  Op = 0x70
	OpNeg  Op = 0x80
	OpMod  Op = 0x90
	OpXor  Op = 0xa0
	OpArsh Op = 0xc0
)

// Apply sets s to s op b, in the 32-bit form (with a zero-extended result) if
// is32. Neg ignores b. b is not changed, and may be s.
//
// Linux 6.18: division and remainder give the unknown value in all cases, and
// so does a shift by what is not a constant below the width; even in the
// 32-bit form the upper half is then unknown.
func (s *Scalar) Apply(op Op, is32 bool, b *Scalar) {
	src := *b
	width := uint64(64)
	if is32 {
		width = 32
	}
	switch op {
	case OpAdd:
		s.add(&src)
	case OpSub:
		s.sub(&src)
	case OpMul:
		s.mul(&src)
	case OpAnd:
		s.and(&src)
	case OpOr:
		s.or(&src)
	case OpXor:
		s.xor(&src)
	case OpNeg:
		zero := Const(0)
		zero.sub(s)
		*s = zero
	case OpLsh, OpRsh, OpArsh:
		if !src.shiftCount(is32) || src.UMax >= width {
			*s = Unknown()
			return
		}
		s.shift(op, is32, uint(src.UMin))
	default:
		*s = Unknown()
		return
	}
	if is32 {
		s.Zext32()
		return
	}
	s.Sync()
}

// shiftCount reports whether s is a constant, as far as the operation's width
// looks at it, with consistent ranges.
func (s *Scalar) shiftCount(is32 bool) bool {
	if is32 {
		return s.IsConst32() && s.S32Min == s.S32Max && s.U32Min == s.U32Max
	}
	return s.IsConst() && s.SMin == s.SMax && s.UMin == s.UMax
}

// add adds range by range. Signed ends that overflow open the range. Unsigned
// ends may both wrap around: the range is then still one piece.
func (s *Scalar) add(b *Scalar) {
	lo64, over1 := addS64(s.SMin, b.SMin)
	hi64, over2 := addS64(s.SMax, b.SMax)
	if over1 || over2 {
		lo64, hi64 = math.MinInt64, math.MaxInt64
	}
	ulo, uhi := s.UMin+b.UMin, s.UMax+b.UMax
	if ulo >= s.UMin && uhi < s.UMax {
		ulo, uhi = 0, math.MaxUint64
	}
	lo32, hi32 := int64(s.S32Min)+int64(b.S32Min), int64(s.S32Max)+int64(b.S32Max)
	ulo32, uhi32 := s.U32Min+b.U32Min, s.U32Max+b.U32Max
	if ulo32 >= s.U32Min && uhi32 < s.U32Max {
		ulo32, uhi32 = 0, math.MaxUint32
	}
	s.SMin, s.SMax, s.UMin, s.UMax = lo64, hi64, ulo, uhi
	s.setS32(lo32, hi32)
	s.U32Min, s.U32Max = ulo32, uhi32
	s.Bits = s.Bits.Add(b.Bits)
}

// sub subtracts range by range, as add does.
func (s *Scalar) sub(b *Scalar) {
	lo64, over1 := subS64(s.SMin, b.SMax)
	hi64, over2 := subS64(s.SMax, b.SMin)
	if over1 || over2 {
		lo64, hi64 = math.MinInt64, math.MaxInt64
	}
	ulo, uhi := s.UMin-b.UMax, s.UMax-b.UMin
	if s.UMin < b.UMax && s.UMax >= b.UMin {
		ulo, uhi = 0, math.MaxUint64
	}
	lo32, hi32 := int64(s.S32Min)-int64(b.S32Max), int64(s.S32Max)-int64(b.S32Min)
	ulo32, uhi32 := s.U32Min-b.U32Max, s.U32Max-b.U32Min
	if s.U32Min < b.U32Max && s.U32Max >= b.U32Min {
		ulo32, uhi32 = 0, math.MaxUint32
	}
	s.SMin, s.SMax, s.UMin, s.UMax = lo64, hi64, ulo, uhi
	s.setS32(lo32, hi32)
	s.U32Min, s.U32Max = ulo32, uhi32
	s.Bits = s.Bits.Sub(b.Bits)
}

// setS32 sets the signed 32-bit range to [lo, hi], or opens it if an end does
// not fit.
func (s *Scalar) setS32(lo, hi int64) {
	if lo < math.MinInt32 || hi > math.MaxInt32 || lo > math.MaxInt32 || hi < math.MinInt32 {
		lo, hi = math.MinInt32, math.MaxInt32
	}
	s.S32Min, s.S32Max = int32(lo), int32(hi)
}

// mul takes the extreme products of the ends where none overflows.
func (s *Scalar) mul(b *Scalar) {
	s.mulSigned64(b)
	if hi, lo := mulU64(s.UMax, b.UMax); hi != 0 {
		s.UMin, s.UMax = 0, math.MaxUint64
	} else {
		s.UMin, s.UMax = s.UMin*b.UMin, lo
	}

	p := [4]int64{
		int64(s.S32Min) * int64(b.S32Min), int64(s.S32Min) * int64(b.S32Max),
		int64(s.S32Max) * int64(b.S32Min), int64(s.S32Max) * int64(b.S32Max),
	}
	s.setS32(min(p[0], p[1], p[2], p[3]), max(p[0], p[1], p[2], p[3]))
	if top := uint64(s.U32Max) * uint64(b.U32Max); top > math.MaxUint32 {
		s.U32Min, s.U32Max = 0, math.MaxUint32
	} else {
		s.U32Min, s.U32Max = s.U32Min*b.U32Min, uint32(top)
	}
	s.Bits = s.Bits.Mul(b.Bits)
}

func (s *Scalar) mulSigned64(b *Scalar) {
	lo, hi := int64(math.MaxInt64), int64(math.MinInt64)
	for _, x := range [2]int64{s.SMin, s.SMax} {
		for _, y := range [2]int64{b.SMin, b.SMax} {
			p, over := mulS64(x, y)
			if over {
				s.SMin, s.SMax = math.MinInt64, math.MaxInt64
				return
			}
			lo, hi = min(lo, p), max(hi, p)
		}
	}
	s.SMin, s.SMax = lo, hi
}

// and can only clear bits: the result is at most the smaller operand and at
// least the bits known to be set.
func (s *Scalar) and(b *Scalar) {
	s.Bits = s.Bits.And(b.Bits)
	s.logic(b, s.Bits.Min(), min(s.UMax, b.UMax),
		uint32(s.Bits.Low().Min()), min(s.U32Max, b.U32Max))
}

// or can only set bits: the result is at least the larger operand.
func (s *Scalar) or(b *Scalar) {
	s.Bits = s.Bits.Or(b.Bits)
	s.logic(b, max(s.UMin, b.UMin), s.Bits.Max(),
		max(s.U32Min, b.U32Min), uint32(s.Bits.Low().Max()))
}

func (s *Scalar) xor(b *Scalar) {
	s.Bits = s.Bits.Xor(b.Bits)
	s.logic(b, s.Bits.Min(), s.Bits.Max(),
		uint32(s.Bits.Low().Min()), uint32(s.Bits.Low().Max()))
}

// logic sets the ranges of a bitwise operation's result, whose Bits are set
// already: the unsigned ranges as given, the signed ones the same where that
// does not cross the sign boundary.
func (s *Scalar) logic(b *Scalar, lo, hi uint64, lo32, hi32 uint32) {
	if s.IsConst32() && b.IsConst32() {
		v := uint32(s.Bits.Value)
		s.U32Min, s.U32Max, s.S32Min, s.S32Max = v, v, int32(v), int32(v)
	} else {
		s.U32Min, s.U32Max = lo32, hi32
		s.S32Min, s.S32Max = math.MinInt32, math.MaxInt32
		if int32(lo32) <= int32(hi32) {
			s.S32Min, s.S32Max = int32(lo32), int32(hi32)
		}
	}
	if s.IsConst() && b.IsConst() {
		*s = Const(s.Bits.Value)
		return
	}
	s.UMin, s.UMax = lo, hi
	s.SMin, s.SMax = math.MinInt64, math.MaxInt64
	if int64(lo) <= int64(hi) {
		s.SMin, s.SMax = int64(lo), int64(hi)
	}
}

// shift shifts by the constant n, which is below the width.
func (s *Scalar) shift(op Op, is32 bool, n uint) {
	switch {
	case op == OpLsh && is32:
		s.lshRange32(n)
		s.Bits = s.Bits.Low().Lsh(n).Low()
	case op == OpLsh:
		s.lshRange64(n)
		s.lshRange32(n)
		s.Bits = s.Bits.Lsh(n)
		s.rangesFromBits()
		return
	case op == OpRsh && is32:
		s.Bits = s.Bits.Low().Rsh(n)
		s.U32Min, s.U32Max = s.U32Min>>n, s.U32Max>>n
		s.S32Min, s.S32Max = math.MinInt32, math.MaxInt32
	case op == OpRsh:
		s.Bits = s.Bits.Rsh(n)
		s.UMin, s.UMax = s.UMin>>n, s.UMax>>n
		s.SMin, s.SMax = math.MinInt64, math.MaxInt64
		s.forget32()
		s.rangesFromBits()
		return
	case is32:
		s.Bits = s.Bits.Low().Arsh32(n)
		s.S32Min, s.S32Max = s.S32Min>>n, s.S32Max>>n
		s.U32Min, s.U32Max = 0, math.MaxUint32
	default:
		s.Bits = s.Bits.Arsh(n)
		s.SMin, s.SMax = s.SMin>>n, s.SMax>>n
		s.UMin, s.UMax = 0, math.MaxUint64
		s.forget32()
		s.rangesFromBits()
		return
	}
	// The 32-bit forms.
	s.forget64()
	s.low32FromBits()
}

// low32FromBits is rangesFromBits for the lower half alone.
func (s *Scalar) low32FromBits() {
	low := s.Bits.Low()
	s.meetS32(int32(low.Value|low.Mask&sign32), int32(low.Value|low.Mask&^sign32))
	s.meetU32(uint32(low.Min()), uint32(low.Max()))
}

func (s *Scalar) lshRange32(n uint) {
	s.S32Min, s.S32Max = math.MinInt32, math.MaxInt32
	if n > 31 || uint64(s.U32Max) > uint64(1)<<(31-n) {
		s.U32Min, s.U32Max = 0, math.MaxUint32
		return
	}
	s.U32Min, s.U32Max = s.U32Min<<n, s.U32Max<<n
}

// lshRange64 keeps the signed range only for a shift by 32, the first half of
// a sign extension. Must be called before the 32-bit ranges are changed.
func (s *Scalar) lshRange64(n uint) {
	s.SMin, s.SMax = math.MinInt64, math.MaxInt64
	if n == 32 {
		s.SMin, s.SMax = int64(s.S32Min)<<32, int64(s.S32Max)<<32
	}
	if s.UMax > uint64(1)<<(63-n) {
		s.UMin, s.UMax = 0, math.MaxUint64
		return
	}
	s.UMin, s.UMax = s.UMin<<n, s.UMax<<n
}
