package arm64

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// maxLeafKey is the largest key whose hash and comparison are unrolled.
const maxLeafKey = 128

// The registers of a routine that walks a chain.
const (
	hashReg   = x6 // the key's hash, 32 bits
	bucketReg = x7
	seqReg    = x8 // the lock word before the walk, or 1 in the first one
	wordReg   = x9 // the key, if it is one word
	elemReg   = x10
	leafTmp   = x11
	leafTmp2  = x12
	lockReg   = x13 // address of the lock word
)

// hashLookup is bpf_map_lookup_elem of a hash. The first walk takes no notice
// of writers; if it finds nothing, a second one that no writer disturbed has
// the say.
//
// Loads of an element follow the load of the link to it, whose address they
// need, and so see what the writer of the link had written before. The lock word
// has no such tie: the first load of it is an acquire, and a barrier keeps the
// second behind the walk.
func (c *compiler) hashLookup(m *ir.MapLayout) {
	h, n := m.Hash, int(m.KeySize)
	key, r0 := regs[2], regs[0]
	walk, next, miss, ended, disturbed := c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel()
	c.hashKey(key, n, h.Seed)
	c.bitwiseRI(false, and, bucketReg, hashReg, int64(h.Mask))
	c.movRI(tmp, int64(h.Heads))
	c.memIndexed(accLoad, 8, elemReg, tmp, bucketReg, true)
	c.lsrRI(false, seqReg, hashReg, ir.HeadTagShift)
	c.twoRR(true, lsrv, leafTmp, elemReg, seqReg)
	c.tbz(false, leafTmp, 0, miss)
	c.firstElem(m)
	c.movRI(seqReg, 1)

	c.Bind(walk)
	c.memScaled(accLoad, 4, leafTmp, elemReg, ir.ElemHash)
	c.cmpRR(false, leafTmp, hashReg)
	c.bcond(condNE, next)
	c.sameKey(elemReg, key, n, next)
	c.hashValue(m)
	c.leafDone()

	c.Bind(next)
	c.memScaled(accLoad, 8, elemReg, elemReg, ir.ElemNext)
	c.tbz(false, elemReg, 0, walk)
	c.tbz(false, seqReg, 0, ended)
	c.bitwiseRI(false, and, leafTmp, hashReg, int64(h.LockMask))
	c.movRI(tmp, int64(h.Locks))
	c.element(lockReg, tmp, leafTmp, ir.ElemLockStride)
	c.ldar(4, seqReg, lockReg)
	c.tbz(true, seqReg, 0, disturbed)
	c.movRI(tmp, int64(h.Heads))
	c.memIndexed(accLoad, 8, elemReg, tmp, bucketReg, true)
	c.cbz(true, false, elemReg, miss)
	c.firstElem(m)
	c.b(walk)

	c.Bind(ended)
	c.lsrRI(true, elemReg, elemReg, 1)
	c.cmpRR(true, elemReg, bucketReg)
	c.bcond(condNE, disturbed)
	c.dmbLoads()
	c.memScaled(accLoad, 4, leafTmp, lockReg, 0)
	c.cmpRR(false, leafTmp, seqReg)
	c.bcond(condNE, disturbed)
	c.Bind(miss)
	c.movRI(r0, 0)
	c.leafDone()
	c.Bind(disturbed)
	c.giveUp()
}

// firstElem makes a head that is not 0 the address of its first element.
func (c *compiler) firstElem(m *ir.MapLayout) {
	c.movRI(tmp, int64(m.Base))
	c.lsrRI(true, elemReg, elemReg, ir.HeadShift)
	c.arithRR(true, add, elemReg, elemReg, tmp)
}

// hashValue puts the address of an element's value into r0.
func (c *compiler) hashValue(m *ir.MapLayout) {
	h, r0 := m.Hash, regs[0]
	if h.Mark {
		marked := c.NewLabel()
		c.memScaled(accLoad, 4, leafTmp, elemReg, ir.ElemRef)
		c.cbz(false, true, leafTmp, marked)
		c.movRI(leafTmp, 1)
		c.memScaled(accStore, 4, leafTmp, elemReg, ir.ElemRef)
		c.Bind(marked)
	}
	switch h.Value {
	case ir.HashPerCPU:
		c.load(8, false, leafTmp, elemReg, int32(h.ValueOff))
		c.load(8, false, tmp, block, ir.BlockCPU)
		c.element(r0, leafTmp, tmp, m.CPUStride)
	case ir.HashOfMaps:
		c.load(8, false, r0, elemReg, int32(h.ValueOff))
	default:
		c.addRI(add, r0, elemReg, int64(h.ValueOff))
	}
}

// hashKey puts the hash of the n bytes at key into hashReg, and the key into
// wordReg if it is one word. Package bpfmap describes the function.
func (c *compiler) hashKey(key reg, n int, seed uint64) {
	const s, k, a, b, low = leafTmp2, lockReg, hashReg, leafTmp, bucketReg
	constant := uint64(ir.HashK)
	c.movRI(k, int64(constant))
	c.movRI(s, int64(seed))
	off := int32(0)
	// mum multiplies and folds the halves.
	mum := func(d, a, b reg) {
		c.mulRR(true, low, a, b)
		c.umulhRR(d, a, b)
		c.logicRR(true, eor, d, d, low)
	}
	pair := func(first, last int32) {
		c.load(8, false, b, key, last)
		c.logicRR(true, eor, b, b, s)
		c.load(8, false, a, key, first)
		c.logicRR(true, eor, a, a, k)
		mum(s, a, b)
	}
	for ; n >= 16; n -= 16 {
		pair(off, off+8)
		off += 16
	}
	if n > 8 {
		pair(off, off+int32(n)-8)
	} else if n > 0 {
		c.keyWord(key, off, int32(n))
		c.logicRR(true, eor, a, wordReg, k)
		mum(s, a, s)
	}
	mum(s, s, k)
	c.movRR(false, hashReg, s)
}

// keyWord puts the word of a tail of 1 to 8 bytes into wordReg.
func (c *compiler) keyWord(key reg, off, n int32) {
	part := func(size int, at int32, shift uint8) {
		c.load(size, false, leafTmp, key, at)
		c.logicShifted(true, orr, wordReg, wordReg, leafTmp, lsl, shift)
	}
	switch {
	case n == 8:
		c.load(8, false, wordReg, key, off)
	case n > 4:
		c.load(4, false, wordReg, key, off)
		part(4, off+n-4, 32)
	case n == 4:
		c.load(4, false, wordReg, key, off)
	default:
		c.load(1, false, wordReg, key, off)
		part(1, off+n/2, 8)
		part(1, off+n-1, 16)
	}
}

// sameKey goes to differ unless the n bytes at key are elem's key. Its
// comparisons may overlap.
func (c *compiler) sameKey(elem, key reg, n int, differ emit.Label) {
	if n == 4 || n == 8 {
		c.memScaled(accLoad, n, leafTmp, elem, ir.ElemKey)
		c.cmpRR(n == 8, wordReg, leafTmp)
		c.bcond(condNE, differ)
		return
	}
	compare := func(size int, at int32) {
		c.load(size, false, leafTmp, elem, ir.ElemKey+at)
		c.load(size, false, leafTmp2, key, at)
		c.cmpRR(size == 8, leafTmp, leafTmp2)
		c.bcond(condNE, differ)
	}
	at := int32(0)
	for ; n-int(at) >= 8; at += 8 {
		compare(8, at)
	}
	rest := int32(n) - at
	switch {
	case rest == 0:
	case n >= 8:
		compare(8, int32(n)-8)
	case rest >= 4:
		compare(4, at)
		if rest > 4 {
			compare(4, int32(n)-4)
		}
	case rest >= 2:
		compare(2, at)
		if rest == 3 {
			compare(1, at+2)
		}
	default:
		compare(1, at)
	}
}
