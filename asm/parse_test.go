package asm

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestProgramIsLinkedIntoOneArray(t *testing.T) {
	t.Parallel()
	c, err := Parse("counter.s", read(t, "counter.s"))
	if err != nil {
		t.Fatal(err)
	}
	p := c.Program("count")
	m := c.Map("counts")
	if p == nil || m == nil || len(c.Programs) != 1 || len(c.Maps) != 1 {
		t.Fatalf("programs %v, maps %v", c.Programs, c.Maps)
	}
	want := &image.Map{Name: "counts", Type: abi.Array, KeySize: 4, ValueSize: 8, MaxEntries: 256}
	if d := cmp.Diff(want, m); d != "" {
		t.Errorf("map (-want +got):\n%s", d)
	}
	if p.Type != abi.XDP || p.Section != "xdp" || p.License != "Dual MIT/GPL" || !p.Autoload {
		t.Errorf("type %d, section %q, license %q, autoload %v", p.Type, p.Section, p.License, p.Autoload)
	}
	if len(p.Maps) != 1 || p.Maps[0] != m {
		t.Errorf("maps %v", p.Maps)
	}
	funcs := []image.Func{{Name: "count", Global: true}, {Name: "bump", Start: 17}}
	if d := cmp.Diff(funcs, p.Funcs); d != "" {
		t.Errorf("functions (-want +got):\n%s", d)
	}
	code := []isa.Insn{
		isa.New(0x61, 2, 1, 0, 0),
		isa.New(0x61, 3, 1, 4, 0),
		isa.New(0xbf, 1, 2, 0, 0),
		isa.New(0x07, 1, 0, 0, 1),
		isa.New(0x2d, 1, 3, 10, 0),
		isa.New(0x71, 2, 2, 0, 0),
		isa.New(0x63, 10, 2, -4, 0),
		isa.New(0xbf, 2, 10, 0, 0),
		isa.New(0x07, 2, 0, 0, -4),
		isa.New(0x18, 1, isa.PseudoMapIdx, 0, 0),
		{},
		isa.New(0x85, 0, 0, 0, 1),
		isa.New(0x15, 0, 0, 2, 0),
		isa.New(0xbf, 1, 0, 0, 0),
		isa.New(0x85, 0, isa.CallLocal, 0, 2),
		isa.New(0xb7, 0, 0, 0, 2),
		isa.New(0x95, 0, 0, 0, 0),
		isa.New(0xb7, 2, 0, 0, 1),
		isa.New(0xdb, 1, 2, 0, 0),
		isa.New(0xb7, 0, 0, 0, 0),
		isa.New(0x95, 0, 0, 0, 0),
	}
	if d := cmp.Diff(code, p.Insns); d != "" {
		t.Errorf("instructions (-want +got):\n%s", d)
	}
	if err := isa.Validate(p.Insns); err != nil {
		t.Error(err)
	}
}
