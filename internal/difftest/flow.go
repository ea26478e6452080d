package difftest

import (
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier"
)

const (
	maxFrames = 8
	stackSize = 512
)

// freedom is which registers and bytes of stack nothing binds: they did not
// bind where a path ended in an earlier state, or were computed from such, and
// are not what the state says. By frame.
type freedom struct {
	regs  [maxFrames]uint16
	bytes [maxFrames][stackSize / 64]uint64
}

func (free *freedom) reg(fr int, r isa.Reg) bool { return free.regs[fr]>>r&1 != 0 }

func (free *freedom) setReg(fr int, r isa.Reg, on bool) {
	free.regs[fr] &^= 1 << r
	if on {
		free.regs[fr] |= 1 << r
	}
}

// slot is the mask of free bytes of the slot fp-8*(i+1), the lowest first.
func (free *freedom) slot(fr, i int) uint8 {
	b := stackSize - 8*(i+1)
	return uint8(free.bytes[fr][b/64] >> (b % 64))
}

func (free *freedom) setSlot(fr, i int, mask uint8) {
	b := stackSize - 8*(i+1)
	w := &free.bytes[fr][b/64]
	*w = *w&^(0xff<<(b%64)) | uint64(mask)<<(b%64)
}

// setBytes sets n bytes at offset b of the frame's memory.
func (free *freedom) setBytes(fr, b, n int, on bool) {
	for ; n > 0; b, n = b+1, n-1 {
		free.bytes[fr][b/64] &^= 1 << (b % 64)
		if on {
			free.bytes[fr][b/64] |= 1 << (b % 64)
		}
	}
}

func (free *freedom) anyByte(fr, b, n int) bool {
	for ; n > 0; b, n = b+1, n-1 {
		if free.bytes[fr][b/64]>>(b%64)&1 != 0 {
			return true
		}
	}
	return false
}

// release frees what does not bind in the covering state v.
func (free *freedom) release(b *verifier.Bound, v *verifier.Visit) {
	for fr := range v.Frames {
		free.regs[fr] |= ^b.Regs[fr] & (1<<isa.NumRegs - 1)
		for i := range v.Frames[fr].Stack {
			if b.Slots[fr]>>i&1 == 0 {
				free.setSlot(fr, i, 0xff)
			}
		}
	}
}

// call opens frame fr+1 with the arguments of frame fr. Those of callbacks are
// made by the helper of the call's arguments.
func (free *freedom) call(fr int, callback bool) {
	const args = 0x3e
	free.bytes[fr+1] = [stackSize / 64]uint64{}
	free.regs[fr+1] = free.regs[fr] & args
	if callback {
		if free.regs[fr+1] != 0 {
			free.regs[fr+1] = args
		}
		return
	}
	free.regs[fr] &^= args | 1
}

// leave closes frame fr.
func (free *freedom) leave(fr int, result bool) {
	if result {
		free.setReg(fr-1, isa.R0, free.reg(fr, isa.R0))
	}
	free.regs[fr] = 0
	free.bytes[fr] = [stackSize / 64]uint64{}
}

// onStack is where n bytes at a lie in the stack of the pass.
func (p *pass) onStack(a uint64, n int) (fr, at int, ok bool) {
	for i := range p.frames {
		low := p.frames[i].fp - stackSize
		if a >= low && a-low+uint64(n) <= stackSize {
			return i, int(a - low), true
		}
	}
	return 0, 0, false
}

// flow carries freedom over the latest instruction, which v is the visit of. It
// is false where the instruction relies on what is free.
func (f *follower) flow(v *verifier.Visit, free *freedom) bool {
	in, p := f.img.Insns[f.prev], f.top()
	fr := len(p.frames) - 1
	dst, src := in.Dst(), in.Src()
	switch in.Op.Class() {
	case isa.ClassAlu, isa.ClassAlu64:
		f.flowALU(in, fr, free)
	case isa.ClassLdx:
		return f.flowMem(v, in, src, free, func(at func(bool) bool) { free.setReg(fr, dst, at(false)) })
	case isa.ClassSt:
		return f.flowMem(v, in, dst, free, func(at func(bool) bool) { at(true) })
	case isa.ClassStx:
		if in.Op.Mode() == isa.ModeAtomic {
			return f.flowAtomic(v, in, fr, free)
		}
		on := free.reg(fr, src)
		return f.flowMem(v, in, dst, free, func(at func(bool) bool) {
			if at(true); on {
				f.setMem(in, dst, free)
			}
		})
	case isa.ClassLd:
		if in.IsWide() {
			free.setReg(fr, dst, false)
		} else {
			free.regs[fr] &^= 0x3f
		}
	default:
		if in.Op == isa.CallOp {
			// A helper's result may be as long as an argument says.
			free.setReg(fr, isa.R0, free.regs[fr]&0x3e != 0)
			free.regs[fr] &^= 0x3e
			return true
		}
		f.flowBranch(v, in, fr, free)
	}
	return true
}

func (f *follower) flowALU(in isa.Insn, fr int, free *freedom) {
	dst := in.Dst()
	switch code := in.Op.Code(); {
	case code == isa.End || code == isa.Neg:
	case code == isa.Mov:
		free.setReg(fr, dst, in.Op.IsX() && free.reg(fr, in.Src()))
	case in.Op.IsX():
		free.setReg(fr, dst, free.reg(fr, dst) || free.reg(fr, in.Src()))
	}
}

// flowMem demands that base binds; do is given what tells whether the memory is
// free, or clears it.
func (f *follower) flowMem(v *verifier.Visit, in isa.Insn, base isa.Reg, free *freedom, do func(at func(bool) bool)) bool {
	p := f.top()
	if fr := len(p.frames) - 1; free.reg(fr, base) {
		f.why = reason{
			visit: f.visitOf(v), frame: fr, reg: int(base), machine: f.regs[base], value: v.Frames[fr].Regs[base],
			text: "an access goes through a value that nothing binds",
		}
		return false
	}
	n := in.Op.Size().Bytes()
	sf, at, ok := p.onStack(f.regs[base]+uint64(int64(in.Off)), n)
	do(func(clear bool) bool {
		if !ok {
			return false
		}
		on := free.anyByte(sf, at, n)
		if clear {
			free.setBytes(sf, at, n, false)
		}
		return on
	})
	return true
}

// setMem frees the memory that in stores to.
func (f *follower) setMem(in isa.Insn, base isa.Reg, free *freedom) {
	n := in.Op.Size().Bytes()
	if sf, at, ok := f.top().onStack(f.regs[base]+uint64(int64(in.Off)), n); ok {
		free.setBytes(sf, at, n, true)
	}
}

func (f *follower) flowAtomic(v *verifier.Visit, in isa.Insn, fr int, free *freedom) bool {
	dst, src := in.Dst(), in.Src()
	op := isa.AtomicOp(in.Imm)
	base := dst
	if op == isa.AtomicLoadAcq {
		base = src
	}
	value := free.reg(fr, src)
	return f.flowMem(v, in, base, free, func(at func(bool) bool) {
		was := at(op == isa.AtomicStoreRel || op == isa.AtomicXchg)
		switch {
		case op == isa.AtomicLoadAcq:
			free.setReg(fr, dst, was)
			return
		case op == isa.AtomicStoreRel:
		case op == isa.AtomicCmpXchg:
			value = value || free.reg(fr, isa.R0)
			free.setReg(fr, isa.R0, was)
		case op&isa.AtomicFetch != 0:
			free.setReg(fr, src, was)
		}
		if value {
			f.setMem(in, dst, free)
		}
	})
}

// flowBranch: what a jump learns of a free value, it learns wrongly of the
// other operand too, and of all that are linked to one of the two.
func (f *follower) flowBranch(v *verifier.Visit, in isa.Insn, fr int, free *freedom) {
	if in.Op.Class() == isa.ClassJmp && (in.Op.Code() == isa.JA || in.Op.Code() == isa.JCond) {
		return
	}
	dst, src := in.Dst(), in.Src()
	on := free.reg(fr, dst)
	if in.Op.IsX() {
		on = on || free.reg(fr, src)
	}
	if !on {
		return
	}
	regs := &v.Frames[fr].Regs
	f.freeLinked(v, regs[dst].ID, free)
	free.setReg(fr, dst, true)
	if in.Op.IsX() {
		f.freeLinked(v, regs[src].ID, free)
		free.setReg(fr, src, true)
	}
}

func (f *follower) freeLinked(v *verifier.Visit, id uint32, free *freedom) {
	if id == 0 {
		return
	}
	linked := func(r *verifier.Value) bool { return r.Kind == verifier.ValueNumber && r.ID == id }
	for i, fr := range v.Frames {
		for r := range fr.Regs {
			if linked(&fr.Regs[r]) {
				free.setReg(i, isa.Reg(r), true)
			}
		}
		for k := range fr.Stack {
			if fr.Stack[k].Bytes[0] == verifier.ByteSaved && linked(&fr.Stack[k].Value) {
				free.setSlot(i, k, 0xff)
			}
		}
	}
}

func (f *follower) visitOf(v *verifier.Visit) int32 {
	for i := range f.walk.Visits {
		if &f.walk.Visits[i] == v {
			return int32(i)
		}
	}
	return 0
}
