package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// column is what is printed below one heading.
type column struct {
	heading string // in tables
	name    string // in CSV
	left    bool
	cell    func(row) string
}

// columns are those of ids; a comparison has three for each that is no key.
func columns(ids []statID, compare bool) []column {
	var cols []column
	for _, id := range ids {
		d := statDefs[id]
		side := func(f func(row) *figures) func(row) string {
			return func(r row) string { return f(r).cell(id) }
		}
		if !compare || id.isKey() {
			cols = append(cols, column{d.heading, id.name(), id.isText(), side(row.key)})
			continue
		}
		cols = append(cols,
			column{d.heading + " (A)", id.name() + "_base", id.isText(), side(func(r row) *figures { return r.a })},
			column{d.heading + " (B)", id.name() + "_comp", id.isText(), side(func(r row) *figures { return r.b })},
			column{d.heading + " (DIFF)", id.name() + "_diff", id.isText(), func(r row) string { return r.difference(id) }})
	}
	return cols
}

// cell is a column's text for one program.
func (f *figures) cell(id statID) string {
	v := f.side(id)
	switch {
	case v.none:
		return notMeasured
	case id.isText():
		return v.text
	}
	return fmt.Sprint(f.num[id])
}

// difference is the third column of a comparison.
func (r row) difference(id statID) string {
	a, b := r.a.side(id), r.b.side(id)
	switch {
	case a.none || b.none:
		return notMeasured
	case id.isText() && a.text == b.text:
		return "MATCH"
	case id.isText():
		return "MISMATCH"
	}
	return fmt.Sprintf("%+d (%+.2f%%)", r.b.num[id]-r.a.num[id], percent(a.num, b.num))
}

// columnGap is between the columns of a table.
const columnGap = "  "

// writeTable prints rows below their headings, numbers to the right, and a rule
// at the end if the table is closed.
func writeTable(w io.Writer, cols []column, cells [][]string, closed bool) error {
	widths := make([]int, len(cols))
	head, rule := make([]string, len(cols)), make([]string, len(cols))
	for i, c := range cols {
		head[i], widths[i] = c.heading, len(c.heading)
		for _, line := range cells {
			widths[i] = max(widths[i], len(line[i]))
		}
		rule[i] = strings.Repeat("-", widths[i])
	}
	var b strings.Builder
	// Headings are to the left, whatever is below them.
	put := func(line []string, heading bool) {
		var l strings.Builder
		for i, s := range line {
			if i > 0 {
				l.WriteString(columnGap)
			}
			if pad := strings.Repeat(" ", widths[i]-len(s)); cols[i].left || heading {
				l.WriteString(s + pad)
			} else {
				l.WriteString(pad + s)
			}
		}
		b.WriteString(strings.TrimRight(l.String(), " ") + "\n")
	}
	put(head, true)
	put(rule, true)
	for _, line := range cells {
		put(line, false)
	}
	if closed {
		put(rule, true)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeRows prints rows in the form that flags ask for.
func writeRows(w io.Writer, rows []row, ids []statID, f *statFlags) error {
	cols := columns(ids, f.compare)
	var cells [][]string
	for _, r := range rows {
		line := make([]string, len(cols))
		for i, c := range cols {
			line[i] = c.cell(r)
		}
		cells = append(cells, line)
	}
	if f.output != outputCSV {
		return writeTable(w, cols, cells, !f.compare)
	}
	head := make([]string, len(cols))
	for i, c := range cols {
		head[i] = c.name
	}
	return writeCSV(w, head, cells)
}

// choose filters, orders and cuts rows as flags say.
func (f *statFlags) choose(rows []row) []row {
	rows = slices.DeleteFunc(rows, func(r row) bool {
		k := r.key()
		return !f.filters.names(k.file, k.prog) || !f.filters.stats(r)
	})
	sortRows(rows, f.order)
	if f.top > 0 && len(rows) > f.top {
		rows = rows[:f.top]
	}
	return rows
}
