//go:build !unix && !windows

package mem

import (
	"fmt"
	"sync"
)

// blocks keeps what Alloc gave out reachable: systems without mappings get
// memory of the Go heap, which does not move, held here until Free.
var blocks sync.Map // Addr to []byte

// maxAlloc bounds one block where memory cannot be reserved without taking it.
const maxAlloc = 1 << 30

// Alloc is n zeroed bytes, page-aligned. The caller gives them back with Free.
func Alloc(n int) ([]byte, error) {
	if n <= 0 || n > maxAlloc {
		return nil, fmt.Errorf("map %d bytes: size must be between 1 and %d", n, maxAlloc)
	}
	b := make([]byte, n+PageSize)
	off := int(-AddrOf(b) & (PageSize - 1))
	b = b[off : off+n : off+n]
	blocks.Store(AddrOf(b), b)
	return b, nil
}

// Free gives back what Alloc gave.
func Free(b []byte) error {
	if len(b) != 0 {
		blocks.Delete(AddrOf(b))
	}
	return nil
}
