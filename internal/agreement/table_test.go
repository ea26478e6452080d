package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestKinds(t *testing.T) {
	t.Parallel()
	yes, no := answer{Verdict: accept}, answer{Verdict: reject, Line: "x"}
	for _, tt := range []struct {
		name         string
		ours, theirs answer
		want         string
	}{
		{"both accept", yes, yes, agrees},
		{"both reject with the same line", no, no, agrees},
		{"both reject with other lines", no, answer{Verdict: reject, Line: "y"}, otherLine},
		{"only skep accepts", yes, no, unsound},
		{"only Linux accepts", no, yes, falseReject},
		{"skep has no answer", answer{Verdict: none}, no, noAnswer},
		{"skep was never heard", answer{}, yes, noAnswer},
		{"Linux has no answer", yes, answer{Verdict: none}, notAsked},
		{"nobody has an answer", answer{Verdict: none}, answer{Verdict: none}, notAsked},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := &result{Ours: tt.ours, Theirs: tt.theirs}
			if got := r.kind(); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func sample() []*result {
	yes, no := answer{Verdict: accept, Insns: 10, Time: time.Millisecond}, answer{Verdict: reject, Line: "x"}
	twice := answer{Verdict: accept, Insns: 20, Time: 2 * time.Millisecond}
	return []*result{
		{key: key{"verifier_a.bpf.o", "p"}, Class: classHelpers, Ours: yes, Theirs: twice},
		{key: key{"verifier_a.bpf.o", "q"}, Class: classHelpers, Ours: no, Theirs: no},
		{key: key{"verifier_a.bpf.o", "r"}, Class: classHelpers, Ours: no, Theirs: answer{Verdict: reject, Line: "y"}},
		{key: key{"test_tc_x.bpf.o", "p"}, Class: classKfuncs, Ours: yes, Theirs: no},
		{key: key{"test_tc_x.bpf.o", "q"}, Class: classKernel, Ours: no, Theirs: yes},
		{key: key{"xdp9.bpf.o", "p"}, Class: classHelpers, Ours: yes, Theirs: yes},
		{key: key{"xdp9.bpf.o", "q"}, Class: classHelpers, Ours: answer{Verdict: none, Why: "died"}, Theirs: yes},
		{key: key{"y.bpf.o", "q"}, Class: classHelpers, Ours: yes, Theirs: yes},
		{key: key{"z.bpf.o", "q"}, Class: classHelpers, Ours: yes, Theirs: answer{Verdict: none, Why: `insn 3: map "m": EINVAL`}},
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	printTable(&b, sample())
	var rows []string
	for line := range strings.Lines(b.String()) {
		rows = append(rows, strings.Join(strings.Fields(line), " "))
	}
	for _, want := range []string{
		"all 8 5 62.50% 1 1 1 1/2",
		"helpers 6 5 83.33% 0 0 1 1/2",
		"kfuncs 1 0 0.00% 1 0 0 0/0",
		"kernel types 1 0 0.00% 0 1 0 0/0",
		"verifier 3 3 100.00% 0 0 0 1/2",
		"tc 2 0 0.00% 1 1 0 0/0",
		"xdp 2 1 50.00% 0 0 1 0/0",
		"(others) 1 1 100.00% 0 0 0 0/0",
	} {
		if !strings.Contains(strings.Join(rows, "\n")+"\n", want+"\n") {
			t.Errorf("no row %q in\n%s", want, b.String())
		}
	}
}

func TestDifferencesAreNamed(t *testing.T) {
	t.Parallel()
	k, err := parseKnown(strings.NewReader("verifier_a.bpf.o\tr\treject: x\treject: y\tanother order of phases\n"))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	printDifferences(&b, sample(), k)
	printNotAsked(&b, sample(), true)
	for _, want := range []string{
		"unsound accept: 1\n  test_tc_x.bpf.o p\n    skep:  accept\n    Linux: reject: x\n",
		"false reject: 1\n", "no answer: 1\n  xdp9.bpf.o q\n    skep:  none: died\n",
		"    Linux: reject: y\n    known: another order of phases\n",
		"not asked: 1 programs", "      1  map : EINVAL\n", "z.bpf.o q: insn 3: map \"m\": EINVAL; skep: accept",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	printFigures(&b, sample(), "made up")
	for _, want := range []string{
		"of the 3 programs that both accept: skep 30, Linux 40, equal in 2; farthest: 0.50, verifier_a.bpf.o p (10, 20)",
		"verification times (made up): skep 3ms, Linux 4ms, factor 0.75; geometric mean of the factors 0.79",
		"   0.50  verifier_a.bpf.o p (1ms, 2ms, 10 instructions)",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	b.Reset()
	printFigures(&b, nil, "made up")
	if b.Len() != 0 {
		t.Errorf("of no programs: %q", b.String())
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"  R1  invalid\tmem ":           "R1 invalid mem",
		"; return f(ctx); @ some.c:142": "; @ some.c:142",
		";  @ some.c:142":               "; @ some.c:142",
		"one @ two":                     "one @ two",
	} {
		if got := plain(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
