package host

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Fixed is the deterministic host: two runs of the same program under hosts
// made with the same options see the same world.
type Fixed struct {
	now   atomic.Uint64
	step  uint64
	task  atomic.Pointer[Task]
	extra [TAI + 1]uint64 // what each clock is ahead of Monotonic
	tick  uint64

	mu    sync.Mutex
	seed  uint64
	rands []*rand.PCG // by CPU
	lines []TraceLine
}

// FixedOptions are what a deterministic host is made with. The zero value is
// good.
type FixedOptions struct {
	// Start is the monotonic clock's first reading; 0 means one hour.
	Start time.Duration
	// Step is what every reading of a clock adds to the clocks.
	Step time.Duration
	// Seed makes the random numbers; each CPU has its own sequence.
	Seed uint64
	// Task is the current task; the zero value means process 1000, called
	// "skep", of user and group 1000.
	Task Task
}

// TraceLine is a line of trace output.
type TraceLine struct {
	CPU  int
	Time uint64 // of the monotonic clock
	Text string
}

// The deterministic host's world: booted an hour ago, at the beginning of
// 2025, and asleep for a minute of it.
const (
	fixedStart  = time.Hour
	fixedAsleep = time.Minute
	fixedTAI    = 1735689637 * time.Second
	fixedTick   = 4 * time.Millisecond
)

// NewFixed makes a deterministic host.
func NewFixed(o FixedOptions) *Fixed {
	if o.Start == 0 {
		o.Start = fixedStart
	}
	if o.Task == (Task{}) {
		o.Task = Task{PID: 1000, TGID: 1000, UID: 1000, GID: 1000, Comm: comm("skep"), CgroupID: 1}
	}
	f := &Fixed{step: uint64(o.Step), seed: o.Seed, tick: uint64(fixedTick)}
	f.extra[Boot] = uint64(fixedAsleep)
	f.extra[TAI] = uint64(fixedTAI)
	f.now.Store(uint64(o.Start))
	f.task.Store(&o.Task)
	return f
}

// Now reads a clock and advances all by the step.
func (f *Fixed) Now(c Clock) uint64 {
	ns := f.now.Add(f.step) - f.step
	if c == Coarse {
		return ns - ns%f.tick
	}
	return ns + f.extra[c]
}

// SetTime sets the monotonic clock, and the others with it.
func (f *Fixed) SetTime(d time.Duration) { f.now.Store(uint64(d)) }

// Advance moves the clocks on.
func (f *Fixed) Advance(d time.Duration) { f.now.Add(uint64(d)) }

// SetTask changes the current task.
func (f *Fixed) SetTask(t Task) { f.task.Store(&t) }

// Jiffies is the tick counter, by the monotonic clock. It does not advance it.
func (f *Fixed) Jiffies() uint64 { return jiffies(f.now.Load(), f.tick) }

// Rand is the next number of cpu's sequence.
func (f *Fixed) Rand(cpu int) uint32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.rands) <= cpu {
		f.rands = append(f.rands, rand.NewPCG(f.seed, uint64(len(f.rands))))
	}
	return uint32(f.rands[cpu].Uint64() >> 32)
}

// Task is the task that was set.
func (f *Fixed) Task() Task { return *f.task.Load() }

// NUMANode is 0.
func (f *Fixed) NUMANode(int) int32 { return 0 }

// maxTraceLines bounds what is recorded; the oldest lines go first.
const maxTraceLines = 1 << 16

// Trace records a line.
func (f *Fixed) Trace(cpu int, line []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.lines) == maxTraceLines {
		f.lines = append(f.lines[:0], f.lines[maxTraceLines/2:]...)
	}
	f.lines = append(f.lines, TraceLine{cpu, f.now.Load(), string(line)})
}

// Lines are the newest lines of trace output, at least 32768 if there were so
// many.
func (f *Fixed) Lines() []TraceLine {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]TraceLine(nil), f.lines...)
}
