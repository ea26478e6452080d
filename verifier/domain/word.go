package domain

import (
	"math"
	"math/bits"
)

func addS64(a, b int64) (int64, bool) {
	r := a + b
	return r, (a^r)&(b^r) < 0
}

func subS64(a, b int64) (int64, bool) {
	r := a - b
	return r, (a^b)&(a^r) < 0
}

func mulU64(a, b uint64) (hi, lo uint64) { return bits.Mul64(a, b) }

func mulS64(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, false
	}
	if a == -1 {
		return -b, b == math.MinInt64
	}
	if b == -1 {
		return -a, a == math.MinInt64
	}
	r := a * b
	return r, r/b != a
}
