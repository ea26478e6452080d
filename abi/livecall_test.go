//go:build linux

package abi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/skepbpf/skep/abi"
)

// eachCallable runs f on every prototype whose right arguments this test can
// make, and is how many there are.
func (m *protoMaps) eachCallable(f func(h *abi.Helper, pt abi.ProgType, at abi.AttachType, good [5][]slot)) int {
	n := 0
	for id := abi.HelperID(1); id < abi.NumHelpers; id++ {
		rows := abi.Helpers(id)
	rows:
		for i := range rows {
			h := &rows[i]
			pt, at, ok := callable(h)
			if !ok {
				continue
			}
			var good [5][]slot
			for i := range h.Args {
				if good[i] = m.argument(h, i, pt); good[i] == nil {
					continue rows
				}
			}
			n++
			f(h, pt, at, good)
		}
	}
	return n
}

// Helpers take exactly those map types that both sides of the table allow.
func TestHelperMapsAgainstKernel(t *testing.T) {
	t.Parallel()
	needLive(t)
	maps := newProtoMaps(t)
	tried := 0
	maps.eachCallable(func(h *abi.Helper, pt abi.ProgType, at abi.AttachType, good [5][]slot) {
		for i, a := range h.Args {
			if a.Base() != abi.ArgConstMapPtr {
				continue
			}
			for mt, fd := range maps.byType {
				if h.ID == abi.MapUpdateElem && (mt == abi.SockMap || mt == abi.SockHash) {
					continue // wants a socket as value
				}
				if mt == abi.Arena && h.Args[1] == abi.ArgMapKey {
					continue // no argument can be a key of no bytes
				}
				args := good
				args[i] = []slot{{op: 0x18, regs: 0x10 | uint8(i+1), imm: int32(fd)}, {}}
				pass, log := passes(pt, at, liveFlags(pt), call(h, pt, args))
				want := mt.Info().Takes(h.ID, pt, at) && (pt != abi.Syscall || mt.Info().Sleepable)
				tried++
				if pass != want {
					t.Errorf("%v with %v in %v: kernel %v, table %v\n%s", h.ID, mt, pt, pass, want, tail(log))
				}
			}
		}
	})
	if tried < 800 {
		t.Errorf("only %d pairs tried", tried)
	}
}

// packetStart leaves 512 checked bytes of the packet in r9.
func packetStart(pt abi.ProgType) []slot {
	data, end := int16(76), int16(80)
	if pt == abi.XDP {
		data, end = 0, 4
	}
	return []slot{
		{op: 0x61, regs: 0x19, off: data}, {op: 0x61, regs: 0x12, off: end},
		{op: 0xbf, regs: 0x93}, {op: 0x07, regs: 3, imm: 512},
		{op: 0xbd, regs: 0x23, off: 2}, {op: 0xb7}, {op: 0x95},
	}
}

// Packet pointers are legal arguments, and stay valid over a call, exactly where
// the table says so.
func TestPacketsInCallsAgainstKernel(t *testing.T) {
	t.Parallel()
	needLive(t)
	maps := newProtoMaps(t)
	tried := 0
	maps.eachCallable(func(h *abi.Helper, pt abi.ProgType, at abi.AttachType, good [5][]slot) {
		if pt != abi.SchedCLS && pt != abi.XDP {
			return
		}
		start := packetStart(pt)
		after := append(append(start[:len(start):len(start)], call(h, pt, good)...), slot{})
		after = after[:len(after)-4] // without the mark and the end
		after = append(after, slot{op: 0x71, regs: 0x90}, slot{op: 0xb7, regs: 9, imm: 4711}, slot{op: 0xb7}, slot{op: 0x95})
		tried++
		if pass, log := passes(pt, at, 0, after); pass == h.ChangesPkt {
			t.Errorf("%v: changes the packet %v in the table, kernel:\n%s", h.ID, h.ChangesPkt, tail(log))
		}
		for i, a := range h.Args {
			if b := a.Base(); b != abi.ArgMem && b != abi.ArgMapKey && b != abi.ArgMapValue {
				continue
			}
			args := good
			args[i] = []slot{{op: 0xbf, regs: 0x90 | uint8(i+1)}}
			insns := append(start[:len(start):len(start)], call(h, pt, args)...)
			if pass, log := passes(pt, at, 0, insns); pass != h.PktAccess {
				t.Errorf("%v: packet as argument %d %v in the table, kernel:\n%s", h.ID, i+1, h.PktAccess, tail(log))
			}
		}
	})
	if tried < 70 {
		t.Errorf("only %d prototypes tried", tried)
	}
}

// Helpers that the kernel inlines keep the registers which they do not take as
// arguments, so that a spill around the call costs no stack.
func TestFastcallAgainstKernel(t *testing.T) {
	t.Parallel()
	needLive(t)
	maps := newProtoMaps(t)
	seen := 0
	maps.eachCallable(func(h *abi.Helper, pt abi.ProgType, at abi.AttachType, good [5][]slot) {
		if h.Args[4] != abi.ArgNone || h.ID == abi.DynptrFromMem {
			return
		}
		insns := prologue(h, pt)
		for _, a := range good {
			insns = append(insns, a...)
		}
		insns = append(insns, slot{op: 0xb7, regs: 5, imm: 1}, slot{op: 0x7b, regs: 0x5a, off: -8},
			slot{op: 0x85, imm: int32(h.ID)}, slot{op: 0x79, regs: 0xa5, off: -8}, slot{op: 0xb7}, slot{op: 0x95})
		p := liveProg{typ: uint32(pt), attach: uint32(at), flags: liveFlags(pt), level: 4, insns: insns}
		errno, log := p.load()
		if errno != 0 || !strings.Contains(log, "stack depth ") {
			return
		}
		_, depth, _ := strings.Cut(log, "stack depth ")
		fast := strings.HasPrefix(depth, "0")
		if fast {
			seen++
		}
		if fast != h.Fastcall {
			t.Errorf("%s: fastcall %v in the table, kernel says stack depth %s", fmt.Sprint(h.ID, " in ", pt), h.Fastcall, strings.TrimSpace(depth))
		}
	})
	t.Logf("%d fast calls", seen)
}
