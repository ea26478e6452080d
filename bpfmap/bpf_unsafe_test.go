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
