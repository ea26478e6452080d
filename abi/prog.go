package abi

import (
	"slices"
	"strconv"
)

// Sleeping says whether programs of a type may be loaded as sleepable.
type Sleeping uint8

// The rules for sleepable programs.
const (
	SleepNever Sleeping = iota
	SleepMay
	SleepMust // every program of the type is sleepable
)

// ReturnRule is the range of return values under some attach types.
type ReturnRule struct {
	Attach []AttachType // nil for all that no rule before names
	Range  ReturnRange
	// ByHook is set where the function that the program attaches to has the
	// last word: hooks of security modules return 0 or a negative error number,
	// except those that return a bool (0 or 1) or nothing (any value).
	ByHook bool
}

// ProgInfo is what Linux promises and demands of a program type.
type ProgInfo struct {
	Type  ProgType
	Name  string // C name: "BPF_PROG_TYPE_XDP"
	Short string // as bpftool and libbpf print it: "xdp"

	// Context is what R1 points to; nil for types whose context is that of
	// another one (extensions).
	Context *Context
	Returns []ReturnRule

	// Attach are the attach types with which a program may be loaded; nil if
	// the kernel does not look at it.
	Attach []AttachType
	// Default is the attach type that a load with attach type 0 means.
	Default AttachType

	// PktRead and PktWrite allow loads and stores through packet pointers,
	// PktArgs allows such pointers as arguments of helpers with PktAccess.
	PktRead, PktWrite, PktArgs bool

	Sleep Sleeping
	// SleepAttach narrows Sleep to the listed attach types; nil for all.
	SleepAttach []AttachType

	// PrivateStack programs have 512 bytes of stack in each frame, where the
	// architecture has private stacks; PrivateStackAttach narrows it.
	PrivateStack       bool
	PrivateStackAttach []AttachType

	// Cap and NetAdmin are the capabilities without which a load is refused:
	// Cap (none for types that are open to the unprivileged) and CAP_NET_ADMIN.
	Cap      Capability
	NetAdmin bool

	GPL       bool // the program itself must be GPL compatible
	AttachBTF bool // needs a BTF id of the kernel type or function to attach to
	Since     Release
}

// Info is the row of a program type, nil if there is none.
func (t ProgType) Info() *ProgInfo {
	if t == UnspecProg || int(t) >= len(progInfos) {
		return nil
	}
	return progInfos[t]
}

// String is the C name: "BPF_PROG_TYPE_XDP".
func (t ProgType) String() string {
	if t == UnspecProg {
		return "BPF_PROG_TYPE_UNSPEC"
	}
	if p := t.Info(); p != nil {
		return p.Name
	}
	return "BPF_PROG_TYPE(" + strconv.Itoa(int(t)) + ")"
}

// Short is the name that bpftool and libbpf print: "xdp".
func (t ProgType) Short() string {
	if t == UnspecProg {
		return "unspec"
	}
	if p := t.Info(); p != nil {
		return p.Short
	}
	return strconv.Itoa(int(t))
}

// ProgTypeByName finds a program type by its C or short name.
func ProgTypeByName(name string) (ProgType, bool) {
	for _, p := range progInfos {
		if p != nil && (p.Name == name || p.Short == name) {
			return p.Type, true
		}
	}
	return 0, false
}

// EffectiveAttach is the attach type that a load with a means: itself, or the
// type's default for 0 where 0 is none of its own.
func (p *ProgInfo) EffectiveAttach(a AttachType) AttachType {
	if a == 0 && p.Default != 0 {
		return p.Default
	}
	return a
}

// AllowsAttach reports whether the type may be loaded with an attach type.
func (p *ProgInfo) AllowsAttach(a AttachType) bool {
	return p.Attach == nil || slices.Contains(p.Attach, p.EffectiveAttach(a))
}

// Return is the rule for return values under an attach type.
func (p *ProgInfo) Return(a AttachType) ReturnRule {
	a = p.EffectiveAttach(a)
	for _, r := range p.Returns {
		if r.Attach == nil || slices.Contains(r.Attach, a) {
			return r
		}
	}
	return ReturnRule{Range: anyReturn}
}

// Sleeping says whether programs with an attach type may be sleepable.
func (p *ProgInfo) Sleeping(a AttachType) Sleeping {
	if p.SleepAttach != nil && !slices.Contains(p.SleepAttach, a) {
		return SleepNever
	}
	return p.Sleep
}

// HasPrivateStack reports whether programs with an attach type get a private
// stack where the architecture has one.
func (p *ProgInfo) HasPrivateStack(a AttachType) bool {
	return p.PrivateStack && (p.PrivateStackAttach == nil || slices.Contains(p.PrivateStackAttach, a))
}

// zeroOne is the rule of programs that answer no or yes.
var zeroOne = []ReturnRule{{Range: ReturnRange{Min: 0, Max: 1}}}

// progInfos are the rows, by number.
var progInfos = [...]*ProgInfo{
	SocketFilter:          socketFilter,
	Kprobe:                kprobe,
	SchedCLS:              schedCLS,
	SchedACT:              schedACT,
	Tracepoint:            tracepoint,
	XDP:                   xdp,
	PerfEvent:             perfEvent,
	CgroupSKB:             cgroupSKB,
	CgroupSock:            cgroupSock,
	LWTIn:                 lwtIn,
	LWTOut:                lwtOut,
	LWTXmit:               lwtXmit,
	SockOps:               sockOps,
	SkSKB:                 skSKB,
	CgroupDevice:          cgroupDevice,
	SkMsg:                 skMsg,
	RawTracepoint:         rawTracepoint,
	CgroupSockAddr:        cgroupSockAddr,
	LWTSeg6Local:          lwtSeg6Local,
	LircMode2:             lircMode2,
	SkReuseport:           skReuseport,
	FlowDissector:         flowDissector,
	CgroupSysctl:          cgroupSysctl,
	RawTracepointWritable: rawTracepointWritable,
	CgroupSockopt:         cgroupSockopt,
	Tracing:               tracing,
	StructOps:             structOps,
	Extension:             extension,
	LSM:                   lsm,
	SkLookup:              skLookup,
	Syscall:               syscallProg,
	Netfilter:             netfilter,
	Raw:                   raw,
}
