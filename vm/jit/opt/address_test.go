package opt

import (
	"testing"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

func TestSumsBecomePartsOfAccesses(t *testing.T) {
	t.Parallel()
	insns := func() []ir.Insn {
		return []ir.Insn{
			{Op: ir.LdU32, Dst: 2, Src: 1},
			{Op: ir.Mov64X, Dst: 3, Src: 2},
			{Op: ir.Lsh64K, Dst: 3, Imm: 2},
			{Op: ir.Mov64X, Dst: 4, Src: 10},
			{Op: ir.Add64K, Dst: 4, Imm: -64},
			{Op: ir.Add64X, Dst: 4, Src: 3},
			{Op: ir.St32X, Dst: 4, Src: 2, Off: 4},
			{Op: ir.LdS16, Dst: 0, Src: 4, Off: 8},
			{Op: ir.Mov64X, Dst: 5, Src: 1},
			{Op: ir.Add64K, Dst: 5, Imm: 16},
			{Op: ir.St8K, Dst: 5, Imm: 7, Off: 1},
			{Op: ir.Exit},
		}
	}
	off := emit.OptAll &^ (emit.OptAddress | emit.OptDead)
	p := optimized(off, insns()...)
	want := []ir.Insn{
		{Op: ir.LdU32, Dst: 2, Src: 1},
		{Op: ir.StIdx32X, Dst: 10, Src: 2, Index: 2, Scale: 2, Off: -60},
		{Op: ir.LdIdxS16, Dst: 0, Src: 10, Index: 2, Scale: 2, Off: -56},
		{Op: ir.St8K, Dst: 1, Imm: 7, Off: 17},
		{Op: ir.Exit},
	}
	if len(p.Insns) != len(want) {
		t.Fatalf("%+v", p.Insns)
	}
	for i, w := range want {
		got := p.Insns[i]
		got.Slot, got.Flags = 0, 0
		if got != w {
			t.Errorf("%d: %+v, want %+v", i, got, w)
		}
	}
	if p := optimized(off|emit.OptAddress, insns()...); len(p.Insns) != len(insns()) {
		t.Errorf("%d instructions where that is switched off", len(p.Insns))
	}
	// A sum that somebody else reads stays, and so do accesses by it.
	kept := insns()
	kept[11] = ir.Insn{Op: ir.Mov64X, Dst: 0, Src: 4}
	if p := optimized(off, append(kept, ir.Insn{Op: ir.Exit})...); count(p, ir.StIdx32X, ir.LdIdxS16) != 0 {
		t.Errorf("%+v", p.Insns)
	}
}
