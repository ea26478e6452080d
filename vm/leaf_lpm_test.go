package vm_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/vm"
)

// trieKey is a prefix of a length, or of a random one if it is negative, whose
// data begins like many others'.
func trieKey(r *rand.Rand, data, length int) []byte {
	if length < 0 {
		length = r.IntN(data*8 + 1)
	}
	key := binary.NativeEndian.AppendUint32(nil, uint32(length))
	shared := r.IntN(data + 1)
	for i := range data {
		b := byte(0x5a)
		if i >= shared {
			b ^= byte(r.Uint32() >> r.IntN(9))
		}
		key = append(key, b)
	}
	return key
}

// TestTrieLookupsOfLeavesFindWhatGoFinds looks keys of all lengths up in tries
// with and without a table.
func TestTrieLookupsOfLeavesFindWhatGoFinds(t *testing.T) {
	t.Parallel()
	e := leafEngine(t)
	plain, err := leafless()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 6))
	for data := 1; data <= 20; data++ {
		for _, entries := range []int{1, 10, 40, 700} {
			var engine vm.Engine = e
			leaf := data <= 16
			if data%7 == 0 && entries == 40 {
				engine, leaf = plain, false
			}
			text := fmt.Sprintf(lookupText, "lpm_trie", 4+data, 1+r.IntN(20), entries, " flags=no_prealloc")
			w := newLeafWorld(t, engine, text)
			m := w.maps[w.coll.Map("m")]
			runner := w.runner(t, 0)
			hits := 0
			for i := range 3 * entries {
				key := trieKey(r, data, -1)
				if r.IntN(4) == 0 {
					m.(bpfmap.Updater).Delete(0, key)
				} else {
					m.(bpfmap.Updater).Update(0, key, make([]byte, m.Def().ValueSize), 0)
				}
				for n := range 6 {
					key = trieKey(r, data, []int{-1, data * 8}[n%2])
					if n == 5 {
						binary.NativeEndian.PutUint32(key, uint32(data*8+1+i))
					}
					want := m.(bpfmap.Lookuper).Lookup(0, key)
					if got := w.lookup(t, runner, key); got != want {
						t.Fatalf("%s: key %x: at %#x, Go finds it at %#x", text, key, got, want)
					}
					if want != 0 {
						hits++
					}
				}
			}
			if hits == 0 && entries > 1 {
				t.Errorf("%s: nothing was found", text)
			}
			if n := w.bodies.Load(); (n == 0) != leaf {
				t.Errorf("%s: %d lookups left to Go", text, n)
			}
			_ = runner.Close()
			w.close(t)
		}
	}
}

// TestTrieLeavesFindWhatStaysWhileOthersWrite looks addresses up under prefixes
// that stay while longer and shorter ones come and go.
func TestTrieLeavesFindWhatStaysWhileOthersWrite(t *testing.T) {
	t.Parallel()
	for _, data := range []int{4, 16} {
		w := newLeafWorld(t, leafEngine(t), fmt.Sprintf(stableText, "lpm_trie", 4+data, 1000, " flags=no_prealloc"))
		m := w.maps[w.coll.Map("m")].(bpfmap.Updater)
		// The stable prefixes are those of 24 bits that begin with 10.1; below
		// them come and go longer ones with the same value, above them shorter
		// ones with another.
		prefix := func(length uint32, last ...byte) []byte {
			key := binary.NativeEndian.AppendUint32(nil, length)
			return append(append(append(key, 10, 1), last...), make([]byte, data-2-len(last))...)
		}
		const stable = 50
		value := make([]byte, 16)
		binary.LittleEndian.PutUint64(value, 0xfeed)
		for i := range stable {
			if e := m.Update(0, prefix(24, byte(i)), value, 0); e != 0 {
				t.Fatal(e)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
		var wg sync.WaitGroup
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, 9))
			for ctx.Err() == nil {
				for range 50 {
					key, v := prefix(25+r.Uint32N(8), byte(r.IntN(stable)), byte(r.Uint32())), value
					if r.IntN(2) == 0 {
						key, v = prefix(r.Uint32N(24), byte(r.IntN(256))), make([]byte, 16)
					}
					if r.IntN(2) == 0 {
						m.Delete(2, key)
					} else {
						m.Update(2, key, v, 0)
					}
				}
			}
		})
		for n := range 2 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(n), 10))
				address := func(i int) []byte { return prefix(uint32(data*8), byte(i), byte(r.Uint32())) }
				watch(ctx, t, w, n, address, stable)
			})
		}
		wg.Wait()
		cancel()
	}
}
