package amd64

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// maxLeafKey is the largest key whose hash and comparison are unrolled.
const maxLeafKey = 128

// The registers of a routine that walks a chain.
const (
	hashReg   = rax // the key's hash, 32 bits
	bucketReg = rdx
	seqReg    = rcx // the lock word before the walk, or 1 in the first one
	wordReg   = r8  // the key, if it is one word
	elemReg   = tmp2
)

// hashLookup is bpf_map_lookup_elem of a hash. The first walk takes no notice
// of writers; if it finds nothing, a second one that no writer disturbed has
// the say.
func (c *compiler) hashLookup(m *ir.MapLayout) {
	h, n := m.Hash, int(m.KeySize)
	key := regs[2]
	walk, next, miss, ended, disturbed := c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel()
	c.hashKey(key, n, h.Seed)
	c.movRR(false, bucketReg, hashReg)
	c.aluRI(false, and, bucketReg, int32(h.Mask))
	c.movRI(tmp, int64(h.Heads))
	c.loadIndex(elemReg, tmp, bucketReg, 3)
	c.movRR(false, seqReg, hashReg)
	c.shiftRI(false, opShr, seqReg, ir.HeadTagShift)
	c.btRR(elemReg, seqReg)
	c.jcc(condAE, miss)
	c.firstElem(m)
	c.movRI(seqReg, 1)

	c.Bind(walk)
	c.cmpRM(4, hashReg, elemReg, ir.ElemHash)
	c.jcc(condNE, next)
	c.sameKey(elemReg, key, n, next)
	c.hashValue(m)
	c.ret()

	c.Bind(next)
	c.load(8, false, elemReg, elemReg, ir.ElemNext)
	c.testRI8(elemReg, 1)
	c.jcc(condE, walk)
	c.testRI8(seqReg, 1)
	c.jcc(condE, ended)
	c.lockWord(h)
	c.load(4, false, seqReg, tmp, 0)
	c.testRI8(seqReg, 1)
	c.jcc(condNE, disturbed)
	c.movRI(tmp, int64(h.Heads))
	c.loadIndex(elemReg, tmp, bucketReg, 3)
	c.testRR(true, elemReg, elemReg)
	c.jcc(condE, miss)
	c.firstElem(m)
	c.jmp(walk)

	c.Bind(ended)
	c.shiftRI(true, opShr, elemReg, 1)
	c.aluRR(true, cmp, elemReg, bucketReg)
	c.jcc(condNE, disturbed)
	c.lockWord(h)
	c.cmpRM(4, seqReg, tmp, 0)
	c.jcc(condNE, disturbed)
	c.Bind(miss)
	c.movRI(rax, 0)
	c.ret()
	c.Bind(disturbed)
	c.giveUp()
}

// firstElem makes a head that is not 0 the address of its first element.
func (c *compiler) firstElem(m *ir.MapLayout) {
	c.movRI(tmp, int64(m.Base))
	c.shiftRI(true, opShr, elemReg, ir.HeadShift)
	c.aluRR(true, add, elemReg, tmp)
}

// lockWord puts the address of the hash's lock word into tmp.
func (c *compiler) lockWord(h *ir.HashLayout) {
	c.movRR(false, tmp, hashReg)
	c.aluRI(false, and, tmp, int32(h.LockMask))
	c.imulRRI(true, tmp, tmp, ir.ElemLockStride)
	c.movRI(elemReg, int64(h.Locks))
	c.aluRR(true, add, tmp, elemReg)
}

// hashValue puts the address of an element's value into r0, with the carry
// flag clear.
func (c *compiler) hashValue(m *ir.MapLayout) {
	h := m.Hash
	if h.Mark {
		marked := c.NewLabel()
		c.aluMI(false, cmp, elemReg, ir.ElemRef, 0)
		c.jcc(condNE, marked)
		c.storeI(4, elemReg, ir.ElemRef, 1)
		c.Bind(marked)
	}
	switch h.Value {
	case ir.HashPerCPU:
		c.load(8, false, rax, elemReg, int32(h.ValueOff))
		c.load(8, false, rdx, block, ir.BlockCPU)
		c.scale(rdx, m.CPUStride)
		c.aluRR(true, add, rax, rdx) // addresses do not carry
	case ir.HashOfMaps:
		c.load(8, false, rax, elemReg, int32(h.ValueOff))
	default:
		c.lea(rax, elemReg, int32(h.ValueOff))
	}
}

// hashKey puts the hash of the n bytes at key into hashReg, and the key into
// wordReg if it is one word. Package bpfmap describes the function.
func (c *compiler) hashKey(key reg, n int, seed uint64) {
	const s, k = rcx, tmp
	constant := uint64(ir.HashK)
	c.movRI(k, int64(constant))
	c.movRI(s, int64(seed))
	one := n == 4 || n == 8
	off := int32(0)
	pair := func(first, last int32) {
		c.load(8, false, rdx, key, last)
		c.aluRR(true, xor, rdx, s)
		c.load(8, false, rax, key, first)
		c.aluRR(true, xor, rax, k)
		c.unary(true, opMul, rdx)
		c.aluRR(true, xor, rax, rdx)
	}
	for ; n >= 16; n -= 16 {
		if off > 0 {
			c.movRR(true, s, rax)
		}
		pair(off, off+8)
		off += 16
	}
	if off > 0 && n > 0 {
		c.movRR(true, s, rax)
	}
	if n > 8 {
		pair(off, off+int32(n)-8)
	} else if n > 0 {
		c.keyWord(key, off, int32(n))
		if one {
			c.movRR(true, wordReg, rax)
		}
		c.aluRR(true, xor, rax, k)
		c.unary(true, opMul, s)
		c.aluRR(true, xor, rax, rdx)
	}
	c.unary(true, opMul, k)
	c.aluRR(false, xor, rax, rdx)
}

// keyWord puts the word of a tail of 1 to 8 bytes into rax.
func (c *compiler) keyWord(key reg, off, n int32) {
	part := func(size int, at int32, shift uint8) {
		c.load(size, false, rdx, key, at)
		c.shiftRI(true, opShl, rdx, shift)
		c.aluRR(true, or, rax, rdx)
	}
	switch {
	case n == 8:
		c.load(8, false, rax, key, off)
	case n > 4:
		c.load(4, false, rax, key, off)
		part(4, off+n-4, 32)
	case n == 4:
		c.load(4, false, rax, key, off)
	default:
		c.load(1, false, rax, key, off)
		part(1, off+n/2, 8)
		part(1, off+n-1, 16)
	}
}

// sameKey goes to differ unless the n bytes at key are elem's key. Its
// comparisons may overlap.
func (c *compiler) sameKey(elem, key reg, n int, differ emit.Label) {
	if n == 4 || n == 8 {
		c.cmpRM(n, wordReg, elem, ir.ElemKey)
		c.jcc(condNE, differ)
		return
	}
	compare := func(size int, at int32) {
		c.load(size, false, wordReg, key, at)
		c.cmpRM(size, wordReg, elem, ir.ElemKey+at)
		c.jcc(condNE, differ)
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
