package main

import (
	"strings"
	"testing"
)

func TestKnown(t *testing.T) {
	t.Parallel()
	k, err := parseKnown(strings.NewReader("# why\n\n" +
		"a.o\tline\treject: x\treject: y\tanother phase finds it first\n" +
		"a.o\tmoved\treject: x\treject: y\treason\n" +
		"a.o\tsame\taccept\treject: y\treason\n" +
		"a.o\tsilent\taccept\treject: y\treason\n" +
		"a.o\tabsent\taccept\treject: y\treason\n"))
	if err != nil {
		t.Fatal(err)
	}
	results := []*result{
		{key: key{"a.o", "line"}, Ours: answer{Verdict: reject, Line: "x"}, Theirs: answer{Verdict: reject, Line: "y"}},
		{key: key{"a.o", "moved"}, Ours: answer{Verdict: reject, Line: "z"}, Theirs: answer{Verdict: reject, Line: "y"}},
		{key: key{"a.o", "same"}, Ours: answer{Verdict: accept}, Theirs: answer{Verdict: accept}},
		{key: key{"a.o", "silent"}, Ours: answer{Verdict: accept}, Theirs: answer{Verdict: none}},
		{key: key{"a.o", "unlisted"}, Ours: answer{Verdict: accept}, Theirs: answer{Verdict: reject, Line: "y"}},
		{key: key{"a.o", "fine"}, Ours: answer{Verdict: accept}, Theirs: answer{Verdict: accept}},
	}
	unlisted, gone := k.check(results, true)
	if len(unlisted) != 2 || unlisted[0].Program != "moved" || unlisted[1].Program != "unlisted" {
		t.Errorf("unlisted: %v", unlisted)
	}
	if len(gone) != 2 || gone[0].Program != "absent" || gone[1].Program != "same" {
		t.Errorf("gone: %v", gone)
	}
	if _, gone := k.check(results, false); len(gone) != 1 || gone[0].Program != "same" {
		t.Errorf("of a part of the corpus, gone: %v", gone)
	}
	if got, want := unlisted[1].line("?"), "a.o\tunlisted\taccept\treject: y\t?"; got != want {
		t.Errorf("line %q, want %q", got, want)
	}
}

func TestBrokenKnown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"a line has five columns", "a\tb\tc\n", "line 1: 3 columns"},
		{"every line has a reason", "a\tb\tc\td\t \n", "line 1: no reason"},
		{"a program is listed once", strings.Repeat("a\tb\tc\td\te\n", 2), "line 2: a b is there twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := parseKnown(strings.NewReader(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
