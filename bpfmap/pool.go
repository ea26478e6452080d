package bpfmap

import "github.com/skepbpf/skep/internal/mem"

// pool hands out element numbers, counted from 1, on behalf of CPUs. Numbers
// never used come in order, so that elements are touched only when needed;
// those given back come first, the last one first.
//
// Each CPU has a shard with a free list and a range of unused numbers. When
// both are empty it takes a batch of unused numbers, then looks into the
// other shards, so that all numbers can be in use.
type pool struct {
	links  mem.Addr // u32 by number: the next in the free list
	shards mem.Addr
	n      uint32 // shards
	total  uint32
	used   mem.Addr // u32: numbers given to shards
	// fixed gives each shard a range of its own for good.
	fixed uint32
}

// A shard: lock, head of the free list, and the unused range (next, last].
const (
	shardLock = 0
	shardHead = 4
	shardNext = 8
	shardLast = 12
	shardHand = 16 // of the eviction scan
	shardSize = 64

	poolBatch = 32
)

// poolBytes is the memory that a pool takes, without its links.
func poolBytes(shards uint32) uint64 { return uint64(shards+1) * shardSize }

// init makes a pool of the numbers 1 to total. Pools of the same elements
// share the links, as a free element is in one of them.
func (p *pool) init(at, links mem.Addr, total, shards uint32) {
	p.n, p.total, p.links = shards, total, links
	p.used = at
	p.shards = at + shardSize
}

// fix gives each shard an equal range for good.
func (p *pool) fix() {
	p.fixed = p.total / p.n
	for i := range p.n {
		p.setRange(i, i*p.fixed, (i+1)*p.fixed)
	}
	p.used.StoreU32(p.total)
}

// setRange makes the numbers above from, up to to, a shard's unused range.
func (p *pool) setRange(shard, from, to uint32) {
	s := p.shard(shard)
	*(s + shardNext).U32(), *(s + shardLast).U32() = from, to
}

func (p *pool) shard(i uint32) mem.Addr { return p.shards + mem.Addr(i)*shardSize }

// take is a free number, 0 if there is none.
func (p *pool) take(shard uint32) uint32 {
	if i := p.takeFrom(shard, p.fixed == 0); i != 0 || p.fixed != 0 {
		return i
	}
	for k := uint32(1); k < p.n; k++ {
		if i := p.takeFrom((shard+k)%p.n, false); i != 0 {
			return i
		}
	}
	return 0
}

func (p *pool) takeFrom(shard uint32, batch bool) uint32 {
	s := p.shard(shard)
	spinLock(s + shardLock)
	defer spinUnlock(s + shardLock)
	if i := *(s + shardHead).U32(); i != 0 {
		*(s + shardHead).U32() = *p.link(i)
		return i
	}
	next := (s + shardNext).U32()
	if *next == *(s + shardLast).U32() && batch {
		from := p.used.LoadU32()
		for from < p.total {
			to := min(from+poolBatch, p.total)
			if p.used.CasU32(from, to) {
				*next, *(s + shardLast).U32() = from, to
				break
			}
			from = p.used.LoadU32()
		}
	}
	if *next == *(s + shardLast).U32() {
		return 0
	}
	*next++
	return *next
}

// give takes a number back. With fixed ranges it goes to the shard it is from.
func (p *pool) give(shard, i uint32) {
	if p.fixed != 0 {
		shard = (i - 1) / p.fixed
	}
	s := p.shard(shard)
	spinLock(s + shardLock)
	*p.link(i) = *(s + shardHead).U32()
	*(s + shardHead).U32() = i
	spinUnlock(s + shardLock)
}

func (p *pool) link(i uint32) *uint32 { return (p.links + mem.Addr(i)*4).U32() }
