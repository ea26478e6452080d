package vm

import (
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/internal/mem"
)

// Undo gives back what a run held when it ended before its time: it discards a
// reserved record, unlocks a lock, drops a reference.
type Undo func(c *Context, owner any, a mem.Addr)

// held is an entry of the ledger: what a run must not take with it.
type held struct {
	undo  Undo
	owner any
	addr  mem.Addr
}

// maxHeld is how much a run can hold before the ledger allocates.
const maxHeld = 32

// Hold enters into the ledger that the run holds a, which undo gives back. The
// owner should be a pointer, so that no allocation is needed.
func (c *Context) Hold(owner any, a mem.Addr, undo Undo) {
	c.held = append(c.held, held{undo, owner, a})
}

// Drop strikes the latest entry for a from the ledger, because the run gave it
// back itself, and is its owner; nil if there is none.
func (c *Context) Drop(a mem.Addr) (owner any) {
	for i := len(c.held) - 1; i >= 0; i-- {
		if c.held[i].addr == a {
			owner = c.held[i].owner
			copy(c.held[i:], c.held[i+1:])
			c.held[len(c.held)-1] = held{}
			c.held = c.held[:len(c.held)-1]
			return owner
		}
	}
	return c.dropRecord(a)
}

// Holder is the owner in the latest entry for a, nil if there is none.
func (c *Context) Holder(a mem.Addr) any {
	for i := len(c.held) - 1; i >= 0; i-- {
		if c.held[i].addr == a {
			return c.held[i].owner
		}
	}
	if i := c.recordAt(a); i >= 0 {
		return c.Table.Map(c.Block.Record[i].Header)
	}
	return nil
}

// Holding is the number of entries in the ledger.
func (c *Context) Holding() int { return len(c.held) + int(c.Block.Records) }

// release undoes the entries from n on, latest first.
func (c *Context) release(n int) {
	for i := len(c.held) - 1; i >= n; i-- {
		h := c.held[i]
		c.held[i] = held{}
		c.held = c.held[:i]
		h.undo(c, h.owner, h.addr)
	}
}

// Record is an entry of the part of the ledger that machine code writes.
type Record struct{ Sample, Header mem.Addr }

// recordAt is the index of the record whose sample is at a, -1 if none.
func (c *Context) recordAt(a mem.Addr) int {
	b := c.Block
	for i := int(b.Records) - 1; i >= 0; i-- {
		if b.Record[i].Sample == a {
			return i
		}
	}
	return -1
}

// dropRecord is Drop for the records that machine code reserved.
func (c *Context) dropRecord(a mem.Addr) (owner any) {
	i := c.recordAt(a)
	if i < 0 {
		return nil
	}
	b := c.Block
	h := b.Record[i].Header
	copy(b.Record[i:], b.Record[i+1:b.Records])
	b.Records--
	return c.Table.Map(h)
}

// discard gives the records from n on back.
func (c *Context) discard(n uint64) {
	b := c.Block
	for b.Records > n {
		b.Records--
		if r, ok := c.Table.Map(b.Record[b.Records].Header).(*bpfmap.RingBuf); ok {
			r.Discard(b.Record[b.Records].Sample, 0)
		}
	}
}

// Wake makes the reader of the ring buffer with a header at h look.
func (c *Context) Wake(h mem.Addr) {
	if r, ok := c.Table.Map(h).(*bpfmap.RingBuf); ok {
		r.Wake()
	}
}
