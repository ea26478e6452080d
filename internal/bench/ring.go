package bench

// RingReader is the consumer's side of a ring buffer.
type RingReader interface {
	Consume(f func(sample []byte)) bool
	Available() int
	Size() int
}

// Ring is a ring buffer that runs write to.
type Ring struct {
	r      RingReader
	perRun int // the most bytes that a run was seen to write, on average
}

// NewRing keeps an eye on r.
func NewRing(r RingReader) *Ring { return &Ring{r: r} }

// Room is how many runs fit before the buffer has to be emptied. One alone tells
// how much each writes; half of the buffer is kept for runs that write more.
func (r *Ring) Room() int {
	if r.perRun == 0 {
		return 1
	}
	return max(1, r.r.Size()/2/r.perRun)
}

// Learn takes note of what n runs have written, and empties the buffer.
func (r *Ring) Learn(n int) {
	wrote := r.r.Available()
	r.perRun = max(r.perRun, (wrote+n-1)/n)
	if wrote > 0 {
		r.Drain()
	} else if r.perRun == 0 {
		r.perRun = 1 // nothing so far
	}
}

// Drain empties the buffer.
func (r *Ring) Drain() {
	for r.r.Consume(func([]byte) {}) {
	}
}
