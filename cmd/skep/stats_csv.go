package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// notMeasured is how a number is written that was not measured.
const notMeasured = "N/A"

// readStats reads a CSV file of veristat or verify --stats: its columns and a
// row for each program.
func readStats(name string) ([]statID, []*figures, error) {
	r, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	ids, rows, err := parseStats(r)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return ids, rows, nil
}

func parseStats(r io.Reader) ([]statID, []*figures, error) {
	cr := csv.NewReader(r)
	cr.ReuseRecord = true
	head, err := cr.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil, errors.New("empty: want a line of column names")
	}
	if err != nil {
		return nil, nil, err
	}
	var ids []statID
	for _, name := range head {
		id, err := statByName(strings.TrimSpace(name))
		if err != nil {
			return nil, nil, fmt.Errorf("line 1: %w", err)
		}
		if slices.Contains(ids, id) {
			return nil, nil, fmt.Errorf("line 1: column %s twice", id)
		}
		ids = append(ids, id)
	}
	if !slices.Contains(ids, statFile) || !slices.Contains(ids, statProg) {
		return nil, nil, errors.New("line 1: want the columns file_name and prog_name")
	}
	var rows []*figures
	seen := map[[2]string]bool{}
	for {
		rec, err := cr.Read()
		if errors.Is(err, io.EOF) {
			return ids, rows, nil
		}
		if err != nil {
			return nil, nil, err
		}
		line, _ := cr.FieldPos(0)
		f := &figures{}
		for i, id := range ids {
			if err := f.set(id, rec[i]); err != nil {
				return nil, nil, fmt.Errorf("line %d, column %s: %w", line, id, err)
			}
		}
		key := [2]string{f.file, f.prog}
		if seen[key] {
			return nil, nil, fmt.Errorf("line %d: program %s of %s twice", line, f.prog, f.file)
		}
		seen[key] = true
		rows = append(rows, f)
	}
}

// set reads one field.
func (f *figures) set(id statID, s string) error {
	f.has[id] = true
	switch id {
	case statFile:
		f.file = s
	case statProg:
		f.prog = s
	case statVerdict:
		if s != verdictSuccess && s != verdictFailure {
			return fmt.Errorf("%q: want success or failure", s)
		}
		f.verdict = s
	case statProgType:
		f.progType = s
	case statAttachType:
		f.attachType = s
	default:
		n, err := strconv.ParseInt(s, 10, 64)
		if f.has[id] = s != notMeasured; f.has[id] && err != nil {
			return fmt.Errorf("%q: want a number", s)
		}
		f.num[id] = n
	}
	return nil
}

// writeCSV prints cells as CSV.
func writeCSV(w io.Writer, head []string, cells [][]string) error {
	cw := csv.NewWriter(w)
	if err := cw.Write(head); err != nil {
		return err
	}
	return cw.WriteAll(cells)
}
