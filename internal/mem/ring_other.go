//go:build !linux

package mem

import "fmt"

// AllocRing maps head zeroed bytes and room for data bytes twice in a row.
// Both must be multiples of PageSize. The caller frees it.
func AllocRing(head, data int) (*Ring, error) {
	if head%PageSize != 0 || data%PageSize != 0 || data == 0 {
		return nil, fmt.Errorf("map ring of %d and %d bytes: not multiples of the page size", head, data)
	}
	return allocFlat(head, data)
}

// Free unmaps the ring.
func (r *Ring) Free() error { return Free(r.block) }
