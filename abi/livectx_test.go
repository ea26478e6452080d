//go:build linux

package abi_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/skepbpf/skep/abi"
)

// loadOps and storeOps are the opcodes by access size.
var (
	loadOps  = map[int]uint8{1: 0x71, 2: 0x69, 4: 0x61, 8: 0x79}
	storeOps = map[int]uint8{1: 0x73, 2: 0x6b, 4: 0x63, 8: 0x7b}
)

// kindNames are the verifier's names of what a field yields.
var kindNames = map[abi.FieldKind]string{
	abi.FieldScalar: "scalar", abi.FieldPacket: "pkt", abi.FieldPacketEnd: "pkt_end",
	abi.FieldPacketMeta: "pkt_meta", abi.FieldSocket: "sock", abi.FieldSockCommon: "sock_common",
	abi.FieldFlowKeys: "flow_keys", abi.FieldTPBuffer: "tp_buffer", abi.FieldBTF: "trusted_ptr_",
}

// ctxAttaches are the attach types under which contexts may differ.
func ctxAttaches(pt abi.ProgType) []abi.AttachType {
	switch pt {
	case abi.XDP:
		return []abi.AttachType{0, abi.AttachXDPDevMap, abi.AttachXDPCPUMap, abi.AttachXDP}
	case abi.Kprobe:
		return []abi.AttachType{0, abi.AttachTraceKprobeMulti, abi.AttachTraceUprobeSession}
	}
	return attaches(pt)
}

// Every load and store of every context is legal in the table exactly where the
// running kernel takes it, and yields the same kind of value.
func TestContextsAgainstKernel(t *testing.T) {
	t.Parallel()
	needLive(t)
	for pt := abi.SocketFilter; pt <= abi.Netfilter; pt++ {
		for _, at := range ctxAttaches(pt) {
			checkContext(t, pt, at)
		}
	}
}

func checkContext(t *testing.T, pt abi.ProgType, at abi.AttachType) {
	t.Helper()
	info := pt.Info()
	ctx := pt.ContextOn(runtime.GOARCH)
	eff := info.EffectiveAttach(at)
	end := int(ctx.Size) + 16
	if end > 256 { // beyond lies more of the same plain memory
		end = 256
	}
	ret := []slot{{op: 0xb7, imm: 1}, {op: 0x95}}
	for off := range end {
		for _, size := range []int{1, 2, 4, 8} {
			for _, write := range []bool{false, true} {
				first := slot{op: loadOps[size], regs: 0x10, off: int16(off)}
				if write {
					first = slot{op: storeOps[size], regs: 0x21, off: int16(off)}
				}
				p := liveProg{typ: uint32(pt), attach: uint32(at), flags: liveFlags(pt), quiet: true,
					insns: append([]slot{{op: 0xb7, regs: 2}, first}, ret...)}
				errno, _ := p.load()
				f := ctx.Field(off, size, write, eff)
				where := fmt.Sprintf("%v, attach type %d: off %d size %d write %v", pt, at, off, size, write)
				if (errno == 0) != (f != nil) {
					t.Errorf("%s: kernel %v, table %v", where, errno == 0, f != nil)
				} else if f != nil && !write {
					p.quiet, p.level = false, 2
					_, log := p.load()
					checkKind(t, where, f, log)
				}
			}
		}
	}
}

// checkKind compares the kind of a field with the verifier's log.
func checkKind(t *testing.T, where string, f *abi.Field, log string) {
	t.Helper()
	want := "R0=" + kindNames[f.Kind] + f.Type
	if f.Nullable {
		want += "_or_null"
	}
	if !strings.Contains(log, want+"(") && !strings.Contains(log, want+"\n") && !strings.Contains(log, want+" ") {
		t.Errorf("%s: table says %s, kernel:\n%s", where, want, log)
	}
}

// The layouts behind pointers to sockets and flow keys are those of the kernel.
func TestLayoutsAgainstKernel(t *testing.T) {
	t.Parallel()
	needLive(t)
	giveUp := []slot{{op: 0xb7}, {op: 0x95}}
	orElse := func(reg uint8, s ...slot) []slot { // s, then return 0 if reg is NULL
		return append(append(s, slot{op: 0x55, regs: reg, off: 2}), giveUp...)
	}
	skb := orElse(1, slot{op: 0x79, regs: 0x11, off: 168})
	keep := slot{op: 0xbf, regs: 0x06}
	for _, c := range []struct {
		layout *abi.Context
		pt     abi.ProgType
		start  []slot // leaves the pointer in r6
	}{
		{abi.SockCommonLayout, abi.SchedCLS, append(skb[:len(skb):len(skb)], slot{op: 0xbf, regs: 0x16})},
		{abi.SocketLayout, abi.SchedCLS, append(orElse(0, append(skb[:len(skb):len(skb)], slot{op: 0x85, imm: int32(abi.SkFullsock)})...), keep)},
		{abi.TCPSockLayout, abi.SchedCLS, append(orElse(0, append(skb[:len(skb):len(skb)], slot{op: 0x85, imm: int32(abi.TCPSock)})...), keep)},
		{abi.FlowKeysLayout, abi.FlowDissector, []slot{{op: 0x79, regs: 0x16, off: 144}}},
	} {
		for off := range int(c.layout.Size) + 8 {
			for _, size := range []int{1, 2, 4, 8} {
				load := append(c.start[:len(c.start):len(c.start)], slot{op: loadOps[size], regs: 0x60, off: int16(off)})
				store := append(c.start[:len(c.start):len(c.start)], slot{op: 0xb7, regs: 2}, slot{op: storeOps[size], regs: 0x26, off: int16(off)})
				for i, insns := range [][]slot{load, store} {
					errno, _ := liveProg{typ: uint32(c.pt), quiet: true, insns: append(insns, giveUp...)}.load()
					if got := c.layout.Field(off, size, i == 1, 0) != nil; got != (errno == 0) {
						t.Errorf("%s off %d size %d write %v: kernel %v, table %v", c.layout.Name, off, size, i == 1, errno == 0, got)
					}
				}
			}
		}
	}
}

// Return ranges, attach types, sleepable loads and names of program types are
// those of the kernel.
func TestProgTypesAgainstKernel(t *testing.T) {
	t.Parallel()
	needLive(t)
	for pt := abi.SocketFilter; pt <= abi.Netfilter; pt++ {
		info := pt.Info()
		if info.AttachBTF || pt == abi.LircMode2 {
			continue // the kernel at hand does not load them without a target
		}
		for at := abi.AttachType(0); at <= abi.AttachTraceUprobeSession; at++ {
			loads := liveLoads(pt, at)
			if loads != info.AllowsAttach(at) {
				t.Errorf("%v, attach type %d: kernel %v, table %v", pt, at, loads, !loads)
			}
			if loads {
				checkReturn(t, info, at)
				checkPrivateStack(t, info, at)
			}
		}
	}
}

func checkReturn(t *testing.T, info *abi.ProgInfo, at abi.AttachType) {
	t.Helper()
	p := liveProg{typ: uint32(info.Type), attach: uint32(at), flags: liveFlags(info.Type),
		insns: []slot{{op: 0x85, imm: int32(abi.GetPrandomU32)}, {op: 0x95}}}
	errno, log := p.load()
	r := info.Return(at).Range
	want := fmt.Sprintf("should have been in [%d, %d]", r.Min, r.Max)
	if r.Any != (errno == 0) || !r.Any && !strings.Contains(log, want) {
		t.Errorf("%v, attach type %d: table %+v, kernel %v:\n%s", info.Type, at, r, errno, log)
	}
	for _, sleep := range []bool{false, true} {
		can := false
		for r0 := range int32(2) {
			p := liveProg{typ: uint32(info.Type), attach: uint32(at), insns: []slot{{op: 0xb7, imm: r0}, {op: 0x95}}}
			if sleep {
				p.flags = uint32(abi.Sleepable)
			}
			if errno, _ := p.load(); errno == 0 {
				can = true
			}
		}
		rule := info.Sleeping(at)
		want := sleep && rule != abi.SleepNever || !sleep && rule != abi.SleepMust
		if can != want {
			t.Errorf("%v, attach type %d, sleepable %v: kernel %v, table %v", info.Type, at, sleep, can, want)
		}
	}
}

// checkPrivateStack loads two frames of 400 bytes each: more than a shared
// stack has.
func checkPrivateStack(t *testing.T, info *abi.ProgInfo, at abi.AttachType) {
	t.Helper()
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		return // no private stacks
	}
	p := liveProg{typ: uint32(info.Type), attach: uint32(at), flags: liveFlags(info.Type), insns: []slot{
		{op: 0x7a, regs: 0xa, off: -400}, {op: 0x85, regs: 0x10, imm: 2}, {op: 0xb7, imm: 1}, {op: 0x95},
		{op: 0x7a, regs: 0xa, off: -400}, {op: 0xb7}, {op: 0x95},
	}}
	errno, log := p.load()
	if want := info.HasPrivateStack(at); (errno == 0) != want {
		t.Errorf("%v, attach type %d, private stack: kernel %v, table %v\n%s", info.Type, at, errno == 0, want, tail(log))
	}
}
