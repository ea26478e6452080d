package asm

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// TestEveryDirective reads a text that uses them all and compares all of what
// it means.
func TestEveryDirective(t *testing.T) {
	t.Parallel()
	got, err := Parse("all.s", read(t, "all.s"))
	if err != nil {
		t.Fatal(err)
	}
	hits := &image.Map{Name: "hits", Type: abi.PerCPUHash, KeySize: 16, ValueSize: 8, MaxEntries: 1024,
		Flags: abi.NoPrealloc | abi.ZeroSeed | 1<<30, PinByName: true, Tags: []string{"seen by all"}}
	outer := &image.Map{Name: "outer", Type: abi.ArrayOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 2, Inner: hits,
		Contents: []image.Entry{{Key: []byte{0, 0, 0, 1}, Map: hits}}}
	other := &image.Map{Name: "other", Type: abi.HashOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 2,
		Inner: &image.Map{Name: "an inner", Type: abi.Array, KeySize: 4, ValueSize: 1, MaxEntries: 1}}
	progs := &image.Map{Name: "progs", Type: abi.ProgArray, KeySize: 4, ValueSize: 4, MaxEntries: 2, Extra: 1<<48 - 1, NUMANode: 1,
		Contents: []image.Entry{{Key: []byte{0, 0, 0, 0}, Program: "second"}}}
	ro := &image.Map{Name: ".rodata", Type: abi.Array, KeySize: 4, ValueSize: 16, MaxEntries: 1, Section: ".rodata",
		Flags: abi.ReadOnlyProg, Frozen: true,
		Contents: []image.Entry{{Key: []byte{0, 0, 0, 0}, Value: []byte("\x01\xff\x02\x03\x00\x00\x00\x05\x00\x00\"a;#\x00\xff")}}}
	ops := &image.Map{Name: "ops", Type: abi.StructOpsMap, StructOps: "tcp_congestion_ops", NoAutocreate: true}

	first := &image.Program{
		Name: "first", Section: "?fentry.s/do_unlinkat", Type: abi.Tracing, Attach: abi.AttachTraceFEntry,
		AttachTo: "do_unlinkat", Flags: abi.Sleepable, License: "GPL", Version: 0x61200,
		Tests: []string{"comment:test_expect_success"},
		Insns: []isa.Insn{
			isa.New(isa.CallOp, 0, isa.CallKfunc, 0, 0),
			isa.New(isa.CallOp, 0, isa.CallKfunc, 0, 1),
			isa.New(isa.LdImm64, 1, isa.PseudoBTFID, 0, 0), {},
			isa.New(isa.LdImm64, 2, isa.PseudoMapIdx, 0, 0), {},
			isa.New(isa.LdImm64, 3, isa.PseudoMapIdxValue, 0, 1), {Imm: 4},
			isa.New(isa.CallOp, 0, isa.CallHelper, 0, 14),
			isa.New(isa.CallOp, 0, isa.CallHelper, 0, 5),
			isa.New(isa.LdImm64, 1, isa.PseudoFunc, 0, 7), {},
			isa.New(isa.CallOp, 0, isa.CallLocal, 0, 7),
			isa.New(isa.AluOp(isa.ClassJmp32, isa.JSGt, isa.SrcK), 0, 0, -4, -1),
			isa.New(isa.AluOp(isa.ClassJmp, isa.JNe, isa.SrcK), 0, 0, -5, 0),
			isa.New(isa.AluOp(isa.ClassJmp, isa.JCond, isa.SrcK), 0, 0, -6, 0),
			isa.New(isa.AluOp(isa.ClassJmp32, isa.JA, isa.SrcK), 0, 0, 0, 0),
			isa.New(isa.ExitOp, 0, 0, 0, 0),
			isa.New(0xb7, 0, 0, 0, 0),
			isa.New(isa.ExitOp, 0, 0, 0, 0),
			isa.New(isa.AluOp(isa.ClassJmp, isa.JA, isa.SrcK), 0, 0, 0, 0),
			isa.New(isa.ExitOp, 0, 0, 0, 0),
		},
		Funcs:  []image.Func{{Name: "first", Global: true}, {Name: "visit", Start: 18, Global: true}, {Name: "helper_like", Start: 20, ExceptionCallback: true}},
		Maps:   []*image.Map{hits, ro},
		Kfuncs: []image.Kfunc{{Name: "bpf_rcu_read_lock"}, {Name: "bpf_rcu_read_unlock", Weak: true, ID: 12}},
		Ksyms:  []image.Ksym{{Name: "runqueues", Weak: true, ID: 3}},
		Lines:  []image.Line{{Slot: 0, File: "dir/first.c", Line: 12, Column: 3, Text: `lock(); /* "x" */`}, {Slot: 17, File: "dir/first.c", Line: 13}},
		Extern: []image.ExternRelo{{Slot: 0, Kind: image.ExternKfunc, Name: "bpf_rcu_read_lock"}, {Slot: 2, Kind: image.ExternTyped, Name: "runqueues", Weak: true}},
	}
	second := &image.Program{
		Name: "second", Type: abi.SchedCLS, Attach: abi.AttachTCXIngress, AttachTo: "eth0", Flags: abi.Sleepable | 0x100, License: "Proprietary",
		Insns: []isa.Insn{
			isa.New(isa.LdImm64, 1, isa.PseudoMapIdx, 0, 1), {},
			isa.New(isa.CallOp, 0, isa.CallKfunc, 2, 0),
			isa.New(isa.ExitOp, 0, 0, 0, 0),
		},
		Funcs:  []image.Func{{Name: "second", Global: true}},
		Maps:   []*image.Map{other, hits},
		Kfuncs: []image.Kfunc{{Name: "own"}},
	}
	want := &image.Collection{
		Name: "all.s", ByteOrder: binary.BigEndian, License: "GPL",
		Programs: []*image.Program{first, second},
		Maps:     []*image.Map{hits, outer, other, progs, ro, ops},
		Variables: []*image.Variable{
			{Name: "limit", Map: ro, Offset: 4, Size: 4, Constant: true, Hidden: true},
			{Name: "other", Map: ro, Offset: 8, Size: 1, Weak: true},
		},
		Kconfig:   []*image.Kconfig{{Name: "CONFIG_HZ", Size: 8, Weak: true}},
		StructOps: []*image.StructOps{{Map: ops, Link: true, Members: map[string]string{"init": "first"}}},
	}
	if d := cmp.Diff(want, got, same); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, p := range got.Programs {
		if err := isa.Validate(p.Insns); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}
