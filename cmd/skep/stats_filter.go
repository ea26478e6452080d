package main

import (
	"bufio"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
)

// statFilter is one --filter: globs of names, or a condition on a statistic.
type statFilter struct {
	deny bool

	// Globs. any matches either name.
	any, file, prog string

	// A condition.
	ref  statRef
	op   string // "" for globs
	num  float64
	text string // for statistics that are texts
}

// filters are all --filter of a command. A row is shown that no denying filter
// matches and, where there are others of the kind, one of those does.
type filters []statFilter

// operators in the order in which they are looked for: longer ones first.
var operators = []string{"==", "!=", "<>", "<=", ">=", "<", ">", "="}

// parseFilters reads --filter; @file holds one in each line.
func parseFilters(specs []string) (filters, error) {
	var out filters
	for _, s := range specs {
		if name, ok := strings.CutPrefix(s, "@"); ok {
			more, err := readFilters(name)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
			continue
		}
		f, err := parseFilter(s)
		if err != nil {
			return nil, fmt.Errorf("--filter %s: %w", s, err)
		}
		out = append(out, f)
	}
	return out, nil
}

func readFilters(name string) (filters, error) {
	r, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out filters
	sc := bufio.NewScanner(r)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f, err := parseFilter(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: filter %s: %w", name, n, line, err)
		}
		out = append(out, f)
	}
	return out, sc.Err()
}

func parseFilter(s string) (statFilter, error) {
	var f statFilter
	rest, deny := strings.CutPrefix(s, "!")
	f.deny = deny
	if i := strings.IndexAny(rest, "=<>!"); i >= 0 {
		for _, op := range operators {
			if value, ok := strings.CutPrefix(rest[i:], op); ok {
				return f, f.condition(strings.TrimSpace(rest[:i]), op, strings.TrimSpace(value))
			}
		}
	}
	file, prog, both := strings.Cut(rest, "/")
	switch {
	case rest == "":
		return f, fmt.Errorf("want FILE-GLOB/PROGRAM-GLOB, GLOB or STATISTIC>NUMBER")
	case both:
		f.file, f.prog = file, prog
	default:
		f.any = rest
	}
	for _, g := range []string{f.any, f.file, f.prog} {
		if _, err := path.Match(g, ""); err != nil {
			return f, fmt.Errorf("glob %q: %w", g, err)
		}
	}
	return f, nil
}

func (f *statFilter) condition(name, op, value string) error {
	var err error
	if f.ref, err = parseRef(name); err != nil {
		return err
	}
	switch op {
	case "==":
		op = "="
	case "<>":
		op = "!="
	}
	f.op = op
	switch id := f.ref.stat; {
	case id == statVerdict && f.ref.side == variantDiff:
		switch strings.ToLower(value) {
		case "match", "1":
			f.num = 1
		case "mismatch", "0":
		default:
			return fmt.Errorf("%q: want match or mismatch", value)
		}
	case id == statVerdict:
		switch strings.ToLower(value) {
		case "success", "true", "1":
			f.text = verdictSuccess
		case "failure", "false", "0":
			f.text = verdictFailure
		default:
			return fmt.Errorf("%q: want success or failure", value)
		}
	case id.isText():
		f.text = value
	default:
		if f.num, err = strconv.ParseFloat(strings.TrimSuffix(value, "%"), 64); err != nil {
			return fmt.Errorf("%q: want a number", value)
		}
	}
	return nil
}

// matchName reports whether the globs of f match. Empty ones match all.
func (f *statFilter) matchName(file, prog string) bool {
	if f.any != "" {
		return glob(f.any, file) || glob(f.any, prog)
	}
	return (f.file == "" || glob(f.file, file)) && (f.prog == "" || glob(f.prog, prog))
}

func glob(pattern, name string) bool {
	ok, _ := path.Match(pattern, name) // parseFilter has tried the pattern
	return ok
}

// names reports whether the programs of a row's name are shown.
func (fs filters) names(file, prog string) bool {
	return fs.pass(false, func(f *statFilter) bool { return f.matchName(file, prog) })
}

// file reports whether any program of the file could be shown.
func (fs filters) file(file string) bool {
	allowing, allowed := false, false
	for i := range fs {
		f := &fs[i]
		fits := f.file == "" || glob(f.file, file)
		switch {
		case f.op != "":
		case !f.deny:
			allowing, allowed = true, allowed || fits
		case fits && f.prog == "" && (f.any == "" || glob(f.any, file)):
			return false
		}
	}
	return allowed || !allowing
}

// stats reports whether a row's figures let it be shown. A value that is not
// there matches nothing.
func (fs filters) stats(r row) bool {
	return fs.pass(true, func(f *statFilter) bool {
		v := r.value(f.ref)
		if v.none {
			return false
		}
		if f.text != "" {
			return holds(strings.Compare(v.text, f.text), f.op)
		}
		switch {
		case v.num < f.num:
			return holds(-1, f.op)
		case v.num > f.num:
			return holds(1, f.op)
		}
		return holds(0, f.op)
	})
}

// pass applies the filters of one kind.
func (fs filters) pass(conditions bool, match func(*statFilter) bool) bool {
	allowing, allowed := false, false
	for i := range fs {
		f := &fs[i]
		if (f.op != "") != conditions {
			continue
		}
		switch {
		case !f.deny:
			allowing, allowed = true, allowed || match(f)
		case match(f):
			return false
		}
	}
	return allowed || !allowing
}

// holds says whether an order of two values fits an operator.
func holds(cmp int, op string) bool {
	switch op {
	case "=":
		return cmp == 0
	case "!=":
		return cmp != 0
	case "<":
		return cmp < 0
	case "<=":
		return cmp <= 0
	case ">":
		return cmp > 0
	default:
		return cmp >= 0
	}
}
