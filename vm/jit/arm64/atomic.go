package arm64

import "github.com/skepbpf/skep/vm/ir"

// atomic emits operations on memory that no other CPU sees halfway, in one
// order for all.
func (c *compiler) atomic(in *ir.Insn, dst, src reg) {
	op, size := in.Op, 4<<((in.Op-ir.AtomicAdd32)&1)
	switch {
	case op >= ir.LoadAcq8 && op <= ir.LoadAcq64:
		c.ldar(1<<(op-ir.LoadAcq8), dst, c.address(src, in.Off))
		return
	case op >= ir.StoreRel8:
		c.stlr(1<<(op-ir.StoreRel8), src, c.address(dst, in.Off))
		return
	}
	base := c.address(dst, in.Off)
	switch {
	case op == ir.CmpXchg32 || op == ir.CmpXchg64:
		c.compareExchange(size, src, base)
	case c.opts.Features&HasLSE == 0:
		c.exclusive(op, size, src, base)
	case op == ir.Xchg32 || op == ir.Xchg64:
		c.lseRR(size, swpal, src, src, base)
	case op >= ir.FetchAdd32:
		c.single(size, op-ir.FetchAdd32, src, src, base)
	default:
		c.single(size, op-ir.AtomicAdd32, src, tmp3, base)
	}
}

// address is a register that holds base + off: base itself, or tmp.
func (c *compiler) address(base reg, off int32) reg {
	if off == 0 {
		return base
	}
	c.addRI(add, tmp, base, int64(off))
	return tmp
}

// single is an operation of one instruction, by its distance from the first of
// its group. old = memory before.
func (c *compiler) single(size int, n ir.Op, src, old, base reg) {
	w := size == 8
	switch n / 2 {
	case 0:
		c.lseRR(size, ldaddal, src, old, base)
	case 1:
		c.lseRR(size, ldsetal, src, old, base)
	case 2:
		c.mvnRR(w, tmp2, src)
		c.lseRR(size, ldclral, tmp2, old, base)
	default:
		c.lseRR(size, ldeoral, src, old, base)
	}
}

// exclusive is any operation but a compare and exchange as a loop: tmp2 = memory
// before, src = that if it is wanted.
func (c *compiler) exclusive(op ir.Op, size int, src, base reg) {
	w := size == 8
	again := c.NewLabel()
	value := tmp3
	c.Bind(again)
	c.ldaxr(size, tmp2, base)
	switch fetched := op >= ir.FetchAdd32; {
	case op == ir.Xchg32 || op == ir.Xchg64:
		value = src
	case fetched:
		c.compute(w, op-ir.FetchAdd32, tmp3, tmp2, src)
	default:
		c.compute(w, op-ir.AtomicAdd32, tmp3, tmp2, src)
	}
	c.stlxr(size, status, value, base)
	c.cbz(false, true, status, again)
	c.dmb()
	if op >= ir.FetchAdd32 {
		c.movRR(w, src, tmp2)
	}
}

// status tells whether an exclusive store has stored.
const status = x14

// compute is the arithmetic of an atomic operation, by its distance from the
// first of its group.
func (c *compiler) compute(w bool, n ir.Op, d, a, b reg) {
	switch n / 2 {
	case 0:
		c.arithRR(w, add, d, a, b)
	case 1:
		c.logicRR(w, orr, d, a, b)
	case 2:
		c.logicRR(w, and, d, a, b)
	default:
		c.logicRR(w, eor, d, a, b)
	}
}

// compareExchange stores src if memory is r0; r0 = memory before.
func (c *compiler) compareExchange(size int, src, base reg) {
	if c.opts.Features&HasLSE != 0 {
		c.casal(size, regs[0], src, base)
		return
	}
	w := size == 8
	again, done := c.NewLabel(), c.NewLabel()
	c.Bind(again)
	c.ldaxr(size, tmp2, base)
	c.cmpRR(w, tmp2, regs[0])
	c.bcond(condNE, done)
	c.stlxr(size, status, src, base)
	c.cbz(false, true, status, again)
	c.Bind(done)
	c.dmb()
	c.movRR(w, regs[0], tmp2)
}
