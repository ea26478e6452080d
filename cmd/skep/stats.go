package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
)

// The forms of --output.
const (
	outputTable = "table"
	outputCSV   = "csv"
)

// statFlags are the flags of verify --stats. They are veristat's.
type statFlags struct {
	stats, compare, replay bool
	emit, sort, filter     []string
	output                 string
	top                    int

	// What the flags above mean.
	ids     []statID
	order   []sortKey
	filters filters
}

func (f *statFlags) add(c *cobra.Command) {
	fl := c.Flags()
	fl.BoolVar(&f.stats, "stats", false, "print each program's figures as veristat does")
	fl.BoolVarP(&f.compare, "compare", "C", false, "compare the figures of two CSV files")
	fl.BoolVarP(&f.replay, "replay", "R", false, "print the figures of CSV files")
	fl.StringSliceVarP(&f.emit, "emit", "e", nil, "the statistics to print, in this order: `name,...`")
	fl.StringSliceVarP(&f.sort, "sort", "s", nil, "order by these statistics: `name[^|v],...`, ^ for rising, v for falling")
	fl.StringArrayVarP(&f.filter, "filter", "f", nil, "only, or with ! not, these: `[!]FILE/PROGRAM` as globs, a condition like insns>1000, or @file with one a line")
	fl.StringVarP(&f.output, "output", "o", outputTable, "`form` of the figures: table or csv")
	fl.IntVarP(&f.top, "top", "n", 0, "print only the first `N` rows")
}

// statOnly are the flags that have a meaning only for figures.
var statOnly = []string{"emit", "sort", "filter", "output", "top"}

// wanted reports whether figures are asked for.
func (f *statFlags) wanted() bool { return f.stats || f.compare || f.replay }

// parse reads the flags' values.
func (f *statFlags) parse(c *cobra.Command) error {
	fl := c.Flags()
	if !f.wanted() {
		for _, name := range statOnly {
			if fl.Changed(name) {
				return usageErrorf("--%s needs --stats, --compare or --replay", name)
			}
		}
		return nil
	}
	modes := 0
	for _, on := range []bool{f.stats, f.compare, f.replay} {
		if on {
			modes++
		}
	}
	var err error
	switch {
	case modes > 1:
		return usageErrorf("--stats, --compare and --replay exclude each other")
	case fl.Changed("json") || fl.Changed("log"):
		return usageErrorf("figures are a table or CSV: --json and --log do not go with them")
	case f.output != outputTable && f.output != outputCSV:
		return usageErrorf("--output %s: want table or csv", f.output)
	case f.top < 0:
		return usageErrorf("--top %d: want a number above 0", f.top)
	}
	if f.ids, err = parseEmit(f.emit); err != nil {
		return usageErrorf("%w", err)
	}
	if f.order, err = parseSort(f.sort); err != nil {
		return usageErrorf("%w", err)
	}
	if f.filters, err = parseFilters(f.filter); err != nil {
		return usageErrorf("%w", err)
	}
	return nil
}

// columns are the statistics to print: those of --emit, or the usual ones that
// there are. Measured figures may be asked for any: skep prints what it has.
func (f *statFlags) columns(there []statID) ([]statID, error) {
	for _, id := range f.ids {
		if !f.stats && !slices.Contains(there, id) {
			return nil, fmt.Errorf("--emit %s: the figures have no such column", id)
		}
	}
	if len(f.ids) > 0 {
		return f.ids, nil
	}
	usual := tableStats
	if f.output == outputCSV {
		usual = csvStats
	}
	var ids []statID
	for _, id := range usual {
		if slices.Contains(there, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// showStats does the work of verify where figures are asked for.
func showStats(ctx context.Context, e *env, f *verifyFlags, files []string) error {
	switch {
	case f.stat.compare:
		return compareStats(e, &f.stat, files)
	case f.stat.replay:
		return replayStats(e, &f.stat, files)
	}
	return measureStats(ctx, e, f, files)
}

// measureStats verifies the programs of files and prints their figures. A
// rejection is a figure like the others; a file that cannot be read is an
// error.
func measureStats(ctx context.Context, e *env, f *verifyFlags, files []string) error {
	man, kernel, err := f.world()
	if err != nil {
		return err
	}
	var rows []row
	var done, skipped struct{ files, progs int }
	failed := false
	for _, file := range files {
		base := filepath.Base(file)
		if !f.stat.filters.file(base) {
			skipped.files++
			continue
		}
		coll, err := openFitted(e, file, f, kernel)
		if err != nil {
			var stop *exitError
			if errors.As(err, &stop) {
				return err
			}
			fmt.Fprintln(e.err, "skep:", err)
			skipped.files++
			failed = true
			continue
		}
		done.files++
		for _, p := range coll.Programs {
			if !wanted(f.programs, p.Name) || !f.stat.filters.names(base, p.Name) {
				skipped.progs++
				continue
			}
			v := verifyProgram(ctx, f, file, p, man, kernel)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			done.progs++
			rows = append(rows, row{b: measured(&v, man.apply(p), v.figures)})
		}
	}
	if err := printStats(e, &f.stat, rows, ownStats); err != nil {
		return err
	}
	if f.stat.output == outputTable {
		fmt.Fprintf(e.out, "Done. Processed %d files, %d programs. Skipped %d files, %d programs.\n",
			done.files, done.progs, skipped.files, skipped.progs)
	}
	if failed {
		return &exitError{exitRefused, nil}
	}
	return nil
}

// printStats prints what the flags leave of rows.
func printStats(e *env, f *statFlags, rows []row, there []statID) error {
	ids, err := f.columns(there)
	if err != nil {
		return err
	}
	return writeRows(e.out, f.choose(rows), ids, f)
}

// replayStats prints the rows of CSV files.
func replayStats(e *env, f *statFlags, files []string) error {
	there := knownStats
	var rows []row
	for _, name := range files {
		ids, figs, err := readStats(name)
		if err != nil {
			return err
		}
		there = common(there, ids)
		for _, fig := range figs {
			rows = append(rows, row{b: fig})
		}
	}
	return printStats(e, f, rows, there)
}

// compareStats prints the rows of two CSV files side by side.
func compareStats(e *env, f *statFlags, files []string) error {
	if len(files) != 2 {
		return usageErrorf("--compare wants two CSV files, not %d", len(files))
	}
	inA, a, err := readStats(files[0])
	if err != nil {
		return err
	}
	inB, b, err := readStats(files[1])
	if err != nil {
		return err
	}
	return printStats(e, f, joinRows(a, b), common(inA, inB))
}

// common are the columns that both have.
func common(a, b []statID) []statID {
	var out []statID
	for _, id := range a {
		if slices.Contains(b, id) {
			out = append(out, id)
		}
	}
	return out
}
