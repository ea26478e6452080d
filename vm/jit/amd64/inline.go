package amd64

import (
	"math/bits"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// inline emits a call's work in place; false means that it is none that it can.
func (c *compiler) inline(f *ir.Callee) bool {
	switch f.Helper {
	case abi.MapLookupElem:
		return f.Map > 0 && c.opts.Off&emit.OptLookup == 0 && c.lookup(&c.p.Maps[f.Map-1])
	case abi.GetSmpProcessorID:
		if c.opts.Off&emit.OptCPU == 0 {
			c.load(4, false, rax, block, ir.BlockCPU)
			return true
		}
	case abi.Loop:
		if c.opts.Off&emit.OptLoop == 0 {
			c.loops = true
			c.call(c.loop)
			return true
		}
	}
	return false
}

// lookup emits the lookup of the key at r2 in an array.
func (c *compiler) lookup(m *ir.MapLayout) bool {
	switch m.Kind {
	case ir.MapArray, ir.MapPerCPUArray, ir.MapArrayOfMaps:
	default:
		return false
	}
	null, done := c.NewLabel(), c.NewLabel()
	c.load(4, false, rax, regs[2], 0)
	c.aluRI(false, cmp, rax, int32(m.MaxEntries))
	c.jcc(condAE, null)
	c.scale(rax, m.Stride)
	c.movRI(tmp, int64(m.Base))
	c.aluRR(true, add, rax, tmp)
	switch m.Kind {
	case ir.MapPerCPUArray:
		c.load(8, false, tmp, block, ir.BlockCPU)
		c.scale(tmp, m.CPUStride)
		c.aluRR(true, add, rax, tmp)
	case ir.MapArrayOfMaps:
		c.load(8, false, rax, rax, 0)
	}
	c.jmp(done)
	c.Bind(null)
	c.movRI(rax, 0)
	c.Bind(done)
	return true
}

// scale multiplies r by n.
func (c *compiler) scale(r reg, n uint64) {
	switch {
	case n&(n-1) == 0 && n > 1:
		c.shiftRI(true, opShl, r, uint8(bits.TrailingZeros64(n)))
	case n == 1:
	case isInt32(int64(n)):
		c.imulRRI(true, r, r, int32(n))
	default:
		c.movRI(tmp2, int64(n))
		c.imulRR(true, r, tmp2)
	}
}

// maxLoops is the most turns of bpf_loop. Linux 6.18: BPF_MAX_LOOPS.
const maxLoops = 8 << 20

// loopCode is bpf_loop: r1 turns of the function that r2 stands for, with the
// turn's number and r3, until one returns other than 0. r0 = turns begun.
func (c *compiler) loopCode() {
	again, done, einval, e2big, table := c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel()
	n, i, arg, fn := rbx, r13, r14, r15
	c.Bind(c.loop)
	c.testRR(true, regs[4], regs[4])
	c.jcc(condNE, einval)
	c.aluRI(false, cmp, regs[1], maxLoops)
	c.jcc(condA, e2big)
	saved := [...]reg{n, i, arg, fn}
	for _, r := range saved {
		c.push(r)
	}
	c.movRR(false, n, regs[1])
	c.movRR(true, arg, regs[3])
	c.movRI(i, 0)
	// The function is its index in the table, relative to the code's begin.
	c.leaLabel(fn, table)
	c.movRR(false, rax, regs[2])
	c.shiftRI(true, opShl, rax, 2)
	c.aluRR(true, add, rax, fn)
	c.load(4, false, rax, rax, 0)
	c.leaLabel(fn, c.begin)
	c.aluRR(true, add, fn, rax)

	c.Bind(again)
	c.aluRR(false, cmp, i, n)
	c.jcc(condAE, done)
	c.movRR(false, regs[1], i)
	c.movRR(true, regs[2], arg)
	for _, r := range regs[3:6] {
		c.movRI(r, 0)
	}
	c.callR(fn)
	c.aluRI(false, add, i, 1)
	c.testRR(true, rax, rax)
	c.jcc(condE, again)
	c.Bind(done)
	c.movRR(false, rax, i)
	for k := len(saved) - 1; k >= 0; k-- {
		c.pop(saved[k])
	}
	c.ret()
	c.Bind(einval)
	c.movRI(rax, -int64(abi.EINVAL))
	c.ret()
	c.Bind(e2big)
	c.movRI(rax, -int64(abi.E2BIG))
	c.ret()
	c.Bind(table)
	for f := range c.p.Funcs {
		c.Want(c.funcs+emit.Label(f), fixOff32)
	}
}
