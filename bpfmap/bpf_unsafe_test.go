//go:build linux && (amd64 || arm64)

package bpfmap

import (
	"bytes"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/skepbpf/skep/abi"
)

type elemAttr struct {
	fd    uint32
	_     uint32
	key   unsafe.Pointer
	value unsafe.Pointer
	flags uint64
}

// bpfElem is one of bpf(2)'s commands on elements.
func bpfElem(cmd, fd int, key, value []byte, flags uint64) abi.Errno {
	a := elemAttr{fd: uint32(fd), flags: flags}
	if len(key) > 0 {
		a.key = unsafe.Pointer(unsafe.SliceData(key))
	}
	if len(value) > 0 {
		a.value = unsafe.Pointer(unsafe.SliceData(value))
	}
	size := unsafe.Sizeof(a)
	if cmd == unix.BPF_MAP_DELETE_ELEM || cmd == unix.BPF_MAP_GET_NEXT_KEY {
		// What lies behind a command's last field must be 0.
		size -= 8
	}
	_, e := bpf(cmd, unsafe.Pointer(&a), size)
	return e
}

func bpf(cmd int, attr unsafe.Pointer, size uintptr) (uintptr, abi.Errno) {
	r, _, e := unix.Syscall(unix.SYS_BPF, uintptr(cmd), uintptr(attr), size)
	return r, abi.Errno(e)
}

func attrPointer(a *createAttr) unsafe.Pointer { return unsafe.Pointer(a) }
func attrSize(a *createAttr) uintptr           { return unsafe.Sizeof(*a) }

func sortKeys(k [][]byte) { slices.SortFunc(k, bytes.Compare) }

type batchAttr struct {
	in, out, keys, values unsafe.Pointer
	count, fd             uint32
	elemFlags, flags      uint64
}

// bpfBatch is one of bpf(2)'s batch commands: it takes and gives the count.
func bpfBatch(cmd, fd int, in, out, keys, values []byte, count int) (int, abi.Errno) {
	p := func(b []byte) unsafe.Pointer {
		if len(b) == 0 {
			return nil
		}
		return unsafe.Pointer(unsafe.SliceData(b))
	}
	a := batchAttr{in: p(in), out: p(out), keys: p(keys), values: p(values), count: uint32(count), fd: uint32(fd)}
	_, e := bpf(cmd, unsafe.Pointer(&a), unsafe.Sizeof(a))
	return int(a.count), e
}
