package arm64

import (
	"math/bits"

	"github.com/skepbpf/skep/vm/jit/emit"
)

// access is a load or store by its opc field.
type access uint32

// The accesses.
const (
	accStore  access = 0 << 22
	accLoad   access = 1 << 22 // zero-extended
	accLoadSX access = 2 << 22 // sign-extended to 64 bits
)

// sizeField is the field of an access of size bytes.
func sizeField(size int) uint32 { return uint32(bits.TrailingZeros(uint(size))) << 30 }

// scaled reports whether off is one that memScaled takes.
func scaled(size int, off int32) bool {
	return off >= 0 && off&int32(size-1) == 0 && int(off)/size < 1<<12
}

// memScaled accesses the memory at base + off.
func (e *encoder) memScaled(a access, size int, t, base reg, off int32) {
	e.U32(sizeField(size) | 0x3900_0000 | uint32(a) | uint32(int(off)/size)<<10 | dnm(t, base, 0))
}

// memUnscaled takes offsets from -256 to 255.
func (e *encoder) memUnscaled(a access, size int, t, base reg, off int32) {
	e.U32(sizeField(size) | 0x3800_0000 | uint32(a) | uint32(off)&0x1ff<<12 | dnm(t, base, 0))
}

// memIndexed accesses the memory at base + index, the index times size if
// times is set.
func (e *encoder) memIndexed(a access, size int, t, base, index reg, times bool) {
	word := sizeField(size) | 0x3820_6800 | uint32(a) | dnm(t, base, index)
	if times {
		word |= 1 << 12
	}
	e.U32(word)
}

// The accesses of pairs of 8 bytes, by their words.
const (
	stp     uint32 = 0xa900_0000
	ldp     uint32 = 0xa940_0000
	stpPre  uint32 = 0xa980_0000 // base += off before
	ldpPost uint32 = 0xa8c0_0000 // base += off after
)

// pair accesses 16 bytes at base + off, which is a multiple of 8 from -512 to
// 504.
func (e *encoder) pair(op uint32, t, t2, base reg, off int32) {
	e.U32(op | uint32(off>>3)&0x7f<<15 | uint32(t2)<<10 | dnm(t, base, 0))
}

// The accesses of pairs of 4 bytes, by their words; loads clear the upper halves.
const (
	stp4 uint32 = 0x2900_0000
	ldp4 uint32 = 0x2940_0000
)

// pair4 accesses 8 bytes at base + off, which is a multiple of 4 from -256 to
// 252.
func (e *encoder) pair4(op uint32, t, t2, base reg, off int32) { e.pair(op, t, t2, base, 2*off) }

// strPre and ldrPost access 8 bytes and move base by off, from -256 to 255,
// before and after.
func (e *encoder) strPre(t, base reg, off int32) {
	e.U32(0xf800_0c00 | uint32(off)&0x1ff<<12 | dnm(t, base, 0))
}
func (e *encoder) ldrPost(t, base reg, off int32) {
	e.U32(0xf840_0400 | uint32(off)&0x1ff<<12 | dnm(t, base, 0))
}

// Ordered accesses, at base itself: acquire, release, and both exclusive.
func (e *encoder) ldar(size int, t, base reg) { e.U32(sizeField(size) | 0x08df_fc00 | dnm(t, base, 0)) }
func (e *encoder) stlr(size int, t, base reg) { e.U32(sizeField(size) | 0x089f_fc00 | dnm(t, base, 0)) }
func (e *encoder) ldaxr(size int, t, base reg) {
	e.U32(sizeField(size) | 0x085f_fc00 | dnm(t, base, 0))
}

// stlxr sets s to 0 if it has stored.
func (e *encoder) stlxr(size int, s, t, base reg) {
	e.U32(sizeField(size) | 0x0800_fc00 | dnm(t, base, s))
}

// lse is an atomic operation of FEAT_LSE by its word, ordered both ways.
type lse uint32

// The operations: t = memory, memory = memory op s.
const (
	ldaddal lse = 0x38e0_0000
	ldclral lse = 0x38e0_1000 // and not
	ldeoral lse = 0x38e0_2000
	ldsetal lse = 0x38e0_3000 // or
	swpal   lse = 0x38e0_8000
)

func (e *encoder) lseRR(size int, op lse, s, t, base reg) {
	e.U32(sizeField(size) | uint32(op) | dnm(t, base, s))
}

// casal stores t if memory is s; s = memory before.
func (e *encoder) casal(size int, s, t, base reg) {
	e.U32(sizeField(size) | 0x08e0_fc00 | dnm(t, base, s))
}

// dmb is a full barrier.
func (e *encoder) dmb() { e.U32(0xd503_3bbf) }

// dmbLoads keeps what follows behind the loads before.
func (e *encoder) dmbLoads() { e.U32(0xd503_39bf) }

// nop does nothing.
func (e *encoder) nop() { e.U32(0xd503_201f) }

func (e *encoder) b(l emit.Label)  { e.want(l, fix26, 0x1400_0000) }
func (e *encoder) bl(l emit.Label) { e.want(l, fix26, 0x9400_0000) }

// bcond jumps if c holds.
func (e *encoder) bcond(c cond, l emit.Label) {
	if e.far {
		e.U32(0x5400_0040 | uint32(c.not())) // over the jump
		e.b(l)
		return
	}
	e.want(l, fix19, 0x5400_0000|uint32(c))
}

// cbz jumps if r is zero, or if not is set, is not.
func (e *encoder) cbz(w, not bool, r reg, l emit.Label) {
	word := sf(w) | 0x3400_0000 | uint32(r)
	if not != e.far {
		word |= 1 << 24
	}
	if e.far {
		e.U32(word | 2<<5) // over the jump
		e.b(l)
		return
	}
	e.want(l, fix19, word)
}

// tbz jumps if a bit of r is zero, or if not is set, is not. It reaches 32 KiB.
func (e *encoder) tbz(not bool, r reg, bit uint8, l emit.Label) {
	word := 0x3600_0000 | uint32(bit>>5)<<31 | uint32(bit&31)<<19 | uint32(r)
	if not {
		word |= 1 << 24
	}
	e.want(l, fix14, word)
}

// adr is d = the address of l, which is at most 1 MiB away.
func (e *encoder) adr(d reg, l emit.Label) { e.want(l, fixAdr, 0x1000_0000|uint32(d)) }

func (e *encoder) br(r reg)  { e.U32(0xd61f_0000 | uint32(r)<<5) }
func (e *encoder) blr(r reg) { e.U32(0xd63f_0000 | uint32(r)<<5) }

// ret returns; retR to another register than x30.
func (e *encoder) ret()       { e.retR(x30) }
func (e *encoder) retR(r reg) { e.U32(0xd65f_0000 | uint32(r)<<5) }
