package jit

import (
	"math/rand/v2"
	"testing"

	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// sequence is a random sequence of operations that a generator may put
// together; dead is the register that nobody reads behind it, 0 for none. r9 is
// an address. r1 is not in it.
func sequence(r *rand.Rand) (insns []ir.Insn, dead uint8) {
	reg := func() uint8 { return uint8(2 + r.IntN(7)) }
	form := ir.Op(r.IntN(4)) // K or X, of 64 or 32 bits
	is32 := form &^ 1
	imm := func() int64 { return int64(odds[r.IntN(len(odds))]) }
	count := func() int64 { return int64(1 + r.IntN(31)) }
	binaries := []ir.Op{ir.Add64K, ir.Sub64K, ir.Or64K, ir.And64K, ir.Xor64K, ir.Mul64K}
	shifts := []ir.Op{ir.Lsh64K, ir.Rsh64K, ir.Arsh64K}
	t, d := reg(), reg()
	for t == d {
		d = reg()
	}
	if r.IntN(2) == 0 {
		move := ir.Mov64X
		if is32 != 0 && r.IntN(2) == 0 {
			move = ir.Mov32X
		}
		insns = append(insns, ir.Insn{Op: move, Dst: t, Src: reg()})
	}
	user := ir.Insn{Op: binaries[r.IntN(len(binaries))] + is32 + 1, Dst: d, Src: t, Flags: ir.SrcDead}
	switch r.IntN(5) {
	case 0:
		op := append(binaries, ir.Div64K, ir.Mod64K, ir.SDiv64K, ir.SMod64K)[r.IntN(10)]
		in := ir.Insn{Op: op + form, Dst: t, Src: reg(), Imm: imm()}
		if in.Op.Is32() {
			in.Imm = int64(int32(in.Imm))
		}
		if in.Imm == 0 {
			in.Imm = 3 // no program divides by the constant 0
		}
		return append(insns, in), 0
	case 1:
		return append(insns, ir.Insn{Op: shifts[r.IntN(3)] + is32, Dst: t, Imm: count()}, user), t
	case 2:
		rol := ir.Rol64K + is32/2
		return []ir.Insn{{Op: rol, Dst: t, Src: reg(), Imm: count()}, user}, t
	case 3:
		mask := int64(1)<<r.IntN(40) - int64(r.IntN(2))
		return append(insns, ir.Insn{Op: shifts[r.IntN(3)] + is32, Dst: t, Imm: count()},
			ir.Insn{Op: ir.And64K + is32, Dst: t, Imm: int64(int32(mask))}), 0
	default:
		in := ir.Insn{Op: ir.Mul64K + form, Dst: t, Src: reg(), Imm: int64(int32(imm()))}
		return append(insns, in, user), t
	}
}

// odds are constants at which operations differ.
var odds = []uint64{
	1, 2, 3, 5, 7, 8, 10, 255, 256, 4095, 4096, 65535, 0xff00, 0x7fffffff, 0x80000000, 0xfffffff0, 1 << 32, 1 << 40,
	^uint64(0), ^uint64(6), 0xffff_ffff_8000_0000, 0x0123_4567_89ab_cdef, 1 << 63,
}

// accesses is a random pair of accesses of neighbours at r9, or not quite.
func accesses(r *rand.Rand) []ir.Insn {
	reg := func() uint8 { return uint8(2 + r.IntN(7)) }
	ops := []ir.Op{ir.LdU64, ir.LdU32, ir.St64X, ir.St64K, ir.St32X, ir.St32K}
	off := int32(4 * r.IntN(8))
	var insns []ir.Insn
	for range 2 + r.IntN(3) {
		in := ir.Insn{Op: ops[r.IntN(len(ops))], Dst: 9, Src: 9, Off: off, Imm: int64(int32(odds[r.IntN(len(odds))]) * int32(r.IntN(2)))}
		switch in.Op {
		case ir.LdU64, ir.LdU32:
			in.Dst = reg()
		case ir.St64X, ir.St32X:
			in.Src = reg()
		}
		insns = append(insns, in)
		off += []int32{4, 8, -4, -8, 0}[r.IntN(5)]
		off = min(max(off, 0), benchRoom-8)
	}
	return insns
}

// TestSequencesThatGeneratorsPutTogether compares what they do with what their
// operations do one by one.
func TestSequencesThatGeneratorsPutTogether(t *testing.T) {
	together := newBench(t, nil)
	apart := newBench(t, &Options{Off: emit.OptShape})
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 4000 {
		insns, dead := sequence(r)
		if i%4 == 0 {
			insns, dead = accesses(r), 0
		}
		var regs [10]uint64
		for i := range regs {
			if regs[i] = r.Uint64() >> r.IntN(64); r.IntN(3) == 0 {
				regs[i] = odds[r.IntN(len(odds))]
			}
		}
		var results [2][10]uint64
		var rooms [2][benchRoom]byte
		fill := [benchRoom]byte{}
		for i := range fill {
			fill[i] = byte(r.Uint32())
		}
		for k, b := range []*bench{together, apart} {
			copy(b.data[benchData:], fill[:])
			results[k] = regs
			results[k][9] = uint64(mem.AddrOf(b.data)) + benchData
			b.run(t, &results[k], insns...)
			rooms[k] = [benchRoom]byte(b.data[benchData:])
			results[k][9], results[k][dead] = 0, 0
		}
		if results[0] != results[1] || rooms[0] != rooms[1] {
			t.Fatalf("%+v of %x: %x, one by one %x; memory %x, %x", insns, regs, results[0], results[1], rooms[0], rooms[1])
		}
	}
}

// TestJumpsOverMuchCode jumps farther than short forms reach, both ways.
func TestJumpsOverMuchCode(t *testing.T) {
	for _, n := range []int{5_000, 300_000} {
		for _, b := range benches(t) {
			at := int32(10) // where run puts them
			insns := []ir.Insn{{Op: ir.Mov64K, Dst: 2, Imm: 2}, {Op: ir.JEq64K, Dst: 3, Off: at + int32(n) + 4}}
			for range n {
				insns = append(insns, ir.Insn{Op: ir.Add64K, Dst: 4, Imm: 1})
			}
			insns = append(insns, ir.Insn{Op: ir.Sub64K, Dst: 2, Imm: 1},
				ir.Insn{Op: ir.JSet64K, Dst: 2, Imm: 1, Off: at + 1, Flags: ir.BackEdge, Cost: 3})
			insns[1].Flags |= ir.Target
			for _, c := range []struct{ r3, r4 uint64 }{{0, 0}, {1, 2 * uint64(n)}} {
				regs := [10]uint64{3: c.r3}
				if spent := b.run(t, &regs, insns...); regs[4] != c.r4 || spent != int64(3*c.r3) {
					t.Errorf("%d instructions: r4 = %d, want %d; %d of fuel", n, regs[4], c.r4, spent)
				}
			}
		}
	}
}
