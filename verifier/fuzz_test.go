package verifier_test

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier"
)

// fuzzTypes are the program types that the first byte of an input picks from.
var fuzzTypes = []abi.ProgType{
	abi.SocketFilter, abi.XDP, abi.SchedCLS, abi.Kprobe, abi.Tracepoint, abi.RawTracepoint, abi.CgroupSKB,
	abi.CgroupSockAddr, abi.SkLookup, abi.PerfEvent, abi.FlowDissector, abi.SockOps, abi.Syscall, abi.Tracing,
}

// fuzzMaps are the maps that an input can refer to.
func fuzzMaps() []*image.Map {
	inner := &image.Map{Name: "inner", Type: abi.Array, KeySize: 4, ValueSize: 8, MaxEntries: 2}
	return []*image.Map{
		{Name: "array", Type: abi.Array, KeySize: 4, ValueSize: 16, MaxEntries: 4},
		{Name: "hash", Type: abi.Hash, KeySize: 8, ValueSize: 48, MaxEntries: 4},
		{Name: "ring", Type: abi.RingBuf, MaxEntries: 4096},
		{Name: "progs", Type: abi.ProgArray, KeySize: 4, ValueSize: 4, MaxEntries: 4},
		{Name: "outer", Type: abi.ArrayOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 4, Inner: inner},
		{
			Name: ".rodata", Type: abi.Array, KeySize: 4, ValueSize: 16, MaxEntries: 1, Flags: abi.ReadOnlyProg,
			Frozen: true, Section: ".rodata", Contents: []image.Entry{{Key: make([]byte, 4), Value: []byte("0123456789abcdef")}},
		},
	}
}

// fuzzProgram makes a program of an input: type, flags, then instructions. The
// fields are folded into ranges in which more inputs get past the first checks.
func fuzzProgram(data []byte, fold bool) *image.Program {
	if len(data) < 10 {
		return nil
	}
	p := &image.Program{
		Name: "fuzz", Type: fuzzTypes[int(data[0])%len(fuzzTypes)], License: "GPL", Maps: fuzzMaps(),
		Flags: abi.ProgFlags(data[1]) & (abi.StrictAlignment | abi.TestStateFreq | abi.TestRegInvariants),
	}
	insns, err := isa.Decode(data[2:2+(len(data)-2)/8*8], binary.LittleEndian)
	if err != nil {
		return nil
	}
	if len(insns) > 512 {
		insns = insns[:512]
	}
	for i := range insns {
		if !fold {
			break
		}
		in := &insns[i]
		in.Regs = in.Regs&0xf%11 | in.Regs>>4%11<<4
		if c := in.Op.Class(); c == isa.ClassJmp || c == isa.ClassJmp32 {
			in.Off %= int16(len(insns))
		} else {
			in.Off %= 64
		}
		if in.IsWide() {
			in.Imm = int32(uint32(in.Imm) % uint32(len(p.Maps)))
		}
	}
	p.Insns = insns
	p.Funcs = []image.Func{{Name: "fuzz", Global: true}}
	return p
}

// FuzzVerify demands that no program makes the verifier panic, and that a
// refusal says why.
func FuzzVerify(f *testing.F) {
	for _, text := range fuzzSeeds {
		c, err := asm.Parse("seed", []byte(".license \"GPL\"\n.program p section=xdp\n"+text))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append([]byte{1, 0}, isa.Encode(c.Programs[0].Insns, binary.LittleEndian)...), false)
		f.Add(append([]byte{1, 8}, isa.Encode(c.Programs[0].Insns, binary.LittleEndian)...), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, fold bool) {
		p := fuzzProgram(data, fold)
		if p == nil {
			t.Skip("too short")
		}
		for _, o := range []verifier.Options{
			{MaxInsns: 20000},
			{MaxInsns: 2000, LogLevel: 2},
			{MaxInsns: 2000, Trust: verifier.Sandbox},
		} {
			_, err := verifier.Verify(context.Background(), p, &o)
			var e *verifier.Error
			if err != nil && (!errors.As(err, &e) || strings.TrimSpace(e.Msg) == "") {
				t.Fatalf("refused without a reason: %v", err)
			}
		}
	})
}

var fuzzSeeds = []string{
	`    r0 = 0
    exit`,
	`    r2 = *(u32 *)(r1 +0)
    r3 = *(u32 *)(r1 +4)
    r4 = r2
    r4 += 14
    if r4 > r3 goto out
    r0 = *(u8 *)(r2 +13)
    *(u64 *)(r10 -8) = r0
    r0 = *(u32 *)(r10 -8)
out:
    r0 = 2
    exit`,
	`    r6 = 0
loop:
    r6 += 1
    if r6 < 100 goto loop
    r0 = r6
    r0 &= 1
    exit`,
	`    r1 = 5
    call sub
    exit
sub:
    r0 = r1
    w0 s>>= 31
    w0 &= 3
    r10 = r10
    exit`,
	`    r6 = r10
    r6 += -64
    w7 = *(u32 *)(r1 +12)
    r7 &= 31
    r6 += r7
    *(u8 *)(r6 +0) = r7
    lock *(u64 *)(r10 -8) += r7
    r0 = 0
    exit`,
}
