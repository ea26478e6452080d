package bpfmap

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// RingBuf is BPF_MAP_TYPE_RINGBUF: one ring for all CPUs, laid out byte for
// byte as Linux maps it to user space.
//
//	consumer page │ producer page │ data (max_entries bytes) │ the same data
//	  0: position     0: position
//
// Positions count bytes and never wrap; a position masked is an offset into
// the data. A record is a header of 8 bytes and its sample, padded to 8:
//
//	0  u32  length of the sample │ 1<<31 busy │ 1<<30 discarded
//	4  u32  offset of the record in pages, counted as Linux counts: from the
//	        page of its own before the consumer page
//
// Producers reserve under the header's lock; a reserved record is busy, and
// the consumer stops at it, until Commit or Discard.
type RingBuf struct {
	base
	ring     *mem.Ring
	consumer mem.Addr // position of the reader
	producer mem.Addr // position of the writers
	data     mem.Addr
	mask     uint64
	notify   chan struct{}
}

// The parts of a record's header.
const (
	RingBufBusy       = 1 << 31
	RingBufDiscard    = 1 << 30
	RingBufHeaderSize = 8

	// RingMetaPages are the pages before the data, as records count them.
	RingMetaPages = 3
)

// RingBufFlags are the flags of ring buffer helpers.
type RingBufFlags uint64

// The flags of output, submit and discard.
const (
	NoWakeup    RingBufFlags = 1 // BPF_RB_NO_WAKEUP
	ForceWakeup RingBufFlags = 2 // BPF_RB_FORCE_WAKEUP
)

// What bpf_ringbuf_query asks for.
const (
	RingAvailable   = 0 // BPF_RB_AVAIL_DATA
	RingSize        = 1 // BPF_RB_RING_SIZE
	RingConsumerPos = 2 // BPF_RB_CONS_POS
	RingProducerPos = 3 // BPF_RB_PROD_POS
)

func newRingBuf(def *image.Map, o Options) (*RingBuf, error) {
	r := &RingBuf{notify: make(chan struct{}, 1), mask: uint64(def.MaxEntries) - 1}
	if err := r.setup(def, o); err != nil {
		return nil, err
	}
	ring, err := mem.AllocRing(2*mem.PageSize, int(def.MaxEntries))
	if err != nil {
		r.table.drop(r.hdr)
		return nil, err
	}
	r.use(ring)
	return r, nil
}

// use makes ring the memory.
func (r *RingBuf) use(ring *mem.Ring) {
	r.ring = ring
	r.drain = func() { _ = ring.Free() }
	r.consumer, r.producer = ring.Base, ring.Base+mem.PageSize
	r.data = ring.Base + 2*mem.PageSize
	*(r.hdr + HdrBuckets).U64() = uint64(r.consumer)
	*(r.hdr + HdrBase).U64() = uint64(r.data)
	*(r.hdr + HdrMask).U32() = uint32(r.mask)
}

// Reserve is bpf_ringbuf_reserve: the address of size bytes for a sample, 0
// if there is no room or the size is too large. Nothing is zeroed.
func (r *RingBuf) Reserve(size uint64) mem.Addr {
	if size >= RingBufDiscard {
		return 0
	}
	total := roundUp(size+RingBufHeaderSize, 8)
	if total > r.mask+1 {
		return 0
	}
	consumed := r.consumer.LoadU64()
	lock := r.hdr + HdrLock
	spinLock(lock)
	defer spinUnlock(lock)
	at := *r.producer.U64()
	// The oldest record not yet committed bounds the writers as the consumer
	// does, as its length must stay readable.
	pending := (r.hdr + HdrRingPending).U64()
	for *pending < at {
		h := (r.data + mem.Addr(*pending&r.mask)).LoadU32()
		if h&RingBufBusy != 0 {
			break
		}
		*pending += roundUp(uint64(h&^(RingBufBusy|RingBufDiscard))+RingBufHeaderSize, 8)
	}
	end := at + total
	if end-consumed > r.mask || end-*pending > r.mask {
		return 0
	}
	h := r.data + mem.Addr(at&r.mask)
	*(h + 4).U32() = uint32((at&r.mask)/mem.PageSize) + RingMetaPages
	*h.U32() = uint32(size) | RingBufBusy
	r.producer.ReleaseU64(end)
	return h + RingBufHeaderSize
}

// Commit is bpf_ringbuf_submit of what Reserve gave.
func (r *RingBuf) Commit(sample mem.Addr, flags RingBufFlags) { r.finish(sample, flags, 0) }

// Discard is bpf_ringbuf_discard of what Reserve gave.
func (r *RingBuf) Discard(sample mem.Addr, flags RingBufFlags) {
	r.finish(sample, flags, RingBufDiscard)
}

func (r *RingBuf) finish(sample mem.Addr, flags RingBufFlags, mark uint32) {
	h := sample - RingBufHeaderSize
	size := *h.U32() &^ RingBufBusy
	r.ring.Sync(int(uint64(h-r.data)&r.mask), int(size)+RingBufHeaderSize)
	h.SwapU32(size | mark)
	// The consumer waits at this record if it has read all before it; else it
	// comes here by itself.
	at := uint64(h-r.data) & r.mask
	caughtUp := at == r.consumer.LoadU64()&r.mask
	if flags&ForceWakeup != 0 || caughtUp && flags&NoWakeup == 0 {
		r.Wake()
	}
}

// Output is bpf_ringbuf_output.
func (r *RingBuf) Output(sample []byte, flags RingBufFlags) abi.Errno {
	if flags&^(NoWakeup|ForceWakeup) != 0 {
		return abi.EINVAL
	}
	p := r.Reserve(uint64(len(sample)))
	if p == 0 {
		return abi.EAGAIN
	}
	copy(p.Bytes(len(sample)), sample)
	r.Commit(p, flags)
	return 0
}

// Query is bpf_ringbuf_query, 0 for what it does not know.
func (r *RingBuf) Query(what uint64) uint64 {
	switch what {
	case RingAvailable:
		return r.available()
	case RingSize:
		return r.mask + 1
	case RingConsumerPos:
		return r.consumer.LoadU64()
	case RingProducerPos:
		return r.producer.LoadU64()
	}
	return 0
}

func (r *RingBuf) available() uint64 {
	consumed := r.consumer.LoadU64()
	return r.producer.LoadU64() - consumed
}
