package ir

// Op is a lowered operation. Unlike isa.Op it is dense, names the width and the
// operand form, and has one meaning.
type Op uint16

// Insn is a lowered instruction.
type Insn struct {
	Op       Op
	Dst, Src uint8
	// Slot is the instruction's slot in the image: the pc of errors, faults
	// and profiles.
	Slot int32
	// Off is a displacement in bytes, or the index of a jump's target.
	Off int32
	// Imm is the second operand, a 64-bit constant, an address or a helper's
	// index.
	Imm int64
}

// Func is a subprogram of a lowered program.
type Func struct {
	Name       string
	Start, End int // indices into Insns
	StackDepth int // bytes, rounded up to 8
}

// Program is a lowered program.
type Program struct {
	Insns []Insn
	Funcs []Func // Funcs[0] is the entry
	// Index maps a slot of the image to its first lowered instruction, -1 for
	// dead ones.
	Index []int32
}
