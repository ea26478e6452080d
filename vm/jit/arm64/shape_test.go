package arm64

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// body is the code of instructions, a word after the other.
func body(t *testing.T, off emit.Opt, insns ...ir.Insn) []string {
	t.Helper()
	insns = append(insns, ir.Insn{Op: ir.Exit})
	p := &ir.Program{Insns: insns, Funcs: []ir.Func{{End: len(insns), Cost: 1, StackDepth: 512}}, Exception: -1}
	out, err := Compile(p, emit.Options{Off: off})
	if err != nil {
		t.Fatal(err)
	}
	code := out.Code[out.Starts[0]:out.Starts[len(insns)-1]]
	var words []string
	for ; len(code) > 0; code = code[4:] {
		words = append(words, hex.EncodeToString(code[:4]))
	}
	return words
}

// assembled is the words of instructions, which TestEncodingsAreWhatTheyWere holds.
func assembled(t *testing.T, lines ...func(e *encoder)) []string {
	t.Helper()
	var words []string
	for _, f := range lines {
		var e encoder
		f(&e)
		words = append(words, hex.EncodeToString(e.Code))
	}
	return words
}

// TestOperationsPutTogether compiles sequences, and the same with the
// optimisation switched off, and with something that forbids it.
func TestOperationsPutTogether(t *testing.T) {
	t.Parallel()
	const dead = ir.SrcDead
	for _, c := range []struct {
		name  string
		insns []ir.Insn
		want  func(e *encoder)
	}{
		{"a copy and an addition", []ir.Insn{{Op: ir.Mov64X, Dst: 2, Src: 3}, {Op: ir.Add64X, Dst: 2, Src: 4}},
			func(e *encoder) { e.arithRR(true, add, x2, x3, x4) }},
		{"a copy and its square", []ir.Insn{{Op: ir.Mov32X, Dst: 2, Src: 3}, {Op: ir.Mul32X, Dst: 2, Src: 2}},
			func(e *encoder) { e.mulRR(false, x2, x3, x3) }},
		{"a copy and a shift", []ir.Insn{{Op: ir.Mov64X, Dst: 2, Src: 3}, {Op: ir.Rsh64K, Dst: 2, Imm: 7}},
			func(e *encoder) { e.lsrRI(true, x2, x3, 7) }},
		{"a shift and an addition", []ir.Insn{{Op: ir.Lsh64K, Dst: 2, Imm: 3}, {Op: ir.Add64X, Dst: 1, Src: 2, Flags: dead}},
			func(e *encoder) { e.arithShifted(true, add, x1, x1, x2, lsl, 3) }},
		{"h ^= h >> 16", []ir.Insn{{Op: ir.Mov32X, Dst: 2, Src: 1}, {Op: ir.Rsh32K, Dst: 2, Imm: 16}, {Op: ir.Xor32X, Dst: 1, Src: 2, Flags: dead}},
			func(e *encoder) { e.logicShifted(false, eor, x1, x1, x1, lsr, 16) }},
		{"a rotate and an exclusive or", []ir.Insn{{Op: ir.Rol64K, Dst: 2, Src: 3, Imm: 13}, {Op: ir.Xor64X, Dst: 1, Src: 2, Flags: dead}},
			func(e *encoder) { e.logicShifted(true, eor, x1, x1, x3, ror, 51) }},
		{"a field of bits", []ir.Insn{{Op: ir.Rsh64K, Dst: 2, Imm: 9}, {Op: ir.And64K, Dst: 2, Imm: 0x7f}},
			func(e *encoder) { e.fieldRI(true, ubfm, x2, x2, 9, 15) }},
		{"a field of bits of another register", []ir.Insn{{Op: ir.Mov64X, Dst: 2, Src: 5}, {Op: ir.Rsh64K, Dst: 2, Imm: 60}, {Op: ir.And64K, Dst: 2, Imm: 0xff}},
			func(e *encoder) { e.fieldRI(true, ubfm, x2, x5, 60, 63) }},
		{"a product that is added", []ir.Insn{{Op: ir.Mul64X, Dst: 2, Src: 3}, {Op: ir.Add64X, Dst: 4, Src: 2, Flags: dead}},
			func(e *encoder) { e.maddRR(true, x4, x2, x3, x4) }},
		{"a product that is taken off", []ir.Insn{{Op: ir.Mul32X, Dst: 2, Src: 3}, {Op: ir.Sub32X, Dst: 4, Src: 2, Flags: dead}},
			func(e *encoder) { e.msubRR(false, x4, x2, x3, x4) }},
		{"two loads", []ir.Insn{{Op: ir.LdU64, Dst: 2, Src: 1, Off: 8}, {Op: ir.LdU64, Dst: 3, Src: 1, Off: 16}},
			func(e *encoder) { e.pair(ldp, x2, x3, x1, 8) }},
		{"two loads, the second below", []ir.Insn{{Op: ir.LdU32, Dst: 2, Src: 1, Off: 8}, {Op: ir.LdU32, Dst: 3, Src: 1, Off: 4}},
			func(e *encoder) { e.pair4(ldp4, x3, x2, x1, 4) }},
		{"two stores, one of zeros", []ir.Insn{{Op: ir.St64X, Dst: 10, Src: 3, Off: -8}, {Op: ir.St64K, Dst: 10, Off: -16}},
			func(e *encoder) { e.pair(stp, zr, x3, x23, -16) }},
	} {
		want := strings.Join(assembled(t, c.want), " ")
		if got := strings.Join(body(t, 0, c.insns...), " "); got != want {
			t.Errorf("%s: %s, want %s", c.name, got, want)
		}
		if n := len(body(t, emit.OptShape, c.insns...)); n != len(c.insns) {
			t.Errorf("%s: %d instructions where that is switched off", c.name, n)
		}
		last := len(c.insns) - 1
		c.insns[last].Flags = c.insns[last].Flags&^dead | ir.Target
		if got := strings.Join(body(t, 0, c.insns...), " "); got == want {
			t.Errorf("%s: something jumps to the last", c.name)
		}
	}
}

// TestOperationsLeftApart wants as many instructions as operations.
func TestOperationsLeftApart(t *testing.T) {
	t.Parallel()
	const dead = ir.SrcDead
	for name, insns := range map[string][]ir.Insn{
		"a shift that others read":          {{Op: ir.Lsh64K, Dst: 2, Imm: 3}, {Op: ir.Add64X, Dst: 1, Src: 2}},
		"a shift of another width":          {{Op: ir.Lsh32K, Dst: 2, Imm: 3}, {Op: ir.Add64X, Dst: 1, Src: 2, Flags: dead}},
		"a rotate that is added":            {{Op: ir.Rol64K, Dst: 2, Src: 3, Imm: 3}, {Op: ir.Add64X, Dst: 1, Src: 2, Flags: dead}},
		"a copy of the lower half":          {{Op: ir.Mov32X, Dst: 2, Src: 3}, {Op: ir.Add64X, Dst: 2, Src: 4}},
		"a mask with holes":                 {{Op: ir.Rsh64K, Dst: 2, Imm: 3}, {Op: ir.And64K, Dst: 2, Imm: 6}},
		"a load of the base":                {{Op: ir.LdU64, Dst: 1, Src: 1}, {Op: ir.LdU64, Dst: 3, Src: 1, Off: 8}},
		"two loads of one register":         {{Op: ir.LdU64, Dst: 2, Src: 1}, {Op: ir.LdU64, Dst: 2, Src: 1, Off: 8}},
		"loads that are not side by side":   {{Op: ir.LdU64, Dst: 2, Src: 1}, {Op: ir.LdU64, Dst: 3, Src: 1, Off: 12}},
		"loads at an offset with a rest":    {{Op: ir.LdU64, Dst: 2, Src: 1, Off: 4}, {Op: ir.LdU64, Dst: 3, Src: 1, Off: 12}},
		"stores of different sizes":         {{Op: ir.St64X, Dst: 1, Src: 3}, {Op: ir.St32X, Dst: 1, Src: 3, Off: 8}},
		"stores beyond the reach of a pair": {{Op: ir.St64X, Dst: 1, Src: 3, Off: 512}, {Op: ir.St64X, Dst: 1, Src: 3, Off: 520}},
	} {
		if got := body(t, 0, insns...); len(got) != len(insns) {
			t.Errorf("%s: %d instructions of %d", name, len(got), len(insns))
		}
	}
}
