package arm64

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/skepbpf/skep/vm/jit/emit"
)

// reg is a machine register by its number in encodings.
type reg uint8

// The registers. 31 is the stack pointer or zero, as the instruction has it.
const (
	x0 reg = iota
	x1
	x2
	x3
	x4
	x5
	x6
	x7
	x8
	x9
	x10
	x11
	x12
	x13
	x14
	x15
	x16
	x17
	x18 // the system's
	x19
	x20
	x21
	x22
	x23
	x24
	x25
	x26
	x27
	x28 // Go's
	x29 // Go's frame pointer
	x30 // return address
	sp
	zr = sp
)

// cond is a condition as instructions encode it.
type cond uint8

// The conditions; the lowest bit turns one into its opposite.
const (
	condEQ cond = iota
	condNE
	condHS // unsigned >=
	condLO // unsigned <
	condMI // negative
	condPL
	condVS
	condVC
	condHI // unsigned >
	condLS // unsigned <=
	condGE
	condLT
	condGT
	condLE
)

func (c cond) not() cond { return c ^ 1 }

// The kinds of fixups, all in a 4-byte word.
const (
	fix26  uint8 = iota // b, bl: words to a label, 26 bits
	fix19               // b.cond, cbz: words to a label, 19 bits at bit 5
	fix14               // tbz: words to a label, 14 bits at bit 5
	fixAdr              // adr: bytes to a label, 21 bits in two fields
	fixRel              // data: bytes from the word to a label
)

// errFar is that a label is farther than an instruction reaches.
var errFar = errors.New("jump too far")

// encoder appends instructions. Names are the mnemonics; a trailing RR takes two
// registers and more, RI an immediate. w is the width of the operation: 64 bits
// if true, else 32. The first register is the destination. near allows jumps by
// a bit, which reach 32 KiB; far makes conditional jumps, which reach 1 MiB, reach
// as far as others.
type encoder struct {
	emit.Buffer
	near, far bool
}

// link fills in the labels' distances.
func (e *encoder) link() error {
	for _, f := range e.Fixups {
		d := int64(e.Offset(f.Label) - f.At)
		v := binary.LittleEndian.Uint32(e.Code[f.At:])
		ok := true
		switch f.Kind {
		case fix26:
			ok = fitsSigned(d, 28)
			v |= uint32(d>>2) & (1<<26 - 1)
		case fix19:
			ok = fitsSigned(d, 21)
			v |= uint32(d>>2) & (1<<19 - 1) << 5
		case fix14:
			ok = fitsSigned(d, 16)
			v |= uint32(d>>2) & (1<<14 - 1) << 5
		case fixAdr:
			ok = fitsSigned(d, 21)
			v |= uint32(d)&3<<29 | uint32(d>>2)&(1<<19-1)<<5
		case fixRel:
			v = uint32(d)
		}
		if !ok {
			return errFar
		}
		binary.LittleEndian.PutUint32(e.Code[f.At:], v)
	}
	return nil
}

// fitsSigned reports whether v is a signed number of n bits.
func fitsSigned(v int64, n uint) bool { return v == v<<(64-n)>>(64-n) }

// want appends word, which waits for a label.
func (e *encoder) want(l emit.Label, kind uint8, word uint32) {
	e.Fixups = append(e.Fixups, emit.Fixup{At: e.Len(), Label: l, Kind: kind})
	e.U32(word)
}

// sf is the width's bit.
func sf(w bool) uint32 {
	if w {
		return 1 << 31
	}
	return 0
}

// dnm are the fields of three registers.
func dnm(d, n, m reg) uint32 { return uint32(m)<<16 | uint32(n)<<5 | uint32(d) }

// arith is an addition or subtraction by its word with a shifted register.
type arith uint32

// The operations; those with an s set the flags.
const (
	add  arith = 0x0b00_0000
	adds arith = 0x2b00_0000
	sub  arith = 0x4b00_0000
	subs arith = 0x6b00_0000
)

// opposite is the operation that does with -imm what op does with imm.
func (op arith) opposite() arith { return op ^ 0x4000_0000 }

func (e *encoder) arithRR(w bool, op arith, d, n, m reg) { e.U32(sf(w) | uint32(op) | dnm(d, n, m)) }

// shift is how a second operand is shifted by its field.
type shift uint32

// The shifts; ror is for bitwise operations only.
const (
	lsl shift = 0 << 22
	lsr shift = 1 << 22
	asr shift = 2 << 22
	ror shift = 3 << 22
)

// arithShifted shifts m by s before.
func (e *encoder) arithShifted(w bool, op arith, d, n, m reg, by shift, s uint8) {
	e.U32(sf(w) | uint32(op) | uint32(by) | dnm(d, n, m) | uint32(s)<<10)
}

// arithImm reports whether arithRI takes v or, by the opposite operation, -v.
func arithImm(v int64) bool {
	u := uint64(max(v, -v))
	return u < 1<<12 || u < 1<<24 && u&0xfff == 0
}

// arithRI wants imm to satisfy arithImm. Register 31 is the stack pointer, but
// for the destination where flags are set.
func (e *encoder) arithRI(w bool, op arith, d, n reg, imm int64) {
	if imm < 0 {
		op, imm = op.opposite(), -imm
	}
	word := sf(w) | uint32(op)&^0x1b00_0000 | 0x1100_0000
	if imm >= 1<<12 {
		word |= 1 << 22
		imm >>= 12
	}
	e.U32(word | uint32(imm)<<10 | dnm(d, n, 0))
}

// cmpRR and cmpRI set the flags to those of n - m.
func (e *encoder) cmpRR(w bool, n, m reg)         { e.arithRR(w, subs, zr, n, m) }
func (e *encoder) cmpRI(w bool, n reg, imm int64) { e.arithRI(w, subs, zr, n, imm) }
func (e *encoder) negRR(w bool, d, m reg)         { e.arithRR(w, sub, d, zr, m) }
func (e *encoder) movSP(d, n reg)                 { e.arithRI(true, add, d, n, 0) }
func (e *encoder) movRR(w bool, d, m reg)         { e.logicRR(w, orr, d, zr, m) }
func (e *encoder) mvnRR(w bool, d, m reg)         { e.logicRR(w, orn, d, zr, m) }
func (e *encoder) tstRR(w bool, n, m reg)         { e.logicRR(w, ands, zr, n, m) }
func (e *encoder) mulRR(w bool, d, n, m reg)      { e.maddRR(w, d, n, m, zr) }
func (e *encoder) maddRR(w bool, d, n, m, a reg)  { e.three(w, 0x1b00_0000, d, n, m, a) }
func (e *encoder) msubRR(w bool, d, n, m, a reg)  { e.three(w, 0x1b00_8000, d, n, m, a) }
func (e *encoder) umulhRR(d, n, m reg)            { e.three(true, 0x1bc0_0000, d, n, m, zr) }
func (e *encoder) smulhRR(d, n, m reg)            { e.three(true, 0x1b40_0000, d, n, m, zr) }
func (e *encoder) umaddlRR(d, n, m, a reg)        { e.three(true, 0x1ba0_0000, d, n, m, a) }
func (e *encoder) smaddlRR(d, n, m, a reg)        { e.three(true, 0x1b20_0000, d, n, m, a) }
func (e *encoder) three(w bool, op uint32, d, n, m, a reg) {
	e.U32(sf(w) | op | dnm(d, n, m) | uint32(a)<<10)
}

// logic is a bitwise operation by its word with a shifted register.
type logic uint32

// The operations; those with an n invert the second operand, ands sets the
// flags.
const (
	and  logic = 0x0a00_0000
	bic  logic = 0x0a20_0000
	orr  logic = 0x2a00_0000
	orn  logic = 0x2a20_0000
	eor  logic = 0x4a00_0000
	eon  logic = 0x4a20_0000
	ands logic = 0x6a00_0000
)

func (e *encoder) logicRR(w bool, op logic, d, n, m reg) { e.U32(sf(w) | uint32(op) | dnm(d, n, m)) }

// logicShifted shifts m by s before.
func (e *encoder) logicShifted(w bool, op logic, d, n, m reg, by shift, s uint8) {
	e.U32(sf(w) | uint32(op) | uint32(by) | dnm(d, n, m) | uint32(s)<<10)
}

// bitmask is how bitwise operations encode the constant v: an element of 2 to
// 64 bits, repeated, that is a run of ones, rotated. Arm ARM, DecodeBitMasks.
func bitmask(w bool, v uint64) (word uint32, ok bool) {
	width := uint(64)
	if !w {
		width = 32
		v = v&0xffff_ffff | v<<32
	}
	if v == 0 || ^v == 0 {
		return 0, false
	}
	size := width
	for size > 2 {
		half := size / 2
		m := uint64(1)<<half - 1
		if v&m != v>>half&m {
			break
		}
		size = half
	}
	mask := ^uint64(0) >> (64 - size)
	v &= mask
	ones := uint(bits.OnesCount64(v))
	// Where the run of ones begins: behind the zeros if it goes around the end.
	start := uint(bits.TrailingZeros64(v))
	if low := uint(bits.TrailingZeros64(^v)); low > 0 && low != ones {
		start = low + size - ones
	}
	run := uint64(1)<<ones - 1
	if rotated := (run<<start | run>>(size-start)) & mask; rotated != v {
		return 0, false
	}
	immr := (size - start) % size
	word = uint32(immr)<<16 | (-uint32(size)<<1&0x3f|uint32(ones-1))<<10
	if size == 64 {
		word |= 1 << 22
	}
	return word, true
}

// logicRI takes what bitmask gave for the constant.
func (e *encoder) logicRI(w bool, op logic, d, n reg, mask uint32) {
	e.U32(sf(w) | uint32(op)&0x6000_0000 | 0x1200_0000 | mask | dnm(d, n, 0))
}

// movRI is a short way to put imm into all of d.
func (e *encoder) movRI(d reg, imm int64) {
	v := uint64(imm)
	w := v>>32 != 0
	if !w {
		// The lower half alone, the upper one cleared.
		if ^uint32(v) <= 0xffff {
			e.movWide(false, movn, d, uint16(^uint32(v)), 0)
			return
		}
		if ^uint32(v)&0xffff == 0 {
			e.movWide(false, movn, d, uint16(^uint32(v)>>16), 1)
			return
		}
	}
	zeros, ones := 0, 0
	for i := range 4 {
		switch uint16(v >> (16 * i)) {
		case 0:
			zeros++
		case 0xffff:
			ones++
		}
	}
	if m, ok := bitmask(w, v); ok && zeros < 3 && ones < 3 {
		e.logicRI(w, orr, d, zr, m)
		return
	}
	first, skip, op := true, uint16(0), movz
	if ones > zeros {
		skip, op = 0xffff, movn
	}
	for i := range 4 {
		part := uint16(v >> (16 * i))
		switch {
		case part == skip:
		case first && op == movn:
			e.movWide(true, movn, d, ^part, i)
			first = false
		case first:
			e.movWide(w, movz, d, part, i)
			first = false
		default:
			e.movWide(w, movk, d, part, i)
		}
	}
	if first {
		e.movWide(op == movn, op, d, 0, 0)
	}
}

// wide is a move of 16 bits by its word.
type wide uint32

// The moves: of the inverted, of zeros around, into what is there.
const (
	movn wide = 0x1280_0000
	movz wide = 0x5280_0000
	movk wide = 0x7280_0000
)

// movWide moves v to the 16 bits number i.
func (e *encoder) movWide(w bool, op wide, d reg, v uint16, i int) {
	e.U32(sf(w) | uint32(op) | uint32(i)<<21 | uint32(v)<<5 | uint32(d))
}

// two is an operation of two source registers by its word.
type two uint32

// The operations. Division by zero gives 0; shifts take the count's low bits.
const (
	udiv two = 0x1ac0_0800
	sdiv two = 0x1ac0_0c00
	lslv two = 0x1ac0_2000
	lsrv two = 0x1ac0_2400
	asrv two = 0x1ac0_2800
	rorv two = 0x1ac0_2c00
)

func (e *encoder) twoRR(w bool, op two, d, n, m reg) { e.U32(sf(w) | uint32(op) | dnm(d, n, m)) }

// one is an operation of one source register by its word.
type one uint32

// The operations.
const (
	rbit  one = 0x5ac0_0000
	rev16 one = 0x5ac0_0400 // bytes of each 16 bits reversed
	rev32 one = 0x5ac0_0800 // bytes of each 32 bits reversed
	rev64 one = 0x5ac0_0c00 // all bytes, 64 bits only
	clz   one = 0x5ac0_1000
)

func (e *encoder) oneRR(w bool, op one, d, n reg) { e.U32(sf(w) | uint32(op) | dnm(d, n, 0)) }

// The vector instructions are of v0 alone.

// toVector is v0 = n, with zeros above it.
func (e *encoder) toVector(w bool, n reg) {
	word := uint32(0x1e27_0000)
	if w {
		word |= 1<<31 | 1<<22
	}
	e.U32(word | dnm(0, n, 0))
}

// onesOfBytes counts the ones of each byte, addBytes adds up the bytes.
func (e *encoder) onesOfBytes() { e.U32(0x0e20_5800) }
func (e *encoder) addBytes()    { e.U32(0x0e31_b800) }

// fromVector is d = the low 32 bits of v0.
func (e *encoder) fromVector(d reg) { e.U32(0x1e26_0000 | dnm(d, 0, 0)) }

// field is a bit field move by its word.
type field uint32

// The moves: sign-extended, zero-extended.
const (
	sbfm field = 0x1300_0000
	ubfm field = 0x5300_0000
)

func (e *encoder) fieldRI(w bool, op field, d, n reg, immr, imms uint8) {
	word := sf(w) | uint32(op) | uint32(immr)<<16 | uint32(imms)<<10 | dnm(d, n, 0)
	if w {
		word |= 1 << 22
	}
	e.U32(word)
}

func width(w bool) uint8 {
	if w {
		return 64
	}
	return 32
}

// Shifts by a constant below the width.
func (e *encoder) lslRI(w bool, d, n reg, s uint8) {
	e.fieldRI(w, ubfm, d, n, (width(w)-s)&(width(w)-1), width(w)-1-s)
}
func (e *encoder) lsrRI(w bool, d, n reg, s uint8) { e.fieldRI(w, ubfm, d, n, s, width(w)-1) }
func (e *encoder) asrRI(w bool, d, n reg, s uint8) { e.fieldRI(w, sbfm, d, n, s, width(w)-1) }

// rorRI rotates right.
func (e *encoder) rorRI(w bool, d, n reg, s uint8) {
	word := sf(w) | 0x1380_0000 | uint32(s)<<10 | dnm(d, n, n)
	if w {
		word |= 1 << 22
	}
	e.U32(word)
}

// extend cuts n to its low bits and extends it to w's width, with signs or
// zeros.
func (e *encoder) extend(w bool, op field, d, n reg, size uint8) { e.fieldRI(w, op, d, n, 0, size-1) }

// cselRR is d = c ? n : m.
func (e *encoder) cselRR(w bool, d, n, m reg, c cond) {
	e.U32(sf(w) | 0x1a80_0000 | dnm(d, n, m) | uint32(c)<<12)
}

// csetR is d = c ? 1 : 0.
func (e *encoder) csetR(d reg, c cond) {
	e.U32(0x1a80_0400 | dnm(d, zr, zr) | uint32(c.not())<<12)
}
