//go:build windows

package mem

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Alloc maps n zeroed bytes, page-aligned. The caller unmaps them with Free.
func Alloc(n int) ([]byte, error) {
	if n <= 0 {
		return nil, fmt.Errorf("map %d bytes: size must be positive", n)
	}
	p, err := windows.VirtualAlloc(0, uintptr(n), windows.MEM_RESERVE|windows.MEM_COMMIT, windows.PAGE_READWRITE)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes: %w", n, err)
	}
	return unsafe.Slice((*byte)(Addr(p).Ptr()), n), nil
}

// Free unmaps what Alloc mapped.
func Free(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	return windows.VirtualFree(uintptr(AddrOf(b)), 0, windows.MEM_RELEASE)
}
