package opt

import (
	"testing"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// optimized is a program of one function after all passes but those of off.
// Jumps are to indices.
func optimized(off emit.Opt, insns ...ir.Insn) *ir.Program {
	p := &ir.Program{Insns: insns, Funcs: []ir.Func{{End: len(insns), Cost: int32(len(insns))}}, Exception: -1}
	for i := range insns {
		insns[i].Slot = int32(i)
		if insns[i].Op.IsJump() && int(insns[i].Off) <= i {
			insns[i].Flags |= ir.BackEdge
			insns[i].Cost = int32(i + 1 - int(insns[i].Off))
		}
		p.Index = append(p.Index, int32(i))
	}
	return Optimize(p, emit.Options{Off: off})
}

// count is how many instructions of p have one of some operations.
func count(p *ir.Program, ops ...ir.Op) (n int) {
	for i := range p.Insns {
		for _, op := range ops {
			if p.Insns[i].Op == op {
				n++
			}
		}
	}
	return n
}

func TestLoopsWithAKnownNumberOfTurnsDoNotCountThem(t *testing.T) {
	t.Parallel()
	nest := func() []ir.Insn {
		return []ir.Insn{
			{Op: ir.LdU64, Dst: 0, Src: 1},
			{Op: ir.JEq64K, Dst: 0, Imm: 7, Off: 11},
			{Op: ir.Mov64K, Dst: 6, Imm: 0},
			{Op: ir.Mov64K, Dst: 7, Imm: 10}, // 3
			{Op: ir.Add64X, Dst: 0, Src: 7},  // 4
			{Op: ir.Add64K, Dst: 7, Imm: -2},
			{Op: ir.JNe64K, Dst: 7, Imm: 0, Off: 4},
			{Op: ir.Add32K, Dst: 6, Imm: 3},
			{Op: ir.Add64X, Dst: 0, Src: 6},
			{Op: ir.JEq32K, Dst: 6, Imm: 12, Off: 11},
			{Op: ir.JA, Off: 3},
			{Op: ir.Exit},
		}
	}
	p := optimized(0, nest()...)
	spent := int64(0)
	for _, in := range p.Insns {
		if in.Op == ir.Spend {
			spent += in.Imm
		}
		if in.Flags&ir.BackEdge != 0 {
			t.Errorf("%+v counts", in)
		}
	}
	// Four turns outside with a jump of eight instructions after three of them,
	// five turns inside of three.
	if want := int64(3*8 + 4*4*3); spent != want || count(p, ir.Spend) != 1 || count(p, ir.SpendPoll) != 0 || !p.Funcs[0].NoPoll {
		t.Errorf("takes %d in %d places, polls in %d, at the entry %v; want %d", spent, count(p, ir.Spend), count(p, ir.SpendPoll), !p.Funcs[0].NoPoll, want)
	}
	p = optimized(emit.OptFuel, nest()...)
	if count(p, ir.Spend, ir.SpendPoll) != 0 || p.Funcs[0].NoPoll {
		t.Error("takes fuel in other places where that is switched off")
	}
}

func TestLoopsPollWhereNobodyKnowsTheirEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		insns        []ir.Insn
		spend, polls int
	}{
		"a loop without end": {[]ir.Insn{
			{Op: ir.Mov64K, Dst: 0},
			{Op: ir.Add64K, Dst: 0, Imm: 1},
			{Op: ir.JA, Off: 1},
		}, 0, 1},
		"a loop that memory ends": {[]ir.Insn{
			{Op: ir.Mov64K, Dst: 0},
			{Op: ir.LdU64, Dst: 0, Src: 1},
			{Op: ir.JNe64K, Dst: 0, Off: 1},
			{Op: ir.Exit},
		}, 0, 1},
		"a loop that may end early": {[]ir.Insn{
			{Op: ir.Mov64K, Dst: 6, Imm: 0},
			{Op: ir.LdU64, Dst: 0, Src: 1}, // 1
			{Op: ir.JEq64K, Dst: 0, Imm: 5, Off: 5},
			{Op: ir.Add64K, Dst: 6, Imm: 1},
			{Op: ir.JLt64K, Dst: 6, Imm: 100, Off: 1},
			{Op: ir.Exit},
		}, 2, 0},
		"a loop that calls": {[]ir.Insn{
			{Op: ir.Mov64K, Dst: 6, Imm: 0},
			{Op: ir.CallLocal}, // 1
			{Op: ir.Add64K, Dst: 6, Imm: 1},
			{Op: ir.JLt64K, Dst: 6, Imm: 100, Off: 1},
			{Op: ir.Exit},
		}, 0, 1},
		"a long loop": {[]ir.Insn{
			{Op: ir.Mov64K, Dst: 6, Imm: 0},
			{Op: ir.St64X, Dst: 1, Src: 6}, // 1
			{Op: ir.Add64K, Dst: 6, Imm: 1},
			{Op: ir.JLt64K, Dst: 6, Imm: 100_000, Off: 1},
			{Op: ir.Exit},
		}, 0, 1},
	} {
		p := optimized(0, c.insns...)
		spend := count(p, ir.Spend)
		if int(p.Funcs[0].Cost) != len(c.insns) {
			spend++ // at the entry
		}
		if spend != c.spend && c.polls == 0 || count(p, ir.SpendPoll) != c.polls {
			t.Errorf("%s: takes fuel in %d places, polls in %d: %+v", name, spend, count(p, ir.SpendPoll), p.Insns)
		}
	}
}

func TestJumpsAreTurnedRound(t *testing.T) {
	t.Parallel()
	loop := func() []ir.Insn {
		return []ir.Insn{
			{Op: ir.LdU64, Dst: 0, Src: 1},
			{Op: ir.JGt64K, Dst: 0, Imm: 9, Off: 3},
			{Op: ir.JA, Off: 0},
			{Op: ir.Exit},
		}
	}
	if p := optimized(0, loop()...); count(p, ir.JA, ir.JGt64K) != 0 || count(p, ir.JLe64K) != 1 {
		t.Errorf("%+v", p.Insns)
	}
	if p := optimized(emit.OptPlace|emit.OptFuel, loop()...); count(p, ir.JA) != 1 {
		t.Errorf("%+v", p.Insns)
	}
}

func TestInversesOfJumps(t *testing.T) {
	t.Parallel()
	for op := ir.JEq64K; op <= ir.JSLe32X; op++ {
		switch i := inverse(op); {
		case op.Base() == ir.JSet64K:
			if i != ir.Invalid {
				t.Errorf("%d has the inverse %d", op, i)
			}
		case inverse(i) != op || i == op || i.IsK() != op.IsK() || i.Is32() != op.Is32():
			t.Errorf("%d has the inverse %d, which has %d", op, i, inverse(i))
		}
	}
}

// TestLoopsInLoopsPoll wants a poll in a nest whose turns multiply to more than
// may run without one, though no loop of it alone is long.
func TestLoopsInLoopsPoll(t *testing.T) {
	t.Parallel()
	p := optimized(0, []ir.Insn{
		{Op: ir.Mov64K, Dst: 6},
		{Op: ir.Mov64K, Dst: 7}, // 1
		{Op: ir.Mov64K, Dst: 8}, // 2
		{Op: ir.St64X, Dst: 1, Src: 8},
		{Op: ir.Add64K, Dst: 8, Imm: 1}, // 4
		{Op: ir.JNe64K, Dst: 8, Imm: 900, Off: 3},
		{Op: ir.Add64K, Dst: 7, Imm: 1},
		{Op: ir.JNe64K, Dst: 7, Imm: 900, Off: 2},
		{Op: ir.Add64K, Dst: 6, Imm: 1},
		{Op: ir.JNe64K, Dst: 6, Imm: 900, Off: 1},
		{Op: ir.Exit},
	}...)
	depth, deepest := 0, 0
	for i := range p.Insns {
		if in := &p.Insns[i]; in.Op == ir.SpendPoll {
			depth = 0
			for k := range p.Insns {
				if j := &p.Insns[k]; j.Op.IsJump() && int(j.Off) <= i && i < k {
					depth++
				}
			}
			deepest = max(deepest, depth)
		}
	}
	if deepest < 2 {
		t.Errorf("the deepest poll is in %d loops: %+v", deepest, p.Insns)
	}
}

// TestLoopsWithTwoWaysInAreNotCounted builds a loop that is entered in its
// middle as well, where a step is taken more than once in a turn.
func TestLoopsWithTwoWaysInAreNotCounted(t *testing.T) {
	t.Parallel()
	p := optimized(0, []ir.Insn{
		{Op: ir.Mov64K, Dst: 6},
		{Op: ir.LdU64, Dst: 0, Src: 1}, // 1
		{Op: ir.JEq64K, Dst: 0, Imm: 1, Off: 5},
		{Op: ir.Add64K, Dst: 6, Imm: 1}, // 3
		{Op: ir.JA, Off: 6},
		{Op: ir.JA, Off: 3},                      // 5
		{Op: ir.JSet64K, Dst: 0, Imm: 2, Off: 5}, // 6
		{Op: ir.JNe64K, Dst: 6, Imm: 10, Off: 1}, // 7
		{Op: ir.Exit},
	}...)
	polls := count(p, ir.SpendPoll)
	for i := range p.Insns {
		if p.Insns[i].Flags&ir.BackEdge != 0 {
			polls++
		}
	}
	if polls == 0 {
		t.Errorf("%+v", p.Insns)
	}
}
