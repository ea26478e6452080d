package asm

import (
	"encoding/binary"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// same compares what the text carries.
var same = cmp.Options{
	cmpopts.EquateComparable(binary.LittleEndian, binary.BigEndian),
	cmpopts.EquateEmpty(),
}

// checkRoundTrip demands that the text of c reads back as c and prints again
// as the same text.
func checkRoundTrip(t *testing.T, c *image.Collection) {
	t.Helper()
	text := Format(c)
	back, err := Parse(c.Name, text)
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, text)
	}
	if d := cmp.Diff(c, back, same); d != "" {
		t.Fatalf("reads back differently (-want +got):\n%s\nfrom\n%s", d, text)
	}
	if d := cmp.Diff(string(text), string(Format(back))); d != "" {
		t.Fatalf("prints again differently (-first +again):\n%s", d)
	}
}

func TestSourcesSurvivePrinting(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.s")
	if err != nil || len(files) == 0 {
		t.Fatal("no sources", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			t.Parallel()
			c, err := Parse(filepath.Base(f), read(t, filepath.Base(f)))
			if err != nil {
				t.Fatal(err)
			}
			checkRoundTrip(t, c)
		})
	}
}

func TestEverythingTheTextCarriesSurvives(t *testing.T) {
	t.Parallel()
	ro := &image.Map{
		Name: ".rodata", Type: abi.Array, KeySize: 4, ValueSize: 40, MaxEntries: 1,
		Flags: abi.ReadOnlyProg | abi.Mmapable, Section: ".rodata", Frozen: true,
		Contents: []image.Entry{{
			Key:   []byte{0, 0, 0, 0},
			Value: []byte("hello\x00\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03text\"quoted\\;#\x00"),
		}},
	}
	inner := &image.Map{Name: "with a blank", Type: abi.Hash, KeySize: 3, ValueSize: 5, MaxEntries: 7,
		Flags: abi.NoPrealloc | 1<<30, NUMANode: 3, PinByName: true, Tags: []string{"a b", "c=\"d\""}}
	outer := &image.Map{Name: "outer", Type: abi.ArrayOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 2, Inner: inner,
		Contents: []image.Entry{{Key: []byte{1, 0, 0, 0}, Map: inner}}}
	anon := &image.Map{Name: "anon", Type: abi.HashOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 2,
		Inner: &image.Map{Name: "", Type: abi.Array, KeySize: 4, ValueSize: 8, MaxEntries: 9}}
	progs := &image.Map{Name: "progs", Type: abi.ProgArray, KeySize: 4, ValueSize: 4, MaxEntries: 4, Extra: 1 << 40,
		Contents: []image.Entry{{Key: []byte{2, 0, 0, 0}, Program: "two"}}}
	ops := &image.Map{Name: "ops", Type: abi.StructOpsMap, StructOps: "tcp_congestion_ops", NoAutocreate: true}
	arena := &image.Map{Name: "arena", Type: 99, Contents: []image.Entry{{Value: []byte{1}}}}

	one := &image.Program{
		Name: "one", Section: "?xdp.frags/dev", Type: abi.XDP, Flags: abi.Sleepable, AttachTo: "dev", License: "GPL",
		Attach: abi.AttachXDPDevMap, Version: 0x61234, Memory: 12, Tests: []string{"comment:test_expect_success"},
		Insns: []isa.Insn{
			isa.New(isa.LdImm64, 1, isa.PseudoMapIdx, 0, 1), {},
			isa.New(isa.LdImm64, 2, isa.PseudoMapIdxValue, 0, 0), {Imm: 12},
			isa.New(isa.LdImm64, 3, isa.PseudoBTFID, 0, 1), {},
			isa.New(isa.LdImm64, 4, isa.PseudoFunc, 0, 14), {},
			isa.New(isa.CallOp, 0, isa.CallKfunc, 0, 1),
			isa.New(isa.CallOp, 0, isa.CallKfunc, 3, 0),
			isa.New(isa.CallOp, 0, isa.CallHelper, 0, 1),
			isa.New(isa.CallOp, 0, isa.CallHelper, 0, 9999),
			isa.New(isa.CallOp, 0, isa.CallLocal, 0, 10),
			isa.New(isa.AluOp(isa.ClassJmp, isa.JA, isa.SrcK), 0, 0, -14, 0), // into a wide one
			isa.New(isa.AluOp(isa.ClassJmp, isa.JNe, isa.SrcK), 1, 0, -15, -1),
			isa.New(isa.AluOp(isa.ClassJmp, isa.JCond, isa.SrcK), 0, 0, 100, 0), // out of the program
			isa.New(isa.AluOp(isa.ClassJmp32, isa.JA, isa.SrcK), 0, 0, 0, 1),
			isa.New(0x07, 1, 5, 1, 1), // illegal
			{Op: 0xff, Regs: 0xff},
			isa.New(isa.LdImm64, 4, 0, 7, 1), {Imm: 5},
			isa.New(isa.ExitOp, 0, 0, 5, 0),
			isa.New(0xb7, 0, 0, 0, 1),
			isa.New(isa.ExitOp, 0, 0, 0, 0),
			isa.New(isa.ExitOp, 0, 0, 0, 0),
			isa.New(isa.LdImm64, 1, 0, 0, 1), // without its second slot
		},
		Funcs: []image.Func{{Name: "one", Global: true}, {Name: "twin", Start: 22}, {Name: "L14", Start: 23, Global: true, ExceptionCallback: true},
			{Name: "twin", Start: 24}},
		Maps:   []*image.Map{ro, outer, inner},
		Kfuncs: []image.Kfunc{{Name: "bpf_a", Weak: true, ID: 7}, {Name: "twin"}},
		Ksyms:  []image.Ksym{{Name: "x"}, {Name: "runqueues", Weak: true, ID: 1}},
		Lines:  []image.Line{{Slot: 0, File: "a b.c", Line: 3, Column: 4, Text: "\tif (x) // \"y\"; #1"}, {Slot: 8, File: "a b.c", Line: 9}},
		Extern: []image.ExternRelo{{Slot: 4, Kind: image.ExternTyped, Name: "runqueues", Weak: true}, {Slot: 9, Kind: image.ExternKfunc, Name: "bpf_a"}},
	}
	two := &image.Program{Name: "two", Type: 77, License: "Proprietary", Autoload: true,
		Insns: []isa.Insn{isa.New(0xb7, 0, 0, 0, 0), isa.New(isa.ExitOp, 0, 0, 0, 0)},
		Funcs: []image.Func{{Name: "other"}}}
	checkRoundTrip(t, &image.Collection{
		Name: "all.s", ByteOrder: binary.LittleEndian, License: "GPL",
		Maps:      []*image.Map{outer, inner, anon, progs, ops, arena, ro},
		Programs:  []*image.Program{one, two},
		Variables: []*image.Variable{{Name: "v", Map: ro, Offset: 3, Size: 5, Constant: true, Weak: true, Hidden: true}},
		Kconfig:   []*image.Kconfig{{Name: "CONFIG_HZ", Offset: 8, Size: 4, Weak: true}},
		StructOps: []*image.StructOps{{Map: ops, Link: true, Members: map[string]string{"init": "one", "ssthresh": "two"}}},
	})
}

// TestNamesThatMeanSomethingElse calls functions, maps and kernel symbols by
// words of the language.
func TestNamesThatMeanSomethingElse(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"r1", "w10", "r11", "pc", "ll", "map", "ksym", "fd", "idx", "btf", "kfunc", "kernel", "unknown", "be16", "bswap64",
		"load_acquire", "addr_space_cast", "goto", "exit", "s", "1st", "", "a b", "a\"b", "a;b", "é", ".text", "x.y$1", "bpf_map_lookup_elem",
	} {
		m := &image.Map{Name: name, Type: abi.Array}
		p := &image.Program{
			Name: name + "_entry", Section: "xdp", Type: abi.XDP, Autoload: true, Maps: []*image.Map{m},
			Ksyms:  []image.Ksym{{Name: name}},
			Kfuncs: []image.Kfunc{{Name: name + "_kfunc"}},
			Insns: []isa.Insn{
				isa.New(isa.LdImm64, 1, isa.PseudoMapIdx, 0, 0), {},
				isa.New(isa.LdImm64, 1, isa.PseudoMapIdxValue, 0, 0), {Imm: 8},
				isa.New(isa.LdImm64, 1, isa.PseudoBTFID, 0, 0), {},
				isa.New(isa.LdImm64, 1, isa.PseudoFunc, 0, 5), {},
				isa.New(isa.CallOp, 0, isa.CallKfunc, 0, 0),
				isa.New(isa.CallOp, 0, isa.CallLocal, 0, 3),
				isa.New(isa.CallOp, 0, isa.CallHelper, 0, 1),
				isa.New(isa.AluOp(isa.ClassJmp, isa.JEq, isa.SrcK), 1, 0, 1, 0),
				isa.New(isa.ExitOp, 0, 0, 0, 0),
				isa.New(isa.ExitOp, 0, 0, 0, 0),
			},
			Funcs: []image.Func{{Name: name + "_entry", Global: true}, {Name: name, Start: 13}},
		}
		checkRoundTrip(t, &image.Collection{Name: "n.s", ByteOrder: binary.LittleEndian, Maps: []*image.Map{m}, Programs: []*image.Program{p}})
	}
}
