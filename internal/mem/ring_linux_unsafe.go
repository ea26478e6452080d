//go:build linux

package mem

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// AllocRing maps head zeroed bytes and, right after them, data zeroed bytes
// twice in a row, so that a record that wraps around is in one piece. Both
// must be multiples of PageSize. The caller frees it.
func AllocRing(head, data int) (*Ring, error) {
	if head%PageSize != 0 || data%PageSize != 0 || data == 0 {
		return nil, fmt.Errorf("map ring of %d and %d bytes: not multiples of the page size", head, data)
	}
	if page := unix.Getpagesize(); head%page != 0 || data%page != 0 {
		return allocFlat(head, data)
	}
	fd, err := unix.MemfdCreate("skep-ring", unix.MFD_CLOEXEC)
	if err != nil {
		// Some sandboxes have no memfd.
		return allocFlat(head, data)
	}
	defer unix.Close(fd)
	if err := unix.Ftruncate(fd, int64(head+data)); err != nil {
		return nil, fmt.Errorf("map ring of %d bytes: %w", head+data, err)
	}
	total := uintptr(head + 2*data)
	base, err := unix.MmapPtr(-1, 0, nil, total, unix.PROT_NONE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("map ring of %d bytes: %w", total, err)
	}
	const prot = unix.PROT_READ | unix.PROT_WRITE
	_, err = unix.MmapPtr(fd, 0, base, uintptr(head+data), prot, unix.MAP_SHARED|unix.MAP_FIXED)
	if err == nil {
		_, err = unix.MmapPtr(fd, int64(head), unsafe.Add(base, head+data), uintptr(data), prot, unix.MAP_SHARED|unix.MAP_FIXED)
	}
	if err != nil {
		unix.MunmapPtr(base, total)
		return nil, fmt.Errorf("map ring of %d bytes: %w", total, err)
	}
	return &Ring{Base: Addr(base), Head: head, Data: data, Mirrored: true}, nil
}

// Free unmaps the ring.
func (r *Ring) Free() error {
	if !r.Mirrored {
		return Free(r.block)
	}
	return unix.MunmapPtr(r.Base.Ptr(), uintptr(r.Head+2*r.Data))
}
