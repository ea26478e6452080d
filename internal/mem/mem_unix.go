//go:build unix

package mem

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Alloc maps n zeroed bytes, page-aligned. Pages take memory only once they
// are touched. The caller unmaps them with Free.
func Alloc(n int) ([]byte, error) {
	if n <= 0 {
		return nil, fmt.Errorf("map %d bytes: size must be positive", n)
	}
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_ANON|unix.MAP_PRIVATE|mapNoReserve)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes: %w", n, err)
	}
	return b, nil
}

// Free unmaps what Alloc mapped.
func Free(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	return unix.Munmap(b)
}
