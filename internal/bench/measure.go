package bench

import (
	"slices"
	"time"
)

// chunk is how long runs go on between two looks at the clock, about.
const chunk = 2 * time.Millisecond

// Subject is something whose runs can be measured: a program in an engine, in
// the kernel, or of the machine itself.
type Subject interface {
	// Runs runs n times and says how long that took.
	Runs(n int) (time.Duration, error)
	// Result is what the last run returned.
	Result() uint32
}

// Figure is what a measurement gave.
type Figure struct {
	PerRun float64 // nanoseconds, the lower quartile of the chunks
	Runs   int     // in all chunks
	Result uint32
	low    float64 // as PerRun, the lower tenth
}

// Measure measures each subject for a time, in chunks that take turns, so that
// a machine whose speed changes is the same for all.
func Measure(length time.Duration, subjects ...Subject) ([]Figure, error) {
	all := make([]*series, len(subjects))
	for i, s := range subjects {
		all[i] = &series{Subject: s}
		if err := all[i].warm(); err != nil {
			return nil, err
		}
	}
	for busy := true; busy; {
		busy = false
		for _, s := range all {
			if s.spent >= length {
				continue
			}
			busy = true
			if err := s.step(); err != nil {
				return nil, err
			}
		}
	}
	figures := make([]Figure, len(all))
	for i, s := range all {
		slices.Sort(s.perRun)
		figures[i] = Figure{s.perRun[len(s.perRun)/4], s.runs, s.Result(), s.perRun[len(s.perRun)/10]}
	}
	return figures, nil
}

// Above is by how much a run of f took longer than one of base. It compares the
// tenths of the chunks in which each was fastest: on a machine with much else to
// do, more than a quarter is held up.
func (f *Figure) Above(base *Figure) float64 { return f.low - base.low }

// series is the chunks of one subject.
type series struct {
	Subject
	perRun []float64
	best   float64 // the least of any chunk, short ones included
	runs   int
	spent  time.Duration
}

// run runs n times and is how long one took.
func (s *series) run(n int) (time.Duration, float64, error) {
	d, err := s.Runs(n)
	perRun := float64(max(d, 1)) / float64(n)
	if s.best == 0 || perRun < s.best {
		s.best = perRun
	}
	return d, perRun, err
}

// warm finds out how many runs make a chunk.
func (s *series) warm() error {
	for n, spent := 1, time.Duration(0); spent < chunk; n *= 2 {
		d, _, err := s.run(n)
		if err != nil {
			return err
		}
		spent += d
	}
	return nil
}

// step runs a chunk. Its length follows from the best one so far: one that
// something else on the machine has held up must not make the next ones short.
func (s *series) step() error {
	n := max(1, int(float64(chunk)/s.best))
	d, perRun, err := s.run(n)
	if err != nil {
		return err
	}
	s.perRun = append(s.perRun, perRun)
	s.runs += n
	s.spent += d
	return nil
}
