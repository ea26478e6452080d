package isa

import (
	"encoding/binary"
	"math"
	"testing"
)

// values are the values that a rule allows, with those at its borders.
func values(r Rule, borders []int32) []int32 {
	switch r.Kind {
	case RuleZero:
		return []int32{0}
	case RuleReg:
		return []int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	case RuleIs:
		return []int32{r.A}
	case RuleOneOf:
		return []int32{r.A, r.B}
	}
	return borders
}

var (
	offBorders = []int32{0, 1, -1, 8, -8, 512, -512, math.MaxInt16, math.MinInt16}
	immBorders = []int32{0, 1, -1, 5, 0x7f, -128, 0xffff, 1 << 16, math.MaxInt32, math.MinInt32}
)

// eachLegal calls f with encodings of every row: all registers, and offsets
// and immediates at their borders.
func eachLegal(f func(o *Opcode, i, hi Insn)) {
	for _, row := range Opcodes() {
		o := row
		his := []int32{0}
		if o.Wide() {
			his = values(o.Hi, immBorders)
		}
		for _, dst := range values(o.Dst, nil) {
			for _, src := range values(o.Src, nil) {
				for _, off := range values(o.Off, offBorders) {
					for _, imm := range values(o.Imm, immBorders) {
						for _, hi := range his {
							f(&o, New(o.Op, Reg(dst), Reg(src), int16(off), imm), Insn{Imm: hi})
						}
					}
				}
			}
		}
	}
}

func slots(i, hi Insn) []Insn {
	if i.IsWide() {
		return []Insn{i, hi}
	}
	return []Insn{i}
}

func equal(a, b []Insn) bool {
	if len(a) != len(b) {
		return false
	}
	for n := range a {
		if a[n] != b[n] {
			return false
		}
	}
	return true
}

func TestEveryLegalEncodingSurvivesTextAndBytes(t *testing.T) {
	t.Parallel()
	n, seen := 0, map[string]bool{}
	eachLegal(func(o *Opcode, i, hi Insn) {
		n++
		seen[o.Name] = true
		want := slots(i, hi)
		if err := Validate(want); err != nil {
			t.Fatalf("%s: %v: %v", o.Name, want, err)
		}
		if got := Lookup(i); got == nil || got.Name != o.Name {
			t.Fatalf("%s: %+v is looked up as %v", o.Name, i, got)
		}
		text := Format(i, hi)
		got, err := Parse(text)
		if err != nil || !equal(got, want) {
			t.Fatalf("%s: %+v prints as %q, which reads as %+v, %v", o.Name, want, text, got, err)
		}
		if again := Format(got[0], hi); again != text {
			t.Fatalf("%s: %q prints again as %q", o.Name, text, again)
		}
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			back, err := Decode(Encode(want, order), order)
			if err != nil || !equal(back, want) {
				t.Fatalf("%s: %+v encodes and decodes as %+v, %v", o.Name, want, back, err)
			}
		}
	})
	if len(seen) != len(opcodes) {
		t.Errorf("%d of %d rows were tried", len(seen), len(opcodes))
	}
	t.Logf("%d encodings of %d rows", n, len(seen))
}

// TestLLVMTextReadsBack leaves out what that dialect cannot say: whether a
// call is local or of a kfunc, and offsets in exit.
func TestLLVMTextReadsBack(t *testing.T) {
	t.Parallel()
	p := &Printer{Syntax: SyntaxLLVM}
	eachLegal(func(o *Opcode, i, hi Insn) {
		if o.Form == FormCallLocal || o.Form == FormCallKfunc || o.Form == FormExit && i.Off != 0 {
			return
		}
		text := p.Format(0, i, hi)
		got, err := Parse(text)
		if err != nil || !equal(got, slots(i, hi)) {
			t.Fatalf("%s: %+v prints as %q, which reads as %+v, %v", o.Name, i, text, got, err)
		}
	})
}

// TestLogTextReadsBack leaves out what the kernel's log does not show.
func TestLogTextReadsBack(t *testing.T) {
	t.Parallel()
	p := &Printer{Syntax: SyntaxLog}
	eachLegal(func(o *Opcode, i, hi Insn) {
		if o.Wide() || o.Form == FormExit && i.Off != 0 || o.Form == FormCallKfunc && i.Off != 0 {
			return
		}
		text := p.Format(0, i, hi)
		got, err := Parse(text)
		if err != nil || !equal(got, slots(i, hi)) {
			t.Fatalf("%s: %+v prints as %q, which reads as %+v, %v", o.Name, i, text, got, err)
		}
	})
}

// TestIllegalEncodingsSurviveAsSlots tries every opcode with every field set
// that its row wants zero or limited.
func TestIllegalEncodingsSurviveAsSlots(t *testing.T) {
	t.Parallel()
	illegal := 0
	for op := range 256 {
		for _, regs := range []uint8{0, 0x01, 0x10, 0x2a, 0x0b, 0xb0, 0xff} {
			for _, off := range []int16{0, 1, 2, 8, 16, 32, -1} {
				for _, imm := range []int32{0, 1, 16, 17, 64, 0x78, 0xf1, 0x100, 1 << 16} {
					i := Insn{Op(op), regs, off, imm}
					for _, hi := range []Insn{{}, {Op: 1}, {Imm: 9}} {
						want := slots(i, hi)
						got, err := Parse(Format(i, hi))
						if err != nil || !equal(got, want) {
							t.Fatalf("%+v prints as %q, which reads as %+v, %v", want, Format(i, hi), got, err)
						}
						if i.Check(hi) != nil {
							illegal++
						}
					}
				}
			}
		}
	}
	if illegal == 0 {
		t.Error("no illegal encoding was tried")
	}
}

func TestTableIsSound(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, o := range Opcodes() {
		if names[o.Name] {
			t.Errorf("two rows are called %s", o.Name)
		}
		names[o.Name] = true
		if o.Form == 0 || o.Since == 0 {
			t.Errorf("%s: no form or version", o.Name)
		}
		if o.Dst.Kind == RuleIs {
			t.Errorf("%s: rows are not told apart by dst", o.Name)
		}
		if o.Linux == 0 && o.Group == NoGroup {
			t.Errorf("%s: an extension needs its release", o.Name)
		}
	}
	// A field that tells rows apart does so in all rows of the opcode.
	for op := range 256 {
		rows := rowsOf(Op(op))
		for n, a := range rows {
			for _, b := range rows[n+1:] {
				if !(a.Src.Kind == RuleIs && b.Src.Kind == RuleIs && a.Src.A != b.Src.A ||
					a.Off.Kind == RuleIs && b.Off.Kind == RuleIs && a.Off.A != b.Off.A ||
					a.Imm.Kind == RuleIs && b.Imm.Kind == RuleIs && a.Imm.A != b.Imm.A) {
					t.Errorf("%s and %s are not told apart", a.Name, b.Name)
				}
			}
		}
	}
}

func TestReleasesAndNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		since        Version
		known, first Release
	}{
		{"add64_imm", V1, 0, 0},
		{"sdiv64_reg", V4, rel(6, 5), rel(6, 6)},
		{"may_goto", V1, rel(6, 8), rel(6, 9)},
		{"load_acquire8", V4, rel(6, 14), rel(6, 15)},
		{"gotox", V4, rel(6, 18), rel(6, 19)},
	} {
		o := OpcodeByName(c.name)
		if o == nil || o.Since != c.since || !o.KnownTo(c.first) || c.first > 0 && o.KnownTo(c.known) {
			t.Errorf("%s: %+v", c.name, o)
		}
	}
	if o := OpcodeByName("callx"); o.KnownTo(rel(99, 0)) {
		t.Error("no Linux has callx")
	}
	if OpcodeByName("nothing") != nil {
		t.Error("there is no instruction called nothing")
	}
	for name, want := range map[string]string{
		"counts": "counts", ".rodata": ".rodata", "r1": `"r1"`, "rx": "rx", "1st": `"1st"`, "": `""`, "be16": `"be16"`, "map": `"map"`, "a b": `"a b"`,
	} {
		if got := QuoteName(name); got != want {
			t.Errorf("%q becomes %s, want %s", name, got, want)
		}
	}
}
