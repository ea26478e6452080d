package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain is also the child of TestSurvey: one that judges, and dies and hangs
// where it is told to.
func TestMain(m *testing.M) {
	if os.Getenv("AGREEMENT_TEST_CHILD") != "" {
		testChild()
		return
	}
	os.Exit(m.Run())
}

// testChild has four programs for every object. What an object's name says,
// happens at the second one.
func testChild() {
	enc := json.NewEncoder(os.Stdout)
	sc := bufio.NewScanner(os.Stdin)
	for sc.Scan() {
		var name string
		var first int
		fmt.Sscanf(sc.Text(), "%s\t%d", &name, &first)
		switch {
		case strings.HasPrefix(name, "broken"):
			enc.Encode(event{key: key{Object: name}, What: eventFailed, Answer: &answer{Why: "no ELF"}})
			continue
		case strings.HasPrefix(name, "dead"):
			os.Exit(3)
		}
		for i := first; i < 4; i++ {
			e := event{key: key{name, fmt.Sprint("p", i)}, Index: i, What: eventBegin, Class: classHelpers}
			enc.Encode(e)
			if i == 1 {
				misbehave(name)
			}
			e.What, e.Answer = eventOurs, &answer{Verdict: accept}
			enc.Encode(e)
			if i == 1 && strings.HasPrefix(name, "kernel-") {
				misbehave(strings.TrimPrefix(name, "kernel-"))
			}
			e.What, e.Answer = eventTheirs, &answer{Verdict: reject, Line: "x"}
			enc.Encode(e)
		}
		enc.Encode(event{key: key{Object: name}, What: eventEnd})
	}
}

func misbehave(name string) {
	switch {
	case strings.HasPrefix(name, "hang"):
		time.Sleep(time.Minute)
	case strings.HasPrefix(name, "crash"):
		panic("it went wrong")
	case strings.HasPrefix(name, "babble"):
		fmt.Println("what is this")
	}
}

func TestSurvey(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AGREEMENT_TEST_CHILD", "1")
	s := &survey{argv: []string{exe}, live: true, limit: time.Second}
	objects := []string{"good", "hang", "crash", "babble", "kernel-crash", "kernel-hang", "broken", "dead", "fine"}
	if err := s.run(objects, 2); err != nil {
		t.Fatal(err)
	}
	if len(s.results) != 4*(len(objects)-2) {
		t.Errorf("%d programs were judged", len(s.results))
	}
	for _, obj := range objects {
		for i := range 4 {
			r := s.results[key{obj, fmt.Sprint("p", i)}]
			if r == nil {
				if s.failed[obj] == "" {
					t.Errorf("%s p%d is lost", obj, i)
				}
				continue
			}
			want := unsound
			if i == 1 {
				switch obj {
				case "hang", "crash", "babble":
					want = notAsked
				case "kernel-crash", "kernel-hang":
					want = notAsked
				}
			}
			if r.kind() != want {
				t.Errorf("%s: %s, want %s", r.key, r.kind(), want)
			}
		}
	}
	for k, want := range map[key]string{
		{"hang", "p1"}: "no answer in 1s", {"crash", "p1"}: "panic: it went wrong", {"babble", "p1"}: "the child ended",
	} {
		if r := s.results[k]; r.Ours.Verdict != none || !strings.Contains(r.Ours.Why, want) {
			t.Errorf("%s: %v, want %q", k, r.Ours, want)
		}
	}
	if r := s.results[key{"kernel-crash", "p1"}]; r.Ours.Verdict != accept || !strings.Contains(r.Theirs.Why, "panic") {
		t.Errorf("kernel-crash p1: skep %v, Linux %v", r.Ours, r.Theirs)
	}
	if s.failed["broken"] != "no ELF" || !strings.Contains(s.failed["dead"], "exit status 3") {
		t.Errorf("failed: %v", s.failed)
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	yes := answer{Verdict: accept}
	survey := func() *survey {
		return &survey{failed: map[string]string{"dead": "exit status 3"}, results: map[key]*result{
			{"a", "p"}: {key: key{"a", "p"}, Ours: yes}, {"a", "k"}: {key: key{"a", "k"}, Ours: yes}, {"a", "extra"}: {key: key{"a", "extra"}, Ours: yes},
		}}
	}
	rec := &record{results: map[key]*result{
		{"a", "p"}:    {key: key{"a", "p"}, Class: classHelpers, Theirs: yes},
		{"a", "k"}:    {key: key{"a", "k"}, Class: classKernel, Theirs: yes},
		{"a", "lost"}: {key: key{"a", "lost"}, Theirs: yes},
		{"dead", "p"}: {key: key{"dead", "p"}, Theirs: yes},
	}}
	s := survey()
	if got := s.merge(rec, true, true); len(got) != 1 || got[0] != "a lost" {
		t.Errorf("missing: %v", got)
	}
	for k, want := range map[key]string{{"a", "p"}: agrees, {"a", "k"}: agrees, {"a", "extra"}: notAsked, {"dead", "p"}: noAnswer} {
		if got := s.results[k].kind(); got != want {
			t.Errorf("%s: %s, want %s", k, got, want)
		}
	}
	s = survey()
	if got := s.merge(rec, false, false); len(got) != 0 {
		t.Errorf("of a part of the corpus, missing: %v", got)
	}
	if got := s.results[key{"a", "k"}].kind(); got != notAsked {
		t.Errorf("a program that needs another kernel's types: %s", got)
	}
}
