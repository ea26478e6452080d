package vm

import (
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm/ir"
)

// Ranger is an event whose memory the run may read by any address.
type Ranger interface {
	Range() (a mem.Addr, size int)
}

// Readable reports whether a run may read n bytes at a wherever a came from:
// only from memory that skep lends to the run (its stack, its packet, memory
// of its table's maps). Elsewhere a probing read finds nothing.
func (c *Context) Readable(a mem.Addr, n int) bool {
	low, size := uint64(a), uint64(n)
	in := func(base mem.Addr, length uint64) bool {
		off := low - uint64(base)
		return low >= uint64(base) && size <= length && off <= length-size
	}
	stack := mem.AddrOf(c.memory) + ir.BlockSize
	if in(stack, uint64(len(c.memory)-ir.BlockSize)) {
		return true
	}
	if e, ok := c.Event.(Ranger); ok {
		if base, length := e.Range(); in(base, uint64(length)) {
			return true
		}
	}
	return c.Table != nil && c.Table.Owns(a, size)
}

// Scratch is room outside the Go heap, up to 600 bytes, for one helper call.
func (c *Context) Scratch(n int) []byte { return c.scratch.Bytes(n) }

// Text is room of n bytes for one helper call.
func (c *Context) Text(n int) []byte {
	if cap(c.text) < n {
		c.text = make([]byte, n)
	}
	return c.text[:n]
}

// Line is an empty slice to append to; what it grew into goes back by
// KeepLine, so that later calls need not allocate.
func (c *Context) Line() []byte { return c.line[:0] }

// KeepLine takes back what Line gave.
func (c *Context) KeepLine(b []byte) { c.line = b }
