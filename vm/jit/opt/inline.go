package opt

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// call puts a subprogram in place of its call; 0 means that it did not.
func (w *writer) call(in *ir.Insn) int {
	g := w.callee(int(in.Imm))
	if g == nil {
		return 0
	}
	w.e.refs[in.Imm]--
	w.put(ir.Insn{Op: ir.SpendPoll, Imm: int64(g.info.Cost)})
	w.inline(g)
	return 1
}

// callee is the body of function fn if it may be inlined here once more, else
// nil.
func (w *writer) callee(fn int) *body {
	if w.e.o.Off&emit.OptInline != 0 {
		return nil
	}
	g := &w.e.funcs[fn]
	switch n := len(g.insns); {
	case g.state != finished || !g.fits || n > w.e.room || n > longBody || n > shortBody && w.e.refs[fn] > 1:
		return nil
	case (w.top+7)&^7+g.info.StackDepth+4*8 > maxFrame:
		return nil
	}
	w.e.room -= len(g.insns)
	return g
}

// inline writes g's instructions: its frame lies below what is in use of this
// one, and its registers r6 to r9 become others that are free, or are saved.
func (w *writer) inline(g *body) {
	top, lent := w.top, w.lent
	to, saves := w.rename(g)
	base := int32((w.top + 7) &^ 7)
	w.info.StackDepth = max(w.info.StackDepth, int(base)+g.info.StackDepth)
	for r, off := range saves {
		if off != 0 {
			w.put(ir.Insn{Op: ir.St64X, Dst: fp, Src: uint8(r), Off: off})
		}
	}
	if g.info.MayGoto != 0 {
		w.put(ir.Insn{Op: ir.St64K, Dst: fp, Off: int32(g.info.MayGoto) - base, Imm: ir.MayGotoTurns})
	}
	w.insns(g, &to, base)
	for r, off := range saves {
		if off != 0 {
			w.put(ir.Insn{Op: ir.LdU64, Dst: uint8(r), Src: fp, Off: off})
		}
	}
	w.top, w.lent = top, lent
}

// rename finds the registers that r6 to r9 of g become, and where those that
// stay what they are, and are this function's too, are saved.
func (w *writer) rename(g *body) (to [16]uint8, saves [16]int32) {
	for r := range to {
		to[r] = uint8(r)
	}
	for r := uint8(6); r < 10; r++ {
		if !g.names.has(r) || w.take(set(r)) != 0 {
			continue
		}
		from := savedRegs
		if g.leaf {
			from |= argRegs
		}
		if n := w.take(from &^ g.names); n != 0 {
			to[r] = n
			continue
		}
		saves[r] = w.word()
	}
	return to, saves
}

// insns writes g's instructions with other registers and another frame.
func (w *writer) insns(g *body, to *[16]uint8, base int32) {
	at := make([]int32, len(g.insns)+1)
	first := w.here()
	var ends []int32
	for i := 0; i < len(g.insns); i++ {
		in := g.insns[i]
		at[i] = w.here()
		in.Dst, in.Src = to[in.Dst&15], to[in.Src&15]
		switch op := in.Op; {
		case op == ir.Exit:
			if i == len(g.insns)-1 {
				continue
			}
			in = ir.Insn{Op: ir.JA, Slot: in.Slot, Flags: in.Flags & ir.Target}
			ends = append(ends, w.here())
		case op == ir.MayGoto:
			in.Imm -= int64(base)
		case op == ir.Mov64X && in.Src == fp:
			w.out = append(w.out, in)
			in = ir.Insn{Op: ir.Add64K, Dst: in.Dst, Imm: -int64(base), Slot: in.Slot}
			if next := i + 1; next < len(g.insns) && adds(&g.insns[next], g.insns[i].Dst) {
				in.Imm += g.insns[next].Imm
				i = next
				at[i] = w.here() // nothing leads there
			}
		case in.Src == fp && (op >= ir.LdU8 && op <= ir.ProbeS32 || op >= ir.LoadAcq8 && op <= ir.LoadAcq64),
			in.Dst == fp && op >= ir.St8K && op <= ir.StoreRel64:
			in.Off -= base
		}
		w.out = append(w.out, in)
	}
	at[len(g.insns)] = w.here()
	for k := first; k < w.here(); k++ {
		if in := &w.out[k]; in.Op.IsJump() {
			in.Off = at[in.Off]
		}
	}
	w.land(ends...)
}

// adds reports whether an instruction that nothing leads to adds a constant to
// register r.
func adds(in *ir.Insn, r uint8) bool {
	return in.Op == ir.Add64K && in.Dst == r && in.Flags&ir.Target == 0
}
