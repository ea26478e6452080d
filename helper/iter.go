package helper

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
)

var iterKrows = []krow{
	{"bpf_iter_num_new", iterNumNew},
	{"bpf_iter_num_next", iterNumNext},
	{"bpf_iter_num_destroy", iterNumDestroy},
}

// struct bpf_iter_num has two 4-byte words: the number before the next one,
// and the end.

func iterNumNew(_ *vm.Context, it, start, end, _, _ uint64) uint64 {
	a := mem.Addr(it)
	s, e := int32(start), int32(end)
	*a.U64() = 0
	switch {
	case s > e:
		return abi.EINVAL.R0()
	case int64(e)-int64(s) > maxLoops:
		return abi.E2BIG.R0()
	}
	*a.U32() = uint32(s - 1)
	*(a + 4).U32() = uint32(e)
	return 0
}

func iterNumNext(_ *vm.Context, it, _, _, _, _ uint64) uint64 {
	a := mem.Addr(it)
	next := int32(*a.U32()) + 1
	if next >= int32(*(a + 4).U32()) {
		*a.U64() = 0
		return 0
	}
	*a.U32() = uint32(next)
	return it
}

func iterNumDestroy(_ *vm.Context, it, _, _, _, _ uint64) uint64 {
	*mem.Addr(it).U64() = 0
	return 0
}
