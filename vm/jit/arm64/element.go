package arm64

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// lookupKey emits the lookup of an element of an array whose key is a constant
// or in a register. A test for NULL that follows is part of it.
func (c *compiler) lookupKey(i int, in *ir.Insn, dst, src reg) {
	m := &c.p.Maps[in.Off]
	if in.Op == ir.ElemK {
		c.movRI(dst, int64(m.Base+uint64(in.Imm)*m.Stride))
		c.ofElement(dst, m)
		return
	}
	key := src
	inside := in.Flags&ir.InBounds != 0
	if !inside || in.Flags&ir.Src32 == 0 {
		key = tmp3
		c.movRR(false, key, src)
	}
	miss := c.NewLabel()
	var test *ir.Insn
	if !inside {
		c.movRI(dst, 0)
		c.compareRI(false, key, int64(m.MaxEntries))
		if test = c.nullTest(i, in); test != nil && test.Op == ir.JEq64K {
			c.bcond(condHS, c.insns+emit.Label(test.Off))
		} else {
			c.bcond(condHS, miss)
		}
	}
	c.movRI(tmp, int64(m.Base))
	c.element(dst, tmp, key, m.Stride)
	c.ofElement(dst, m)
	if test != nil && test.Op == ir.JNe64K {
		c.b(c.insns + emit.Label(test.Off))
	}
	c.Bind(miss)
}

// nullTest is the instruction behind i if that jumps for the result of the
// lookup at i being NULL or not, and nothing else leads there. It is left out.
func (c *compiler) nullTest(i int, in *ir.Insn) *ir.Insn {
	test := c.follows(i)
	if test == nil || c.p.Maps[in.Off].Kind == ir.MapArrayOfMaps || test.Op != ir.JEq64K && test.Op != ir.JNe64K ||
		test.Dst != in.Dst || test.Imm != 0 || test.Flags&ir.BackEdge != 0 {
		return nil
	}
	c.skip = i + 1
	return test
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
