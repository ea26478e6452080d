package asm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/near"
)

// names is a set of numbered names: abi's tables seen alike.
type names struct {
	what   string // "map type"
	prefix string // of the kernel's names
	byName func(string) (uint32, bool)
	short  func(uint32) string
	count  uint32 // numbers below it may have names
}

var (
	progTypes = names{
		"program type", "BPF_PROG_TYPE_",
		func(s string) (uint32, bool) { t, ok := abi.ProgTypeByName(s); return uint32(t), ok },
		func(n uint32) string { return abi.ProgType(n).Short() },
		64,
	}
	mapTypes = names{
		"map type", "BPF_MAP_TYPE_",
		func(s string) (uint32, bool) { t, ok := abi.MapTypeByName(s); return uint32(t), ok },
		func(n uint32) string { return abi.MapType(n).Short() },
		64,
	}
	attachTypes = names{
		"attach type", "BPF_",
		func(s string) (uint32, bool) { t, ok := abi.AttachTypeByName(s); return uint32(t), ok },
		func(n uint32) string { return abi.AttachType(n).Short() },
		96,
	}
)

// number is the number of a name: the short one, the kernel's with or without
// its prefix, or a number itself.
func (e *names) number(s string) (uint32, error) {
	if v, err := strconv.ParseUint(s, 0, 32); err == nil {
		return uint32(v), nil
	}
	for _, try := range [...]string{s, strings.ToLower(s), e.prefix + strings.ToUpper(s)} {
		if n, ok := e.byName(try); ok {
			return n, nil
		}
	}
	var known []string
	for n := range e.count {
		known = append(known, e.short(n))
	}
	return 0, fmt.Errorf("unknown %s %q%s", e.what, s, suggest(strings.ToLower(s), known))
}

// name is the name of a number, or the number itself.
func (e *names) name(n uint32) string {
	s := e.short(n)
	if back, err := e.number(s); err != nil || back != n {
		return strconv.FormatUint(uint64(n), 10)
	}
	return s
}

// bits is a set of flags with names.
type bits struct {
	what  string
	names []string // the kernel's without "BPF_F_", in lower case, by bit
}

var (
	progBits = bits{"program flag", progFlags}
	mapBits  = bits{"map flag", mapFlags}
)

// progFlags follow BPF_F_, by bit.
var progFlags = []string{
	"strict_alignment", "any_alignment", "test_rnd_hi32", "test_state_freq", "sleepable",
	"xdp_has_frags", "xdp_dev_bound_only", "test_reg_invariants",
}

// mapFlags follow BPF_F_, by bit.
var mapFlags = []string{
	"no_prealloc", "no_common_lru", "numa_node", "rdonly", "wronly", "stack_build_id", "zero_seed",
	"rdonly_prog", "wronly_prog", "clone", "mmapable", "preserve_elems", "inner_map", "link",
	"path_fd", "vtype_btf_obj_fd", "token_fd", "segv_on_fault", "no_user_conv",
}

// number reads names and numbers joined by "|".
func (b *bits) number(s string) (uint32, error) {
	var all uint32
	for part := range strings.SplitSeq(s, "|") {
		if v, err := strconv.ParseUint(part, 0, 32); err == nil {
			all |= uint32(v)
			continue
		}
		short := strings.ToLower(strings.TrimPrefix(part, "BPF_F_"))
		bit := slices.Index(b.names, short)
		if bit < 0 {
			return 0, fmt.Errorf("unknown %s %q%s", b.what, part, suggest(short, b.names))
		}
		all |= 1 << bit
	}
	return all, nil
}

// name is the reverse of number.
func (b *bits) name(v uint32) string {
	var parts []string
	for bit, name := range b.names {
		if v>>bit&1 != 0 {
			parts = append(parts, name)
			v &^= 1 << bit
		}
	}
	if v != 0 || len(parts) == 0 {
		parts = append(parts, fmt.Sprintf("%#x", v))
	}
	return strings.Join(parts, "|")
}

// suggest is "; did you mean ...?" for the name nearest to s, "" if none is
// near.
func suggest(s string, names []string) string {
	best, dist := "", 3
	if len(s) > 64 {
		return ""
	}
	for _, n := range names {
		if d := near.Distance(s, n); d < dist {
			best, dist = n, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}
