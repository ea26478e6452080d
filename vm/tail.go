package vm

import (
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/internal/mem"
)

// TailTarget is code that other code of its engine can continue in by itself.
type TailTarget interface {
	Code
	// Entry is an address that the engine knows for its own, so that no word
	// of another engine's is taken for it.
	Entry() uint64
}

// noEntry is the word of programs that have no such address.
const noEntry = 1

// Entry is the word that stands for p in program arrays, bpfmap.Handle.Value.
func (p *Program) Entry() uint64 {
	if t, ok := p.code.(TailTarget); ok {
		return t.Entry()
	}
	return noEntry
}

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
