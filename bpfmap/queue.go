package bpfmap

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// queue is BPF_MAP_TYPE_QUEUE and BPF_MAP_TYPE_STACK: a ring of values with
// one slot more than it may hold, so that a full ring is not an empty one.
//
//	base ─► slot 0 │ slot 1 │ … │ slot max
//
// The indices lie behind the header's lock: the slot that the next push fills
// and the slot of the oldest value.
type queue struct {
	base
	slots  mem.Addr
	stride mem.Addr
	lifo   bool
}

func newQueue(def *image.Map, o Options) (*queue, error) {
	q := &queue{stride: mem.Addr(def.ValueSize), lifo: def.Type == abi.Stack}
	if err := q.setup(def, o); err != nil {
		return nil, err
	}
	var err error
	if q.slots, err = q.alloc((uint64(def.MaxEntries) + 1) * uint64(q.stride)); err != nil {
		q.table.drop(q.hdr)
		return nil, err
	}
	*(q.hdr + HdrBase).U64() = uint64(q.slots)
	*(q.hdr + HdrStride).U32() = def.ValueSize
	return q, nil
}

func (q *queue) slot(i uint32) []byte {
	return (q.slots + mem.Addr(i)*q.stride).Bytes(int(q.stride))
}

// after is the slot after i.
func (q *queue) after(i uint32) uint32 {
	if i == q.max {
		return 0
	}
	return i + 1
}

// Push adds a value. With BPF_EXIST a full ring loses its oldest one.
func (q *queue) Push(value []byte, flags abi.UpdateFlags) abi.Errno {
	if flags != abi.UpdateAny && flags != abi.UpdateExist {
		return abi.EINVAL
	}
	lock := q.hdr + HdrLock
	spinLock(lock)
	defer spinUnlock(lock)
	head, tail := (q.hdr + HdrQueueHead).U32(), (q.hdr + HdrQueueTail).U32()
	if q.after(*head) == *tail {
		if flags != abi.UpdateExist {
			return abi.E2BIG
		}
		*tail = q.after(*tail)
	}
	copy(q.slot(*head), value)
	*head = q.after(*head)
	return 0
}

// Pop takes the next value out; of an empty ring, a value of zeros and ENOENT.
func (q *queue) Pop(value []byte) abi.Errno { return q.get(value, true) }

// Peek reads the next value.
func (q *queue) Peek(value []byte) abi.Errno { return q.get(value, false) }

func (q *queue) get(value []byte, take bool) abi.Errno {
	lock := q.hdr + HdrLock
	spinLock(lock)
	defer spinUnlock(lock)
	head, tail := (q.hdr + HdrQueueHead).U32(), (q.hdr + HdrQueueTail).U32()
	if *head == *tail {
		clear(value)
		return abi.ENOENT
	}
	if q.lifo {
		last := *head - 1
		if *head == 0 {
			last = q.max
		}
		copy(value, q.slot(last))
		if take {
			*head = last
		}
		return 0
	}
	copy(value, q.slot(*tail))
	if take {
		*tail = q.after(*tail)
	}
	return 0
}

func (q *queue) ValueLen() int { return int(q.def.ValueSize) }

// SysLookup is Peek.
func (q *queue) SysLookup(_, value []byte, _ abi.UpdateFlags) abi.Errno { return q.Peek(value) }

// SysUpdate is Push.
func (q *queue) SysUpdate(_, value []byte, flags abi.UpdateFlags) abi.Errno {
	return q.Push(value, flags)
}

func (q *queue) SysDelete([]byte) abi.Errno { return abi.EINVAL }

// SysLookupDelete is Pop.
func (q *queue) SysLookupDelete(_, value []byte, _ abi.UpdateFlags) abi.Errno { return q.Pop(value) }

func (q *queue) NextKey(_, _ []byte) abi.Errno { return abi.EINVAL }
