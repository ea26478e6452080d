package domain

import (
	"math"
	"math/rand/v2"
	"testing"
)

// someScalar is a random valid scalar and some members of it.
func someScalar(r *rand.Rand) (Scalar, []uint64) {
	pool := []uint64{
		0, 1, 2, 3, 5, 7, 31, 32, 63, 64, 127, 128, 255, 1 << 31, 1<<31 - 1, math.MaxUint32, 1 << 32, 1<<32 + 1,
		math.MaxInt64, 1 << 63, 1<<63 + 1, math.MaxUint64, math.MaxUint64 - 1, 0xffff_ffff_8000_0000,
	}
	pick := func() uint64 {
		if r.IntN(3) == 0 {
			return r.Uint64() >> r.IntN(64)
		}
		return pool[r.IntN(len(pool))]
	}
	n := 1 + r.IntN(3)
	vals := make([]uint64, n)
	var s Scalar
	for i := range vals {
		vals[i] = pick()
		c := Const(vals[i])
		if i == 0 {
			s = c
		} else {
			s.Join(&c)
		}
	}
	// Other members, where the ends of the ranges happen to be some.
	for _, v := range []uint64{s.UMin, s.UMax, uint64(s.SMin), uint64(s.SMax)} {
		if s.Has(v) {
			vals = append(vals, v)
		}
	}
	return s, vals
}

func TestJoinHoldsBothSides(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		a, xs := someScalar(r)
		b, ys := someScalar(r)
		j := a
		grown := j.Join(&b)
		if !j.Contains(&a) || !j.Contains(&b) {
			t.Fatalf("%+v ⊔ %+v = %+v lacks one of them", a, b, j)
		}
		if grown == a.Contains(&b) || grown == (j == a) {
			t.Fatalf("%+v ⊔ %+v: grown %v", a, b, grown)
		}
		other := b
		other.Join(&a)
		if !other.Contains(&a) || !other.Contains(&b) {
			t.Fatalf("%+v ⊔ %+v = %+v lacks one of them", b, a, other)
		}
		for _, v := range append(xs, ys...) {
			if !j.Has(v) {
				t.Fatalf("%+v ⊔ %+v = %+v lacks %#x", a, b, j, v)
			}
		}
	}
}

// TestWideningEnds widens by numbers that come in any order.
func TestWideningEnds(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		var consts []int64
		for range r.IntN(20) {
			consts = append(consts, int64(r.Uint64()>>r.IntN(64)))
		}
		st := NewSteps(consts)
		s, _ := someScalar(r)
		changes, run := 0, r.Uint64()
		for i := range 3000 {
			b, vals := someScalar(r)
			if i%2 == 0 { // a counter, too
				b = Const(run + uint64(i))
				vals = []uint64{run + uint64(i)}
			}
			old := s
			if s.Widen(&b, st) {
				changes++
			}
			if !s.Contains(&old) || !s.Contains(&b) {
				t.Fatalf("%+v ∇ %+v = %+v lacks one of them", old, b, s)
			}
			for _, v := range vals {
				if !s.Has(v) {
					t.Fatalf("%+v ∇ %+v = %+v lacks %#x", old, b, s, v)
				}
			}
		}
		if limit := 8*len(st.unsigned) + 64; changes > limit {
			t.Fatalf("%d changes, limit %d", changes, limit)
		}
	}
}

// TestExactOperationsHoldEveryResult compares ApplyExact with the machine.
func TestExactOperationsHoldEveryResult(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	ops := []Op{OpDiv, OpMod, OpLsh, OpRsh, OpArsh, OpAdd, OpSub, OpMul, OpAnd, OpOr, OpXor}
	for range 100000 {
		a, xs := someScalar(r)
		b, ys := someScalar(r)
		if r.IntN(4) == 0 {
			ys = []uint64{r.Uint64N(70)}
			b = Const(ys[0])
		}
		op, is32, isSigned := ops[r.IntN(len(ops))], r.IntN(2) == 0, r.IntN(2) == 0
		got := a
		got.ApplyExact(op, is32, isSigned, &b)
		for _, x := range xs {
			for _, y := range ys {
				if want := machine(op, is32, isSigned, x, y); !got.Has(want) {
					t.Fatalf("%+v op %#x (32 %v, signed %v) %+v = %+v lacks %#x of %#x, %#x", a, op, is32, isSigned, b, got, want, x, y)
				}
			}
		}
	}
}

// machine is an operation on numbers. RFC 9669 section 4.1.
func machine(op Op, is32, isSigned bool, x, y uint64) uint64 {
	sx, sy, least := int64(x), int64(y), int64(math.MinInt64)
	if is32 {
		x, y = uint64(uint32(x)), uint64(uint32(y))
		sx, sy, least = int64(int32(x)), int64(int32(y)), math.MinInt32
	}
	width := uint64(64)
	if is32 {
		width = 32
	}
	var v uint64
	switch op {
	case OpDiv, OpMod:
		div := op == OpDiv
		switch {
		case y == 0 && div:
			v = 0
		case y == 0:
			v = x
		case isSigned && sx == least && sy == -1 && div:
			v = uint64(least)
		case isSigned && sx == least && sy == -1:
			v = 0
		case isSigned && div:
			v = uint64(sx / sy)
		case isSigned:
			v = uint64(sx % sy)
		case div:
			v = x / y
		default:
			v = x % y
		}
	case OpLsh:
		v = x << (y % width)
	case OpRsh:
		v = x >> (y % width)
	case OpArsh:
		v = uint64(sx >> (y % width))
	case OpAdd:
		v = x + y
	case OpSub:
		v = x - y
	case OpMul:
		v = x * y
	case OpAnd:
		v = x & y
	case OpOr:
		v = x | y
	case OpXor:
		v = x ^ y
	}
	if is32 {
		return uint64(uint32(v))
	}
	return v
}

func TestDivisionsAreAsNarrowAsTheirOperands(t *testing.T) {
	t.Parallel()
	u := func(lo, hi uint64) Scalar { return unsigned(lo, hi) }
	s := func(lo, hi int64) Scalar { return signed(lo, hi) }
	for _, c := range []struct {
		name         string
		op           Op
		is32, signed bool
		a, b, want   Scalar
	}{
		{"a remainder is below the divisor", OpMod, false, false, Unknown(), Const(10), u(0, 9)},
		{"a small dividend is its own remainder", OpMod, false, false, u(2, 5), u(6, 9), u(2, 5)},
		{"a divisor that may be 0 gives the dividend", OpMod, false, false, u(2, 50), u(0, 9), u(0, 50)},
		{"a quotient shrinks", OpDiv, false, false, u(100, 200), u(10, 20), u(5, 20)},
		{"a quotient of lower halves fits in 32 bits", OpDiv, true, false, Unknown(), Const(16), u(0, math.MaxUint32/16)},
		{"a signed quotient has both signs", OpDiv, false, true, s(-100, 100), Const(10), s(-10, 10)},
		{"a signed remainder has the dividend's sign", OpMod, false, true, s(-100, -1), Const(10), s(-9, 0)},
		{"a right shift by an unknown count does not grow", OpRsh, false, false, u(0, 1000), Unknown(), u(0, 1000)},
		{"a one shifted left by less than the width is not 0", OpLsh, false, false, Const(1), u(0, 40), u(1, 1<<40)},
	} {
		got := c.a
		got.ApplyExact(c.op, c.is32, c.signed, &c.b)
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	one := Const(1)
	n := u(0, 40)
	one.ApplyExact(OpLsh, false, false, &n)
	if !one.NonZero(false) || one.NonZero(true) {
		t.Errorf("1 << [0, 40] = %+v: NonZero is wrong", one)
	}
}
