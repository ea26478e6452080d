package selftest_test

import (
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/selftest"
)

func TestWithFlags(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		before abi.ProgFlags
		tags   []string
		want   abi.ProgFlags
	}{
		{"no tags change nothing", abi.Sleepable, nil, abi.Sleepable},
		{"a named flag is set", 0, []string{"comment:test_prog_flags=BPF_F_TEST_STATE_FREQ"}, abi.TestStateFreq},
		{"a number is set", 0, []string{"comment:test_prog_flags=0x3"}, abi.StrictAlignment | abi.AnyAlignment},
		{"an exclamation mark clears", abi.TestRegInvariants, []string{"comment:test_prog_flags=!BPF_F_TEST_REG_INVARIANTS"}, 0},
		{"an unknown name is ignored", 0, []string{"comment:test_prog_flags=BPF_F_OF_ANOTHER_TIME"}, 0},
		{"other tags are not flags", 0, []string{"comment:test_expect_failure"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := &image.Program{Flags: tt.before, Tests: tt.tags}
			if got := selftest.WithFlags(p).Flags; got != tt.want {
				t.Errorf("flags %#x, want %#x", got, tt.want)
			}
			if p.Flags != tt.before {
				t.Error("the program itself is changed")
			}
		})
	}
}

func TestWithSizes(t *testing.T) {
	t.Parallel()
	hash := &image.Map{Type: abi.Hash}
	p := &image.Program{Maps: []*image.Map{
		hash, {Type: abi.RingBuf}, {Type: abi.SkStorage}, {Type: abi.Array, MaxEntries: 7},
		{Type: abi.ArrayOfMaps, MaxEntries: 1, Inner: &image.Map{Type: abi.Array}},
	}}
	q := selftest.WithSizes(p)
	for i, want := range []uint32{1, 4096, 0, 7, 1} {
		if got := q.Maps[i].MaxEntries; got != want {
			t.Errorf("map %d has %d entries, want %d", i, got, want)
		}
	}
	if q.Maps[4].Inner.MaxEntries != 1 {
		t.Error("the inner map has no entries")
	}
	if hash.MaxEntries != 0 || p.Maps[0] != hash {
		t.Error("the program itself is changed")
	}
}

func TestWithType(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		object, section string
		before, want    abi.ProgType
	}{
		{"test_xdp_meta.bpf.o", "t", 0, abi.SchedCLS},
		{"test_xdp_meta.bpf.o", "x", 0, abi.XDP},
		{"test_xdp_meta.bpf.o", "xdp", abi.XDP, abi.XDP},
		{"sockmap_parse_prog.bpf.o", "sk_skb1", 0, abi.SkSKB},
		{"other.bpf.o", "dummy_tracepoint", 0, abi.Tracepoint},
		{"other.bpf.o", "?what", 0, abi.UnspecProg},
	} {
		p := &image.Program{Section: tt.section, Type: tt.before}
		if got := selftest.WithType(tt.object, p).Type; got != tt.want {
			t.Errorf("%s, section %q: %v, want %v", tt.object, tt.section, got, tt.want)
		}
	}
}
