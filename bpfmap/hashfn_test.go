package bpfmap

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"github.com/skepbpf/skep/internal/mem"
)

// TestHashSpreads throws keys of usual patterns into buckets: the sum of
// squares must be about that of chance, in all parts of the hash.
func TestHashSpreads(t *testing.T) {
	t.Parallel()
	const n, buckets = 1 << 14, 1 << 12
	patterns := map[string]func(b []byte, i int){
		"counting":          func(b []byte, i int) { binary.LittleEndian.PutUint32(b, uint32(i)) },
		"counting upwards":  func(b []byte, i int) { binary.BigEndian.PutUint32(b[len(b)-4:], uint32(i)) },
		"steps of 256":      func(b []byte, i int) { binary.LittleEndian.PutUint32(b, uint32(i)<<8) },
		"steps of 64 Ki":    func(b []byte, i int) { binary.LittleEndian.PutUint32(b, uint32(i)<<16|uint32(i)>>16) },
		"addresses of nets": func(b []byte, i int) { copy(b, []byte{10, byte(i >> 8), byte(i), 1}) },
		"last byte and bit": func(b []byte, i int) { b[len(b)-1] = byte(i); b[0] = byte(i >> 8); b[len(b)/2] ^= 0x55 },
	}
	for _, seed := range []uint64{0, 1, 0xdeadbeefcafef00d} {
		for _, size := range []int{4, 5, 8, 11, 16, 24, 37} {
			for name, fill := range patterns {
				s := hashSeed(seed, uint32(size))
				for _, shift := range []int{0, 10, 20} {
					var count [buckets]int
					for i := range n {
						key := make([]byte, size)
						fill(key, i)
						count[hashKey(s, key)>>shift%buckets]++
					}
					var sum float64
					for _, c := range count {
						sum += float64(c * c)
					}
					// The mean of chi squared is about the number of buckets.
					chi := sum*buckets/n - n
					if sigma := math.Sqrt(2 * buckets); chi > buckets+8*sigma {
						t.Errorf("seed %#x, %d-byte keys, %s, bits from %d: chi squared %.0f, chance is %d", seed, size, name, shift, chi, buckets)
					}
				}
			}
		}
	}
}

func TestHashReadsEveryByte(t *testing.T) {
	t.Parallel()
	for size := 1; size <= 70; size++ {
		s := hashSeed(1, uint32(size))
		key := make([]byte, size)
		base := hashKey(s, key)
		for i := range key {
			same := 0
			for bit := range 8 {
				key[i] = 1 << bit
				if hashKey(s, key) == base {
					same++
				}
			}
			key[i] = 0
			if same != 0 {
				t.Errorf("%d-byte keys: %d bits of byte %d change nothing", size, same, i)
			}
		}
	}
}

func TestSameKeyComparesAll(t *testing.T) {
	t.Parallel()
	b, err := mem.Alloc(4096)
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Free(b)
	for size := 1; size <= 40; size++ {
		key := make([]byte, size)
		clear(b)
		if !sameKey(mem.AddrOf(b), key) {
			t.Fatalf("%d bytes differ from themselves", size)
		}
		for i := range key {
			b[i] = 1
			if sameKey(mem.AddrOf(b), key) {
				t.Fatalf("byte %d of %d is not compared", i, size)
			}
			b[i] = 0
		}
	}
}

func BenchmarkHash(b *testing.B) {
	for _, size := range []int{4, 8, 16, 37, 64} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			key := make([]byte, size)
			var sum uint32
			for b.Loop() {
				sum += hashKey(123, key)
			}
			_ = sum
		})
	}
}
