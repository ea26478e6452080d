package object_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/google/go-cmp/cmp"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/object"
)

// listing is a program with its references by name, so that the order of its
// tables does not matter. Subprograms are listed by name: loaders order them
// as they like.
func listing(p *image.Program) map[string]string {
	out := make(map[string]string)
	for i, f := range p.Funcs {
		end := len(p.Insns)
		if i+1 < len(p.Funcs) {
			end = p.Funcs[i+1].Start
		}
		var b strings.Builder
		for slot := f.Start; slot < end; slot++ {
			in := p.Insns[slot]
			text := fmt.Sprintf("%02x %02x %04x %08x", uint8(in.Op), in.Regs, uint16(in.Off), uint32(in.Imm))
			fn := func(target int) string { return p.Funcs[p.FuncAt(target)].Name }
			switch {
			case in.Op == isa.CallOp && in.Src() == isa.CallLocal && slot+1+int(in.Imm) < len(p.Insns):
				text = "call " + fn(slot+1+int(in.Imm))
			case in.Imm == -1: // refers to nothing
			case in.Op == isa.CallOp && in.Src() == isa.CallKfunc:
				text = "kfunc " + p.Kfuncs[in.Imm].Name
			case in.IsWide() && in.Src() == isa.PseudoFunc:
				text = "func " + fn(slot+1+int(in.Imm))
			case in.IsWide() && in.Src() == isa.PseudoBTFID:
				text = "ksym " + p.Ksyms[in.Imm].Name
			case in.IsWide() && (in.Src() == isa.PseudoMapIdx || in.Src() == isa.PseudoMapIdxValue):
				text = fmt.Sprintf("map %s +%d", p.Maps[in.Imm].Name, p.Insns[slot+1].Imm)
			}
			if l := p.LineAt(slot); l != nil && l.Slot == slot {
				text += fmt.Sprintf(" ; %s:%d %s", l.File, l.Line, l.Text)
			}
			fmt.Fprintln(&b, text)
		}
		out[f.Name] = b.String()
	}
	return out
}

// specDiff holds our reading of an object against cilium's, "" if they agree.
func specDiff(t *testing.T, path string) (diff string, compared int, err error) {
	t.Helper()
	cs, err := ebpf.LoadCollectionSpec(path)
	if err != nil {
		return "", 0, err
	}
	theirs, err := object.FromSpec(cs)
	if err != nil {
		return "FromSpec: " + err.Error(), 0, nil
	}
	ours, err := object.Open(path, nil)
	if err != nil {
		return "Open: " + err.Error(), 0, nil
	}
	for _, p := range ours.Programs {
		q := theirs.Program(p.Name)
		if q == nil || p.Err != nil || q.Err != nil {
			continue
		}
		compared++
		if d := cmp.Diff(listing(q), listing(p)); d != "" {
			diff += fmt.Sprintf("program %s (-cilium +skep):\n%s", p.Name, d)
		}
		if p.Type != q.Type || p.Attach != q.Attach || p.Flags != q.Flags || p.License != q.License {
			diff += fmt.Sprintf("program %s: cilium %v %v %v %q, skep %v %v %v %q\n", p.Name,
				q.Type, q.Attach, q.Flags, q.License, p.Type, p.Attach, p.Flags, p.License)
		}
		for _, pair := range []struct {
			name string
			a, b int
		}{{"CO-RE relocations", len(q.CORE), len(p.CORE)}, {"kfuncs", len(q.Kfuncs), len(p.Kfuncs)}, {"tags", len(q.Tests), len(p.Tests)}} {
			if pair.a != pair.b {
				diff += fmt.Sprintf("program %s: cilium has %d %s, skep %d\n", p.Name, pair.a, pair.name, pair.b)
			}
		}
	}
	for _, m := range ours.Maps {
		n := theirs.Map(m.Name)
		if n == nil {
			continue
		}
		a := fmt.Sprint(n.Type, n.KeySize, n.ValueSize, n.MaxEntries, n.Extra, n.NUMANode, n.PinByName, len(n.Contents), n.Inner != nil)
		b := fmt.Sprint(m.Type, m.KeySize, m.ValueSize, m.MaxEntries, m.Extra, m.NUMANode, m.PinByName, len(m.Contents), m.Inner != nil)
		if m.Section == "" && a != b {
			diff += fmt.Sprintf("map %s: cilium %s, skep %s\n", m.Name, a, b)
		}
	}
	return diff, compared, nil
}

func TestFromSpecAgreesWithOpen(t *testing.T) {
	t.Parallel()
	refused := map[string]string{
		"globals.bpf.o":     "cilium/ebpf has no .bss sections with names of their own",
		"globals.be.o":      "cilium/ebpf has no .bss sections with names of their own",
		"maps.bpf.o":        "cilium/ebpf has no numa_node",
		"structops.bpf.o":   "cilium/ebpf has no .struct_ops",
		"arena.bpf.o":       "cilium/ebpf has no arena variables",
		"externs.bpf.o":     "cilium/ebpf has no typed kernel symbols",
		"exception.bpf.o":   "cilium/ebpf leaves out exception callbacks",
		"link_a.bpf.o":      "is half a program",
		"link_b.bpf.o":      "is half a program",
		"core_target.bpf.o": "is no program",
		"alone.bpf.o":       "cilium/ebpf takes .text for a library",
	}
	for _, path := range ownObjects(t) {
		if refused[filepath.Base(path)] != "" {
			continue
		}
		diff, n, err := specDiff(t, path)
		if err != nil {
			t.Errorf("%s: cilium/ebpf: %v", path, err)
		} else if diff != "" || n == 0 {
			t.Errorf("%s: %d programs compared\n%s", path, n, diff)
		}
	}
}

func TestFromSpecTakesChanges(t *testing.T) {
	t.Parallel()
	cs, err := ebpf.LoadCollectionSpec("testdata/vars.bpf.o")
	if err != nil {
		t.Fatal(err)
	}
	if err := cs.Variables["limit"].Set(uint32(77)); err != nil {
		t.Fatal(err)
	}
	if err := cs.Variables["total"].Set(uint64(5)); err != nil {
		t.Fatal(err)
	}
	c, err := object.FromSpec(cs)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Map(".rodata").Contents[0].Value[0]; got != 77 {
		t.Errorf("a constant that was set to 77 is %d", got)
	}
	if got := c.Map(".bss").Contents[0].Value[0]; got != 5 {
		t.Errorf("a variable that was set to 5 is %d", got)
	}
	if !c.Map(".rodata").Frozen {
		t.Error(".rodata is not frozen")
	}
}

func TestFromSpecByHand(t *testing.T) {
	t.Parallel()
	cs := &ebpf.CollectionSpec{
		Maps: map[string]*ebpf.MapSpec{
			"counts": {Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1,
				Contents: []ebpf.MapKV{{Key: uint32(0), Value: uint64(9)}}},
			"progs": {Type: ebpf.ProgramArray, KeySize: 4, ValueSize: 4, MaxEntries: 1,
				Contents: []ebpf.MapKV{{Key: uint32(0), Value: "drop"}}},
		},
		Programs: map[string]*ebpf.ProgramSpec{
			"drop": {Type: ebpf.XDP, License: "MIT", Instructions: asm.Instructions{
				asm.LoadMapPtr(asm.R1, 0).WithReference("counts"),
				asm.Mov.Imm(asm.R0, 1),
				asm.JEq.Imm(asm.R0, 0, "out"),
				asm.Call.Label("sub"),
				asm.Return().WithSymbol("out"),
				asm.Mov.Imm(asm.R0, 2).WithSymbol("sub"),
				asm.Return(),
			}},
		},
	}
	c, err := object.FromSpec(cs)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Program("drop")
	if p.Err != nil {
		t.Fatal(p.Err)
	}
	want := []isa.Insn{
		isa.New(isa.LdImm64, 1, isa.PseudoMapIdx, 0, 0), {},
		isa.New(0xb7, 0, 0, 0, 1),
		isa.New(0x15, 0, 0, 1, 0),
		isa.New(isa.CallOp, 0, isa.CallLocal, 0, 1),
		isa.New(isa.ExitOp, 0, 0, 0, 0),
		isa.New(0xb7, 0, 0, 0, 2),
		isa.New(isa.ExitOp, 0, 0, 0, 0),
	}
	if diff := cmp.Diff(want, p.Insns); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(p.Funcs) != 2 || p.Funcs[1].Name != "sub" || p.Funcs[1].Start != 6 {
		t.Errorf("functions %v", p.Funcs)
	}
	if e := c.Map("progs").Contents; len(e) != 1 || e[0].Program != "drop" {
		t.Errorf("program array holds %v", e)
	}
	if e := c.Map("counts").Contents; len(e) != 1 || e[0].Value[0] != 9 {
		t.Errorf("array holds %v", e)
	}
	cs.Programs["drop"].Instructions[0] = asm.LoadMapPtr(asm.R1, 0).WithReference("nowhere")
	if c, err = object.FromSpec(cs); err != nil {
		t.Fatal(err)
	}
	if err := c.Program("drop").Err; err == nil || !strings.Contains(err.Error(), `map "nowhere"`) {
		t.Errorf("a map that is not there gives %v", err)
	}
}

func TestFromSpecOracleObjects(t *testing.T) {
	t.Parallel()
	paths := oracleObjs(t)
	progs, differ, refused := 0, 0, 0
	for _, path := range paths {
		diff, n, err := specDiff(t, path)
		progs += n
		switch {
		case err != nil:
			refused++
		case diff != "":
			differ++
			if os.Getenv("SKEP_ORACLE_VERBOSE") != "" {
				t.Logf("%s:\n%s", filepath.Base(path), diff)
			} else {
				t.Logf("%s: %s", filepath.Base(path), slices.Collect(strings.Lines(diff))[0])
			}
		}
	}
	t.Logf("%d objects, %d refused by cilium/ebpf, %d differ; %d programs compared", len(paths), refused, differ, progs)
}

func TestFromSpecKernelReferences(t *testing.T) {
	t.Parallel()
	cs, err := ebpf.LoadCollectionSpec("testdata/loader.bpf.o")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := object.FromSpec(cs)
	if err != nil {
		t.Fatal(err)
	}
	ours := open(t, "loader.bpf.o")
	voidPtr := &btf.Pointer{Target: (*btf.Void)(nil)}
	target := &object.Target{
		KernelVersion: 5, Kconfig: config(skepConfig),
		KernelTypes: kernelWith(t, &btf.Func{Name: "bpf_cast_to_kern_ctx", Linkage: btf.GlobalFunc,
			Type: &btf.FuncProto{Return: voidPtr, Params: []btf.FuncParam{{Name: "obj", Type: voidPtr}}}}),
		Symbol: func(name string) (uint64, bool) { return 77, name == "init_task" },
	}
	a, b := object.Resolve(theirs, target), object.Resolve(ours, target)
	p, q := a.Program("uses_kernel"), b.Program("uses_kernel")
	if p.Err != nil || q.Err != nil {
		t.Fatal(p.Err, q.Err)
	}
	if diff := cmp.Diff(listing(p), listing(q)); diff != "" {
		t.Errorf("-cilium +skep:\n%s", diff)
	}
	if len(a.Kconfig) != 2 || !cmp.Equal(a.Map(".kconfig").Contents, b.Map(".kconfig").Contents) {
		t.Errorf("configuration %v and %v", a.Map(".kconfig").Contents, b.Map(".kconfig").Contents)
	}
	if len(p.Kfuncs) != 2 || p.Kfuncs[0].Name != "skep_missing_kfunc" || !p.Kfuncs[0].Weak || p.Kfuncs[1].ID == 0 {
		t.Errorf("kernel functions %+v", p.Kfuncs)
	}
}

func TestFromSpecContents(t *testing.T) {
	t.Parallel()
	type pair struct{ A, B uint16 }
	spec := func(m *ebpf.MapSpec) *ebpf.CollectionSpec {
		return &ebpf.CollectionSpec{Maps: map[string]*ebpf.MapSpec{
			"m": m, "inner": {Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1},
		}}
	}
	hash := func(key, value any) *ebpf.MapSpec {
		return &ebpf.MapSpec{Type: ebpf.Hash, KeySize: 4, ValueSize: 4, Contents: []ebpf.MapKV{{Key: key, Value: value}}}
	}
	for _, row := range []struct {
		name string
		m    *ebpf.MapSpec
		want string // value in hex, or the error
	}{
		{"numbers", hash(uint32(1), uint32(258)), "02010000"},
		{"structs", hash(uint32(1), pair{1, 2}), "01000200"},
		{"bytes", hash([]byte{1, 2, 3, 4}, []byte{5, 6, 7, 8}), "05060708"},
		{"text", hash("abcd", "efgh"), "65666768"},
		{"a number of another size", hash(uint32(1), uint64(2)), "has 8 bytes in place of 4"},
		{"bytes of another length", hash([]byte{1}, uint32(1)), "1 bytes in place of 4"},
		{"text of another length", hash("abc", uint32(1)), "3 bytes in place of 4"},
		{"what has no size", hash(1, uint32(1)), "key"},
		{"a live map", hash(uint32(1), &ebpf.Map{}), "loaded into the kernel already"},
		{"a program that is not there", &ebpf.MapSpec{Type: ebpf.ProgramArray, KeySize: 4, ValueSize: 4,
			Contents: []ebpf.MapKV{{Key: uint32(0), Value: "none"}}}, `no program "none"`},
		{"a map that is not there", &ebpf.MapSpec{Type: ebpf.ArrayOfMaps, KeySize: 4, ValueSize: 4,
			Contents: []ebpf.MapKV{{Key: uint32(0), Value: "none"}}}, `no map "none"`},
		{"an inner map", &ebpf.MapSpec{Type: ebpf.ArrayOfMaps, KeySize: 4, ValueSize: 4,
			Contents: []ebpf.MapKV{{Key: uint32(0), Value: "inner"}}}, "map inner"},
	} {
		c, err := object.FromSpec(spec(row.m))
		var got string
		switch {
		case err != nil:
			got = err.Error()
		case c.Map("m").Contents[0].Map != nil:
			got = "map " + c.Map("m").Contents[0].Map.Name
		default:
			got = fmt.Sprintf("%x", c.Map("m").Contents[0].Value)
		}
		if !strings.Contains(got, row.want) {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
	if _, err := object.FromSpec(nil); err == nil {
		t.Error("no spec at all is adapted")
	}
}

func TestFromSpecStructOps(t *testing.T) {
	t.Parallel()
	cs, err := ebpf.LoadCollectionSpec("testdata/oplink.bpf.o")
	if err != nil {
		t.Fatal(err)
	}
	c, err := object.FromSpec(cs)
	if err != nil {
		t.Fatal(err)
	}
	want := open(t, "oplink.bpf.o")
	if len(c.StructOps) != 1 || !cmp.Equal(c.StructOps[0].Members, want.StructOps[0].Members) || !c.StructOps[0].Link {
		t.Errorf("%+v, want %+v", c.StructOps[0], want.StructOps[0])
	}
	if m := c.Map("ops"); m.StructOps != "bpf_dummy_ops" || !cmp.Equal(m.Contents, want.Map("ops").Contents) {
		t.Errorf("%+v, want %+v", m, want.Map("ops"))
	}
	if p, q := c.Program("test_1"), want.Program("test_1"); p.AttachTo != q.AttachTo || p.AttachTo != "bpf_dummy_ops:test_1" {
		t.Errorf("attached to %q and %q", p.AttachTo, q.AttachTo)
	}
}
