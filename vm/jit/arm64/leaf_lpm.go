package arm64

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// maxTrieKey is the largest key whose prefix fits into two registers.
const maxTrieKey = 4 + 16

// The registers of a routine that goes down a trie.
const (
	trieLow  = x6 // the first 8 bytes of the key as a number
	trieHigh = x7 // those behind
	trieLen  = x8 // the key's length in bits
	trieNode = x9
	nodeLen  = x10 // the node's length in bits
	nodeDiff = x11 // the difference of its prefix from the key's
	nodeTmp  = x12
)

// trieLookup is bpf_map_lookup_elem of an LPM trie. It takes no notice of
// writers: nodes stay what they are while the run goes on. Loads follow the
// loads of the addresses that they need; where there is no such tie and order
// matters, they acquire.
func (c *compiler) trieLookup(m *ir.MapLayout) {
	l, data := m.Trie, int32(m.KeySize)-4
	key, found := regs[2], regs[0]
	plain, walk, done := c.NewLabel(), c.NewLabel(), c.NewLabel()
	c.movRI(found, 0)
	c.memScaled(accLoad, 4, trieLen, key, 0)
	c.compareRI(false, trieLen, int64(data)*8)
	c.bcond(condHI, done)
	c.bigEndian(trieLow, key, 4, min(data, 8))
	if data > 8 {
		c.bigEndian(trieHigh, key, 12, data-8)
	}
	c.trieTable(l, plain)
	c.b(walk)

	c.Bind(plain)
	c.movRI(tmp, int64(l.Root))
	c.memScaled(accLoad, 8, trieNode, tmp, 0)
	c.Bind(walk)
	c.cbz(true, false, trieNode, done)
	c.memScaled(accLoad, 4, nodeLen, trieNode, ir.NodeLen)
	c.cmpRR(false, nodeLen, trieLen)
	c.bcond(condHI, done)
	c.memScaled(accLoad, 8, nodeDiff, trieNode, ir.NodeWords)
	c.logicRR(true, eor, nodeDiff, nodeDiff, trieLow)
	if data > 8 {
		short := c.NewLabel()
		c.cmpRI(false, nodeLen, 64)
		c.bcond(condLO, short)
		c.cbz(true, true, nodeDiff, done)
		c.memScaled(accLoad, 8, nodeDiff, trieNode, ir.NodeWords+8)
		c.logicRR(true, eor, nodeDiff, nodeDiff, trieHigh)
		c.trieStep(l, trieHigh, m.KeySize == maxTrieKey, walk, done)
		c.Bind(short)
	}
	c.trieStep(l, trieLow, data == 8, walk, done)
	c.Bind(done)
	c.leafDone()
}

// trieTable takes the node at which to go on, and the value found by then, from
// the table, if there is one for such a key; else it goes to plain.
func (c *compiler) trieTable(l *ir.TrieLayout, plain emit.Label) {
	table := nodeTmp
	c.movRI(tmp, int64(l.Table))
	c.memScaled(accLoad, 8, table, tmp, 0)
	c.cbz(true, false, table, plain)
	c.memScaled(accLoad, 4, tmp, table, ir.TrieTableLen)
	c.cmpRR(false, trieLen, tmp)
	c.bcond(condLO, plain)
	c.memScaled(accLoad, 8, tmp, table, ir.TrieTablePrefix)
	c.memScaled(accLoad, 8, tmp2, table, ir.TrieTableMask)
	c.logicRR(true, eor, tmp, tmp, trieLow)
	c.tstRR(true, tmp, tmp2)
	c.bcond(condNE, plain)
	c.memScaled(accLoad, 4, tmp, table, ir.TrieTableSkip)
	c.memScaled(accLoad, 4, tmp2, table, ir.TrieTableShift)
	c.twoRR(true, lslv, tmp, trieLow, tmp)
	c.twoRR(true, lsrv, tmp, tmp, tmp2)
	c.element(table, table, tmp, ir.TrieEntrySize)
	// A writer changes the value first.
	c.arithRI(true, add, tmp, table, ir.TrieTableEntries+ir.TrieEntryNode)
	c.ldar(8, trieNode, tmp)
	c.memScaled(accLoad, 8, regs[0], table, ir.TrieTableEntries+ir.TrieEntryValue)
}

// trieStep ends the walk if the node's prefix differs from the key, takes its
// value, and goes on with the child on the key's side. nodeDiff is the
// difference of the word that the prefix ends in, from the key's, which is in
// word. whole says that a node may take all of the word.
func (c *compiler) trieStep(l *ir.TrieLayout, word reg, whole bool, walk, done emit.Label) {
	found := regs[0]
	if whole {
		over := c.NewLabel()
		full := int64(64)
		if word == trieHigh {
			full = 128
		}
		c.cmpRI(false, nodeLen, full)
		c.bcond(condNE, over)
		c.cbz(true, true, nodeDiff, done)
		c.addRI(add, found, trieNode, int64(l.ValueOff))
		c.b(done)
		c.Bind(over)
	}
	// Shifts by 63 - length, so that no bit is compared if the length is 0.
	c.mvnRR(false, nodeLen, nodeLen)
	c.lsrRI(true, nodeDiff, nodeDiff, 1)
	c.twoRR(true, lsrv, nodeDiff, nodeDiff, nodeLen)
	c.cbz(true, true, nodeDiff, done)
	// An inner node that becomes one with a value has its value first: that
	// address is made of what says so, so that its loads follow.
	c.memScaled(accLoad, 4, tmp, trieNode, ir.NodeInner)
	c.arithRR(true, add, tmp2, trieNode, tmp)
	c.arithRI(true, add, tmp2, tmp2, int64(l.ValueOff)) // below 4096: a trie's keys are short
	c.cmpRI(false, tmp, 0)
	c.cselRR(true, found, tmp2, found, condEQ)
	c.twoRR(true, lsrv, tmp, word, nodeLen)
	c.bitwiseRI(true, and, tmp, tmp, 1)
	c.memIndexed(accLoad, 8, trieNode, trieNode, tmp, true)
	c.b(walk)
}

// bigEndian loads the n bytes at base + off, up to 8, as the high bytes of
// a number.
func (c *compiler) bigEndian(dst, base reg, off, n int32) {
	i := int32(0)
	switch {
	case n == 8:
		c.load(8, false, dst, base, off)
		c.oneRR(true, rev64, dst, dst)
		return
	case n >= 4:
		c.load(4, false, dst, base, off)
		c.oneRR(false, rev32, dst, dst)
		c.lslRI(true, dst, dst, 32)
		i = 4
	default:
		c.load(1, false, dst, base, off)
		c.lslRI(true, dst, dst, 56)
		i = 1
	}
	for ; i < n; i++ {
		c.load(1, false, tmp, base, off+i)
		c.logicShifted(true, orr, dst, dst, tmp, lsl, uint8(56-8*i))
	}
}
