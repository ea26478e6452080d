package arm64

import "github.com/skepbpf/skep/vm/ir"

// lookupKey emits the lookup of an element of an array whose key is a constant
// or in a register.
func (c *compiler) lookupKey(in *ir.Insn, dst, src reg) {
	m := &c.p.Maps[in.Off]
	if in.Op == ir.ElemK {
		c.movRI(dst, int64(m.Base+uint64(in.Imm)*m.Stride))
		c.ofElement(dst, m)
		return
	}
	miss, done := c.NewLabel(), c.NewLabel()
	inside := in.Flags&ir.InBounds != 0
	c.movRR(false, dst, src)
	if !inside {
		c.compareRI(false, dst, int64(m.MaxEntries))
		c.bcond(condHS, miss)
	}
	c.movRI(tmp, int64(m.Base))
	c.element(dst, tmp, dst, m.Stride)
	c.ofElement(dst, m)
	if !inside {
		c.b(done)
		c.Bind(miss)
		c.movRI(dst, 0)
		c.Bind(done)
	}
}

// ofElement goes from the address of an element of m, of the first CPU's where
// each has its own, to what a lookup finds.
func (c *compiler) ofElement(dst reg, m *ir.MapLayout) {
	switch m.Kind {
	case ir.MapPerCPUArray:
		c.load(8, false, tmp, block, ir.BlockCPU)
		c.element(dst, dst, tmp, m.CPUStride)
	case ir.MapArrayOfMaps:
		c.load(8, false, dst, dst, 0)
	}
}
