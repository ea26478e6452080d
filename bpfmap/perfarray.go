package bpfmap

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// PerfEventArray is BPF_MAP_TYPE_PERF_EVENT_ARRAY: a slot a CPU, each with a
// ring that programs write samples to.
type PerfEventArray struct {
	base
	rings []atomic.Pointer[PerfRing]
}

// Flags of bpf_perf_event_output.
const (
	PerfIndexMask  = 0xffffffff // BPF_F_INDEX_MASK
	PerfCurrentCPU = 0xffffffff // BPF_F_CURRENT_CPU
)

func newPerfEventArray(def *image.Map, o Options) (*PerfEventArray, error) {
	if def.MaxEntries > maxHandles {
		return nil, errTooLarge
	}
	p := &PerfEventArray{rings: make([]atomic.Pointer[PerfRing], def.MaxEntries)}
	if err := p.setup(def, o); err != nil {
		return nil, err
	}
	p.drain = func() {
		for i := range p.rings {
			if r := p.rings[i].Swap(nil); r != nil {
				r.shut()
			}
		}
	}
	return p, nil
}

// Open puts a ring in the slot index and is the ring, for reading. A ring
// that was there is closed.
func (p *PerfEventArray) Open(index uint32, o PerfOptions) (*PerfRing, error) {
	if index >= p.max {
		return nil, fmt.Errorf("map %q: perf event index %d is not below max_entries %d", p.def.Name, index, p.max)
	}
	r, err := newPerfRing(o)
	if err != nil {
		return nil, fmt.Errorf("map %q: perf event %d: %w", p.def.Name, index, err)
	}
	r.array, r.index = p, index
	if !p.Retain() {
		r.shut()
		return nil, fmt.Errorf("map %q: closed", p.def.Name)
	}
	p.remove(index, p.rings[index].Swap(r))
	return r, nil
}

// remove lets go of a ring that has left its slot.
func (p *PerfEventArray) remove(_ uint32, r *PerfRing) {
	if r != nil && !r.detached.Swap(true) {
		p.table.epoch.Defer(func() {
			r.shut()
			p.Release()
		})
	}
}

// Output is bpf_perf_event_output on a CPU: sample and what follows it
// (packet bytes) become one raw sample.
func (p *PerfEventArray) Output(cpu int, flags uint64, sample, more []byte) abi.Errno {
	if flags&^PerfIndexMask != 0 {
		return abi.EINVAL
	}
	i := flags & PerfIndexMask
	if i == PerfCurrentCPU {
		i = uint64(cpu)
	}
	if i >= uint64(p.max) {
		return abi.E2BIG
	}
	r := p.rings[i].Load()
	if r == nil {
		return abi.ENOENT
	}
	if r.cpu != cpu {
		return abi.EOPNOTSUPP
	}
	return r.write(sample, more)
}

// ValueLen is the length of a file descriptor, which Linux takes here.
func (p *PerfEventArray) ValueLen() int { return 4 }

// SysLookup refuses, as in Linux.
func (p *PerfEventArray) SysLookup(_, _ []byte, _ abi.UpdateFlags) abi.Errno { return abi.ENOTSUPP }

// SysUpdate refuses: Open is the way.
func (p *PerfEventArray) SysUpdate(_, _ []byte, _ abi.UpdateFlags) abi.Errno { return abi.EINVAL }

// SysDelete closes the ring at an index.
func (p *PerfEventArray) SysDelete(key []byte) abi.Errno {
	i := binary.NativeEndian.Uint32(key)
	if i >= p.max {
		return abi.E2BIG
	}
	r := p.rings[i].Swap(nil)
	if r == nil {
		return abi.ENOENT
	}
	p.remove(i, r)
	return 0
}

// NextKey is the next index, whether there is a ring or not.
func (p *PerfEventArray) NextKey(prev, next []byte) abi.Errno {
	return arrayNextKey(p.max, prev, next)
}
