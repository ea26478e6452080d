package helper

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/internal/packet"
	"github.com/skepbpf/skep/vm"
)

var dynptrKrows = []krow{
	{"bpf_dynptr_from_xdp", dynptrFromXDP},
	{"bpf_dynptr_adjust", dynptrAdjust},
	{"bpf_dynptr_is_null", func(_ *vm.Context, p, _, _, _, _ uint64) uint64 { return truth(dynptr(p).data() == 0) }},
	{"bpf_dynptr_is_rdonly", func(_ *vm.Context, p, _, _, _, _ uint64) uint64 {
		return truth(dynptr(p).data() != 0 && dynptr(p).word()&dynReadOnly != 0)
	}},
	{"bpf_dynptr_size", dynptrSize},
	{"bpf_dynptr_clone", dynptrClone},
	{"bpf_dynptr_slice", dynptrSlice},
	{"bpf_dynptr_slice_rdwr", dynptrSliceWrite},
	{"bpf_dynptr_copy", dynptrCopy},
	{"bpf_dynptr_memset", dynptrMemset},
}

func truth(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// dynptrFromXDP wraps the packet. The address in the dynptr only says that
// there is one: the bytes are where the packet is when they are asked for.
func dynptrFromXDP(c *vm.Context, _, flags, ptr, _, _ uint64) uint64 {
	d := dynptr(ptr)
	d.clear()
	if flags != 0 {
		return abi.EINVAL.R0()
	}
	x := xdp(c)
	if x == nil {
		return 0
	}
	d.set(x.Ctx(), dynXDP, uint32(x.Len()))
	return 0
}

// dynptrAdjust cuts a dynptr to the bytes from start to end.
func dynptrAdjust(_ *vm.Context, ptr, start, end, _, _ uint64) uint64 {
	d := dynptr(ptr)
	s, e := uint32(start), uint32(end)
	switch {
	case d.data() == 0 || s > e:
		return abi.EINVAL.R0()
	case e > d.size():
		return abi.ERANGE.R0()
	}
	*(mem.Addr(d) + 8).U32() = d.word()&^dynSizeMask | (e - s)
	*(mem.Addr(d) + 12).U32() = d.offset() + s
	return 0
}

func dynptrSize(_ *vm.Context, ptr, _, _, _, _ uint64) uint64 {
	d := dynptr(ptr)
	if d.data() == 0 {
		return uint64(uint32(abi.EINVAL.R0()))
	}
	return uint64(d.size())
}

func dynptrClone(_ *vm.Context, ptr, clone, _, _, _ uint64) uint64 {
	d, to := dynptr(ptr), dynptr(clone)
	if d.data() == 0 {
		to.clear()
		return abi.EINVAL.R0()
	}
	copy(mem.Addr(to).Bytes(16), mem.Addr(d).Bytes(16))
	return 0
}

// bytes are n bytes at off, nil if there are none.
func (d dynptr) bytes(c *vm.Context, off, n uint64) ([]byte, abi.Errno) {
	if d.data() == 0 {
		return nil, abi.EINVAL
	}
	at, err := d.span(off, n)
	if err != 0 {
		return nil, err
	}
	if d.kind() != dynXDP {
		return (d.data() + mem.Addr(at)).Bytes(int(n)), 0
	}
	x, ok := c.Event.(*packet.XDP)
	if !ok {
		return nil, abi.EINVAL
	}
	if uint64(at)+n > uint64(x.Len()) {
		return nil, abi.EINVAL
	}
	return x.Data()[at:][:n:n], 0
}

// dynptrSlice is the address of n bytes; the buffer is not needed, as no
// packet here has fragments.
func dynptrSlice(c *vm.Context, ptr, off, _, n, _ uint64) uint64 {
	b, err := dynptr(ptr).bytes(c, uint64(uint32(off)), uint64(uint32(n)))
	if err != 0 || len(b) == 0 {
		return 0
	}
	return uint64(mem.AddrOf(b))
}

func dynptrSliceWrite(c *vm.Context, ptr, off, buf, n, r5 uint64) uint64 {
	if dynptr(ptr).word()&dynReadOnly != 0 {
		return 0
	}
	return dynptrSlice(c, ptr, off, buf, n, r5)
}

func dynptrCopy(c *vm.Context, dst, dstOff, src, srcOff, n uint64) uint64 {
	if dynptr(dst).word()&dynReadOnly != 0 {
		return abi.EINVAL.R0()
	}
	from, err := dynptr(src).bytes(c, uint64(uint32(srcOff)), uint64(uint32(n)))
	if err != 0 {
		return err.R0()
	}
	to, err := dynptr(dst).bytes(c, uint64(uint32(dstOff)), uint64(uint32(n)))
	if err != 0 {
		return err.R0()
	}
	copy(to, from)
	return 0
}

func dynptrMemset(c *vm.Context, ptr, off, n, v, _ uint64) uint64 {
	if dynptr(ptr).word()&dynReadOnly != 0 {
		return abi.EINVAL.R0()
	}
	b, err := dynptr(ptr).bytes(c, uint64(uint32(off)), uint64(uint32(n)))
	if err != 0 {
		return err.R0()
	}
	for i := range b {
		b[i] = byte(v)
	}
	return 0
}
