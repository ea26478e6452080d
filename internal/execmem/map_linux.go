package execmem

import (
	"golang.org/x/sys/unix"

	"github.com/skepbpf/skep/internal/mem"
)

// mapTwice maps anonymous memory of a file to write and to run.
func mapTwice(size int) (rw []byte, rx mem.Addr, err error) {
	fd, err := unix.MemfdCreate("skep-jit", unix.MFD_CLOEXEC|unix.MFD_EXEC)
	if err == unix.EINVAL { // before Linux 6.3
		fd, err = unix.MemfdCreate("skep-jit", unix.MFD_CLOEXEC)
	}
	if err != nil {
		return nil, 0, err
	}
	defer unix.Close(fd)
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		return nil, 0, err
	}
	rw, err = unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, 0, err
	}
	code, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_SHARED)
	if err != nil {
		_ = unix.Munmap(rw)
		return nil, 0, err
	}
	return rw, mem.AddrOf(code), nil
}

func unmapTwice(rw []byte, rx mem.Addr) error {
	err := unix.Munmap(rx.Bytes(len(rw)))
	if e := unix.Munmap(rw); err == nil {
		err = e
	}
	return err
}
