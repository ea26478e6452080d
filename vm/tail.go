package vm

import "github.com/skepbpf/skep/internal/mem"

// programHolder is what a program array is to a tail call.
type programHolder interface {
	// Program is the program at index, nil if there is none.
	Program(index uint32) any
}

// TailCall is the program at index of the program array whose header is at
// array, nil if there is none or the run had its 33 tail calls.
func (c *Context) TailCall(array mem.Addr, index uint64) *Program {
	h, ok := c.Table.Map(array).(programHolder)
	if !ok || c.Block.TailCalls == 0 {
		return nil
	}
	p, ok := h.Program(uint32(index)).(*Program)
	if !ok {
		return nil
	}
	c.Block.TailCalls--
	return p
}
