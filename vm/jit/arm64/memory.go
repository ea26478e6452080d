package arm64

import "github.com/skepbpf/skep/vm/ir"

// loadForm is the size and sign of a load by its distance from the first of
// its group.
func loadForm(n ir.Op) (size int, signed bool) {
	if n >= 4 {
		return 1 << (n - 4), true
	}
	return 1 << n, false
}

// load reads size bytes into t, zero- or sign-extended to 64 bits.
func (c *compiler) load(size int, signed bool, t, base reg, off int32) {
	if signed && size < 8 {
		c.access(accLoadSX, size, t, base, off)
		return
	}
	c.access(accLoad, size, t, base, off)
}

// store writes the low size bytes of t.
func (c *compiler) store(size int, base reg, off int32, t reg) {
	c.access(accStore, size, t, base, off)
}

// access emits a load or store in the shortest form that reaches off. It may
// change tmp2.
func (c *compiler) access(a access, size int, t, base reg, off int32) {
	switch {
	case scaled(size, off):
		c.memScaled(a, size, t, base, off)
	case off >= -256 && off < 256:
		c.memUnscaled(a, size, t, base, off)
	case base == fp && scaled(size, off+c.frame.depth):
		c.memScaled(a, size, t, sp, off+c.frame.depth)
	default:
		c.movRI(tmp2, int64(off))
		c.memIndexed(a, size, t, base, tmp2, false)
	}
}

func (c *compiler) storeConst(size int, base reg, in *ir.Insn) {
	c.store(size, base, in.Off, c.constant(size, in.Imm))
}

// constant is a register that holds the low size bytes of imm: tmp, or zr.
func (c *compiler) constant(size int, imm int64) reg {
	if size < 8 {
		imm &= 1<<(8*size) - 1
	}
	if imm == 0 {
		return zr
	}
	c.movRI(tmp, imm)
	return tmp
}
