package helper

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/internal/packet"
	"github.com/skepbpf/skep/vm"
)

var dynptrRows = []row{
	{abi.DynptrFromMem, dynptrFromMem},
	{abi.RingBufReserveDynptr, ringReserveDynptr},
	{abi.RingBufSubmitDynptr, ringSubmitDynptr},
	{abi.RingBufDiscardDynptr, ringDiscardDynptr},
	{abi.DynptrRead, dynptrRead},
	{abi.DynptrWrite, dynptrWrite},
	{abi.DynptrData, dynptrData},
}

// dynptr is a struct bpf_dynptr: address, size with type and flag, offset.
// Programs see 16 opaque bytes.
type dynptr mem.Addr

// The word that holds size, type and the read-only flag. Linux 6.18: struct
// bpf_dynptr_kern.
const (
	dynSizeMask  = 0xffffff
	dynTypeShift = 28
	dynTypeMask  = 7
	dynReadOnly  = 1 << 31
	dynMaxSize   = dynSizeMask

	dynLocal   = 1
	dynRingBuf = 2
	dynXDP     = 4
)

func (d dynptr) data() mem.Addr { return mem.Addr(*mem.Addr(d).U64()) }
func (d dynptr) word() uint32   { return *(mem.Addr(d) + 8).U32() }
func (d dynptr) size() uint32   { return d.word() & dynSizeMask }
func (d dynptr) offset() uint32 { return *(mem.Addr(d) + 12).U32() }
func (d dynptr) kind() uint32   { return d.word() >> dynTypeShift & dynTypeMask }

func (d dynptr) set(data mem.Addr, kind, size uint32) {
	*mem.Addr(d).U64() = uint64(data)
	*(mem.Addr(d) + 8).U32() = kind<<dynTypeShift | size
	*(mem.Addr(d) + 12).U32() = 0
}

func (d dynptr) clear() { d.set(0, 0, 0) }

// span is the absolute offset of n bytes at off. Linux 6.18: E2BIG if they do
// not fit.
func (d dynptr) span(off, n uint64) (uint32, abi.Errno) {
	size := uint64(d.size())
	if n > size || off > size-n {
		return 0, abi.E2BIG
	}
	return d.offset() + uint32(off), 0
}

func dynptrFromMem(_ *vm.Context, data, size, flags, ptr, _ uint64) uint64 {
	d := dynptr(ptr)
	n := uint32(size)
	d.clear()
	switch {
	case n > dynMaxSize:
		return abi.E2BIG.R0()
	case flags != 0:
		return abi.EINVAL.R0()
	}
	d.set(mem.Addr(data), dynLocal, n)
	return 0
}

// ringReserveDynptr reserves a record and wraps it; the dynptr must be
// submitted or discarded even where it is empty.
func ringReserveDynptr(c *vm.Context, r1, size, flags, ptr, _ uint64) uint64 {
	d := dynptr(ptr)
	d.clear()
	n := uint32(size)
	switch {
	case flags != 0:
		return abi.EINVAL.R0()
	case n > dynMaxSize:
		return abi.E2BIG.R0()
	}
	r, ok := mapAt(c, r1).(*bpfmap.RingBuf)
	if !ok {
		return abi.EINVAL.R0()
	}
	p := r.Reserve(uint64(n))
	if p == 0 {
		return abi.EINVAL.R0()
	}
	c.Hold(r, p, discardRecord)
	d.set(p, dynRingBuf, n)
	return 0
}

func ringSubmitDynptr(c *vm.Context, ptr, flags, _, _, _ uint64) uint64 {
	d := dynptr(ptr)
	if d.data() != 0 {
		ringSubmit(c, uint64(d.data()), flags, 0, 0, 0)
		d.clear()
	}
	return 0
}

func ringDiscardDynptr(c *vm.Context, ptr, flags, _, _, _ uint64) uint64 {
	d := dynptr(ptr)
	if d.data() != 0 {
		ringDiscard(c, uint64(d.data()), flags, 0, 0, 0)
		d.clear()
	}
	return 0
}

func dynptrRead(c *vm.Context, dst, n, ptr, off, flags uint64) uint64 {
	d := dynptr(ptr)
	if d.data() == 0 || flags != 0 {
		return abi.EINVAL.R0()
	}
	at, err := d.span(off, uint64(uint32(n)))
	if err != 0 {
		return err.R0()
	}
	to := mem.Addr(dst).Bytes(int(uint32(n)))
	if d.kind() == dynXDP {
		x, ok := c.Event.(*packet.XDP)
		if !ok {
			return abi.EINVAL.R0()
		}
		return result(x.LoadBytes(at, to))
	}
	copy(to, (d.data() + mem.Addr(at)).Bytes(len(to)))
	return 0
}

func dynptrWrite(c *vm.Context, ptr, off, src, n, flags uint64) uint64 {
	d := dynptr(ptr)
	if d.data() == 0 || d.word()&dynReadOnly != 0 || flags != 0 {
		return abi.EINVAL.R0()
	}
	at, err := d.span(off, uint64(uint32(n)))
	if err != 0 {
		return err.R0()
	}
	from := mem.Addr(src).Bytes(int(uint32(n)))
	if d.kind() == dynXDP {
		x, ok := c.Event.(*packet.XDP)
		if !ok {
			return abi.EINVAL.R0()
		}
		return result(x.StoreBytes(at, from))
	}
	copy((d.data() + mem.Addr(at)).Bytes(len(from)), from)
	return 0
}

// dynptrData is a slice of the memory, 0 where it may not be written directly.
func dynptrData(_ *vm.Context, ptr, off, n, _, _ uint64) uint64 {
	d := dynptr(ptr)
	if d.data() == 0 || d.kind() == dynXDP || d.word()&dynReadOnly != 0 {
		return 0
	}
	at, err := d.span(off, uint64(uint32(n)))
	if err != 0 {
		return 0
	}
	return uint64(d.data()) + uint64(at)
}
