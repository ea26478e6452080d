package object

import (
	"strings"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// sectionTypes are section names and the program types they mean. A name that
// ends in "/" is a prefix, the rest of the section is the attach target.
var sectionTypes = []struct {
	name  string
	typ   abi.ProgType
	flags abi.ProgFlags
}{
	{"socket", abi.SocketFilter, 0},
	{"xdp.frags", abi.XDP, abi.XDPHasFrags},
	{"xdp", abi.XDP, 0},
	{"tc", abi.SchedCLS, 0},
	{"tcx/", abi.SchedCLS, 0},
	{"classifier", abi.SchedCLS, 0},
	{"action", abi.SchedACT, 0},
	{"kprobe", abi.Kprobe, 0},
	{"uprobe", abi.Kprobe, 0},
	{"kretprobe", abi.Kprobe, 0},
	{"tracepoint", abi.Tracepoint, 0},
	{"tp", abi.Tracepoint, 0},
	{"raw_tracepoint", abi.RawTracepoint, 0},
	{"raw_tp", abi.RawTracepoint, 0},
	{"perf_event", abi.PerfEvent, 0},
	{"syscall", abi.Syscall, abi.Sleepable},
	{"sockops", abi.SockOps, 0},
	{"struct_ops", abi.StructOps, 0},
}

// setSection sets program and attach type by the section's name.
func setSection(p *image.Program) {
	sec := strings.TrimPrefix(p.Section, "?")
	for _, row := range sectionTypes {
		if sec == row.name || strings.HasPrefix(sec, strings.TrimSuffix(row.name, "/")+"/") {
			p.Type, p.Flags = row.typ, row.flags
			if _, target, ok := strings.Cut(sec, "/"); ok {
				p.AttachTo = target
			}
			return
		}
	}
}
