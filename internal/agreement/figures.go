package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// slow is how long the kernel takes on programs whose factor counts by itself.
const slow = time.Millisecond

// printFigures puts instructions processed and times of the programs that both
// sides accept side by side. source says where the kernel's times are from.
func printFigures(w io.Writer, results []*result, source string) {
	var both []*result
	for _, r := range results {
		if r.Ours.Verdict == accept && r.Theirs.Verdict == accept {
			both = append(both, r)
		}
	}
	if len(both) == 0 {
		return
	}
	var equal, ours, theirs int
	worst := both[0]
	for _, r := range both {
		ours, theirs = ours+r.Ours.Insns, theirs+r.Theirs.Insns
		if r.Ours.Insns == r.Theirs.Insns {
			equal++
		}
		if math.Abs(math.Log(r.insnFactor())) > math.Abs(math.Log(worst.insnFactor())) {
			worst = r
		}
	}
	fmt.Fprintf(w, "\nprocessed instructions of the %d programs that both accept: skep %d, Linux %d, equal in %d; farthest: %.2f, %s (%d, %d)\n",
		len(both), ours, theirs, equal, worst.insnFactor(), worst.key, worst.Ours.Insns, worst.Theirs.Insns)
	var timed []*result
	for _, r := range both {
		if r.Theirs.Time > 0 && r.Ours.Time > 0 {
			timed = append(timed, r)
		}
	}
	if len(timed) > 0 {
		printTimes(w, timed, source)
	}
}

func (r *result) insnFactor() float64 {
	return float64(max(r.Ours.Insns, 1)) / float64(max(r.Theirs.Insns, 1))
}

// far reports whether a program that both accept takes one of them more than
// twice as many instructions as the other.
func (r *result) far() bool {
	f := r.insnFactor()
	return r.Ours.Verdict == accept && r.Theirs.Verdict == accept && (f > 2 || f < 0.5)
}

func (r *result) timeFactor() float64 { return float64(r.Ours.Time) / float64(r.Theirs.Time) }

// bounds are the upper ends of the time factors that are counted together.
var bounds = []float64{0.1, 0.25, 0.5, 1, 2, 3}

func printTimes(w io.Writer, timed []*result, source string) {
	var ours, theirs time.Duration
	var logs float64
	counts, slowCounts := make([]int, len(bounds)+1), make([]int, len(bounds)+1)
	var slowOnes []*result
	for _, r := range timed {
		ours, theirs = ours+r.Ours.Time, theirs+r.Theirs.Time
		logs += math.Log(r.timeFactor())
		i := 0
		for i < len(bounds) && r.timeFactor() > bounds[i] {
			i++
		}
		counts[i]++
		if r.Theirs.Time > slow {
			slowCounts[i]++
			slowOnes = append(slowOnes, r)
		}
	}
	fmt.Fprintf(w, "\nverification times (%s): skep %v, Linux %v, factor %.2f; geometric mean of the factors %.2f\n",
		source, ours.Round(time.Millisecond), theirs.Round(time.Millisecond), float64(ours)/float64(theirs), math.Exp(logs/float64(len(timed))))
	fmt.Fprintf(w, "%-24s", "factor up to")
	for _, b := range bounds {
		fmt.Fprintf(w, "%8g", b)
	}
	fmt.Fprintf(w, "%8s\n", "more")
	row := func(name string, counts []int) {
		fmt.Fprintf(w, "%-24s", name)
		for _, n := range counts {
			fmt.Fprintf(w, "%8d", n)
		}
		fmt.Fprintln(w)
	}
	row("all", counts)
	row("Linux takes over 1 ms", slowCounts)
	slices.SortFunc(slowOnes, func(a, b *result) int {
		if a.timeFactor() > b.timeFactor() {
			return -1
		}
		return 1
	})
	for _, r := range slowOnes[:min(len(slowOnes), 5)] {
		fmt.Fprintf(w, "  %5.2f  %s (%v, %v, %d instructions)\n", r.timeFactor(), r.key,
			r.Ours.Time.Round(10*time.Microsecond), r.Theirs.Time.Round(10*time.Microsecond), r.Ours.Insns)
	}
}
