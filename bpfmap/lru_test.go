package bpfmap

import (
	"math/rand/v2"
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

func lruKinds() []kind {
	return []kind{
		{"lru hash", image.Map{Type: abi.LRUHash, KeySize: 4, ValueSize: 8, MaxEntries: 128}},
		{"lru percpu hash", image.Map{Type: abi.LRUPerCPUHash, KeySize: 4, ValueSize: 8, MaxEntries: 128}},
	}
}

func TestLRUMapsKeepTheirWholeSize(t *testing.T) {
	t.Parallel()
	for _, k := range lruKinds() {
		m := mustNew(t, newTable(t), k.def)
		for i := range 1000 {
			want(t, "update", Update(m, k.key(i), k.value(m, i), 0), 0)
			n := len(keys(t, func(p, n []byte) abi.Errno { return NextKey(m, p, n) }, 4))
			if n != min(i+1, 128) {
				t.Fatalf("%s: %d elements after %d insertions", k.name, n, i+1)
			}
		}
	}
}

func TestLRUMapsKeepWhatIsUsed(t *testing.T) {
	t.Parallel()
	for _, k := range lruKinds() {
		m := mustNew(t, newTable(t), k.def)
		l := m.(Lookuper)
		for i := range 128 {
			Update(m, k.key(i), k.value(m, i), 0)
		}
		for i := 1000; i < 3000; i++ {
			// A program uses half of the map, and keys that are used once pass
			// through the rest.
			for j := range 64 {
				if l.Lookup(0, k.key(j)) == 0 {
					t.Fatalf("%s: key %d was used and is gone", k.name, j)
				}
			}
			Update(m, k.key(i), k.value(m, i), 0)
		}
	}
}

func TestLookupsOfGoAreNoUses(t *testing.T) {
	t.Parallel()
	k := lruKinds()[0]
	m := mustNew(t, newTable(t), k.def)
	for i := range 128 {
		Update(m, k.key(i), k.value(m, i), 0)
	}
	v := make([]byte, 8)
	for i := 1000; i < 1128; i++ {
		Lookup(m, k.key(0), v, 0)
		Update(m, k.key(i), k.value(m, i), 0)
	}
	want(t, "a key that only Go looked at", Lookup(m, k.key(0), v, 0), abi.ENOENT)
}

// TestLRUHitRate holds the clock against least-recently-used order itself, on
// keys of which few are asked for often.
func TestLRUHitRate(t *testing.T) {
	t.Parallel()
	k := lruKinds()[0]
	m := mustNew(t, newTable(t), k.def)
	zipf := rand.NewZipf(rand.New(rand.NewPCG(4, 4)), 1.1, 4, 2000)
	exact := map[uint64]int{}
	hits, exactHits := 0, 0
	for i := range 40000 {
		n := zipf.Uint64()
		if m.(Lookuper).Lookup(0, k.key(int(n))) != 0 {
			hits++
		} else {
			m.(Updater).Update(0, k.key(int(n)), k.progValue(1), 0)
		}
		if _, ok := exact[n]; ok {
			exactHits++
		} else if len(exact) == 128 {
			oldest := n
			for key, at := range exact {
				if oldest == n || at < exact[oldest] {
					oldest = key
				}
			}
			delete(exact, oldest)
		}
		exact[n] = i
	}
	if float64(hits) < 0.95*float64(exactHits) {
		t.Errorf("%d hits, against %d of exact order", hits, exactHits)
	}
	t.Logf("%d hits, against %d of exact order", hits, exactHits)
}

func TestLRUUpdateInFullMapKeepsTheOthers(t *testing.T) {
	t.Parallel()
	k := lruKinds()[0]
	m := mustNew(t, newTable(t), k.def)
	for i := range 128 {
		Update(m, k.key(i), k.value(m, i), 0)
	}
	for i := range 128 {
		want(t, "update", Update(m, k.key(i), k.value(m, i), abi.UpdateExist), 0)
	}
	for i := range 128 {
		want(t, "lookup", Lookup(m, k.key(i), make([]byte, 8), 0), 0)
	}
}

func TestListsOfCPUsAreApart(t *testing.T) {
	t.Parallel()
	k := kind{"", image.Map{Type: abi.LRUHash, KeySize: 4, ValueSize: 8, MaxEntries: 42, Flags: abi.NoCommonLRU}}
	m := mustNew(t, newTable(t), k.def)
	// Rounded up to a multiple of the CPUs.
	if m.MaxEntries() != 44 {
		t.Errorf("max_entries %d, want 44", m.MaxEntries())
	}
	u := m.(Updater)
	for i := range 11 {
		want(t, "update on CPU 0", u.Update(0, k.key(i), k.progValue(i), 0), 0)
	}
	for i := 100; i < 300; i++ {
		want(t, "update on CPU 1", u.Update(1, k.key(i), k.progValue(i), 0), 0)
	}
	for i := range 11 {
		want(t, "a key of CPU 0", Lookup(m, k.key(i), make([]byte, 8), 0), 0)
	}
	if n := len(keys(t, func(p, n []byte) abi.Errno { return NextKey(m, p, n) }, 4)); n != 22 {
		t.Errorf("%d elements, want 22", n)
	}
	// An update of a key may evict, but never fails, and the key is there.
	for i := range 11 {
		want(t, "EXIST on CPU 0", u.Update(0, k.key(i), k.progValue(i), abi.UpdateAny), 0)
		want(t, "a key just updated", Lookup(m, k.key(i), make([]byte, 8), 0), 0)
	}
}
