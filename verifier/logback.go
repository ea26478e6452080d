package verifier

import "math/bits"

// What the log shows at level 2 of the search for what must be precise, and of
// loops. Nothing is formatted when that level is off.

// logWalk prints where the walk back through one kept state begins.
func (v *verifier) logWalk(d *demand, last, first, subseq int) {
	if v.log.on(logStates) {
		v.log.printf("mark_precise: frame%d: last_idx %d first_idx %d subseq_idx %d \n", d.frame, last, first, subseq)
	}
}

// logDemand prints what is demanded behind instruction i.
func (v *verifier) logDemand(i int, d *demand) {
	l := v.log
	if !l.on(logStates) {
		return
	}
	l.printf("mark_precise: frame%d: regs=", d.frame)
	l.regList(d.regs[d.frame], "r", ",r")
	l.printf(" stack=")
	l.slotList(d.slots[d.frame], "", ",")
	l.printf(" before %d: %s\n", i, v.insnText(i))
}

// logParent prints what is demanded of a frame of the kept state s.
func (v *verifier) logParent(s *state, fr int32, d *demand) {
	l := v.log
	if !l.on(logStates) {
		return
	}
	l.printf("mark_precise: frame%d: parent state regs=", fr)
	l.regList(d.regs[fr], "r", ",r")
	l.printf(" stack=")
	l.slotList(d.slots[fr], "", ",")
	l.printf(": ")
	v.logState(s, fr, true)
}

// logCarry prints the marks of one frame that are carried to another path.
func (v *verifier) logCarry(fr int32, d *demand) {
	l := v.log
	if !l.on(logStates) || d.regs[fr] == 0 && d.slots[fr] == 0 {
		return
	}
	l.printf("frame %d: propagating ", fr)
	l.regList(d.regs[fr], "r", ",r")
	first := "fp"
	if d.regs[fr] != 0 {
		first = ",fp"
	}
	l.slotList(d.slots[fr], first, ",fp")
	l.printf("\n")
}

// logAllPrecise prints that the walk back of s has been given up.
func (v *verifier) logAllPrecise(s *state) {
	if v.log.on(logStates) {
		v.log.printf("mark_precise: frame%d: falling back to forcing all scalars precise\n", s.cur)
	}
}

// logForce prints the scalars of s that are about to be made precise.
func (v *verifier) logForce(s *state) {
	if !v.log.on(logStates) {
		return
	}
	for fr := int32(0); fr <= s.cur; fr++ {
		f := s.frames[fr]
		for i := range f.regs {
			if r := &f.regs[i]; r.typ == ptScalar && !r.precise {
				v.log.printf("force_precise: frame%d: forcing r%d to be precise\n", fr, i)
			}
		}
		for i := range f.stack {
			if f.stack[i].isScalarSpill() && !f.stack[i].r.precise {
				v.log.printf("force_precise: frame%d: forcing fp%d to be precise\n", fr, -8*(i+1))
			}
		}
	}
}

// logLoop prints that a loop was entered, cut or left.
func (v *verifier) logLoop(what string, key *loopKey) {
	l := v.log
	if !l.on(logStates) {
		return
	}
	l.printf("SCC %s (", what)
	for _, site := range key.sites {
		if site <= 1 {
			break // Linux 6.18: a call at 0 ends the list.
		}
		l.printf("%d,", site-1)
	}
	l.printf("%d)\n", key.scc)
}

// regList prints the registers of mask, the first with one prefix, the others
// with another.
func (l *logger) regList(mask uint32, first, next string) {
	for m := mask; m != 0; m &= m - 1 {
		l.printf("%s%d", first, bits.TrailingZeros32(m))
		first = next
	}
}

// slotList prints the stack slots of mask by their offsets.
func (l *logger) slotList(mask uint64, first, next string) {
	for m := mask; m != 0; m &= m - 1 {
		l.printf("%s%d", first, -8*(bits.TrailingZeros64(m)+1))
		first = next
	}
}
