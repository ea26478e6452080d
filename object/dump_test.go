package object_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/object"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// dump is a collection as text, complete enough that a change of meaning
// changes it.
func dump(c *image.Collection) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s license %q\n", c.Name, c.ByteOrder, c.License)
	for _, m := range c.Maps {
		dumpMap(&b, m, "")
	}
	for _, v := range c.Variables {
		fmt.Fprintf(&b, "var %s: %s+%d size %d", v.Name, v.Map.Name, v.Offset, v.Size)
		for _, f := range []struct {
			set  bool
			name string
		}{{v.Constant, "constant"}, {v.Weak, "weak"}, {v.Hidden, "hidden"}, {v.Type != nil, "typed"}} {
			if f.set {
				fmt.Fprintf(&b, " %s", f.name)
			}
		}
		fmt.Fprintln(&b)
	}
	for _, k := range c.Kconfig {
		fmt.Fprintf(&b, "kconfig %s: +%d size %d weak %t type %v\n", k.Name, k.Offset, k.Size, k.Weak, k.Type)
	}
	for _, s := range c.StructOps {
		var names []string
		for member, prog := range s.Members {
			names = append(names, member+"="+prog)
		}
		slices.Sort(names)
		fmt.Fprintf(&b, "struct_ops %s link %t: %s\n", s.Map.Name, s.Link, strings.Join(names, " "))
	}
	for _, w := range c.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", w)
	}
	for _, p := range c.Programs {
		dumpProgram(&b, p)
	}
	return b.String()
}

func dumpMap(b *bytes.Buffer, m *image.Map, indent string) {
	fmt.Fprintf(b, "%smap %s: type %d key %d value %d entries %d flags %#x extra %#x node %d section %q",
		indent, m.Name, m.Type, m.KeySize, m.ValueSize, m.MaxEntries, uint32(m.Flags), m.Extra, m.NUMANode, m.Section)
	for _, f := range []struct {
		set  bool
		name string
	}{{m.PinByName, "pinned"}, {m.Frozen, "frozen"}, {m.NoAutocreate, "optional"}} {
		if f.set {
			fmt.Fprintf(b, " %s", f.name)
		}
	}
	if m.StructOps != "" {
		fmt.Fprintf(b, " struct %s", m.StructOps)
	}
	if m.Key != nil || m.Value != nil {
		fmt.Fprintf(b, " types %v/%v", m.Key, m.Value)
	}
	fmt.Fprintf(b, "%s\n", strings.Join(append([]string{""}, m.Tags...), " "))
	for _, e := range m.Contents {
		switch {
		case e.Map != nil:
			fmt.Fprintf(b, "%s  %x = map %s\n", indent, e.Key, e.Map.Name)
		case e.Program != "":
			fmt.Fprintf(b, "%s  %x = program %s\n", indent, e.Key, e.Program)
		default:
			fmt.Fprintf(b, "%s  %x = %x\n", indent, e.Key, e.Value)
		}
	}
	if m.Inner != nil {
		dumpMap(b, m.Inner, indent+"  ")
	}
}

func dumpProgram(b *bytes.Buffer, p *image.Program) {
	fmt.Fprintf(b, "\nprogram %s section %q type %d attach %d to %q flags %#x license %q version %#x autoload %t\n",
		p.Name, p.Section, p.Type, p.Attach, p.AttachTo, uint32(p.Flags), p.License, p.Version, p.Autoload)
	if p.Err != nil {
		fmt.Fprintf(b, "  error: %v\n", p.Err)
	}
	for _, tag := range p.Tests {
		fmt.Fprintf(b, "  tag %s\n", tag)
	}
	for i, m := range p.Maps {
		fmt.Fprintf(b, "  map %d = %s\n", i, m.Name)
	}
	for i, k := range p.Kfuncs {
		fmt.Fprintf(b, "  kfunc %d = %s weak %t resolved %t\n", i, k.Name, k.Weak, k.ID != 0)
	}
	for i, k := range p.Ksyms {
		fmt.Fprintf(b, "  ksym %d = %s weak %t resolved %t\n", i, k.Name, k.Weak, k.ID != 0)
	}
	for _, c := range p.CORE {
		fmt.Fprintf(b, "  core %d: kind %d %v at %v\n", c.Slot, c.Kind, c.Type, c.Access)
	}
	for _, e := range p.Extern {
		fmt.Fprintf(b, "  extern %d: kind %d %s weak %t\n", e.Slot, e.Kind, e.Name, e.Weak)
	}
	for i, in := range p.Insns {
		for _, f := range p.Funcs {
			if f.Start == i {
				fmt.Fprintf(b, "  func %s global %t exception %t %v\n", f.Name, f.Global, f.ExceptionCallback, f.Type)
			}
		}
		line := ""
		if l := p.LineAt(i); l != nil && l.Slot == i {
			line = fmt.Sprintf(" ; %s:%d:%d %s", filepath.Base(l.File), l.Line, l.Column, strings.TrimSpace(l.Text))
		}
		fmt.Fprintf(b, "%4d: %02x %02x %04x %08x%s\n", i, uint8(in.Op), in.Regs, uint16(in.Off), uint32(in.Imm), line)
	}
}

// golden holds got against a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got, -update rewrites it):\n%s", path, diff)
	}
}

// ownObjects are the objects that are checked in.
func ownObjects(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.o")
	if err != nil || len(paths) < 10 {
		t.Fatalf("objects in testdata: %v, %v", paths, err)
	}
	return paths
}

func TestOpenGolden(t *testing.T) {
	t.Parallel()
	for _, path := range ownObjects(t) {
		c, err := object.Open(path, nil)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		golden(t, filepath.Base(path), dump(c))
	}
}

func TestOpenIsRepeatable(t *testing.T) {
	t.Parallel()
	for _, path := range ownObjects(t) {
		a, err := object.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := object.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(dump(a), dump(b)); diff != "" {
			t.Errorf("%s opens in two ways:\n%s", path, diff)
		}
		if diff := cmp.Diff(dump(a), dump(a.Clone())); diff != "" {
			t.Errorf("%s: its clone differs:\n%s", path, diff)
		}
	}
}
