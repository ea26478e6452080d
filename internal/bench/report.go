package bench

import "time"

// Reporter is a *testing.B.
type Reporter interface {
	Fatal(args ...any)
	ReportMetric(v float64, unit string)
	Loop() bool
}

// Report runs f, which does what is measured n times, in chunks for a while and
// reports the lower quartile as ns/run. ns/op is the time of one such while: the
// mean of all that happened on the machine, and no figure.
func Report(b Reporter, f func(n int) error) {
	for b.Loop() {
		figs, err := Measure(200*time.Millisecond, timed(f))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(figs[0].PerRun, "ns/run")
	}
}

// timed is a Subject of a function that does something n times.
type timed func(n int) error

func (t timed) Runs(n int) (time.Duration, error) {
	start := time.Now()
	err := t(n)
	return time.Since(start), err
}

func (timed) Result() uint32 { return 0 }
