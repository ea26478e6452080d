package amd64

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
	over, slow, none := c.NewLabel(), c.NewLabel(), c.NewLabel()
	if c.opts.Off&emit.OptTail == 0 && c.opts.CodeSize != 0 {
		c.tailWord(in, over)
		c.tailCheck(slow)
		c.aluMI(true, sub, block, ir.BlockTailCalls, 1)
		c.jcc(condB, none)
		c.enterTail(func() { c.jmpR(tmp) })
		c.Bind(none)
		c.aluMI(true, add, block, ir.BlockTailCalls, 1)
		c.jmp(over)
		c.Bind(slow)
		c.testRR(true, tmp, tmp)
		c.jcc(condE, over)
	}
	c.exit(emit.ExitTail, insn, true)
	c.jmp(over)
	c.exits[len(c.exits)-1].Unwind = c.Len()
	c.load(8, false, regs[1], block, saved(1))
	c.enterTail(func() { c.jmpMem(block, emit.BlockTarget) })
	c.Bind(over)
}

// enterTail gives up the frame and enters another program, which returns here
// where something is saved.
func (c *compiler) enterTail(jump func()) {
	if c.fn.StackDepth > 0 {
		c.movRR(true, rsp, rbp)
	}
	if c.frame.bare {
		jump()
		return
	}
	behind := c.NewLabel()
	c.leaLabel(tmp2, behind)
	c.push(tmp2)
	jump()
	c.Bind(behind)
	c.restore()
	c.back()
}

// tailWord loads the array's word into tmp; over is where it goes on if there is
// none.
func (c *compiler) tailWord(in *ir.Insn, over emit.Label) {
	array, index := regs[2], regs[3]
	if in.Imm > 0 && c.p.Maps[in.Imm-1].Kind == ir.MapPrograms {
		m := &c.p.Maps[in.Imm-1]
		c.aluRI(false, cmp, index, int32(m.MaxEntries))
		c.jcc(condAE, over)
		c.movRI(tmp, int64(m.Base))
	} else {
		c.load(4, false, tmp, array, ir.HeaderMaxEntries)
		c.aluRR(false, cmp, index, tmp)
		c.jcc(condAE, over)
		c.load(8, false, tmp, array, ir.HeaderBase)
	}
	c.movRR(false, tmp2, index)
	c.loadIndex(tmp, tmp, tmp2, 3)
}

// tailCheck goes to slow unless tmp is an address of the engine's code and there
// is stack for another program.
func (c *compiler) tailCheck(slow emit.Label) {
	c.movRI(tmp2, -int64(c.opts.CodeLow))
	c.aluRR(true, add, tmp2, tmp)
	c.aluRI(true, cmp, tmp2, int32(c.opts.CodeSize))
	c.jcc(condAE, slow)
	if !c.frame.bare {
		c.lea(tmp2, rsp, -emit.Room)
		c.rm(true, byte(cmp)<<3|3, tmp2, block, ir.BlockStackLimit)
		c.jcc(condB, slow)
	}
}
