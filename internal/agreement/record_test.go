package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRecordRoundTrip(t *testing.T) {
	t.Parallel()
	want := &record{Release: "6.18.1", Machine: "amd64", Types: "abc", results: map[key]*result{}}
	for _, r := range []*result{
		{key: key{"a.bpf.o", "p"}, Class: classHelpers, Theirs: answer{Verdict: accept, Insns: 7, Time: 9 * time.Microsecond}},
		{key: key{"b.bpf.o", "q"}, Class: classKernel, Theirs: answer{Verdict: reject, Errno: "EACCES", Line: "R0 !read_ok", Insns: 1}},
	} {
		want.results[r.key] = r
	}
	silent := &result{key: key{"b.bpf.o", "r"}, Theirs: answer{Verdict: none, Why: "EPERM"}}
	want.results[silent.key] = silent
	file := filepath.Join(t.TempDir(), "r.gz")
	if err := want.write(file); err != nil {
		t.Fatal(err)
	}
	delete(want.results, silent.key) // what was not said is not recorded
	got, err := readRecord(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(record{}, result{})); d != "" {
		t.Error(d)
	}
	var again bytes.Buffer
	if err := got.format(&again); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(again.String(), "kernel\t6.18.1\tamd64\tabc\na.bpf.o\tp\thelpers\taccept\t\t7\t9\t\n") {
		t.Errorf("the record is\n%s", again.String())
	}
}

func TestBrokenRecords(t *testing.T) {
	t.Parallel()
	const head = "kernel\t1\t2\t3\n"
	for _, tt := range []struct{ name, text, want string }{
		{"an empty file is no record", "", "is empty"},
		{"the first line names the kernel", "a\tb\n", "line 1: names no kernel"},
		{"a line has eight columns", head + "a\tb\n", "line 2: 2 columns"},
		{"a verdict is accept or reject", head + "a\tb\tc\tmaybe\t\t1\t1\t\n", `line 2: verdict "maybe"`},
		{"instructions are a number", head + "a\tb\tc\taccept\t\tx\t1\t\n", "line 2: "},
		{"a time is a number", head + "a\tb\tc\taccept\t\t1\tx\t\n", "line 2: "},
		{"a program is there once", head + strings.Repeat("a\tb\tc\taccept\t\t1\t1\t\n", 2), "line 3: a b is there twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := parseRecord(strings.NewReader(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// TestCommittedFacts reads the files that the comparison starts from.
func TestCommittedFacts(t *testing.T) {
	t.Parallel()
	rec, err := readRecord(filepath.Join("testdata", "linux-6.18.tsv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if len(rec.results) < 3000 || !strings.HasPrefix(rec.Release, "6.18.") || len(rec.Types) != 64 {
		t.Errorf("%d programs of Linux %q with types %q", len(rec.results), rec.Release, rec.Types)
	}
	list, err := readKnown(filepath.Join("testdata", "known.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	for k, d := range list {
		r := rec.results[k]
		switch {
		case r == nil:
			t.Errorf("%s is listed and not recorded", k)
		case r.Theirs.String() != d.theirs:
			t.Errorf("%s is listed with %q, recorded is %q", k, d.theirs, r.Theirs)
		case d.ours == d.theirs:
			t.Errorf("%s is listed without a difference", k)
		}
	}
}
