//go:build linux

package abi_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/skepbpf/skep/abi"
)

// protoMaps are the maps that the calls of the prototype test pass.
type protoMaps struct {
	byType map[abi.MapType]int
	memory int // array whose value is writable memory of 512 bytes
	frozen int // the same, read-only and frozen
}

func newProtoMaps(t *testing.T) *protoMaps {
	t.Helper()
	must := func(m liveMap) int {
		fd, errno := m.create()
		if errno != 0 {
			t.Fatalf("map type %d: %v", m.Type, errno)
		}
		t.Cleanup(func() { unix.Close(fd) })
		return fd
	}
	p := &protoMaps{byType: map[abi.MapType]int{}}
	p.memory = must(liveMap{Type: uint32(abi.Array), Key: 4, Value: 512, Entries: 1})
	p.frozen = must(liveMap{Type: uint32(abi.Array), Key: 4, Value: 512, Entries: 1, Flags: uint32(abi.ReadOnlyProg)})
	if errno := freeze(p.frozen); errno != 0 {
		t.Fatal("freezing a map:", errno)
	}
	for mt := abi.Hash; mt <= abi.Arena; mt++ {
		if mt != abi.StructOpsMap {
			m := liveBase(t, mt.Info(), p.memory)
			if mt == abi.Arena {
				m.Extra = 1 << 32 // programs want an address
			}
			p.byType[mt] = must(m)
		}
	}
	return p
}

// Registers that the prologue of a call fills.
const (
	regCtx  = 6
	regSock = 7
	regTask = 8
)

// isSKB reports whether the context is a packet with a socket.
func isSKB(t abi.ProgType) bool {
	return strings.HasPrefix(t.Info().Context.Name, "__sk_buff") && t != abi.FlowDissector
}

// prologue keeps the context in r6, and loads a socket and a task where calls
// need them.
func prologue(h *abi.Helper, pt abi.ProgType) []slot {
	p := []slot{{op: 0xbf, regs: 0x16}}
	for i, a := range h.Args {
		switch a.Base() {
		case abi.ArgSockCommon, abi.ArgBTFIDSockCommon:
			if isSKB(pt) {
				p = append(p, slot{op: 0x79, regs: 0x60 | regSock, off: 168},
					slot{op: 0x55, regs: regSock, off: 2}, slot{op: 0xb7}, slot{op: 0x95})
			}
		case abi.ArgBTFID:
			if h.ArgType[i] == "task_struct" {
				p = append(p, slot{op: 0x85, imm: int32(abi.GetCurrentTaskBTF)}, slot{op: 0xbf, regs: regTask})
			}
		}
	}
	return p
}

// argument is code that sets argument i as the prototype wants it; nil where
// this test cannot make such a value.
func (m *protoMaps) argument(h *abi.Helper, i int, pt abi.ProgType) []slot {
	a, r := h.Args[i], uint8(i+1)
	if a.Has(abi.ArgRelease) {
		return nil
	}
	switch a.Base() {
	case abi.ArgNone:
		return []slot{}
	case abi.ArgConstMapPtr:
		mt := abi.Hash
		if list := abi.HelperMaps(h.ID); list != nil {
			mt = list[0]
		}
		return []slot{{op: 0x18, regs: 0x10 | r, imm: int32(m.byType[mt])}, {}}
	case abi.ArgMapKey, abi.ArgMapValue, abi.ArgMem:
		return []slot{{op: 0x18, regs: 0x20 | r, imm: int32(m.memory)}, {}}
	case abi.ArgConstStr:
		return []slot{{op: 0x18, regs: 0x20 | r, imm: int32(m.frozen)}, {}}
	case abi.ArgConstSize, abi.ArgConstSizeOrZero, abi.ArgConstAllocSize:
		return []slot{{op: 0xb7, regs: r, imm: 8}}
	case abi.ArgCtx:
		return []slot{{op: 0xbf, regs: regCtx<<4 | r}}
	case abi.ArgAnything, abi.ArgScalar:
		return []slot{{op: 0xb7, regs: r}}
	case abi.ArgSockCommon, abi.ArgBTFIDSockCommon:
		if isSKB(pt) {
			return []slot{{op: 0xbf, regs: regSock<<4 | r}}
		}
	case abi.ArgBTFID:
		if h.ArgType[i] == "task_struct" {
			return []slot{{op: 0xbf, regs: regTask<<4 | r}}
		}
	case abi.ArgDynptr:
		if a.Has(abi.ArgUninit) {
			return []slot{{op: 0xbf, regs: 0xa0 | r}, {op: 0x07, regs: r, imm: -256}}
		}
	}
	if a.Has(abi.ArgNullable) {
		return []slot{{op: 0xb7, regs: r}}
	}
	return nil
}

// call is a program that calls h with the given code for each argument, and
// then marks that it got so far.
func call(h *abi.Helper, pt abi.ProgType, args [5][]slot) []slot {
	p := prologue(h, pt)
	for _, a := range args {
		p = append(p, a...)
	}
	return append(p, slot{op: 0x85, imm: int32(h.ID)}, slot{op: 0xb7, regs: 9, imm: 4711}, slot{op: 0xb7}, slot{op: 0x95})
}

// passes asks the kernel whether the call itself is legal, whatever follows.
func passes(pt abi.ProgType, at abi.AttachType, flags uint32, insns []slot) (bool, string) {
	p := liveProg{typ: uint32(pt), attach: uint32(at), flags: flags, level: 2, insns: insns}
	_, log := p.load()
	return strings.Contains(log, "R9=4711"), log
}

// callable finds a program type that loads here and may call h by this row.
func callable(h *abi.Helper) (pt abi.ProgType, at abi.AttachType, ok bool) {
	for _, pt := range []abi.ProgType{
		abi.SchedCLS, abi.CgroupSKB, abi.XDP, abi.SockOps, abi.CgroupSock, abi.Kprobe, abi.Tracepoint,
		abi.PerfEvent, abi.RawTracepoint, abi.LWTXmit, abi.LWTSeg6Local, abi.LWTIn, abi.SkSKB, abi.SkMsg,
		abi.CgroupSockAddr, abi.CgroupSysctl, abi.CgroupSockopt, abi.SkReuseport, abi.SkLookup, abi.FlowDissector, abi.Syscall,
	} {
		if h.MightSleep && pt != abi.Syscall {
			continue
		}
		info := pt.Info()
		list := info.Attach
		if list == nil {
			list = append([]abi.AttachType{0}, h.Attach[pt]...)
		}
		for _, at := range list {
			if h.Config == "" && abi.HelperFor(h.ID, pt, at) == h {
				return pt, at, true
			}
		}
	}
	return 0, 0, false
}

// Every prototype that this test can make arguments for is what the running
// kernel checks calls by: the right arguments pass, wrong ones do not, and the
// result is of the right kind.
func TestPrototypesAgainstKernel(t *testing.T) {
	t.Parallel()
	needLive(t)
	maps := newProtoMaps(t)
	tried := 0
	for id := abi.HelperID(1); id < abi.NumHelpers; id++ {
		rows := abi.Helpers(id)
		for i := range rows {
			if maps.checkPrototype(t, &rows[i]) {
				tried++
			}
		}
	}
	if tried < 150 {
		t.Errorf("only %d prototypes tried", tried)
	}
	t.Logf("%d prototypes tried", tried)
}

func (m *protoMaps) checkPrototype(t *testing.T, h *abi.Helper) bool {
	t.Helper()
	pt, at, ok := callable(h)
	if !ok {
		return false
	}
	var good [5][]slot
	for i := range h.Args {
		if good[i] = m.argument(h, i, pt); good[i] == nil {
			return false
		}
	}
	flags := liveFlags(pt)
	where := fmt.Sprintf("%s in %v", h.Name, pt)
	pass, log := passes(pt, at, flags, call(h, pt, good))
	if !pass {
		t.Errorf("%s: right arguments refused:\n%s", where, tail(log))
		return true
	}
	checkResult(t, where, h, log)
	p := liveProg{typ: uint32(pt), attach: uint32(at), flags: flags, license: "Proprietary", insns: call(h, pt, good)}
	if _, log := p.load(); strings.Contains(log, "GPL-restricted") != h.GPL && !strings.Contains(log, "#"+fmt.Sprint(int(abi.GetCurrentTaskBTF))) {
		t.Errorf("%s: GPL %v in the table, kernel:\n%s", where, h.GPL, tail(log))
	}
	for i := range h.Args {
		m.checkArgument(t, where, h, i, pt, at, good)
	}
	return true
}

// checkArgument passes wrong and borderline values as argument i.
func (m *protoMaps) checkArgument(t *testing.T, where string, h *abi.Helper, i int, pt abi.ProgType, at abi.AttachType, good [5][]slot) {
	t.Helper()
	a, r := h.Args[i], uint8(i+1)
	base := a.Base()
	anything := base == abi.ArgAnything && h.ID != abi.GetLocalStorage || base == abi.ArgNone
	number := base == abi.ArgScalar || base == abi.ArgConstSize || base == abi.ArgConstSizeOrZero || base == abi.ArgConstAllocSize
	memory := base == abi.ArgMem || base == abi.ArgMapValue || base == abi.ArgMapKey
	frozen := []slot{{op: 0x18, regs: 0x20 | r, imm: int32(m.frozen)}, {}}
	for _, c := range []struct {
		what string
		code []slot
		want bool
		skip bool
	}{
		{what: "an unset register", code: []slot{{op: 0xb7, regs: 0}}, want: base == abi.ArgNone, skip: i == 0},
		{what: "a number for a pointer", code: []slot{{op: 0xb7, regs: r, imm: 77}}, want: anything, skip: number},
		{what: "NULL", code: []slot{{op: 0xb7, regs: r}}, want: anything || base == abi.ArgAnything || a.Has(abi.ArgNullable),
			skip: number || i < 4 && h.Args[i+1].Base() == abi.ArgConstSizeOrZero},
		{what: "zero for a size", code: []slot{{op: 0xb7, regs: r}}, want: base == abi.ArgConstSizeOrZero,
			skip: base != abi.ArgConstSizeOrZero && base != abi.ArgConstSize},
		{what: "the context", code: []slot{{op: 0xbf, regs: regCtx<<4 | r}}, want: anything || base == abi.ArgCtx},
		{what: "read-only memory", code: frozen, want: !a.Has(abi.ArgWrite), skip: !memory},
		{what: "more memory than there is", code: good[i], want: false, skip: !memory || i == 4 || h.Args[i+1].Base() != abi.ArgConstSize},
	} {
		if c.skip {
			continue
		}
		args := good
		args[i] = c.code
		if c.what == "more memory than there is" {
			args[i+1] = []slot{{op: 0xb7, regs: r + 1, imm: 513}}
		}
		if pass, log := passes(pt, at, liveFlags(pt), call(h, pt, args)); pass != c.want {
			t.Errorf("%s: %s as argument %d: kernel %v, table %v\n%s", where, c.what, i+1, pass, c.want, tail(log))
		}
	}
}

// checkResult compares the verifier's state after the call.
func checkResult(t *testing.T, where string, h *abi.Helper, log string) {
	t.Helper()
	kinds := map[abi.Ret]string{
		abi.RetInteger: "scalar", abi.RetMapValue: "map_value", abi.RetSocket: "sock", abi.RetTCPSock: "tcp_sock",
		abi.RetSockCommon: "sock_common", abi.RetMem: "mem", abi.RetDynptrMem: "mem",
		abi.RetBTFID: "ptr_",
	}
	if h.Ret.Base() == abi.RetVoid || h.Ret.Base() == abi.RetMemOrBTFID || h.ID == abi.MapLookupPerCPUElem {
		return
	}
	want := kinds[h.Ret.Base()]
	if h.Ret.Has(abi.RetTrusted) {
		want = "trusted_" + want
	}
	if h.Ret.Has(abi.RetRingBuf) {
		want = "ringbuf_" + want
	}
	if h.Ret.Has(abi.RetNullable) {
		want += "or_null_" + h.RetType
		if h.Ret.Base() != abi.RetBTFID {
			want = strings.TrimSuffix(want, "or_null_") + "_or_null"
		}
	} else {
		want += h.RetType
	}
	from := strings.LastIndex(log, "call "+h.Name+"#")
	if _, state, ok := strings.Cut(log[max(0, from):], "R0="); ok {
		state, _, _ = strings.Cut(state, "\n")
		if !strings.HasPrefix(state, want) && !(want == "scalar" && strings.HasPrefix(state, "0")) {
			t.Errorf("%s: returns %s, kernel says %s", where, want, state)
		}
		return
	}
	t.Errorf("%s: no result in:\n%s", where, tail(log))
}

func tail(log string) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}
