package opt

import (
	"math"

	"github.com/skepbpf/skep/vm/ir"
)

// Upper halves. Forwards goes which registers are known to have an upper half
// of zeros, backwards of which the upper half can make a difference. With both,
// operations of 64 bits become ones of 32, whose code is shorter and, for
// divisions, faster, and moves that only clear an upper half vanish.
//
// ir.Fits32 is proven of what programs compute. It is true of registers only as
// long as all that an operation reads is right, so that an operation with
// Fits32 asks for the upper halves that it reads. Src32 and Dst32, which
// generators believe, are found from the operations that are left.

// narrow does that.
func (f *function) narrow() {
	f.zeros()
	for i := range f.blocks {
		f.narrowKnown(&f.blocks[i])
	}
	f.asked()
	known := false
	for i := range f.blocks {
		known = f.narrowUnread(&f.blocks[i]) || known
	}
	if known {
		f.upperFacts()
	}
}

// upperFacts sets Src32 and Dst32 of the operations that generators make
// shorter with them.
func (f *function) upperFacts() {
	f.zeros()
	for i := range f.blocks {
		b := &f.blocks[i]
		z := b.upper
		for k := range b.insns {
			in := &b.insns[k]
			if gains(in.Op) {
				if z.has(in.Src) {
					in.Flags |= ir.Src32
				}
				if z.has(in.Dst) {
					in.Flags |= ir.Dst32
				}
			}
			z = zerosBehind(in, z)
		}
	}
}

// gains reports whether generators make something of an operand of which they
// know that its upper half is zero.
func gains(op ir.Op) bool { return isDivision(op) || op == ir.Elem }

// zeros finds the registers whose upper half is zero where a block begins.
func (f *function) zeros() {
	const all = regs(1<<fp - 1)
	for i := range f.blocks {
		f.blocks[i].upper = all
	}
	f.blocks[0].upper = 0
	for again := true; again; {
		again = false
		for i := range f.blocks {
			b := &f.blocks[i]
			if b.dead {
				continue
			}
			z := b.upper
			for k := range b.insns {
				z = zerosBehind(&b.insns[k], z)
			}
			for _, s := range b.succs() {
				if s == none {
					continue
				}
				if t := &f.blocks[s]; t.upper&^z != 0 {
					t.upper &= z
					again = again || s <= i
				}
			}
		}
	}
}

// zerosBehind are the registers with an upper half of zeros behind in, from
// those before it.
func zerosBehind(in *ir.Insn, z regs) regs {
	d := defs(in)
	if d == 0 {
		return z
	}
	if d == set(in.Dst) && (in.Flags&ir.Fits32 != 0 || zeroUpper(in, z)) {
		return z | d
	}
	if d == callerRegs && in.Flags&ir.Fits32 != 0 && in.Op == ir.Call {
		return z&^d | set(0)
	}
	return z &^ d
}

// zeroUpper reports whether an operation leaves an upper half of zeros in Dst.
func zeroUpper(in *ir.Insn, z regs) bool {
	switch op := in.Op; {
	case op >= ir.Add64K && op <= ir.Mov32X:
		return op.Is32() || zeroUpper64(in, z)
	case op == ir.Neg32 || op == ir.MovSX32From8 || op == ir.MovSX32From16,
		op == ir.Be16 || op == ir.Be32 || op == ir.Le16 || op == ir.Le32 || op == ir.Swap16 || op == ir.Swap32,
		op >= ir.LdU8 && op <= ir.LdU32, op >= ir.LdIdxU8 && op <= ir.LdIdxU32, op == ir.LdBe16 || op == ir.LdBe32,
		op == ir.Rol32K || op == ir.Rol32X || op == ir.Ror32X || op == ir.Popcnt64 || op == ir.Popcnt32, op == ir.LoadAcq8 || op == ir.LoadAcq16 || op == ir.LoadAcq32:
		return true
	}
	return false
}

// zeroUpper64 is zeroUpper for 64-bit operations.
func zeroUpper64(in *ir.Insn, z regs) bool {
	dst, src := z.has(in.Dst), z.has(in.Src)
	if in.Op.IsK() {
		src = uint64(in.Imm)>>32 == 0
	}
	switch in.Op.Base() {
	case ir.Mov64K:
		return src
	case ir.And64K:
		return dst || src
	case ir.Or64K, ir.Xor64K:
		return dst && src
	case ir.Div64K, ir.Mod64K:
		return dst // by zero: 0, and the dividend
	case ir.Rsh64K:
		return dst || in.Op.IsK() && in.Imm >= 32
	}
	return false
}

// narrowKnown makes operations of b narrow whose operands and result have upper
// halves of zeros.
func (f *function) narrowKnown(b *block) {
	z := b.upper
	for k := range b.insns {
		in := &b.insns[k]
		if set(in.Dst) == defs(in) && zeroUpper(in, z) {
			in.Flags &^= ir.Fits32 // it says nothing that the operation does not
		}
		next := zerosBehind(in, z)
		switch op := in.Op; {
		case op == ir.Mov32X && z.has(in.Src):
			in.Op = ir.Mov64X // which is nothing in place
		case op >= ir.Add64K && op <= ir.Arsh32X && !op.Is32():
			if narrows(in, z, next) {
				narrowOp(in)
			}
		case op >= ir.JEq64K && op <= ir.JSLe32X && !op.Is32():
			narrowJump(in, z)
		}
		z = next
	}
}

// narrowOp makes a 64-bit operation its 32-bit form.
func narrowOp(in *ir.Insn) {
	in.Op += ir.Add32K - ir.Add64K
	in.Flags &^= ir.Fits32
	if in.Op.IsK() {
		in.Imm = int64(int32(in.Imm))
	}
}

// narrows reports whether a 64-bit operation may have 32 bits. z and next are
// the registers with upper halves of zeros before and behind it.
func narrows(in *ir.Insn, z, next regs) bool {
	if !next.has(in.Dst) {
		return false
	}
	dst, src := z.has(in.Dst), z.has(in.Src)
	if in.Op.IsK() {
		src = uint64(in.Imm)>>32 == 0
	}
	switch in.Op.Base() {
	case ir.Add64K, ir.Sub64K, ir.Mul64K, ir.Or64K, ir.Xor64K:
		return true // the lower half of the result is one of the lower halves
	case ir.And64K:
		// A constant with an upper half would not clear it.
		return true
	case ir.Lsh64K:
		return in.Op.IsK() && in.Imm < 32
	case ir.Rsh64K:
		return dst && in.Op.IsK() && in.Imm < 32
	case ir.Div64K, ir.Mod64K:
		return dst && src
	}
	return false
}

// narrowJump makes a comparison of 64-bit numbers one of 32 bits if both upper
// halves are zero. Then the numbers are not negative.
func narrowJump(in *ir.Insn, z regs) {
	if !z.has(in.Dst) {
		return
	}
	if in.Op.IsK() && (in.Imm < 0 || in.Imm > math.MaxInt32) || !in.Op.IsK() && !z.has(in.Src) {
		return
	}
	switch base := in.Op.Base(); base {
	case ir.JSGt64K:
		in.Op += ir.JGt64K - base
	case ir.JSGe64K:
		in.Op += ir.JGe64K - base
	case ir.JSLt64K:
		in.Op += ir.JLt64K - base
	case ir.JSLe64K:
		in.Op += ir.JLe64K - base
	}
	in.Op += ir.JEq32K - ir.JEq64K
}

// asked finds the registers whose upper half can make a difference where a
// block ends: blocks' upper is that.
func (f *function) asked() {
	for i := range f.blocks {
		f.blocks[i].upper = 0
	}
	for again := true; again; {
		again = false
		for i := len(f.blocks) - 1; i >= 0; i-- {
			b := &f.blocks[i]
			if b.dead {
				continue
			}
			u := b.upper
			for k := len(b.insns) - 1; k >= 0; k-- {
				u = f.askedBefore(&b.insns[k], u)
			}
			for _, p := range b.preds {
				if t := &f.blocks[p]; u&^t.upper != 0 {
					t.upper |= u
					again = again || p >= i
				}
			}
		}
	}
}

// askedBefore are the registers whose upper half can make a difference before
// in, from those behind it.
func (f *function) askedBefore(in *ir.Insn, u regs) regs {
	d := defs(in)
	wanted := u.hasAny(d) || in.Flags&ir.Fits32 != 0
	u &^= d
	switch op := in.Op; {
	case op >= ir.Add64K && op <= ir.Mov32X:
		if op.Is32() {
			return u
		}
		switch op.Base() {
		case ir.Add64K, ir.Sub64K, ir.Mul64K, ir.Or64K, ir.And64K, ir.Xor64K, ir.Mov64K:
			if wanted {
				u |= f.uses(in)
			}
			return u
		case ir.Lsh64K:
			if wanted {
				u = u.with(in.Dst)
			}
			return u
		case ir.Rsh64K, ir.Arsh64K:
			return u.with(in.Dst)
		}
	case op == ir.Neg64:
		if !wanted {
			return u
		}
	case op == ir.Neg32 || op >= ir.MovSX64From8 && op <= ir.MovSX32From16,
		op == ir.Be16 || op == ir.Be32 || op == ir.Le16 || op == ir.Le32 || op == ir.Swap16 || op == ir.Swap32,
		op == ir.Rol32K || op == ir.Rol32X || op == ir.Ror32X || op == ir.Popcnt32, op == ir.Elem:
		return u
	case op >= ir.JEq64K && op <= ir.JSLe32X && op.Is32():
		return u
	case op >= ir.St8X && op <= ir.St32X:
		return u | set(in.Dst)
	}
	return u | f.uses(in)
}

// narrowUnread makes operations of b narrow of whose result nobody reads the
// upper half, and takes moves out that only clear it. It reports whether there
// are operations that gain from what is known of their operands.
func (f *function) narrowUnread(b *block) (known bool) {
	u := b.upper
	keep := len(b.insns)
	for k := len(b.insns) - 1; k >= 0; k-- {
		in := &b.insns[k]
		before := f.askedBefore(in, u)
		if op := in.Op; !u.has(in.Dst) && in.Flags&ir.Fits32 == 0 && op >= ir.Add64K && op <= ir.Mov32X {
			switch {
			case op == ir.Mov32X && in.Src == in.Dst:
				in.Op = ir.Mov64X
			case op == ir.Mov64K:
				in.Imm = int64(uint32(in.Imm))
			case op.Is32():
			case unreadNarrows(in):
				narrowOp(in)
			}
		}
		u = before
		if nothing(in) {
			continue
		}
		known = known || gains(in.Op)
		if keep--; keep != k {
			b.insns[keep] = *in
		}
	}
	b.insns = b.insns[keep:]
	return known
}

// unreadNarrows reports whether the lower half of an operation's result is that
// of the 32-bit form.
func unreadNarrows(in *ir.Insn) bool {
	switch in.Op.Base() {
	case ir.Add64K, ir.Sub64K, ir.Mul64K, ir.Or64K, ir.And64K, ir.Xor64K:
		return true
	case ir.Lsh64K:
		return in.Op.IsK() && in.Imm < 32
	}
	return false
}
