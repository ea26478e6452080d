package opt

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

const (
	wideA = 0x3333_3333_3333_3333
	wideB = 0x0101_0101_0101_0101
)

// hoisting leaves out all but what hoists, and what it needs.
const hoisting = emit.OptAll &^ (emit.OptFuel | emit.OptHoist)

// inLoop is how many instructions with wide constants lie in loops of p, and how
// many do not.
func inLoop(p *ir.Program) (in, out int) {
	for i := range p.Insns {
		if small(p.Insns[i].Imm) {
			continue
		}
		inside := slices.ContainsFunc(p.Insns[i:], func(j ir.Insn) bool { return j.Op.IsJump() && int(j.Off) <= i })
		if inside {
			in++
		} else {
			out++
		}
	}
	return in, out
}

// inTurns is a loop around a body, which counts in r9.
func inTurns(body ...ir.Insn) []ir.Insn {
	insns := []ir.Insn{{Op: ir.Mov64K, Dst: 9, Imm: 40}}
	insns = append(insns, body...)
	return append(insns, ir.Insn{Op: ir.Add64K, Dst: 9, Imm: -1}, ir.Insn{Op: ir.JNe64K, Dst: 9, Off: 1}, ir.Insn{Op: ir.Exit})
}

func TestWideConstantsAreLoadedBeforeLoops(t *testing.T) {
	t.Parallel()
	call := ir.Insn{Op: ir.CallLocal}
	full := []ir.Insn{{Op: ir.Mul64K, Dst: 0, Imm: wideA}}
	for r := uint8(1); r < 9; r++ {
		full = append(full, ir.Insn{Op: ir.Xor64X, Dst: 0, Src: r})
	}
	for _, c := range []struct {
		name    string
		insns   []ir.Insn
		in, out int
		gone    ir.Op // that no instruction has, if not Invalid
	}{
		{"an operand", inTurns(ir.Insn{Op: ir.Mul64K, Dst: 0, Imm: wideA}), 0, 1, ir.Mul64K},
		{"two that are the same", inTurns(ir.Insn{Op: ir.Mul64K, Dst: 0, Imm: wideA}, ir.Insn{Op: ir.Xor64K, Dst: 0, Imm: wideA}), 0, 1, ir.Mul64K},
		{"two", inTurns(ir.Insn{Op: ir.Mul64K, Dst: 0, Imm: wideA}, ir.Insn{Op: ir.Add64K, Dst: 0, Imm: wideB}), 0, 2, ir.Mul64K},
		{"one that is stored", inTurns(ir.Insn{Op: ir.St64K, Dst: 6, Imm: wideA}), 0, 1, ir.St64K},
		{"one in a register", inTurns(ir.Insn{Op: ir.Mov64K, Dst: 2, Imm: wideA}, ir.Insn{Op: ir.Mul64X, Dst: 0, Src: 2}), 0, 1, ir.Mov64X},
		{"one that is worked on in its place", inTurns(ir.Insn{Op: ir.Mov64K, Dst: 2, Imm: wideA}, ir.Insn{Op: ir.And64X, Dst: 2, Src: 3}, ir.Insn{Op: ir.Xor64X, Dst: 0, Src: 2}), 0, 1, ir.Invalid},
		{"one for a call stays", inTurns(ir.Insn{Op: ir.Mov64K, Dst: 1, Imm: wideA}, call), 1, 0, ir.Invalid},
		{"none is left in a register that a call changes", inTurns(ir.Insn{Op: ir.Mul64K, Dst: 6, Imm: wideA}, ir.Insn{Op: ir.Mul64X, Dst: 7, Src: 8}, call), 1, 0, ir.Invalid},
		{"a small one stays", inTurns(ir.Insn{Op: ir.Mul64K, Dst: 0, Imm: 0x3333}), 0, 0, ir.Mul64X},
		{"one stays where all registers are in use", inTurns(full...), 1, 0, ir.Invalid},
		{"one that not every turn needs stays", inTurns(ir.Insn{Op: ir.JEq64K, Dst: 2, Off: 3}, ir.Insn{Op: ir.Mul64K, Dst: 0, Imm: wideA}), 1, 0, ir.Invalid},
	} {
		p := optimized(hoisting, append([]ir.Insn{}, c.insns...)...)
		if in, out := inLoop(p); in != c.in || out != c.out || c.gone != ir.Invalid && count(p, c.gone) > 0 {
			t.Errorf("%s: %d inside, %d outside, want %d, %d\n%s", c.name, in, out, c.in, c.out, text(p))
		}
		if _, out := inLoop(optimized(hoisting|emit.OptHoist, c.insns...)); out != 0 {
			t.Errorf("%s: %d outside without hoisting", c.name, out)
		}
	}
}

func TestWideConstantsOfInnerLoopsAreLoadedOnce(t *testing.T) {
	t.Parallel()
	p := optimized(hoisting,
		ir.Insn{Op: ir.Mov64K, Dst: 8, Imm: 5},
		ir.Insn{Op: ir.Mov64K, Dst: 9, Imm: 5}, // 1
		ir.Insn{Op: ir.Mul64K, Dst: 0, Imm: wideA},
		ir.Insn{Op: ir.Add64K, Dst: 9, Imm: -1},
		ir.Insn{Op: ir.JNe64K, Dst: 9, Off: 2},
		ir.Insn{Op: ir.Xor64K, Dst: 0, Imm: wideB},
		ir.Insn{Op: ir.Add64K, Dst: 8, Imm: -1},
		ir.Insn{Op: ir.JNe64K, Dst: 8, Off: 1},
		ir.Insn{Op: ir.Exit})
	if in, out := inLoop(p); in != 0 || out != 2 {
		t.Errorf("%d inside, %d outside\n%s", in, out, text(p))
	}
}

func TestArraysAreFoundBeforeLoops(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		index  ir.Insn
		stride uint64
		flags  ir.Flags
		elems  int
	}{
		{"a known upper half", ir.Insn{Op: ir.LdU32, Dst: 2, Src: 6}, 8, ir.InBounds, 0},
		{"an unknown upper half", ir.Insn{Op: ir.LdU64, Dst: 2, Src: 6}, 8, ir.InBounds, 1},
		{"an element that may not be there", ir.Insn{Op: ir.LdU32, Dst: 2, Src: 6}, 8, 0, 1},
		{"elements of 16 bytes", ir.Insn{Op: ir.LdU32, Dst: 2, Src: 6}, 16, ir.InBounds, 1},
	} {
		p := &ir.Program{
			Insns: inTurns(c.index, ir.Insn{Op: ir.Elem, Dst: 1, Src: 2, Flags: c.flags}, ir.Insn{Op: ir.St64X, Dst: 1, Src: 3}),
			Maps:  []ir.MapLayout{{Kind: ir.MapArray, Base: 0x7f00_0000_0000, Stride: c.stride, MaxEntries: 16}},
		}
		p.Index = make([]int32, len(p.Insns))
		p.Funcs = []ir.Func{{End: len(p.Insns), Cost: 7}}
		j := &p.Insns[len(p.Insns)-2]
		j.Flags, j.Cost = ir.BackEdge, 5
		q := Optimize(p, emit.Options{Off: hoisting})
		if n := count(q, ir.Elem); n != c.elems || count(q, ir.LeaIdx) != 1-c.elems {
			t.Errorf("%s: %d lookups\n%s", c.name, n, text(q))
		}
	}
}

// TestRandomLoopsWithWideConstantsDoTheSame runs what hoists in random loops,
// whose registers are few.
func TestRandomLoopsWithWideConstantsDoTheSame(t *testing.T) {
	t.Parallel()
	wide := []int64{wideA, wideB, -1 << 40, 1 << 32, 0x7fff_ffff_ffff}
	moved := 0
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 9))
		names := []uint8{0, 2, 3, 7}[:2+r.IntN(3)]
		name := func() uint8 { return names[r.IntN(len(names))] }
		imm := func() int64 { return wide[r.IntN(len(wide))] }
		var insns []ir.Insn
		put := func(in ir.Insn) { in.Slot = int32(len(insns)); insns = append(insns, in) }
		counters := []uint8{9, 8}[:1+r.IntN(2)]
		var tops []int
		body := func() {
			for range r.IntN(5) {
				switch in := (ir.Insn{Dst: name(), Src: name(), Imm: imm()}); r.IntN(8) {
				case 0, 1, 2:
					in.Op = []ir.Op{ir.Add64K, ir.Sub64K, ir.Mul64K, ir.Or64K, ir.And64K, ir.Xor64K}[r.IntN(6)]
					in.Src = 0
					put(in)
				case 3, 4:
					put(ir.Insn{Op: ir.Mov64K, Dst: in.Dst, Imm: in.Imm})
					put(ir.Insn{Op: ir.Add64X + 4*ir.Op(r.IntN(3)), Dst: name(), Src: in.Dst})
				case 5:
					put(ir.Insn{Op: ir.Mov64K, Dst: in.Dst, Imm: in.Imm})
					put(ir.Insn{Op: ir.St64X, Dst: 6, Src: in.Dst, Off: int32(8 * r.IntN(8))})
				case 6: // over one
					put(ir.Insn{Op: ir.JEq64K + 4*ir.Op(r.IntN(11)), Dst: in.Dst, Imm: in.Imm, Off: int32(len(insns) + 2), Flags: 0})
					put(ir.Insn{Op: ir.Xor64X, Dst: in.Src, Src: name()})
				case 7:
					if r.IntN(3) == 0 {
						put(ir.Insn{Op: ir.Call})
						for d := uint8(0); d < 6; d++ {
							put(ir.Insn{Op: ir.Mov64K, Dst: d, Imm: int64(d)})
						}
					}
				}
			}
		}
		body()
		for _, c := range counters {
			put(ir.Insn{Op: ir.Mov64K, Dst: c, Imm: 1 + r.Int64N(5)})
			tops = append(tops, len(insns))
			body()
		}
		for k := len(counters) - 1; k >= 0; k-- {
			put(ir.Insn{Op: ir.Add64K, Dst: counters[k], Imm: -1})
			put(ir.Insn{Op: ir.JNe64K, Dst: counters[k], Off: int32(tops[k]), Flags: ir.BackEdge, Cost: int32(len(insns) + 1 - tops[k])})
			body()
		}
		for i, d := range names {
			put(ir.Insn{Op: ir.St64X, Dst: 6, Src: d, Off: int32(128 + 8*i)})
		}
		put(ir.Insn{Op: ir.Exit})
		p := &ir.Program{Insns: insns, Funcs: []ir.Func{{End: len(insns), Cost: int32(len(insns))}}, Callees: []ir.Callee{{Helper: abi.MapLookupElem}}, Index: make([]int32, len(insns))}
		want := outcome(t, p, seed)
		for _, off := range []emit.Opt{0, hoisting} {
			q := Optimize(p, emit.Options{Off: off})
			if got := outcome(t, q, seed); got != want {
				t.Fatalf("seed %d, without %#x: another outcome\n%s\nwant %s\n%s\n%s", seed, off, got, want, text(p), text(q))
			}
			before, _ := inLoop(p)
			if after, _ := inLoop(q); after < before {
				moved++
			}
		}
	}
	if moved < 500 {
		t.Errorf("constants left the loops of %d programs", moved)
	}
}
