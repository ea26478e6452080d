package domain

import (
	"math/bits"
	"strconv"
)

// Tnum is a tristate number: each bit is known to be 0, known to be 1, or
// unknown. A bit set in Mask is unknown; the others are as in Value. Value and
// Mask never share a bit.
type Tnum struct {
	Value, Mask uint64
}

// UnknownTnum has no known bit.
var UnknownTnum = Tnum{Mask: ^uint64(0)}

const lowHalf = uint64(1)<<32 - 1

// ConstTnum has the single member v.
func ConstTnum(v uint64) Tnum { return Tnum{Value: v} }

// RangeTnum is the smallest tnum that holds all of [lo, hi]: the bits above
// the highest one in which the ends differ.
func RangeTnum(lo, hi uint64) Tnum {
	n := bits.Len64(lo ^ hi)
	if n > 63 {
		return UnknownTnum
	}
	low := uint64(1)<<n - 1
	return Tnum{Value: lo &^ low, Mask: low}
}

// masked builds a tnum of v with the bits of m unknown.
func masked(v, m uint64) Tnum { return Tnum{Value: v &^ m, Mask: m} }

// IsConst reports whether t has exactly one member.
func (t Tnum) IsConst() bool { return t.Mask == 0 }

// IsUnknown reports whether no bit is known.
func (t Tnum) IsUnknown() bool { return t.Mask == ^uint64(0) }

// Has reports whether v is a member.
func (t Tnum) Has(v uint64) bool { return v&^t.Mask == t.Value }

// Min is the smallest member.
func (t Tnum) Min() uint64 { return t.Value }

// Max is the largest member.
func (t Tnum) Max() uint64 { return t.Value | t.Mask }

// Contains reports whether every member of u is one of t.
func (t Tnum) Contains(u Tnum) bool {
	return u.Mask&^t.Mask == 0 && u.Value&^t.Mask == t.Value
}

// Overlaps reports whether no bit known in both differs.
func (t Tnum) Overlaps(u Tnum) bool {
	return (t.Value^u.Value)&^(t.Mask|u.Mask) == 0
}

// Intersect keeps what either side knows. Where both know a bit and disagree,
// there is no common member and the bit is 1.
func (t Tnum) Intersect(u Tnum) Tnum {
	return masked(t.Value|u.Value, t.Mask&u.Mask)
}

// Union is the smallest tnum that holds both.
func (t Tnum) Union(u Tnum) Tnum {
	return masked(t.Value, t.Mask|u.Mask|(t.Value^u.Value))
}

// Lsh shifts left by n below 64.
func (t Tnum) Lsh(n uint) Tnum { return Tnum{t.Value << n, t.Mask << n} }

// Rsh shifts right by n below 64, filling with zeros.
func (t Tnum) Rsh(n uint) Tnum { return Tnum{t.Value >> n, t.Mask >> n} }

// Arsh shifts right by n, filling with the sign, known or not.
func (t Tnum) Arsh(n uint) Tnum {
	return Tnum{uint64(int64(t.Value) >> n), uint64(int64(t.Mask) >> n)}
}

// Arsh32 is Arsh of the lower half; the upper half of the result is zero.
func (t Tnum) Arsh32(n uint) Tnum {
	return Tnum{uint64(uint32(int32(t.Value) >> n)), uint64(uint32(int32(t.Mask) >> n))}
}

// Add is the sum. A result bit is unknown where the smallest and the largest
// sum differ in the carry into it, or where an operand's bit is unknown.
// Vishwanathan et al., CGO 2022, tnum addition.
func (t Tnum) Add(u Tnum) Tnum {
	least := t.Value + u.Value
	most := least + t.Mask + u.Mask
	return masked(least, least^most|t.Mask|u.Mask)
}

// Sub is the difference, by the same reasoning on borrows.
// Vishwanathan et al., CGO 2022, tnum subtraction.
func (t Tnum) Sub(u Tnum) Tnum {
	d := t.Value - u.Value
	return masked(d, (d+t.Mask)^(d-u.Mask)|t.Mask|u.Mask)
}

// Neg is 0 - t.
func (t Tnum) Neg() Tnum { return Tnum{}.Sub(t) }

// And is the bitwise and.
func (t Tnum) And(u Tnum) Tnum {
	ones := t.Value & u.Value
	return Tnum{ones, t.Max() & u.Max() &^ ones}
}

// Or is the bitwise or.
func (t Tnum) Or(u Tnum) Tnum {
	ones := t.Value | u.Value
	return Tnum{ones, (t.Mask | u.Mask) &^ ones}
}

// Xor is the bitwise exclusive or.
func (t Tnum) Xor(u Tnum) Tnum { return masked(t.Value^u.Value, t.Mask|u.Mask) }

// Mul is the product by long multiplication: a bit of t known to be 1 adds u
// shifted; an unknown bit may add it or not.
//
// Linux 6.18: the partial sums are joined at each unknown bit.
func (t Tnum) Mul(u Tnum) Tnum {
	var sum Tnum
	for t.Value|t.Mask != 0 {
		switch {
		case t.Value&1 != 0:
			sum = sum.Add(u)
		case t.Mask&1 != 0:
			sum = sum.Union(sum.Add(u))
		}
		t, u = t.Rsh(1), u.Lsh(1)
	}
	return sum
}

// Trunc keeps the lowest size bytes (1, 2, 4 or 8); the bits above are zero.
func (t Tnum) Trunc(size int) Tnum {
	if size >= 8 {
		return t
	}
	low := uint64(1)<<(8*size) - 1
	return Tnum{t.Value & low, t.Mask & low}
}

// Low is the lower half, zero-extended.
func (t Tnum) Low() Tnum { return t.Trunc(4) }

// WithLow is t with its lower half replaced by low's.
func (t Tnum) WithLow(low Tnum) Tnum {
	return Tnum{t.Value&^lowHalf | low.Value&lowHalf, t.Mask&^lowHalf | low.Mask&lowHalf}
}

// Aligned reports whether every member is a multiple of size, a power of two
// or 0.
func (t Tnum) Aligned(size uint64) bool {
	return size == 0 || t.Max()&(size-1) == 0
}

// Swap reverses the bytes of the lowest size bytes (2, 4 or 8); the bits above
// are zero.
func (t Tnum) Swap(size int) Tnum {
	shift := uint(64 - 8*size)
	return Tnum{bits.ReverseBytes64(t.Value) >> shift, bits.ReverseBytes64(t.Mask) >> shift}
}

// Next is the smallest member above v, or the largest member if there is none.
func (t Tnum) Next(v uint64) uint64 {
	if v >= t.Max() {
		return t.Max()
	}
	if v < t.Value {
		return t.Value
	}
	// v lies between two members. The members, seen as numbers over the
	// unknown bits alone, are counted up; the known bits only decide whether
	// the prefix that v shares with t is already above or below v.
	diff := (v ^ t.Value) &^ t.Mask
	if diff == 0 {
		// v is a member: add one in the unknown bits.
		return t.Value | ((v|^t.Mask)+1)&t.Mask
	}
	// The highest known bit in which v and the members differ.
	at := uint(bits.Len64(diff) - 1)
	above := ^uint64(0) << at << 1
	if v>>at&1 == 0 {
		// The member has a 1 there: v's prefix with the least rest is above v.
		return v&t.Mask&above | t.Value
	}
	// The member has a 0 there: the prefix must be counted up by one.
	prefix := (v&above | ^(t.Mask & above)) + 1
	return prefix&t.Mask&above | t.Value
}

// String is t as the kernel's log writes it, without the name before it:
// "(0x0; 0xff)"; a constant is written as such, in decimal if it is below
// 65536.
func (t Tnum) String() string {
	switch {
	case t.Mask == 0 && t.Value <= 0xffff:
		return strconv.FormatUint(t.Value, 10)
	case t.Mask == 0:
		return "0x" + strconv.FormatUint(t.Value, 16)
	}
	return "(0x" + strconv.FormatUint(t.Value, 16) + "; 0x" + strconv.FormatUint(t.Mask, 16) + ")"
}
