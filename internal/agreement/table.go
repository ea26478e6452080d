package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// tally counts a group of programs by how the answers stand to each other.
type tally struct {
	programs, agree, unsound, falseReject, noAnswer int
	bothReject, sameLine                            int
}

func (t *tally) add(r *result) {
	kind := r.kind()
	t.programs++
	switch kind {
	case agrees, otherLine:
		t.agree++
		if r.Ours.Verdict == reject {
			t.bothReject++
			if kind == agrees {
				t.sameLine++
			}
		}
	case unsound:
		t.unsound++
	case falseReject:
		t.falseReject++
	case noAnswer:
		t.noAnswer++
	}
}

const (
	headFormat = "%-24s %8s %8s %8s %8s %8s %8s %s\n"
	rowFormat  = "%-24s %8d %8d %7.2f%% %8d %8d %8d %d/%d\n"
)

func (t *tally) print(w io.Writer, name string) {
	fmt.Fprintf(w, rowFormat, name, t.programs, t.agree, 100*float64(t.agree)/float64(max(t.programs, 1)),
		t.unsound, t.falseReject, t.noAnswer, t.sameLine, t.bothReject)
}

func head(w io.Writer, name string) {
	fmt.Fprintf(w, headFormat, name, "programs", "agree", "", "unsound", "falserej", "noanswer", "same last line/both reject")
}

// fewest is the least number of programs that have a row of their own.
const fewest = 8

// printTable prints the table: all, by what programs need, and by family.
func printTable(w io.Writer, results []*result) {
	var all tally
	classes, fams := make(map[string]*tally), make(map[string]*tally)
	count := func(m map[string]*tally, name string, r *result) {
		if m[name] == nil {
			m[name] = new(tally)
		}
		m[name].add(r)
	}
	for _, r := range results {
		if r.kind() == notAsked {
			continue
		}
		all.add(r)
		count(classes, r.Class, r)
		count(fams, family(r.Object), r)
	}
	// Small families without a difference share a row.
	var rest tally
	for name, t := range fams {
		if t.programs < fewest && t.agree == t.programs && t.sameLine == t.bothReject {
			rest.programs += t.programs
			rest.agree += t.agree
			rest.bothReject += t.bothReject
			rest.sameLine += t.sameLine
			delete(fams, name)
		}
	}
	head(w, "")
	all.print(w, "all")
	printGroup(w, "needs", classes)
	printGroup(w, "family", fams)
	if rest.programs > 0 {
		rest.print(w, "(others)")
	}
}

func printGroup(w io.Writer, name string, m map[string]*tally) {
	fmt.Fprintln(w)
	head(w, name)
	names := slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(m[b].programs-m[a].programs, cmp.Compare(a, b))
	})
	for _, n := range names {
		m[n].print(w, n)
	}
}

// printDifferences prints each program whose answers differ, with the reason if
// it is known.
func printDifferences(w io.Writer, results []*result, k known) {
	for _, kind := range []string{unsound, falseReject, noAnswer, otherLine} {
		var list []*result
		for _, r := range results {
			if r.kind() == kind {
				list = append(list, r)
			}
		}
		fmt.Fprintf(w, "\n%s: %d\n", kind, len(list))
		for _, r := range list {
			fmt.Fprintf(w, "  %s\n    skep:  %s\n    Linux: %s\n", r.key, r.Ours, r.Theirs)
			if d := k[r.key]; d != nil {
				fmt.Fprintf(w, "    known: %s\n", d.why)
			}
		}
	}
}

// printNotAsked counts the programs about which Linux said nothing, by reason.
func printNotAsked(w io.Writer, results []*result, verbose bool) {
	reasons := make(map[string][]*result)
	n := 0
	for _, r := range results {
		if r.kind() == notAsked {
			why := general(r.Theirs.Why)
			reasons[why] = append(reasons[why], r)
			n++
		}
	}
	if n == 0 {
		return
	}
	fmt.Fprintf(w, "\nnot asked: %d programs about which Linux gave no verdict\n", n)
	names := slices.SortedFunc(maps.Keys(reasons), func(a, b string) int {
		return cmp.Or(len(reasons[b])-len(reasons[a]), cmp.Compare(a, b))
	})
	for _, why := range names {
		fmt.Fprintf(w, "  %5d  %s\n", len(reasons[why]), why)
		for _, r := range reasons[why] {
			if verbose {
				fmt.Fprintf(w, "           %s: %s; skep: %s\n", r.key, r.Theirs.Why, r.Ours)
			}
		}
	}
}

var (
	quoted  = regexp.MustCompile(`"[^"]*"|insn \d+: `)
	numbers = regexp.MustCompile(`\b\d+\b`)
)

// general is a reason without the names and numbers of one program.
func general(why string) string {
	first, _, _ := strings.Cut(why, "\n")
	return numbers.ReplaceAllString(quoted.ReplaceAllString(first, ""), "N")
}
