package execmem

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/skepbpf/skep/internal/mem"
)

// align is what blocks begin at a multiple of, in bytes: a cache line.
const align = 64

// trap fills memory that holds no code; it is int3 on amd64 and no instruction
// on arm64.
const trap = 0xcc

// ErrFull is that an arena has no room left.
var ErrFull = errors.New("no room for machine code")

// Arena is a range of memory that code is placed in.
type Arena struct {
	mu   sync.Mutex
	rw   []byte   // to write
	rx   mem.Addr // the same, to run
	free []span   // by offset, never adjacent
	used int
	once bool // memory is used once
}

// span is a free range, by its offset in the arena.
type span struct{ off, len int }

// Block is placed code.
type Block struct {
	a    *Arena
	span span
}

// NewArena reserves size bytes, which must be a multiple of the page size.
func NewArena(size int) (*Arena, error) {
	rw, rx, err := mapTwice(size)
	if err != nil {
		return nil, fmt.Errorf("memory for machine code: %w", err)
	}
	return &Arena{rw: rw, rx: rx, free: []span{{0, size}}}, nil
}

// Range is where code lies: from lo to hi, exclusive.
func (a *Arena) Range() (lo, hi mem.Addr) { return a.rx, a.rx + mem.Addr(len(a.rw)) }

// Place copies code into the arena.
func (a *Arena) Place(code []byte) (*Block, error) {
	n := (len(code) + align - 1) &^ (align - 1)
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.free, func(s span) bool { return s.len >= n })
	if i < 0 || n == 0 {
		return nil, ErrFull
	}
	s := span{a.free[i].off, n}
	a.free[i].off += n
	a.free[i].len -= n
	if a.free[i].len == 0 {
		a.free = slices.Delete(a.free, i, i+1)
	}
	a.used += n
	to := a.rw[s.off : s.off+n]
	copy(to, code)
	fill(to[len(code):])
	flush(to, a.rx+mem.Addr(s.off))
	return &Block{a: a, span: s}, nil
}

// Used is how many bytes hold code.
func (a *Arena) Used() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.used
}

// UseOnce makes a place code only where none was before, for machines that go on
// running what a place held. It has room for less then, in the long run.
func (a *Arena) UseOnce() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.once = true
}

// Close unmaps the arena. No code of it may run.
func (a *Arena) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	rw, rx := a.rw, a.rx
	a.rw, a.rx, a.free = nil, 0, nil
	if rw == nil {
		return nil
	}
	return unmapTwice(rw, rx)
}

// Addr is where the code begins.
func (b *Block) Addr() mem.Addr { return b.a.rx + mem.Addr(b.span.off) }

// Size is the block's size in bytes.
func (b *Block) Size() int { return b.span.len }

// Free gives the block back. No run may be inside. It is idempotent.
func (b *Block) Free() {
	a := b.a
	a.mu.Lock()
	defer a.mu.Unlock()
	if b.span.len == 0 || a.rw == nil {
		return
	}
	fill(a.rw[b.span.off : b.span.off+b.span.len])
	a.used -= b.span.len
	if a.once {
		b.span.len = 0
		return
	}
	i, _ := slices.BinarySearchFunc(a.free, b.span.off, func(s span, off int) int { return s.off - off })
	a.free = slices.Insert(a.free, i, b.span)
	if i+1 < len(a.free) && a.free[i].off+a.free[i].len == a.free[i+1].off {
		a.free[i].len += a.free[i+1].len
		a.free = slices.Delete(a.free, i+1, i+2)
	}
	if i > 0 && a.free[i-1].off+a.free[i-1].len == a.free[i].off {
		a.free[i-1].len += a.free[i].len
		a.free = slices.Delete(a.free, i, i+1)
	}
	b.span.len = 0
}

func fill(b []byte) {
	for i := range b {
		b[i] = trap
	}
}
