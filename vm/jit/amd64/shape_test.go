package amd64

import (
	"encoding/hex"
	"testing"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// TestTwoOperationsAreOneInstruction compiles pairs, and the same with the
// optimisation switched off.
func TestTwoOperationsAreOneInstruction(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		a, b ir.Insn
		want string // code of both
	}{
		"add eax, [rsi+8]":     {ir.Insn{Op: ir.LdU32, Dst: 3, Src: 2, Off: 8}, ir.Insn{Op: ir.Add32X, Src: 3, Flags: ir.SrcDead}, "034608"},
		"imul rax, [rsi]":      {ir.Insn{Op: ir.LdU64, Dst: 3, Src: 2}, ir.Insn{Op: ir.Mul64X, Src: 3, Flags: ir.SrcDead}, "480faf06"},
		"lea rsi, [rax+5]":     {ir.Insn{Op: ir.Mov64X, Dst: 2}, ir.Insn{Op: ir.Add64K, Dst: 2, Imm: 5}, "488d7005"},
		"lea esi, [rax+rdx]":   {ir.Insn{Op: ir.Mov64X, Dst: 2}, ir.Insn{Op: ir.Add32X, Dst: 2, Src: 3}, "8d3410"},
		"lea esi, [rax+rax*4]": {ir.Insn{Op: ir.Mov32X, Dst: 2}, ir.Insn{Op: ir.Mul32K, Dst: 2, Imm: 5}, "8d3480"},
		"imul esi, eax, 11":    {ir.Insn{Op: ir.Mov32X, Dst: 2}, ir.Insn{Op: ir.Mul32K, Dst: 2, Imm: 11}, "6bf00b"},
		"movzx esi, al":        {ir.Insn{Op: ir.Mov64X, Dst: 2}, ir.Insn{Op: ir.And64K, Dst: 2, Imm: 255}, "0fb6f0"},
	} {
		if got := body(t, 0, c.a, c.b); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if got := body(t, emit.OptShape, c.a, c.b); got == c.want {
			t.Errorf("%s: %s where that is switched off", name, got)
		}
	}
	// add qword ptr [rsi + 8], 1
	three := []ir.Insn{{Op: ir.LdU64, Dst: 3, Src: 2, Off: 8}, {Op: ir.Add64K, Dst: 3, Imm: 1}, {Op: ir.St64X, Dst: 2, Src: 3, Off: 8, Flags: ir.SrcDead}}
	if got := body(t, 0, three...); got != "4883460801" {
		t.Error(got)
	}
	for name, c := range map[string]struct{ a, b ir.Insn }{
		"a load that others read":        {ir.Insn{Op: ir.LdU32, Dst: 3, Src: 2}, ir.Insn{Op: ir.Add32X, Src: 3}},
		"a narrow load":                  {ir.Insn{Op: ir.LdU32, Dst: 3, Src: 2}, ir.Insn{Op: ir.Add64X, Src: 3, Flags: ir.SrcDead}},
		"an operation that is jumped to": {ir.Insn{Op: ir.Mov64X, Dst: 2}, ir.Insn{Op: ir.Add64K, Dst: 2, Imm: 5, Flags: ir.Target}},
		"a copy of the lower half":       {ir.Insn{Op: ir.Mov32X, Dst: 2}, ir.Insn{Op: ir.Add64K, Dst: 2, Imm: 5}},
	} {
		if a, b := body(t, 0, c.a, c.b), body(t, emit.OptShape, c.a, c.b); a != b {
			t.Errorf("%s: %s, want %s", name, a, b)
		}
	}
}

// body is the code of instructions in hexadecimal digits.
func body(t *testing.T, off emit.Opt, insns ...ir.Insn) string {
	t.Helper()
	insns = append(insns, ir.Insn{Op: ir.Exit})
	p := &ir.Program{Insns: insns, Funcs: []ir.Func{{End: len(insns), Cost: 1}}, Exception: -1}
	out, err := Compile(p, emit.Options{Off: off})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(out.Code[out.Starts[0]:out.Starts[len(insns)-1]])
}

// TestArithmeticSetsTheFlagsOfItsJump wants no comparison with zero behind an
// operation that has set the flags.
func TestArithmeticSetsTheFlagsOfItsJump(t *testing.T) {
	t.Parallel()
	sub := ir.Insn{Op: ir.Add64K, Dst: 2, Imm: -1}
	for op, want := range map[ir.Op]bool{
		ir.JNe64K: true, ir.JEq64K: true, ir.JSLt64K: true, ir.JSGe64K: true,
		ir.JNe32K: false, ir.JGt64K: false, ir.JSGt64K: false, ir.JSLe64K: false,
	} {
		j := ir.Insn{Op: op, Dst: 2, Off: 2}
		if got := len(body(t, 0, sub, j)) < len(body(t, emit.OptShape, sub, j)); got != want {
			t.Errorf("op %d: %v", op, got)
		}
	}
}
