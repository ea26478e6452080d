package arm64

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// conds are the conditions of the jumps, by the 64-bit K form.
var conds = [...]cond{
	0:                            condEQ, // JEq64K
	(ir.JNe64K - ir.JEq64K) / 4:  condNE,
	(ir.JGt64K - ir.JEq64K) / 4:  condHI,
	(ir.JGe64K - ir.JEq64K) / 4:  condHS,
	(ir.JLt64K - ir.JEq64K) / 4:  condLO,
	(ir.JLe64K - ir.JEq64K) / 4:  condLS,
	(ir.JSet64K - ir.JEq64K) / 4: condNE,
	(ir.JSGt64K - ir.JEq64K) / 4: condGT,
	(ir.JSGe64K - ir.JEq64K) / 4: condGE,
	(ir.JSLt64K - ir.JEq64K) / 4: condLT,
	(ir.JSLe64K - ir.JEq64K) / 4: condLE,
}

// branch is a conditional jump: by the flags, by r or one of its bits being zero.
type branch struct {
	zero bool // by r
	one  bool // by a bit of r
	bit  uint8
	w    bool // r's width
	r    reg
	cc   cond // EQ and NE only if by r or a bit
}

// to jumps to l if the condition holds, or if not is set, does not.
func (c *compiler) to(b branch, not bool, l emit.Label) {
	cc := b.cc
	if not {
		cc = cc.not()
	}
	switch {
	case b.zero:
		c.cbz(b.w, cc == condNE, b.r, l)
	case b.one:
		c.tbz(cc == condNE, b.r, b.bit, l)
	default:
		c.bcond(cc, l)
	}
}

// jump emits a jump of any kind. One that leads back costs fuel.
func (c *compiler) jump(i int, in *ir.Insn, dst, src reg) {
	target := int(in.Off)
	back := in.Flags&ir.BackEdge != 0
	to := c.insns + emit.Label(target)
	switch {
	case in.Op == ir.JA && back:
		c.spend(int(in.Cost), target, target)
		return
	case in.Op == ir.JA:
		if target != i+1 {
			c.b(to)
		}
		return
	}
	var b branch
	if in.Op == ir.MayGoto {
		c.load(8, false, tmp, fp, int32(in.Imm))
		b = branch{zero: true, w: true, r: tmp, cc: condEQ}
	} else {
		b = c.compare(in, dst, src)
	}
	if back {
		over := c.NewLabel()
		c.to(b, true, over)
		c.spend(int(in.Cost), target, target)
		c.Bind(over)
	} else {
		c.to(b, false, to)
	}
	if in.Op == ir.MayGoto {
		c.arithRI(true, sub, tmp, tmp, 1)
		c.store(8, fp, int32(in.Imm), tmp)
	}
}

// compare readies what a conditional jump asks for.
func (c *compiler) compare(in *ir.Insn, dst, src reg) branch {
	w, k := !in.Op.Is32(), in.Op.IsK()
	imm := in.Imm
	if !w {
		imm = int64(int32(imm))
	}
	b := branch{w: w, r: dst, cc: conds[(in.Op.Base()-ir.JEq64K)/4]}
	if in.Op.Base() == ir.JSet64K {
		if bit, ok := log2(w, imm); k && ok && c.near {
			b.one, b.bit = true, bit
		} else if k {
			c.bitwiseRI(w, ands, zr, dst, imm)
		} else {
			c.tstRR(w, dst, src)
		}
		return b
	}
	switch {
	case k && imm == 0 && b.cc <= condNE:
		b.zero = true
	case k && imm == 0 && (b.cc == condLT || b.cc == condGE) && c.near:
		b.one, b.bit = true, width(w)-1
		if b.cc = condNE; in.Op.Base() == ir.JSGe64K {
			b.cc = condEQ
		}
	case k:
		c.compareRI(w, dst, imm)
	default:
		c.cmpRR(w, dst, src)
	}
	return b
}
