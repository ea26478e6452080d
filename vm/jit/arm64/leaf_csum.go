package arm64

import "github.com/skepbpf/skep/vm/ir"

// maxLeafSum is the longest memory that a routine sums up: more is left to Go,
// so that no routine takes long.
const maxLeafSum = 4096

// The registers of a routine that sums up.
const (
	sumPlus  = x6
	sumMinus = x7
	sumAt    = x8 // what is read
	sumLeft  = x9 // bytes of it
)

// csumDiff is bpf_csum_diff: the 16-bit one's complement sum of the seed r5 and
// the r4 bytes at r3, less the r2 bytes at r1. Sums have 64 bits, which is enough
// for words of 4 bytes.
func (c *compiler) csumDiff(*ir.MapLayout) {
	from, fromSize, to, toSize, seed, r0 := regs[1], regs[2], regs[3], regs[4], regs[5], regs[0]
	long, sum, fold := c.NewLabel(), c.NewLabel(), c.NewLabel()
	for _, n := range []reg{fromSize, toSize} {
		c.cmpRI(false, n, maxLeafSum)
		c.bcond(condHI, long)
	}
	c.movRR(false, sumPlus, seed)
	c.movRI(sumMinus, 0)
	c.cbz(false, true, toSize, sum)
	c.cbz(false, false, fromSize, fold)
	// Without anything to add the seed is what it is by its complement, to which
	// all is added that is taken off.
	c.mvnRR(false, sumMinus, seed)
	c.movRI(sumPlus, 0)
	c.Bind(sum)
	c.ones(to, toSize, sumPlus)
	c.cbz(false, false, fromSize, fold)
	c.ones(from, fromSize, sumMinus)
	c.fold32(sumMinus)
	c.mvnRR(false, sumMinus, sumMinus)
	c.arithRR(true, add, sumPlus, sumPlus, sumMinus)
	c.Bind(fold)
	c.fold32(sumPlus)
	for range 2 {
		c.lsrRI(false, tmp, sumPlus, 16)
		c.extend(false, ubfm, sumPlus, sumPlus, 16)
		c.arithRR(false, add, sumPlus, sumPlus, tmp)
	}
	c.extend(false, ubfm, r0, sumPlus, 16)
	c.leafDone()
	c.Bind(long)
	c.giveUp()
}

// ones adds the n bytes at p to sum, as words of 4 bytes of which the last one
// may be short.
func (c *compiler) ones(p, n, sum reg) {
	again, rest, short, single, done := c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel()
	take := func(size int, off int32, shift uint8) {
		c.memScaled(accLoad, size, tmp, sumAt, off)
		c.arithShifted(true, add, sum, sum, tmp, lsl, shift)
	}
	c.movRR(true, sumAt, p)
	c.movRR(false, sumLeft, n)
	c.Bind(again)
	c.arithRI(true, subs, sumLeft, sumLeft, 8)
	c.bcond(condLO, rest)
	c.pair4(ldp4, tmp, tmp2, sumAt, 0)
	c.arithRR(true, add, sum, sum, tmp)
	c.arithRR(true, add, sum, sum, tmp2)
	c.arithRI(true, add, sumAt, sumAt, 8)
	c.b(again)
	// The low bits of what is left are what they were.
	c.Bind(rest)
	c.tbz(false, sumLeft, 2, short)
	take(4, 0, 0)
	c.arithRI(true, add, sumAt, sumAt, 4)
	c.Bind(short)
	c.tbz(false, sumLeft, 1, single)
	take(2, 0, 0)
	c.tbz(false, sumLeft, 0, done)
	take(1, 2, 16)
	c.b(done)
	c.Bind(single)
	c.tbz(false, sumLeft, 0, done)
	take(1, 0, 0)
	c.Bind(done)
}

// fold32 brings a sum to 32 bits.
func (c *compiler) fold32(sum reg) {
	for range 2 {
		c.lsrRI(true, tmp, sum, 32)
		c.movRR(false, sum, sum)
		c.arithRR(true, add, sum, sum, tmp)
	}
}
