package bpfmap

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// createCases are definitions with what Linux 6.18 says to them.
func createCases() []struct {
	name string
	def  image.Map
	want abi.Errno
} {
	def := func(t abi.MapType, key, value, max uint32, flags abi.MapFlags) image.Map {
		return image.Map{Type: t, KeySize: key, ValueSize: value, MaxEntries: max, Flags: flags}
	}
	inner := def(abi.Array, 4, 4, 1, 0)
	return []struct {
		name string
		def  image.Map
		want abi.Errno
	}{
		{"an array is made", def(abi.Array, 4, 8, 1, 0), 0},
		{"an array of no entries is refused", def(abi.Array, 4, 8, 0, 0), abi.EINVAL},
		{"an array has keys of 4 bytes", def(abi.Array, 8, 8, 1, 0), abi.EINVAL},
		{"an array has values", def(abi.Array, 4, 0, 1, 0), abi.EINVAL},
		{"an array is never without preallocation", def(abi.Array, 4, 8, 1, abi.NoPrealloc), abi.EINVAL},
		{"an array can be mapped", def(abi.Array, 4, 8, 1, abi.Mmapable), 0},
		{"an array can be an inner map", def(abi.Array, 4, 8, 1, abi.InnerMap), 0},
		{"an array can be read-only for programs", def(abi.Array, 4, 8, 1, abi.ReadOnlyProg), 0},
		{"an array cannot be read-only and write-only for programs", def(abi.Array, 4, 8, 1, abi.ReadOnlyProg|abi.WriteOnlyProg), abi.EINVAL},
		{"an array cannot be read-only and write-only", def(abi.Array, 4, 8, 1, abi.ReadOnly|abi.WriteOnly), abi.EINVAL},
		{"an array keeps no perf events", def(abi.Array, 4, 8, 1, abi.PreserveElems), abi.EINVAL},
		{"an array's values are below 2 GiB", def(abi.Array, 4, 1<<31, 1, 0), abi.E2BIG},
		{"an array may have a NUMA node", def(abi.Array, 4, 8, 1, abi.NUMANode), 0},
		{"a NUMA node must be there", image.Map{Type: abi.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1, Flags: abi.NUMANode, NUMANode: 77}, abi.EINVAL},
		{"map_extra is not for arrays", image.Map{Type: abi.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1, Extra: 1}, abi.EINVAL},
		{"an unknown flag is refused", def(abi.Array, 4, 8, 1, 1<<30), abi.EINVAL},

		{"a percpu array is made", def(abi.PerCPUArray, 4, 8, 1, 0), 0},
		{"a percpu array cannot be mapped", def(abi.PerCPUArray, 4, 8, 1, abi.Mmapable), abi.EINVAL},
		{"a percpu array has no NUMA node", def(abi.PerCPUArray, 4, 8, 1, abi.NUMANode), abi.EINVAL},
		{"a percpu value has up to 32 KiB", def(abi.PerCPUArray, 4, 32<<10, 1, 0), 0},
		{"a percpu value above 32 KiB is too big", def(abi.PerCPUArray, 4, 32<<10+1, 1, 0), abi.E2BIG},

		{"a hash is made", def(abi.Hash, 4, 8, 1, 0), 0},
		{"a hash of no entries is refused", def(abi.Hash, 4, 8, 0, 0), abi.EINVAL},
		{"a hash has keys", def(abi.Hash, 0, 8, 1, 0), abi.EINVAL},
		{"a hash has values", def(abi.Hash, 4, 0, 1, 0), abi.EINVAL},
		{"a hash can do without preallocation", def(abi.Hash, 4, 8, 1, abi.NoPrealloc), 0},
		{"a hash has no LRU lists", def(abi.Hash, 4, 8, 1, abi.NoCommonLRU), abi.EINVAL},
		{"a hash may have a seed of zero", def(abi.Hash, 4, 8, 1, abi.ZeroSeed), 0},
		{"a hash cannot be mapped", def(abi.Hash, 4, 8, 1, abi.Mmapable), abi.EINVAL},
		{"a hash may have keys larger than the stack", def(abi.Hash, 4096, 8, 1, abi.NoPrealloc), 0},
		{"a hash's elements are below 4 MiB", def(abi.Hash, 4, 4<<20, 1, abi.NoPrealloc), abi.E2BIG},
		{"a hash's elements may just be below 4 MiB", def(abi.Hash, 4, 4<<20-48-5, 1, abi.NoPrealloc), 0},
		{"a hash's elements are one byte too large", def(abi.Hash, 4, 4<<20-48-4, 1, abi.NoPrealloc), abi.E2BIG},
		{"a hash has no 2^28 buckets", def(abi.Hash, 4, 8, 1<<28, abi.NoPrealloc), abi.E2BIG},
		{"a hash has no 2^32 buckets", def(abi.Hash, 4, 8, 1<<32-1, abi.NoPrealloc), abi.E2BIG},
		{"a percpu hash is made", def(abi.PerCPUHash, 4, 8, 1, 0), 0},
		{"a percpu hash has values of up to 32 KiB", def(abi.PerCPUHash, 4, 32<<10+1, 1, 0), abi.E2BIG},
		{"a percpu hash has no NUMA node", def(abi.PerCPUHash, 4, 8, 1, abi.NUMANode), abi.EINVAL},
		{"an LRU hash is made", def(abi.LRUHash, 4, 8, 10, 0), 0},
		{"an LRU hash is preallocated", def(abi.LRUHash, 4, 8, 10, abi.NoPrealloc), abi.ENOTSUPP},
		{"an LRU hash may have lists of its CPUs", def(abi.LRUHash, 4, 8, 10, abi.NoCommonLRU), 0},
		{"LRU lists of CPUs have no NUMA node", def(abi.LRUHash, 4, 8, 10, abi.NoCommonLRU|abi.NUMANode), abi.EINVAL},
		{"an LRU percpu hash is made", def(abi.LRUPerCPUHash, 4, 8, 10, 0), 0},

		{"a trie is made", def(abi.LPMTrie, 8, 8, 10, abi.NoPrealloc), 0},
		{"a trie is never preallocated", def(abi.LPMTrie, 8, 8, 10, 0), abi.EINVAL},
		{"a trie has at least a byte of data", def(abi.LPMTrie, 4, 8, 10, abi.NoPrealloc), abi.EINVAL},
		{"a trie has up to 256 bytes of data", def(abi.LPMTrie, 260, 8, 10, abi.NoPrealloc), 0},
		{"a trie has no more than 256 bytes of data", def(abi.LPMTrie, 261, 8, 10, abi.NoPrealloc), abi.EINVAL},
		{"a trie has values", def(abi.LPMTrie, 8, 0, 10, abi.NoPrealloc), abi.EINVAL},
		{"a trie's values may just be below 4 MiB", def(abi.LPMTrie, 8, 4<<20-256-24, 10, abi.NoPrealloc), 0},
		{"a trie's values are one byte too large", def(abi.LPMTrie, 8, 4<<20-256-24+1, 10, abi.NoPrealloc), abi.EINVAL},
		{"a trie of no entries is refused", def(abi.LPMTrie, 8, 8, 0, abi.NoPrealloc), abi.EINVAL},

		{"a program array is made", def(abi.ProgArray, 4, 4, 10, 0), 0},
		{"a program array has values of 4 bytes", def(abi.ProgArray, 4, 8, 10, 0), abi.EINVAL},
		{"a program array is not read-only for programs", def(abi.ProgArray, 4, 4, 10, abi.ReadOnlyProg), abi.EINVAL},
		{"a perf event array is made", def(abi.PerfEventArray, 4, 4, 10, 0), 0},
		{"a perf event array may keep its events", def(abi.PerfEventArray, 4, 4, 10, abi.PreserveElems), 0},
		{"a perf event array has entries", def(abi.PerfEventArray, 4, 4, 0, 0), abi.EINVAL},

		{"a queue is made", def(abi.Queue, 0, 4, 10, 0), 0},
		{"a queue has no keys", def(abi.Queue, 4, 4, 10, 0), abi.EINVAL},
		{"a queue has values", def(abi.Queue, 0, 0, 10, 0), abi.EINVAL},
		{"a queue has entries", def(abi.Queue, 0, 4, 0, 0), abi.EINVAL},
		{"a stack is never without preallocation", def(abi.Stack, 0, 4, 10, abi.NoPrealloc), abi.EINVAL},
		{"a queue's values are up to 4 MiB", def(abi.Queue, 0, 4<<20+1, 1, 0), abi.E2BIG},

		{"a ring buffer is made", def(abi.RingBuf, 0, 0, 4096, 0), 0},
		{"a ring buffer has a power of two of bytes", def(abi.RingBuf, 0, 0, 3*4096, 0), abi.EINVAL},
		{"a ring buffer has whole pages", def(abi.RingBuf, 0, 0, 2048, 0), abi.EINVAL},
		{"a ring buffer has a size", def(abi.RingBuf, 0, 0, 0, 0), abi.EINVAL},
		{"a ring buffer has no keys", def(abi.RingBuf, 4, 0, 4096, 0), abi.EINVAL},
		{"a ring buffer has no values", def(abi.RingBuf, 0, 4, 4096, 0), abi.EINVAL},
		{"a ring buffer is not read-only", def(abi.RingBuf, 0, 0, 4096, abi.ReadOnly), abi.EINVAL},

		{"a bloom filter is made", def(abi.BloomFilter, 0, 4, 10, 0), 0},
		{"a bloom filter may say its hashes", image.Map{Type: abi.BloomFilter, ValueSize: 4, MaxEntries: 10, Extra: 15}, 0},
		{"a bloom filter has up to 15 hashes", image.Map{Type: abi.BloomFilter, ValueSize: 4, MaxEntries: 10, Extra: 16}, abi.EINVAL},
		{"a bloom filter has no keys", def(abi.BloomFilter, 4, 4, 10, 0), abi.EINVAL},

		{"a device map is made", def(abi.DevMap, 4, 4, 10, 0), 0},
		{"a device map may hold programs", def(abi.DevMap, 4, 8, 10, 0), 0},
		{"a device map has values of 4 or 8 bytes", def(abi.DevMap, 4, 6, 10, 0), abi.EINVAL},
		{"a device hash is made", def(abi.DevMapHash, 4, 4, 10, 0), 0},
		{"a CPU map is made", def(abi.CPUMap, 4, 4, 2, 0), 0},
		{"a CPU map is not read-only", def(abi.CPUMap, 4, 4, 2, abi.ReadOnly), abi.EINVAL},
		{"a socket map is made", def(abi.XSKMap, 4, 4, 10, 0), 0},

		{"an array of maps is made", image.Map{Type: abi.ArrayOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 2, Inner: &inner}, 0},
		{"an array of maps has a template", def(abi.ArrayOfMaps, 4, 4, 2, 0), abi.EBADF},
		{"a hash of maps is made", image.Map{Type: abi.HashOfMaps, KeySize: 8, ValueSize: 4, MaxEntries: 2, Inner: &inner}, 0},
		{"a hash of maps has values of 4 bytes", image.Map{Type: abi.HashOfMaps, KeySize: 8, ValueSize: 8, MaxEntries: 2, Inner: &inner}, abi.EINVAL},
		{"a type that is none is refused", def(0, 4, 4, 1, 0), abi.EINVAL},
	}
}

func TestDefinitionsAreCheckedAsByLinux(t *testing.T) {
	t.Parallel()
	for _, c := range createCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, err := New(&c.def, Options{Table: newTable(t)})
			var got abi.Errno
			if err == nil {
				m.Close()
			} else {
				var ce *CreateError
				if !errors.As(err, &ce) {
					t.Fatalf("error %v is no CreateError", err)
				}
				got = ce.Errno
			}
			if got != c.want {
				t.Errorf("%s (%v), want %s", errnoText(got), err, errnoText(c.want))
			}
		})
	}
}

func TestUnsupportedTypesSayso(t *testing.T) {
	t.Parallel()
	_, err := New(&image.Map{Name: "s", Type: abi.SockMap, KeySize: 4, ValueSize: 4, MaxEntries: 1}, Options{Table: newTable(t)})
	if !errors.Is(err, ErrUnsupported) {
		t.Errorf("error %v is not ErrUnsupported", err)
	}
	if got, want := fmt.Sprint(err), `map "s": sockmap: map type is not supported`; got != want {
		t.Errorf("error text %q, want %q", got, want)
	}
}

func TestSpinLocksAreOnlyInHashesAndArrays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ   abi.MapType
		flags abi.MapFlags
		want  abi.Errno
	}{
		{abi.Array, 0, 0},
		{abi.Hash, 0, 0},
		{abi.LRUHash, 0, abi.EOPNOTSUPP},
		{abi.PerCPUArray, 0, abi.EOPNOTSUPP},
		{abi.Array, abi.ReadOnlyProg, abi.EACCES},
	} {
		def := image.Map{Type: c.typ, KeySize: 4, ValueSize: 16, MaxEntries: 4, Flags: c.flags, Value: lockValue(8, 16)}
		var got abi.Errno
		var ce *CreateError
		if m, err := New(&def, Options{Table: newTable(t)}); err == nil {
			m.Close()
		} else if errors.As(err, &ce) {
			got = ce.Errno
		}
		if got != c.want {
			t.Errorf("type %d flags %#x: %s, want %s", c.typ, c.flags, errnoText(got), errnoText(c.want))
		}
	}
}

func TestAdjustRoundsAsLibbpf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		def  image.Map
		want uint32
	}{
		{"a ring buffer of one byte", image.Map{Type: abi.RingBuf, MaxEntries: 1}, 4096},
		{"a ring buffer of three pages", image.Map{Type: abi.RingBuf, MaxEntries: 3 * 4096}, 4 * 4096},
		{"a good ring buffer", image.Map{Type: abi.RingBuf, MaxEntries: 8192}, 8192},
		{"a perf event array without size", image.Map{Type: abi.PerfEventArray}, 6},
		{"a perf event array with a size", image.Map{Type: abi.PerfEventArray, MaxEntries: 3}, 3},
		{"an array", image.Map{Type: abi.Array, MaxEntries: 3}, 3},
	} {
		before := c.def.MaxEntries
		if got := Adjust(&c.def, 6).MaxEntries; got != c.want {
			t.Errorf("%s: max_entries %d, want %d", c.name, got, c.want)
		}
		if c.def.MaxEntries != before {
			t.Errorf("%s: the definition was changed", c.name)
		}
	}
}

func TestHugeDefinitionsAreRefusedOrCostNothing(t *testing.T) {
	t.Parallel()
	table := newTable(t)
	inner := image.Map{Type: abi.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1}
	for _, def := range []image.Map{
		{Type: abi.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1<<32 - 1},
		{Type: abi.Array, KeySize: 4, ValueSize: 1<<31 - 1, MaxEntries: 1<<32 - 1},
		{Type: abi.PerCPUArray, KeySize: 4, ValueSize: 32 << 10, MaxEntries: 1<<32 - 1},
		{Type: abi.ProgArray, KeySize: 4, ValueSize: 4, MaxEntries: 1<<32 - 1},
		{Type: abi.PerfEventArray, KeySize: 4, ValueSize: 4, MaxEntries: 1<<32 - 1},
		{Type: abi.ArrayOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 1<<32 - 1, Inner: &inner},
		{Type: abi.Hash, KeySize: 4, ValueSize: 8, MaxEntries: 1 << 27},
		{Type: abi.LRUPerCPUHash, KeySize: 4, ValueSize: 32 << 10, MaxEntries: 1 << 27},
		{Type: abi.LPMTrie, KeySize: 8, ValueSize: 4 << 19, MaxEntries: 1<<32 - 1, Flags: abi.NoPrealloc},
		{Type: abi.Queue, ValueSize: 4 << 20, MaxEntries: 1<<32 - 1},
		{Type: abi.BloomFilter, ValueSize: 8, MaxEntries: 1<<32 - 1},
		{Type: abi.RingBuf, MaxEntries: 1 << 31},
		{Type: abi.DevMap, KeySize: 4, ValueSize: 4, MaxEntries: 1<<32 - 1},
		{Type: abi.XSKMap, KeySize: 4, ValueSize: 4, MaxEntries: 1<<32 - 1},
	} {
		m, err := New(&def, Options{Table: table})
		if err != nil {
			var ce *CreateError
			if !errors.As(err, &ce) || ce.Errno != abi.ENOMEM {
				t.Errorf("type %d: %v", def.Type, err)
			}
			continue
		}
		m.Close()
	}
}

func TestHeadersAreUsedAgain(t *testing.T) {
	t.Parallel()
	table := newTable(t)
	def := image.Map{Type: abi.Hash, KeySize: 4, ValueSize: 8, MaxEntries: 10}
	seen := map[any]bool{}
	for range 5000 {
		m, err := New(&def, Options{Table: table})
		if err != nil {
			t.Fatal(err)
		}
		seen[m.Header()] = true
		m.Close()
	}
	if len(seen) != 1 {
		t.Errorf("%d headers for one map at a time", len(seen))
	}
}

func TestInitialElementsAreThere(t *testing.T) {
	t.Parallel()
	def := image.Map{Name: "data", Type: abi.Array, KeySize: 4, ValueSize: 4, MaxEntries: 2,
		Contents: []image.Entry{{Key: u32(1), Value: u32(9)}, {Key: u32(0), Program: "later"}}}
	m := mustNew(t, newTable(t), def)
	v := make([]byte, 4)
	want(t, "lookup", Lookup(m, u32(1), v, 0), 0)
	if v[0] != 9 && v[3] != 9 {
		t.Errorf("value %x", v)
	}
	def.Contents = append(def.Contents, image.Entry{Key: u32(7), Value: u32(1)})
	_, err := New(&def, Options{Table: newTable(t)})
	if got, want := fmt.Sprint(err), `map "data": initial element 2 is refused: E2BIG`; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

func TestTablesGiveTheirMemoryBack(t *testing.T) {
	t.Parallel()
	freed := make(chan struct{})
	func() {
		table := newTable(t)
		m, err := New(&image.Map{Type: abi.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1}, Options{Table: table})
		if err != nil {
			t.Fatal(err)
		}
		m.Close()
		runtime.AddCleanup(table, func(c chan struct{}) { close(c) }, freed)
	}()
	for range 100 {
		runtime.GC()
		select {
		case <-freed:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Error("a table that nobody holds is not collected")
}
