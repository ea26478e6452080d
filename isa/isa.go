package isa

// Insn is one 8-byte instruction slot, in the layout of RFC 9669 section 3.1.
//
//	 63            32 31     16 15  12 11   8 7      0
//	+----------------+---------+------+------+--------+
//	|   immediate    | offset  | src  | dst  | opcode |
//	+----------------+---------+------+------+--------+
//
// The 64-bit immediate load takes two slots; the second has opcode 0 and
// holds the upper 32 bits in Imm. Slot indices are the pc of every log, error
// and profile.
type Insn struct {
	Op   Op
	Regs uint8 // dst in the low nibble, src in the high one
	Off  int16
	Imm  int32
}

// Reg is a register number; R0 to R10 are legal.
type Reg uint8

// The registers of RFC 9669 section 2.1.
const (
	R0 Reg = iota // return value
	R1            // arguments: R1 to R5, clobbered by calls
	R2
	R3
	R4
	R5
	R6 // preserved by calls: R6 to R9
	R7
	R8
	R9
	R10 // frame pointer, read-only
)

// FP is the frame pointer.
const FP = R10

// NumRegs is the number of registers a program can name.
const NumRegs = 11

// Dst is the destination register.
func (i Insn) Dst() Reg { return Reg(i.Regs & 0xf) }

// Src is the source register, or the kind of a call or of a 64-bit immediate.
func (i Insn) Src() Reg { return Reg(i.Regs >> 4) }

// WithRegs is i with both registers replaced.
func (i Insn) WithRegs(dst, src Reg) Insn {
	i.Regs = uint8(dst&0xf) | uint8(src)<<4
	return i
}

// New makes an instruction of its five fields.
func New(op Op, dst, src Reg, off int16, imm int32) Insn {
	return Insn{Op: op, Regs: uint8(dst&0xf) | uint8(src)<<4, Off: off, Imm: imm}
}

// Imm64 is the immediate of a two-slot load whose second slot is hi.
func (i Insn) Imm64(hi Insn) uint64 {
	return uint64(uint32(i.Imm)) | uint64(uint32(hi.Imm))<<32
}

// IsWide reports whether i is the first slot of a two-slot instruction.
func (i Insn) IsWide() bool { return i.Op == LdImm64 }
