package ir

// Offsets in the block of a run context: the memory that generated code reaches
// through one register. vm.Block is the same in Go.
const (
	BlockCPU        = 0   // index of the virtual CPU, 8 bytes
	BlockFuel       = 8   // instructions until the next poll, signed
	BlockSP         = 16  // address where the next frame begins
	BlockStackLimit = 24  // lowest address of the stack
	BlockTailCalls  = 32  // tail calls left
	BlockSaved      = 40  // registers r0 ... r10, while a helper runs
	BlockEngine     = 128 // the engine's own, 64 bytes
	BlockClock      = 192 // address of C's clock_gettime, 0 if Go reads the clocks
	BlockRecords    = 200 // number of Records, 8 bytes
	BlockRecord     = 208 // the first of them
	BlockScratch    = BlockRecord + MaxRecords*RecordSize
	BlockSize       = 1024
)

// A record of a ring buffer that the run holds and that machine code reserved:
// a part of the ledger of what an end before its time must give back.
const (
	RecordSample = 0 // address that the program holds
	RecordHeader = 8 // of the ring buffer
	RecordSize   = 16
	MaxRecords   = 8 // more are reserved in Go
)

// MaxTailCalls is the number of tail calls in one run.
// Linux 6.18: MAX_TAIL_CALL_CNT.
const MaxTailCalls = 33

// CallbackTag marks the constants that programs hold as the address of a
// subprogram: the tag, plus the index in Funcs.
const CallbackTag = 0x5ca1_1bac_0000_0000

// Callback is the index in Funcs that the constant a stands for.
func Callback(a uint64) (fn int, ok bool) {
	return int(uint32(a)), a&^0xffff_ffff == CallbackTag
}
