package isa

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"
)

// golden is a line of a golden file: bytes, and the text of one instruction.
type golden struct {
	insns []Insn
	text  string
	line  int
}

func readGolden(t *testing.T, name string) []golden {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []golden
	sc := bufio.NewScanner(f)
	for n := 1; sc.Scan(); n++ {
		if strings.HasPrefix(sc.Text(), "#") {
			continue
		}
		code, text, ok := strings.Cut(sc.Text(), "\t")
		b, err := hex.DecodeString(code)
		if !ok || err != nil {
			t.Fatalf("%s:%d: %q, %v", name, n, sc.Text(), err)
		}
		insns, err := Decode(b, binary.LittleEndian)
		if err != nil {
			t.Fatalf("%s:%d: %v", name, n, err)
		}
		out = append(out, golden{insns, text, n})
	}
	if err := sc.Err(); err != nil || len(out) == 0 {
		t.Fatal("nothing read", err)
	}
	return out
}

func (g golden) pair() (i, hi Insn) {
	if len(g.insns) == 2 {
		return g.insns[0], g.insns[1]
	}
	return g.insns[0], Insn{}
}

func TestTextIsTheKernelsOwn(t *testing.T) {
	t.Parallel()
	names := map[int32]string{1: "bpf_map_lookup_elem", 5: "bpf_ktime_get_ns"}
	p := &Printer{
		Syntax: SyntaxLog,
		Helper: func(id int32) string { return names[id] },
		Kfunc:  func(int32, int16) string { return "bpf_rcu_read_lock" },
	}
	seen := map[string]bool{}
	for _, g := range readGolden(t, "kernel-6.18.txt") {
		i, hi := g.pair()
		if got := p.Format(0, i, hi); got != g.text {
			t.Errorf("line %d: %x prints as %q, Linux says %q", g.line, Encode(g.insns, binary.LittleEndian), got, g.text)
		}
		if o := Lookup(i); o != nil {
			seen[o.Name] = true
		}
		legal := Validate(g.insns) == nil
		line := g.text
		if i.IsWide() {
			line = "(18) " + line // the log's opcode tells it from a plain move
		}
		got, err := ParseListing("0: " + line + "  ; R0=1")
		if legal && (err != nil || !equal(got, g.insns)) && i.Op != CallOp {
			t.Errorf("line %d: %q reads as %+v, %v", g.line, g.text, got, err)
		}
	}
	// What the kernel prints by address or does not know.
	for _, o := range Opcodes() {
		switch o.Form {
		case FormMap, FormMapValue, FormKsym, FormFunc, FormCallX, FormGotoX:
			continue
		}
		if !seen[o.Name] {
			t.Errorf("no line shows %s", o.Name)
		}
	}
}

func TestTextIsLLVMsOwn(t *testing.T) {
	t.Parallel()
	p := &Printer{Syntax: SyntaxLLVM}
	for _, g := range readGolden(t, "llvm-19.txt") {
		i, hi := g.pair()
		want := g.text
		if n := strings.LastIndex(want, " <"); strings.HasSuffix(want, ">") {
			want = want[:n] // LLVM repeats the target as a symbol
		}
		if got := p.Format(0, i, hi); got != want {
			t.Errorf("line %d: %x prints as %q, LLVM says %q", g.line, Encode(g.insns, binary.LittleEndian), got, want)
		}
		got, err := Parse(g.text)
		if err != nil || !equal(got, g.insns) {
			t.Errorf("line %d: %q reads as %+v, %v", g.line, g.text, got, err)
		}
	}
}

func TestRefusalsAreTheKernelsOwn(t *testing.T) {
	t.Parallel()
	refused := map[string]bool{}
	for _, g := range readGolden(t, "refused-6.18.txt") {
		err := Validate(g.insns)
		var e *EncodingError
		if !errors.As(err, &e) || e.Linux != g.text || e.Reason == "" || e.Slot != 0 {
			t.Errorf("line %d: %x: %v, Linux says %q", g.line, Encode(g.insns, binary.LittleEndian), err, g.text)
			continue
		}
		refused[e.Field] = true
		if got, err := Parse(FormatSlots(g.insns...)); err != nil || !equal(got, g.insns) {
			t.Errorf("line %d: raw slots read as %+v, %v", g.line, got, err)
		}
	}
	for _, f := range []string{"opcode", "dst", "src", "offset", "imm"} {
		if !refused[f] {
			t.Errorf("no line is refused for its %s", f)
		}
	}
}

func TestWideInstructionsNeedTheirSecondSlot(t *testing.T) {
	t.Parallel()
	first := New(LdImm64, R1, 0, 0, 1)
	for _, c := range []struct {
		insns  []Insn
		slot   int
		reason string
	}{
		{[]Insn{first}, 0, "no second slot"},
		{[]Insn{New(ExitOp, 0, 0, 0, 0), first}, 1, "no second slot"},
		{[]Insn{first, New(ExitOp, 0, 0, 0, 0)}, 0, "may hold an immediate only"},
		{[]Insn{first, {Off: 1}}, 0, "may hold an immediate only"},
		{[]Insn{first, {Regs: 1}}, 0, "may hold an immediate only"},
		{[]Insn{New(LdImm64, R1, PseudoMapFD, 0, 1), {Imm: 1}}, 0, "imm of the second slot is reserved"},
		{[]Insn{New(LdImm64, R1, 9, 0, 1), {}}, 0, "src 9 has no meaning"},
		{[]Insn{first, {}, {}}, 2, "unknown opcode 00"},
	} {
		var e *EncodingError
		if err := Validate(c.insns); !errors.As(err, &e) || e.Slot != c.slot || !strings.Contains(e.Reason, c.reason) {
			t.Errorf("%v: %v; want slot %d, %q", c.insns, err, c.slot, c.reason)
		}
	}
}
