package opt

import (
	"testing"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// Constants of sums of ones.
const (
	fives  = 0x5555_5555_5555_5555
	threes = 0x3333_3333_3333_3333
	nibble = 0x0f0f_0f0f_0f0f_0f0f
	each   = 0x0101_0101_0101_0101
)

// ones64 are the ones of r1 in r0 as compilers count them: r2 and r1 are lost.
func ones64() []ir.Insn {
	return []ir.Insn{
		x(ir.Mov64X, 2, 1), k(ir.Rsh64K, 2, 1), k(ir.Mov64K, 3, fives), x(ir.And64X, 2, 3), x(ir.Sub64X, 1, 2),
		k(ir.Mov64K, 2, threes), x(ir.Mov64X, 0, 1), x(ir.And64X, 0, 2), k(ir.Rsh64K, 1, 2), x(ir.And64X, 1, 2), x(ir.Add64X, 0, 1),
		x(ir.Mov64X, 1, 0), k(ir.Rsh64K, 1, 4), x(ir.Add64X, 0, 1), k(ir.Mov64K, 1, nibble), x(ir.And64X, 0, 1),
		k(ir.Mov64K, 1, each), x(ir.Mul64X, 0, 1), k(ir.Rsh64K, 0, 56),
	}
}

// ones32 is the same of the low half.
func ones32() []ir.Insn {
	return []ir.Insn{
		x(ir.Mov32X, 2, 1), k(ir.Rsh32K, 2, 1), k(ir.And32K, 2, fives&0xffff_ffff), x(ir.Sub32X, 1, 2),
		x(ir.Mov32X, 0, 1), k(ir.And32K, 0, threes&0xffff_ffff), k(ir.Rsh32K, 1, 2), k(ir.And32K, 1, threes&0xffff_ffff), x(ir.Add32X, 0, 1),
		x(ir.Mov32X, 1, 0), k(ir.Rsh32K, 1, 4), x(ir.Add32X, 0, 1), k(ir.And32K, 0, nibble&0xffff_ffff),
		k(ir.Mul32K, 0, each&0xffff_ffff), k(ir.Rsh32K, 0, 24),
	}
}

// with is insns with others behind the first n.
func with(insns []ir.Insn, n int, others ...ir.Insn) []ir.Insn {
	l := append([]ir.Insn{}, insns[:n]...)
	return append(append(l, others...), insns[n:]...)
}

// but is insns with another one in the place of number n.
func but(insns []ir.Insn, n int, other ir.Insn) []ir.Insn {
	insns[n] = other
	return insns
}

func TestSumsOfOnesAreCounts(t *testing.T) {
	t.Parallel()
	check(t, emit.OptPopcnt, map[string]happens{
		"of 64 bits": {ones64(), []ir.Op{ir.Popcnt64}},
		"of 32 bits": {ones32(), []ir.Op{ir.Popcnt32}},
		"of 64 bits in K form": {
			[]ir.Insn{
				x(ir.Mov64X, 2, 1), k(ir.Rsh64K, 2, 1), k(ir.And64K, 2, fives), x(ir.Sub64X, 1, 2),
				x(ir.Mov64X, 0, 1), k(ir.And64K, 0, threes), k(ir.Rsh64K, 1, 2), k(ir.And64K, 1, threes), x(ir.Add64X, 0, 1),
				x(ir.Mov64X, 1, 0), k(ir.Rsh64K, 1, 4), x(ir.Add64X, 0, 1), k(ir.And64K, 0, nibble), k(ir.Mul64K, 0, each), k(ir.Rsh64K, 0, 56),
			}, []ir.Op{ir.Popcnt64},
		},
		"the copy is what is shifted by two, sums the other way round, constants shared": {
			[]ir.Insn{
				k(ir.Mov64K, 7, threes), k(ir.Mov64K, 3, fives), k(ir.Mov64K, 4, nibble), k(ir.Mov64K, 5, each),
				x(ir.Mov64X, 2, 1), k(ir.Rsh64K, 2, 1), x(ir.And64X, 2, 3), x(ir.Sub64X, 1, 2),
				x(ir.Mov64X, 2, 1), k(ir.Rsh64K, 2, 2), x(ir.And64X, 1, 7), x(ir.And64X, 2, 7), x(ir.Add64X, 1, 2),
				x(ir.Mov64X, 0, 1), k(ir.Rsh64K, 0, 4), x(ir.Add64X, 0, 1), x(ir.And64X, 0, 4), x(ir.Mul64X, 0, 5), k(ir.Rsh64K, 0, 56),
				x(ir.Xor64X, 0, 7), x(ir.Xor64X, 0, 3), x(ir.Xor64X, 0, 4), x(ir.Xor64X, 0, 5),
			}, []ir.Op{
				ir.Mov64K, ir.Mov64K, ir.Mov64K, ir.Mov64K, ir.Popcnt64, ir.Xor64X, ir.Xor64X, ir.Xor64X, ir.Xor64X,
			},
		},
		"in a register that is another's after the pairs": {
			with(ones64(), 12, ld(ir.LdU64, 2, 6, 0), st(ir.St64X, 6, 8, 2)), []ir.Op{ir.Popcnt64, ir.LdU64, ir.St64X},
		},
		"in another register, because the last is somebody else's on the way": {
			with(ones32(), 9, x(ir.Mov64X, 7, 0), ld(ir.LdU64, 1, 6, 0), st(ir.St64X, 6, 8, 1),
				ld(ir.LdU64, 0, 6, 0), st(ir.St64X, 6, 8, 0), x(ir.Mov64X, 0, 7)),
			[]ir.Op{ir.Popcnt32, ir.LdU64, ir.St64X, ir.LdU64, ir.St64X, ir.Mov64X},
		},
		"half of x is somebody else's, too": {
			with(ones64(), 2, st(ir.St64X, 6, 0, 2)), []ir.Op{ir.Mov64X, ir.Rsh64K, ir.St64X, ir.Popcnt64},
		},
		"of a number of which the lowest bit is cleared": {
			with(ones64(), 4, k(ir.And64K, 1, -2)), []ir.Op{ir.And64K, ir.Popcnt64},
		},
		"of a low half of which the lowest bit is cleared": {
			with(ones32(), 3, k(ir.And32K, 1, -2)), []ir.Op{ir.And32K, ir.Popcnt32},
		},
		"of zeros at the end": { // those of ~x & (x - 1)
			append([]ir.Insn{x(ir.Mov64X, 2, 1), k(ir.Xor64K, 2, -1), k(ir.Add64K, 1, -1), x(ir.And64X, 1, 2)}, ones64()...),
			[]ir.Op{ir.Mov64X, ir.Xor64K, ir.Add64K, ir.And64X, ir.Popcnt64},
		},
	})
	tail := func(insns []ir.Insn, r uint8) []ir.Insn { return append(insns, x(ir.Xor64X, 0, r)) }
	for op, ones := range map[ir.Op]func() []ir.Insn{ir.Popcnt64: ones64, ir.Popcnt32: ones32} {
		last := len(ones()) - 1
		stays(t, op, map[string][]ir.Insn{
			"what is added up last is read later": tail(but(ones(), last, k(ones()[last].Op, 0, ones()[last].Imm-1)), 0),
			"the sum of fours is read, too":       tail(with(ones(), last-3, st(ir.St64X, 6, 0, 0)), 0),
			"the fours are read later":            tail(with(ones(), last-3, x(ir.Mov64X, 4, 0)), 4),
			"pairs are read on the way":           with(ones(), 8, st(ir.St64X, 6, 0, 1)),
			"another shift at the begin":          but(ones(), 1, k(ones()[1].Op, 2, 2)),
			"the half of another number":          but(ones(), 0, x(ones()[0].Op, 2, 4)),
			"x is lost, and all registers are somebody else's on the way": with(ones(), len(ones())-3, ld(ir.LdU64, 1, 6, 8), st(ir.St64X, 6, 24, 1),
				x(ir.Mov64X, 4, 0), ld(ir.LdU64, 0, 6, 0), st(ir.St64X, 6, 16, 0), x(ir.Mov64X, 0, 4)),
		})
	}
	stays(t, ir.Popcnt64, map[string][]ir.Insn{
		"another constant at the begin": but(ones64(), 2, k(ir.Mov64K, 3, fives^1<<40)),
		"another constant of fours":     but(ones64(), 5, k(ir.Mov64K, 2, threes^1<<40)),
		"another constant of bytes":     but(ones64(), 14, k(ir.Mov64K, 1, nibble^1<<40)),
		"another factor":                but(ones64(), 16, k(ir.Mov64K, 1, each^1<<40)),
		"of x without two bits":         with(ones64(), 4, k(ir.And64K, 1, -4)),
		"of x without half of it":       with(ones64(), 4, k(ir.And64K, 1, 0xffff_fffe)),
		"a sum":                         but(ones64(), 4, x(ir.Add64X, 1, 2)),
		"a narrow sum":                  but(ones64(), 10, x(ir.Add32X, 0, 1)),
		"a narrow copy":                 but(ones64(), 6, x(ir.Mov32X, 0, 1)),
	})
}

// TestConstantsOfSumsOfOnesMayComeFromElsewhere has a constant that only the
// verifier knows, as one that is loaded before a loop.
func TestConstantsOfSumsOfOnesMayComeFromElsewhere(t *testing.T) {
	t.Parallel()
	counted := func(c uint64, off emit.Opt) int {
		p := &ir.Program{Insns: append(ones64(), ir.Insn{Op: ir.Exit}), Exception: -1}
		p.Insns[5] = x(ir.Mov64X, 2, 7)
		for i := range p.Insns {
			p.Insns[i].Slot = int32(i)
			p.Index = append(p.Index, int32(i))
		}
		for _, i := range []int{7, 9} {
			p.Insns[i].Src = 7
			p.Insns[i].Flags = ir.KnownSrc
			p.Values = append(p.Values, ir.Value{Slot: int32(i), Is: c})
		}
		p.Funcs = []ir.Func{{End: len(p.Insns), Cost: int32(len(p.Insns))}}
		return count(Optimize(p, emit.Options{Off: off}), ir.Popcnt64)
	}
	for name, c := range map[string]struct {
		is   uint64
		off  emit.Opt
		want int
	}{
		"it is the constant of fours":         {threes, 0, 1},
		"it is another":                       {threes ^ 1<<33, 0, 0},
		"facts are not believed":              {threes, emit.OptFacts, 0},
		"the walker does not look at numbers": {threes, emit.OptValue, 1},
	} {
		if got := counted(c.is, c.off); got != c.want {
			t.Errorf("%s: %d counts of ones, want %d", name, got, c.want)
		}
	}
}
