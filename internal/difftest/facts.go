package difftest

import (
	"fmt"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm/interp"
)

// checkFacts holds the instruction that is about to run to its facts, which
// bind always.
func (f *follower) checkFacts(p *verifier.Program, slot int, regs *[11]uint64) {
	if f.err != nil || f.unfit != "" {
		return
	}
	fact, in := p.Fact(slot), f.img.Insns[slot]
	if !fact.Reached {
		f.fail(slot, "runs, and is said to be out of reach")
		return
	}
	base := in.Dst()
	switch in.Op.Class() {
	case isa.ClassLdx:
		base = in.Src()
	case isa.ClassSt:
	case isa.ClassStx:
		if in.Op.Mode() == isa.ModeAtomic && isa.AtomicOp(in.Imm) == isa.AtomicLoadAcq {
			base = in.Src()
		}
	default:
		if in.Op == isa.CallOp {
			f.checkCall(p, fact, slot, regs)
		} else if fact.Mask.On {
			f.checkMask(fact.Mask, in, slot, regs)
		}
		return
	}
	if f.kindOf(base) == verifier.ValueOther {
		f.unfit = "an access goes through what cannot be made up"
		return
	}
	at := regs[base] + uint64(int64(in.Off))
	f.tally.Facts++
	if text := f.atKind(fact, at, uint64(in.Op.Size().Bytes())); text != "" {
		f.fail(slot, "R%d%+d = %#x %s", base, in.Off, at, text)
	}
	if _, _, end, ok := f.world.packet(); ok && fact.Mem == verifier.KindPacket && !fact.KindVaries &&
		int64(regs[base]+uint64(fact.Packet)-end) > 0 {
		f.fail(slot, "R%d = %#x has not the %d bytes of packet behind it that the fact names", base, regs[base], fact.Packet)
	}
	f.checkDepth(p, slot, at)
}

// checkDepth holds an access of the stack to what is said of the function whose
// stack it is.
func (f *follower) checkDepth(p *verifier.Program, slot int, at uint64) {
	pass := f.top()
	i, off, ok := pass.onStack(at, 1)
	if !ok || len(pass.at) == 0 {
		return
	}
	fn := f.walk.Visits[pass.at[0].visit].Frames[i].Func
	if depth := p.Funcs()[fn].Depth; stackSize-off > depth {
		f.fail(slot, "fp-%d of func %d is touched, and its stack is said to be %d deep", stackSize-off, fn, depth)
	}
}

// checkCall holds the arguments of a call to its facts.
func (f *follower) checkCall(p *verifier.Program, fact verifier.Fact, slot int, regs *[11]uint64) {
	if r := mapArg(f.img.Insns[slot]); fact.Map > 0 {
		f.tally.Facts++
		if f.world.mapAt(regs[r]) != int(fact.Map)-1 {
			f.fail(slot, "R%d = %#x is not map %d, which the fact names", r, regs[r], fact.Map-1)
		}
	}
	for n := 1; n <= 5; n++ {
		s, ok := p.Arg(slot, n)
		if !ok {
			continue
		}
		f.tally.Facts++
		if regs[n] < s.Min || regs[n] > s.Max {
			f.fail(slot, "R%d = %#x is not in [%d,%d], which the fact names", n, regs[n], s.Min, s.Max)
		}
	}
}

// checkMask: a mask must not change what no processor guessed.
func (f *follower) checkMask(m verifier.Mask, in isa.Insn, slot int, regs *[11]uint64) {
	f.tally.Facts++
	r := in.Src()
	if m.Dst {
		r = in.Dst()
	}
	n := regs[r]
	if !in.Op.IsX() {
		n = uint64(int64(in.Imm))
	}
	if m.Neg {
		n = -n
	}
	if n > uint64(m.Limit) || m.Const && n != uint64(m.Limit) {
		f.fail(slot, "the amount %#x would be masked by %+v", n, m)
	}
}

// atKind is what is wrong with the kind that fact gives an access of n bytes at
// a, "" if nothing is.
func (f *follower) atKind(fact verifier.Fact, a, n uint64) string {
	w := f.world
	within := func(at, size uint64) bool { return a >= at && n <= size && a-at <= size-n }
	ok := true
	switch fact.Mem {
	case verifier.KindCtx:
		ok = within(w.ctx, uint64(w.ctxSize))
		if off := int64(a - w.ctx); ok && off != int64(fact.CtxOff) && f.img.Type != abi.Syscall {
			return fmt.Sprintf("is at %d in the context, the fact says %d", off, fact.CtxOff)
		}
	case verifier.KindStack:
		ok = false
		for _, p := range f.passes {
			_, _, on := p.onStack(a, int(n))
			ok = ok || on
		}
	case verifier.KindPacket:
		meta, _, end, known := w.packet()
		ok = !known || within(meta, end-meta)
	case verifier.KindMapValue:
		ok = false
		for i, m := range w.maps {
			for _, s := range w.values[i] {
				ok = ok || within(s, uint64(m.Def().ValueSize))
			}
			for _, s := range w.keys[i] {
				ok = ok || within(s, uint64(m.Def().KeySize))
			}
		}
	case verifier.KindMem:
		ok = f.readable(a, n)
		for _, m := range w.mems {
			ok = ok || within(m.at, m.size)
		}
	case verifier.KindNone:
		ok = false
	}
	if ok {
		return ""
	}
	return fmt.Sprintf("is not in the memory that the fact names (kind %d)", fact.Mem)
}

// dirty is a trace that writes garbage into the upper half of each 32-bit
// result of which the facts say that the half is never read.
func dirty(p *verifier.Program, garbage uint64) func(interp.Step) {
	insns, prev := p.Image().Insns, -1
	return func(s interp.Step) {
		if prev >= 0 {
			s.Regs[insns[prev].Dst()] ^= garbage << 32
		}
		prev = -1
		if dead32(p, s.Slot, insns[s.Slot]) {
			prev = s.Slot
		}
	}
}

// dead32 reports whether the upper half of what in computes is said to be dead.
func dead32(p *verifier.Program, slot int, in isa.Insn) bool {
	fact := p.Fact(slot)
	return in.Op.Class() == isa.ClassAlu && fact.Reached && !fact.ZExt32
}

// mapArg is the register that holds the map of a helper call.
func mapArg(in isa.Insn) int {
	h := abi.HelperByID(abi.HelperID(in.Imm))
	if h == nil || in.Src() != isa.CallHelper {
		return 1
	}
	for i, a := range h.Args {
		if a.Base() == abi.ArgConstMapPtr {
			return i + 1
		}
	}
	return 1
}

// kindOf is what the visits say that a register of the running function holds.
func (f *follower) kindOf(r isa.Reg) verifier.ValueKind {
	at := f.top().at
	if len(at) == 0 {
		return verifier.ValueNone
	}
	frames := f.walk.Visits[at[0].visit].Frames
	return frames[len(frames)-1].Regs[r].Kind
}
