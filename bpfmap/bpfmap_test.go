package bpfmap

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// testCPUs is the number of virtual CPUs in tests.
const testCPUs = 4

func newTable(t testing.TB) *Table {
	t.Helper()
	return NewTable(TableOptions{CPUs: testCPUs, Seed: 1})
}

// mustNew makes a map that is closed with the test.
func mustNew(t testing.TB, table *Table, def image.Map) Map {
	t.Helper()
	m, err := New(&def, Options{Table: table})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func u32(n int) []byte { return binary.NativeEndian.AppendUint32(nil, uint32(n)) }
func u64(n int) []byte { return binary.NativeEndian.AppendUint64(nil, uint64(n)) }

// kind is a sort of map for the suites.
type kind struct {
	name string
	def  image.Map
}

// keyedKinds have keys of 4 or 8 bytes and values that Go can read and write.
func keyedKinds(max uint32) []kind {
	hash := func(t abi.MapType, key, value uint32, flags abi.MapFlags) image.Map {
		return image.Map{Type: t, KeySize: key, ValueSize: value, MaxEntries: max, Flags: flags}
	}
	return []kind{
		{"array", hash(abi.Array, 4, 8, 0)},
		{"array of odd values", hash(abi.Array, 4, 13, 0)},
		{"percpu array", hash(abi.PerCPUArray, 4, 8, 0)},
		{"hash", hash(abi.Hash, 4, 8, 0)},
		{"hash of 8-byte keys", hash(abi.Hash, 8, 16, 0)},
		{"hash of odd sizes", hash(abi.Hash, 13, 5, 0)},
		{"hash of long keys", hash(abi.Hash, 50, 100, 0)},
		{"hash without preallocation", hash(abi.Hash, 4, 8, abi.NoPrealloc)},
		{"percpu hash", hash(abi.PerCPUHash, 4, 8, 0)},
		{"percpu hash of odd values", hash(abi.PerCPUHash, 4, 12, abi.NoPrealloc)},
		{"lru hash", hash(abi.LRUHash, 4, 8, 0)},
		{"lru percpu hash", hash(abi.LRUPerCPUHash, 4, 8, 0)},
		{"lru hash with lists of its CPUs", hash(abi.LRUHash, 4, 8, abi.NoCommonLRU)},
		{"lru percpu hash with lists of its CPUs", hash(abi.LRUPerCPUHash, 4, 8, abi.NoCommonLRU)},
		{"lpm trie", hash(abi.LPMTrie, 8, 8, abi.NoPrealloc)},
	}
}

// key is the i-th key of a kind: of tries, prefixes of full length.
func (k kind) key(i int) []byte {
	b := make([]byte, k.def.KeySize)
	if k.def.Type == abi.LPMTrie {
		binary.NativeEndian.PutUint32(b, (k.def.KeySize-4)*8)
		binary.BigEndian.PutUint32(b[4:], uint32(i))
		return b
	}
	binary.NativeEndian.PutUint32(b, uint32(i))
	if len(b) > 8 {
		b[len(b)-1] = byte(i)
	}
	return b
}

// value is a value of a kind made from n, the same for all CPUs.
func (k kind) value(m Map, n int) []byte {
	b := make([]byte, ValueLen(m))
	stride := int(roundUp(uint64(k.def.ValueSize), 8))
	if !k.perCPU() {
		stride = len(b)
	}
	for i := 0; i < len(b); i += stride {
		for j := range int(k.def.ValueSize) {
			b[i+j] = byte(n >> (j % 4 * 8))
		}
	}
	return b
}

// progValue is value as a program gives it.
func (k kind) progValue(n int) []byte {
	b := make([]byte, k.def.ValueSize)
	for j := range b {
		b[j] = byte(n >> (j % 4 * 8))
	}
	return b
}

func (k kind) perCPU() bool {
	switch k.def.Type {
	case abi.PerCPUArray, abi.PerCPUHash, abi.LRUPerCPUHash:
		return true
	}
	return false
}

func (k kind) array() bool { return k.def.Type == abi.Array || k.def.Type == abi.PerCPUArray }

func (k kind) lru() bool { return k.def.Type == abi.LRUHash || k.def.Type == abi.LRUPerCPUHash }

// lockValue is a value type with a spin lock at an offset.
func lockValue(at, size uint32) btf.Type {
	u := &btf.Int{Name: "unsigned int", Size: 4}
	lock := &btf.Struct{Name: "bpf_spin_lock", Size: 4, Members: []btf.Member{{Name: "val", Type: u}}}
	return &btf.Struct{Name: "value", Size: size, Members: []btf.Member{
		{Name: "lock", Type: lock, Offset: btf.Bits(at * 8)},
	}}
}

func errnoText(e abi.Errno) string { return fmt.Sprintf("errno %d", e) }

// keys are all keys of a map by NextKey.
func keys(t *testing.T, next func(prev, next []byte) abi.Errno, size uint32) [][]byte {
	t.Helper()
	var all [][]byte
	var prev []byte
	for {
		k := make([]byte, size)
		switch e := next(prev, k); e {
		case 0:
			all = append(all, k)
			prev = k
		case abi.ENOENT:
			return all
		default:
			t.Fatalf("key after %x: %s", prev, errnoText(e))
		}
		if len(all) > 1<<16 {
			t.Fatal("the keys do not end")
		}
	}
}
