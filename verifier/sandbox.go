package verifier

import (
	"fmt"

	"github.com/skepbpf/skep/abi"
)

// Caps are capabilities that the user of Trust Sandbox has after all. The zero
// value is a user without any.
type Caps uint8

// The capabilities that change verdicts. CapSysAdmin includes the others.
const (
	// CapBPF opens all program types but those of tracing and networking,
	// loops, functions and most helpers. Pointers still must not leak.
	CapBPF Caps = 1 << iota
	// CapPerfmon lets pointers leak, opens tracing and ends the defence
	// against speculative execution.
	CapPerfmon
	// CapNetAdmin opens the program types of networking, beside CapBPF.
	CapNetAdmin
	CapSysAdmin
)

// setRights derives what the user may do from the options.
func (v *verifier) setRights() {
	c := v.opts.Caps
	plain := v.opts.Trust == Kernel
	if v.isRaw && plain && c == 0 {
		c, plain = CapBPF, false // a plug-in is somebody else's
	}
	if plain || c&CapSysAdmin != 0 {
		c = CapBPF | CapPerfmon | CapNetAdmin | CapSysAdmin
	}
	v.caps = c
	v.bpf, v.perfmon = c&CapBPF != 0, c&CapPerfmon != 0
}

// capable reports whether the loader has a capability, and those that belong
// to it.
func (v *verifier) capable(c abi.Capability) bool {
	switch c {
	case abi.CapNone:
		return true
	case abi.CapBPF:
		return v.bpf
	case abi.CapPerfmon:
		return v.bpf && v.perfmon
	}
	return v.caps&CapSysAdmin != 0
}

// maxUnprivLen is the longest program of a user without CAP_BPF. Linux 6.18:
// BPF_MAXINSNS.
const maxUnprivLen = 4096

// checkRights refuses what a user may not load at all. Linux says nothing but
// the error number.
func (v *verifier) checkRights() error {
	if !v.bpf && len(v.insns) > maxUnprivLen {
		return v.silent(abi.E2BIG, "program of %d instructions, CAP_BPF is needed for more than %d", len(v.insns), maxUnprivLen)
	}
	info := v.prog.Type.Info()
	switch {
	case info == nil && !v.bpf:
		return v.silent(abi.EPERM, "program type %s needs CAP_BPF", v.prog.Type.Short())
	case info == nil:
		return nil // refused later, by everyone's rules
	case !v.capable(info.Cap):
		return v.silent(abi.EPERM, "program type %s needs %s", v.prog.Type.Short(), capNames[info.Cap])
	case info.NetAdmin && v.caps&CapNetAdmin == 0:
		return v.silent(abi.EPERM, "program type %s needs CAP_NET_ADMIN", v.prog.Type.Short())
	}
	return nil
}

// silent is a rejection that Linux gives no reason for.
func (v *verifier) silent(errno abi.Errno, format string, args ...any) error {
	return &Error{Code: CodeUnprivileged, Insn: -1, Msg: fmt.Sprintf(format, args...), Errno: errno}
}

var capNames = [...]string{abi.CapBPF: "CAP_BPF", abi.CapPerfmon: "CAP_PERFMON", abi.CapSysAdmin: "CAP_SYS_ADMIN"}
