package abi_test

import (
	"testing"

	"github.com/skepbpf/skep/abi"
)

func TestSectionByName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sentence, sec, target string
		typ                   abi.ProgType
		attach                abi.AttachType
		flags                 abi.ProgFlags
		unknown               bool
	}{
		{sentence: "xdp has an attach type of its own", sec: "xdp", typ: abi.XDP, attach: abi.AttachXDP},
		{sentence: "frags are a load flag", sec: "xdp.frags", typ: abi.XDP, attach: abi.AttachXDP, flags: abi.XDPHasFrags},
		{sentence: "a slash may be part of the name", sec: "xdp.frags/devmap", typ: abi.XDP, attach: abi.AttachXDPDevMap, flags: abi.XDPHasFrags},
		{sentence: "xdp takes no target", sec: "xdp/eth0", unknown: true},
		{sentence: "the target follows the slash", sec: "kprobe/do_unlinkat", target: "do_unlinkat", typ: abi.Kprobe},
		{sentence: "the target may hold slashes", sec: "tp/sched/sched_switch", target: "sched/sched_switch", typ: abi.Tracepoint},
		{sentence: "the target may be left out", sec: "kprobe", typ: abi.Kprobe},
		{sentence: "a longer name is not a target", sec: "kprobefoo", unknown: true},
		{sentence: "a question mark only stops loading", sec: "?fentry.s/foo", target: "foo", typ: abi.Tracing, attach: abi.AttachTraceFEntry, flags: abi.Sleepable},
		{sentence: "multi is no target of kprobe", sec: "kprobe.multi/tcp_*", target: "tcp_*", typ: abi.Kprobe, attach: abi.AttachTraceKprobeMulti},
		{sentence: "tc alone has no attach type", sec: "tc", typ: abi.SchedCLS},
		{sentence: "tc with direction is tcx", sec: "tc/ingress", typ: abi.SchedCLS, attach: abi.AttachTCXIngress},
		{sentence: "sk_skb alone has no attach type", sec: "sk_skb", typ: abi.SkSKB},
		{sentence: "sk_skb verdict has one", sec: "sk_skb/stream_verdict", typ: abi.SkSKB, attach: abi.AttachSkSKBStreamVerdict},
		{sentence: "syscall programs sleep", sec: "syscall", typ: abi.Syscall, flags: abi.Sleepable},
		{sentence: "the empty name is none", sec: "", unknown: true},
		{sentence: "subprograms are no program", sec: ".text", unknown: true},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			t.Parallel()
			s, target, ok := abi.SectionByName(c.sec)
			if ok == c.unknown || target != c.target || s.Type != c.typ || s.Attach != c.attach || s.Flags != c.flags {
				t.Errorf("%q: %+v, %q, %v", c.sec, s, target, ok)
			}
		})
	}
}

// Every section is found by its own name, with and without target, and its
// program may be loaded with its attach type and flags.
func TestSectionsAreConsistent(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range abi.Sections() {
		if seen[s.Name] {
			t.Errorf("%s is there twice", s.Name)
		}
		seen[s.Name] = true
		got, target, ok := abi.SectionByName(s.Name)
		if !ok || got != s || target != "" {
			t.Errorf("%s: found %+v", s.Name, got)
		}
		if s.Target {
			if got, target, ok := abi.SectionByName(s.Name + "/a/b"); !ok || got != s || target != "a/b" {
				t.Errorf("%s/a/b: found %+v, %q", s.Name, got, target)
			}
		}
		if s.Since > abi.Rel(6, 18) {
			continue
		}
		info := s.Type.Info()
		if !info.AllowsAttach(s.Attach) {
			t.Errorf("%s: %v does not load with %v", s.Name, s.Type, s.Attach)
		}
		if s.Flags&abi.Sleepable != 0 && info.Sleeping(s.Attach) == abi.SleepNever {
			t.Errorf("%s: %v cannot sleep", s.Name, s.Type)
		}
	}
	if len(seen) != 117 {
		t.Errorf("%d sections, want 117", len(seen))
	}
}

func FuzzSectionByName(f *testing.F) {
	f.Add("kprobe/x")
	f.Add("?xdp.frags/cpumap")
	f.Fuzz(func(t *testing.T, sec string) {
		s, target, ok := abi.SectionByName(sec)
		if !ok && (s != abi.Section{} || target != "") {
			t.Errorf("%q: %+v %q although unknown", sec, s, target)
		}
	})
}

func TestNamesAreFoundAgain(t *testing.T) {
	t.Parallel()
	for pt := abi.SocketFilter; pt <= abi.Netfilter; pt++ {
		for _, name := range []string{pt.String(), pt.Short()} {
			if got, ok := abi.ProgTypeByName(name); !ok || got != pt {
				t.Errorf("%s: %v, %v", name, got, ok)
			}
		}
	}
	for at := abi.AttachType(0); at <= abi.AttachTraceFSessionMulti; at++ {
		for _, name := range []string{at.String(), at.Short(), at.Info().Cgroup} {
			if got, ok := abi.AttachTypeByName(name); name != "" && (!ok || got != at) {
				t.Errorf("%s: %v, %v", name, got, ok)
			}
		}
		if at.Info().Type != at {
			t.Errorf("row %d has type %d", at, at.Info().Type)
		}
	}
}
