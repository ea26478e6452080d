package emit

import "github.com/skepbpf/skep/vm/ir"

// Offsets in the block of a run context of what generated code and the engine
// that enters it tell each other.
const (
	BlockGoSP   = ir.BlockEngine + 0  // Go's stack pointer while code runs
	BlockGoFP   = ir.BlockEngine + 8  // Go's frame pointer
	BlockResume = ir.BlockEngine + 16 // address that Go goes on at after an exit
	BlockTarget = ir.BlockEngine + 24 // address that an entry or a tail call goes to
	BlockExit   = ir.BlockEngine + 32 // index of the exit that was taken, 4 bytes; Done at the end
	BlockProg   = ir.BlockEngine + 36 // handle of the program that took it, 4 bytes
	BlockPC     = ir.BlockEngine + 40 // address of the instruction that faulted
	BlockAddr   = ir.BlockEngine + 48 // address that it accessed
)

// Values of BlockExit that are no index.
const (
	Done  = -1 // the function that was entered has returned
	Fault = -2 // an instruction accessed memory that is not there
)

// ExitKind says why code leaves to Go.
type ExitKind uint8

// The exits.
const (
	ExitCall  ExitKind = iota // calls Callees[Arg]; goes on with r0
	ExitPoll                  // no fuel; goes on with all registers
	ExitTail                  // tail call; goes on behind it, or at Unwind with a target
	ExitProbe                 // a load from memory that may not be there
	ExitLoad                  // a legacy packet load; goes on with r0, or at Unwind
	ExitThrow                 // bpf_throw
	ExitFault                 // an operation that is none: a bug
	// ExitRing is ExitCall if r0 is 0; else all is done but for waking the reader
	// of the ring buffer whose header r1 is.
	ExitRing
)

// Exit is a place where code leaves to Go.
type Exit struct {
	Kind   ExitKind
	Insn   int32 // index of the lowered instruction
	Resume int32 // offset of the code that goes on
	Unwind int32 // offset of the code that gives the frame up and returns, or jumps to BlockTarget
}

// Stack slots of the registers that an exit saves, in 8-byte words from the
// stack pointer that the exit leaves in the block.
const (
	SlotR10 = iota
	SlotR9
	SlotR8
	SlotR7
	SlotR6
	SavedSlots
)

// Room is the stack that a program's chain of calls, and an exit at its end, need
// at most, in bytes: 8 functions deep.
const Room = 8*(512+128) + 128

// Opt is a set of optimisations.
type Opt uint32

// The optimisations. Each can be left out, and results stay the same.
const (
	OptLookup  Opt = 1 << iota // lookups in arrays without a call
	OptLoop                    // bpf_loop, and bpf_for_each_map_elem over arrays and hashes, as loops
	OptCPU                     // the number of the CPU without a call
	OptTail                    // tail calls without leaving to Go
	OptHash                    // lookups in hashes without leaving to Go
	OptTrie                    // lookups in LPM tries without leaving to Go
	OptRing                    // records of ring buffers without leaving to Go
	OptCsum                    // checksums without leaving to Go
	OptDead                    // no code for results that nobody reads
	OptValue                   // known values: constants, copies, what was computed before, bits that are zero
	OptRotate                  // rotates instead of two shifts and an or
	OptBytes                   // wide loads instead of loads of their bytes
	OptMemory                  // no loads of what was stored or loaded before
	OptShort                   // short jumps, aligned loops
	OptFacts                   // jumps and results that the verifier knows
	OptDivide                  // division by constants as multiplication
	OptElement                 // lookups in arrays of keys that are known or in a register
	OptUpper                   // narrower operations where upper halves are zero or not read
	OptFuel                    // loops take their instructions off the fuel in few places
	OptPlace                   // jumps turned round, so that control falls through
	OptInline                  // functions in place of their calls
	OptKfunc                   // kfuncs that are a few operations as such
	OptShape                   // two operations as one instruction
	OptAddress                 // sums and indices as part of accesses
	OptUnroll                  // several turns of short loops at once; needs OptFuel
	OptStores                  // wide stores instead of several narrow ones
	OptClock                   // the monotonic clock without leaving to Go
	OptHoist                   // wide constants of loops in registers; needs OptFuel
	OptPopcnt                  // the sums that count ones as one instruction; for machines that have it

	OptAll Opt = 1<<iota - 1
)

// Options choose what a code generator may do.
type Options struct {
	// Off are optimisations to leave out.
	Off Opt
	// Handle is what the code leaves in BlockProg.
	Handle uint32
	// CodeLow and CodeSize are where the engine's code lies: words of program
	// arrays that are addresses in there are entries of its programs. A size
	// of 0 means that no word is.
	CodeLow, CodeSize uint64
	// Features are the machine's, as bits of the architecture's own.
	Features uint64
}

// Output is a program as machine code. It may be placed anywhere.
type Output struct {
	Code  []byte
	Exits []Exit
	Funcs []int32 // offset of each function
	// Starts are the offsets at which each lowered instruction begins.
	Starts []int32
	// Open are the functions that are entered by a jump, nil for none.
	Open []bool
	// Light is set where the first function uses no stack, calls nothing and
	// never leaves to Go, so that it may run on any stack.
	Light bool
	// Marks say what else there is, by offset.
	Marks []Mark
}
