package vm

import (
	"unsafe"

	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm/ir"
)

func blockOf(a mem.Addr) *Block { return (*Block)(a.Ptr()) }

// ExitOffset is where in the block a Starter's code leaves Done.
const ExitOffset = ir.BlockEngine + 32

// exit is why the code that was entered has returned.
func (b *Block) exit() int32 {
	return *(*int32)(unsafe.Pointer(&b.Engine[(ExitOffset-ir.BlockEngine)/8]))
}
