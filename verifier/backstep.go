package verifier

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
)

// stepDemand takes the demand d from after instruction i to before it. subseq
// is the instruction that followed i on the path. ok is false where the walk
// cannot tell what a value was computed from.
func (v *verifier) stepDemand(i, subseq int, h *hist, d *demand) (ok bool, err error) {
	in := v.insns[i]
	if in.Op == 0 {
		return true, nil // second slot
	}
	v.logDemand(i, d)
	// A jump's refinement holds after it, so the link counts before it too.
	d.syncLinked(h)
	ok, err = v.stepInsn(i, subseq, in, h, d)
	if err == nil && ok {
		d.syncLinked(h)
	}
	return ok, err
}

// returnsEarly reports whether an instruction can end the function that it is
// in: a tail call or a legacy packet load.
func returnsEarly(in isa.Insn) bool {
	if in.Op == isa.CallOp {
		return in.Src() == isa.CallHelper && abi.HelperID(in.Imm) == helperTailCall
	}
	return in.Op.Class() == isa.ClassLd && in.Op != isa.LdImm64
}

func (v *verifier) stepInsn(i, subseq int, in isa.Insn, h *hist, d *demand) (bool, error) {
	dst, src := in.Dst(), in.Src()
	if subseq >= 0 && subseq != i+1 && returnsEarly(in) {
		// From the caller into the function that this instruction left.
		d.clearReg(isa.R0)
		if d.frame+1 >= maxFrames {
			return false, v.bug("backtracking frame %d", d.frame)
		}
		d.frame++
		d.regs[d.frame], d.slots[d.frame] = 0, 0
		return true, nil
	}
	switch in.Op.Class() {
	case isa.ClassAlu, isa.ClassAlu64:
		stepALU(in, d)
		return true, nil
	case isa.ClassLdx:
		if !d.hasReg(dst) {
			return true, nil
		}
		d.clearReg(dst)
		d.loadSlot(h)
		return true, nil
	case isa.ClassSt, isa.ClassStx:
		return stepStore(in, h, d), nil
	case isa.ClassLd:
		if !d.hasReg(dst) {
			return true, nil
		}
		d.clearReg(dst)
		// The legacy packet loads give an unknown value in R0.
		return in.Op.Mode() != isa.ModeInd && in.Op.Mode() != isa.ModeAbs, nil
	}
	switch code := in.Op.Code(); {
	case code == isa.Call:
		return v.stepCall(i, subseq, in, d)
	case code == isa.Exit:
		return v.stepExit(i, subseq, d)
	case code == isa.JA || code == isa.JCond:
		return true, nil
	case in.Op.IsX():
		if d.hasReg(dst) || d.hasReg(src) {
			if h == nil || h.flags&histSrcStack == 0 {
				d.setReg(src)
			}
			if h == nil || h.flags&histDstStack == 0 {
				d.setReg(dst)
			}
		}
	}
	return true, nil
}

func stepALU(in isa.Insn, d *demand) {
	dst, src := in.Dst(), in.Src()
	if !d.hasReg(dst) {
		return
	}
	switch code := in.Op.Code(); {
	case code == isa.End || code == isa.Neg:
	case code == isa.Mov:
		d.clearReg(dst)
		if in.Op.IsX() && src != isa.FP {
			d.setReg(src)
		}
	case in.Op.IsX() && src != isa.FP:
		d.setReg(src)
	}
}

// loadSlot demands the stack slot that a load, by its history, read.
func (d *demand) loadSlot(h *hist) {
	if h == nil || h.flags&histStack == 0 {
		return
	}
	d.slots[h.flags&histFrameMask] |= 1 << (h.flags >> histSlotShift & histSlotMask)
}

// stepStore moves the demand for a slot to the register stored in it, and that
// for what an atomic operation fetched to the slot.
//
// Differs from Linux: a number that an atomic operation fetches from the stack
// is followed into its slot.
//
// There the walk back stops at it, and programs are accepted that leave the
// stack or a map's value. What is fetched was there before the operation, so
// that the slot is demanded last.
func stepStore(in isa.Insn, h *hist, d *demand) bool {
	fetched := false
	if in.Op.Class() == isa.ClassStx && in.Op.Mode() == isa.ModeAtomic {
		switch op := isa.AtomicOp(in.Imm); {
		case op == isa.AtomicLoadAcq:
			if d.hasReg(in.Dst()) {
				d.clearReg(in.Dst())
				d.loadSlot(h)
			}
			return true
		case op == isa.AtomicStoreRel:
		case op == isa.AtomicCmpXchg:
			fetched = d.hasReg(isa.R0)
			d.clearReg(isa.R0)
		case op&isa.AtomicFetch != 0:
			fetched = d.hasReg(in.Src())
			d.clearReg(in.Src())
		}
	}
	if ok := stepSlot(in, h, d); !ok {
		return false
	}
	if fetched {
		d.loadSlot(h)
	}
	return true
}

// stepSlot moves the demand for a slot to the register stored in it.
func stepSlot(in isa.Insn, h *hist, d *demand) bool {
	if d.hasReg(in.Dst()) {
		// A scalar cannot be stored through.
		return false
	}
	if h == nil || h.flags&histStack == 0 {
		return true
	}
	f, slot := int32(h.flags&histFrameMask), int(h.flags>>histSlotShift&histSlotMask)
	if !d.hasSlot(f, slot) {
		return true
	}
	d.slots[f] &^= 1 << slot
	if in.Op.Class() == isa.ClassStx {
		d.setReg(in.Src())
	}
	return true
}

// stepCall leaves the callee's frame, or steps over a helper.
func (v *verifier) stepCall(i, subseq int, in isa.Insn, d *demand) (bool, error) {
	if in.Src() == isa.CallLocal {
		sub := v.subAt(v.callTarget(i))
		if sub < 0 {
			return false, v.bug("no subprogram at %d", v.callTarget(i))
		}
		if v.subs[sub].global && subseq == i+1 {
			// Not entered: verified on its own.
			if d.regs[d.frame]&uint32(argRegs) != 0 {
				return false, v.bug("global subprog unexpected regs %x", d.regs[d.frame])
			}
			d.clearReg(isa.R0)
			return true, nil
		}
		if v.subs[sub].global {
			return false, v.bug("static subprog %d is global", sub)
		}
		// The walk back came from the callee's first instruction.
		m := d.regs[d.frame]
		if m&^uint32(argRegs) != 0 {
			return false, v.bug("static subprog unexpected regs %x", m)
		}
		if d.slots[d.frame] != 0 {
			return false, v.bug("static subprog leftover stack slots %x", d.slots[d.frame])
		}
		d.regs[d.frame] = 0
		if d.frame == 0 {
			return false, v.bug("call from frame 0")
		}
		d.frame--
		d.regs[d.frame] |= m & uint32(argRegs)
		return true, nil
	}
	if v.aux[i].callsCallback && subseq != i+1 {
		// From the callback's body up to the helper that runs it. What the body
		// reads of the caller's stack stays demanded; R1 to R5 are made up by
		// the helper.
		if d.regs[d.frame]&^uint32(argRegs) != 0 {
			return false, v.bug("callback unexpected regs %x", d.regs[d.frame])
		}
		if d.slots[d.frame] != 0 {
			return false, v.bug("callback leftover stack slots %x", d.slots[d.frame])
		}
		d.regs[d.frame] = 0
		if d.frame == 0 {
			return false, v.bug("callback from frame 0")
		}
		d.frame--
		return true, nil
	}
	d.clearReg(isa.R0)
	if d.regs[d.frame]&uint32(argRegs) != 0 {
		return false, v.bug("backtracking call unexpected regs %x", d.regs[d.frame])
	}
	return true, nil
}

// stepExit enters the frame that an exit left.
func (v *verifier) stepExit(i, subseq int, d *demand) (bool, error) {
	if subseq < 0 {
		return false, v.bug("exit without a continuation")
	}
	// The helper that runs a callback makes up its R1 to R5. After a static
	// function they have been found.
	if v.aux[subseq].callsCallback {
		d.regs[d.frame] &^= uint32(argRegs)
	}
	if d.regs[d.frame]&uint32(argRegs) != 0 {
		return false, v.bug("backtracking exit unexpected regs %x", d.regs[d.frame])
	}
	// Only a function that was called takes R0 over: a callback's R0 goes to
	// the helper.
	r0 := d.hasReg(isa.R0) && subseq > 0 && v.insns[subseq-1].Op == isa.CallOp && v.insns[subseq-1].Src() == isa.CallLocal
	d.clearReg(isa.R0)
	if d.frame+1 >= maxFrames {
		return false, v.bug("backtracking frame %d", d.frame)
	}
	d.frame++
	d.regs[d.frame], d.slots[d.frame] = 0, 0
	if r0 {
		d.setReg(isa.R0)
	}
	return true, nil
}
