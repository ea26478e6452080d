package interp

import (
	"math/bits"

	"github.com/skepbpf/skep/vm/ir"
)

// The functions here say what operations mean, one at a time; the checked loop
// runs on them. The loop for verified programs says it a second time, and a
// test holds the two together. Ops are the 64-bit K forms.

// alu64 is a 64-bit operation. RFC 9669 section 4.1.
func alu64(op ir.Op, a, b uint64) uint64 {
	switch op {
	case ir.Add64K:
		return a + b
	case ir.Sub64K:
		return a - b
	case ir.Mul64K:
		return a * b
	case ir.Div64K:
		return div64(a, b)
	case ir.SDiv64K:
		return sdiv64(a, b)
	case ir.Mod64K:
		return mod64(a, b)
	case ir.SMod64K:
		return smod64(a, b)
	case ir.Or64K:
		return a | b
	case ir.And64K:
		return a & b
	case ir.Xor64K:
		return a ^ b
	case ir.Lsh64K:
		return a << (b & 63)
	case ir.Rsh64K:
		return a >> (b & 63)
	case ir.Arsh64K:
		return uint64(int64(a) >> (b & 63))
	}
	return b // Mov
}

// alu32 is a 32-bit operation, whose result is zero-extended.
func alu32(op ir.Op, a, b uint32) uint32 {
	switch op {
	case ir.Div64K, ir.Mod64K:
		return uint32(alu64(op, uint64(a), uint64(b)))
	case ir.SDiv64K, ir.SMod64K:
		return uint32(alu64(op, uint64(int64(int32(a))), uint64(int64(int32(b)))))
	case ir.Lsh64K:
		return a << (b & 31)
	case ir.Rsh64K:
		return a >> (b & 31)
	case ir.Arsh64K:
		return uint32(int32(a) >> (b & 31))
	}
	return uint32(alu64(op, uint64(a), uint64(b)))
}

// convert is a negation, sign extension or byte swap of a, or of b where the
// operation has a source. RFC 9669 sections 4.1 and 4.2.
func convert(op ir.Op, a, b uint64) uint64 {
	switch op {
	case ir.Neg64:
		return -a
	case ir.Neg32:
		return uint64(-uint32(a))
	case ir.MovSX64From8:
		return uint64(int64(int8(b)))
	case ir.MovSX64From16:
		return uint64(int64(int16(b)))
	case ir.MovSX64From32:
		return uint64(int64(int32(b)))
	case ir.MovSX32From8:
		return uint64(uint32(int32(int8(b))))
	case ir.MovSX32From16:
		return uint64(uint32(int32(int16(b))))
	case ir.Be16, ir.Swap16:
		return uint64(bits.ReverseBytes16(uint16(a)))
	case ir.Be32, ir.Swap32:
		return uint64(bits.ReverseBytes32(uint32(a)))
	case ir.Be64, ir.Swap64:
		return bits.ReverseBytes64(a)
	case ir.Le16:
		return uint64(uint16(a))
	case ir.Le32:
		return uint64(uint32(a))
	}
	return a // Le64
}

// holds reports whether a condition is true. RFC 9669 section 4.3.
func holds(op ir.Op, is32 bool, a, b uint64) bool {
	sa, sb := int64(a), int64(b)
	if is32 {
		sa, sb = int64(int32(a)), int64(int32(b))
		a, b = uint64(uint32(a)), uint64(uint32(b))
	}
	switch op {
	case ir.JEq64K:
		return a == b
	case ir.JNe64K:
		return a != b
	case ir.JGt64K:
		return a > b
	case ir.JGe64K:
		return a >= b
	case ir.JLt64K:
		return a < b
	case ir.JLe64K:
		return a <= b
	case ir.JSet64K:
		return a&b != 0
	case ir.JSGt64K:
		return sa > sb
	case ir.JSGe64K:
		return sa >= sb
	case ir.JSLt64K:
		return sa < sb
	}
	return sa <= sb // JSLe
}
