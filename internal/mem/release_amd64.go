package mem

// ReleaseU32 writes v to the word at a; whoever reads it atomically sees all
// that was written before. On this architecture every store is one, and the
// compiler keeps the order of stores.
func (a Addr) ReleaseU32(v uint32) {
	release(a)
	*a.U32() = v
}

// ReleaseU64 is ReleaseU32 for 8-byte words.
func (a Addr) ReleaseU64(v uint64) {
	release(a)
	*a.U64() = v
}

// LoadAfterU32 is the word at a, read after all that the caller has read
// before. On this architecture every load is in order.
func (a Addr) LoadAfterU32() uint32 { return a.LoadU32() }
