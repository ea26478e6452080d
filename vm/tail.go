package vm

import (
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/internal/mem"
)

// TailCall is the program at index of the program array whose header is at
// array, nil if there is none or the run had its 33 tail calls.
func (c *Context) TailCall(array mem.Addr, index uint64) *Program {
	if c.Block.TailCalls == 0 {
		return nil
	}
	h, ok := c.Table.Map(array).(bpfmap.Holder)
	if !ok {
		return nil
	}
	key := c.scratch.Bytes(4)
	*c.scratch.U32() = uint32(index)
	held := h.Held(key)
	if held == nil {
		return nil
	}
	p, ok := held.Object.(*Program)
	if !ok {
		return nil
	}
	c.Block.TailCalls--
	return p
}
