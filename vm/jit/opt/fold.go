package opt

import "github.com/skepbpf/skep/vm/ir"

// fold is what a binary operation gives for constants. RFC 9669 section 4.1.
func fold(op ir.Op, a, b uint64) uint64 {
	if op.Is32() {
		return uint64(fold32(op.Base(), uint32(a), uint32(b)))
	}
	return fold64(op.Base(), a, b)
}

func fold64(op ir.Op, a, b uint64) uint64 {
	switch op {
	case ir.Add64K:
		return a + b
	case ir.Sub64K:
		return a - b
	case ir.Mul64K:
		return a * b
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
	case ir.Mov64K:
		return b
	}
	rem := op == ir.Mod64K || op == ir.SMod64K
	signed := op == ir.SDiv64K || op == ir.SMod64K
	switch {
	case b == 0 && rem:
		return a
	case b == 0:
		return 0
	case signed && b == ^uint64(0) && rem:
		return 0
	case signed && b == ^uint64(0):
		return -a
	case signed && rem:
		return uint64(int64(a) % int64(b))
	case signed:
		return uint64(int64(a) / int64(b))
	case rem:
		return a % b
	}
	return a / b
}

func fold32(op ir.Op, a, b uint32) uint32 {
	switch op {
	case ir.Lsh64K:
		return a << (b & 31)
	case ir.Rsh64K:
		return a >> (b & 31)
	case ir.Arsh64K:
		return uint32(int32(a) >> (b & 31))
	case ir.SDiv64K, ir.SMod64K:
		return uint32(fold64(op, uint64(int64(int32(a))), uint64(int64(int32(b)))))
	}
	return uint32(fold64(op, uint64(a), uint64(b)))
}

// decide is whether a conditional jump is taken, for constants.
func decide(op ir.Op, a, b uint64) bool {
	if op.Is32() {
		a, b = uint64(uint32(a)), uint64(uint32(b))
		if op.Base() >= ir.JSGt64K {
			a, b = uint64(int64(int32(a))), uint64(int64(int32(b)))
		}
	}
	switch op.Base() {
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
		return int64(a) > int64(b)
	case ir.JSGe64K:
		return int64(a) >= int64(b)
	case ir.JSLt64K:
		return int64(a) < int64(b)
	case ir.JSLe64K:
		return int64(a) <= int64(b)
	}
	panic("BUG: no condition")
}
