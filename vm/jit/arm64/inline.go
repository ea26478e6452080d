package arm64

import (
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
			c.load(4, false, regs[0], block, ir.BlockCPU)
			return true
		}
	case abi.Loop:
		if c.opts.Off&emit.OptLoop == 0 {
			c.loops = true
			c.bl(c.loop)
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
	r0 := regs[0]
	null, done := c.NewLabel(), c.NewLabel()
	c.load(4, false, r0, regs[2], 0)
	c.compareRI(false, r0, int64(m.MaxEntries))
	c.bcond(condHS, null)
	c.movRI(tmp, int64(m.Base))
	c.element(r0, tmp, r0, m.Stride)
	switch m.Kind {
	case ir.MapPerCPUArray:
		c.load(8, false, tmp, block, ir.BlockCPU)
		c.element(r0, r0, tmp, m.CPUStride)
	case ir.MapArrayOfMaps:
		c.load(8, false, r0, r0, 0)
	}
	c.b(done)
	c.Bind(null)
	c.movRI(r0, 0)
	c.Bind(done)
	return true
}

// element is d = base + index*n.
func (c *compiler) element(d, base, index reg, n uint64) {
	if s, ok := log2(true, int64(n)); ok {
		c.arithShifted(true, add, d, base, index, lsl, s)
		return
	}
	c.movRI(tmp2, int64(n))
	c.maddRR(true, d, index, tmp2, base)
}

// maxLoops is the most turns of bpf_loop. Linux 6.18: BPF_MAX_LOOPS.
const maxLoops = 8 << 20

// loopCode is bpf_loop: r1 turns of the function that r2 stands for, with the
// turn's number and r3, until one returns other than 0. r0 = turns begun.
func (c *compiler) loopCode() {
	again, done, einval, e2big, table := c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel()
	n, i, arg, fn := x19, x20, x21, x22
	c.Bind(c.loop)
	c.cbz(true, true, regs[4], einval)
	c.compareRI(false, regs[1], maxLoops)
	c.bcond(condHI, e2big)
	c.pair(stpPre, n, i, sp, -48)
	c.pair(stp, arg, fn, sp, 16)
	c.memScaled(accStore, 8, x30, sp, 32)
	c.movRR(false, n, regs[1])
	c.movRR(true, arg, regs[3])
	c.movRI(i, 0)
	// The function is its index in the table, relative to its row.
	c.adr(fn, table)
	c.movRR(false, tmp, regs[2])
	c.arithShifted(true, add, fn, fn, tmp, lsl, 2)
	c.load(4, true, tmp, fn, 0)
	c.arithRR(true, add, fn, fn, tmp)

	c.Bind(again)
	c.cmpRR(false, i, n)
	c.bcond(condHS, done)
	c.movRR(false, regs[1], i)
	c.movRR(true, regs[2], arg)
	for _, r := range regs[3:6] {
		c.movRI(r, 0)
	}
	c.blr(fn)
	c.arithRI(false, add, i, i, 1)
	c.cbz(true, false, regs[0], again)
	c.Bind(done)
	c.movRR(false, regs[0], i)
	c.memScaled(accLoad, 8, x30, sp, 32)
	c.pair(ldp, arg, fn, sp, 16)
	c.pair(ldpPost, n, i, sp, 48)
	c.ret()
	c.Bind(einval)
	c.movRI(regs[0], -int64(abi.EINVAL))
	c.ret()
	c.Bind(e2big)
	c.movRI(regs[0], -int64(abi.E2BIG))
	c.ret()
	c.Bind(table)
	for f := range c.p.Funcs {
		c.want(c.funcs+emit.Label(f), fixRel, 0)
	}
}
