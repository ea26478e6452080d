package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Results of a test.
const (
	testOK   = "ok"
	testFail = "FAIL"
	testSkip = "skip"
)

// testResult is the line that test --json prints.
type testResult struct {
	File        string `json:"file"`
	Program     string `json:"program"`
	Description string `json:"description,omitempty"`
	Mode        string `json:"mode,omitempty"` // privileged, unprivileged
	Result      string `json:"result"`
	Reason      string `json:"reason,omitempty"`
	Expected    string `json:"expected,omitempty"`
	Got         string `json:"got,omitempty"`
	Line        string `json:"line,omitempty"`
	Retval      *int32 `json:"retval,omitempty"`      // of programs that were run
	NotChecked  tally  `json:"not_checked,omitempty"` // how many expectations of a kind

	log     string
	skipped string // the kind of reason, for the sum
}

// Kinds of reasons to skip a test.
const (
	skipUntagged     = "without expectations"
	skipAbsent       = "not in the kernel's types"
	skipElsewhere    = "meant for other kernels"
	skipUnprivileged = "of unprivileged users only"
	skipNotRun       = "verified but not run"
)

const unprivSuffix = "_unpriv"

// patterns are the kinds of patterns that are not checked.
var patterns = []string{"xlated", "jited", "stderr", "stdout"}

// tally counts by name.
type tally map[string]int

func (c tally) add(name string, n int) { c[name] += n }

// with is a tally with more of a name.
func (c tally) with(name string, n int) tally {
	c = maps.Clone(c)
	c.add(name, n)
	return c
}

// mode is the tally without what concerns the other mode's code and streams
// only.
func (c tally) mode(unprivileged bool) tally {
	c = maps.Clone(c)
	for name := range c {
		base, unpriv := strings.CutSuffix(name, unprivSuffix)
		if slices.Contains(patterns, base) && unpriv != unprivileged {
			delete(c, name)
		}
	}
	return c
}

// names are the names that were counted, the most frequent first.
func (c tally) names() []string {
	return slices.SortedFunc(maps.Keys(c), func(a, b string) int {
		if c[a] != c[b] {
			return c[b] - c[a]
		}
		return strings.Compare(a, b)
	})
}

// list is "2 of this, 1 of that".
func (c tally) list() string {
	var parts []string
	for _, name := range c.names() {
		parts = append(parts, fmt.Sprintf("%d %s", c[name], name))
	}
	return strings.Join(parts, ", ")
}

// unchecked lists expectations that were not checked: "2 xlated patterns".
func (c tally) unchecked() string {
	var parts []string
	for _, name := range c.names() {
		what := name
		switch {
		case slices.Contains(patterns, strings.TrimSuffix(name, unprivSuffix)):
			what += " pattern"
		case name == "unprivileged":
			what += " mode"
		default:
			what += " tag"
		}
		if c[name] != 1 {
			what += "s"
		}
		parts = append(parts, fmt.Sprintf("%d %s", c[name], what))
	}
	return strings.Join(parts, ", ")
}

// printSum prints how many tests came to which end, and what was left out.
func (t *tester) printSum() {
	fmt.Fprintf(t.e.out, "%d passed, %d failed, %d skipped", t.counts[testOK], t.counts[testFail], t.counts[testSkip])
	if len(t.skipped) > 0 {
		fmt.Fprintf(t.e.out, " (%s)", t.skipped.list())
	}
	fmt.Fprintln(t.e.out)
	if len(t.lacking) > 0 {
		fmt.Fprintf(t.e.out, "not checked: %s\n", t.lacking.unchecked())
	}
}

// skip leaves a test out for a reason of a kind.
func (r *testResult) skip(kind, reason string) {
	r.Result, r.Reason, r.skipped = testSkip, reason, kind
}

// print prints and counts a result.
func (t *tester) print(r *testResult) error {
	t.counts.add(r.Result, 1)
	if r.skipped != "" {
		t.skipped.add(r.skipped, 1)
	}
	for name, n := range r.NotChecked {
		t.lacking.add(name, n)
	}
	if t.f.json {
		return json.NewEncoder(t.e.out).Encode(r)
	}
	if t.f.verbose {
		fmt.Fprint(t.e.out, r.log)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-4s %s", r.Result, r.Program)
	if r.Mode == "unprivileged" {
		b.WriteString(" @unpriv")
	}
	if r.Description != "" {
		fmt.Fprintf(&b, " (%s)", r.Description)
	}
	if r.Reason != "" {
		fmt.Fprintf(&b, ": %s", oneLine(r.Reason))
	}
	if r.Expected != "" || r.Got != "" {
		format := ": expected %s, got %s"
		if r.Reason == "message" {
			format = ": expected %q, got %s"
		}
		fmt.Fprintf(&b, format, r.Expected, oneLine(r.Got))
	}
	if r.Line != "" {
		fmt.Fprintf(&b, " at %s", r.Line)
	}
	if len(r.NotChecked) > 0 {
		fmt.Fprintf(&b, "; not checked: %s", r.NotChecked.unchecked())
	}
	_, err := fmt.Fprintln(t.e.out, b.String())
	return err
}

// oneLine keeps a result on its line.
func oneLine(s string) string { return strings.ReplaceAll(s, "\n", `\n`) }
