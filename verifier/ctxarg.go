package verifier

import (
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
)

// userRegs is the typedef that stands for the registers of a kprobe.
const userRegs = "bpf_user_pt_regs_t"

// contextStruct is the C struct of the context of the program's type, "" where
// it has none of its own.
func (v *verifier) contextStruct() string {
	switch v.progType() {
	case abi.Kprobe:
		return v.regsStruct()
	case abi.PerfEvent:
		return "bpf_perf_event_data"
	case abi.RawTracepoint, abi.RawTracepointWritable:
		return "bpf_raw_tracepoint_args"
	case abi.CgroupSock:
		return "bpf_sock"
	case abi.Tracepoint, abi.Tracing, abi.LSM, abi.StructOps, abi.Syscall, abi.Extension, abi.LircMode2:
		return ""
	}
	if info := v.progType().Info(); info != nil && info.Context != nil {
		return info.Context.Name
	}
	return ""
}

// regsStruct is the struct behind userRegs: the target's own, or that of x86.
func (v *verifier) regsStruct() string {
	var d *btf.Typedef
	if v.kernel() != nil && v.kernel().TypeByName(userRegs, &d) == nil {
		if s, ok := bare(d).(*btf.Struct); ok {
			return s.Name
		}
	}
	return "pt_regs"
}

// namesUserRegs reports whether a pointer's target is the typedef userRegs.
func namesUserRegs(p *btf.Pointer) bool {
	for t := p.Target; ; {
		switch x := t.(type) {
		case *btf.Const:
			t = x.Type
		case *btf.Volatile:
			t = x.Type
		case *btf.TypeTag:
			t = x.Type
		case *btf.Typedef:
			return x.Name == userRegs
		default:
			return false
		}
	}
}

// isContext reports whether a parameter of a pointer type is the context
// without a tag: its struct's name says so.
func (v *verifier) isContext(p *btf.Pointer) bool {
	kprobe := v.progType() == abi.Kprobe
	if kprobe && namesUserRegs(p) {
		return true
	}
	s, ok := bare(p.Target).(*btf.Struct)
	if !ok || s.Name == "" {
		return false
	}
	// The name of the typedef does for a struct: programs declare one where
	// their headers have no such type.
	return s.Name == v.contextStruct() || kprobe && s.Name == userRegs
}

// checkContextTag demands that the type of parameter i, tagged as the context,
// may stand for it.
//
// Linux 6.18: void does everywhere; programs whose context is an array of
// arguments take u64; tracepoint, syscall and extension programs take
// anything that has a name. Selftest verifier_global_subprogs.
func (v *verifier) checkContextTag(i int, p *btf.Pointer) error {
	bad := func(format string, args ...any) error { return v.reject(CodeGlobalFunc, abi.EINVAL, format, args...) }
	t := v.progType()
	if (t == abi.Kprobe || t == abi.PerfEvent) && namesUserRegs(p) {
		return nil
	}
	target := bare(p.Target)
	if isVoid(target) {
		return nil
	}
	name := rawName(target)
	if name == "" {
		return bad("arg#%d type doesn't have a name", i)
	}
	_, isStruct := target.(*btf.Struct)
	switch t {
	case abi.Kprobe, abi.PerfEvent:
		if isStruct && name == v.regsStruct() {
			return nil
		}
	case abi.RawTracepoint, abi.RawTracepointWritable, abi.LSM, abi.StructOps:
		if isLong(target) {
			return nil
		}
	case abi.Tracing:
		if v.tracingContext(target, name, isStruct) {
			return nil
		}
	case abi.Tracepoint, abi.Syscall, abi.Extension:
		return nil
	}
	want := v.contextStruct()
	switch {
	case want == "":
		return bad("arg#%d should be void pointer", i)
	case !isStruct || name != want:
		return bad("arg#%d should be `struct %s *`", i, want)
	}
	return nil
}

// tracingContext reports whether a type may stand for the context of a tracing
// program.
func (v *verifier) tracingContext(target btf.Type, name string, isStruct bool) bool {
	switch v.attachType() {
	case abi.AttachTraceRawTP:
		return isStruct && name == "bpf_raw_tracepoint_args" || isLong(target)
	case abi.AttachTraceIter:
		return isStruct && strings.HasPrefix(name, "bpf_iter__")
	case abi.AttachTraceFEntry, abi.AttachTraceFExit, abi.AttachModifyReturn:
		return isLong(target)
	}
	return false
}

func isLong(t btf.Type) bool {
	n, ok := t.(*btf.Int)
	return ok && n.Size == 8
}
