package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// difference is a known one: what both sides say, and why it stays.
type difference struct {
	key
	ours, theirs string
	why          string
}

// known are the differences that may be, by program.
type known map[key]*difference

func readKnown(file string) (known, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	k, err := parseKnown(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return k, nil
}

// parseKnown reads lines of object, program, our answer, Linux's answer and the
// reason, between tabs. Empty lines and those that begin with # say nothing.
func parseKnown(in io.Reader) (known, error) {
	k := make(known)
	sc := bufio.NewScanner(in)
	for n := 1; sc.Scan(); n++ {
		line := sc.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 5 {
			return nil, fmt.Errorf("line %d: %d columns in place of 5", n, len(f))
		}
		d := &difference{key: key{f[0], f[1]}, ours: f[2], theirs: f[3], why: strings.TrimSpace(f[4])}
		if d.why == "" {
			return nil, fmt.Errorf("line %d: no reason", n)
		}
		if k[d.key] != nil {
			return nil, fmt.Errorf("line %d: %s is there twice", n, d.key)
		}
		k[d.key] = d
	}
	return k, sc.Err()
}

// line is a difference as the file has it.
func (r *result) line(why string) string {
	return strings.Join([]string{r.Object, r.Program, r.Ours.String(), r.Theirs.String(), why}, "\t")
}

// check holds the differences among results against the known ones: those that
// are not listed, or listed otherwise, and those listed that are gone. Of a
// whole corpus, a listed program that is not there is gone too.
func (k known) check(results []*result, whole bool) (unlisted []*result, gone []*difference) {
	there := make(map[key]bool)
	for _, r := range results {
		there[r.key] = true
		d, kind := k[r.key], r.kind()
		switch {
		case kind == notAsked:
		case kind == agrees:
			if d != nil {
				gone = append(gone, d)
			}
		case d == nil || d.ours != r.Ours.String() || d.theirs != r.Theirs.String():
			unlisted = append(unlisted, r)
		}
	}
	for key, d := range k {
		if whole && !there[key] {
			gone = append(gone, d)
		}
	}
	slices.SortFunc(gone, func(a, b *difference) int { return compareKeys(a.key, b.key) })
	return unlisted, gone
}
