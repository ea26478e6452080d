package bpfmap

import (
	"sync"

	"github.com/skepbpf/skep/internal/mem"
)

// keyPool lends 8-byte words outside the heap, for the keys of arrays, which
// have no keys of their own to point at.
type keyPool struct {
	mu   sync.Mutex
	free []mem.Addr
}

func (p *keyPool) take() mem.Addr {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) == 0 {
		b, err := mem.Alloc(mem.PageSize)
		if err != nil {
			return 0
		}
		for off := 0; off < len(b); off += 64 {
			p.free = append(p.free, mem.AddrOf(b)+mem.Addr(off))
		}
	}
	a := p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	return a
}

func (p *keyPool) give(a mem.Addr) {
	p.mu.Lock()
	p.free = append(p.free, a)
	p.mu.Unlock()
}

// indices visits the elements 0 to max-1 of an array.
func (t *Table) indices(max uint32, at func(uint32) mem.Addr, f func(key, value mem.Addr) bool) int {
	key := t.keys.take()
	if key == 0 {
		return 0
	}
	defer t.keys.give(key)
	for i := range max {
		*key.U32() = i
		if !f(key, at(i)) {
			return int(i) + 1
		}
	}
	return int(max)
}
