package arm64

import (
	"math/bits"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// shapes reports whether instructions may be put together.
func (c *compiler) shapes() bool { return c.opts.Off&emit.OptShape == 0 }

// follows is the instruction behind i, nil if there is none or if something
// jumps to it.
func (c *compiler) follows(i int) *ir.Insn {
	if i+1 >= c.fn.End {
		return nil
	}
	if in := &c.p.Insns[i+1]; in.Flags&ir.Target == 0 {
		return in
	}
	return nil
}

// combine emits instruction i and some behind it as fewer, if it can, and is
// how many it took; 0 if it did nothing.
func (c *compiler) combine(i int) int {
	a := &c.p.Insns[i]
	b := c.follows(i)
	if b == nil {
		return 0
	}
	switch op := a.Op; {
	case op == ir.Mov64X || op == ir.Mov32X:
		if a.Dst == a.Src || b.Dst != a.Dst || b.Op < ir.Add64K || b.Op >= ir.Mov64K {
			return 0
		}
		if op == ir.Mov32X && !b.Op.Is32() {
			return 0
		}
		return 1 + c.copied(i+1, b, regs[a.Src&15])
	case op >= ir.Add64K && op <= ir.Arsh32X || op == ir.Rol64K || op == ir.Rol32K:
		n := regs[a.Dst&15]
		if op >= ir.Rol64K {
			n = regs[a.Src&15]
		}
		if c.intoNext(a, b, n) {
			return 2
		}
	case c.pairs(a, b):
		return 2
	}
	return 0
}

// copied emits instruction i, whose destination is a copy of n, perhaps with the
// one behind it, and is how many it took.
func (c *compiler) copied(i int, in *ir.Insn, n reg) int {
	if next := c.follows(i); next != nil && c.intoNext(in, next, n) {
		return 2
	}
	src := regs[in.Src&15]
	if in.Src == in.Dst {
		src = n
	}
	c.threeOperands(in, regs[in.Dst&15], n, src)
	return 1
}

// intoNext emits an operation on n, whose result is a's destination, and what
// uses the result as one instruction.
func (c *compiler) intoNext(a, b *ir.Insn, n reg) bool {
	w := !is32(a)
	if b.Op < ir.Add64K || b.Op > ir.Xor32X || b.Op.Is32() == w {
		return false
	}
	if base := a.Op.Base(); a.Op < ir.Rol64K && base == ir.Rsh64K && a.Op.IsK() && b.Op.IsK() && b.Dst == a.Dst {
		return c.bitField(w, a, b, n)
	}
	if b.Op.IsK() || b.Src != a.Dst || b.Flags&ir.SrcDead == 0 || b.Dst == a.Dst {
		return false
	}
	dst := regs[b.Dst&15]
	if a.Op < ir.Rol64K && a.Op.Base() == ir.Mul64K {
		return c.multiplyAdd(w, a, b, n)
	}
	by, s, ok := shifted(a)
	if !ok {
		return false
	}
	switch base := b.Op.Base(); {
	case base == ir.Add64K && by != ror:
		c.arithShifted(w, add, dst, dst, n, by, s)
	case base == ir.Sub64K && by != ror:
		c.arithShifted(w, sub, dst, dst, n, by, s)
	case base == ir.Or64K:
		c.logicShifted(w, orr, dst, dst, n, by, s)
	case base == ir.And64K:
		c.logicShifted(w, and, dst, dst, n, by, s)
	case base == ir.Xor64K:
		c.logicShifted(w, eor, dst, dst, n, by, s)
	default:
		return false
	}
	return true
}

// shifted is the shift or rotate by a constant that an instruction is.
func shifted(in *ir.Insn) (by shift, s uint8, ok bool) {
	bitsOf := width(!is32(in))
	s = uint8(in.Imm) & (bitsOf - 1)
	switch in.Op {
	case ir.Rol64K, ir.Rol32K:
		return ror, bitsOf - s, s > 0
	case ir.Lsh64K, ir.Lsh32K:
		return lsl, s, s > 0
	case ir.Rsh64K, ir.Rsh32K:
		return lsr, s, s > 0
	case ir.Arsh64K, ir.Arsh32K:
		return asr, s, s > 0
	}
	if n, ok := log2(bitsOf == 64, in.Imm); ok && (in.Op == ir.Mul64K || in.Op == ir.Mul32K) {
		return lsl, n, true
	}
	return 0, 0, false
}

// is32 is ir.Op.Is32 for rotates, too.
func is32(in *ir.Insn) bool {
	if in.Op >= ir.Rol64K {
		return in.Op == ir.Rol32K
	}
	return in.Op.Is32()
}

// bitField emits a shift to the right and a mask of low bits.
func (c *compiler) bitField(w bool, a, b *ir.Insn, n reg) bool {
	mask := uint64(b.Imm)
	if !w {
		mask = uint64(uint32(mask))
	}
	s := uint8(a.Imm) & (width(w) - 1)
	if b.Op.Base() != ir.And64K || mask == 0 || mask&(mask+1) != 0 {
		return false
	}
	last := min(int(s)+bits.OnesCount64(mask), int(width(w))) - 1
	c.fieldRI(w, ubfm, regs[b.Dst&15], n, s, uint8(last))
	return true
}

// multiplyAdd emits a product that is added or subtracted.
func (c *compiler) multiplyAdd(w bool, a, b *ir.Insn, n reg) bool {
	dst, base := regs[b.Dst&15], b.Op.Base()
	if base != ir.Add64K && base != ir.Sub64K {
		return false
	}
	if s, ok := log2(w, a.Imm); a.Op.IsK() && ok {
		op := add
		if base == ir.Sub64K {
			op = sub
		}
		c.arithShifted(w, op, dst, dst, n, lsl, s)
		return true
	}
	m := regs[a.Src&15]
	if a.Src == a.Dst {
		m = n
	}
	m = c.operand(w, a.Op.IsK(), a.Imm, m)
	if base == ir.Add64K {
		c.maddRR(w, dst, n, m, dst)
	} else {
		c.msubRR(w, dst, n, m, dst)
	}
	return true
}

// pairs emits two loads or stores side by side as one.
func (c *compiler) pairs(a, b *ir.Insn) bool {
	size, load := 8, false
	switch a.Op {
	case ir.LdU64, ir.LdU32:
		load = true
		if b.Op != a.Op || a.Src != b.Src || a.Dst == a.Src || a.Dst == b.Dst {
			return false
		}
	case ir.St64X, ir.St64K, ir.St32X, ir.St32K:
		if a.Dst != b.Dst {
			return false
		}
	default:
		return false
	}
	op := stp
	if load {
		op = ldp
	}
	if a.Op == ir.LdU32 || a.Op == ir.St32X || a.Op == ir.St32K {
		size, op = 4, op&^(1<<31)
	}
	base, first := regs[a.Dst&15], a.Off
	if load {
		base = regs[a.Src&15]
	}
	switch b.Off - a.Off {
	case int32(size):
	case -int32(size):
		first = b.Off
	default:
		return false
	}
	if base == fp && first < -64*int32(size) {
		base, first = sp, first+c.frame.depth
	}
	if first%int32(size) != 0 || first < -64*int32(size) || first >= 63*int32(size) {
		return false
	}
	t, ok := pairValue(a, a.Op)
	t2, ok2 := pairValue(b, a.Op)
	if !ok || !ok2 {
		return false
	}
	if b.Off < a.Off {
		t, t2 = t2, t
	}
	if size == 4 {
		c.pair4(op, t, t2, base, first)
	} else {
		c.pair(op, t, t2, base, first)
	}
	return true
}

// pairValue is the register that one half of a pair of accesses as op fills or
// stores.
func pairValue(in *ir.Insn, op ir.Op) (reg, bool) {
	switch {
	case in.Op == ir.LdU64 || in.Op == ir.LdU32:
		return regs[in.Dst&15], true
	case in.Op == ir.St64X && (op == ir.St64X || op == ir.St64K), in.Op == ir.St32X && (op == ir.St32X || op == ir.St32K):
		return regs[in.Src&15], true
	case in.Op == ir.St64K && (op == ir.St64X || op == ir.St64K), in.Op == ir.St32K && (op == ir.St32X || op == ir.St32K):
		return zr, in.Imm == 0
	}
	return 0, false
}
