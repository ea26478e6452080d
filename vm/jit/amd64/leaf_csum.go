package amd64

import (
	"github.com/skepbpf/skep/vm/ir"
)

// maxLeafSum is the longest memory that a routine sums up: more is left to Go,
// so that no routine takes long.
const maxLeafSum = 4096

// csumDiff is bpf_csum_diff: the 16-bit one's complement sum of the seed r5 and
// the r4 bytes at r3, less the r2 bytes at r1. Sums have 64 bits, which is enough
// for words of 4 bytes.
func (c *compiler) csumDiff(*ir.MapLayout) {
	from, fromSize, to, toSize, seed := regs[1], regs[2], regs[3], regs[4], regs[5]
	const plus, minus = tmp2, tmp
	long, sum, fold := c.NewLabel(), c.NewLabel(), c.NewLabel()
	for _, n := range []reg{fromSize, toSize} {
		c.aluRI(false, cmp, n, maxLeafSum)
		c.jcc(condA, long)
	}
	c.movRR(false, plus, seed)
	c.movRI(minus, 0)
	c.testRR(false, toSize, toSize)
	c.jcc(condNE, sum)
	c.testRR(false, fromSize, fromSize)
	c.jcc(condE, fold)
	// Without anything to add the seed is what it is by its complement, to which
	// all is added that is taken off.
	c.movRR(false, minus, seed)
	c.unary(false, opNot, minus)
	c.movRI(plus, 0)
	c.Bind(sum)
	c.ones(to, toSize, plus)
	c.testRR(false, fromSize, fromSize)
	c.jcc(condE, fold)
	c.ones(from, fromSize, minus)
	c.fold32(minus)
	c.unary(false, opNot, minus)
	c.aluRR(true, add, plus, minus)
	c.Bind(fold)
	c.fold32(plus)
	for range 2 {
		c.movRR(false, rax, plus)
		c.shiftRI(false, opShr, rax, 16)
		c.movzx16(plus, plus)
		c.aluRR(false, add, plus, rax)
	}
	c.movzx16(rax, plus)
	c.clc()
	c.ret()
	c.Bind(long)
	c.giveUp()
}

// ones adds the n bytes at p to sum, as words of 4 bytes of which the last one
// may be short. It changes all of them and rax.
func (c *compiler) ones(p, n, sum reg) {
	again, rest, short, single, done := c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel()
	take := func(size int, off int32, shift uint8) {
		c.load(size, false, rax, p, off)
		if shift > 0 {
			c.shiftRI(false, opShl, rax, shift)
		}
		c.aluRR(true, add, sum, rax)
	}
	c.Bind(again)
	c.aluRI(false, sub, n, 8)
	c.jcc(condB, rest)
	// Two loads, as programs like to sum up what they have just stored in words.
	take(4, 0, 0)
	take(4, 4, 0)
	c.aluRI(true, add, p, 8)
	c.jmp(again)
	// The low bits of n are what they were.
	c.Bind(rest)
	c.testRI8(n, 4)
	c.jcc(condE, short)
	take(4, 0, 0)
	c.aluRI(true, add, p, 4)
	c.Bind(short)
	c.testRI8(n, 2)
	c.jcc(condE, single)
	take(2, 0, 0)
	c.testRI8(n, 1)
	c.jcc(condE, done)
	take(1, 2, 16)
	c.jmp(done)
	c.Bind(single)
	c.testRI8(n, 1)
	c.jcc(condE, done)
	take(1, 0, 0)
	c.Bind(done)
}

// fold32 brings a sum to 32 bits. It changes rax.
func (c *compiler) fold32(sum reg) {
	for range 2 {
		c.movRR(true, rax, sum)
		c.shiftRI(true, opShr, rax, 32)
		c.movRR(false, sum, sum)
		c.aluRR(true, add, sum, rax)
	}
}
