package mem

// Ring is memory for a ring: Head bytes, Data bytes, and the same data bytes
// once more at the addresses that follow.
type Ring struct {
	Base       Addr
	Head, Data int
	// Mirrored is false where the system cannot map data twice: the second
	// half is then memory of its own, and Sync carries over what a record
	// wrote across the border.
	Mirrored bool
	block    []byte
}

// Sync makes the n bytes that were written at offset off of the data, off
// below Data and n at most Data, visible at both places.
func (r *Ring) Sync(off, n int) {
	if r.Mirrored || n == 0 {
		return
	}
	data := r.Base + Addr(r.Head)
	first := min(n, r.Data-off)
	copy((data + Addr(r.Data+off)).Bytes(first), (data + Addr(off)).Bytes(first))
	if rest := n - first; rest > 0 {
		copy(data.Bytes(rest), (data + Addr(r.Data)).Bytes(rest))
	}
}

// Flat is a ring like r whose data is not mirrored, as on systems that cannot.
func (r *Ring) Flat() (*Ring, error) { return allocFlat(r.Head, r.Data) }

// allocFlat maps a ring whose data is not mirrored.
func allocFlat(head, data int) (*Ring, error) {
	b, err := Alloc(head + 2*data)
	if err != nil {
		return nil, err
	}
	return &Ring{Base: AddrOf(b), Head: head, Data: data, block: b}, nil
}
