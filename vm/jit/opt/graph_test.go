package opt

import (
	"slices"
	"testing"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// graphOf is the graph of a function with these instructions.
func graphOf(insns ...ir.Insn) *function {
	p := &ir.Program{Insns: insns, Funcs: []ir.Func{{End: len(insns)}}}
	return build(p, 0, slices.Clone(insns))
}

func TestBlocksAndTheirEdges(t *testing.T) {
	t.Parallel()
	type edges struct {
		succs [2]int
		preds []int
	}
	ja := func(to int32) ir.Insn { return ir.Insn{Op: ir.JA, Off: to} }
	jeq := func(to int32) ir.Insn { return ir.Insn{Op: ir.JEq64K, Off: to} }
	add, exit := ir.Insn{Op: ir.Add64K}, ir.Insn{Op: ir.Exit}
	for name, c := range map[string]struct {
		insns []ir.Insn
		want  []edges
	}{
		"a straight function is one block": {
			[]ir.Insn{add, add, exit}, []edges{{[2]int{none, none}, nil}},
		},
		"a branch has two ways, which meet": {
			[]ir.Insn{jeq(3), add, ja(4), add, exit},
			[]edges{{[2]int{1, 2}, nil}, {[2]int{3, none}, []int{0}}, {[2]int{3, none}, []int{0}}, {[2]int{none, none}, []int{1, 2}}},
		},
		"a jump to what follows is one edge": {
			[]ir.Insn{jeq(1), exit}, []edges{{[2]int{1, none}, nil}, {[2]int{none, none}, []int{0}}},
		},
		"a block may lead to itself, at the entry too": {
			[]ir.Insn{jeq(0), exit}, []edges{{[2]int{1, 0}, []int{0}}, {[2]int{none, none}, []int{0}}},
		},
		"a loop may have two entries": {
			[]ir.Insn{jeq(3), add, jeq(5), add, jeq(1), exit},
			[]edges{
				{[2]int{1, 2}, nil},
				{[2]int{2, 3}, []int{0, 2}},
				{[2]int{3, 1}, []int{0, 1}},
				{[2]int{none, none}, []int{1, 2}},
			},
		},
		"what nothing leads to has no edges to others": {
			[]ir.Insn{ja(2), add, exit}, []edges{{[2]int{2, none}, nil}, {[2]int{2, none}, nil}, {[2]int{none, none}, []int{0}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := graphOf(c.insns...)
			if len(f.blocks) != len(c.want) {
				t.Fatalf("%d blocks, want %d", len(f.blocks), len(c.want))
			}
			for i, want := range c.want {
				b := &f.blocks[i]
				preds := slices.Clone(b.preds)
				slices.Sort(preds)
				if b.succs() != want.succs || !slices.Equal(preds, want.preds) {
					t.Errorf("block %d: to %v, from %v; want %v, %v", i, b.succs(), preds, want.succs, want.preds)
				}
			}
		})
	}
}

func TestAnEmptyFunctionStaysEmpty(t *testing.T) {
	t.Parallel()
	p := &ir.Program{
		Insns: []ir.Insn{{Op: ir.Exit}, {Op: ir.Exit}},
		Funcs: []ir.Func{{End: 1}, {Start: 1, End: 1}, {Start: 1, End: 2}}, Index: []int32{0, 1}, Exception: -1,
	}
	q := Optimize(p, emit.Options{})
	if len(q.Funcs) != 3 || q.Funcs[1].Start != q.Funcs[1].End || len(q.Insns) != 2 || q.Funcs[2].Start != 1 {
		t.Errorf("%+v\n%s", q.Funcs, text(q))
	}
}

// TestJumpsKeepWhatTheyCost checks that merging and layout neither lose nor add
// to the fuel of jumps that lead back.
func TestJumpsKeepWhatTheyCost(t *testing.T) {
	t.Parallel()
	for name, insns := range map[string][]ir.Insn{
		"a loop of one block":   {{Op: ir.Add64K, Dst: 1, Imm: 1}, {Op: ir.JLt64X, Dst: 1, Src: 2, Off: 0}, {Op: ir.Exit}},
		"a loop without an end": {{Op: ir.St64X, Dst: 1, Src: 2}, {Op: ir.JA, Off: 0}},
		"a jump back to what follows it in the layout": {
			{Op: ir.JA, Off: 3}, {Op: ir.St64X, Dst: 1, Src: 2}, {Op: ir.Exit}, {Op: ir.St64X, Dst: 2, Src: 1}, {Op: ir.JA, Off: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := 0
			p := optimized(emit.OptFuel, insns...) // sets the costs in insns
			for i := range insns {
				want += int(insns[i].Cost)
			}
			got := 0
			for i := range p.Insns {
				if in := &p.Insns[i]; in.Flags&ir.BackEdge != 0 {
					got += int(in.Cost)
				} else if in.Cost != 0 {
					t.Errorf("instruction %d costs something and leads nowhere back", i)
				}
			}
			if got != want || want == 0 {
				t.Errorf("jumps cost %d, want %d\n%s", got, want, text(p))
			}
		})
	}
}

func TestJumpsLeadToTargets(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		q := Optimize(randomProgram(seed), emit.Options{})
		targets := make([]bool, len(q.Insns)+1)
		for i := range q.Insns {
			in := &q.Insns[i]
			f := &q.Funcs[q.FuncAt(i)]
			if !in.Op.IsJump() {
				continue
			}
			if int(in.Off) < f.Start || int(in.Off) >= f.End {
				t.Fatalf("seed %d: jump %d leads to %d, out of %+v", seed, i, in.Off, *f)
			}
			targets[in.Off] = true
		}
		for i := range q.Insns {
			if is := q.Insns[i].Flags&ir.Target != 0; is != targets[i] {
				t.Fatalf("seed %d: instruction %d is a target: %v, and is said to be: %v", seed, i, targets[i], is)
			}
		}
		for slot, i := range q.Index {
			if i >= 0 && int(q.Insns[i].Slot) != slot {
				t.Fatalf("seed %d: slot %d is instruction %d, which has slot %d", seed, slot, i, q.Insns[i].Slot)
			}
		}
	}
}
