package domain

import (
	"math/bits"
	"math/rand/v2"
	"testing"
)

// everyTnum lists all tnums of width bits.
func everyTnum(width uint) []Tnum {
	var all []Tnum
	for mask := uint64(0); mask < 1<<width; mask++ {
		for value := uint64(0); value < 1<<width; value++ {
			if value&mask == 0 {
				all = append(all, Tnum{value, mask})
			}
		}
	}
	return all
}

func members(t Tnum) []uint64 {
	var all []uint64
	for sub := uint64(0); ; sub = (sub - t.Mask) & t.Mask {
		all = append(all, t.Value|sub)
		if sub == t.Mask {
			return all
		}
	}
}

// TestTnumOperationsHoldEveryResult proves the operations on all pairs of
// 5-bit tnums, and that those known to be exact on tnums are the smallest
// result.
func TestTnumOperationsHoldEveryResult(t *testing.T) {
	t.Parallel()
	ops := []struct {
		name  string
		exact bool
		tnum  func(a, b Tnum) Tnum
		value func(a, b uint64) uint64
	}{
		{"add", true, Tnum.Add, func(a, b uint64) uint64 { return a + b }},
		{"sub", true, Tnum.Sub, func(a, b uint64) uint64 { return a - b }},
		{"and", true, Tnum.And, func(a, b uint64) uint64 { return a & b }},
		{"or", true, Tnum.Or, func(a, b uint64) uint64 { return a | b }},
		{"xor", true, Tnum.Xor, func(a, b uint64) uint64 { return a ^ b }},
		{"mul", false, Tnum.Mul, func(a, b uint64) uint64 { return a * b }},
	}
	all := everyTnum(5)
	sets := make([][]uint64, len(all))
	for i, x := range all {
		sets[i] = members(x)
	}
	for _, op := range ops {
		for i, x := range all {
			for j, y := range all {
				got := op.tnum(x, y)
				if got.Value&got.Mask != 0 {
					t.Fatalf("%s %v %v = %v is malformed", op.name, x, y, got)
				}
				best, first := Tnum{}, true
				for _, v := range sets[i] {
					for _, w := range sets[j] {
						r := op.value(v, w)
						if !got.Has(r) {
							t.Fatalf("%v %s %v = %v lacks %#x of %#x, %#x", x, op.name, y, got, r, v, w)
						}
						if first {
							best, first = ConstTnum(r), false
						} else if !best.Has(r) {
							best = best.Union(ConstTnum(r))
						}
					}
				}
				if op.exact && got != best {
					t.Fatalf("%v %s %v = %v, the smallest is %v", x, op.name, y, got, best)
				}
			}
		}
	}
}

func TestTnumRelations(t *testing.T) {
	t.Parallel()
	all := everyTnum(4)
	for _, x := range all {
		xs := members(x)
		for v := uint64(0); v < 16; v++ {
			want := x.Max()
			for i := len(xs) - 1; i >= 0; i-- {
				if xs[i] > v {
					want = xs[i]
				}
			}
			if got := x.Next(v); got != want {
				t.Fatalf("%v.Next(%d) = %d, want %d", x, v, got, want)
			}
		}
		for _, y := range all {
			contains, overlaps := true, false
			for _, v := range members(y) {
				if x.Has(v) {
					overlaps = true
				} else {
					contains = false
				}
			}
			if x.Contains(y) != contains || x.Overlaps(y) != overlaps {
				t.Fatalf("%v, %v: Contains %v, Overlaps %v", x, y, x.Contains(y), x.Overlaps(y))
			}
			for v := uint64(0); v < 16; v++ {
				if both := x.Has(v) && y.Has(v); overlaps && both != x.Intersect(y).Has(v) {
					t.Fatalf("%v ∩ %v = %v is wrong for %d", x, y, x.Intersect(y), v)
				}
				if (x.Has(v) || y.Has(v)) && !x.Union(y).Has(v) {
					t.Fatalf("%v ∪ %v = %v lacks %d", x, y, x.Union(y), v)
				}
			}
		}
	}
	for lo := uint64(0); lo < 32; lo++ {
		for hi := lo; hi < 32; hi++ {
			best := ConstTnum(lo)
			for v := lo; v <= hi; v++ {
				best = best.Union(ConstTnum(v))
			}
			if got := RangeTnum(lo, hi); !got.Contains(best) || got.Mask != 1<<bits.Len64(best.Mask)-1 {
				t.Fatalf("RangeTnum(%d, %d) = %v", lo, hi, got)
			}
		}
	}
}

func TestTnumNextAtFullWidth(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		x := sparse(r)
		v := r.Uint64()
		if r.IntN(2) == 0 {
			v = members(x)[r.IntN(1<<bits.OnesCount64(x.Mask))] + r.Uint64N(3) - 1
		}
		want := x.Max()
		for _, m := range members(x) {
			if m > v {
				want = min(want, m)
			}
		}
		if got := x.Next(v); got != want {
			t.Fatalf("%v.Next(%#x) = %#x, want %#x", x, v, got, want)
		}
	}
}

// sparse makes a 64-bit tnum with few unknown bits, at places that matter.
func sparse(r *rand.Rand) Tnum {
	v, m := edge(r)+r.Uint64N(8), uint64(0)
	for range r.IntN(5) {
		at := []int{0, 1, 2, 3, 7, 15, 31, 32, 33, 63, r.IntN(64)}[r.IntN(11)]
		m |= 1 << at
	}
	return masked(v, m)
}

// edge is a value at which some width or sign changes.
func edge(r *rand.Rand) uint64 {
	edges := []uint64{
		0, 0, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000,
		0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x17fffffff, 0x180000000,
		0x7fffffff00000000, 0x7fffffffffffffff, 0x8000000000000000,
		0xffffffff00000000, 0xffffffff7fffffff, 0xffffffff80000000, 0xfffffffffffffff0,
	}
	v := edges[r.IntN(len(edges))]
	if r.IntN(8) == 0 {
		v = r.Uint64()
	}
	return v
}

// set makes a scalar and all or some of its members: a few values near an
// edge, ranges and bits that hold them with some room, deduced from by Sync.
func set(r *rand.Rand) (Scalar, []uint64) {
	var vs []uint64
	base := edge(r)
	wide := r.IntN(3) == 0
	for range 1 + r.IntN(5) {
		v := base + r.Uint64N(33) - 16
		if wide {
			v = edge(r) + r.Uint64N(5) - 2
		}
		vs = append(vs, v)
	}
	s := Const(vs[0])
	for _, v := range vs {
		c := Const(v)
		s.SMin, s.SMax = min(s.SMin, c.SMin), max(s.SMax, c.SMax)
		s.UMin, s.UMax = min(s.UMin, c.UMin), max(s.UMax, c.UMax)
		s.S32Min, s.S32Max = min(s.S32Min, c.S32Min), max(s.S32Max, c.S32Max)
		s.U32Min, s.U32Max = min(s.U32Min, c.U32Min), max(s.U32Max, c.U32Max)
		s.Bits = s.Bits.Union(c.Bits)
	}
	// Forget some of it, so that Sync has something to find.
	if r.IntN(2) == 0 {
		s.SMin, s.SMax = Unknown().SMin, Unknown().SMax
	}
	if r.IntN(2) == 0 {
		s.UMin, s.UMax = 0, ^uint64(0)
	}
	if r.IntN(2) == 0 {
		s.S32Min, s.S32Max = Unknown().S32Min, Unknown().S32Max
	}
	if r.IntN(2) == 0 {
		s.U32Min, s.U32Max = 0, ^uint32(0)
	}
	if r.IntN(2) == 0 {
		s.Bits = UnknownTnum
	}
	s.Sync()
	return s, vs
}

func TestSyncKeepsMembersAndIsValid(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 200000 {
		s, vs := set(r)
		for _, v := range vs {
			if !s.Has(v) {
				t.Fatalf("%+v lacks %#x", s, v)
			}
		}
		if !s.Valid() {
			t.Fatalf("%+v: %s", s, s.Violation())
		}
	}
}

// evaluate is the machine's result, by RFC 9669 section 4.1.
func evaluate(op Op, is32 bool, x, y uint64) (uint64, bool) {
	var v uint64
	width := uint64(64)
	if is32 {
		width, x, y = 32, x&lowHalf, y&lowHalf
	}
	switch op {
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
	case OpNeg:
		v = -x
	case OpDiv:
		if y != 0 {
			v = x / y
		}
	case OpMod:
		v = x
		if y != 0 {
			v = x % y
		}
	default:
		if y >= width {
			return 0, false
		}
		switch {
		case op == OpLsh:
			v = x << y
		case op == OpRsh:
			v = x >> y
		case is32:
			v = uint64(int32(x) >> y)
		default:
			v = uint64(int64(x) >> y)
		}
	}
	if is32 {
		v &= lowHalf
	}
	return v, true
}

var everyOp = []Op{OpAdd, OpSub, OpMul, OpDiv, OpOr, OpAnd, OpLsh, OpRsh, OpNeg, OpMod, OpXor, OpArsh}

func TestArithmeticHoldsEveryResult(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 300000 {
		a, as := set(r)
		b, bs := set(r)
		if r.IntN(3) == 0 {
			n := r.Uint64N(66)
			b, bs = Const(n), []uint64{n}
		}
		op, is32 := everyOp[r.IntN(len(everyOp))], r.IntN(2) == 0
		got := a
		got.Apply(op, is32, &b)
		if !got.Valid() {
			t.Fatalf("%+v %#x (32: %v) %+v = %+v: %s", a, op, is32, b, got, got.Violation())
		}
		for _, x := range as {
			for _, y := range bs {
				if v, ok := evaluate(op, is32, x, y); ok && !got.Has(v) {
					t.Fatalf("%#x %#x (32: %v) %#x = %#x, not in %+v\na %+v\nb %+v", x, op, is32, y, v, got, a, b)
				}
			}
		}
	}
}

func TestCastsHoldEveryResult(t *testing.T) {
	t.Parallel()
	casts := []struct {
		name  string
		apply func(*Scalar)
		value func(uint64) uint64
	}{
		{"zero extension", (*Scalar).Zext32, func(v uint64) uint64 { return v & lowHalf }},
		{"truncation to 1", func(s *Scalar) { s.Trunc(1) }, func(v uint64) uint64 { return v & 0xff }},
		{"truncation to 2", func(s *Scalar) { s.Trunc(2) }, func(v uint64) uint64 { return v & 0xffff }},
		{"truncation to 4", func(s *Scalar) { s.Trunc(4) }, func(v uint64) uint64 { return v & lowHalf }},
		{"sign extension of 1", func(s *Scalar) { s.Sext(1) }, func(v uint64) uint64 { return uint64(int8(v)) }},
		{"sign extension of 2", func(s *Scalar) { s.Sext(2) }, func(v uint64) uint64 { return uint64(int16(v)) }},
		{"sign extension of 4", func(s *Scalar) { s.Sext(4) }, func(v uint64) uint64 { return uint64(int32(v)) }},
		{"32-bit sign extension of 1", func(s *Scalar) { s.Sext32(1) }, func(v uint64) uint64 { return uint64(uint32(int8(v))) }},
		{"32-bit sign extension of 2", func(s *Scalar) { s.Sext32(2) }, func(v uint64) uint64 { return uint64(uint32(int16(v))) }},
		{"swap of 2", func(s *Scalar) { s.Swap(2) }, func(v uint64) uint64 { return uint64(bits.ReverseBytes16(uint16(v))) }},
		{"swap of 4", func(s *Scalar) { s.Swap(4) }, func(v uint64) uint64 { return uint64(bits.ReverseBytes32(uint32(v))) }},
		{"swap of 8", func(s *Scalar) { s.Swap(8) }, bits.ReverseBytes64},
	}
	r := rand.New(rand.NewPCG(7, 8))
	for range 60000 {
		a, as := set(r)
		for _, c := range casts {
			got := a
			c.apply(&got)
			if !got.Valid() {
				t.Fatalf("%s of %+v = %+v: %s", c.name, a, got, got.Violation())
			}
			for _, v := range as {
				if !got.Has(c.value(v)) {
					t.Fatalf("%s of %#x = %#x, not in %+v", c.name, v, c.value(v), got)
				}
			}
		}
	}
}

func holds(c Cond, is32 bool, x, y uint64) bool {
	sx, sy := int64(x), int64(y)
	if is32 {
		x, y, sx, sy = x&lowHalf, y&lowHalf, int64(int32(x)), int64(int32(y))
	}
	switch c {
	case Eq:
		return x == y
	case Ne:
		return x != y
	case Gt:
		return x > y
	case Ge:
		return x >= y
	case Lt:
		return x < y
	case Le:
		return x <= y
	case SGt:
		return sx > sy
	case SGe:
		return sx >= sy
	case SLt:
		return sx < sy
	case SLe:
		return sx <= sy
	case Set:
		return x&y != 0
	}
	return x&y == 0
}

func TestBranchesDecideAndRefineSoundly(t *testing.T) {
	t.Parallel()
	conds := []Cond{Eq, Ne, Gt, Ge, Lt, Le, SGt, SGe, SLt, SLe, Set}
	r := rand.New(rand.NewPCG(9, 10))
	for range 300000 {
		a, as := set(r)
		b, bs := set(r)
		if r.IntN(3) == 0 {
			b, bs = Const(bs[0]), bs[:1]
		}
		c, is32 := conds[r.IntN(len(conds))], r.IntN(2) == 0
		taken := BranchTaken(c, is32, &a, &b)
		yesA, yesB, noA, noB := a, b, a, b
		if taken != 0 {
			Refine(c, is32, &yesA, &yesB)
		}
		if taken != 1 {
			Refine(c.Not(), is32, &noA, &noB)
		}
		for _, x := range as {
			for _, y := range bs {
				h := holds(c, is32, x, y)
				if h && taken == 0 || !h && taken == 1 {
					t.Fatalf("%#x %#x (32: %v) %#x decided %d\na %+v\nb %+v", x, c, is32, y, taken, a, b)
				}
				if h && !(yesA.Has(x) && yesB.Has(y)) || !h && !(noA.Has(x) && noB.Has(y)) {
					t.Fatalf("%#x %#x (32: %v) %#x is lost\na %+v\nb %+v\nyes %+v %+v\nno %+v %+v",
						x, c, is32, y, a, b, yesA, yesB, noA, noB)
				}
			}
		}
	}
}

func TestContainsIsTransitiveAndHoldsMembers(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	hits := 0
	for range 200000 {
		a, _ := set(r)
		b, bs := set(r)
		if !a.Contains(&b) {
			continue
		}
		hits++
		for _, v := range bs {
			if !a.Has(v) {
				t.Fatalf("%+v contains %+v but not %#x", a, b, v)
			}
		}
	}
	if hits < 1000 {
		t.Fatalf("only %d pairs were comparable", hits)
	}
}
