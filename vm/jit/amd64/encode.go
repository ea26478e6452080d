package amd64

import (
	"encoding/binary"
	"math"

	"github.com/skepbpf/skep/vm/jit/emit"
)

// reg is a machine register by its number in encodings.
type reg uint8

// The registers.
const (
	rax reg = iota
	rcx
	rdx
	rbx
	rsp
	rbp
	rsi
	rdi
	r8
	r9
	r10
	r11
	r12
	r13
	r14
	r15
)

// cond is a condition as the low bits of jcc.
type cond uint8

// The conditions; one more or less is the opposite.
const (
	condB  cond = 2
	condAE cond = 3
	condE  cond = 4
	condNE cond = 5
	condBE cond = 6
	condA  cond = 7
	condS  cond = 8
	condNS cond = 9
	condL  cond = 12
	condGE cond = 13
	condLE cond = 14
	condG  cond = 15
)

func (c cond) not() cond { return c ^ 1 }

// The kinds of fixups: 4 bytes, but for fixRel8.
const (
	fixRel32 uint8 = iota // the distance from behind the field to a label
	fixOff32              // the distance from the code's begin to a label
	fixJmp                // fixRel32 of a jump
	fixJcc                // fixRel32 of a conditional jump
	fixRel8               // the distance in one byte: only relax makes them
)

// encoder appends instructions. Names are the mnemonics; a trailing RR takes two
// registers, RI a register and an immediate, RM loads, MR stores. w is the width
// of the operation: 64 bits if true, else 32.
type encoder struct{ emit.Buffer }

// link fills in the labels' distances.
func (e *encoder) link() {
	for _, f := range e.Fixups {
		v := e.Offset(f.Label)
		switch f.Kind {
		case fixRel32, fixJmp, fixJcc:
			v -= f.At + 4
		case fixRel8:
			e.Code[f.At] = byte(v - (f.At + 1))
			continue
		}
		binary.LittleEndian.PutUint32(e.Code[f.At:], uint32(v))
	}
}

const (
	rexW = 8
	rexR = 4
	rexX = 2
	rexB = 1
)

func isInt8(v int64) bool  { return v == int64(int8(v)) }
func isInt32(v int64) bool { return v == int64(int32(v)) }

// rex appends a REX prefix for the fields reg and rm, if one is needed. byteReg
// forces it for the low bytes of rsi, rdi, rbp and rsp.
func (e *encoder) rex(w bool, r, rm reg, byteReg bool) {
	p := byte(r>>3)*rexR | byte(rm>>3)*rexB
	if w {
		p |= rexW
	}
	if p != 0 || byteReg {
		e.Byte(0x40 | p)
	}
}

// rr appends op with two registers.
func (e *encoder) rr(w bool, op byte, r, rm reg) {
	e.rex(w, r, rm, false)
	e.Byte(op, 0xc0|byte(r&7)<<3|byte(rm&7))
}

// rr0f is rr for opcodes behind 0f.
func (e *encoder) rr0f(w bool, op byte, r, rm reg, byteReg bool) {
	e.rex(w, r, rm, byteReg)
	e.Byte(0x0f, op, 0xc0|byte(r&7)<<3|byte(rm&7))
}

// mem appends the operand of a memory access at base + off.
func (e *encoder) mem(r, base reg, off int32) {
	m := byte(r&7)<<3 | byte(base&7)
	short := off == int32(int8(off))
	switch {
	case off == 0 && base&7 != rbp:
	case short:
		m |= 0x40
	default:
		m |= 0x80
	}
	e.Byte(m)
	if base&7 == rsp {
		e.Byte(0x24)
	}
	switch {
	case off == 0 && base&7 != rbp:
	case short:
		e.Byte(byte(off))
	default:
		e.U32(uint32(off))
	}
}

// rm appends op with a register and memory.
func (e *encoder) rm(w bool, op byte, r, base reg, off int32) {
	e.rex(w, r, base, false)
	e.Byte(op)
	e.mem(r, base, off)
}

// rm0f is rm for opcodes behind 0f.
func (e *encoder) rm0f(w bool, op byte, r, base reg, off int32) {
	e.rex(w, r, base, false)
	e.Byte(0x0f, op)
	e.mem(r, base, off)
}

// alu is an arithmetic operation as its number in encodings.
type alu byte

// The operations.
const (
	add alu = 0
	or  alu = 1
	and alu = 4
	sub alu = 5
	xor alu = 6
	cmp alu = 7
)

func (e *encoder) aluRR(w bool, op alu, dst, src reg) { e.rr(w, byte(op)<<3|1, src, dst) }

// aluRI wants imm to fit into 32 bits, signed.
func (e *encoder) aluRI(w bool, op alu, dst reg, imm int32) {
	e.rex(w, 0, dst, false)
	m := 0xc0 | byte(op)<<3 | byte(dst&7)
	switch {
	case isInt8(int64(imm)):
		e.Byte(0x83, m, byte(imm))
	case dst == rax:
		e.Byte(byte(op)<<3 | 5)
		e.U32(uint32(imm))
	default:
		e.Byte(0x81, m)
		e.U32(uint32(imm))
	}
}

// aluMI is op on the memory at base + off.
func (e *encoder) aluMI(w bool, op alu, base reg, off, imm int32) {
	e.rex(w, 0, base, false)
	if isInt8(int64(imm)) {
		e.Byte(0x83)
		e.mem(reg(op), base, off)
		e.Byte(byte(imm))
		return
	}
	e.Byte(0x81)
	e.mem(reg(op), base, off)
	e.U32(uint32(imm))
}

func (e *encoder) movRR(w bool, dst, src reg) { e.rr(w, 0x89, src, dst) }

// movRI is the shortest way to put imm into all of dst. It changes flags.
func (e *encoder) movRI(dst reg, imm int64) {
	switch {
	case imm == 0:
		e.aluRR(false, xor, dst, dst)
	case imm >= 0 && imm <= math.MaxUint32:
		e.rex(false, 0, dst, false)
		e.Byte(0xb8 | byte(dst&7))
		e.U32(uint32(imm))
	case isInt32(imm):
		e.rex(true, 0, dst, false)
		e.Byte(0xc7, 0xc0|byte(dst&7))
		e.U32(uint32(imm))
	default:
		e.rex(true, 0, dst, false)
		e.Byte(0xb8 | byte(dst&7))
		e.U64(uint64(imm))
	}
}

func (e *encoder) testRR(w bool, a, b reg) { e.rr(w, 0x85, b, a) }

func (e *encoder) testRI(w bool, a reg, imm int32) {
	e.rex(w, 0, a, false)
	if a == rax {
		e.Byte(0xa9)
	} else {
		e.Byte(0xf7, 0xc0|byte(a&7))
	}
	e.U32(uint32(imm))
}

func (e *encoder) imulRR(w bool, dst, src reg) { e.rr0f(w, 0xaf, dst, src, false) }

func (e *encoder) imulRRI(w bool, dst, src reg, imm int32) {
	if isInt8(int64(imm)) {
		e.rr(w, 0x6b, dst, src)
		e.Byte(byte(imm))
		return
	}
	e.rr(w, 0x69, dst, src)
	e.U32(uint32(imm))
}

// The operations of opcode f7 that take one register.
const (
	opNot  = 2
	opNeg  = 3
	opMul  = 4 // rdx:rax = rax * r
	opImul = 5 // the same, signed
	opDiv  = 6 // rax, rdx = quotient and remainder of rdx:rax by r
	opIdiv = 7
)

func (e *encoder) unary(w bool, op byte, r reg) { e.rr(w, 0xf7, reg(op), r) }

// The shifts and rotates.
const (
	opRol = 0
	opRor = 1
	opShl = 4
	opShr = 5
	opSar = 7
)

func (e *encoder) shiftRI(w bool, op byte, r reg, n uint8) {
	if n == 1 {
		e.rr(w, 0xd1, reg(op), r)
		return
	}
	e.rr(w, 0xc1, reg(op), r)
	e.Byte(n)
}

// shiftCL shifts by cl.
func (e *encoder) shiftCL(w bool, op byte, r reg) { e.rr(w, 0xd3, reg(op), r) }

// shiftX is BMI2's shift by any register: shlx, shrx, sarx.
func (e *encoder) shiftX(w bool, op byte, dst, src, count reg) {
	var pp byte
	switch op {
	case opShl:
		pp = 1
	case opSar:
		pp = 2
	case opShr:
		pp = 3
	}
	b1 := byte(0xe2) // R, X and B inverted, map 0f38
	if dst >= 8 {
		b1 &^= 0x80
	}
	if src >= 8 {
		b1 &^= 0x20
	}
	b2 := (^byte(count)&15)<<3 | pp
	if w {
		b2 |= 0x80
	}
	e.Byte(0xc4, b1, b2, 0xf7, 0xc0|byte(dst&7)<<3|byte(src&7))
}

// rorX is BMI2's rotate to the right of another register: rorx.
func (e *encoder) rorX(w bool, dst, src reg, n uint8) {
	b1, b2 := byte(0xe3), byte(0x7b) // R, X and B inverted, map 0f3a
	if dst >= 8 {
		b1 &^= 0x80
	}
	if src >= 8 {
		b1 &^= 0x20
	}
	if w {
		b2 |= 0x80
	}
	e.Byte(0xc4, b1, b2, 0xf0, 0xc0|byte(dst&7)<<3|byte(src&7), n)
}

func (e *encoder) bswap(w bool, r reg) {
	e.rex(w, 0, r, false)
	e.Byte(0x0f, 0xc8|byte(r&7))
}

func (e *encoder) popcnt(w bool, dst, src reg) {
	e.Byte(0xf3)
	e.rr0f(w, 0xb8, dst, src, false)
}

// ror16 swaps the two low bytes.
func (e *encoder) ror16(r reg) {
	e.Byte(0x66)
	e.rex(false, 0, r, false)
	e.Byte(0xc1, 0xc0|opRor<<3|byte(r&7), 8)
}

func (e *encoder) movzx8(dst, src reg)  { e.rr0f(false, 0xb6, dst, src, src >= rsp && src <= rdi) }
func (e *encoder) movzx16(dst, src reg) { e.rr0f(false, 0xb7, dst, src, false) }
func (e *encoder) movsx8(w bool, dst, src reg) {
	e.rr0f(w, 0xbe, dst, src, src >= rsp && src <= rdi)
}
func (e *encoder) movsx16(w bool, dst, src reg) { e.rr0f(w, 0xbf, dst, src, false) }
func (e *encoder) movsx32(dst, src reg)         { e.rr(true, 0x63, dst, src) }

// load reads size bytes into dst, zero- or sign-extended to 64 bits.
func (e *encoder) load(size int, signed bool, dst, base reg, off int32) {
	switch {
	case size == 8:
		e.rm(true, 0x8b, dst, base, off)
	case size == 4 && signed:
		e.rm(true, 0x63, dst, base, off)
	case size == 4:
		e.rm(false, 0x8b, dst, base, off)
	case size == 2 && signed:
		e.rm0f(true, 0xbf, dst, base, off)
	case size == 2:
		e.rm0f(false, 0xb7, dst, base, off)
	case signed:
		e.rm0f(true, 0xbe, dst, base, off)
	default:
		e.rm0f(false, 0xb6, dst, base, off)
	}
}

// store writes the low size bytes of src.
func (e *encoder) store(size int, base reg, off int32, src reg) {
	switch size {
	case 8:
		e.rm(true, 0x89, src, base, off)
	case 4:
		e.rm(false, 0x89, src, base, off)
	case 2:
		e.Byte(0x66)
		e.rm(false, 0x89, src, base, off)
	default:
		e.rex(false, src, base, src >= rsp && src <= rdi)
		e.Byte(0x88)
		e.mem(src, base, off)
	}
}

// loadIndex reads 8 bytes at base + index<<shift. The index is not rsp, the base
// neither rbp nor r13.
func (e *encoder) loadIndex(dst, base, index reg, shift uint8) {
	e.Byte(0x40|rexW|byte(dst>>3)*rexR|byte(index>>3)*rexX|byte(base>>3)*rexB, 0x8b,
		byte(dst&7)<<3|4, shift<<6|byte(index&7)<<3|byte(base&7))
}

// storeI writes the low size bytes of imm, which is sign-extended for 8.
func (e *encoder) storeI(size int, base reg, off, imm int32) {
	if size == 2 {
		e.Byte(0x66)
	}
	e.rex(size == 8, 0, base, false)
	if size == 1 {
		e.Byte(0xc6)
	} else {
		e.Byte(0xc7)
	}
	e.mem(0, base, off)
	switch size {
	case 1:
		e.Byte(byte(imm))
	case 2:
		e.U16(uint16(imm))
	default:
		e.U32(uint32(imm))
	}
}

// lea is dst = base + off.
func (e *encoder) lea(dst, base reg, off int32) { e.rm(true, 0x8d, dst, base, off) }

// leaLabel is dst = the address of l.
func (e *encoder) leaLabel(dst reg, l emit.Label) {
	e.rex(true, dst, 0, false)
	e.Byte(0x8d, byte(dst&7)<<3|5)
	e.Want(l, fixRel32)
}

// callR and jmpR go to the address in r.
func (e *encoder) callR(r reg) { e.rr(false, 0xff, 2, r) }
func (e *encoder) jmpR(r reg)  { e.rr(false, 0xff, 4, r) }

func (e *encoder) push(r reg) {
	e.rex(false, 0, r, false)
	e.Byte(0x50 | byte(r&7))
}

func (e *encoder) pop(r reg) {
	e.rex(false, 0, r, false)
	e.Byte(0x58 | byte(r&7))
}

func (e *encoder) ret() { e.Byte(0xc3) }

func (e *encoder) jmp(l emit.Label) {
	e.Byte(0xe9)
	e.Want(l, fixJmp)
}

func (e *encoder) jcc(c cond, l emit.Label) {
	e.Byte(0x0f, 0x80|byte(c))
	e.Want(l, fixJcc)
}

func (e *encoder) call(l emit.Label) {
	e.Byte(0xe8)
	e.Want(l, fixRel32)
}

// callMem and jmpMem go to the address at base + off.
func (e *encoder) callMem(base reg, off int32) { e.rm(false, 0xff, 2, base, off) }
func (e *encoder) jmpMem(base reg, off int32)  { e.rm(false, 0xff, 4, base, off) }

// lock is a locked operation of opcode op on memory with register r: add, or,
// and, xor as alu<<3|1.
func (e *encoder) lock(w bool, op byte, base reg, off int32, r reg) {
	e.Byte(0xf0)
	e.rm(w, op, r, base, off)
}

// lock0f is lock for opcodes behind 0f: xadd c1, cmpxchg b1.
func (e *encoder) lock0f(w bool, op byte, base reg, off int32, r reg) {
	e.Byte(0xf0)
	e.rm0f(w, op, r, base, off)
}

// xchg swaps r with memory, atomically.
func (e *encoder) xchg(w bool, base reg, off int32, r reg) { e.rm(w, 0x87, r, base, off) }

// cqo extends the sign of rax into rdx, of eax into edx for 32 bits.
func (e *encoder) cqo(w bool) {
	e.rex(w, 0, 0, false)
	e.Byte(0x99)
}
