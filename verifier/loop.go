package verifier

import (
	"errors"
	"slices"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
)

// Loops. A path that comes back to a state it has left unfinished can be cut
// if every value it has now was possible then. Until the loop is finished, it
// is not known which scalars of that state must be precise; the cut is kept as
// a back-edge, and when the state that entered the loop is finished, precision
// is carried along all back-edges until nothing changes. Meanwhile no state of
// the loop covers another by the lax comparison.
//
// Linux 6.18: loops are the strongly connected components of a function's
// control flow, seen per chain of calls.

// loopKey names a loop in a chain of calls.
type loopKey struct {
	sites [maxFrames]int32
	scc   int32
}

// sccVisit is one stay in a loop.
type sccVisit struct {
	entry *state   // the kept state that entered it, nil while outside
	edges []*state // cut paths; equal is the state that covers them
}

// maxEdgeRounds is how often precision is carried along back-edges before all
// scalars count as precise.
const maxEdgeRounds = 64

// loopOf is the outermost loop that s is in.
func (v *verifier) loopOf(s *state) (key loopKey, ok bool) {
	for i := int32(0); i <= s.cur; i++ {
		insn := s.frameInsn(i)
		if scc := v.aux[insn].scc; scc != 0 {
			key.scc = scc
			return key, true
		}
		if i < s.cur {
			key.sites[i] = insn + 1
		}
	}
	return key, false
}

func (v *verifier) enterLoop(s *state) {
	key, ok := v.loopOf(s)
	if !ok {
		return
	}
	w := v.loops[key]
	if w == nil {
		w = &sccVisit{}
		if v.loops == nil {
			v.loops = map[loopKey]*sccVisit{}
		}
		v.loops[key] = w
	}
	if w.entry == nil {
		w.entry = s
		v.logLoop("enter", &key)
	}
}

// incomplete reports whether s is in a loop with back-edges not settled yet.
func (v *verifier) incomplete(s *state) bool {
	if len(v.loops) == 0 {
		return false
	}
	key, ok := v.loopOf(s)
	if !ok {
		return false
	}
	w := v.loops[key]
	return w != nil && len(w.edges) > 0
}

// exitLoop settles the back-edges if the finished state s entered its loop.
func (v *verifier) exitLoop(s *state) error {
	key, ok := v.loopOf(s)
	if !ok {
		return nil
	}
	w := v.loops[key]
	if w == nil {
		return v.bug("scc exit: no visit info for call chain (%d)", key.scc)
	}
	if w.entry != s {
		return nil
	}
	v.logLoop("exit", &key)
	err := v.settleEdges(w)
	for _, e := range w.edges {
		v.letGo(e)
	}
	w.entry, w.edges = nil, nil
	return err
}

func (v *verifier) settleEdges(w *sccVisit) error {
	for round := 0; ; round++ {
		changed := false
		for _, e := range slices.Backward(w.edges) { // as Linux, for the log
			c, err := v.carryPrecision(e.equal, e)
			if err != nil {
				return err
			}
			changed = changed || c
		}
		if !changed {
			return nil
		}
		if round > maxEdgeRounds {
			for _, e := range w.edges {
				v.markAllPrecise(e)
			}
			return nil
		}
	}
}

// compare reports whether the kept state s covers cur. loop: s is unfinished,
// the path is cut as a back-edge. skipAdd: keeping another state here would
// not help.
func (v *verifier) compare(s, cur *state, force bool) (hit, loop, skipAdd bool, err error) {
	if s.branches > 0 {
		return v.compareUnfinished(s, cur, force)
	}
	loop = v.incomplete(s)
	how := lax
	if loop {
		how = within
	}
	return v.statesEqual(s, cur, how), loop, false, nil
}

func (v *verifier) compareUnfinished(s, cur *state, force bool) (hit, loop, skipAdd bool, err error) {
	a := &v.aux[v.insn]
	f := cur.frame()
	detect := true
	switch {
	case f.asyncCallback && f.asyncEntry != s.frames[s.cur].asyncEntry:
		// Another run of an asynchronous callback: no loop of this one.
		detect = false
	case a.iterNext:
		// The path that finds the iterator drained ends the loop; only the
		// active one may be cut.
		if v.statesEqual(s, cur, within) && v.iterActiveAt(cur) {
			return true, true, false, nil
		}
		detect = false
	case a.mayGoto:
		if s.mayGoto != cur.mayGoto && v.statesEqual(s, cur, within) {
			return true, true, false, nil
		}
	case a.callsCallback:
		// Linux 6.18: no back-edge is kept for a callback that runs again.
		if v.statesEqual(s, cur, within) {
			return true, false, false, nil
		}
		detect = false
	}
	if detect && maybeLooping(s, cur) && v.statesEqual(s, cur, exact) && !iterDepthsDiffer(s, cur) &&
		s.mayGoto == cur.mayGoto && s.callbackLv == cur.callbackLv {
		return false, false, false, v.rejectLoop(s, cur)
	}
	// In a loop that counts, states differ in every round and rarely cover one
	// another: keep fewer of them.
	skipAdd = !force && v.jumps-v.prevJumps < 20 && v.stats.Insns-v.prevInsns < 100
	return false, false, skipAdd, nil
}

func (v *verifier) rejectLoop(s, cur *state) error {
	err := v.reject(CodeInfiniteLoop, abi.EINVAL, "infinite loop detected at insn %d", v.insn)
	v.log.printf("cur state:%s\n", v.stateText(cur))
	old := "old state:" + v.stateText(s)
	v.log.printf("%s\n", old)
	var e *Error
	if errors.As(err, &e) {
		e.Linux = old
	}
	return err
}

// covered ends the current path because s covers it: what s needs precise is
// needed precise here.
func (v *verifier) covered(s, cur *state, loop bool) error {
	s.hit++
	if v.aux[v.insn].jump {
		if err := v.pushHist(cur, 0, linkedSet{}); err != nil {
			return err
		}
	}
	if _, err := v.carryPrecision(s, cur); err != nil {
		return err
	}
	if !loop {
		return nil
	}
	edge := v.newState()
	cur.cloneInto(edge)
	edge.equal = s
	edge.insn = int32(v.insn)
	key, ok := v.loopOf(s)
	w := v.loops[key]
	if !ok || w == nil || w.entry == nil {
		return v.bug("add backedge: no SCC in verification path, insn_idx %d", v.insn)
	}
	v.logLoop("backedge", &key)
	w.edges = append(w.edges, edge)
	return v.hold(edge)
}

// finish counts the end of one path of s, and settles every state that has no
// paths left.
func (v *verifier) finish(s *state) error {
	for s != nil {
		s.branches--
		if s.branches < 0 {
			return v.bug("BUG update_branch_counts:branches_to_explore=%d", s.branches)
		}
		if s.branches > 0 {
			return nil
		}
		if err := v.exitLoop(s); err != nil {
			return err
		}
		if s.dropped {
			v.drop(s)
		}
		s = s.parent
	}
	return nil
}

// iterActiveAt reports whether the iterator that the call at hand advances,
// its first argument, has not been drained.
func (v *verifier) iterActiveAt(s *state) bool {
	r := &s.frame().regs[isa.R1]
	if r.typ.base() != ptStack || r.Bits.Mask != 0 {
		return false
	}
	sl := s.frames[r.arg].slotAt(int(r.off) + int(r.Bits.Value))
	return sl != nil && sl.typ[0] == slotIter && sl.r.aux == iterActive
}
