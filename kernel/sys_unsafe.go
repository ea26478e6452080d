//go:build linux

package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/skepbpf/skep/abi"
)

func addressOf(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(&b[0]))) }

// bpf is bpf(2). The kernel may write into a.
func bpf(cmd command, a *attr) (int, abi.Errno) {
	r, _, errno := unix.Syscall(unix.SYS_BPF, uintptr(cmd), uintptr(unsafe.Pointer(&a.buf)), a.size())
	return int(r), abi.Errno(errno)
}

func closeFD(fd int) { unix.Close(fd) }

// mapShared maps the memory of a map, at address if it is not 0.
func mapShared(fd int, address uint64, size int) ([]byte, error) {
	flags := unix.MAP_SHARED
	if address != 0 {
		flags |= unix.MAP_FIXED_NOREPLACE
	}
	p, err := unix.MmapPtr(fd, 0, unsafe.Add(nil, uintptr(address)), uintptr(size), unix.PROT_READ|unix.PROT_WRITE, flags)
	if err != nil {
		return nil, err
	}
	return unsafe.Slice((*byte)(p), size), nil
}

func unmap(b []byte) {
	_ = unix.MunmapPtr(unsafe.Pointer(&b[0]), uintptr(len(b))) // it was mapped as it is
}
