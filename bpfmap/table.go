package bpfmap

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/skepbpf/skep/internal/mem"
)

// Table resolves the header addresses that programs hold to maps. A runtime
// has one; maps of one table can hold each other.
//
// Headers lie in slabs, so that any word a program claims to be a map can be
// tested by arithmetic, without reading through it.
type Table struct {
	epoch *Epoch
	seed  uint64

	slabs atomic.Pointer[[]*slab]

	mu     sync.Mutex
	lastID uint32
	byID   map[uint32]Map
	free   []mem.Addr // headers

	keys keyPool
}

// slabHeaders is the number of headers in the first slab. Each further slab
// has twice as many, up to a limit, so that there are few to look through.
const (
	slabHeaders    = 256
	maxSlabHeaders = 64 << 10
)

type slab struct {
	base mem.Addr
	maps []atomic.Pointer[entry]
}

type entry struct{ m Map }

// index is the number of the header that a lies in, false if it is not in the
// slab.
func (s *slab) index(a mem.Addr) (uint64, bool) {
	i := uint64(a-s.base) / HeaderSize
	return i, i < uint64(len(s.maps))
}

// TableOptions are what a table is made with.
type TableOptions struct {
	CPUs int    // virtual CPUs; 0 means GOMAXPROCS
	Seed uint64 // of the hash functions, so that runs can be repeated; 0 means random
}

// NewTable makes a table without maps.
func NewTable(o TableOptions) *Table {
	if o.CPUs <= 0 {
		o.CPUs = runtime.GOMAXPROCS(0)
	}
	t := &Table{epoch: NewEpoch(o.CPUs), seed: o.Seed, byID: map[uint32]Map{}}
	t.slabs.Store(&[]*slab{})
	return t
}

// Epoch is what runs on the table's maps enter and leave.
func (t *Table) Epoch() *Epoch { return t.epoch }

// CPUs is the number of virtual CPUs.
func (t *Table) CPUs() int { return len(t.epoch.cpus) }

// Map is the map whose header is at a, nil if a is none. a may be any word.
func (t *Table) Map(a mem.Addr) Map {
	for _, s := range *t.slabs.Load() {
		i, ok := s.index(a)
		if !ok {
			continue
		}
		if e := s.maps[i].Load(); e != nil && (a-s.base)%HeaderSize == 0 {
			return e.m
		}
		return nil
	}
	return nil
}

// ByID is the map with a number, nil if there is none.
func (t *Table) ByID(id uint32) Map {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byID[id]
}

// Maps calls f with each live map, in no order.
func (t *Table) Maps(f func(Map)) {
	t.mu.Lock()
	all := make([]Map, 0, len(t.byID))
	for _, m := range t.byID {
		all = append(all, m)
	}
	t.mu.Unlock()
	for _, m := range all {
		f(m)
	}
}

// header takes a free header and a number.
func (t *Table) header() (mem.Addr, uint32, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.free) == 0 {
		if err := t.grow(); err != nil {
			return 0, 0, fmt.Errorf("map headers: %w", err)
		}
	}
	t.lastID++
	a := t.free[len(t.free)-1]
	t.free = t.free[:len(t.free)-1]
	return a, t.lastID, nil
}

// grow adds a slab.
func (t *Table) grow() error {
	slabs := *t.slabs.Load()
	n := min(slabHeaders<<min(len(slabs), 16), maxSlabHeaders)
	b, err := mem.Alloc(n * HeaderSize)
	if err != nil {
		return err
	}
	s := &slab{base: mem.AddrOf(b), maps: make([]atomic.Pointer[entry], n)}
	for i := n - 1; i >= 0; i-- {
		t.free = append(t.free, s.base+mem.Addr(i*HeaderSize))
	}
	// Maps point to their table, so that it outlives them.
	runtime.AddCleanup(t, func(b []byte) { _ = mem.Free(b) }, b)
	grown := append(append([]*slab{}, slabs...), s)
	t.slabs.Store(&grown)
	return nil
}

// place finds the slab and index of a header.
func (t *Table) place(a mem.Addr) (*slab, uint64) {
	for _, s := range *t.slabs.Load() {
		if i, ok := s.index(a); ok {
			return s, i
		}
	}
	panic("BUG: header of no slab")
}

// add makes m known.
func (t *Table) add(m Map) {
	s, i := t.place(m.Header())
	t.mu.Lock()
	t.byID[m.ID()] = m
	t.mu.Unlock()
	s.maps[i].Store(&entry{m})
}

// hide takes a map out of sight; its header stays.
func (t *Table) hide(a mem.Addr, id uint32) {
	s, i := t.place(a)
	s.maps[i].Store(nil)
	t.mu.Lock()
	delete(t.byID, id)
	t.mu.Unlock()
}

// drop frees a header that no run can see any more.
func (t *Table) drop(a mem.Addr) {
	clear(a.Bytes(HeaderSize))
	t.mu.Lock()
	t.free = append(t.free, a)
	t.mu.Unlock()
}
