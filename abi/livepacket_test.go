//go:build linux

package abi_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/skepbpf/skep/abi"
)

// packetFields are the fields that hold the start and the end of the packet.
func packetFields(c *abi.Context) (start, end *abi.Field) {
	for i := range c.Fields {
		switch f := &c.Fields[i]; f.Kind {
		case abi.FieldPacket:
			start = f
		case abi.FieldPacketEnd:
			end = f
		}
	}
	return start, end
}

// Packets are read, written and passed to helpers by exactly the program types
// that the table says.
func TestPacketRightsAgainstKernel(t *testing.T) {
	t.Parallel()
	needLive(t)
	array, errno := liveMap{Type: uint32(abi.Array), Key: 4, Value: 4, Entries: 1}.create()
	if errno != 0 {
		t.Fatal(errno)
	}
	defer unix.Close(array)
	tried := 0
	for pt := abi.SocketFilter; pt <= abi.Netfilter; pt++ {
		info := pt.Info()
		if info.Context == nil || info.AttachBTF {
			continue
		}
		start, end := packetFields(info.Context)
		if start == nil {
			if info.PktRead || info.PktWrite || info.PktArgs {
				t.Errorf("%v has rights to packets, but no packet", pt)
			}
			continue
		}
		var at abi.AttachType
		if info.Attach != nil {
			at = info.Attach[0]
		}
		tried++
		load := func(insns ...slot) bool {
			p := liveProg{typ: uint32(pt), attach: uint32(at), flags: liveFlags(pt), insns: []slot{
				{op: loadOps[int(start.Size)], regs: 0x17, off: int16(start.Off)},
				{op: loadOps[int(end.Size)], regs: 0x18, off: int16(end.Off)},
				{op: 0xbf, regs: 0x73}, {op: 0x07, regs: 3, imm: 8},
				{op: 0xbd, regs: 0x83, off: 2}, {op: 0xb7, imm: 1}, {op: 0x95},
			}}
			p.insns = append(append(p.insns, insns...), slot{op: 0xb7, imm: 1}, slot{op: 0x95})
			errno, _ := p.load()
			return errno == 0
		}
		if got := load(slot{op: 0x71, regs: 0x70}); got != info.PktRead {
			t.Errorf("%v loads from the packet: kernel %v, table %v", pt, got, info.PktRead)
		}
		if got := load(slot{op: 0x72, regs: 0x07}); got != info.PktWrite {
			t.Errorf("%v stores into the packet: kernel %v, table %v", pt, got, info.PktWrite)
		}
		if got := load(slot{op: 0x18, regs: 0x11, imm: int32(array)}, slot{}, slot{op: 0xbf, regs: 0x72},
			slot{op: 0x85, imm: int32(abi.MapLookupElem)}); got != info.PktArgs {
			t.Errorf("%v passes the packet to a helper: kernel %v, table %v", pt, got, info.PktArgs)
		}
	}
	if tried < 12 {
		t.Errorf("only %d program types tried", tried)
	}
}
