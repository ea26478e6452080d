package helper

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm"
)

var loopRows = []row{
	{abi.Loop, loop},
}

// maxLoops is BPF_MAX_LOOPS.
const maxLoops = 8 << 20

// loop is bpf_loop: it calls back up to nr times with the turn's number, until
// the callback answers 1, and is the number of turns.
func loop(c *vm.Context, nr, fn, ptr, flags, _ uint64) uint64 {
	if flags != 0 {
		return abi.EINVAL.R0()
	}
	n := uint32(nr)
	if n > maxLoops {
		return abi.E2BIG.R0()
	}
	for i := range n {
		r0, ok := c.Call(fn, uint64(i), ptr, 0, 0, 0)
		if !ok || r0 != 0 {
			return uint64(i) + 1
		}
	}
	return uint64(n)
}
