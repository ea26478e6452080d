package arm64

import "github.com/skepbpf/skep/vm/ir"

// fused emits the rotates and loads that vm/jit/opt puts together.
func (c *compiler) fused(in *ir.Insn, dst, src reg) {
	switch in.Op {
	case ir.Rol64K:
		c.rorRI(true, dst, src, 64-uint8(in.Imm))
	case ir.Rol32K:
		c.rorRI(false, dst, src, 32-uint8(in.Imm))
	case ir.Rol64X, ir.Rol32X:
		// A count of -n to the right is n to the left.
		w := in.Op == ir.Rol64X
		c.negRR(w, tmp, src)
		c.twoRR(w, rorv, dst, dst, tmp)
	case ir.Ror64X, ir.Ror32X:
		c.twoRR(in.Op == ir.Ror64X, rorv, dst, dst, src)
	case ir.LdBe16:
		// The word has no bits above 16: none come down.
		c.load(2, false, dst, src, in.Off)
		c.oneRR(false, rev16, dst, dst)
	case ir.LdBe32:
		c.load(4, false, dst, src, in.Off)
		c.oneRR(false, rev32, dst, dst)
	case ir.LdBe64:
		c.load(8, false, dst, src, in.Off)
		c.oneRR(true, rev64, dst, dst)
	}
}
