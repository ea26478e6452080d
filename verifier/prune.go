package verifier

import (
	"slices"

	"github.com/skepbpf/skep/isa"
)

// match is how alike two states must be to count as equal.
type match uint8

const (
	// lax: a scalar that is not precise covers every other.
	lax match = iota
	// within: every value of the new state is one of the old state.
	within
	// exact: the same knowledge.
	exact
)

// idMap pairs ids of an old and a new state: the same pairs must hold in all
// registers. It is a small list because few ids are alive at a time.
type idMap struct {
	pairs [][2]uint32
	fresh uint32
}

func (m *idMap) reset(fresh uint32) { m.pairs, m.fresh = m.pairs[:0], fresh }

// pair reports whether old may stand for cur.
func (m *idMap) pair(old, cur uint32) bool {
	if old == 0 || cur == 0 {
		return old == cur
	}
	for _, p := range m.pairs {
		if p[0] == old {
			return p[1] == cur
		}
		if p[1] == cur {
			return false
		}
	}
	m.pairs = append(m.pairs, [2]uint32{old, cur})
	return true
}

// pairScalar is pair for a scalar that had an id: none is as good as one that
// nothing else has.
func (m *idMap) pairScalar(old, cur uint32) bool {
	if cur == 0 {
		m.fresh++
		cur = m.fresh
	}
	return m.pair(old, cur)
}

// sameButIDs reports whether a and b agree in all but ids and marks.
func sameButIDs(a, b *reg) bool {
	return a.typ == b.typ && a.off == b.off && a.arg == b.arg && a.arg2 == b.arg2 && a.aux == b.aux && a.Scalar == b.Scalar
}

func (m *idMap) sameReg(old, cur *reg) bool {
	return sameButIDs(old, cur) && m.pair(old.id, cur.id) && m.pair(old.refID, cur.refID)
}

// covers reports whether whatever was safe with old is safe with cur.
func (v *verifier) covers(old, cur *reg, how match) bool {
	m := &v.ids
	if how == exact {
		return m.sameReg(old, cur)
	}
	if old.typ == ptNone {
		return true // was never read
	}
	if old.typ != cur.typ {
		return false
	}
	switch old.typ.base() {
	case ptScalar:
		if v.isRaw && !coversSlack(old, cur) {
			return false
		}
		if v.exactScalars {
			return sameButIDs(old, cur) && (old.id == 0 || m.pairScalar(old.id, cur.id))
		}
		// Without CAP_BPF every value counts.
		if !old.precise && how == lax && v.bpf {
			return true
		}
		// Equal ids matter because a later jump on one register narrows all; a
		// register that was on its own then may be linked now.
		// Linux 6.18: seen on may_goto loops whose counter is linked.
		if old.id != 0 && (old.id&linkMask != cur.id&linkMask || old.id&linkMask != 0 && old.off != cur.off ||
			!m.pairScalar(old.id, cur.id)) {
			return false
		}
		return old.Contains(&cur.Scalar)
	case ptMapKey, ptMapValue, ptMem, ptBuf, ptTPBuffer:
		return old.off == cur.off && old.arg == cur.arg && old.arg2 == cur.arg2 &&
			old.Contains(&cur.Scalar) && m.pair(old.id, cur.id) && m.pair(old.refID, cur.refID)
	case ptPacket, ptPacketMeta:
		o, c := int32(old.arg), int32(cur.arg)
		if (o < 0 || c < 0) && o != c || o > c {
			return false
		}
		return old.off == cur.off && m.pair(old.id, cur.id) && old.Contains(&cur.Scalar)
	case ptArena:
		return true
	}
	return m.sameReg(old, cur)
}

// anyScalar stands for 8 bytes of unknown data.
var anyScalar = func() *reg {
	r := new(reg)
	r.setUnknown()
	return r
}()

// scalarIn is the scalar that a slot holds: a whole saved one, or unknown data;
// nil for anything else.
func (v *verifier) scalarIn(s *slot) *reg {
	if s.isFullSpill() && s.r.typ == ptScalar {
		return s.r
	}
	for _, t := range s.typ {
		if t != slotMisc && !(t == slotInvalid && v.perfmon) {
			return nil
		}
	}
	return anyScalar
}

// coversStack compares stacks. What the new state has more does not matter.
// Linux 6.18: in loops the slots' types must be the same, selftest
// iter_subprog_check_stacksafe.
func (v *verifier) coversStack(old, cur *frame, how match) bool {
	for i := range old.stack {
		o := &old.stack[i]
		if how != lax && (i >= len(cur.stack) || o.typ != cur.stack[i].typ) {
			return false
		}
		if o.typ == ([8]slotType{}) {
			continue
		}
		if i >= len(cur.stack) {
			for _, t := range o.typ {
				if t != slotInvalid && !(t == slotMisc && v.perfmon) {
					return false
				}
			}
			continue
		}
		c := &cur.stack[i]
		if o.r != nil && o.r == c.r && o.typ == c.typ && o.r.id == 0 && o.r.refID == 0 && (o.r.typ != ptScalar || !o.r.precise && how == lax && v.bpf) {
			continue
		}
		if !v.coversSlot(o, c, how) {
			return false
		}
	}
	return true
}

func (v *verifier) coversSlot(o, c *slot, how match) bool {
	// From the byte next to the frame pointer downwards, as the kernel does:
	// the first byte that matters decides.
	for b := 7; b >= 0; b-- {
		ot, ct := o.typ[b], c.typ[b]
		if ot == slotInvalid || ot == slotMisc && v.perfmon {
			continue
		}
		if or, cr := v.scalarIn(o), v.scalarIn(c); or != nil && cr != nil {
			return v.covers(or, cr, how)
		}
		if ot == slotMisc && ct == slotZero {
			continue
		}
		if ot != ct {
			return false
		}
	}
	m := &v.ids
	switch o.typ[0] {
	case slotSpill:
		return v.covers(o.r, c.r, how)
	case slotDynptr:
		return o.r.aux == c.r.aux && o.r.typ == c.r.typ && m.pair(o.r.refID, c.r.refID)
	case slotIter:
		// The depth is left out: iterations must be able to converge.
		return o.r.arg == c.r.arg && o.r.aux == c.r.aux && m.pair(o.r.refID, c.r.refID)
	case slotIRQ:
		return o.r.aux == c.r.aux && m.pair(o.r.refID, c.r.refID)
	}
	return true
}

// coversRefs compares what the states hold.
func (v *verifier) coversRefs(old, cur *state) bool {
	m := &v.ids
	if len(old.refs) != len(cur.refs) || old.activePreempt != cur.activePreempt || old.activeRCU != cur.activeRCU ||
		old.activeLocks != cur.activeLocks || old.activeLockObj != cur.activeLockObj ||
		!m.pair(old.activeIRQ, cur.activeIRQ) || !m.pair(old.activeLockID, cur.activeLockID) {
		return false
	}
	for i := range old.refs {
		o, c := &old.refs[i], &cur.refs[i]
		if !m.pair(o.id, c.id) || o.kind != c.kind || o.kind&refAnyLock != 0 && o.obj != c.obj {
			return false
		}
	}
	return true
}

// frameInsn is where frame i of s stands.
func (s *state) frameInsn(i int32) int32 {
	if i == s.cur {
		return s.insn
	}
	return s.frames[i+1].callsite
}

// sameCallsites reports whether a and b are in the same chain of calls.
func sameCallsites(a, b *state) bool {
	if a.cur != b.cur {
		return false
	}
	for i := int32(0); i <= a.cur; i++ {
		if a.frames[i].callsite != b.frames[i].callsite {
			return false
		}
	}
	return true
}

// statesEqual reports whether old covers cur.
func (v *verifier) statesEqual(old, cur *state, how match) bool {
	if old.cur != cur.cur || old.speculative && !cur.speculative || old.inSleepable != cur.inSleepable || old.length > cur.length {
		return false
	}
	v.ids.reset(v.idgen)
	if !v.coversRefs(old, cur) {
		return false
	}
	for i := int32(0); i <= old.cur; i++ {
		o, c := old.frames[i], cur.frames[i]
		if o.callsite != c.callsite || o.depth > c.depth {
			return false
		}
		live := v.aux[old.frameInsn(i)].live
		for r := range isa.NumRegs {
			if live>>r&1 != 0 && !v.covers(&o.regs[r], &c.regs[r], how) {
				return false
			}
		}
		if !v.coversStack(o, c, how) {
			return false
		}
	}
	return true
}

// maybeLooping is a quick check before an exact comparison: the registers of
// the running frame are the same.
func maybeLooping(old, cur *state) bool {
	if old.cur != cur.cur {
		return false
	}
	o, c := old.frame(), cur.frame()
	for i := range o.regs {
		a, b := &o.regs[i], &c.regs[i]
		if !sameButIDs(a, b) || a.id != b.id || a.refID != b.refID {
			return false
		}
	}
	return true
}

// iterDepthsDiffer reports whether an active iterator has made progress.
func iterDepthsDiffer(old, cur *state) bool {
	for i := old.cur; i >= 0; i-- {
		o, c := old.frames[i], cur.frames[i]
		for k := range o.stack {
			if o.stack[k].typ[0] != slotIter || o.stack[k].r.aux != iterActive || k >= len(c.stack) || c.stack[k].r == nil {
				continue
			}
			if o.stack[k].r.arg2 != c.stack[k].r.arg2 {
				return true
			}
		}
	}
	return false
}

// cleanStates drops from finished states kept at insn what is never read after
// them, so that they cover more.
func (v *verifier) cleanStates(insn int, cur *state) error {
	for _, s := range v.keptAt(insn, cur).list {
		if s.branches != 0 || s.cleaned || !sameCallsites(s, cur) || v.incomplete(s) {
			continue
		}
		if err := v.clean(s); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) clean(s *state) error {
	s.cleaned = true
	q := v.live.query(v, s)
	for i := int32(0); i <= s.cur; i++ {
		live := v.aux[s.frameInsn(i)].live
		f := s.frames[i]
		for r := range int(isa.FP) {
			if live>>r&1 == 0 && f.regs[r].typ != ptNone {
				f = s.wframe(i)
				f.regs[r] = reg{}
			}
		}
		for k := range f.stack {
			if f.stack[k].typ != ([8]slotType{}) && !q.alive(i, k) {
				f = s.wframe(i)
				f.stack[k] = slot{}
			}
		}
	}
	return nil
}

// forgetMarks clears the marks that the running state inherited.
func forgetMarks(s *state) { setPrecise(s, false) }

// keptStates are the states kept at an instruction for functions called from
// one place.
type keptStates struct {
	key  uint32
	list []*state // the latest first
}

// keptAt is the list of states that cur is compared with at insn.
//
// Linux 6.18: a hash of the instruction and the call site names the list, so
// that what is kept for one caller does not count against another.
func (v *verifier) keptAt(insn int, cur *state) *keptStates {
	a := &v.aux[insn]
	key := uint32(int32(insn)^cur.frame().callsite) % uint32(len(v.insns))
	for i := range a.kept {
		if a.kept[i].key == key {
			return &a.kept[i]
		}
	}
	a.kept = append(a.kept, keptStates{key: key})
	return &a.kept[len(a.kept)-1]
}

// visited compares the current state with those kept here. done is true if one
// covers it; otherwise the state may be kept.
func (v *verifier) visited() (done bool, err error) {
	a, cur := &v.aux[v.insn], v.state
	force := v.freq || a.force || len(cur.hist) > 40
	add := force || v.jumps-v.prevJumps >= 2 && v.stats.Insns-v.prevInsns >= 8
	if err := v.cleanStates(v.insn, cur); err != nil {
		return false, err
	}
	g := v.keptAt(v.insn, cur)
	seen, kept := v.buckets[g.key], g.list[:0]
	for i := 0; i < len(g.list); i++ {
		s := g.list[i]
		hit, loop, noAdd, err := v.compare(s, cur, force)
		if err != nil {
			return false, err
		}
		if hit {
			g.list = append(kept, g.list[i:]...)
			if v.opts.Walk != nil {
				v.opts.Walk.covered(cur, s, loop || s.branches > 0)
			}
			return true, v.covered(s, cur, loop)
		}
		if noAdd {
			add = false
		}
		if add {
			s.miss++
		}
		n := int32(3)
		if a.force && s.branches > 0 {
			n = 64
		}
		if s.miss > s.hit*n+n {
			// Rarely useful: no longer compared with.
			v.buckets[g.key]--
			if s.dropped = true; s.branches == 0 {
				v.drop(s)
			}
			continue
		}
		kept = append(kept, s)
	}
	clear(g.list[len(kept):])
	g.list = kept
	// Linux 6.18: those that are given up on this visit still count.
	v.stats.MaxStatesInsn = max(v.stats.MaxStatesInsn, int(seen))
	if !v.bpf && seen > 64 || !add {
		return false, nil
	}
	return false, v.keep(cur)
}

// keep stores a copy of the current state to compare with.
func (v *verifier) keep(cur *state) error {
	v.stats.States++
	if v.bpf {
		forgetMarks(cur)
	}
	n := v.newState()
	cur.cloneInto(n)
	if err := v.hold(n); err != nil {
		return err
	}
	v.prevJumps, v.prevInsns = v.jumps, v.stats.Insns
	n.insn = int32(v.insn)
	n.branches = 1
	n.hit, n.miss = 0, 0
	v.enterLoop(n)
	cur.parent = n
	cur.firstInsn = int32(v.insn)
	cur.dfsDepth = n.dfsDepth + 1
	cur.hist = nil
	v.curHist = 0
	g := v.keptAt(v.insn, cur)
	g.list = slices.Insert(g.list, 0, n)
	v.buckets[g.key]++
	return nil
}
