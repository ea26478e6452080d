package amd64

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// conds are the conditions of the jumps, by the 64-bit K form.
var conds = [...]cond{
	0:                            condE, // JEq64K
	(ir.JNe64K - ir.JEq64K) / 4:  condNE,
	(ir.JGt64K - ir.JEq64K) / 4:  condA,
	(ir.JGe64K - ir.JEq64K) / 4:  condAE,
	(ir.JLt64K - ir.JEq64K) / 4:  condB,
	(ir.JLe64K - ir.JEq64K) / 4:  condBE,
	(ir.JSet64K - ir.JEq64K) / 4: condNE,
	(ir.JSGt64K - ir.JEq64K) / 4: condG,
	(ir.JSGe64K - ir.JEq64K) / 4: condGE,
	(ir.JSLt64K - ir.JEq64K) / 4: condL,
	(ir.JSLe64K - ir.JEq64K) / 4: condLE,
}

// jump emits a jump of any kind. One that leads back costs the instructions in
// between.
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
			c.jmp(to)
		}
		return
	}
	cc := condE
	if in.Op == ir.MayGoto {
		c.aluMI(true, cmp, rbp, int32(in.Imm), 0)
	} else {
		c.compare(in, dst, src)
		cc = conds[(in.Op.Base()-ir.JEq64K)/4]
	}
	c.jumpIf(in, cc)
	if in.Op == ir.MayGoto {
		c.aluMI(true, sub, rbp, int32(in.Imm), 1)
	}
}

// jumpIf jumps to the target of in if the flags say so.
func (c *compiler) jumpIf(in *ir.Insn, cc cond) {
	target := int(in.Off)
	if in.Flags&ir.BackEdge == 0 {
		c.jcc(cc, c.insns+emit.Label(target))
		return
	}
	over := c.NewLabel()
	c.jcc(cc.not(), over)
	c.spend(int(in.Cost), target, target)
	c.Bind(over)
}

// compare sets the flags that a conditional jump asks for.
func (c *compiler) compare(in *ir.Insn, dst, src reg) {
	w, k := !in.Op.Is32(), in.Op.IsK()
	set := in.Op.Base() == ir.JSet64K
	imm, ok := fits(w, in.Imm)
	switch {
	case k && ok && set:
		c.testRI(w, dst, imm)
	case k && ok && imm == 0:
		c.testRR(w, dst, dst)
	case k && ok:
		c.aluRI(w, cmp, dst, imm)
	case set:
		c.testRR(w, dst, c.operand(w, k, in.Imm, src))
	default:
		c.aluRR(w, cmp, dst, c.operand(w, k, in.Imm, src))
	}
}
