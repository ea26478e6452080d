package main

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// A record is what one kernel said of a corpus: tab-separated lines, compressed.
// The first has the kernel's release, machine and the digest of its types; the
// others object, program, class, verdict, errno, instructions processed,
// microseconds and last line.
type record struct {
	Release, Machine, Types string
	results                 map[key]*result
}

const recordHead = "kernel"

func readRecord(file string) (*record, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	r, err := parseRecord(z)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

func parseRecord(in io.Reader) (*record, error) {
	sc := bufio.NewScanner(in)
	sc.Buffer(nil, 1<<20)
	if !sc.Scan() {
		return nil, errors.Join(errors.New("is empty"), sc.Err())
	}
	head := strings.Split(sc.Text(), "\t")
	if len(head) != 4 || head[0] != recordHead {
		return nil, errors.New("line 1: names no kernel")
	}
	r := &record{Release: head[1], Machine: head[2], Types: head[3], results: make(map[key]*result)}
	for n := 2; sc.Scan(); n++ {
		res, err := parseResult(sc.Text())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if r.results[res.key] != nil {
			return nil, fmt.Errorf("line %d: %s is there twice", n, res.key)
		}
		r.results[res.key] = res
	}
	return r, sc.Err()
}

func parseResult(line string) (*result, error) {
	f := strings.Split(line, "\t")
	if len(f) != 8 {
		return nil, fmt.Errorf("%d columns in place of 8", len(f))
	}
	if f[3] != accept && f[3] != reject {
		return nil, fmt.Errorf("verdict %q", f[3])
	}
	insns, err := strconv.Atoi(f[5])
	if err != nil {
		return nil, err
	}
	micros, err := strconv.Atoi(f[6])
	if err != nil {
		return nil, err
	}
	return &result{key: key{f[0], f[1]}, Class: f[2], Theirs: answer{
		Verdict: f[3], Errno: f[4], Insns: insns, Time: time.Duration(micros) * time.Microsecond, Line: f[7],
	}}, nil
}

// write writes the verdicts of the kernel in results. Programs without one are
// left out.
func (r *record) write(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := r.format(z); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return f.Close()
}

func (r *record) format(out io.Writer) error {
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", recordHead, r.Release, r.Machine, r.Types)
	for _, res := range sorted(r.results) {
		a := res.Theirs
		if a.Verdict != accept && a.Verdict != reject {
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\n",
			res.Object, res.Program, res.Class, a.Verdict, a.Errno, a.Insns, a.Time.Microseconds(), a.Line)
	}
	return w.Flush()
}
