package bpfmap

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
)

// Cursor is where a batch lookup stands. The zero value is the beginning.
type Cursor struct {
	bucket uint64 // of hashes
	key    []byte // of other kinds: the last key that was given
}

// LookupBatch is BPF_MAP_LOOKUP_BATCH: it fills keys and values, which have
// room for max elements, from where c stands, and is the number of elements.
// ENOENT, with elements or without, says that there are no more. Hashes give
// whole buckets, and ENOSPC if one has more than max elements.
func LookupBatch(m Map, c *Cursor, keys, values []byte, max int, flags abi.UpdateFlags) (int, abi.Errno) {
	if !m.Retain() {
		return 0, abi.EBADF
	}
	defer m.Release()
	if e := checkBatch(m, keys, values, max, flags); e != 0 || max == 0 {
		return 0, e
	}
	if m.Def().Flags&abi.WriteOnly != 0 {
		return 0, abi.EPERM
	}
	switch m := m.(type) {
	case *hash:
		return m.batch(c, keys, values, max, flags, false)
	case *array, *perCPUArray, *lpm, *ArrayOfMaps, *HashOfMaps:
		return lookupEach(m.(Syscaller), int(m.Def().KeySize), c, keys, values, max, flags)
	}
	return 0, abi.ENOTSUPP
}

// LookupDeleteBatch is BPF_MAP_LOOKUP_AND_DELETE_BATCH: LookupBatch that takes
// the elements out.
func LookupDeleteBatch(m Map, c *Cursor, keys, values []byte, max int, flags abi.UpdateFlags) (int, abi.Errno) {
	if !m.Retain() {
		return 0, abi.EBADF
	}
	defer m.Release()
	if e := writable(m); e != 0 {
		return 0, e
	}
	if m.Def().Flags&abi.WriteOnly != 0 {
		return 0, abi.EPERM
	}
	if e := checkBatch(m, keys, values, max, flags); e != 0 || max == 0 {
		return 0, e
	}
	if h, ok := m.(*hash); ok {
		return h.batch(c, keys, values, max, flags, true)
	}
	return 0, abi.ENOTSUPP
}

// UpdateBatch is BPF_MAP_UPDATE_BATCH: n updates, up to the first that fails.
// It is the number of those that were done.
func UpdateBatch(m Map, keys, values []byte, n int, flags abi.UpdateFlags) (int, abi.Errno) {
	if e := checkBatch(m, keys, values, n, flags&^(abi.UpdateExist|abi.UpdateNoExist)); e != 0 {
		return 0, e
	}
	switch m.(type) {
	case *hash, *array, *perCPUArray, *lpm:
	default:
		return 0, abi.ENOTSUPP
	}
	key, value := int(m.Def().KeySize), ValueLen(m)
	for i := range n {
		if e := Update(m, keys[i*key:][:key], values[i*value:][:value], flags); e != 0 {
			return i, e
		}
	}
	return n, 0
}

// DeleteBatch is BPF_MAP_DELETE_BATCH: n deletions, up to the first that
// fails. It is the number of those that were done.
func DeleteBatch(m Map, keys []byte, n int) (int, abi.Errno) {
	key := int(m.Def().KeySize)
	if len(keys) != n*key {
		return 0, abi.EINVAL
	}
	switch m.(type) {
	case *hash, *lpm, *HashOfMaps:
	default:
		return 0, abi.ENOTSUPP
	}
	for i := range n {
		if e := Delete(m, keys[i*key:][:key]); e != 0 {
			return i, e
		}
	}
	return n, 0
}

func checkBatch(m Map, keys, values []byte, n int, flags abi.UpdateFlags) abi.Errno {
	switch {
	case flags&^abi.UpdateLock != 0, flags != 0 && !hasLock(m):
		return abi.EINVAL
	case n < 0 || len(keys) != n*int(m.Def().KeySize) || len(values) != n*ValueLen(m):
		return abi.EINVAL
	}
	return 0
}

// lookupEach goes from key to key.
func lookupEach(m Syscaller, size int, c *Cursor, keys, values []byte, max int, flags abi.UpdateFlags) (int, abi.Errno) {
	next := make([]byte, size)
	value := m.ValueLen()
	for n := 0; n < max; {
		if e := m.NextKey(c.key, next); e != 0 {
			return n, e
		}
		c.key = append(c.key[:0], next...)
		// An element may be deleted between the two steps.
		switch e := m.SysLookup(next, values[n*value:][:value], flags); e {
		case 0:
			copy(keys[n*size:], next)
			n++
		case abi.ENOENT:
		default:
			return n, e
		}
	}
	return max, 0
}

// batch goes from bucket to bucket.
func (h *hash) batch(c *Cursor, keys, values []byte, max int, flags abi.UpdateFlags, del bool) (int, abi.Errno) {
	size, value := int(h.def.KeySize), h.ValueLen()
	n := 0
	for ; c.bucket <= uint64(h.mask); c.bucket++ {
		b := uint32(c.bucket)
		if h.head(b).LoadU64() == 0 {
			continue
		}
		lock := h.lockOf(b)
		seqLock(lock)
		first := n
		for p := h.chain(b); p&1 == 0; p = mem.Addr(p).LoadU64() {
			if n == max {
				seqUnlock(lock)
				if first == 0 {
					return 0, abi.ENOSPC
				}
				return first, 0
			}
			e := mem.Addr(p)
			copy(keys[n*size:], (e + ElemKey).Bytes(size))
			h.copyOut(e, values[n*value:][:value], flags)
			n++
		}
		if del {
			h.clearChain(b)
		}
		seqUnlock(lock)
	}
	return n, abi.ENOENT
}

// clearChain takes all elements out of a chain, whose lock is held.
func (h *hash) clearChain(bucket uint32) {
	p := h.chain(bucket)
	h.head(bucket).ReleaseU64(0)
	for p&1 == 0 {
		e := mem.Addr(p)
		p = e.LoadU64()
		h.discard(-1, e, bucket)
	}
}
