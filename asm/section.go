package asm

import (
	"strings"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// sections are the section names that imply a program type.
var sections = []struct {
	name  string
	typ   abi.ProgType
	flags abi.ProgFlags
}{
	{"socket", abi.SocketFilter, 0},
	{"xdp.frags", abi.XDP, abi.XDPHasFrags},
	{"xdp", abi.XDP, 0},
	{"tc", abi.SchedCLS, 0},
	{"classifier", abi.SchedCLS, 0},
	{"action", abi.SchedACT, 0},
	{"kprobe", abi.Kprobe, 0},
	{"tracepoint", abi.Tracepoint, 0},
	{"tp", abi.Tracepoint, 0},
	{"raw_tracepoint", abi.RawTracepoint, 0},
	{"raw_tp", abi.RawTracepoint, 0},
	{"perf_event", abi.PerfEvent, 0},
	{"syscall", abi.Syscall, abi.Sleepable},
}

// setSection sets what a program's section implies, false if that is nothing.
func setSection(p *image.Program) bool {
	name, target, _ := strings.Cut(strings.TrimPrefix(p.Section, "?"), "/")
	for _, s := range sections {
		if s.name == name {
			p.Type, p.Flags, p.AttachTo = s.typ, s.flags, target
			return true
		}
	}
	return false
}
