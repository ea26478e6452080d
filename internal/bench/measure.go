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
		figures[i] = Figure{s.perRun[len(s.perRun)/4], s.runs, s.Result()}
	}
	return figures, nil
}

// series is the chunks of one subject.
type series struct {
	Subject
	n      int // runs in a chunk
	perRun []float64
	runs   int
	spent  time.Duration
}

// warm finds how many runs make a chunk.
func (s *series) warm() error {
	for s.n = 1; ; s.n *= 2 {
		d, err := s.Runs(s.n)
		if err != nil {
			return err
		}
		if d >= chunk/4 {
			s.fit(d)
			return nil
		}
	}
}

// fit makes the next chunk as long as it should be, after one of length d.
func (s *series) fit(d time.Duration) {
	s.n = max(1, int(float64(s.n)*float64(chunk)/float64(d)))
}

func (s *series) step() error {
	d, err := s.Runs(s.n)
	if err != nil {
		return err
	}
	s.perRun = append(s.perRun, float64(d.Nanoseconds())/float64(s.n))
	s.runs += s.n
	s.spent += d
	if d < chunk/2 || d > chunk*2 {
		s.fit(max(d, 1))
	}
	return nil
}
