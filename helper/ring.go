package helper

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
)

var ringRows = []row{
	{abi.RingBufOutput, ringOutput},
	{abi.RingBufReserve, ringReserve},
	{abi.RingBufSubmit, ringSubmit},
	{abi.RingBufDiscard, ringDiscard},
	{abi.RingBufQuery, ringQuery},
}

func ringOutput(c *vm.Context, r1, data, size, flags, _ uint64) uint64 {
	r, ok := mapAt(c, r1).(*bpfmap.RingBuf)
	if !ok {
		return abi.EINVAL.R0()
	}
	return result(r.Output(mem.Addr(data).Bytes(int(size)), bpfmap.RingBufFlags(flags)))
}

// ringReserve enters the record into the ledger, so that a run that ends
// before its time discards it.
func ringReserve(c *vm.Context, r1, size, flags, _, _ uint64) uint64 {
	r, ok := mapAt(c, r1).(*bpfmap.RingBuf)
	if !ok || flags != 0 {
		return 0
	}
	p := r.Reserve(size)
	if p != 0 {
		c.Hold(r, p, discardRecord)
	}
	return uint64(p)
}

// discardRecord wakes the reader if it waits at this record: later ones may be
// committed already.
func discardRecord(_ *vm.Context, owner any, a mem.Addr) {
	owner.(*bpfmap.RingBuf).Discard(a, 0)
}

func ringSubmit(c *vm.Context, sample, flags, _, _, _ uint64) uint64 {
	if r, ok := c.Drop(mem.Addr(sample)).(*bpfmap.RingBuf); ok {
		r.Commit(mem.Addr(sample), bpfmap.RingBufFlags(flags))
	}
	return 0
}

func ringDiscard(c *vm.Context, sample, flags, _, _, _ uint64) uint64 {
	if r, ok := c.Drop(mem.Addr(sample)).(*bpfmap.RingBuf); ok {
		r.Discard(mem.Addr(sample), bpfmap.RingBufFlags(flags))
	}
	return 0
}

func ringQuery(c *vm.Context, r1, what, _, _, _ uint64) uint64 {
	r, ok := mapAt(c, r1).(*bpfmap.RingBuf)
	if !ok {
		return 0
	}
	return r.Query(what)
}
