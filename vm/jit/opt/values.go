package opt

import (
	"math/bits"

	"github.com/skepbpf/skep/vm/ir"
)

// vn is the number of a value. Values never change, and two registers that hold
// the same number hold the same value; the reverse need not be.
type vn int32

// unknown is the number of a value that nobody has looked at.
const unknown vn = 0

// upper are the bits that 32-bit operations clear.
const upper = 0xffff_ffff_0000_0000

// value is how a value comes to be.
type value struct {
	// op is the operation, in the cheapest form known. Mov64K is the constant
	// imm, Mov32X the low half of a, Invalid something that is told apart by imm
	// only.
	op   ir.Op
	a, b vn
	// imm is the constant operand: of 32-bit operations its low half,
	// sign-extended.
	imm int64
	// zeros are the bits that are known to be zero.
	zeros uint64
	next  vn    // with the same hash
	piece int32 // in values.pieces, 0 for none
	// stack is set on values that are made of the frame's address.
	stack bool
}

// values is the table of a function's values.
type values struct {
	all    []value
	heads  []vn
	pieces []piece
	fresh  int64
}

// reset makes t empty, for a function of n instructions.
func (t *values) reset(n int) {
	size := 1 << bits.Len(uint(n+8))
	if cap(t.heads) < size {
		t.heads = make([]vn, size)
	} else {
		t.heads = t.heads[:size]
		clear(t.heads)
	}
	if cap(t.all) == 0 {
		t.all = make([]value, 0, n+32)
	}
	t.all = append(t.all[:0], value{})
	t.pieces = append(t.pieces[:0], piece{})
	t.fresh = 0
}

// node is the value of an operation, made if there is none.
func (t *values) node(op ir.Op, a, b vn, imm int64) vn {
	h := (uint64(op)*0x9e37_79b9 + uint64(a)*0x85eb_ca77 + uint64(b)*0xc2b2_ae3d + uint64(imm)) * 0x9e37_79b9_7f4a_7c15
	head := &t.heads[h>>33&uint64(len(t.heads)-1)]
	for i := *head; i != 0; i = t.all[i].next {
		if v := &t.all[i]; v.op == op && v.a == a && v.b == b && v.imm == imm {
			return i
		}
	}
	n := vn(len(t.all))
	t.all = append(t.all, value{
		op: op, a: a, b: b, imm: imm, next: *head, zeros: t.zerosOf(op, a, b, imm),
		// What is loaded from the frame is no address in it unless one escapes.
		stack: !isLoad(op) && (t.all[a].stack || t.all[b].stack),
	})
	*head = n
	return n
}

// opaque is a value of which nothing is known.
func (t *values) opaque() vn {
	t.all = append(t.all, value{imm: int64(len(t.all))})
	return vn(len(t.all) - 1)
}

// load is what a load gives that is like no other: who reads the same place again
// may read something else.
func (t *values) load(op ir.Op, root vn, imm int64) vn {
	t.all = append(t.all, value{op: op, a: root, imm: imm, zeros: t.zerosOf(op, root, 0, imm)})
	return vn(len(t.all) - 1)
}

// konst is a constant.
func (t *values) konst(c uint64) vn { return t.node(ir.Mov64K, 0, 0, int64(c)) }

// constant is the constant that v is.
func (t *values) constant(v vn) (uint64, bool) {
	x := &t.all[v]
	return uint64(x.imm), x.op == ir.Mov64K
}

// is32 reports whether the upper half of v is zero.
func (t *values) is32(v vn) bool { return t.all[v].zeros>>32 == 0xffff_ffff }

// low is a value with the low half of v, the simplest one. What clears the
// upper half only falls off.
func (t *values) low(v vn) vn {
	for {
		switch x := &t.all[v]; {
		case x.op == ir.Mov32X || x.op == ir.MovSX64From32:
			v = x.a
		case x.op == ir.And64K && uint32(x.imm) == 0xffff_ffff:
			v = x.a
		default:
			return v
		}
	}
}

// zext is the low half of v.
func (t *values) zext(v vn) vn {
	if t.is32(v) {
		return v
	}
	v = t.low(v)
	if t.is32(v) {
		return v
	}
	if c, ok := t.constant(v); ok {
		return t.konst(uint64(uint32(c)))
	}
	if x := &t.all[v]; x.op == ir.Or64X || x.op == ir.Add64X || x.op == ir.Xor64X {
		if r := t.rotate(false, x.op == ir.Or64X, x.a, x.b); r != unknown {
			return r
		}
	}
	return t.node(ir.Mov32X, v, 0, 0)
}

// zerosOf are the bits that are zero in what an operation gives.
func (t *values) zerosOf(op ir.Op, a, b vn, imm int64) uint64 {
	za, zb := t.all[a].zeros, t.all[b].zeros
	switch op {
	case ir.Mov64K:
		return ^uint64(imm)
	case ir.Mov32X:
		return za | upper
	case ir.LdU8:
		return ^uint64(0xff)
	case ir.LdU16, ir.LdBe16, ir.Be16, ir.Le16, ir.Swap16:
		return ^uint64(0xffff)
	case ir.LdU32, ir.LdBe32, ir.Be32, ir.Le32, ir.Swap32, ir.MovSX32From8, ir.MovSX32From16, ir.Neg32, ir.Rol32K,
		ir.Rol32X, ir.Ror32X, ir.CastKern:
		return upper
	}
	if op == ir.Rol64K {
		return bits.RotateLeft64(za, int(imm))
	}
	if op < ir.Add64K || op > ir.Mov32X {
		return 0
	}
	if op.IsK() {
		zb = ^uint64(imm)
		if op.Is32() {
			zb |= upper
		}
	}
	if op.Is32() {
		return zerosOfBinary(op, za|upper, zb|upper, uint64(imm)&31) | upper
	}
	return zerosOfBinary(op, za, zb, uint64(imm)&63)
}

// zerosOfBinary is zerosOf for operands with the zeros za and zb, of which the
// second, if it is a constant, shifts by n.
func zerosOfBinary(op ir.Op, za, zb uint64, n uint64) uint64 {
	switch op.Base() {
	case ir.And64K:
		return za | zb
	case ir.Or64K, ir.Xor64K:
		return za & zb
	case ir.Add64K:
		return above(max(^za, ^zb), 1) | below(min(bits.TrailingZeros64(^za), bits.TrailingZeros64(^zb)))
	case ir.Sub64K:
		return below(min(bits.TrailingZeros64(^za), bits.TrailingZeros64(^zb)))
	case ir.Mul64K:
		z := below(bits.TrailingZeros64(^za) + bits.TrailingZeros64(^zb))
		if n := bits.Len64(^za) + bits.Len64(^zb); n < 64 {
			z |= ^uint64(0) << n
		}
		return z
	case ir.Div64K:
		return above(^za, 0)
	case ir.Mod64K:
		if op.IsK() && ^zb != 0 {
			return above(^za, 0) | above(^zb-1, 0)
		}
		return above(^za, 0)
	case ir.Lsh64K:
		if op.IsK() {
			return za<<n | below(int(n))
		}
		return below(bits.TrailingZeros64(^za))
	case ir.Rsh64K:
		if op.IsK() {
			return za>>n | ^(^uint64(0) >> n)
		}
		return above(^za, 0)
	}
	return 0
}

// above are the bits above the highest of v and n more.
func above(v uint64, n int) uint64 {
	if n += bits.Len64(v); n < 64 {
		return ^uint64(0) << n
	}
	return 0
}

// below are the n lowest bits.
func below(n int) uint64 {
	if n >= 64 {
		return ^uint64(0)
	}
	return 1<<n - 1
}
