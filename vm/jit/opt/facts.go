package opt

import (
	"math"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// believe uses what the verifier has proven of numbers: jumps of which one side
// is never gone to are none, and what is the same in every run is a constant.
func (f *function) believe(*emit.Options) bool {
	changed, cut := false, false
	for i := range f.blocks {
		b := &f.blocks[i]
		if b.dead {
			continue
		}
		if f.decide(b) {
			changed, cut = true, true
		}
		if f.constants(b) {
			changed = true
		}
	}
	if cut {
		f.link()
		f.merge()
	}
	return changed
}

// decide takes the jump at the end of b out if the verifier knows where it goes.
func (f *function) decide(b *block) bool {
	j := b.jump()
	if j == nil || j.Flags&(ir.Always|ir.Never) == 0 {
		return false
	}
	switch {
	case j.Flags&ir.Never != 0:
		b.insns = b.body()
	case j.Flags&ir.BackEdge != 0:
		*j = ir.Insn{Op: ir.JA, Off: j.Off, Slot: j.Slot, Cost: j.Cost, Flags: j.Flags &^ ir.Facts}
		b.next = none
	default:
		b.next = int(j.Off)
		b.insns = b.body()
	}
	return true
}

// constants puts constants in place of what always is the same in b. It needs
// live.
func (f *function) constants(b *block) (changed bool) {
	live := b.liveOut
	for k := len(b.insns) - 1; k >= 0; k-- {
		in := &b.insns[k]
		if in.Flags&(ir.KnownDst|ir.KnownSrc) != 0 && f.constant(in, live) {
			changed = true
		}
		live = live&^defs(in) | f.uses(in)
	}
	return changed
}

// constant puts a constant into in, behind which the registers of live are
// read.
func (f *function) constant(in *ir.Insn, live regs) bool {
	v := f.prog.Value(in.Slot)
	small := int64(v) == int64(int32(v))
	switch {
	case in.Flags&ir.KnownDst != 0:
		// A copy is shorter than a large constant.
		if !pure(in.Op) || in.Op == ir.Mov64X && !small && v > math.MaxUint32 {
			return false
		}
		*in = ir.Insn{Op: ir.Mov64K, Dst: in.Dst, Imm: int64(v), Slot: in.Slot, Flags: in.Flags & ir.Fits32}
		return true
	case in.Op >= ir.St8X && in.Op <= ir.St64X:
		// The register may be there for other stores, too, and is shorter.
		if live.has(in.Src) || in.Src == in.Dst || in.Op == ir.St16X || !small && in.Op == ir.St64X {
			return false
		}
		in.Op -= ir.St8X - ir.St8K
		in.Imm = int64(v)
	case in.Op.IsJump() && in.Op != ir.JA && in.Op != ir.MayGoto, in.Op >= ir.Add64K && in.Op <= ir.Mov32X:
		if in.Op.IsK() || in.Src == in.Dst || !f.fitsK(in, v, small) {
			return false
		}
		if in.Op.Is32() {
			v = uint64(int32(v))
		}
		in.Op--
		in.Imm = int64(v)
	default:
		return false
	}
	in.Src = 0
	in.Flags &^= ir.KnownSrc | ir.Src32
	return true
}

// fitsK reports whether the K form of in with the constant v is as good or
// better.
func (f *function) fitsK(in *ir.Insn, v uint64, small bool) bool {
	width := uint64(64)
	if in.Op.Is32() {
		width, small = 32, true
	}
	switch in.Op.Base() {
	case ir.Lsh64K, ir.Rsh64K, ir.Arsh64K:
		return v < width
	case ir.Div64K, ir.SDiv64K, ir.Mod64K, ir.SMod64K:
		if in.Op.Is32() {
			v = uint64(uint32(v))
		}
		return v != 0
	}
	return small
}
