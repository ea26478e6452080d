package main

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"
)

// The verdicts.
const (
	accept = "accept"
	reject = "reject"
	none   = "none"
)

// answer is what one verifier said of a program.
type answer struct {
	Verdict string        `json:"verdict"`
	Errno   string        `json:"errno,omitempty"`
	Line    string        `json:"line,omitempty"` // the last line of its log
	Why     string        `json:"why,omitempty"`  // of verdict none
	Insns   int           `json:"insns,omitempty"`
	Time    time.Duration `json:"time,omitempty"`
}

// String is the verdict with what was said.
func (a answer) String() string {
	switch {
	case a.Verdict == reject && a.Line != "":
		return reject + ": " + a.Line
	case a.Verdict == none && a.Why != "":
		return none + ": " + a.Why
	}
	return a.Verdict
}

// key names a program.
type key struct {
	Object  string `json:"object"`
	Program string `json:"program"`
}

func (k key) String() string { return k.Object + " " + k.Program }

func compareKeys(a, b key) int {
	return cmp.Or(strings.Compare(a.Object, b.Object), strings.Compare(a.Program, b.Program))
}

// result is a program with both answers.
type result struct {
	key
	Class        string // what it needs: see class
	Ours, Theirs answer
}

// The kinds of agreement.
const (
	agrees      = "agrees"
	unsound     = "unsound accept"
	falseReject = "false reject"
	noAnswer    = "no answer"
	otherLine   = "other last line"
	notAsked    = "not asked" // Linux gave no verdict: the program does not count
)

// kind says how the answers stand to each other.
func (r *result) kind() string {
	ours, theirs := r.Ours.Verdict, r.Theirs.Verdict
	switch {
	case theirs != accept && theirs != reject:
		return notAsked
	case ours != accept && ours != reject:
		return noAnswer
	case ours == theirs && (ours == accept || r.Ours.Line == r.Theirs.Line):
		return agrees
	case ours == theirs:
		return otherLine
	case ours == accept:
		return unsound
	}
	return falseReject
}

// plain is a line of a log with single blanks. Of a C line only the place is
// kept: its text is the kernel's source.
func plain(line string) string {
	line = strings.Join(strings.Fields(line), " ")
	if i := strings.LastIndex(line, " @ "); i >= 0 && strings.HasPrefix(line, ";") {
		return ";" + line[i:]
	}
	return line
}

// families are the beginnings of object names that belong together, besides
// those that share their first word.
var families = []struct{ prefix, name string }{
	{"legacy_", "legacy"}, {"verifier_", "verifier"}, {"test_verif_scale", "scale"}, {"pyperf", "scale"},
	{"strobemeta", "scale"}, {"loop", "scale"}, {"dynptr", "dynptr"}, {"linked_list", "list and tree"},
	{"rbtree", "list and tree"}, {"refcounted", "list and tree"}, {"map_kptr", "kptr"}, {"local_kptr", "kptr"},
	{"task_kfunc", "kptr"}, {"cgrp_kfunc", "kptr"}, {"percpu_alloc", "kptr"}, {"test_global_func", "global functions"},
	{"bpf_iter_", "iterators over objects"}, {"iter", "open iterators"}, {"test_core", "CO-RE"}, {"cgroup", "cgroup"},
	{"connect", "cgroup"}, {"bind", "cgroup"}, {"sendmsg", "cgroup"}, {"recvmsg", "cgroup"}, {"sockopt", "cgroup"},
	{"getsockname", "cgroup"}, {"getpeername", "cgroup"},
}

// family groups a program by its object's name.
func family(object string) string {
	for _, f := range families {
		if strings.HasPrefix(object, f.prefix) {
			return f.name
		}
	}
	stem, _, _ := strings.Cut(path.Base(object), ".")
	stem = strings.TrimPrefix(strings.TrimPrefix(stem, "test_"), "bpf_")
	word, _, _ := strings.Cut(stem, "_")
	return strings.TrimRight(word, "0123456789")
}

// sorted are the results in the order of their names.
func sorted(m map[key]*result) []*result {
	list := make([]*result, 0, len(m))
	for _, r := range m {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b *result) int { return compareKeys(a.key, b.key) })
	return list
}
