package arm64

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// saveAll is how many pairs of r0 to r5 there are.
const saveAll = 3

// toSave is how many pairs of registers an exit saves, of r0 and r1 on: those
// with the arguments of a call, or all.
func (c *compiler) toSave(kind emit.ExitKind, insn int32) int {
	if kind != emit.ExitCall {
		return saveAll
	}
	in := &c.p.Insns[insn]
	if in.Op != ir.Call {
		return saveAll
	}
	f := &c.p.Callees[in.Off]
	rows, n := abi.Helpers(f.Helper), 0
	if f.Kfunc != "" || f.Helper == abi.TracePrintk || len(rows) == 0 { // that prototype leaves its numbers out
		return saveAll
	}
	for i := range rows {
		for k, a := range rows[i].Args {
			if a != abi.ArgNone {
				n = max(n, k+1)
			}
		}
	}
	return (n + 2) / 2
}

// leaveCode is what exits jump to, at the label of what they save, with their
// number in tmp. The return address stays behind the saved registers: functions
// that do not call keep it in x30.
func (c *compiler) leaveCode() {
	for n := saveAll; n > 0; n-- {
		c.Bind(c.leave + emit.Label(n))
		r := 2 * (n - 1)
		c.pair(stp, regs[r], regs[r+1], block, saved(r))
	}
	c.Bind(c.leave)
	c.movWide(true, movk, tmp, uint16(c.opts.Handle), 2)
	c.movWide(true, movk, tmp, uint16(c.opts.Handle>>16), 3)
	c.memScaled(accStore, 8, tmp, block, emit.BlockExit)
	c.pair(stpPre, regs[10], regs[9], sp, -savedSize)
	c.pair(stp, regs[8], regs[7], sp, 16)
	c.pair(stp, regs[6], x30, sp, 32)
	c.toGo()
}

// savedSize is the room of what leaveCode saves on the stack.
const savedSize = 8 * (emit.SavedSlots + 1)
