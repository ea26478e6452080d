package opt

import (
	"math/bits"

	"github.com/skepbpf/skep/vm/ir"
)

// binary is the value of a binary operation.
func (t *values) binary(op ir.Op, a, b vn) vn {
	base, is32 := op.Base(), op.Is32()
	if is32 {
		a, b = t.low(a), t.low(b)
	}
	if base == ir.Mov64K {
		if is32 {
			return t.zext(b)
		}
		return b
	}
	if base == ir.Lsh64K || base == ir.Rsh64K || base == ir.Arsh64K {
		b = t.count(b, !is32)
	}
	ca, aok := t.constant(a)
	cb, bok := t.constant(b)
	switch {
	case aok && bok:
		return t.konst(fold(op, ca, cb))
	case aok && ca == 0 && base == ir.Sub64K:
		return t.convert(ir.Neg64+(op-base)>>1, b)
	case aok && commutes(base):
		a, cb, bok = b, ca, true
	}
	if bok {
		if is32 {
			return t.withConst32(base, a, uint32(cb))
		}
		return t.withConst(base, a, cb)
	}
	if a == b {
		switch base {
		case ir.Sub64K, ir.Xor64K:
			return t.konst(0)
		case ir.And64K, ir.Or64K:
			return t.cut(a, is32)
		}
	}
	if base == ir.Or64K || base == ir.Add64K || base == ir.Xor64K {
		if r := t.joined(base, is32, a, b); r != unknown {
			return r
		}
	}
	if commutes(base) && a > b {
		a, b = b, a
	}
	return t.node(form(base, is32, false), a, b, 0)
}

// commutes reports whether the operands of an operation may be swapped.
func commutes(base ir.Op) bool {
	switch base {
	case ir.Add64K, ir.Mul64K, ir.Or64K, ir.And64K, ir.Xor64K:
		return true
	}
	return false
}

// form is an operation by its 64-bit K form.
func form(base ir.Op, is32, k bool) ir.Op {
	if is32 {
		base += 2
	}
	if !k {
		base++
	}
	return base
}

// cut is v, or its low half.
func (t *values) cut(v vn, is32 bool) vn {
	if is32 {
		return t.zext(v)
	}
	return v
}

// withConst is the value of a 64-bit operation with a constant.
func (t *values) withConst(base ir.Op, a vn, c uint64) vn {
	x := &t.all[a]
	switch base {
	case ir.Sub64K:
		base, c = ir.Add64K, -c
	case ir.Mul64K:
		if c == 0 {
			return t.konst(0)
		}
		if c&(c-1) == 0 {
			base, c = ir.Lsh64K, uint64(bits.TrailingZeros64(c))
		}
	case ir.Div64K:
		if c == 0 {
			return t.konst(0)
		}
		if c&(c-1) == 0 {
			base, c = ir.Rsh64K, uint64(bits.TrailingZeros64(c))
		}
	case ir.Mod64K:
		if c == 0 {
			return a
		}
		if c&(c-1) == 0 {
			base, c = ir.And64K, c-1
		}
	case ir.SDiv64K:
		if c <= 1 {
			return t.times(a, c)
		}
	case ir.SMod64K:
		if c == 0 {
			return a
		}
		if c == 1 {
			return t.konst(0)
		}
	case ir.Arsh64K:
		if x.zeros>>63 == 1 {
			base = ir.Rsh64K
		}
	}
	switch base {
	case ir.Add64K:
		if x.op == ir.Add64K {
			a, c = x.a, c+uint64(x.imm)
		}
	case ir.Or64K, ir.Xor64K:
		if x.op == base && base == ir.Or64K {
			a, c = x.a, c|uint64(x.imm)
		} else if x.op == base {
			a, c = x.a, c^uint64(x.imm)
		}
		if c == ^uint64(0) && base == ir.Or64K {
			return t.konst(c)
		}
	case ir.And64K:
		return t.mask(a, c)
	case ir.Lsh64K, ir.Rsh64K, ir.Arsh64K:
		c &= 63
		if r := t.extension(base, a, c); r != unknown {
			return r
		}
	}
	if c == 0 && base != ir.SDiv64K && base != ir.SMod64K {
		return a
	}
	return t.node(base, a, 0, int64(c))
}

// times is v or 0.
func (t *values) times(v vn, c uint64) vn {
	if c == 0 {
		return t.konst(0)
	}
	return v
}

// mask is the value of v & c.
func (t *values) mask(v vn, c uint64) vn {
	for {
		x := &t.all[v]
		if ^x.zeros&^c == 0 {
			return v
		}
		if x.op == ir.And64K {
			v, c = x.a, c&uint64(x.imm)
			continue
		}
		if x.op == ir.Mov32X {
			v, c = x.a, c&0xffff_ffff
			continue
		}
		if ^x.zeros&c == 0 {
			return t.konst(0)
		}
		if c == 0xffff_ffff {
			return t.zext(v)
		}
		if c>>32 != 0 && int64(c) != int64(int32(c)) {
			c &= ^x.zeros
		}
		return t.node(ir.And64K, v, 0, int64(c))
	}
}

// extension is the value of a shift by n if it is a simpler one, else unknown.
func (t *values) extension(base ir.Op, a vn, n uint64) vn {
	x := &t.all[a]
	if base == ir.Rsh64K && ^x.zeros>>n == 0 || base == ir.Lsh64K && ^x.zeros<<n == 0 {
		return t.konst(0)
	}
	switch {
	case base == ir.Rsh64K && x.op == ir.Lsh64K && x.imm == 32 && n > 32:
		return t.node(ir.Rsh32K, t.low(x.a), 0, int64(n-32))
	case base == ir.Rsh64K && x.op == ir.And64K && uint64(x.imm)|(1<<n-1) == 0xffff_ffff && n > 0:
		return t.node(ir.Rsh32K, t.low(x.a), 0, int64(n))
	case x.op != ir.Lsh64K || uint64(x.imm) != n || base == ir.Lsh64K:
		return unknown
	}
	if base == ir.Rsh64K {
		return t.mask(x.a, ^uint64(0)>>n)
	}
	switch n {
	case 32:
		return t.node(ir.MovSX64From32, t.low(x.a), 0, 0)
	case 48:
		return t.node(ir.MovSX64From16, x.a, 0, 0)
	case 56:
		return t.node(ir.MovSX64From8, x.a, 0, 0)
	}
	return unknown
}

// withConst32 is the value of a 32-bit operation with a constant. a is low.
func (t *values) withConst32(base ir.Op, a vn, c uint32) vn {
	x := &t.all[a]
	op := base + 2
	switch base {
	case ir.And64K:
		return t.mask(a, uint64(c))
	case ir.Sub64K:
		op, c = ir.Add32K, -c
	case ir.Mul64K:
		if c == 0 {
			return t.konst(0)
		}
		if c&(c-1) == 0 {
			op, c = ir.Lsh32K, uint32(bits.TrailingZeros32(c))
		}
	case ir.Div64K:
		if c == 0 {
			return t.konst(0)
		}
		if c&(c-1) == 0 {
			op, c = ir.Rsh32K, uint32(bits.TrailingZeros32(c))
		}
	case ir.Mod64K:
		if c == 0 {
			return t.zext(a)
		}
		if c&(c-1) == 0 {
			return t.mask(a, uint64(c-1))
		}
	case ir.SDiv64K:
		if c <= 1 {
			return t.zext(t.times(a, uint64(c)))
		}
	case ir.SMod64K:
		if c == 0 {
			return t.zext(a)
		}
		if c == 1 {
			return t.konst(0)
		}
	case ir.Arsh64K:
		if x.zeros>>31&1 == 1 {
			op = ir.Rsh32K
		}
	}
	switch op {
	case ir.Add32K:
		if x.op == ir.Add32K || x.op == ir.Add64K {
			a, c = t.low(x.a), c+uint32(x.imm)
		}
	case ir.Or32K:
		if c == 0xffff_ffff {
			return t.konst(uint64(c))
		}
	case ir.Lsh32K, ir.Rsh32K, ir.Arsh32K:
		c &= 31
		zeros := uint32(x.zeros)
		if op == ir.Rsh32K && ^zeros>>c == 0 || op == ir.Lsh32K && ^zeros<<c == 0 {
			return t.konst(0)
		}
		if op == ir.Rsh32K && x.op == ir.Lsh32K && uint32(x.imm) == c {
			return t.mask(x.a, uint64(uint32(0xffff_ffff)>>c))
		}
	}
	if c == 0 && op != ir.SDiv32K && op != ir.SMod32K {
		return t.zext(a)
	}
	return t.node(op, a, 0, int64(int32(c)))
}

// joined is the value of an or, or what is one as long as no bit is set in both
// operands, if it is a simpler one; else unknown.
func (t *values) joined(base ir.Op, is32 bool, a, b vn) vn {
	if r := t.rotate(!is32, base == ir.Or64K, a, b); r != unknown {
		return r
	}
	return t.bytes(base, is32, a, b)
}

// convert is the value of an operation with one operand.
func (t *values) convert(op ir.Op, a vn) vn {
	c, ok := t.constant(a)
	switch op {
	case ir.Neg64, ir.Neg32:
		if ok {
			return t.cut(t.konst(-c), op == ir.Neg32)
		}
	case ir.MovSX64From8, ir.MovSX64From16, ir.MovSX64From32:
		n := 8 << (op - ir.MovSX64From8)
		if ok {
			return t.konst(uint64(int64(c<<(64-n)) >> (64 - n)))
		}
		if ^t.all[a].zeros>>(n-1) == 0 {
			return a
		}
	case ir.MovSX32From8, ir.MovSX32From16:
		n := 8 << (op - ir.MovSX32From8)
		if ok {
			return t.konst(uint64(uint32(int32(uint32(c)<<(32-n)) >> (32 - n))))
		}
		if ^t.all[a].zeros>>(n-1) == 0 {
			return a
		}
	case ir.Le16:
		return t.mask(a, 0xffff)
	case ir.Le32:
		return t.zext(a)
	case ir.Le64:
		return a
	case ir.Be16, ir.Swap16:
		op = ir.Be16
		if ok {
			return t.konst(uint64(bits.ReverseBytes16(uint16(c))))
		}
	case ir.Be32, ir.Swap32:
		op = ir.Be32
		if ok {
			return t.konst(uint64(bits.ReverseBytes32(uint32(c))))
		}
	case ir.Be64, ir.Swap64:
		op = ir.Be64
		if ok {
			return t.konst(bits.ReverseBytes64(c))
		}
	}
	switch op {
	case ir.MovSX64From8, ir.MovSX64From16, ir.MovSX64From32, ir.MovSX32From8, ir.MovSX32From16, ir.Neg32, ir.Be16, ir.Be32:
		a = t.low(a)
	}
	if r := t.reversed(op, a); r != unknown {
		return r
	}
	return t.node(op, a, 0, 0)
}
