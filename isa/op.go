package isa

// Op is the opcode byte: class in the low three bits; for arithmetic and jumps
// the operand source in bit 3 and the code above it, for memory the size in
// bits 3 and 4 and the mode above them.
type Op uint8

// Class is the low three bits of an opcode. RFC 9669 section 3.3.
type Class uint8

// The instruction classes.
const (
	ClassLd    Class = 0 // 64-bit immediates, legacy packet loads
	ClassLdx   Class = 1 // loads
	ClassSt    Class = 2 // stores of immediates
	ClassStx   Class = 3 // stores of registers, atomics
	ClassAlu   Class = 4 // 32-bit arithmetic
	ClassJmp   Class = 5 // 64-bit jumps, calls, exit
	ClassJmp32 Class = 6 // 32-bit jumps
	ClassAlu64 Class = 7 // 64-bit arithmetic
)

// Size is the width of a memory access, bits 3 and 4. RFC 9669 section 5.
type Size uint8

// The widths.
const (
	SizeW  Size = 0x00 // 4 bytes
	SizeH  Size = 0x08 // 2 bytes
	SizeB  Size = 0x10 // 1 byte
	SizeDW Size = 0x18 // 8 bytes
)

// Mode is the addressing mode of a memory instruction. RFC 9669 section 5.
type Mode uint8

// The modes.
const (
	ModeImm    Mode = 0x00 // 64-bit immediate
	ModeAbs    Mode = 0x20 // legacy packet load at a constant
	ModeInd    Mode = 0x40 // legacy packet load at a register
	ModeMem    Mode = 0x60 // plain
	ModeMemSX  Mode = 0x80 // sign-extending load
	ModeAtomic Mode = 0xc0
)

// Code is the operation of an arithmetic or jump instruction, the high nibble.
type Code uint8

// Arithmetic codes. RFC 9669 section 4.1.
const (
	Add  Code = 0x00
	Sub  Code = 0x10
	Mul  Code = 0x20
	Div  Code = 0x30 // signed when the offset is 1
	Or   Code = 0x40
	And  Code = 0x50
	Lsh  Code = 0x60
	Rsh  Code = 0x70
	Neg  Code = 0x80
	Mod  Code = 0x90 // signed when the offset is 1
	Xor  Code = 0xa0
	Mov  Code = 0xb0 // sign-extending when the offset is 8, 16 or 32
	Arsh Code = 0xc0
	End  Code = 0xd0 // byte swaps
)

// Jump codes. RFC 9669 section 4.3.
const (
	JA    Code = 0x00
	JEq   Code = 0x10
	JGt   Code = 0x20
	JGe   Code = 0x30
	JSet  Code = 0x40
	JNe   Code = 0x50
	JSGt  Code = 0x60
	JSGe  Code = 0x70
	Call  Code = 0x80
	Exit  Code = 0x90
	JLt   Code = 0xa0
	JLe   Code = 0xb0
	JSLt  Code = 0xc0
	JSLe  Code = 0xd0
	JCond Code = 0xe0 // may_goto
)

// The operand source, bit 3: an immediate or a register.
const (
	SrcK Op = 0x00
	SrcX Op = 0x08
)

// LdImm64 is the opcode of the two-slot 64-bit immediate load.
const LdImm64 = Op(uint8(ClassLd) | uint8(ModeImm) | uint8(SizeDW))

// ExitOp and CallOp are the opcodes of exit and of call with an immediate.
const (
	ExitOp = Op(uint8(ClassJmp) | uint8(Exit))
	CallOp = Op(uint8(ClassJmp) | uint8(Call))
)

// What the source register of LdImm64 says of the immediate. RFC 9669
// section 5.4; the numbers are the kernel's BPF_PSEUDO_*.
const (
	PseudoMapFD       Reg = 1 // a map, by file descriptor
	PseudoMapValue    Reg = 2 // address in a map's value, by file descriptor
	PseudoBTFID       Reg = 3 // a kernel variable, by type id
	PseudoFunc        Reg = 4 // address of a subprogram, imm relative as in a call
	PseudoMapIdx      Reg = 5 // a map, by index into image.Program.Maps
	PseudoMapIdxValue Reg = 6 // address in a map's value, by index
)

// What the source register of a call says of the immediate.
const (
	CallHelper Reg = 0 // helper by number
	CallLocal  Reg = 1 // subprogram: target slot is pc+1+imm
	CallKfunc  Reg = 2 // kernel function: index into image.Program.Kfuncs
)

// AtomicOp is the immediate of an atomic instruction. RFC 9669 section 5.3.
type AtomicOp int32

// The atomic operations. AtomicFetch is a flag on the first four.
const (
	AtomicAdd      AtomicOp = 0x00
	AtomicOr       AtomicOp = 0x40
	AtomicAnd      AtomicOp = 0x50
	AtomicXor      AtomicOp = 0xa0
	AtomicFetch    AtomicOp = 0x01
	AtomicXchg     AtomicOp = 0xe1
	AtomicCmpXchg  AtomicOp = 0xf1
	AtomicLoadAcq  AtomicOp = 0x100 // Linux 6.15
	AtomicStoreRel AtomicOp = 0x110 // Linux 6.15
)

// Class is the instruction class of o.
func (o Op) Class() Class { return Class(o & 7) }

// Code is the operation of an arithmetic or jump opcode.
func (o Op) Code() Code { return Code(o & 0xf0) }

// Size is the width of a memory opcode.
func (o Op) Size() Size { return Size(o & 0x18) }

// Mode is the addressing mode of a memory opcode.
func (o Op) Mode() Mode { return Mode(o & 0xe0) }

// IsX reports whether the second operand is a register.
func (o Op) IsX() bool { return o&SrcX != 0 }

// Bytes is the width in bytes: 1, 2, 4 or 8.
func (s Size) Bytes() int {
	switch s {
	case SizeB:
		return 1
	case SizeH:
		return 2
	case SizeW:
		return 4
	}
	return 8
}

// AluOp is the arithmetic opcode of a class, a code and an operand source.
func AluOp(c Class, code Code, src Op) Op { return Op(c) | Op(code) | src }

// MemOp is the memory opcode of a class, a mode and a size.
func MemOp(c Class, m Mode, s Size) Op { return Op(c) | Op(m) | Op(s) }
