package arm64

import "github.com/skepbpf/skep/vm/ir"

// fused emits what vm/jit/opt puts together: rotates, counts, accesses of other forms,
// additions of three operands.
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
	case ir.Popcnt64, ir.Popcnt32:
		c.toVector(in.Op == ir.Popcnt64, src)
		c.onesOfBytes()
		c.addBytes()
		c.fromVector(dst)
	case ir.LdBe16, ir.LdBe32, ir.LdBe64:
		n := in.Op - ir.LdBe16
		c.load(2<<n, false, dst, src, in.Off)
		c.reverse(n, dst)
	}
}

// reverse turns round the 2<<n bytes that were loaded.
func (c *compiler) reverse(n ir.Op, r reg) {
	switch n {
	case 0: // there are no bits above 16 to come down
		c.oneRR(false, rev16, r, r)
	case 1:
		c.oneRR(false, rev32, r, r)
	default:
		c.oneRR(true, rev64, r, r)
	}
}

// indexed emits accesses and additions with an index.
func (c *compiler) indexed(in *ir.Insn, dst, src reg) {
	index := regs[in.Index&15]
	switch op := in.Op; {
	case op <= ir.LdIdxS32:
		size, signed := loadForm(op - ir.LdIdxU8)
		a := accLoad
		if signed {
			a = accLoadSX
		}
		c.accessIndexed(a, size, dst, src, index, in)
	case op <= ir.LdIdxBe64:
		size := 2 << (op - ir.LdIdxBe16)
		c.accessIndexed(accLoad, size, dst, src, index, in)
		c.oneRR(size == 8, [...]one{rev16, rev32, rev64}[op-ir.LdIdxBe16], dst, dst)
	case op <= ir.StIdx64K:
		size := 1 << (op - ir.StIdx8K)
		c.accessIndexed(accStore, size, c.constant(size, in.Imm), dst, index, in)
	case op <= ir.StIdx64X:
		c.accessIndexed(accStore, 1<<(op-ir.StIdx8X), src, dst, index, in)
	case op == ir.Lea:
		c.addRI(add, dst, src, in.Imm)
	case in.Imm == 0:
		c.arithShifted(true, add, dst, src, index, lsl, in.Scale)
	default:
		c.arithShifted(true, add, tmp3, src, index, lsl, in.Scale)
		c.addRI(add, dst, tmp3, in.Imm)
	}
}

// accessIndexed accesses the memory at base + index<<in.Scale + in.Off.
func (c *compiler) accessIndexed(a access, size int, t, base, index reg, in *ir.Insn) {
	if in.Off == 0 && (in.Scale == 0 || 1<<in.Scale == size) {
		c.memIndexed(a, size, t, base, index, in.Scale > 0)
		return
	}
	c.arithShifted(true, add, tmp3, base, index, lsl, in.Scale)
	c.access(a, size, t, tmp3, in.Off)
}
