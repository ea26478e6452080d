package host

import (
	"io"
	"math/rand/v2"
	"time"
)

// Real is the machine that the process runs on.
type Real struct {
	clocks clocks
	task   Task // but for PID, which is the thread's
	sink   *sink
}

// RealOptions are what the real host is made with.
type RealOptions struct {
	// Trace takes lines of trace output in the layout of Linux's trace_pipe;
	// nil drops them. A writer that blocks holds up the program that writes.
	Trace io.Writer
}

// NewReal is the host of this process.
func NewReal(o RealOptions) *Real {
	r := &Real{task: currentTask(), sink: newSink(o.Trace)}
	r.clocks.start()
	return r
}

// Now reads a clock.
func (r *Real) Now(c Clock) uint64 { return r.clocks.now(c) }

// ClockCode is the address of machine code that does what C's clock_gettime does,
// for CLOCK_MONOTONIC, of which Now gives the same readings; 0 if there is none.
func (r *Real) ClockCode() uint64 { return clockCode() }

// Jiffies is the time since boot in ticks, counted from where Linux starts:
// five minutes before a 32-bit counter overflows.
func (r *Real) Jiffies() uint64 { return jiffies(r.clocks.now(Monotonic), r.clocks.tick) }

// Rand is 32 random bits.
func (r *Real) Rand(int) uint32 { return rand.Uint32() }

// Task is the calling thread and its process.
func (r *Real) Task() Task {
	t := r.task
	t.PID = threadID(t.TGID)
	return t
}

// NUMANode is 0: virtual CPUs are on no node of their own.
func (r *Real) NUMANode(int) int32 { return 0 }

// Trace writes a line of trace output.
func (r *Real) Trace(cpu int, line []byte) {
	if r.sink != nil {
		r.sink.write(r.Task(), cpu, r.Now(Monotonic), line)
	}
}

// clocks turns readings of Go's monotonic clock, which take no system call,
// into those of Linux's clocks.
type clocks struct {
	origin time.Time
	mono   uint64 // CLOCK_MONOTONIC at origin
	tick   uint64 // nanoseconds between updates of the coarse clocks
}

func (c *clocks) since() uint64 { return uint64(time.Since(c.origin)) }

// initialJiffies is how many seconds before the 32-bit overflow the counter
// starts.
const initialJiffies = 300

func jiffies(ns, tick uint64) uint64 {
	return 1<<32 - initialJiffies*uint64(time.Second)/tick + ns/tick
}

// comm cuts a name to a task's 15 bytes and a NUL.
func comm(name string) (c [16]byte) {
	copy(c[:15], name)
	return c
}
