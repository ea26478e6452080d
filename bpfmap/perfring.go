package bpfmap

import (
	"fmt"
	"sync/atomic"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
)

// PerfRing is one CPU's ring of perf records, laid out as perf_event_open(2)
// says:
//
//	metadata page              │ data (a power of two of pages) │ the same data
//	  1024 data_head             records, each {u32 type, u16 misc, u16 size} …
//	  1032 data_tail
//	  1040 data_offset
//	  1048 data_size
//
// The one writer is the CPU's run; the one reader is Go. Head and tail count
// bytes and never wrap; in a ring that is written backwards the head counts
// down.
type PerfRing struct {
	ring     *mem.Ring
	meta     mem.Addr
	data     mem.Addr
	mask     uint64
	cpu      int
	array    *PerfEventArray
	index    uint32
	detached atomic.Bool
	users    atomic.Int64 // of the memory: 1, and one for each reader at work

	// The writer's.
	lost      uint64
	watermark uint64
	wakeAt    uint64
	every     int // wake after so many samples, 0 to go by the watermark
	events    int

	paused atomic.Bool
	notify chan struct{}

	// Of a ring that is written backwards over old records.
	backward  bool
	at, end   uint64 // the reader's: what it has left of what it found
	foundHead uint64 // where the reader found the head
}

// PerfOptions are what a perf ring is made with.
type PerfOptions struct {
	CPU int // the CPU whose programs may write
	// Size is the size of the data in bytes, rounded up to a power of two of
	// pages.
	Size int
	// Watermark is how many bytes wake the reader; 0 means every sample does.
	Watermark int
	// WakeupEvents is how many samples wake the reader, in place of Watermark.
	WakeupEvents int
	// Overwrite makes the ring keep the newest records: they are written
	// downwards from the end, over the oldest ones, and read newest first.
	// Nothing is lost and nobody is woken; the reader pauses the ring.
	Overwrite bool
	// Notify takes the wake-ups, so that several rings can share a reader; nil
	// means a channel of the ring's own. It must have room for one token.
	Notify chan struct{}
}

// Offsets in the metadata page.
const (
	perfDataHead   = 1024
	perfDataTail   = 1032
	perfDataOffset = 1040
	perfDataSize   = 1048
)

// Perf record types.
const (
	PerfRecordLost   = 2
	PerfRecordSample = 9
)

const (
	perfHeaderSize = 8
	perfLostSize   = perfHeaderSize + 16
	perfMaxRecord  = 1<<16 - 1
	perfMiscKernel = 1 // PERF_RECORD_MISC_KERNEL
	maxPerfRing    = 1 << 30
)

func newPerfRing(o PerfOptions) (*PerfRing, error) {
	if o.Size <= 0 || o.Size > maxPerfRing {
		return nil, fmt.Errorf("ring of %d bytes: size must be between 1 and %d", o.Size, maxPerfRing)
	}
	if o.Watermark < 0 || o.WakeupEvents < 0 || o.Watermark > 0 && o.WakeupEvents > 0 {
		return nil, fmt.Errorf("watermark %d and wake-up events %d: at most one may be above 0", o.Watermark, o.WakeupEvents)
	}
	size := powerOf2(roundUp(uint64(o.Size), mem.PageSize))
	if uint64(o.Watermark) >= size {
		return nil, fmt.Errorf("watermark %d: must be below the ring's %d bytes", o.Watermark, size)
	}
	ring, err := mem.AllocRing(mem.PageSize, int(size))
	if err != nil {
		return nil, err
	}
	r := &PerfRing{ring: ring, meta: ring.Base, data: ring.Base + mem.PageSize, mask: size - 1,
		cpu: o.CPU, every: o.WakeupEvents, watermark: uint64(max(o.Watermark, 1)) - 1, notify: make(chan struct{}, 1)}
	r.users.Store(1)
	r.wakeAt = r.watermark
	r.backward = o.Overwrite
	if o.Notify != nil {
		r.notify = o.Notify
	}
	*(r.meta + perfDataOffset).U64() = mem.PageSize
	*(r.meta + perfDataSize).U64() = size
	return r, nil
}

// write appends a sample record, and before it a record of those that were
// lost since the last one.
func (r *PerfRing) write(sample, more []byte) abi.Errno {
	n := len(sample) + len(more)
	// The raw sample's length counts its padding, as in Linux.
	raw := roundUp(uint64(n)+4, 8) - 4
	size := perfHeaderSize + 4 + raw
	if size > perfMaxRecord {
		return abi.E2BIG
	}
	if r.paused.Load() {
		r.lost++
		return abi.ENOENT
	}
	if r.backward {
		at := *(r.meta + perfDataHead).U64() - size
		r.sample(at, raw, sample, more)
		r.ring.Sync(int(at&r.mask), int(size))
		(r.meta + perfDataHead).ReleaseU64(at)
		return 0
	}
	head := *(r.meta + perfDataHead).U64()
	tail := (r.meta + perfDataTail).LoadU64()
	need := size
	if r.lost != 0 {
		need += perfLostSize
	}
	if (tail-head-1)&r.mask < need {
		r.lost++
		return abi.ENOSPC
	}
	start := head
	if r.lost != 0 {
		p := r.data + mem.Addr(head&r.mask)
		r.header(p, PerfRecordLost, 0, perfLostSize)
		*(p + 8).U64() = uint64(r.index) + 1
		*(p + 16).U64() = r.lost
		r.lost = 0
		head += perfLostSize
	}
	r.sample(head, raw, sample, more)
	r.ring.Sync(int(start&r.mask), int(need))
	(r.meta + perfDataHead).ReleaseU64(start + need)
	r.wakeIfDue(start + need)
	return 0
}

// sample writes a sample record of raw bytes, padding included, at a position.
func (r *PerfRing) sample(at, raw uint64, sample, more []byte) {
	p := r.data + mem.Addr(at&r.mask)
	r.header(p, PerfRecordSample, perfMiscKernel, uint16(perfHeaderSize+4+raw))
	*(p + 8).U32() = uint32(raw)
	b := (p + 12).Bytes(int(raw))
	c := copy(b, sample)
	c += copy(b[c:], more)
	clear(b[c:])
}

func (r *PerfRing) header(p mem.Addr, typ uint32, misc, size uint16) {
	*p.U32() = typ
	*(p + 4).U16() = misc
	*(p + 6).U16() = size
}

func (r *PerfRing) wakeIfDue(head uint64) {
	if r.every > 0 {
		if r.events++; r.events >= r.every {
			r.events = 0
			r.Wake()
		}
		return
	}
	// The mark moves by its own size, but never lags behind what the reader
	// has taken: the next wake-up is due a watermark after that.
	if head > r.wakeAt {
		r.wakeAt = head + r.watermark
		r.Wake()
	}
}

// Consume takes the next record: f gets a sample with its padding, or the
// number of lost samples and nil. The sample is valid until f returns. It is
// false, without a call, if there is no record.
func (r *PerfRing) Consume(f func(sample []byte, lost uint64)) bool {
	if !r.use() {
		return false
	}
	defer r.shut()
	if r.backward {
		return r.consumeBack(f)
	}
	head := (r.meta + perfDataHead).LoadU64()
	tail := *(r.meta + perfDataTail).U64()
	if head == tail {
		return false
	}
	p := r.data + mem.Addr(tail&r.mask)
	size := uint64(*(p + 6).U16())
	if *p.U32() == PerfRecordLost {
		f(nil, *(p + 16).U64())
	} else {
		f((p + 12).Bytes(int(*(p + 8).U32())), 0)
	}
	(r.meta + perfDataTail).ReleaseU64(tail + size)
	return true
}

// consumeBack is Consume of a ring that is written backwards: from the head up
// to where the head was the last time, as far as that is not written over.
func (r *PerfRing) consumeBack(f func(sample []byte, lost uint64)) bool {
	if r.at == r.end {
		head := (r.meta + perfDataHead).LoadU64()
		r.at, r.end = head, head+min(r.foundHead-head, r.mask+1)
		r.foundHead = head
	}
	left := r.end - r.at
	p := r.data + mem.Addr(r.at&r.mask)
	if left < perfHeaderSize+4 || uint64(*(p + 6).U16()) > left {
		// The oldest record is written over in part.
		r.at = r.end
		return false
	}
	size := uint64(*(p + 6).U16())
	if n := uint64(*(p + 8).U32()); size < perfHeaderSize+4 || n > size-perfHeaderSize-4 {
		r.at = r.end
		return false
	}
	f((p + 12).Bytes(int(*(p + 8).U32())), 0)
	r.at += size
	return true
}

// Notify has a token when enough was written, or after Wake.
func (r *PerfRing) Notify() <-chan struct{} { return r.notify }

// Wake makes a waiting reader look.
func (r *PerfRing) Wake() {
	select {
	case r.notify <- struct{}{}:
	default:
	}
}

// Pause stops the ring from taking samples, which then count as lost; Resume
// goes on.
func (r *PerfRing) Pause() { r.paused.Store(true) }

// Resume undoes Pause.
func (r *PerfRing) Resume() { r.paused.Store(false) }

// CPU is the CPU whose programs write.
func (r *PerfRing) CPU() int { return r.cpu }

// Available is the number of bytes not read yet.
func (r *PerfRing) Available() int {
	if !r.use() {
		return 0
	}
	defer r.shut()
	if r.backward {
		return int(min(r.end-r.at+r.foundHead-(r.meta+perfDataHead).LoadU64(), r.mask+1))
	}
	return int((r.meta + perfDataHead).LoadU64() - (r.meta + perfDataTail).LoadU64())
}

// Size is the size of the data in bytes.
func (r *PerfRing) Size() int { return int(r.mask + 1) }

// Close takes the ring out of its map. The memory goes once no run can write
// to it and nobody reads; a closed ring is an empty one.
func (r *PerfRing) Close() error {
	if r.array.rings[r.index].CompareAndSwap(r, nil) {
		r.array.remove(r.index, r)
	}
	return nil
}

// use keeps the memory until shut. It is false if it is gone.
func (r *PerfRing) use() bool {
	for {
		n := r.users.Load()
		if n == 0 {
			return false
		}
		if r.users.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// shut gives up a use, of which the first is the ring's own.
func (r *PerfRing) shut() {
	if r.users.Add(-1) == 0 {
		_ = r.ring.Free()
	}
}
