package amd64

import "github.com/skepbpf/skep/vm/ir"

// fused emits the rotates, counts and loads that vm/jit/opt puts together.
func (c *compiler) fused(in *ir.Insn, dst, src reg) {
	switch in.Op {
	case ir.Rol64K:
		c.rotate(true, dst, src, uint8(in.Imm))
	case ir.Rol32K:
		c.rotate(false, dst, src, uint8(in.Imm))
	case ir.Rol64X, ir.Rol32X:
		c.shiftByCL(in.Op == ir.Rol64X, opRol, dst, src)
	case ir.Ror64X, ir.Ror32X:
		c.shiftByCL(in.Op == ir.Ror64X, opRor, dst, src)
	case ir.Popcnt64, ir.Popcnt32:
		if dst != src {
			c.aluRR(false, xor, dst, dst) // what some machines wait for
		}
		c.popcnt(in.Op == ir.Popcnt64, dst, src)
	case ir.LdBe16:
		// The word has no bits above 16 to lose.
		c.load(2, false, dst, src, in.Off)
		c.ror16(dst)
	case ir.LdBe32, ir.LdBe64:
		c.load(4<<(in.Op-ir.LdBe32), false, dst, src, in.Off)
		c.bswap(in.Op == ir.LdBe64, dst)
	}
}

// rotate is dst = src rotated left by n.
func (c *compiler) rotate(w bool, dst, src reg, n uint8) {
	if dst != src && c.opts.Features&HasBMI2 != 0 {
		width := uint8(32)
		if w {
			width = 64
		}
		c.rorX(w, dst, src, width-n)
		return
	}
	if dst != src {
		c.movRR(w, dst, src)
	}
	c.shiftRI(w, opRol, dst, n)
}
