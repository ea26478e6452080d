package bpfmap

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
)

// ValueLen is the length of the values that bpf(2) moves.
func (h *hash) ValueLen() int {
	if h.percpu {
		return int(h.padded) * h.cpus
	}
	return int(h.def.ValueSize)
}

// SysLookup copies a value under the bucket's lock, so that Go callers never
// see the value of another key. It does not count as a use in LRU kinds.
func (h *hash) SysLookup(key, value []byte, flags abi.UpdateFlags) abi.Errno {
	hash := hashKey(h.s, key)
	lock := h.lockOf(hash)
	seqLock(lock)
	defer seqUnlock(lock)
	e := h.locate(key, hash)
	if e == 0 {
		return abi.ENOENT
	}
	h.copyOut(e, value, flags)
	return 0
}

// copyOut copies the value of e as bpf(2) shows it.
func (h *hash) copyOut(e mem.Addr, value []byte, flags abi.UpdateFlags) {
	if !h.percpu {
		h.load(value, e+h.voff, flags)
		return
	}
	for c := range h.cpus {
		mem.Copy(value[c*int(h.padded):][:h.padded], h.value(e, c).Bytes(int(h.padded)))
	}
}

func (h *hash) SysUpdate(key, value []byte, flags abi.UpdateFlags) abi.Errno {
	return h.Update(-1, key, value, flags)
}

func (h *hash) SysDelete(key []byte) abi.Errno { return h.Delete(-1, key) }

// SysLookupDelete takes an element out with its value.
func (h *hash) SysLookupDelete(key, value []byte, flags abi.UpdateFlags) abi.Errno {
	hash := hashKey(h.s, key)
	lock := h.lockOf(hash)
	seqLock(lock)
	e := h.locate(key, hash)
	if e != 0 {
		h.copyOut(e, value, flags)
		h.unlink(e, hash)
	}
	seqUnlock(lock)
	if e == 0 {
		return abi.ENOENT
	}
	h.discard(-1, e, hash)
	return 0
}

// NextKey goes by bucket, and within a bucket from the element put in last to
// the first.
func (h *hash) NextKey(prev, next []byte) abi.Errno {
	from := uint64(0)
	if prev != nil {
		hash := hashKey(h.s, prev)
		lock := h.lockOf(hash)
		seqLock(lock)
		e := h.locate(prev, hash)
		if e != 0 {
			from = uint64(hash&h.mask) + 1
			if p := e.LoadU64(); p&1 == 0 {
				copy(next, (mem.Addr(p) + ElemKey).Bytes(len(next)))
				seqUnlock(lock)
				return 0
			}
		}
		seqUnlock(lock)
	}
	for b := from; b <= uint64(h.mask); b++ {
		if h.firstKey(uint32(b), next) {
			return 0
		}
	}
	return abi.ENOENT
}

// firstKey copies the key at the head of a bucket's chain.
func (h *hash) firstKey(bucket uint32, key []byte) bool {
	if h.head(bucket).LoadU64() == 0 {
		return false
	}
	lock := h.lockOf(bucket)
	seqLock(lock)
	defer seqUnlock(lock)
	p := h.chain(bucket)
	if p&1 != 0 {
		return false
	}
	copy(key, (mem.Addr(p) + ElemKey).Bytes(len(key)))
	return true
}

// Range visits what is in the chains when it comes by. f may change the map:
// an element that f deletes and that is used again at once may carry the visit
// into another chain, whose rest is then visited instead, as in Linux.
func (h *hash) Range(cpu int, f func(key, value mem.Addr) bool) int {
	n := 0
	for b := uint64(0); b <= uint64(h.mask); b++ {
		p := h.chain(uint32(b))
		for p&1 == 0 {
			e := mem.Addr(p)
			p = e.LoadU64()
			n++
			if !f(e+ElemKey, h.value(e, cpu)) {
				return n
			}
		}
	}
	return n
}
