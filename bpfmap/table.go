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

	keys keyPool
}

// slabHeaders is the number of headers in a slab.
const slabHeaders = 256

type slab struct {
	block []byte
	base  mem.Addr
	maps  [slabHeaders]atomic.Pointer[entry]
	used  [slabHeaders]bool // under Table.mu
}

type entry struct{ m Map }

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
		off := uint64(a - s.base)
		if off >= slabHeaders*HeaderSize {
			continue
		}
		if off%HeaderSize != 0 {
			return nil
		}
		if e := s.maps[off/HeaderSize].Load(); e != nil {
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
	t.lastID++
	slabs := *t.slabs.Load()
	for _, s := range slabs {
		for i := range s.used {
			if !s.used[i] {
				s.used[i] = true
				return s.base + mem.Addr(i*HeaderSize), t.lastID, nil
			}
		}
	}
	b, err := mem.Alloc(slabHeaders * HeaderSize)
	if err != nil {
		return 0, 0, fmt.Errorf("map headers: %w", err)
	}
	s := &slab{block: b, base: mem.AddrOf(b)}
	s.used[0] = true
	grown := append(append([]*slab{}, slabs...), s)
	t.slabs.Store(&grown)
	return s.base, t.lastID, nil
}

// place finds the slab and index of a header.
func (t *Table) place(a mem.Addr) (*slab, int) {
	for _, s := range *t.slabs.Load() {
		if off := uint64(a - s.base); off < slabHeaders*HeaderSize {
			return s, int(off / HeaderSize)
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
	s, i := t.place(a)
	clear(a.Bytes(HeaderSize))
	t.mu.Lock()
	s.used[i] = false
	t.mu.Unlock()
}
