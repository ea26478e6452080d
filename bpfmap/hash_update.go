package bpfmap

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
)

// checkUpdate says what BPF_NOEXIST and BPF_EXIST have against an update.
func checkUpdate(exists bool, flags abi.UpdateFlags) abi.Errno {
	switch {
	case exists && flags&abi.UpdateNoExist != 0:
		return abi.EEXIST
	case !exists && flags&abi.UpdateExist != 0:
		return abi.ENOENT
	}
	return 0
}

// Update sets the value of key; of per-CPU kinds, that of one CPU.
func (h *hash) Update(cpu int, key, value []byte, flags abi.UpdateFlags) abi.Errno {
	switch {
	case h.percpu && flags > abi.UpdateExist, h.lru && flags > abi.UpdateExist:
		return abi.EINVAL
	case flags&^abi.UpdateLock > abi.UpdateExist:
		return abi.EINVAL
	case flags&abi.UpdateLock != 0 && h.lock < 0:
		return abi.EINVAL
	}
	if h.percpu {
		return h.updateInPlace(cpu, key, value, flags)
	}
	if h.lru {
		return h.updateLRU(cpu, key, value, flags)
	}
	hash := hashKey(h.s, key)
	lock := h.lockOf(hash)
	seqLock(lock)
	defer seqUnlock(lock)
	old := h.locate(key, hash)
	if e := checkUpdate(old != 0, flags); e != 0 {
		return e
	}
	switch {
	case old == 0:
		i := h.pool.take(h.shard(cpu, hash))
		if i == 0 {
			return abi.E2BIG
		}
		h.insert(h.elem(i), key, value, hash)
	case flags&abi.UpdateLock != 0:
		h.store(old+h.voff, value, flags)
	default:
		h.replace(cpu, old, key, value, hash)
	}
	return 0
}

// insert puts a free element with key and value into its chain.
func (h *hash) insert(e mem.Addr, key, value []byte, hash uint32) {
	h.fill(e, key, hash)
	h.storeFresh(e+h.voff, value)
	h.link(e, hash)
}

// storeFresh writes the value of an element that no run looks at. Its spin
// lock is free, whatever the element was before.
func (h *hash) storeFresh(p mem.Addr, value []byte) {
	mem.Copy(p.Bytes(len(value)), value)
	if h.lock >= 0 {
		*(p + mem.Addr(h.lock)).U32() = 0
	}
}

// replace puts a spare with the new value in old's place, so that readers
// find one of them and the order of the chain stays.
func (h *hash) replace(cpu int, old mem.Addr, key, value []byte, hash uint32) {
	e := h.takeSpare(cpu)
	h.substitute(old, e, key, value, hash)
	h.giveSpare(cpu, old)
}

// substitute puts e, which is in no chain, in old's place. It counts as a use
// of the key.
func (h *hash) substitute(old, e mem.Addr, key, value []byte, hash uint32) {
	h.fill(e, key, hash)
	h.storeFresh(e+h.voff, value)
	if h.lru {
		touch(e)
	}
	e.ReleaseU64(old.LoadU64())
	h.swap(old, uint64(e), hash)
}

// updateInPlace is the update of the per-CPU kinds: elements stay, values are
// written over. A negative CPU means that value holds all CPUs' values.
func (h *hash) updateInPlace(cpu int, key, value []byte, flags abi.UpdateFlags) abi.Errno {
	hash := hashKey(h.s, key)
	lock := h.lockOf(hash)
	var fresh mem.Addr
	for {
		seqLock(lock)
		old := h.locate(key, hash)
		e := checkUpdate(old != 0, flags)
		switch {
		case e != 0:
		case old != 0:
			h.storeCPU(old, cpu, value, false)
			if h.lru {
				touch(old)
			}
		default:
			if fresh == 0 && !h.lru {
				if i := h.pool.take(h.shard(cpu, hash)); i != 0 {
					fresh = h.elem(i)
				} else {
					e = abi.E2BIG
				}
			}
			if fresh == 0 {
				break
			}
			h.fill(fresh, key, hash)
			h.storeCPU(fresh, cpu, value, true)
			h.link(fresh, hash)
			seqUnlock(lock)
			return 0
		}
		seqUnlock(lock)
		if e != 0 || old != 0 {
			if fresh != 0 {
				h.discard(cpu, fresh, hash)
			}
			return e
		}
		// Eviction takes other buckets' locks, so that it comes between.
		if fresh = h.takeOrEvict(cpu, hash); fresh == 0 {
			return abi.ENOMEM
		}
	}
}

// storeCPU writes the value of one CPU, or with a negative CPU of all. The
// other CPUs' values of a fresh element become zero.
func (h *hash) storeCPU(e mem.Addr, cpu int, value []byte, fresh bool) {
	n := int(h.def.ValueSize)
	for c := range h.cpus {
		p := h.value(e, c)
		switch {
		case cpu < 0:
			mem.Copy(p.Bytes(int(h.padded)), value[c*int(h.padded):][:h.padded])
		case c == cpu:
			mem.Copy(p.Bytes(n), value[:n])
		case fresh:
			clear(p.Bytes(n))
		}
	}
}
