package ir

import (
	"slices"

	"github.com/skepbpf/skep/abi"
)

// Insn is a lowered instruction.
type Insn struct {
	Op       Op
	Dst, Src uint8
	// Slot is the instruction's slot in the image: the pc of errors, faults
	// and profiles.
	Slot int32
	// Off is a displacement in bytes, or the index of a jump's target.
	Off   int32
	Flags Flags
	// Imm is the second operand, a 64-bit constant, an address or a
	// subprogram's index.
	Imm int64
	// Cost is the number of instructions that a jump with BackEdge takes off
	// the fuel when it is taken, the same for all that lead to one instruction.
	Cost int32
	// Index and Scale are of accesses with an index: LdIdxU8 and the like.
	Index, Scale uint8
}

// Flags are facts about an instruction that an engine may use or ignore.
type Flags uint32

// The flags.
const (
	// Target is set on instructions that a jump leads to.
	Target Flags = 1 << iota
	// BackEdge is set on jumps whose target is not after them: where engines
	// count instructions and poll.
	BackEdge
	// Head is set on the first instruction of a short loop without loops inside:
	// some machines like it aligned. Only the optimiser sets it.
	Head
	// SrcDead is set where nobody reads the register Src after the instruction
	// and Dst is another one. Only the optimiser sets it.
	SrcDead
	// R0Dead and R3Dead are set on divisions behind which nobody reads r0, or
	// r3: machines want room to divide. Only the optimiser sets them.
	R0Dead
	R3Dead

	// What follows is proven of every run (verifier.Numbers).

	// NonZero is set on divisions by a register that is never zero; of 32-bit
	// forms the lower half is not.
	NonZero
	// NoOverflow is set on signed divisions that are never of the smallest
	// number by -1.
	NoOverflow
	// Always and Never are set on conditional jumps that are always taken, or
	// never.
	Always
	Never
	// InBounds is set on lookups in arrays of an element that is there.
	InBounds
	// KnownKey is set on such lookups whose key is the same always:
	// Program.Value.
	KnownKey
	// KnownSrc is set where the register Src, as far as it is read, is the
	// same always: Program.Value.
	KnownSrc
	// KnownDst is set where the result is the same always: Program.Value.
	KnownDst
	// Fits32 is set where the upper half of what an operation computes is
	// zero. It is of use before somebody leaves out what clears an upper half
	// that nobody reads.
	Fits32
	// Src32 and Dst32 are set on divisions and lookups where the register has
	// an upper half of zeros before. Only the optimiser sets them.
	Src32
	Dst32

	// Facts are all flags of that kind.
	Facts = Dst32<<1 - NonZero
)

// Value is a constant that the flags of an instruction speak of.
type Value struct {
	Slot int32
	Is   uint64
}

// Func is a subprogram of a lowered program.
type Func struct {
	Name       string
	Start, End int // indices into Insns
	// StackDepth is the size of its frame in bytes, rounded up to 8, the word
	// of a may_goto included.
	StackDepth int
	// Cost is the number of instructions that a call of it takes off the fuel.
	Cost int32
	// NoPoll says that the function takes Cost off the fuel without a poll,
	// which soon follows elsewhere. Only the optimiser sets it.
	NoPoll bool
	// MayGoto is the offset from r10 of the word that counts may_goto, 0 if
	// the function has none. The caller of the function sets it to MayGotoTurns.
	MayGoto int
}

// MayGotoTurns is how often a may_goto of one frame falls through.
// Linux 6.18: BPF_MAX_LOOPS where no timed form is compiled in.
// Differs from Linux: a may_goto falls through 8388608 times in one frame,
// where Linux on amd64 counts 250 ms.
const MayGotoTurns = 8 << 20

// Callee is a helper or kfunc that a program calls.
type Callee struct {
	Helper abi.HelperID // 0 for kfuncs
	Kfunc  string       // "" for helpers
	// Map is the index in Maps, plus one, of the map that r1 is at every call
	// of this callee; 0 if none or not constant.
	Map int
}

// Program is a lowered program.
type Program struct {
	Insns   []Insn
	Funcs   []Func // Funcs[0] is the entry
	Callees []Callee
	Maps    []MapLayout // in the order of image.Program.Maps
	// Index maps a slot of the image to its first lowered instruction, -1 for
	// dead ones.
	Index []int32
	// Exception is the index in Funcs of the function that bpf_throw ends in,
	// -1 if none: then the value thrown is the program's.
	Exception int
	// Values are the constants of the instructions with KnownKey, KnownSrc and
	// KnownDst, by slot.
	Values []Value
	// Ctx is the layout of the memory that r1 points to at the entry.
	Ctx *CtxLayout
}

// Value is the constant that the flags of an instruction of slot speak of.
func (p *Program) Value(slot int32) uint64 {
	i, ok := slices.BinarySearchFunc(p.Values, slot, func(v Value, slot int32) int { return int(v.Slot - slot) })
	if !ok {
		panic("BUG: a known value without a row")
	}
	return p.Values[i].Is
}

// FuncAt is the index in Funcs of the function that holds instruction i.
func (p *Program) FuncAt(i int) int {
	lo, hi := 0, len(p.Funcs)
	for hi-lo > 1 {
		if m := (lo + hi) / 2; p.Funcs[m].Start <= i {
			lo = m
		} else {
			hi = m
		}
	}
	return lo
}
