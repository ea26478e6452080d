package bpfmap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// lpmModel is a trie as a list of prefixes.
type lpmModel struct {
	max   int
	elems map[string][]byte // by the bits of the prefix, as text
}

func bitsOf(key []byte) string {
	n := int(binary.NativeEndian.Uint32(key))
	s := make([]byte, n)
	for i := range s {
		s[i] = '0' + key[4+i/8]>>(7-i%8)&1
	}
	return string(s)
}

func (m *lpmModel) lookup(key []byte) []byte {
	s := bitsOf(key)
	for n := len(s); n >= 0; n-- {
		if v, ok := m.elems[s[:n]]; ok {
			return v
		}
	}
	return nil
}

func TestTriesFollowTheModel(t *testing.T) {
	t.Parallel()
	for _, data := range []int{1, 3, 4, 8, 9, 16, 20} {
		t.Run(fmt.Sprintf("%d bytes", data), func(t *testing.T) {
			t.Parallel()
			size := []int{60, 600}[data%2]
			m := mustNew(t, newTable(t), image.Map{Type: abi.LPMTrie, KeySize: uint32(4 + data), ValueSize: 4, MaxEntries: uint32(size), Flags: abi.NoPrealloc})
			ref := &lpmModel{size, map[string][]byte{}}
			r := rand.New(rand.NewPCG(uint64(data), 6))
			for i := range 12000 {
				key := make([]byte, 4+data)
				binary.NativeEndian.PutUint32(key, uint32(r.IntN(data*8+1)))
				for j := range data {
					bits := r.Uint32()
					key[4+j] = byte(bits & (bits >> 8) & (bits >> 16))
				}
				s := bitsOf(key)
				_, there := ref.elems[s]
				switch r.IntN(5) {
				case 0, 1:
					var expect abi.Errno
					if !there && len(ref.elems) == ref.max {
						expect = abi.ENOSPC
					}
					want(t, "update", Update(m, key, u32(i), 0), expect)
					if expect == 0 {
						ref.elems[s] = u32(i)
					}
				case 2:
					expect := abi.ENOENT
					if there {
						expect = 0
					}
					want(t, "delete", Delete(m, key), expect)
					delete(ref.elems, s)
				default:
					if r.IntN(2) == 0 {
						binary.NativeEndian.PutUint32(key, uint32(data*8))
						s = bitsOf(key)
					}
					p := m.(Lookuper).Lookup(0, key)
					v := ref.lookup(key)
					if (p == 0) != (v == nil) || p != 0 && !bytes.Equal(p.Bytes(4), v) {
						t.Fatalf("lookup of %s differs from the model", s)
					}
				}
				if i%1000 == 0 {
					checkOrder(t, m, ref)
				}
			}
			checkOrder(t, m, ref)
			if data > 1 && m.(*lpm).tableWord().LoadU64() == 0 {
				t.Errorf("no table for %d prefixes", len(ref.elems))
			}
		})
	}
}

// checkOrder demands that each prefix comes once, after all that it holds,
// and those apart in rising order.
func checkOrder(t *testing.T, m Map, ref *lpmModel) {
	t.Helper()
	all := keys(t, func(p, n []byte) abi.Errno { return NextKey(m, p, n) }, m.Def().KeySize)
	if len(all) != len(ref.elems) {
		t.Fatalf("%d prefixes, want %d", len(all), len(ref.elems))
	}
	for i := range all {
		a := bitsOf(all[i])
		if _, ok := ref.elems[a]; !ok {
			t.Fatalf("prefix %s is not in the model", a)
		}
		if i == 0 {
			continue
		}
		before := bitsOf(all[i-1])
		n := min(len(a), len(before))
		if a[:n] == before[:n] {
			if len(a) >= len(before) {
				t.Fatalf("prefix %s comes after %s, which it is in", a, before)
			}
		} else if a < before {
			t.Fatalf("prefix %s comes after %s", a, before)
		}
	}
}

func TestTrieKeysKeepTheBitsBehindThePrefix(t *testing.T) {
	t.Parallel()
	m := mustNew(t, newTable(t), image.Map{Type: abi.LPMTrie, KeySize: 11, ValueSize: 1, MaxEntries: 4, Flags: abi.NoPrealloc})
	key := append(u32(9), 1, 2, 3, 4, 5, 6, 7)
	want(t, "update", Update(m, key, []byte{1}, 0), 0)
	next := make([]byte, 11)
	want(t, "first key", NextKey(m, nil, next), 0)
	if !bytes.Equal(next, key) {
		t.Errorf("key %x, want %x", next, key)
	}
}

func TestNodesTakenOutWaitForTheRun(t *testing.T) {
	t.Parallel()
	table := newTable(t)
	m := mustNew(t, table, image.Map{Type: abi.LPMTrie, KeySize: 8, ValueSize: 8, MaxEntries: 4, Flags: abi.NoPrealloc})
	key := append(u32(32), 10, 0, 0, 1)
	want(t, "update", Update(m, key, u64(1), 0), 0)
	table.Epoch().Enter(0)
	p := m.(Lookuper).Lookup(0, key)
	for i := range 100 {
		want(t, "update", Update(m, key, u64(i), 0), 0)
	}
	want(t, "delete", Delete(m, key), 0)
	if p.LoadU64() != 1 {
		t.Error("a value changed under the run that looked it up")
	}
	table.Epoch().Exit(0)
	before := m.(*lpm).blockCount()
	for i := range 10000 {
		want(t, "update", Update(m, key, u64(i), 0), 0)
	}
	if after := m.(*lpm).blockCount(); after != before {
		t.Errorf("%d blocks became %d though no run holds nodes", before, after)
	}
}

// TestTheTableLeadsWhereTheWalkLeads takes a large trie's table away for a
// second lookup of each key.
func TestTheTableLeadsWhereTheWalkLeads(t *testing.T) {
	t.Parallel()
	for _, data := range []uint32{4, 16} {
		m := mustNew(t, newTable(t), image.Map{Type: abi.LPMTrie, KeySize: 4 + data, ValueSize: 8, MaxEntries: 1 << 14, Flags: abi.NoPrealloc}).(*lpm)
		r := rand.New(rand.NewPCG(uint64(data), 2))
		key := func(low uint32) []byte {
			k := binary.NativeEndian.AppendUint32(nil, low+r.Uint32N(33-low))
			k = append(k, 10, byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()))
			return append(k, make([]byte, data-4)...)
		}
		compare := func() {
			t.Helper()
			table := m.tableWord().LoadU64()
			if table == 0 {
				t.Fatalf("no table for %d prefixes", *m.count())
			}
			for range 2000 {
				k := key(32)
				got := m.Lookup(0, k)
				m.tableWord().StoreU64(0)
				want := m.Lookup(0, k)
				m.tableWord().StoreU64(table)
				if got != want {
					t.Fatalf("%x: %#x, the walk leads to %#x", k, got, want)
				}
			}
		}
		for i := range 12000 {
			k := key([]uint32{0, 9, 20}[i%3])
			if e := m.Update(0, k, k[:8], 0); e != 0 {
				t.Fatal(errnoText(e))
			}
			if i%5 == 0 {
				m.Delete(0, key(0))
			}
			if i%3000 == 100 {
				compare()
			}
		}
		compare()
		for *m.count() > 50 {
			k := make([]byte, 4+data)
			if e := m.NextKey(nil, k); e != 0 {
				t.Fatal(errnoText(e))
			}
			m.Delete(0, k)
			if *m.count()%2000 == 0 {
				compare()
			}
		}
		compare()
	}
}
