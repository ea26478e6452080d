//go:build linux

package abi_test

import (
	"strings"
	"testing"

	"github.com/skepbpf/skep/abi"
)

// attaches are the attach types that the running kernel loads a type with. For
// types that take any number it is the one of their own.
func attaches(t abi.ProgType) []abi.AttachType {
	switch t {
	case abi.SockOps:
		return []abi.AttachType{abi.AttachCgroupSockOps}
	case abi.CgroupDevice:
		return []abi.AttachType{abi.AttachCgroupDevice}
	case abi.CgroupSysctl:
		return []abi.AttachType{abi.AttachCgroupSysctl}
	}
	var list []abi.AttachType
	for a := abi.AttachType(0); a <= abi.AttachTraceUprobeSession; a++ {
		if liveLoads(t, a) {
			list = append(list, a)
		}
	}
	if len(list) > int(abi.AttachTraceUprobeSession) { // any number will do
		return list[:1]
	}
	return list
}

// liveLoads reports whether a program that returns 0 or 1 loads.
func liveLoads(t abi.ProgType, a abi.AttachType) bool {
	for r0 := int32(0); r0 < 2; r0++ {
		p := liveProg{typ: uint32(t), attach: uint32(a), flags: liveFlags(t), quiet: true,
			insns: []slot{{op: 0xb7, imm: r0}, {op: 0x95}}}
		if errno, _ := p.load(); errno == 0 {
			return true
		}
	}
	return false
}

// liveFlags are the load flags without which the type does not load.
func liveFlags(t abi.ProgType) uint32 {
	if t == abi.Syscall {
		return uint32(abi.Sleepable)
	}
	return 0
}

// Every helper is open to exactly the program and attach types for which the
// running kernel knows it.
func TestHelpersAgainstKernel(t *testing.T) {
	t.Parallel()
	needLive(t)
	asked := 0
	for pt := abi.SocketFilter; pt <= abi.Netfilter; pt++ {
		for _, at := range attaches(pt) {
			asked++
			for id := abi.HelperID(1); id <= abi.NumHelpers; id++ {
				checkHelper(t, id, pt, at)
			}
		}
	}
	if asked < 30 {
		t.Errorf("the kernel loaded only %d program and attach types", asked)
	}
}

func checkHelper(t *testing.T, id abi.HelperID, pt abi.ProgType, at abi.AttachType) {
	t.Helper()
	h := abi.HelperFor(id, pt, at)
	if h != nil && h.Config != "" {
		return // not in every build
	}
	p := liveProg{typ: uint32(pt), attach: uint32(at), flags: liveFlags(pt),
		insns: []slot{{op: 0x85, imm: int32(id)}, {op: 0xb7}, {op: 0x95}}}
	_, log := p.load()
	known := !strings.Contains(log, "cannot use helper") &&
		!strings.Contains(log, "unknown func") && !strings.Contains(log, "invalid func") &&
		!strings.Contains(log, "not allowed in probe")
	if known != (h != nil) {
		t.Errorf("%v in program type %d, attach type %d: kernel %v, table %v", id, pt, at, known, h != nil)
	}
}
