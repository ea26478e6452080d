package image_test

import (
	"testing"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

func TestFuncAt(t *testing.T) {
	t.Parallel()
	p := &image.Program{Funcs: []image.Func{{Name: "a"}, {Name: "b", Start: 3}, {Name: "c", Start: 4}}}
	for slot, want := range map[int]int{0: 0, 2: 0, 3: 1, 4: 2, 100: 2} {
		if got := p.FuncAt(slot); got != want {
			t.Errorf("slot %d is in function %d, want %d", slot, got, want)
		}
	}
	if got := new(image.Program).FuncAt(5); got != 0 {
		t.Errorf("without functions: %d", got)
	}
}

func TestLineAt(t *testing.T) {
	t.Parallel()
	p := &image.Program{Lines: []image.Line{{Slot: 1, Line: 10}, {Slot: 4, Line: 40}}}
	if l := p.LineAt(0); l != nil {
		t.Errorf("before the first line: %v", l)
	}
	for slot, want := range map[int]int{1: 10, 3: 10, 4: 40, 99: 40} {
		if l := p.LineAt(slot); l == nil || l.Line != want {
			t.Errorf("slot %d: %v, want line %d", slot, l, want)
		}
	}
}

// family is a collection whose parts refer to each other in every way.
func family() *image.Collection {
	inner := &image.Map{Name: "inner", MaxEntries: 1}
	outer := &image.Map{Name: "outer", Inner: &image.Map{Name: "template"},
		Contents: []image.Entry{{Key: []byte{0}, Map: inner}}}
	data := &image.Map{Name: ".data", Section: ".data",
		Contents: []image.Entry{{Key: []byte{0}, Value: []byte{1, 2}}}}
	ops := &image.Map{Name: "ops", StructOps: "some_ops"}
	return &image.Collection{
		Maps: []*image.Map{inner, outer, data, ops},
		Programs: []*image.Program{
			{Name: "a", Maps: []*image.Map{outer, data}, Insns: []isa.Insn{{Imm: 1}}},
			{Name: "b", Maps: []*image.Map{data}},
		},
		Variables: []*image.Variable{{Name: "v", Map: data, Offset: 1, Size: 1}},
		StructOps: []*image.StructOps{{Map: ops, Members: map[string]string{"f": "a"}}},
	}
}

func TestFindByName(t *testing.T) {
	t.Parallel()
	c := family()
	if c.Program("b") != c.Programs[1] || c.Program("z") != nil {
		t.Error("programs are not found by name")
	}
	if c.Map(".data") != c.Maps[2] || c.Map("z") != nil {
		t.Error("maps are not found by name")
	}
}

func TestCloneIsDeep(t *testing.T) {
	t.Parallel()
	c := family()
	d := c.Clone()
	for i, m := range d.Maps {
		if m == c.Maps[i] {
			t.Errorf("map %s is shared", m.Name)
		}
	}
	data := d.Map(".data")
	if d.Programs[0].Maps[1] != data || d.Programs[1].Maps[0] != data || d.Variables[0].Map != data {
		t.Error("parts of the clone do not share its map")
	}
	if d.Map("outer").Contents[0].Map != d.Map("inner") || d.StructOps[0].Map != d.Map("ops") {
		t.Error("maps of the clone refer to the original's")
	}
	data.Contents[0].Value[0] = 9
	d.Programs[0].Insns[0].Imm = 9
	d.StructOps[0].Members["f"] = "b"
	d.Map("outer").Inner.Name = "changed"
	d.Variables[0].Offset = 9
	if c.Map(".data").Contents[0].Value[0] != 1 || c.Programs[0].Insns[0].Imm != 1 ||
		c.StructOps[0].Members["f"] != "a" || c.Map("outer").Inner.Name != "template" || c.Variables[0].Offset != 1 {
		t.Error("a change of the clone reaches the original")
	}
}

func TestProgramCloneKeepsMaps(t *testing.T) {
	t.Parallel()
	p := family().Programs[0]
	q := p.Clone()
	q.Insns[0].Imm = 9
	if p.Insns[0].Imm != 1 {
		t.Error("a change of the clone's code reaches the original")
	}
	if q.Maps[0] != p.Maps[0] {
		t.Error("the clone has maps of its own")
	}
	q.Maps[0] = nil
	if p.Maps[0] == nil {
		t.Error("the clone shares the table of maps")
	}
}
