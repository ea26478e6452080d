package bpfmap

import (
	"sync"
	"sync/atomic"
)

// Epoch defers frees until no run can hold a pointer to what is freed.
//
// A run is inside from Enter to Exit of its virtual CPU. What is unlinked is
// stamped by Advance; once every CPU that was inside then has left or passed a
// Quiesce, Passed is true and the memory may go. Entering costs one atomic
// exchange; Quiesce, between runs of one claim, two loads.
type Epoch struct {
	now     atomic.Uint64
	waiting atomic.Int32 // length of pending
	cpus    []epochCPU

	mu      sync.Mutex
	pending []deferred // sorted by stamp
}

// epochCPU is 0 while its CPU is outside, else the epoch that it has seen.
type epochCPU struct {
	seen  atomic.Uint64
	depth int32 // nesting of runs, touched by the CPU's goroutine alone
	_     [52]byte
}

type deferred struct {
	stamp uint64
	f     func()
}

// NewEpoch makes an epoch for a number of virtual CPUs.
func NewEpoch(cpus int) *Epoch {
	e := &Epoch{cpus: make([]epochCPU, cpus)}
	e.now.Store(1)
	return e
}

// Enter tells that a run begins on cpu. Runs nest.
func (e *Epoch) Enter(cpu int) {
	c := &e.cpus[cpu]
	if c.depth++; c.depth == 1 {
		c.seen.Store(e.now.Load())
	}
}

// TryEnter is Enter unless someone is inside on cpu already: so is a virtual CPU
// claimed.
func (e *Epoch) TryEnter(cpu int) bool {
	c := &e.cpus[cpu]
	if c.seen.Load() != 0 || !c.seen.CompareAndSwap(0, e.now.Load()) {
		return false
	}
	c.depth = 1
	return true
}

// Inside reports whether someone is inside on cpu.
func (e *Epoch) Inside(cpu int) bool { return e.cpus[cpu].seen.Load() != 0 }

// Exit tells that the run has ended and holds no pointer any more.
func (e *Epoch) Exit(cpu int) {
	c := &e.cpus[cpu]
	if c.depth--; c.depth == 0 {
		c.seen.Store(0)
		if e.waiting.Load() != 0 {
			e.reclaim()
		}
	}
}

// Quiesce is Exit and Enter in one, at the cost of two loads if nothing has
// been freed in between. It does nothing inside a nested run.
func (e *Epoch) Quiesce(cpu int) {
	c := &e.cpus[cpu]
	if now := e.now.Load(); c.depth == 1 && c.seen.Load() != now {
		c.seen.Store(now)
		if e.waiting.Load() != 0 {
			e.reclaim()
		}
	}
}

// Advance begins another epoch and is the stamp of what was unlinked before.
func (e *Epoch) Advance() uint64 { return e.now.Add(1) }

// Passed reports whether no run can see any more what was unlinked before the
// Advance that gave stamp.
func (e *Epoch) Passed(stamp uint64) bool {
	for i := range e.cpus {
		if s := e.cpus[i].seen.Load(); s != 0 && s < stamp {
			return false
		}
	}
	return true
}

// Defer calls f once no run can see what was unlinked before; at once if no
// run is under way, else at the end of the last of them, on its goroutine.
func (e *Epoch) Defer(f func()) {
	stamp := e.Advance()
	e.mu.Lock()
	e.pending = append(e.pending, deferred{stamp, f})
	e.waiting.Add(1)
	e.mu.Unlock()
	e.reclaim()
}

// reclaim runs what has become due, outside the lock.
func (e *Epoch) reclaim() {
	for {
		e.mu.Lock()
		if len(e.pending) == 0 || !e.Passed(e.pending[0].stamp) {
			e.mu.Unlock()
			return
		}
		f := e.pending[0].f
		e.pending[0].f = nil
		e.pending = e.pending[1:]
		e.waiting.Add(-1)
		e.mu.Unlock()
		f()
	}
}

// Words are what Quiesce compares on cpu: where they are equal it has nothing to
// do. They are for reading alone.
func (e *Epoch) Words(cpu int) (seen, now *atomic.Uint64) { return &e.cpus[cpu].seen, &e.now }
