package opt

import "github.com/skepbpf/skep/vm/ir"

// rotate is the rotate that a | b is, of 64 bits if w, else of the low half;
// unknown if it is none. The bits of shifts by constants do not meet, so that +
// and ^ give the same as |.
func (t *values) rotate(w, or bool, a, b vn) vn {
	x, y := &t.all[a], &t.all[b]
	if x.op == ir.Rsh64K || x.op == ir.Rsh32K || x.op == ir.Rsh64X || x.op == ir.Rsh32X {
		x, y = y, x
	}
	switch {
	case x.op == ir.Lsh64K && y.op == ir.Rsh64K && w:
		if x.a == y.a && x.imm+y.imm == 64 {
			return t.node(ir.Rol64K, x.a, 0, x.imm)
		}
	case (x.op == ir.Lsh32K || x.op == ir.Lsh64K && !w) && (y.op == ir.Rsh32K || y.op == ir.Rsh64K && t.is32(y.a)):
		if low := t.low(x.a); low == t.low(y.a) && x.imm+y.imm == 32 {
			return t.node(ir.Rol32K, low, 0, x.imm)
		}
	case or && (x.op == ir.Lsh64X && y.op == ir.Rsh64X && w || x.op == ir.Lsh32X && y.op == ir.Rsh32X) && x.a == y.a:
		rol, ror := ir.Rol64X, ir.Ror64X
		if x.op == ir.Lsh32X {
			rol, ror = ir.Rol32X, ir.Ror32X
		}
		// The count that is kept is the one that the other is made of.
		switch is64 := x.op == ir.Lsh64X; {
		case t.negates(y.b, x.b, is64):
			return t.node(rol, x.a, x.b, 0)
		case t.negates(x.b, y.b, is64):
			return t.node(ror, x.a, y.b, 0)
		}
	}
	return unknown
}

// negates reports whether a shifts as far as -b.
func (t *values) negates(a, b vn, w bool) bool {
	switch x := &t.all[a]; x.op {
	case ir.Neg64, ir.Neg32:
		return t.count(x.a, w) == b
	case ir.Sub64X, ir.Sub32X:
		c, ok := t.constant(x.a)
		return ok && t.count(x.b, w) == b && (c&63 == 0 || c&31 == 0 && !w)
	}
	return false
}

// count is a value that shifts as far as v does, the simplest one.
func (t *values) count(v vn, w bool) vn {
	width := int64(31)
	if w {
		width = 63
	}
	for {
		x := &t.all[v]
		if x.op != ir.Mov32X && x.op != ir.MovSX64From32 && (x.op != ir.And64K || x.imm&width != width) {
			return v
		}
		v = x.a
	}
}

// wideOnly reports whether f is code for machines without 32-bit operations that
// may have rotates: those of 32 bits are none before their shifts are narrow.
func (f *function) wideOnly() bool {
	shifts, joined := false, false
	for i := range f.blocks {
		for k := range f.blocks[i].insns {
			switch op := f.blocks[i].insns[k].Op; {
			case op >= ir.Add64K && op < ir.Mov64K && op.Is32():
				return false
			case op == ir.Lsh64K:
				shifts = true
			case op == ir.Or64X || op == ir.Add64X || op == ir.Xor64X:
				joined = true
			}
		}
	}
	return shifts && joined
}
