package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/skepbpf/skep/internal/bench"
)

// base is what the others are compared with, best first.
var base = []string{"kernel", "native", "jit", "interp"}

// table prints rows as they come.
type table struct {
	w       io.Writer
	engines []string
	base    int       // index of the one that ratios are to
	logs    []float64 // sums of the compute rows' logarithms
	count   []int
	bare    [][]float64 // empty runs
	missed  []string
}

func newTable(w io.Writer, engines []string) *table {
	t := &table{
		w: w, engines: engines, logs: make([]float64, len(engines)),
		count: make([]int, len(engines)), bare: make([][]float64, len(engines)),
	}
	for _, name := range base {
		if i := slices.Index(engines, name); i >= 0 {
			t.base = i
			break
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-14s %-15s %9s", "", "ns of one", t.engines[t.base])
	for i, name := range t.engines {
		if i != t.base {
			fmt.Fprintf(&b, " %9s %6s", name, "ratio")
		}
	}
	fmt.Fprintf(w, "%s  target\n", b.String())
	return t
}

// add prints a row without the empty runs.
func (t *table) add(r *row, figs, bare []*bench.Figure) {
	ns := make([]float64, len(figs)) // 0 where there is none
	for i, f := range figs {
		if f == nil {
			continue
		}
		ns[i] = max(f.Above(bare[i]), 0.01) / float64(r.ops)
		t.bare[i] = append(t.bare[i], bare[i].PerRun)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-14s %-15s %s", r.name, r.unit, cell(9, "%.2f", ns[t.base]))
	over := false
	for i := range figs {
		if i == t.base {
			continue
		}
		ratio := 0.0
		if ns[i] != 0 && ns[t.base] != 0 {
			ratio = ns[i] / ns[t.base]
		}
		fmt.Fprintf(&b, " %s %s", cell(9, "%.2f", ns[i]), cell(6, "%.2f", ratio))
		if ratio == 0 {
			continue
		}
		if r.group == compute {
			t.logs[i] += math.Log(ratio)
			t.count[i]++
		}
		over = over || t.engines[i] == "jit" && t.engines[t.base] == "kernel" && r.target > 0 && ratio > r.target
	}
	if r.target > 0 {
		fmt.Fprintf(&b, "  %.2f", r.target)
	}
	if over {
		b.WriteString("  missed")
		t.missed = append(t.missed, r.name)
	}
	fmt.Fprintln(t.w, strings.TrimRight(b.String(), " "))
}

// cell is a number, or a dash for 0.
func cell(width int, format string, v float64) string {
	s := "-"
	if v != 0 {
		s = fmt.Sprintf(format, v)
	}
	return fmt.Sprintf("%*s", width, s)
}

// end prints the means and the empty runs.
func (t *table) end(check bool) error {
	if slices.Max(t.count) > 1 {
		fmt.Fprintf(t.w, "\n%-30s %9s", fmt.Sprintf("geometric mean of %d", slices.Max(t.count)), "")
		for i, name := range t.engines {
			if i == t.base {
				continue
			}
			mean := 0.0
			if t.count[i] > 0 {
				mean = math.Exp(t.logs[i] / float64(t.count[i]))
			}
			fmt.Fprintf(t.w, " %9s %s", "", cell(6, "%.2f", mean))
			if name == "jit" && t.engines[t.base] == "kernel" && mean > computeTarget {
				t.missed = append(t.missed, "mean")
			}
		}
		fmt.Fprintf(t.w, "  %.2f, aim %.2f", computeTarget, computeAim)
	}
	fmt.Fprintf(t.w, "\nan empty run, ns:")
	for i, name := range t.engines {
		if all := t.bare[i]; len(all) > 0 {
			slices.Sort(all)
			fmt.Fprintf(t.w, " %s %.1f", name, all[len(all)/2])
		}
	}
	fmt.Fprintln(t.w)
	if len(t.missed) > 0 {
		fmt.Fprintln(t.w, "missed:", strings.Join(t.missed, ", "))
		if check {
			return fmt.Errorf("%d targets are missed", len(t.missed))
		}
	}
	return nil
}
