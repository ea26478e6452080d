package randprog

import "github.com/skepbpf/skep/isa"

// mutate changes a few instructions, each to one that is legally encoded, so
// that programs lie on both sides of the line.
func (g *gen) mutate() {
	for range g.between(1, 3) {
		g.mutateOne()
	}
}

func (g *gen) mutateOne() {
	n := len(g.insns)
	i := g.below(n)
	if g.insns[i].Op == 0 || g.insns[i].IsWide() {
		return
	}
	was := g.insns[i]
	in := &g.insns[i]
	if in.Op == isa.CallOp && in.Src() == isa.CallLocal {
		// A function without a call is no function to Linux.
		return
	}
	class := in.Op.Class()
	jump := class == isa.ClassJmp || class == isa.ClassJmp32
	switch g.below(9) {
	case 0, 1:
		in.Imm += int32(pick(g.source, 1, -1, 2, 8, -8))
	case 2:
		in.Imm = g.imm()
	case 3:
		if !jump {
			in.Off += int16(pick(g.source, 1, -1, 8, -8, 4))
		}
	case 4:
		*in = in.WithRegs(isa.Reg(g.below(10)), in.Src())
	case 5:
		*in = in.WithRegs(in.Dst(), isa.Reg(g.below(11)))
	case 6:
		g.otherOperation(in)
	case 7:
		if in.Op != isa.ExitOp {
			// The instruction is dropped.
			*in = isa.New(isa.AluOp(isa.ClassJmp, isa.JA, isa.SrcK), 0, 0, 0, 0)
		}
	default:
		if jump && in.Op != isa.CallOp && in.Op != isa.ExitOp {
			in.Off = g.otherTarget(i, in.Off)
		}
	}
	if in.Op == isa.CallOp || class == isa.ClassStx && in.Op.Mode() == isa.ModeAtomic && in.Imm != was.Imm {
		*in = was
	}
	if isa.Validate(g.insns[i:i+1]) != nil {
		*in = was
	}
}

// otherOperation changes what an instruction does, or how wide.
func (g *gen) otherOperation(in *isa.Insn) {
	switch in.Op.Class() {
	case isa.ClassAlu, isa.ClassAlu64:
		if g.below(3) == 2 {
			in.Op ^= isa.Op(isa.ClassAlu ^ isa.ClassAlu64)
		} else {
			in.Op = isa.AluOp(in.Op.Class(), aluCodes[g.below(len(aluCodes))], in.Op&isa.SrcX)
		}
	case isa.ClassJmp, isa.ClassJmp32:
		if c := in.Op.Code(); c == isa.JA || c == isa.Call || c == isa.Exit || c == isa.JCond {
			return
		}
		if g.below(3) == 2 {
			in.Op ^= isa.Op(isa.ClassJmp ^ isa.ClassJmp32)
		} else {
			in.Op = isa.AluOp(in.Op.Class(), conditions[g.below(len(conditions))], in.Op&isa.SrcX)
		}
	case isa.ClassLdx, isa.ClassSt, isa.ClassStx:
		in.Op = in.Op&^0x18 | isa.Op(g.size())
	}
}

// otherTarget is the distance to an instruction near the target.
func (g *gen) otherTarget(at int, off int16) int16 {
	to := at + 1 + int(off) + pick(g.source, 1, -1, 2, 3)
	if to < 0 || to >= len(g.insns) || g.insns[to].Op == 0 || g.prog.FuncAt(to) != g.prog.FuncAt(at) {
		return off
	}
	return int16(to - at - 1)
}
