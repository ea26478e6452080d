package isa

import (
	"encoding/binary"
	"testing"
)

// FuzzDecode takes any bytes through text and back: legal slots as
// instructions, others raw.
func FuzzDecode(f *testing.F) {
	for _, row := range Opcodes() {
		i := New(row.Op, 1, Reg(row.Src.A), int16(row.Off.A), row.Imm.A)
		f.Add(Encode([]Insn{i, {Imm: 5}}, binary.LittleEndian))
	}
	f.Add([]byte{0x18, 0, 0, 0, 1, 0, 0, 0})
	f.Add([]byte{0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		insns, err := Decode(b, binary.LittleEndian)
		if err != nil {
			if len(b)%SlotSize == 0 {
				t.Fatal(err)
			}
			return
		}
		if got := Encode(insns, binary.LittleEndian); string(got) != string(b) {
			t.Fatalf("%x becomes %x", b, got)
		}
		legal := Validate(insns) == nil
		for pc := 0; pc < len(insns); pc++ {
			hi := Insn{}
			if insns[pc].IsWide() && pc+1 < len(insns) {
				hi = insns[pc+1]
			}
			text := Format(insns[pc], hi)
			got, err := Parse(text)
			if err != nil || !equal(got, slots(insns[pc], hi)) {
				t.Fatalf("%+v prints as %q, which reads as %+v, %v", insns[pc], text, got, err)
			}
			for _, s := range []Syntax{SyntaxLog, SyntaxLLVM} {
				p := &Printer{Syntax: s}
				if text := p.Format(pc, insns[pc], hi); text == "" {
					t.Fatalf("%+v prints as nothing", insns[pc])
				}
			}
			if insns[pc].IsWide() {
				pc++
			}
			if legal && len(got) == 0 {
				t.Fatal("a legal program lost an instruction")
			}
		}
	})
}

// FuzzParse reads any line; what it takes prints to something that reads as
// the same.
func FuzzParse(f *testing.F) {
	eachSample(func(text string) { f.Add(text) })
	for _, s := range parseErrors {
		f.Add(s.text)
	}
	f.Fuzz(func(t *testing.T, line string) {
		st, err := ParseStatement(line)
		if err != nil || len(st.Insns) == 0 {
			return
		}
		got, err := Parse(line)
		if err != nil {
			if st.Ref.Kind == RefNone {
				t.Fatalf("%q: %v", line, err)
			}
			return
		}
		hi := Insn{}
		if len(got) == 2 {
			hi = got[1]
		}
		if len(got) > 2 || len(got) == 2 && !got[0].IsWide() {
			return // several raw slots
		}
		again, err := Parse(Format(got[0], hi))
		if err != nil {
			t.Fatalf("%q reads as %+v, whose text %q does not: %v", line, got, Format(got[0], hi), err)
		}
		if !equal(again, slots(got[0], hi)) {
			t.Fatalf("%q reads as %+v, prints as %q, reads as %+v", line, got, Format(got[0], hi), again)
		}
	})
}

// eachSample calls f with a text of every row in every dialect.
func eachSample(f func(string)) {
	for _, o := range Opcodes() {
		pick := func(r Rule, v int32) int32 {
			return values(r, []int32{v})[0]
		}
		i := New(o.Op, Reg(pick(o.Dst, 0)), Reg(pick(o.Src, 0)), int16(pick(o.Off, -8)), pick(o.Imm, -5))
		hi := Insn{Imm: pick(o.Hi, 7)}
		for _, s := range []Syntax{SyntaxText, SyntaxLog, SyntaxLLVM} {
			f((&Printer{Syntax: s}).Format(0, i, hi))
		}
	}
}

// FuzzParseListing must neither panic nor make more slots than the text has
// room for.
func FuzzParseListing(f *testing.F) {
	f.Add("a: r0 = 1\nif r0 == 0 goto a\nexit")
	f.Add("0: (18) r1 = 0x1122334455667788\n2: (95) exit")
	f.Add("\"b c\": call \"b c\"\nr1 = x ll\nx: exit")
	f.Fuzz(func(t *testing.T, src string) {
		insns, err := ParseListing(src)
		if err == nil && len(insns) > len(src) {
			t.Fatalf("%d slots of %d bytes", len(insns), len(src))
		}
	})
}
