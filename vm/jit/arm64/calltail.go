package arm64

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// tailCall emits a tail call. The word in the array says where to go on if it is
// an address of the engine's code, else Go does: it ends the run, or finds that
// the array is none, or that the stack is at its end.
//
// The program that is entered takes the place of this one. Out of a subprogram
// it returns here, because it saves nothing.
func (c *compiler) tailCall(insn int32, in *ir.Insn) {
	over, slow := c.NewLabel(), c.NewLabel()
	if c.opts.Off&emit.OptTail == 0 && c.opts.CodeSize != 0 {
		c.tailWord(in, over)
		c.tailCheck(slow)
		c.memScaled(accLoad, 8, tmp2, block, ir.BlockTailCalls)
		c.cbz(true, false, tmp2, over)
		c.arithRI(true, sub, tmp2, tmp2, 1)
		c.memScaled(accStore, 8, tmp2, block, ir.BlockTailCalls)
		c.enterTail()
		c.Bind(slow)
		c.cbz(true, false, tmp, over)
	}
	c.exit(emit.ExitTail, insn, true)
	c.b(over)
	c.exits[len(c.exits)-1].Unwind = c.Len()
	c.memScaled(accLoad, 8, regs[1], block, saved(1))
	c.memScaled(accLoad, 8, tmp, block, emit.BlockTarget)
	c.enterTail()
	c.Bind(over)
}

// enterTail gives up the frame and enters another program, at tmp, by a jump
// where nothing is saved.
func (c *compiler) enterTail() {
	c.drop()
	if c.frame.bare {
		c.restore()
		c.br(tmp)
		return
	}
	c.called30(func() { c.br(tmp) })
	c.restore()
	c.back()
}

// tailWord loads the array's word into tmp; over is where it goes on if there is
// none.
func (c *compiler) tailWord(in *ir.Insn, over emit.Label) {
	array, index := regs[2], regs[3]
	if in.Imm > 0 && c.p.Maps[in.Imm-1].Kind == ir.MapPrograms {
		m := &c.p.Maps[in.Imm-1]
		c.compareRI(false, index, int64(m.MaxEntries))
		c.bcond(condHS, over)
		c.movRI(tmp, int64(m.Base))
	} else {
		c.load(4, false, tmp, array, ir.HeaderMaxEntries)
		c.cmpRR(false, index, tmp)
		c.bcond(condHS, over)
		c.load(8, false, tmp, array, ir.HeaderBase)
	}
	c.movRR(false, tmp2, index)
	c.memIndexed(accLoad, 8, tmp, tmp, tmp2, true)
}

// tailCheck goes to slow unless tmp is an address of the engine's code and there
// is stack for another program.
func (c *compiler) tailCheck(slow emit.Label) {
	c.movRI(tmp2, int64(c.opts.CodeLow))
	c.arithRR(true, sub, tmp2, tmp, tmp2)
	c.movRI(tmp3, int64(c.opts.CodeSize))
	c.cmpRR(true, tmp2, tmp3)
	c.bcond(condHS, slow)
	if !c.frame.bare {
		c.movSP(tmp2, sp)
		c.movRI(tmp3, emit.Room)
		c.arithRR(true, sub, tmp2, tmp2, tmp3)
		c.memScaled(accLoad, 8, tmp3, block, ir.BlockStackLimit)
		c.cmpRR(true, tmp2, tmp3)
		c.bcond(condLO, slow)
	}
}
