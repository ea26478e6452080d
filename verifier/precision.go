package verifier

import (
	"math/bits"

	"github.com/skepbpf/skep/isa"
)

// hist is one entry of a path's history since its last kept state: a step
// that was no fall-through, or an instruction of which walking back needs to
// know more than the code says.
type hist struct {
	insn, prev int32
	flags      histFlags
	linked     linkedSet
}

// histFlags says what an instruction touched. The low bits are a frame, the
// next ones a stack slot's index.
type histFlags uint16

const (
	histFrameMask histFlags = 1<<3 - 1
	histSlotShift           = 3
	histSlotMask  histFlags = 1<<6 - 1
	histStack     histFlags = 1 << 9  // a load or store of the slot
	histDstStack  histFlags = 1 << 10 // jump: the first operand is a stack pointer
	histSrcStack  histFlags = 1 << 11
)

func stackHist(slot int, fr int32) histFlags {
	return histStack | histFlags(slot)<<histSlotShift | histFlags(fr)
}

// linkedSet packs up to six registers or slots that shared a scalar id when a
// jump refined one of them.
type linkedSet struct {
	n   uint8
	ref [6]linkedRef
}

// linkedRef is one register, or one stack slot, of a frame.
type linkedRef struct {
	frame  uint8
	isReg  bool
	number uint8
}

// pushHist records the step to the current instruction, or adds to its record.
func (v *verifier) pushHist(s *state, flags histFlags, linked linkedSet) error {
	if s == v.state && v.curHist > 0 {
		e := &s.hist[v.curHist-1]
		if e.flags&^flags != 0 && flags&^e.flags != 0 && flags != 0 && e.flags&histStack != 0 {
			return v.bug("insn history: insn_idx %d cur flags %x new flags %x", v.insn, e.flags, flags)
		}
		e.flags |= flags
		if linked.n > 0 {
			e.linked = linked
		}
		return nil
	}
	s.hist = append(s.hist, hist{insn: int32(v.insn), prev: int32(v.cameFrom), flags: flags, linked: linked})
	if s == v.state {
		v.curHist = len(s.hist)
	}
	return nil
}

// stepBack is the instruction before i on the path that led to s; n counts
// the history entries not used yet. ok is false at the start of s.
func stepBack(s *state, i int, n *int) (prev int, ok bool) {
	if i == int(s.firstInsn) {
		if *n == 0 || *n == 1 && int(s.hist[0].insn) == i {
			return 0, false
		}
	}
	if *n > 0 && int(s.hist[*n-1].insn) == i {
		*n--
		return int(s.hist[*n].prev), true
	}
	return i - 1, true
}

// demand is what must be precise: registers and stack slots by frame.
type demand struct {
	frame int32
	regs  [maxFrames]uint32
	slots [maxFrames]uint64
}

func (d *demand) empty() bool {
	var all uint64
	for i := int32(0); i <= d.frame; i++ {
		all |= uint64(d.regs[i]) | d.slots[i]
	}
	return all == 0
}

func (d *demand) hasReg(r isa.Reg) bool { return d.regs[d.frame]>>r&1 != 0 }
func (d *demand) setReg(r isa.Reg)      { d.regs[d.frame] |= 1 << r }
func (d *demand) clearReg(r isa.Reg)    { d.regs[d.frame] &^= 1 << r }

func (d *demand) hasSlot(f int32, i int) bool { return d.slots[f]>>i&1 != 0 }

// has reports whether l is demanded.
func (d *demand) has(l linkedRef) bool {
	if l.isReg {
		return d.regs[l.frame]>>l.number&1 != 0
	}
	return d.slots[l.frame]>>l.number&1 != 0
}

// syncLinked demands all of a set of linked scalars as soon as one of them is:
// what refined one has refined all.
func (d *demand) syncLinked(h *hist) {
	if h == nil || h.linked.n == 0 {
		return
	}
	l := h.linked.ref[:h.linked.n]
	some := false
	for _, r := range l {
		some = some || d.has(r)
	}
	if !some {
		return
	}
	for _, r := range l {
		if r.isReg {
			d.regs[r.frame] |= 1 << r.number
		} else {
			d.slots[r.frame] |= 1 << r.number
		}
	}
}

// markPrecise demands that the value of register n on the current path be
// exact: every scalar that it was computed from is marked in the kept states
// along the path, so that they only cover states with values inside theirs.
func (v *verifier) markPrecise(n int) error {
	d := &v.demand
	*d = demand{frame: v.state.cur}
	d.regs[d.frame] = 1 << n
	_, err := v.walkBack(v.state, d)
	return err
}

// markSlotPrecise is markPrecise for the scalar saved in a stack slot.
func (v *verifier) markSlotPrecise(fr int32, index int) error {
	d := &v.demand
	*d = demand{frame: v.state.cur}
	d.slots[fr] = 1 << index
	_, err := v.walkBack(v.state, d)
	return err
}

// walkBack follows the path of s backwards and carries the demand d to what
// the values were computed from.
func (v *verifier) walkBack(s *state, d *demand) (changed bool, err error) {
	if !v.bpf || d.empty() {
		return false, nil
	}
	start := s
	first, last, subseq := int(s.firstInsn), int(s.insn), -1
	skip := true
	for {
		n := len(s.hist)
		v.logWalk(d, last, first, subseq)
		if last < 0 {
			return v.demandEntry(s, d)
		}
		for i := last; ; {
			if skip {
				skip = false
			} else {
				var h *hist
				if n > 0 && int(s.hist[n-1].insn) == i {
					h = &s.hist[n-1]
				}
				ok, err := v.stepDemand(i, subseq, h, d)
				if err != nil {
					return changed, err
				}
				if !ok {
					v.logAllPrecise(start)
					v.markAllPrecise(start)
					return true, nil
				}
			}
			if d.empty() {
				return changed, nil
			}
			subseq = i
			prev, more := stepBack(s, i, &n)
			if !more {
				break
			}
			i = prev
			if i < 0 || i >= len(v.insns) {
				// Before the first instruction: the pass's entry.
				if i < 0 {
					break
				}
				return changed, v.bug("backtracking idx %d", i)
			}
		}
		s = s.parent
		if s == nil {
			break
		}
		if v.settleDemand(s, d) {
			changed = true
		}
		if d.empty() {
			return changed, nil
		}
		subseq = first
		last, first = int(s.lastInsn), int(s.firstInsn)
	}
	if !d.empty() {
		// Something was written through a pointer that the walk does not
		// follow: give up exactness of the search, not of the result.
		v.logAllPrecise(start)
		v.markAllPrecise(start)
		return true, nil
	}
	return changed, nil
}

// demandEntry settles a demand that reached the start of a function verified
// on its own: its arguments are as general as can be.
func (v *verifier) demandEntry(s *state, d *demand) (bool, error) {
	f := s.frames[0]
	if s.cur == 0 && f.sub > 0 && d.slots[0] == 0 && d.regs[0]&^uint32(argRegs) == 0 {
		for m := d.regs[0]; m != 0; m &= m - 1 {
			if r := &f.regs[bits.TrailingZeros32(m)]; r.typ == ptScalar {
				r.precise = true
			}
		}
		return true, nil
	}
	return false, v.bug("backtracking func entry subprog %d reg_mask %x stack_mask %x", f.sub, d.regs[0], d.slots[0])
}

// settleDemand marks what d demands in the kept state s. What is marked there
// already has been carried further back before.
func (v *verifier) settleDemand(s *state, d *demand) (changed bool) {
	for fr := d.frame; fr >= 0; fr-- {
		for m := d.regs[fr]; m != 0; m &= m - 1 {
			n := bits.TrailingZeros32(m)
			r := &s.frames[fr].regs[n]
			if r.typ == ptScalar && !r.precise {
				s.wframe(fr).regs[n].precise = true
				changed = true
				continue
			}
			d.regs[fr] &^= 1 << n
		}
		for m := d.slots[fr]; m != 0; m &= m - 1 {
			n := bits.TrailingZeros64(m)
			f := s.frames[fr]
			if n < len(f.stack) && f.stack[n].isScalarSpill() && !f.stack[n].r.precise {
				f = s.wframe(fr)
				r := *f.stack[n].r
				r.precise = true
				f.stack[n].r = &r
				changed = true
				continue
			}
			d.slots[fr] &^= 1 << n
		}
		v.logParent(s, fr, d)
	}
	return changed
}

// markAllPrecise marks every scalar of the states that led to s.
func (v *verifier) markAllPrecise(s *state) {
	for s = s.parent; s != nil; s = s.parent {
		v.logForce(s)
		setPrecise(s, true)
	}
}

// setPrecise marks all scalars of s, or clears the marks.
func setPrecise(s *state, on bool) {
	for fr := int32(0); fr <= s.cur; fr++ {
		f := s.frames[fr]
		for i := range f.regs {
			if r := &f.regs[i]; r.typ == ptScalar && r.precise != on {
				f = s.wframe(fr)
				f.regs[i].precise = on
			}
		}
		for i := range f.stack {
			if f.stack[i].isScalarSpill() && f.stack[i].r.precise != on {
				f = s.wframe(fr)
				r := *f.stack[i].r
				r.precise = on
				f.stack[i].r = &r
			}
		}
	}
}

// carryPrecision carries the marks of the kept state old to the path of cur,
// which old covers.
func (v *verifier) carryPrecision(old, cur *state) (bool, error) {
	d := &v.demand
	*d = demand{frame: old.cur}
	for fr := old.cur; fr >= 0; fr-- {
		f := old.frames[fr]
		for i := range f.regs {
			if r := &f.regs[i]; r.typ == ptScalar && r.precise {
				d.regs[fr] |= 1 << i
			}
		}
		for i := range f.stack {
			if f.stack[i].isScalarSpill() && f.stack[i].r.precise {
				d.slots[fr] |= 1 << i
			}
		}
		v.logCarry(fr, d)
	}
	return v.walkBack(cur, d)
}
