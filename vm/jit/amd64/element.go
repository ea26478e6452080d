package amd64

import (
	"math/bits"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// element emits the lookup of an element of an array whose key is a constant or
// in a register. A test for NULL that follows is part of it.
func (c *compiler) element(i int, in *ir.Insn, dst, src reg) {
	m := &c.p.Maps[in.Off]
	if in.Op == ir.ElemK {
		addr := int64(m.Base + uint64(in.Imm)*m.Stride)
		if m.Kind == ir.MapArrayOfMaps {
			c.movRI(tmp, addr)
			c.load(8, false, dst, tmp, 0)
			return
		}
		c.movRI(dst, addr)
		c.ofCPU(dst, m)
		return
	}
	if in.Flags&ir.InBounds != 0 {
		c.movRI(tmp, int64(m.Base))
		c.scaled(dst, src, in.Flags&ir.Src32 != 0, m)
		c.ofElement(dst, m)
		return
	}
	miss := c.NewLabel()
	c.movRR(false, tmp2, src)
	c.aluRR(false, xor, dst, dst)
	c.aluRI(false, cmp, tmp2, int32(m.MaxEntries))
	test := c.nullTest(i, in)
	if test != nil && test.Op == ir.JEq64K {
		c.jcc(condAE, c.insns+emit.Label(test.Off))
	} else {
		c.jcc(condAE, miss)
	}
	c.movRI(tmp, int64(m.Base))
	c.scaled(dst, tmp2, true, m)
	c.ofElement(dst, m)
	if test != nil && test.Op == ir.JNe64K {
		c.jmp(c.insns + emit.Label(test.Off))
	}
	c.Bind(miss)
}

// nullTest is the instruction behind i if that jumps for the result of the
// lookup at i being NULL or not, and nothing else leads there. It is left out.
func (c *compiler) nullTest(i int, in *ir.Insn) *ir.Insn {
	if i+1 >= c.fn.End || c.p.Maps[in.Off].Kind == ir.MapArrayOfMaps {
		return nil
	}
	test := &c.p.Insns[i+1]
	if test.Op != ir.JEq64K && test.Op != ir.JNe64K || test.Dst != in.Dst || test.Imm != 0 || test.Flags&(ir.Target|ir.BackEdge) != 0 {
		return nil
	}
	c.skip = i + 1
	return test
}

// scaled is dst = src * m.Stride + tmp, of a src that is a key of m. It leaves
// src alone. narrow says that the upper half of src is zero; otherwise nobody
// knows what it is.
func (c *compiler) scaled(dst, src reg, narrow bool, m *ir.MapLayout) {
	power := m.Stride&(m.Stride-1) == 0
	switch n := uint8(bits.TrailingZeros64(m.Stride)); {
	case !power && uint64(m.MaxEntries)*m.Stride <= 1<<32:
		c.imulRRI(false, dst, src, int32(m.Stride))
	case !power && narrow:
		c.imulRRI(true, dst, src, int32(m.Stride))
	case !power:
		c.movRR(false, dst, src)
		c.imulRRI(true, dst, dst, int32(m.Stride))
	case n <= 3:
		if !narrow {
			c.movRR(false, dst, src)
			src = dst
		}
		c.leaAt(true, dst, operand{base: tmp, index: src, indexed: true, scale: n})
		return
	default:
		c.movRR(false, dst, src)
		c.shiftRI(true, opShl, dst, n)
	}
	c.aluRR(true, add, dst, tmp)
}

// ofElement goes from the address of an element of m to what a lookup finds.
func (c *compiler) ofElement(dst reg, m *ir.MapLayout) {
	if m.Kind == ir.MapArrayOfMaps {
		c.load(8, false, dst, dst, 0)
		return
	}
	c.ofCPU(dst, m)
}

// ofCPU goes from the first CPU's element of a per-CPU array to that of the
// running one.
func (c *compiler) ofCPU(dst reg, m *ir.MapLayout) {
	if m.Kind != ir.MapPerCPUArray {
		return
	}
	c.load(8, false, tmp, block, ir.BlockCPU)
	c.scale(tmp, m.CPUStride)
	c.aluRR(true, add, dst, tmp)
}
