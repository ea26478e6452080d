package main

import (
	"fmt"
	"slices"
	"strings"
)

// statID is a column of verify --stats.
type statID uint8

// The columns, in the order of veristat's own list. Texts come last.
const (
	statDuration statID = iota
	statInsns
	statStates
	statPeak
	statMaxPerInsn
	statMarkRead
	statSize
	statJited
	statStack
	statMemory
	statVerdict
	statProgType
	statAttachType
	statFile
	statProg

	numNumbers = statVerdict
)

// statDefs are the columns' headings and names, the name that CSV files have
// first. Rising says how the column is sorted where the order is not given.
var statDefs = [...]struct {
	heading string
	names   []string
	rising  bool
}{
	statDuration:   {"Duration (us)", []string{"duration", "dur"}, false},
	statInsns:      {"Insns", []string{"total_insns", "insns"}, false},
	statStates:     {"States", []string{"total_states", "states"}, false},
	statPeak:       {"Peak states", []string{"peak_states"}, false},
	statMaxPerInsn: {"Max states per insn", []string{"max_states_per_insn"}, false},
	statMarkRead:   {"Max mark read length", []string{"max_mark_read_len", "mark_read"}, false},
	statSize:       {"Program size", []string{"prog_size"}, false},
	statJited:      {"Jited size", []string{"prog_size_jited"}, false},
	statStack:      {"Stack depth", []string{"stack_depth", "stack"}, false},
	statMemory:     {"Peak memory (MiB)", []string{"mem_peak"}, false},
	statVerdict:    {"Verdict", []string{"verdict"}, true},
	statProgType:   {"Program type", []string{"prog_type"}, false},
	statAttachType: {"Attach type", []string{"attach_type"}, false},
	statFile:       {"File", []string{"file_name", "filename", "file"}, true},
	statProg:       {"Program", []string{"prog_name", "progname", "prog"}, true},
}

var (
	tableStats = []statID{statFile, statProg, statVerdict, statDuration, statInsns, statStates, statPeak}
	csvStats   = []statID{
		statFile, statProg, statVerdict, statDuration, statInsns, statStates, statPeak, statMaxPerInsn, statMarkRead,
	}
	// knownStats are all that a CSV file may have.
	knownStats = append(slices.Clone(csvStats), statSize, statJited, statStack, statProgType, statAttachType, statMemory)
	// ownStats are those that skep measures. It has no kernel that allocates
	// memory, and its engines' code is not made here.
	ownStats = []statID{
		statFile, statProg, statVerdict, statDuration, statInsns, statStates, statPeak, statMaxPerInsn,
		statMarkRead, statSize, statStack, statProgType, statAttachType,
	}
	keyOrder = []sortKey{{statRef{stat: statFile}, true}, {statRef{stat: statProg}, true}}
)

func (id statID) name() string { return statDefs[id].names[0] }

func (id statID) isText() bool { return id >= numNumbers }

// isKey reports whether the column says which program a row is of.
func (id statID) isKey() bool { return id == statFile || id == statProg }

func (id statID) String() string { return id.name() }

func statByName(name string) (statID, error) {
	for id, d := range statDefs {
		for _, n := range d.names {
			if n == name {
				return statID(id), nil
			}
		}
	}
	return 0, fmt.Errorf("unknown statistic %q: want one of %s", name, strings.Join(statNames(), ", "))
}

func statNames() []string {
	var names []string
	for id := range statDefs {
		names = append(names, statID(id).name())
	}
	return names
}

// variant is a side of a comparison.
type variant uint8

// The sides. A name without a suffix means the second file.
const (
	variantB variant = iota
	variantA
	variantDiff
	variantPct
)

var variantSuffixes = []struct {
	suffix  string
	variant variant
}{
	{"_a", variantA}, {"_b", variantB}, {"_diff", variantDiff}, {"_pct", variantPct},
	{"_base", variantA}, {"_comp", variantB},
}

// statRef is a statistic as filters and orders name it: "insns", "insns_diff",
// "|insns_pct|" without its sign.
type statRef struct {
	stat statID
	side variant
	abs  bool
}

func parseRef(s string) (statRef, error) {
	var r statRef
	name := s
	if len(s) > 2 && s[0] == '|' && s[len(s)-1] == '|' {
		r.abs, name = true, s[1:len(s)-1]
	}
	id, err := statByName(name)
	if err == nil {
		r.stat = id
		return r, nil
	}
	for _, v := range variantSuffixes {
		base, ok := strings.CutSuffix(name, v.suffix)
		if !ok {
			continue
		}
		id, err := statByName(base)
		if err != nil {
			continue
		}
		if v.variant >= variantDiff && (id.isKey() || id.isText() && (id != statVerdict || v.variant == variantPct)) {
			return r, fmt.Errorf("statistic %q: %s has no %s", s, base, v.suffix)
		}
		r.stat, r.side = id, v.variant
		return r, nil
	}
	return r, err
}

// sortKey is a part of an order.
type sortKey struct {
	statRef
	rising bool
}

// parseSort reads orders: "insns", "insns^" or "insns<" rising, "insnsv",
// "insns>" falling.
func parseSort(specs []string) ([]sortKey, error) {
	var keys []sortKey
	for _, s := range specs {
		name, order := strings.TrimSpace(s), byte(0)
		if n := len(name); n > 1 && strings.IndexByte("^<vV.!_>", name[n-1]) >= 0 {
			name, order = name[:n-1], name[n-1]
		}
		r, err := parseRef(name)
		if err != nil {
			return nil, fmt.Errorf("--sort %s: %w", s, err)
		}
		k := sortKey{r, statDefs[r.stat].rising}
		if order != 0 {
			k.rising = order == '^' || order == '<'
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// parseEmit reads the columns to print.
func parseEmit(specs []string) ([]statID, error) {
	var ids []statID
	for _, s := range specs {
		id, err := statByName(strings.TrimSpace(s))
		if err != nil {
			return nil, fmt.Errorf("--emit %s: %w", s, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}
