package opt

import (
	"testing"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

func TestStoresSideBySideAreOne(t *testing.T) {
	t.Parallel()
	zero := k(ir.Mov64K, 0, 0)
	sk := func(op ir.Op, dst uint8, off int32, imm int64) ir.Insn {
		return ir.Insn{Op: op, Dst: dst, Off: off, Imm: imm}
	}
	// copies reads n times size bytes at r2 + 20 and writes each to r1.
	copies := func(ld, st ir.Op, size int32, order ...int32) (l []ir.Insn) {
		for _, i := range order {
			l = append(l, ir.Insn{Op: ld, Dst: 3, Src: 2, Off: 20 + i*size}, ir.Insn{Op: st, Dst: 1, Src: 3, Off: 4 + i*size})
		}
		return append(l, zero)
	}
	same := func(l []ir.Insn) []ir.Insn { // r2 is r1
		for i := range l {
			if l[i].Src == 2 {
				l[i].Src = 1
			}
		}
		return l
	}
	private := func(l []ir.Insn) []ir.Insn { // r1 is the frame
		for i := range l {
			if l[i].Dst == 1 {
				l[i].Dst, l[i].Off = fp, l[i].Off-32
			}
		}
		return append(l, ld(ir.LdU64, 0, fp, -28), ld(ir.LdU64, 4, fp, -20), x(ir.Xor64X, 0, 4))
	}
	check(t, emit.OptStores, map[string]happens{
		"constants": {
			[]ir.Insn{sk(ir.St16K, 1, 0, 1), sk(ir.St16K, 1, 2, 2), sk(ir.St32K, 1, 4, 0), zero}, []ir.Op{ir.St64K, ir.Mov64K},
		},
		"constants, the last first": {
			[]ir.Insn{sk(ir.St8K, 1, 5, 1), sk(ir.St8K, 1, 4, 2), zero}, []ir.Op{ir.St16K, ir.Mov64K},
		},
		"the bytes of a register": {
			[]ir.Insn{
				st(ir.St8X, 1, 0, 2), x(ir.Mov64X, 3, 2), k(ir.Rsh64K, 3, 8), st(ir.St8X, 1, 1, 3), x(ir.Mov64X, 3, 2), k(ir.Rsh64K, 3, 16),
				st(ir.St16X, 1, 2, 3), zero,
			}, []ir.Op{ir.St32X, ir.Mov64K},
		},
		"a copy of six bytes inside of memory": {
			same(copies(ir.LdU8, ir.St8X, 1, 5, 4, 3, 2, 1, 0)), []ir.Op{ir.LdU32, ir.St32X, ir.LdU16, ir.St16X, ir.Mov64K},
		},
		"a copy with all loads first": {
			[]ir.Insn{
				ld(ir.LdU8, 3, 2, 7), ld(ir.LdU8, 4, 2, 6), ld(ir.LdU8, 5, 2, 8), ld(ir.LdU8, 0, 2, 9),
				st(ir.St8X, 1, 1, 3), st(ir.St8X, 1, 0, 4), st(ir.St8X, 1, 2, 5), st(ir.St8X, 1, 3, 0), zero,
			}, []ir.Op{ir.LdU32, ir.St32X, ir.Mov64K},
		},
		"a copy to the frame": {
			private(copies(ir.LdU32, ir.St32X, 4, 0, 1, 2, 3)),
			[]ir.Op{ir.LdU64, ir.St64X, ir.LdU64, ir.LdU64, ir.Xor64X},
		},
	})
	const wide = ir.St16X
	stays(t, wide, map[string][]ir.Insn{
		"what is copied may overlap what is written": copies(ir.LdU8, ir.St8X, 1, 0, 1),
		"a store between the loads": {
			ld(ir.LdU8, 3, 2, 7), st(ir.St32X, 5, 0, 5), ld(ir.LdU8, 4, 2, 8), st(ir.St8X, 1, 1, 3), st(ir.St8X, 1, 2, 4), zero,
		},
		"a load between may read the first": {
			st(ir.St8X, 1, 0, 2), ld(ir.LdU8, 0, 3, 0), x(ir.Mov64X, 4, 2), k(ir.Rsh64K, 4, 8), st(ir.St8X, 1, 1, 4),
		},
		"a store between is seen in another order": {
			zero, x(ir.Mov64X, 4, 2), k(ir.Rsh64K, 4, 8), st(ir.St8X, 1, 0, 2), st(ir.St8X, 1, 8, 2), st(ir.St8X, 1, 1, 4),
		},
		"a store through an address that was in the frame": {
			zero, ld(ir.LdU64, 4, fp, -8), ld(ir.LdU8, 3, 2, 7), st(ir.St32X, 4, 0, 5), ld(ir.LdU8, 4, 2, 8), st(ir.St8X, fp, -16, 3),
			st(ir.St8X, fp, -15, 4), ld(ir.LdU64, 5, fp, -16), st(ir.St64X, 1, 0, 5),
		},
		"an atomic between": {
			zero, x(ir.Mov64X, 4, 2), k(ir.Rsh64K, 4, 8), st(ir.St8X, 1, 0, 2), st(ir.AtomicAdd64, 1, 8, 2), st(ir.St8X, 1, 1, 4),
		},
		"other bytes than those side by side": {
			zero, x(ir.Mov64X, 4, 2), k(ir.Rsh64K, 4, 16), st(ir.St8X, 1, 0, 2), st(ir.St8X, 1, 1, 4),
		},
	})
}

// TestWideLoadsAreNotWhatNarrowOnesWereProvenToBe checks the flags of a load that
// became a wider one.
func TestWideLoadsAreNotWhatNarrowOnesWereProvenToBe(t *testing.T) {
	t.Parallel()
	word := func(dst uint8, off int32) ir.Insn {
		return ir.Insn{Op: ir.LdU32, Dst: dst, Src: 2, Off: off, Flags: ir.Fits32}
	}
	p := optimized(0, word(3, 0), word(4, 4), st(ir.St32X, 1, 4, 4), st(ir.St32X, 1, 0, 3), k(ir.Mov64K, 0, 0), ir.Insn{Op: ir.Exit})
	if in := p.Insns[0]; in.Op != ir.LdU64 || in.Flags&ir.Fits32 != 0 {
		t.Errorf("%+v\n%s", in, text(p))
	}
}
