package host

// Clock names one of the clocks that helpers read.
type Clock uint8

// The clocks, in nanoseconds.
const (
	Monotonic Clock = iota // bpf_ktime_get_ns, CLOCK_MONOTONIC
	Boot                   // bpf_ktime_get_boot_ns, CLOCK_BOOTTIME
	Coarse                 // bpf_ktime_get_coarse_ns, CLOCK_MONOTONIC_COARSE
	TAI                    // bpf_ktime_get_tai_ns, CLOCK_TAI
)

// Task is the current task, as helpers report it.
type Task struct {
	PID, TGID uint32 // thread and process, in the initial pid namespace
	UID, GID  uint32
	Comm      [16]byte // NUL-terminated
	CgroupID  uint64
}

// Host is the world outside. Its methods are called from many goroutines at
// once and do not block, but for Trace, which may wait for its writer.
type Host interface {
	// Now is the time of a clock in nanoseconds.
	Now(c Clock) uint64
	// Jiffies is the kernel's 64-bit tick counter.
	Jiffies() uint64
	// Rand is 32 random bits, for cpu's program.
	Rand(cpu int) uint32
	// Task is the task on whose behalf the program runs.
	Task() Task
	// NUMANode is the memory node of a virtual CPU.
	NUMANode(cpu int) int32
	// Trace takes one line of bpf_trace_printk output, without a newline.
	Trace(cpu int, line []byte)
}
