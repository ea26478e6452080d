package bpfmap

import "github.com/skepbpf/skep/internal/mem"

// The consumer's side of a ring buffer. There is one consumer position, so
// one goroutine reads at a time. A ring that is closed is an empty one.

// Consume takes the next record that is committed and not discarded: f gets
// the sample, which is valid until f returns. It is false, without a call, if
// there is none yet.
func (r *RingBuf) Consume(f func(sample []byte)) bool {
	if !r.Retain() {
		return false
	}
	defer r.Release()
	// The position is stored with a full barrier before the next header is
	// read, as Commit stores its header before it reads the position: one of
	// the two sees the other, so no wake-up is lost.
	for {
		pos := *r.consumer.U64()
		if pos >= r.producer.LoadU64() {
			return false
		}
		h := r.data + mem.Addr(pos&r.mask)
		word := h.LoadU32()
		if word&RingBufBusy != 0 {
			return false
		}
		size := word &^ RingBufDiscard
		next := pos + roundUp(uint64(size)+RingBufHeaderSize, 8)
		if word&RingBufDiscard == 0 {
			f((h + RingBufHeaderSize).Bytes(int(size)))
			r.consumer.StoreU64(next)
			return true
		}
		r.consumer.StoreU64(next)
	}
}

// Notify has a token after records were committed, by the rules of
// BPF_RB_NO_WAKEUP and BPF_RB_FORCE_WAKEUP, or after Wake. A reader consumes
// until there is nothing, then waits here, then consumes again: no record
// that wakes is missed.
func (r *RingBuf) Notify() <-chan struct{} { return r.notify }

// Wake makes a waiting reader look.
func (r *RingBuf) Wake() {
	select {
	case r.notify <- struct{}{}:
	default:
	}
}

// Available is the number of bytes that the consumer has not taken, headers
// and unfinished records included.
func (r *RingBuf) Available() int {
	if !r.Retain() {
		return 0
	}
	defer r.Release()
	return int(r.available())
}

// Size is the size of the data in bytes.
func (r *RingBuf) Size() int { return int(r.mask + 1) }

// Mirrored reports whether the data is mapped twice, so that records that reach
// over its end are in one piece for writers and readers.
func (r *RingBuf) Mirrored() bool { return r.ring.Mirrored }

// Pages are the ring's pages as Linux maps them: consumer page, producer
// page, data, and the data again. The caller holds a reference meanwhile.
func (r *RingBuf) Pages() []byte { return r.ring.Base.Bytes(r.ring.Head + 2*r.ring.Data) }
