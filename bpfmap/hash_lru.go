package bpfmap

import (
	"runtime"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
)

// Eviction of the LRU kinds: the second-chance clock. A hand goes round the
// elements in the order of their numbers; it takes back the mark of an element
// that was used since it came by, and evicts the first that was not. An
// element that was just put in is where the hand has just been, so it has a
// whole round to be used. Hash maps of any size keep all their max_entries
// (Linux's keep some aside for each CPU).

// evictScan bounds how many used elements one eviction passes over before it
// takes the next, used or not.
const evictScan = 512

// touch marks an element as used. The store is left out if it is marked, to
// keep the line shared between CPUs.
func touch(e mem.Addr) {
	if ref := (e + ElemRef).U32(); *ref == 0 {
		*ref = 1
	}
}

// takeOrEvict is an element that is in no chain: a free one, or else a victim.
func (h *hash) takeOrEvict(cpu int, hash uint32) mem.Addr {
	shard := h.shard(cpu, hash)
	var from, n uint32 = 0, h.total
	hand := h.pool.shard(0) + shardHand
	if h.pool.fixed != 0 {
		from, n = shard*h.pool.fixed, h.pool.fixed
		hand = h.pool.shard(shard) + shardHand
	}
	if n == 0 {
		return 0
	}
	for scanned := uint32(0); ; scanned++ {
		if scanned%n == 0 {
			// Others may have given elements back, or hold all there are.
			if i := h.pool.take(shard); i != 0 {
				return h.elem(i)
			}
			if scanned != 0 {
				runtime.Gosched()
			}
		}
		e := h.elem(from + (hand.AddU32(1)-1)%n + 1)
		if (e+ElemRef).LoadU32() != 0 && scanned < evictScan {
			*(e + ElemRef).U32() = 0
			continue
		}
		if h.evict(e) {
			return e
		}
	}
}

// evict takes e out of its chain. It is false if e is in none.
func (h *hash) evict(e mem.Addr) bool {
	hash := (e + ElemHash).LoadU32()
	lock := h.lockOf(hash)
	seqLock(lock)
	ok := (e+ElemHash).LoadU32() == hash && h.unlink(e, hash)
	seqUnlock(lock)
	return ok
}

// updateLRU is the update of LRU hashes: never full.
func (h *hash) updateLRU(cpu int, key, value []byte, flags abi.UpdateFlags) abi.Errno {
	hash := hashKey(h.s, key)
	lock := h.lockOf(hash)
	var fresh mem.Addr
	existed := false
	for {
		seqLock(lock)
		old := h.locate(key, hash)
		e := checkUpdate(old != 0, flags)
		if fresh != 0 && existed && old == 0 {
			// The key was there and made room for itself.
			e = 0
		}
		switch {
		case e != 0:
		case old != 0 && h.pool.fixed == 0:
			h.replace(cpu, old, key, value, hash)
			seqUnlock(lock)
			h.dropUnused(cpu, fresh, hash)
			return 0
		case fresh != 0:
			if old != 0 {
				h.substitute(old, fresh, key, value, hash)
			} else {
				h.insert(fresh, key, value, hash)
			}
			seqUnlock(lock)
			h.dropUnused(cpu, old, hash)
			return 0
		}
		existed = old != 0
		seqUnlock(lock)
		if e != 0 {
			h.dropUnused(cpu, fresh, hash)
			return e
		}
		if fresh = h.takeOrEvict(cpu, hash); fresh == 0 {
			return abi.ENOMEM
		}
	}
}

// dropUnused gives back an element that was taken but not needed.
func (h *hash) dropUnused(cpu int, e mem.Addr, hash uint32) {
	if e != 0 {
		h.discard(cpu, e, hash)
	}
}
