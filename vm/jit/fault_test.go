package jit

import (
	"testing"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// TestEveryPlaceBlamesAnInstruction asks who is to blame for a fault, wherever
// the code is that made it.
func TestEveryPlaceBlamesAnInstruction(t *testing.T) {
	t.Parallel()
	cd := &code{
		low: &ir.Program{
			Insns: []ir.Insn{{Op: ir.LdU8}, {Op: ir.Call, Off: 0}, {Op: ir.Call, Off: 1}, {Op: ir.Exit}, {Op: ir.St64X}, {Op: ir.Exit}},
			Funcs: []ir.Func{{Start: 0, End: 4}, {Start: 4, End: 6}},
		},
		starts: []int32{4, 8, 12, 16, 44, 48},
		marks: []emit.Mark{
			{At: 0, Kind: emit.MarkFunc, Arg: 0}, {At: 20, Kind: emit.MarkEnd, Arg: 0}, {At: 24, Kind: emit.MarkExit, Arg: 2},
			{At: 40, Kind: emit.MarkFunc, Arg: 1}, {At: 52, Kind: emit.MarkEnd, Arg: 1}, {At: 60, Kind: emit.MarkLeave, Arg: -1},
			{At: 70, Kind: emit.MarkLeaf, Arg: 1},
		},
	}
	for _, c := range []struct {
		name string
		at   int32
		insn int
		own  bool
	}{
		{"a prologue", 2, 0, false}, {"an instruction", 4, 0, true}, {"its last byte", 7, 0, true}, {"the next", 8, 1, true},
		{"the last of a function", 19, 3, true}, {"an epilogue", 21, 3, false}, {"an exit", 30, 2, false},
		{"the prologue of another", 40, 4, false}, {"its instruction", 46, 4, true}, {"its epilogue", 59, 5, false},
		{"what all exits have", 65, 0, false}, {"a routine", 100, 2, false},
	} {
		if insn, own := cd.insnAt(c.at); insn != c.insn || own != c.own {
			t.Errorf("%s: instruction %d, own %v, want %d, %v", c.name, insn, own, c.insn, c.own)
		}
	}
}
