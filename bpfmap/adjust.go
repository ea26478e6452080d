package bpfmap

import (
	"math"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// Adjust is a definition as libbpf passes it on to the kernel: a perf event
// array without max_entries gets one for each CPU, a ring buffer's size is
// rounded up to a power of two of pages, and so are those of inner maps. def
// itself stays as it is.
func Adjust(def *image.Map, cpus int) *image.Map {
	d := *def
	switch {
	case d.Type == abi.PerfEventArray && d.MaxEntries == 0:
		d.MaxEntries = uint32(cpus)
	case d.Type == abi.RingBuf && d.MaxEntries != 0:
		if n := powerOf2(roundUp(uint64(d.MaxEntries), mem.PageSize)); n <= math.MaxUint32 {
			d.MaxEntries = uint32(n)
		}
	case d.Inner != nil:
		d.Inner = Adjust(d.Inner, cpus)
	}
	// An Inner that needs nothing is itself, so that comparing is enough.
	if d.MaxEntries == def.MaxEntries && d.Inner == def.Inner {
		return def
	}
	return &d
}
