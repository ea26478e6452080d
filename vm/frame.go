package vm

import "github.com/skepbpf/skep/internal/mem"

// Frame is what an engine keeps of a function that called another one.
type Frame struct {
	Program *Program
	PC      int // where it goes on
	FP      mem.Addr
	Saved   [4]uint64 // r6 to r9
}

// maxFrames is how many frames fit without allocation: 8 functions deep.
const maxFrames = 64

// PacketLoader is an event whose packet the legacy loads LD_ABS and LD_IND
// read.
type PacketLoader interface {
	// LoadPacket is the big-endian number of size bytes at off; ok is false
	// where the packet has no such bytes.
	LoadPacket(off int32, size int) (v uint32, ok bool)
}
