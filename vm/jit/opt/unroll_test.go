package opt

import (
	"testing"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// sumOf is a loop that adds up 4-byte numbers, so often.
func sumOf(turns int64) []ir.Insn {
	return []ir.Insn{
		{Op: ir.Mov64K, Dst: 0},
		{Op: ir.Mov64K, Dst: 2},
		{Op: ir.LdIdxU32, Dst: 3, Src: 1, Index: 2, Scale: 2}, // 2
		{Op: ir.Add64X, Dst: 0, Src: 3},
		{Op: ir.Add64K, Dst: 2, Imm: 1},
		{Op: ir.JNe64K, Dst: 2, Imm: turns, Off: 2},
		{Op: ir.Exit},
	}
}

func TestShortLoopsDoSeveralTurnsAtOnce(t *testing.T) {
	t.Parallel()
	off := emit.OptAll &^ (emit.OptFuel | emit.OptUnroll)
	p := optimized(off, sumOf(40)...)
	var offs []int32
	spare := regs(0)
	for _, in := range p.Insns {
		if in.Op == ir.LdIdxU32 {
			offs = append(offs, in.Off)
			spare |= set(in.Dst)
		}
		if in.Op == ir.Add64K && in.Imm != int64(len(offs)) {
			t.Errorf("the index counts %d, with %d loads", in.Imm, len(offs))
		}
	}
	for k, v := range offs {
		if v != int32(4*k) {
			t.Errorf("loads at %v", offs)
			break
		}
	}
	if len(offs) != unrollMost || count(p, ir.Add64K) != 1 || count(p, ir.Add64X) != unrollMost || spare == set(3) {
		t.Errorf("%d loads, %d steps, into %b", len(offs), count(p, ir.Add64K), spare)
	}
	// 31 turns are none to share out: three come before the loop of seven.
	if p := optimized(off, sumOf(31)...); count(p, ir.LdIdxU32) != 3+7 {
		t.Errorf("%d loads", count(p, ir.LdIdxU32))
	}
	for _, p := range []*ir.Program{optimized(off, sumOf(3)...), optimized(off|emit.OptUnroll, sumOf(40)...)} {
		if count(p, ir.LdIdxU32) != 1 {
			t.Errorf("%d loads", count(p, ir.LdIdxU32))
		}
	}
}
