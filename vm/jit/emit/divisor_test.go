package emit

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// dividends are numbers near the multiples of d, where a quotient that is off
// shows first, and random ones.
func dividends(r *rand.Rand, d uint64, most uint64) []uint64 {
	list := []uint64{0, 1, 2, most, most - 1, most / 2, most/2 + 1, d, d - 1, d + 1, most / d * d, most/d*d - 1, (most/d - 1) * d}
	for range 8 {
		n := r.Uint64() >> r.IntN(64)
		list = append(list, n, n/d*d, n/d*d-1, n/d*d+d-1)
	}
	for i := range list {
		list[i] &= most
	}
	return list
}

// divisors are numbers below limit that are no powers of 2.
func divisors(r *rand.Rand, limit uint64) []uint64 {
	var list []uint64
	add := func(d uint64) {
		if d &= limit; d > 2 && d&(d-1) != 0 {
			list = append(list, d)
		}
	}
	for d := range uint64(1001) {
		add(d)
	}
	for k := range 64 {
		for e := range uint64(5) {
			add(1<<k + e)
			add(1<<k - e)
			add(limit - (1<<k + e))
		}
	}
	for range 2000 {
		add(r.Uint64() >> r.IntN(64))
	}
	return list
}

func TestUnsignedQuotients(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	var pre, added, wide int
	for _, d := range divisors(r, math.MaxUint64) {
		m := Unsigned64(d)
		if m.Pre > 0 {
			pre++
		}
		if m.Add {
			added++
		}
		for _, n := range dividends(r, d, math.MaxUint64) {
			q, _ := bits.Mul64(n>>m.Pre, m.Mul)
			if m.Add {
				q += (n - q) >> 1
			}
			if q >>= m.Post; q != n/d {
				t.Fatalf("%d / %d: %d, with %+v", n, d, q, m)
			}
		}
	}
	for _, d := range divisors(r, math.MaxUint32) {
		m := Unsigned32(uint32(d))
		if m.Post == 64 {
			wide++
		} else if m.Mul>>32 != 0 {
			t.Fatalf("%d: %+v", d, m)
		}
		for _, n := range dividends(r, d, math.MaxUint32) {
			q, lo := bits.Mul64(n, m.Mul)
			if m.Post < 64 {
				q = lo >> m.Post
			}
			if q != n/d {
				t.Fatalf("%d / %d: %d, with %+v", n, d, q, m)
			}
		}
	}
	if pre == 0 || added == 0 || wide == 0 {
		t.Errorf("some way is never taken: %d, %d, %d", pre, added, wide)
	}
}

func TestSignedQuotients(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, d := range divisors(r, math.MaxInt64) {
		m := Signed64(d)
		for _, n := range dividends(r, d, math.MaxUint64) {
			n := int64(n)
			hi, _ := bits.Mul64(uint64(n), m.Mul)
			q := int64(hi)
			if n < 0 { // the product of Mul and n as a signed number
				q -= int64(m.Mul)
			}
			if q >>= m.Post; n < 0 {
				q++
			}
			if q != n/int64(d) {
				t.Fatalf("%d / %d: %d, with %+v", n, d, q, m)
			}
		}
	}
	for _, d := range divisors(r, math.MaxInt32) {
		m := Signed32(uint32(d))
		for _, n := range dividends(r, d, math.MaxUint32) {
			n := int64(int32(n))
			q := n * int64(m.Mul) >> m.Post
			if n < 0 {
				q++
			}
			if q != n/int64(d) {
				t.Fatalf("%d / %d: %d, with %+v", n, d, q, m)
			}
		}
	}
}
