package helper

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
)

var perfRows = []row{
	{abi.PerfEventOutput, perfOutput},
	{abi.XDPOutput, perfOutput},
}

// ctxLenShift is where the flags of packet programs have the number of packet
// bytes to append: BPF_F_CTXLEN_MASK.
const (
	ctxLenShift = 32
	ctxLenMask  = 0xfffff << ctxLenShift
)

// sampled is a packet whose bytes may go along with a sample.
type sampled interface {
	Len() int
	Data() []byte
}

// perfOutput is bpf_perf_event_output. Linux 6.18: packet programs may append
// bytes of the packet; for others those flags are EINVAL.
func perfOutput(c *vm.Context, _, r2, flags, data, size uint64) uint64 {
	p, ok := mapAt(c, r2).(*bpfmap.PerfEventArray)
	if !ok {
		return abi.EINVAL.R0()
	}
	var more []byte
	if x, ok := c.Event.(sampled); ok {
		if flags&^(ctxLenMask|bpfmap.PerfIndexMask) != 0 {
			return abi.EINVAL.R0()
		}
		n := int(flags & ctxLenMask >> ctxLenShift)
		if n > x.Len() {
			return abi.EFAULT.R0()
		}
		more = x.Data()[:n]
		flags &= bpfmap.PerfIndexMask
	}
	return result(p.Output(c.CPU, flags, mem.Addr(data).Bytes(int(size)), more))
}
