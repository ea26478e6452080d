package bpfmap

import (
	"runtime"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// hash is the table below all kinds of hash maps.
//
//	buckets ─► head 0 │ head 1 │ … │ head mask         8 bytes each
//	             │
//	             ▼
//	           ┌ element ────────────────────────┐
//	           │  0  next    u64                 │──► next element, or end mark
//	           │  8  hash    u32                 │
//	           │ 12  ref     u32  set by lookups │    (LRU kinds)
//	           │ 16  key     padded to 8         │
//	           │ voff  value padded to 8         │    per-CPU kinds: the address
//	           └─────────────────────────────────┘    of CPU 0's value
//
// A link is the address of an element or, being odd, the mark of the chain's
// end: bucket<<1 | 1. A head is 0 if its chain is empty; else it has the
// distance of the chain's first element from element number 1 in its upper 48
// bits, and in the lower 16 a filter: bit hash>>28 is set for each element of
// the chain. So most keys that are not there are missed at one glance.
//
// Readers take no lock and write nothing but ref. Writers change chains under
// a lock that several buckets share, and publish an element, filled in, with
// one store to a link. An element taken out of a chain keeps its link, so that
// a reader that stands on it goes on, and is reused at once, as in Linux's
// preallocated maps. So a reader may be carried into another chain and miss
// what is in its own. The lock counts: it is odd while it is held, and a
// reader that has found nothing looks again and believes it only if the lock
// did not change meanwhile. So a key that stays is always found.
//
// A reader may find its key in an element that was deleted a moment ago, and a
// value that a run holds a pointer to may come to belong to another key; but
// the memory stays mapped until the map is gone and no run is left.
type hash struct {
	base
	heads   mem.Addr
	locks   mem.Addr
	lockMax uint32 // mask
	mask    uint32
	elems   mem.Addr // element number 1
	stride  mem.Addr
	voff    mem.Addr
	s       uint64 // seed with the key size mixed in
	pool    pool
	// Elements beyond max_entries are spares: a replacement of a value takes
	// one and leaves the old element in its place, whose value stays as it was
	// until the spare is used. Each CPU has its own; Go callers share others.
	spareOf mem.Addr // u32 a CPU, 64 bytes apart
	spares  pool

	// Per-CPU kinds.
	percpu    bool
	values    mem.Addr // CPU 0's value of element number 1
	cpuStride mem.Addr
	padded    uint32 // value size rounded up to 8

	lru   bool
	total uint32 // elements, spares included
}

const (
	maxLocks = 256
	// shortChains is up to how many elements a hash has twice as many buckets:
	// as long as the heads stay in the caches, that is quicker.
	shortChains = 1 << 16
	// moreSpares is for Go callers, beside one for each CPU.
	moreSpares = 16
)

func newHash(def *image.Map, o Options) (*hash, error) {
	h := &hash{}
	if err := h.init(def, o); err != nil {
		return nil, err
	}
	return h, nil
}

func (h *hash) init(def *image.Map, o Options) error {
	if err := h.setup(def, o); err != nil {
		return err
	}
	switch def.Type {
	case abi.LRUHash, abi.LRUPerCPUHash:
		h.lru = true
	}
	switch def.Type {
	case abi.PerCPUHash, abi.LRUPerCPUHash:
		h.percpu = true
	}
	if err := h.layOut(); err != nil {
		h.table.drop(h.hdr)
		return err
	}
	return nil
}

// layOut maps the memory, in one block, and fills in the header.
func (h *hash) layOut() error {
	cpus := uint32(h.cpus)
	if h.fixedLRU() {
		// Each CPU has an equal share of the elements.
		if r := roundUp32(h.max, cpus); r >= h.max {
			h.max = r
		} else {
			h.max -= h.max % cpus
		}
		*(h.hdr + HdrMaxEntries).U32() = h.max
	}
	h.padded = uint32(roundUp(uint64(h.def.ValueSize), 8))
	h.voff = ElemKey + mem.Addr(roundUp(uint64(h.def.KeySize), 8))
	inline := h.padded
	spares := cpus + moreSpares
	if h.percpu {
		inline = 8
	}
	if h.percpu || h.fixedLRU() {
		spares = 0
	}
	h.stride = h.voff + mem.Addr(inline)
	h.total = h.max + spares
	buckets := powerOf2(uint64(h.max))
	if h.max <= shortChains {
		buckets *= 2
	}
	h.mask = uint32(buckets - 1)
	locks := min(buckets, maxLocks)
	h.lockMax = uint32(locks - 1)
	h.s = hashSeed(h.seed(), h.def.KeySize)

	var n uint64
	section := func(size uint64) mem.Addr {
		at := n
		n += roundUp(size, 64)
		return mem.Addr(at)
	}
	heads := section(buckets * 8)
	lockAt := section(locks * LockStride)
	poolAt := section(poolBytes(cpus))
	spareAt := section(poolBytes(1))
	ownAt := section(uint64(cpus) * LockStride)
	links := section((uint64(h.total) + 1) * 4)
	elems := section(uint64(h.total) * uint64(h.stride))
	n = roundUp(n, mem.PageSize)
	values := mem.Addr(n)
	if h.percpu {
		h.cpuStride = mem.Addr(roundUp(uint64(h.total)*uint64(h.padded), mem.PageSize))
		n += uint64(h.cpuStride) * uint64(cpus)
	}
	block, err := h.alloc(n)
	if err != nil {
		return err
	}
	h.heads, h.locks, h.elems, h.values = block+heads, block+lockAt, block+elems, block+values
	h.pool.init(block+poolAt, block+links, h.max, cpus)
	if h.fixedLRU() {
		h.pool.fix()
	}
	h.spares.init(block+spareAt, block+links, h.total, 1)
	h.spares.used.StoreU32(h.total)
	h.spareOf = block + ownAt
	if spares != 0 {
		for c := range cpus {
			*h.ownSpare(int(c)) = h.max + 1 + c
		}
		h.spares.setRange(0, h.max+cpus, h.total)
	}
	*(h.hdr + HdrHashLocks).U64() = uint64(h.locks)
	*(h.hdr + HdrHashLockMax).U32() = h.lockMax
	*(h.hdr + HdrMask).U32() = h.mask
	*(h.hdr + HdrBuckets).U64() = uint64(h.heads)
	*(h.hdr + HdrBase).U64() = uint64(h.elems)
	*(h.hdr + HdrStride).U32() = uint32(h.stride)
	*(h.hdr + HdrValueOff).U32() = uint32(h.voff)
	*(h.hdr + HdrCPUStride).U64() = uint64(h.cpuStride)
	*(h.hdr + HdrSeed).U64() = h.s
	return nil
}

// fixedLRU reports whether each CPU evicts from elements of its own.
func (h *hash) fixedLRU() bool { return h.lru && h.def.Flags&abi.NoCommonLRU != 0 }

func roundUp32(n, to uint32) uint32 { return (n + to - 1) / to * to }

func (h *hash) elem(i uint32) mem.Addr      { return h.elems + mem.Addr(i-1)*h.stride }
func (h *hash) number(e mem.Addr) uint32    { return uint32((e-h.elems)/h.stride) + 1 }
func (h *hash) head(bucket uint32) mem.Addr { return h.heads + mem.Addr(bucket)*8 }
func (h *hash) lockOf(hash uint32) mem.Addr { return h.locks + mem.Addr(hash&h.lockMax)*LockStride }
func (h *hash) shard(cpu int, hash uint32) uint32 {
	if cpu >= 0 {
		return uint32(cpu)
	}
	return hash % h.pool.n
}

// find is the element of key, 0 if there is none, without a lock. A miss is
// believed if the chain was empty, or if no writer was at it meanwhile.
func (h *hash) find(key []byte, hash uint32) mem.Addr {
	bucket := hash & h.mask
	w := h.head(bucket).LoadU64()
	if w>>(hash>>HeadTagShift)&1 == 0 {
		return 0
	}
	if e, _ := h.walk(h.first(w, bucket), key, hash); e != 0 {
		return e
	}
	lock := h.lockOf(hash)
	for {
		seq := lock.LoadU32()
		for ; seq&1 != 0; seq = lock.LoadU32() {
			runtime.Gosched()
		}
		e, end := h.walk(h.chain(bucket), key, hash)
		if e != 0 || end == bucket && lock.LoadAfterU32() == seq {
			return e
		}
	}
}

// HeadTagShift makes a hash the number of its bit in a head's filter, and HeadShift
// a head the distance of its first element.
const (
	HeadTagShift = 28
	HeadShift    = 16
)

// first is the link that a bucket's head is.
func (h *hash) first(head uint64, bucket uint32) uint64 {
	if head == 0 {
		return uint64(bucket)<<1 | 1
	}
	return uint64(h.elems) + head>>HeadShift
}

// chain is the link with which a bucket's chain begins.
func (h *hash) chain(bucket uint32) uint64 { return h.first(h.head(bucket).LoadU64(), bucket) }

// headOf is the head for a chain that begins with the link p.
func (h *hash) headOf(p, filter uint64) uint64 {
	if p&1 != 0 {
		return 0
	}
	return (p-uint64(h.elems))<<HeadShift | filter
}

// filter is the filter of the chain that begins with the link p, whose lock is
// held.
func (h *hash) filter(p uint64) uint64 {
	f := uint64(0)
	for p&1 == 0 {
		e := mem.Addr(p)
		f |= 1 << (*(e + ElemHash).U32() >> HeadTagShift)
		p = e.LoadU64()
	}
	return f
}

// walk looks for key from a link on. Without a match it tells the bucket in
// whose chain it ended.
func (h *hash) walk(p uint64, key []byte, hash uint32) (e mem.Addr, end uint32) {
	for p&1 == 0 {
		e := mem.Addr(p)
		if *(e + ElemHash).U32() == hash && sameKey(e+ElemKey, key) {
			return e, 0
		}
		p = e.LoadU64()
	}
	return 0, uint32(p >> 1)
}

// locate is find by a writer, who holds the chain's lock.
func (h *hash) locate(key []byte, hash uint32) mem.Addr {
	e, _ := h.walk(h.chain(hash&h.mask), key, hash)
	return e
}

// value is the address of an element's value for a CPU.
func (h *hash) value(e mem.Addr, cpu int) mem.Addr {
	if h.percpu {
		return mem.Addr(*(e + h.voff).U64()) + mem.Addr(cpu)*h.cpuStride
	}
	return e + h.voff
}

func (h *hash) Lookup(cpu int, key []byte) mem.Addr {
	e := h.find(key, hashKey(h.s, key))
	if e == 0 {
		return 0
	}
	if h.lru {
		touch(e)
	}
	return h.value(e, cpu)
}

// LookupCPU is the value of another CPU. Only per-CPU kinds have one.
func (h *hash) LookupCPU(key []byte, cpu uint32) mem.Addr {
	if !h.percpu || cpu >= uint32(h.cpus) {
		return 0
	}
	return h.Lookup(int(cpu), key)
}

// Delete removes key on behalf of a program or, with a negative CPU, of Go.
func (h *hash) Delete(cpu int, key []byte) abi.Errno {
	hash := hashKey(h.s, key)
	lock := h.lockOf(hash)
	seqLock(lock)
	e := h.locate(key, hash)
	if e != 0 {
		h.unlink(e, hash)
	}
	seqUnlock(lock)
	if e == 0 {
		return abi.ENOENT
	}
	h.discard(cpu, e, hash)
	return 0
}

// unlink takes e out of its chain, whose lock is held. It is false if e is
// not in the chain.
func (h *hash) unlink(e mem.Addr, hash uint32) bool {
	head := h.head(hash & h.mask)
	if !h.swap(e, e.LoadU64(), hash) {
		return false
	}
	if w := head.LoadU64(); w != 0 {
		// The filter may lose a bit.
		if f := h.filter(h.first(w, 0)); f != w&(1<<HeadShift-1) {
			head.ReleaseU64(w&^(1<<HeadShift-1) | f)
		}
	}
	return true
}

// swap makes the link that leads to e lead elsewhere. The filter stays.
func (h *hash) swap(e mem.Addr, to uint64, hash uint32) bool {
	head := h.head(hash & h.mask)
	w := head.LoadU64()
	p := h.first(w, 0)
	if mem.Addr(p) == e {
		head.ReleaseU64(h.headOf(to, w&(1<<HeadShift-1)))
		return true
	}
	for p&1 == 0 {
		link := mem.Addr(p)
		if p = link.LoadU64(); mem.Addr(p) == e {
			link.ReleaseU64(to)
			return true
		}
	}
	return false
}

// link puts e, filled in, at the head of its chain, whose lock is held.
func (h *hash) link(e mem.Addr, hash uint32) {
	bucket := hash & h.mask
	head := h.head(bucket)
	w := head.LoadU64()
	e.ReleaseU64(h.first(w, bucket))
	head.ReleaseU64(h.headOf(uint64(e), w&(1<<HeadShift-1)|1<<(hash>>HeadTagShift)))
}

// fill writes key and hash to an element that is in no chain.
func (h *hash) fill(e mem.Addr, key []byte, hash uint32) {
	*(e + ElemHash).U32() = hash
	*(e + ElemRef).U32() = 0
	copy((e + ElemKey).Bytes(len(key)), key)
	if h.percpu {
		*(e + h.voff).U64() = uint64(h.values) + uint64(h.number(e)-1)*uint64(h.padded)
	}
}

// discard gives an element that is in no chain back.
func (h *hash) discard(cpu int, e mem.Addr, hash uint32) {
	h.pool.give(h.shard(cpu, hash), h.number(e))
}

func (h *hash) ownSpare(cpu int) *uint32 { return (h.spareOf + mem.Addr(cpu)*LockStride).U32() }

// takeSpare is an element for a replacement. Go callers, who share a few, may
// have to wait for one another.
func (h *hash) takeSpare(cpu int) mem.Addr {
	if cpu >= 0 {
		return h.elem(*h.ownSpare(cpu))
	}
	for {
		if i := h.spares.take(0); i != 0 {
			return h.elem(i)
		}
		runtime.Gosched()
	}
}

// giveSpare makes the element that was replaced the spare.
func (h *hash) giveSpare(cpu int, e mem.Addr) {
	if cpu >= 0 {
		*h.ownSpare(cpu) = h.number(e)
		return
	}
	h.spares.give(0, h.number(e))
}
