package bench

import "github.com/skepbpf/skep"

// ring is a ring buffer that runs write to.
type ring struct {
	skep.Ring
	perRun int // the most bytes that a run was seen to write, on average
}

func newRing(r skep.Ring) *ring { return &ring{Ring: r} }

// room is how many runs fit before the buffer has to be emptied. It is the first
// one alone that tells how much one writes; half of the buffer is kept for runs
// that write more.
func (r *ring) room() int {
	if r.perRun == 0 {
		return 1 << 20
	}
	return max(1, r.Size()/2/r.perRun)
}

// learn takes note of what n runs have written, and empties the buffer.
func (r *ring) learn(n int) {
	if wrote := r.Available(); wrote > 0 {
		r.perRun = max(r.perRun, (wrote+n-1)/n)
		r.drain()
	}
}

func (r *ring) drain() {
	for r.Consume(func([]byte) {}) {
	}
}
