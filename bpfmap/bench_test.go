package bpfmap

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// benchKeys are n keys in random order, one after the other in memory, so that
// reading them costs next to nothing.
func benchKeys(k kind, n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = k.key(i)
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(n, func(i, j int) { all[i], all[j] = all[j], all[i] })
	block := slices.Concat(all...)
	for i := range all {
		all[i] = block[i*len(all[i]):][:len(all[i])]
	}
	return all
}

func benchKinds() []kind {
	def := func(t abi.MapType, key, value, max uint32, flags abi.MapFlags) image.Map {
		return image.Map{Type: t, KeySize: key, ValueSize: value, MaxEntries: max, Flags: flags}
	}
	return []kind{
		{"array", def(abi.Array, 4, 8, 1024, 0)},
		{"percpu-array", def(abi.PerCPUArray, 4, 8, 1024, 0)},
		{"hash-1k", def(abi.Hash, 4, 8, 1024, 0)},
		{"hash-1k-key8", def(abi.Hash, 8, 8, 1024, 0)},
		{"hash-1k-key16", def(abi.Hash, 16, 8, 1024, 0)},
		{"hash-1k-key37", def(abi.Hash, 37, 8, 1024, 0)},
		{"hash-1m", def(abi.Hash, 4, 8, 1<<20, 0)},
		{"percpu-hash-1k", def(abi.PerCPUHash, 4, 8, 1024, 0)},
		{"lru-hash-1k", def(abi.LRUHash, 4, 8, 1024, 0)},
		{"lru-percpu-hash-1k", def(abi.LRUPerCPUHash, 4, 8, 1024, 0)},
		{"lpm-1k", def(abi.LPMTrie, 8, 8, 1024, abi.NoPrealloc)},
	}
}

func BenchmarkMap(b *testing.B) {
	for _, k := range benchKinds() {
		m := mustNew(b, newTable(b), k.def)
		n := int(k.def.MaxEntries)
		keys := benchKeys(k, n)
		value := k.progValue(1)
		u := m.(Updater)
		for _, key := range keys {
			if e := u.Update(0, key, value, 0); e != 0 {
				b.Fatal(errnoText(e))
			}
		}
		mask := n - 1
		b.Run(k.name+"/lookup", func(b *testing.B) {
			l := m.(Lookuper)
			i := 0
			for b.Loop() {
				if l.Lookup(0, keys[i&mask]) == 0 {
					b.Fatal("missing")
				}
				i++
			}
		})
		b.Run(k.name+"/miss", func(b *testing.B) {
			l := m.(Lookuper)
			key := k.key(1 << 28)
			for b.Loop() {
				if l.Lookup(0, key) != 0 {
					b.Fatal("found")
				}
			}
		})
		b.Run(k.name+"/update", func(b *testing.B) {
			i := 0
			for b.Loop() {
				u.Update(0, keys[i&mask], value, 0)
				i++
			}
		})
		if k.array() {
			continue
		}
		b.Run(k.name+"/delete-update", func(b *testing.B) {
			i := 0
			for b.Loop() {
				u.Delete(0, keys[i&mask])
				u.Update(0, keys[i&mask], value, 0)
				i++
			}
		})
	}
}

// BenchmarkLRUInsert is the insertion of keys that are not there, with an
// eviction each, and a lookup of each.
func BenchmarkLRUInsert(b *testing.B) {
	k := kind{"", image.Map{Type: abi.LRUHash, KeySize: 4, ValueSize: 8, MaxEntries: 1024}}
	m := mustNew(b, newTable(b), k.def).(*hash)
	keys := benchKeys(k, 4096)
	value := k.progValue(1)
	i := 0
	for b.Loop() {
		key := keys[i&4095]
		if m.Lookup(0, key) == 0 {
			m.Update(0, key, value, 0)
		}
		i++
	}
}

func BenchmarkRingBuf(b *testing.B) {
	m := mustNew(b, newTable(b), image.Map{Type: abi.RingBuf, MaxEntries: 1 << 16}).(*RingBuf)
	b.Run("reserve-commit-consume", func(b *testing.B) {
		got := 0
		take := func([]byte) { got++ }
		for b.Loop() {
			p := m.Reserve(32)
			*p.U64() = 1
			m.Commit(p, NoWakeup)
			m.Consume(take)
		}
		if got == 0 {
			b.Fatal("nothing came out")
		}
	})
}

func BenchmarkMapParallel(b *testing.B) {
	for _, k := range benchKinds()[2:3] {
		m := mustNew(b, newTable(b), k.def)
		keys := benchKeys(k, 1024)
		value := k.progValue(1)
		for _, key := range keys {
			m.(Updater).Update(0, key, value, 0)
		}
		b.Run(k.name+"/update", func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				i := rand.IntN(1024)
				for pb.Next() {
					m.(Updater).Update(-1, keys[i&1023], value, 0)
					i++
				}
			})
		})
	}
}

func BenchmarkEpoch(b *testing.B) {
	e := NewEpoch(2)
	b.Run("enter-exit", func(b *testing.B) {
		for b.Loop() {
			e.Enter(0)
			e.Exit(0)
		}
	})
	e.Enter(0)
	b.Run("quiesce", func(b *testing.B) {
		for b.Loop() {
			e.Quiesce(0)
		}
	})
}

func BenchmarkTableMap(b *testing.B) {
	t := newTable(b)
	m := mustNew(b, t, image.Map{Type: abi.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1})
	for b.Loop() {
		if t.Map(m.Header()) != m {
			b.Fatal("lost")
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for _, k := range benchKinds() {
		b.Run(k.name, func(b *testing.B) {
			t := newTable(b)
			for b.Loop() {
				m, err := New(&k.def, Options{Table: t})
				if err != nil {
					b.Fatal(err)
				}
				m.Close()
			}
		})
	}
}
