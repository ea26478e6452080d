package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/skepbpf/skep/internal/vmfuzz"
)

// report prints what was found, and reports whether all that was looked into
// has a reason and no machine died.
func (s *series) report() bool {
	release, _, _ := strings.Cut(s.title, " ")
	fmt.Printf("Linux %s: %d programs in %s, %d accepted by skep (%.1f %%), %d agree (%.2f %%); %d too long, %d without a verdict\n",
		release, s.programs, s.elapsed.Round(time.Second), s.accepted, percent(s.accepted, s.programs),
		s.agreed, percent(s.agreed, s.programs), s.tooLong, s.noVerdict)
	if s.why != "" {
		fmt.Printf("\twithout a verdict: %s\n", s.why)
	}
	for _, kind := range vmfuzz.Kinds {
		n := 0
		for _, d := range s.differ {
			if d.Kind == kind {
				n++
			}
		}
		if n > 0 {
			fmt.Printf("\t%d: %s\n", n, kind)
		}
	}
	reasons := make(map[string]int)
	var order []string
	byKey := make(map[string][]vmfuzz.Difference)
	var keys []string
	for _, d := range s.looked {
		if d.Reason != "" {
			what := fmt.Sprintf("%s: %s", d.Kind, d.Reason)
			if reasons[what] == 0 {
				order = append(order, what)
			}
			reasons[what]++
			continue
		}
		key := d.Key()
		if byKey[key] == nil {
			keys = append(keys, key)
		}
		byKey[key] = append(byKey[key], d)
	}
	if len(s.looked) > 0 {
		fmt.Printf("\tlooked into %d of the differences:\n", len(s.looked))
	}
	for _, what := range order {
		fmt.Printf("\t%d known: %s\n", reasons[what], what)
	}
	for _, key := range keys {
		list := byKey[key]
		fmt.Printf("\n%d NOT KNOWN: %s\n", len(list), key)
		best := list[0]
		for _, d := range list {
			if d.Program != "" && (best.Program == "" || len(d.Program) < len(best.Program)) {
				best = d
			}
		}
		fmt.Printf("\tseed %d\n\tskep:   %s\n\tkernel: %s\n", best.Seed, best.Skep, best.Kernel)
		for line := range strings.Lines(best.Program) {
			fmt.Printf("\t| %s", line)
		}
	}
	if s.faults > 0 {
		fmt.Printf("\t%d machines died of programs that the next one took\n", s.faults)
	}
	for _, d := range s.dead {
		fmt.Printf("\t%s\n", d)
	}
	for _, t := range s.trouble {
		fmt.Printf("\tconsole: %s\n", t)
	}
	return len(keys) == 0 && len(s.dead) == 0 && len(s.trouble) == 0
}

func percent(n, of int) float64 { return 100 * float64(n) / float64(max(1, of)) }
