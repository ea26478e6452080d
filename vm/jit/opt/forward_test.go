package opt

import (
	"slices"
	"testing"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// happens is a sequence that ends with r0 and what becomes of it.
type happens struct {
	insns []ir.Insn
	want  []ir.Op // exit apart
}

// check optimises each sequence, and once more without the optimisation that is
// to do it: then the outcome must be another one.
func check(t *testing.T, off emit.Opt, cases map[string]happens) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ops := func(off emit.Opt) (l []ir.Op) {
				p := optimized(off, append(slices.Clone(c.insns), ir.Insn{Op: ir.Exit})...)
				for _, in := range p.Insns[:len(p.Insns)-1] {
					l = append(l, in.Op)
				}
				return l
			}
			// The addressing of generators is not what is tested here.
			const others = emit.OptAddress | emit.OptUpper
			if got := ops(others); !slices.Equal(got, c.want) {
				t.Errorf("became %v, want %v", got, c.want)
			}
			if got := ops(others | off); slices.Equal(got, c.want) {
				t.Error("the same happens when it is switched off")
			}
		})
	}
}

// stays checks that an optimisation does not happen.
func stays(t *testing.T, op ir.Op, cases map[string][]ir.Insn) {
	t.Helper()
	for name, insns := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := optimized(0, append(slices.Clone(insns), ir.Insn{Op: ir.Exit})...)
			if count(p, op) != 0 {
				t.Errorf("happens:\n%s", text(p))
			}
		})
	}
}

// Short forms of instructions.
func x(op ir.Op, dst, src uint8) ir.Insn       { return ir.Insn{Op: op, Dst: dst, Src: src} }
func k(op ir.Op, dst uint8, imm int64) ir.Insn { return ir.Insn{Op: op, Dst: dst, Imm: imm} }
func ld(op ir.Op, dst, src uint8, off int32) ir.Insn {
	return ir.Insn{Op: op, Dst: dst, Src: src, Off: off}
}
func st(op ir.Op, dst uint8, off int32, src uint8) ir.Insn {
	return ir.Insn{Op: op, Dst: dst, Off: off, Src: src}
}

func TestTwoShiftsAndAnOrAreARotate(t *testing.T) {
	t.Parallel()
	check(t, emit.OptRotate, map[string]happens{
		"both in place": {
			[]ir.Insn{x(ir.Mov64X, 0, 1), k(ir.Lsh64K, 0, 13), k(ir.Rsh64K, 1, 51), x(ir.Or64X, 0, 1)}, []ir.Op{ir.Rol64K},
		},
		"into the other register, the other way": {
			[]ir.Insn{x(ir.Mov64X, 2, 0), k(ir.Rsh64K, 2, 13), k(ir.Lsh64K, 0, 51), x(ir.Or64X, 0, 2)}, []ir.Op{ir.Rol64K},
		},
		"of copies, by an addition": {
			[]ir.Insn{
				x(ir.Mov64X, 2, 1), x(ir.Mov64X, 0, 1), k(ir.Lsh64K, 2, 1), k(ir.Rsh64K, 0, 63), x(ir.Add64X, 0, 2), x(ir.Add64X, 0, 1),
			}, []ir.Op{ir.Rol64K, ir.Add64X},
		},
		"of 32 bits, by an exclusive or": {
			[]ir.Insn{x(ir.Mov32X, 0, 1), k(ir.Lsh32K, 0, 7), k(ir.Rsh32K, 1, 25), x(ir.Xor32X, 0, 1)}, []ir.Op{ir.Rol32K},
		},
		"of a sum, with something in between": {
			[]ir.Insn{
				x(ir.Add64X, 1, 2), x(ir.Mov64X, 3, 1), k(ir.Lsh64K, 3, 9), k(ir.Add64K, 2, 1), k(ir.Rsh64K, 1, 55), x(ir.Xor64X, 2, 4),
				x(ir.Or64X, 1, 3), x(ir.Mov64X, 0, 1), x(ir.Xor64X, 0, 2),
			}, []ir.Op{ir.Add64X, ir.Add64K, ir.Xor64X, ir.Rol64K, ir.Mov64X, ir.Xor64X},
		},
		"by a register": {
			[]ir.Insn{
				x(ir.Mov64X, 0, 1), x(ir.Mov64X, 3, 2), x(ir.Lsh64X, 0, 2), x(ir.Neg64, 3, 0), k(ir.And64K, 3, 63), x(ir.Rsh64X, 1, 3),
				x(ir.Or64X, 0, 1),
			}, []ir.Op{ir.Mov64X, ir.Rol64X},
		},
		"to the right by a register, of 32 bits": {
			[]ir.Insn{
				x(ir.Mov64X, 0, 1), k(ir.Mov32K, 3, 32), x(ir.Sub32X, 3, 2), x(ir.Rsh32X, 0, 2), x(ir.Lsh32X, 1, 3), x(ir.Or32X, 0, 1),
			}, []ir.Op{ir.Mov64X, ir.Ror32X},
		},
	})
	stays(t, ir.Rol64K, map[string][]ir.Insn{
		"the counts do not make 64":   {x(ir.Mov64X, 0, 1), k(ir.Lsh64K, 0, 13), k(ir.Rsh64K, 1, 50), x(ir.Or64X, 0, 1)},
		"the values are not the same": {x(ir.Mov64X, 0, 1), k(ir.Lsh64K, 0, 13), k(ir.Rsh64K, 2, 51), x(ir.Or64X, 0, 2)},
		"the shift keeps the sign":    {x(ir.Mov64X, 0, 1), k(ir.Lsh64K, 0, 13), k(ir.Arsh64K, 1, 51), x(ir.Or64X, 0, 1)},
	})
	// By 0 an addition doubles, and an exclusive or gives 0.
	stays(t, ir.Rol64X, map[string][]ir.Insn{
		"an addition by a register": {
			x(ir.Mov64X, 0, 1), x(ir.Mov64X, 3, 2), x(ir.Lsh64X, 0, 2), x(ir.Neg64, 3, 0), x(ir.Rsh64X, 1, 3), x(ir.Add64X, 0, 1),
		},
	})
}

// TestOldCodeHasRotatesOf32Bits checks code for machines without operations of 32
// bits: whether a rotate does the same depends on who reads the upper half.
func TestOldCodeHasRotatesOf32Bits(t *testing.T) {
	t.Parallel()
	masked := []ir.Insn{
		x(ir.Mov64X, 0, 1), k(ir.Mov64K, 3, 0xf800_0000), x(ir.And64X, 1, 3), k(ir.Lsh64K, 0, 5), k(ir.Rsh64K, 1, 27), x(ir.Or64X, 0, 1),
	}
	extended := []ir.Insn{
		x(ir.Mov64X, 0, 1), k(ir.Lsh64K, 1, 32), k(ir.Rsh64K, 1, 59), k(ir.Lsh64K, 0, 5), x(ir.Or64X, 0, 1),
	}
	for name, insns := range map[string][]ir.Insn{"with a mask": masked, "extended by shifts": extended} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exit := ir.Insn{Op: ir.Exit}
			narrow := append(slices.Clone(insns), k(ir.And64K, 0, 0xff))
			if p := optimized(0, append(slices.Clone(narrow), exit)...); count(p, ir.Rol32K) != 1 || len(p.Insns) != 3 {
				t.Errorf("no rotate:\n%s", text(p))
			}
			if p := optimized(emit.OptRotate, append(slices.Clone(narrow), exit)...); count(p, ir.Rol32K) != 0 {
				t.Error("a rotate that is switched off")
			}
			if p := optimized(0, append(slices.Clone(insns), exit)...); count(p, ir.Rol32K) != 0 {
				t.Errorf("a rotate whose upper half is read:\n%s", text(p))
			}
		})
	}
}

func TestBytesSideBySideAreOneLoad(t *testing.T) {
	t.Parallel()
	bytes := func(form ir.Op, shifts ...int64) (l []ir.Insn) {
		for i, s := range shifts {
			dst := uint8(0)
			if i > 0 {
				dst = 2
			}
			l = append(l, ld(ir.LdU8, dst, 1, int32(4+i)))
			if s != 0 {
				l = append(l, k(ir.Lsh64K+form, dst, s))
			}
			if i > 0 {
				l = append(l, x(ir.Or64X+form, 0, 2))
			}
		}
		return l
	}
	check(t, emit.OptBytes, map[string]happens{
		"two, the lowest first":       {bytes(0, 0, 8), []ir.Op{ir.LdU16}},
		"two, the highest first":      {bytes(2, 8, 0), []ir.Op{ir.LdBe16}},
		"four, the lowest first":      {bytes(2, 0, 8, 16, 24), []ir.Op{ir.LdU32}},
		"four, the highest first":     {bytes(0, 24, 16, 8, 0), []ir.Op{ir.LdBe32}},
		"eight, the lowest first":     {bytes(0, 0, 8, 16, 24, 32, 40, 48, 56), []ir.Op{ir.LdU64}},
		"eight, the highest first":    {bytes(0, 56, 48, 40, 32, 24, 16, 8, 0), []ir.Op{ir.LdBe64}},
		"two, reversed":               {append(bytes(0, 0, 8), x(ir.Be16, 0, 0)), []ir.Op{ir.LdBe16}},
		"a load, reversed in place":   {[]ir.Insn{ld(ir.LdU32, 0, 1, 0), x(ir.Be32, 0, 0)}, []ir.Op{ir.LdBe32}},
		"a load over its own address": {[]ir.Insn{ld(ir.LdU16, 1, 1, 6), x(ir.Be16, 1, 0), x(ir.Mov64X, 0, 1)}, []ir.Op{ir.LdBe16, ir.Mov64X}},
		"two words": {
			[]ir.Insn{ld(ir.LdU16, 0, 1, 0), ld(ir.LdU16, 2, 1, 2), k(ir.Lsh64K, 2, 16), x(ir.Or64X, 0, 2)}, []ir.Op{ir.LdU32},
		},
	})
	for _, op := range []ir.Op{ir.LdU16, ir.LdBe16} {
		stays(t, op, map[string][]ir.Insn{
			"bytes with a gap":     {ld(ir.LdU8, 0, 1, 0), ld(ir.LdU8, 2, 1, 2), k(ir.Lsh64K, 2, 8), x(ir.Or64X, 0, 2)},
			"bytes that overlap":   {ld(ir.LdU8, 0, 1, 0), ld(ir.LdU8, 2, 1, 1), k(ir.Lsh64K, 2, 4), x(ir.Or64X, 0, 2)},
			"of two addresses":     {ld(ir.LdU8, 0, 1, 0), ld(ir.LdU8, 2, 3, 1), k(ir.Lsh64K, 2, 8), x(ir.Or64X, 0, 2)},
			"with a store between": {ld(ir.LdU8, 0, 1, 0), st(ir.St8X, 3, 0, 4), ld(ir.LdU8, 2, 1, 1), k(ir.Lsh64K, 2, 8), x(ir.Or64X, 0, 2)},
			"with a store behind":  {ld(ir.LdU8, 0, 1, 0), ld(ir.LdU8, 2, 1, 1), st(ir.St8X, 3, 0, 4), k(ir.Lsh64K, 2, 8), x(ir.Or64X, 0, 2)},
		})
	}
}

func TestKnownValuesAreNotMadeAgain(t *testing.T) {
	t.Parallel()
	check(t, emit.OptValue, map[string]happens{
		"constants are folded": {
			[]ir.Insn{k(ir.Mov64K, 0, 6), k(ir.Mov64K, 1, 7), x(ir.Mul64X, 0, 1)}, []ir.Op{ir.Mov64K},
		},
		"a constant in a register becomes an operand": {
			[]ir.Insn{k(ir.Mov64K, 1, 7), x(ir.Mov64X, 0, 2), x(ir.Xor64X, 0, 1)}, []ir.Op{ir.Mov64X, ir.Xor64K},
		},
		"a copy is not read": {
			[]ir.Insn{x(ir.Mov64X, 3, 1), ld(ir.LdU64, 0, 3, 8)}, []ir.Op{ir.LdU64},
		},
		"a sum is part of an address": {
			[]ir.Insn{x(ir.Mov64X, 3, 1), k(ir.Add64K, 3, 14), ld(ir.LdU64, 0, 3, 8)}, []ir.Op{ir.LdU64},
		},
		"sums are one": {
			[]ir.Insn{x(ir.Mov64X, 0, 1), k(ir.Add64K, 0, 14), k(ir.Sub64K, 0, 4), k(ir.Add64K, 0, 1)}, []ir.Op{ir.Mov64X, ir.Add64K},
		},
		"a byte needs no mask": {
			[]ir.Insn{ld(ir.LdU8, 0, 1, 0), k(ir.And64K, 0, 0xff)}, []ir.Op{ir.LdU8},
		},
		"two shifts are an extension": {
			[]ir.Insn{x(ir.Mov64X, 0, 1), k(ir.Lsh64K, 0, 32), k(ir.Rsh64K, 0, 32)}, []ir.Op{ir.Mov32X},
		},
		"two shifts are a signed extension": {
			[]ir.Insn{x(ir.Mov64X, 0, 1), k(ir.Lsh64K, 0, 48), k(ir.Arsh64K, 0, 48)}, []ir.Op{ir.MovSX64From16},
		},
		"two shifts of a word are nothing": {
			[]ir.Insn{ld(ir.LdU32, 0, 1, 0), k(ir.Lsh64K, 0, 32), k(ir.Rsh64K, 0, 32)}, []ir.Op{ir.LdU32},
		},
		"a multiplication is a shift": {
			[]ir.Insn{x(ir.Mov64X, 0, 1), k(ir.Mul64K, 0, 8)}, []ir.Op{ir.Mov64X, ir.Lsh64K},
		},
		"the same is not computed twice": {
			[]ir.Insn{
				x(ir.Mov64X, 0, 1), x(ir.Mul64X, 0, 2), x(ir.Mov64X, 3, 1), x(ir.Mul64X, 3, 2), x(ir.Add64X, 0, 3),
			}, []ir.Op{ir.Mov64X, ir.Mul64X, ir.Add64X},
		},
		"a shift masks its count itself": {
			[]ir.Insn{x(ir.Mov64X, 0, 1), x(ir.Mov64X, 3, 2), k(ir.And64K, 3, 63), x(ir.Lsh64X, 0, 3)}, []ir.Op{ir.Mov64X, ir.Lsh64X},
		},
		"a store needs no mask": {
			[]ir.Insn{k(ir.Mov64K, 0, 0), x(ir.Mov64X, 3, 2), k(ir.And64K, 3, 0xff), st(ir.St8X, 1, 0, 3)}, []ir.Op{ir.Mov64K, ir.St8X},
		},
		"a jump on known bits is none": {
			[]ir.Insn{ld(ir.LdU8, 0, 1, 0), {Op: ir.JGt64K, Dst: 0, Imm: 255, Off: 3}, k(ir.Add64K, 0, 1)}, []ir.Op{ir.LdU8, ir.Add64K},
		},
		"a register that was compared is the constant": {
			[]ir.Insn{
				ld(ir.LdU64, 1, 1, 0), k(ir.Mov64K, 0, 5), {Op: ir.JNe64K, Dst: 1, Imm: 4, Off: 4}, x(ir.Add64X, 0, 1),
			}, []ir.Op{ir.LdU64, ir.Mov64K, ir.JNe64K, ir.Mov64K},
		},
	})
}

func TestWhatIsInARegisterIsNotLoaded(t *testing.T) {
	t.Parallel()
	check(t, emit.OptMemory, map[string]happens{
		"what was stored to the frame": {
			[]ir.Insn{st(ir.St64X, fp, -8, 1), st(ir.St64X, 2, 0, 3), ld(ir.LdU64, 0, fp, -8)}, []ir.Op{ir.St64X, ir.Mov64X},
		},
		"what was loaded": {
			[]ir.Insn{
				st(ir.St64X, fp, -8, 1), st(ir.AtomicAdd64, 3, 0, 4), ld(ir.LdU64, 2, fp, -8), ld(ir.LdU64, 0, fp, -8), x(ir.Add64X, 0, 2),
			}, []ir.Op{ir.St64X, ir.AtomicAdd64, ir.LdU64, ir.Mov64X, ir.Add64X},
		},
		"the low half of what was stored": {
			[]ir.Insn{st(ir.St64X, fp, -8, 2), ld(ir.LdU32, 0, fp, -8)}, []ir.Op{ir.Mov32X},
		},
		"what was stored beside another store": {
			[]ir.Insn{st(ir.St64X, fp, -8, 2), st(ir.St64X, fp, -16, 3), ld(ir.LdU64, 0, fp, -8)}, []ir.Op{ir.Mov64X},
		},
	})
	stays(t, ir.Mov64X, map[string][]ir.Insn{
		"memory of others, which may change": {
			ld(ir.LdU64, 2, 1, 8), ld(ir.LdU64, 0, 1, 8), x(ir.Add64X, 0, 2),
		},
		"what was stored to memory of others": {
			st(ir.St64X, 1, 8, 2), ld(ir.LdU64, 0, 1, 8),
		},
		"a store to somewhere in the frame": {
			st(ir.St64X, fp, -16, 2), k(ir.And64K, 3, 8), x(ir.Add64X, 3, fp), st(ir.St64X, 3, -24, 4), ld(ir.LdU64, 0, fp, -16),
		},
		"a store that overlaps": {
			st(ir.St64X, fp, -8, 2), st(ir.St32X, fp, -4, 3), ld(ir.LdU64, 0, fp, -8),
		},
		"an atomic": {
			st(ir.St64X, fp, -8, 2), st(ir.AtomicAdd64, fp, -8, 3), ld(ir.LdU64, 0, fp, -8),
		},
		"a narrower store gives no wide value": {
			st(ir.St32X, fp, -8, 2), ld(ir.LdU64, 0, fp, -8),
		},
	})
	escaped := optimized(0,
		x(ir.Mov64X, 5, fp), k(ir.Add64K, 5, -8), st(ir.St64X, 3, 0, 5), // somebody may know the frame
		st(ir.St64X, fp, -8, 1), st(ir.St64X, 2, 0, 4), ld(ir.LdU64, 0, fp, -8), ir.Insn{Op: ir.Exit})
	if count(escaped, ir.LdU64) != 1 {
		t.Errorf("a slot whose address was stored is not loaded again:\n%s", text(escaped))
	}
}

// TestFoldingIsWhatOperationsDo compares the folding of constants with the
// test's own machine, at odd operands.
func TestFoldingIsWhatOperationsDo(t *testing.T) {
	t.Parallel()
	odd := []uint64{
		0, 1, 2, 7, 31, 32, 63, 64, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 1 << 32, 1<<63 - 1, 1 << 63, ^uint64(0), ^uint64(1), 0xffff_ffff_8000_0000,
	}
	for op := ir.Add64K; op <= ir.JSLe32X; op++ {
		if op > ir.Mov32X && op < ir.JEq64K || op.IsK() {
			continue
		}
		for _, a := range odd {
			for _, b := range odd {
				m := machine{t: t}
				m.regs[1], m.regs[2] = a, b
				in := x(op, 1, 2)
				if op.IsJump() {
					if got := decide(op, a, b); got != m.taken(&in) {
						t.Errorf("op %d of %#x and %#x: %v", op, a, b, got)
					}
					continue
				}
				m.simple(&in)
				if got := fold(op, a, b); got != m.regs[1] {
					t.Errorf("op %d of %#x and %#x: %#x, want %#x", op, a, b, got, m.regs[1])
				}
			}
		}
	}
}
