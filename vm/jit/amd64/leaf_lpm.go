package amd64

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// maxTrieKey is the largest key whose prefix fits into two registers.
const maxTrieKey = 4 + 16

// The registers of a routine that goes down a trie.
const (
	trieLow  = rdi // the first 8 bytes of the key as a number
	trieHigh = rsi // those behind
	trieLen  = r8  // the key's length in bits
	trieNode = tmp2
)

// trieLookup is bpf_map_lookup_elem of an LPM trie. It takes no notice of
// writers: nodes stay what they are while the run goes on.
func (c *compiler) trieLookup(m *ir.MapLayout) {
	l, data := m.Trie, int32(m.KeySize)-4
	key, found := regs[2], rax
	plain, walk, done := c.NewLabel(), c.NewLabel(), c.NewLabel()
	c.movRI(found, 0)
	c.load(4, false, trieLen, key, 0)
	c.aluRI(false, cmp, trieLen, data*8)
	c.jcc(condA, done)
	c.bigEndian(trieLow, key, 4, min(data, 8))
	if data > 8 {
		c.bigEndian(tmp, key, 12, data-8)
		c.movRR(true, trieHigh, tmp)
	}

	// The table leads to the node at which to go on.
	c.movRI(tmp, int64(l.Table))
	c.load(8, false, tmp, tmp, 0)
	c.testRR(true, tmp, tmp)
	c.jcc(condE, plain)
	c.cmpRM(4, trieLen, tmp, ir.TrieTableLen)
	c.jcc(condB, plain)
	c.load(8, false, rdx, tmp, ir.TrieTablePrefix)
	c.aluRR(true, xor, rdx, trieLow)
	c.aluRM(true, and, rdx, tmp, ir.TrieTableMask)
	c.jcc(condNE, plain)
	c.movRR(true, rdx, trieLow)
	c.load(4, false, rcx, tmp, ir.TrieTableSkip)
	c.shiftCL(true, opShl, rdx)
	c.load(4, false, rcx, tmp, ir.TrieTableShift)
	c.shiftCL(true, opShr, rdx)
	c.imulRRI(true, rdx, rdx, ir.TrieEntrySize)
	c.aluRR(true, add, tmp, rdx)
	c.load(8, false, trieNode, tmp, ir.TrieTableEntries+ir.TrieEntryNode)
	c.load(8, false, found, tmp, ir.TrieTableEntries+ir.TrieEntryValue)
	c.jmp(walk)

	c.Bind(plain)
	c.movRI(trieNode, int64(l.Root))
	c.load(8, false, trieNode, trieNode, 0)
	c.Bind(walk)
	c.testRR(true, trieNode, trieNode)
	c.jcc(condE, done)
	c.load(4, false, rcx, trieNode, ir.NodeLen)
	c.aluRR(false, cmp, rcx, trieLen)
	c.jcc(condA, done)
	c.load(8, false, rdx, trieNode, ir.NodeWords)
	c.aluRR(true, xor, rdx, trieLow)
	if data > 8 {
		c.longNode(m, walk, done)
	}
	c.trieStep(l, trieLow, data == 8, walk, done)
	c.Bind(done)
	c.clc()
	c.ret()
}

// longNode goes on at a node, whose length is in ecx and whose first word's
// difference from the key's in rdx, if it is longer than that word.
func (c *compiler) longNode(m *ir.MapLayout, walk, done emit.Label) {
	short := c.NewLabel()
	c.aluRI(false, cmp, rcx, 64)
	c.jcc(condB, short)
	c.testRR(true, rdx, rdx)
	c.jcc(condNE, done)
	c.load(8, false, rdx, trieNode, ir.NodeWords+8)
	c.aluRR(true, xor, rdx, trieHigh)
	c.trieStep(m.Trie, trieHigh, m.KeySize == maxTrieKey, walk, done)
	c.Bind(short)
}

// trieStep ends the walk if the node's prefix differs from the key, takes its
// value, and goes on with the child on the key's side. rdx is the difference of
// the word that the prefix ends in, from the key's, which is in word. whole says
// that a node may take all of the word.
func (c *compiler) trieStep(l *ir.TrieLayout, word reg, whole bool, walk, done emit.Label) {
	over := c.NewLabel()
	if whole {
		full := int32(64)
		if word == trieHigh {
			full = 128
		}
		c.aluRI(false, cmp, rcx, full)
		c.jcc(condNE, over)
		c.testRR(true, rdx, rdx)
		c.jcc(condNE, done)
		c.lea(rax, trieNode, int32(l.ValueOff))
		c.jmp(done)
		c.Bind(over)
	}
	// cl = 63 - length, so that no bit is compared if the length is 0.
	c.unary(false, opNot, rcx)
	c.shiftRI(true, opShr, rdx, 1)
	c.shiftCL(true, opShr, rdx)
	c.testRR(true, rdx, rdx)
	c.jcc(condNE, done)
	c.lea(rdx, trieNode, int32(l.ValueOff))
	c.aluMI(false, cmp, trieNode, ir.NodeInner, 0)
	c.cmovRR(condE, rax, rdx)
	c.movRR(true, rdx, word)
	c.shiftCL(true, opShr, rdx)
	c.aluRI(false, and, rdx, 1)
	c.loadIndex(trieNode, trieNode, rdx, 3)
	c.jmp(walk)
}

// bigEndian loads the n bytes at base + off, up to 8, as the high bytes of
// a number. It changes rdx.
func (c *compiler) bigEndian(dst, base reg, off, n int32) {
	i := int32(0)
	switch {
	case n == 8:
		c.load(8, false, dst, base, off)
		c.bswap(true, dst)
		return
	case n >= 4:
		c.load(4, false, dst, base, off)
		c.bswap(false, dst)
		c.shiftRI(true, opShl, dst, 32)
		i = 4
	default:
		c.load(1, false, dst, base, off)
		c.shiftRI(true, opShl, dst, 56)
		i = 1
	}
	for ; i < n; i++ {
		c.load(1, false, rdx, base, off+i)
		c.shiftRI(true, opShl, rdx, uint8(56-8*i))
		c.aluRR(true, or, dst, rdx)
	}
}
