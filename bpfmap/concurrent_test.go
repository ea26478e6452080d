package bpfmap

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// soak is how long the tests with several CPUs run.
const soak = 150 * time.Millisecond

// onCPUs runs f on all CPUs, and Go callers beside them with CPU -1, until the
// soak is over. Each turn is a run of its own.
func onCPUs(table *Table, callers int, f func(cpu int, r *rand.Rand)) {
	var stop atomic.Bool
	var wg sync.WaitGroup
	for i := range table.CPUs() + callers {
		cpu := i
		if i >= table.CPUs() {
			cpu = -1
		}
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 5))
			for !stop.Load() {
				if cpu >= 0 {
					table.Epoch().Enter(cpu)
				}
				f(cpu, r)
				if cpu >= 0 {
					table.Epoch().Exit(cpu)
				}
			}
		})
	}
	time.Sleep(soak)
	stop.Store(true)
	wg.Wait()
}

// sealed is a value of 16 bytes of which each half tells of the key.
func sealed(key uint32, n uint32) []byte {
	b := binary.NativeEndian.AppendUint64(nil, uint64(key)<<32|uint64(n))
	return binary.NativeEndian.AppendUint64(b, ^(uint64(key)<<32 | uint64(n)))
}

func TestMapsHoldUnderManyCPUs(t *testing.T) {
	t.Parallel()
	for _, k := range keyedKinds(64) {
		if k.array() || k.def.KeySize > 8 {
			continue
		}
		k.def.ValueSize = 16
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			table := newTable(t)
			m := mustNew(t, table, k.def)
			u, l := m.(Updater), m.(Lookuper)
			var bad atomic.Int64
			onCPUs(table, 2, func(cpu int, r *rand.Rand) {
				i := r.IntN(80)
				key := k.key(i)
				switch r.IntN(5) {
				case 0, 1:
					if cpu < 0 && k.perCPU() {
						v := make([]byte, 0, ValueLen(m))
						for range testCPUs {
							v = append(v, sealed(uint32(i), 1)...)
						}
						Update(m, key, v, 0)
					} else if cpu < 0 {
						Update(m, key, sealed(uint32(i), 1), 0)
					} else {
						u.Update(cpu, key, sealed(uint32(i), uint32(cpu)), 0)
					}
				case 2:
					if cpu < 0 {
						Delete(m, key)
					} else {
						u.Delete(cpu, key)
					}
				case 3:
					if cpu < 0 {
						v := make([]byte, ValueLen(m))
						if Lookup(m, key, v, 0) == 0 && !k.perCPU() {
							// A Go caller never sees another key's value.
							w := binary.NativeEndian.Uint64(v)
							if w>>32 != uint64(i) || binary.NativeEndian.Uint64(v[8:]) != ^w {
								bad.Add(1)
							}
						}
						break
					}
					if p := l.Lookup(cpu, key); p != 0 {
						_ = p.LoadU64() // must be mapped
					}
				case 4:
					if cpu < 0 {
						next := make([]byte, k.def.KeySize)
						NextKey(m, key, next)
					} else if rg, ok := m.(Ranger); ok {
						n := 0
						rg.Range(cpu, func(_, _ mem.Addr) bool { n++; return n < 200 })
					}
				}
			})
			if n := bad.Load(); n != 0 {
				t.Errorf("%d values of other keys", n)
			}
			checkHealth(t, k, m)
		})
	}
}

// checkHealth empties a map that nobody uses and fills it to the brim: no
// element may have got lost or be there twice.
func checkHealth(t *testing.T, k kind, m Map) {
	t.Helper()
	next := func(p, n []byte) abi.Errno { return NextKey(m, p, n) }
	all := keys(t, next, k.def.KeySize)
	seen := map[string]bool{}
	for _, key := range all {
		if seen[string(key)] {
			t.Fatalf("key %x is there twice", key)
		}
		seen[string(key)] = true
		want(t, "delete", Delete(m, key), 0)
	}
	if left := keys(t, next, k.def.KeySize); len(left) != 0 {
		t.Fatalf("%d keys left after all were deleted", len(left))
	}
	if k.lru() {
		return
	}
	for i := range int(m.MaxEntries()) {
		want(t, "fill", Update(m, k.key(i), k.value(m, i), 0), 0)
	}
	if e := Update(m, k.key(9999), k.value(m, 0), 0); e != abi.E2BIG && e != abi.ENOSPC {
		t.Fatalf("an element too many: %s", errnoText(e))
	}
}

// TestPresentKeysAreAlwaysFound has readers look for keys that are replaced
// and whose neighbours come and go, but that are never deleted.
func TestPresentKeysAreAlwaysFound(t *testing.T) {
	t.Parallel()
	for _, k := range keyedKinds(64) {
		if k.array() || k.def.KeySize > 8 || k.lru() {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			table := newTable(t)
			m := mustNew(t, table, k.def)
			const fixed = 16
			for i := range fixed {
				want(t, "update", Update(m, k.key(i), k.value(m, i), 0), 0)
			}
			var lost atomic.Int64
			onCPUs(table, 0, func(cpu int, r *rand.Rand) {
				if cpu < 2 {
					if m.(Lookuper).Lookup(cpu, k.key(r.IntN(fixed))) == 0 {
						lost.Add(1)
					}
					return
				}
				if r.IntN(2) == 0 {
					m.(Updater).Update(cpu, k.key(r.IntN(fixed)), k.progValue(1), 0)
					return
				}
				key := k.key(fixed + r.IntN(40))
				m.(Updater).Update(cpu, key, k.progValue(1), 0)
				m.(Updater).Delete(cpu, key)
			})
			if n := lost.Load(); n != 0 {
				t.Errorf("%d lookups missed a key that was there", n)
			}
		})
	}
}

func TestLockedValuesAreWhole(t *testing.T) {
	t.Parallel()
	for _, typ := range []abi.MapType{abi.Array, abi.Hash} {
		table := newTable(t)
		m := mustNew(t, table, image.Map{Type: typ, KeySize: 4, ValueSize: 68, MaxEntries: 2, Value: lockValue(4, 68)})
		value := func(n byte) []byte {
			v := make([]byte, 68)
			for i := range v {
				v[i] = n
			}
			return v
		}
		want(t, "update", Update(m, u32(1), value(1), 0), 0)
		var torn atomic.Int64
		onCPUs(table, 2, func(cpu int, r *rand.Rand) {
			if r.IntN(2) == 0 {
				Update(m, u32(1), value(byte(r.IntN(256))), abi.UpdateLock)
				return
			}
			got := make([]byte, 68)
			if e := Lookup(m, u32(1), got, abi.UpdateLock); e != 0 {
				torn.Add(1)
				return
			}
			for i, b := range got {
				lock := i >= 4 && i < 8
				if lock && b != 0 || !lock && b != got[0] {
					torn.Add(1)
					return
				}
			}
		})
		if n := torn.Load(); n != 0 {
			t.Errorf("type %d: %d torn values", typ, n)
		}
	}
}

func TestQueueLosesNothing(t *testing.T) {
	t.Parallel()
	table := newTable(t)
	q := mustNew(t, table, image.Map{Type: abi.Queue, ValueSize: 8, MaxEntries: 16}).(Pusher)
	var in, out atomic.Uint64
	onCPUs(table, 0, func(cpu int, r *rand.Rand) {
		n := r.Uint64() >> 8
		if cpu%2 == 0 {
			if q.Push(binary.NativeEndian.AppendUint64(nil, n), 0) == 0 {
				in.Add(n)
			}
			return
		}
		v := make([]byte, 8)
		if q.Pop(v) == 0 {
			out.Add(binary.NativeEndian.Uint64(v))
		}
	})
	v := make([]byte, 8)
	for q.Pop(v) == 0 {
		out.Add(binary.NativeEndian.Uint64(v))
	}
	if in.Load() != out.Load() || in.Load() == 0 {
		t.Errorf("sum of what went in %d, of what came out %d", in.Load(), out.Load())
	}
}
