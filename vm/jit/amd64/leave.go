package amd64

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// saveAll says that an exit saves r0 to r5; less, how many of r1 on.
const saveAll = 6

// toSave is what an exit saves of r0 to r5: the arguments of a call.
func (c *compiler) toSave(kind emit.ExitKind, insn int32) int {
	if kind != emit.ExitCall {
		return saveAll
	}
	in := &c.p.Insns[insn]
	if in.Op != ir.Call {
		return saveAll
	}
	f := &c.p.Callees[in.Off]
	if f.Kfunc != "" || f.Helper == abi.TracePrintk { // the prototype leaves its numbers out
		return 5
	}
	rows, n := abi.Helpers(f.Helper), 0
	if len(rows) == 0 {
		return 5
	}
	for i := range rows {
		for k, a := range rows[i].Args {
			if a != abi.ArgNone {
				n = max(n, k+1)
			}
		}
	}
	return n
}

// leaveCode is what exits jump to, at the label of what they save. Go's side
// takes the same steps back for all: it pops r6 to r10, though only those are
// saved that the program uses.
func (c *compiler) leaveCode() {
	used := uint16(1 << 10) // frames need it, whether the program does or not
	if c.loops {
		used = 1<<11 - 1
	}
	for i := range c.p.Insns {
		in := &c.p.Insns[i]
		used |= 1<<(in.Dst&15) | 1<<(in.Src&15) | 1<<(in.Index&15)
	}
	for n := saveAll; n > 0; n-- {
		c.Bind(c.leave + emit.Label(n))
		c.store(8, block, saved(n%saveAll), regs[n%saveAll])
	}
	c.Bind(c.leave)
	c.storeI(4, block, emit.BlockProg, int32(c.opts.Handle))
	c.lea(rsp, rsp, -8*emit.SavedSlots)
	for r := 6; r <= 10; r++ {
		if used&(1<<r) != 0 {
			c.store(8, rsp, int32(8*(emit.SlotR10+10-r)), regs[r])
		}
	}
	c.toGo()
}
