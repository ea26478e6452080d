//go:build !amd64

package mem

// ReleaseU32 writes v to the word at a; whoever reads it atomically sees all
// that was written before.
func (a Addr) ReleaseU32(v uint32) { a.StoreU32(v) }

// ReleaseU64 is ReleaseU32 for 8-byte words.
func (a Addr) ReleaseU64(v uint64) { a.StoreU64(v) }

// LoadAfterU32 is the word at a, read after all that the caller has read
// before: a load alone may overtake earlier ones, an exchange does not.
func (a Addr) LoadAfterU32() uint32 { return a.OrU32(0) }
