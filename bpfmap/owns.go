package bpfmap

import "github.com/skepbpf/skep/internal/mem"

// owner is a map that knows its memory.
type owner interface {
	owns(a mem.Addr, n uint64) bool
}

// Owns reports whether the n bytes at a, which may be any word, are memory of
// one of the table's maps. It holds to the end of the run that asks: what a
// run could see stays mapped.
func (t *Table) Owns(a mem.Addr, n uint64) bool {
	for _, s := range *t.slabs.Load() {
		for i := range s.maps {
			e := s.maps[i].Load()
			if e == nil {
				continue
			}
			if o, ok := e.m.(owner); ok && o.owns(a, n) {
				return true
			}
		}
	}
	return false
}

func (b *base) owns(a mem.Addr, n uint64) bool {
	b.blockMu.Lock()
	defer b.blockMu.Unlock()
	for _, p := range b.blocks {
		if mem.RangeOf(p).Has(a, n) {
			return true
		}
	}
	return false
}

// owns covers the records, which lie twice, one after the other.
func (r *RingBuf) owns(a mem.Addr, n uint64) bool {
	return mem.Range{Base: r.data, Len: 2 * (r.mask + 1)}.Has(a, n)
}
