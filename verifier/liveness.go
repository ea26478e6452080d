package verifier

import "math/bits"

// Liveness of stack slots. While paths are walked, every instruction notes
// which slots it may read and which it always overwrites, for each chain of
// calls; a backward data flow then says which slots can still be read. It
// depends on the chain because a callee can be handed pointers into its
// callers' frames.
//
// Linux 6.18: slots of 8 bytes, one 64-bit mask a frame.

// chainKey names an instance of a function by the calls that lead to it.
type chainKey struct {
	sites [maxFrames]int32
	start int32
}

// slotMasks is one instruction's knowledge about one frame.
type slotMasks struct {
	read    uint64 // may be read
	write   uint64 // overwritten on every visit so far
	pending uint64 // overwritten on this visit
	called  uint64 // overwritten on all paths of the function called here
	all     uint64 // overwritten on all paths from here to the function's end
	live    uint64
}

// instance is a function in a chain of calls. masks[frame] is nil for frames
// never touched.
type instance struct {
	key        chainKey
	depth      int32
	start, end int32
	masks      [maxFrames][]slotMasks
	visited    []bool
	graph      *flowGraph
	// pending marks, by place in the graph's order, instructions whose facts
	// have changed since the last settling.
	pending []uint64
	dirty   bool
	settled int // liveness.version at the last settling
	callees []*instance
}

// flowGraph is the control flow of a function, shared by its instances.
type flowGraph struct {
	order []int32    // slots in postorder, relative to the function's start
	place []int32    // of a slot in order, -1 for second slots
	next  [][2]int32 // successors, -1 for none
	prev  [][]int32  // predecessors
}

func (v *verifier) flowGraphOf(sub int) *flowGraph {
	sp := &v.subs[sub]
	n := sp.end - sp.start
	g := &flowGraph{place: make([]int32, n), next: make([][2]int32, n), prev: make([][]int32, n)}
	for i := range g.place {
		g.place[i] = -1
	}
	var buf [2]int
	for k, i := range v.order(sub, nil) {
		at := int32(i - sp.start)
		g.order = append(g.order, at)
		g.place[at] = int32(k)
		g.next[at] = [2]int32{-1, -1}
		for j, t := range v.successors(i, buf[:0]) {
			if to := int32(t - sp.start); to >= 0 && int(to) < n {
				g.next[at][j] = to
				g.prev[to] = append(g.prev[to], at)
			}
		}
	}
	return g
}

// touch marks an instruction as changed.
func (in *instance) touch(at int32) {
	if k := in.graph.place[at]; k >= 0 {
		in.pending[k>>6] |= 1 << (k & 63)
		in.dirty = true
	}
}

// liveness is the analysis.
type liveness struct {
	instances map[chainKey]*instance
	graphs    map[int32]*flowGraph
	cur       *instance // of the current instruction
	at        int32     // the current instruction
	version   int       // counts changes
	answer    liveQuery
	trace     *liveTrace // for the log
}

func chainOf(v *verifier, s *state, depth int32) chainKey {
	var k chainKey
	for i := int32(1); i <= depth; i++ {
		k.sites[i-1] = s.frames[i].callsite + 1
	}
	k.start = int32(v.subs[s.frames[depth].sub].start)
	return k
}

func (l *liveness) instanceOf(v *verifier, s *state, depth int32) *instance {
	k := chainOf(v, s, depth)
	in := l.instances[k]
	if in == nil {
		sp := &v.subs[s.frames[depth].sub]
		in = &instance{key: k, depth: depth, start: int32(sp.start), end: int32(sp.end)}
		in.visited = make([]bool, sp.end-sp.start)
		if l.instances == nil {
			l.instances = map[chainKey]*instance{}
			l.graphs = map[int32]*flowGraph{}
		}
		g := l.graphs[in.start]
		if g == nil {
			g = v.flowGraphOf(int(s.frames[depth].sub))
			l.graphs[in.start] = g
		}
		in.graph = g
		in.pending = make([]uint64, len(g.order)/64+1)
		l.instances[k] = in
		if depth > 0 {
			up := l.instanceOf(v, s, depth-1)
			up.callees = append(up.callees, in)
		}
	}
	return in
}

func (in *instance) mask(frame, insn int32) *slotMasks {
	if in.masks[frame] == nil {
		in.masks[frame] = make([]slotMasks, in.end-in.start)
	}
	return &in.masks[frame][insn-in.start]
}

// begin starts the notes of one visit of the current instruction.
func (l *liveness) begin(v *verifier) {
	f := v.state.frame()
	if f.inst == nil {
		f.inst = l.instanceOf(v, v.state, v.state.cur)
	}
	l.cur, l.at = f.inst, int32(v.insn)
	if v.log.on(logStates) {
		l.traceBegin(v)
	}
}

// read notes that slots of a frame may be read by the current instruction.
func (l *liveness) read(v *verifier, frame int32, mask uint64) {
	if mask == 0 || l.cur == nil {
		return
	}
	l.trace.read(frame, mask)
	m := l.cur.mask(frame, l.at)
	if m.read&mask != mask {
		m.read |= mask
		l.cur.touch(l.at - l.cur.start)
		l.version++
	}
}

// wrote notes that slots are overwritten whatever they held.
func (l *liveness) wrote(v *verifier, frame int32, mask uint64) {
	if mask == 0 || l.cur == nil {
		return
	}
	l.trace.write(frame, mask)
	l.cur.mask(frame, l.at).pending |= mask
}

// commit ends the visit: a slot not overwritten this time is not always
// overwritten.
func (l *liveness) commit() {
	in := l.cur
	if in == nil || l.at < in.start || l.at >= in.end {
		return
	}
	l.trace.commit()
	i := l.at - in.start
	first := !in.visited[i]
	in.visited[i] = true
	for fr := range in.masks {
		if in.masks[fr] == nil {
			continue
		}
		m := &in.masks[fr][i]
		w := m.pending
		if !first {
			w &= m.write
		}
		if w != m.write {
			m.write = w
			in.touch(i)
			l.version++
		}
		m.pending = 0
	}
}

// liveQuery answers for one state.
type liveQuery struct {
	inst [maxFrames]*instance
	at   [maxFrames]int32
	// again marks a helper that runs its callback once more: the path comes
	// back to the call itself.
	again [maxFrames]bool
	cur   int32
}

// query prepares the answer for s, settling the data flow first.
func (l *liveness) query(v *verifier, s *state) *liveQuery {
	q := &l.answer
	q.cur = s.cur
	for i := int32(0); i <= s.cur; i++ {
		q.inst[i] = l.instanceOf(v, s, i)
		q.at[i] = s.frameInsn(i)
		q.again[i] = v.aux[q.at[i]].callsCallback
	}
	for i := s.cur; i >= 0; i-- {
		l.settle(v, q.inst[i])
	}
	return q
}

// alive reports whether slot k of frame i may be read from the state on.
func (q *liveQuery) alive(i int32, k int) bool {
	// Pointers into the frame may have been handed down to every deeper one.
	for d := i; d <= q.cur; d++ {
		in := q.inst[d]
		if in.masks[i] == nil {
			continue
		}
		at := q.at[d]
		if d < q.cur && !q.again[d] {
			at++ // after the call returned
		}
		if at-in.start < int32(len(in.masks[i])) && in.masks[i][at-in.start].live>>k&1 != 0 {
			return true
		}
	}
	return false
}

// settle repeats the data flow of in, and of the functions that it calls
// first, until nothing changes.
func (l *liveness) settle(v *verifier, in *instance) {
	if in.settled == l.version {
		return
	}
	in.settled = l.version
	// A callee's entry facts belong to the call instruction in its caller.
	for _, c := range in.callees {
		l.settle(v, c)
		l.lift(in, c)
	}
	if !in.dirty {
		return
	}
	in.dirty = false
	for w := 0; w < len(in.pending); {
		if in.pending[w] == 0 {
			w++
			continue
		}
		k := w<<6 + bits.TrailingZeros64(in.pending[w])
		in.pending[w] &^= 1 << (k & 63)
		at := in.graph.order[k]
		if !in.update(at) {
			continue
		}
		for _, p := range in.graph.prev[at] {
			k := in.graph.place[p]
			in.pending[k>>6] |= 1 << (k & 63)
			w = min(w, int(k>>6))
		}
	}
}

// lift adds what callee c reads and overwrites of its callers' frames to the
// call.
func (l *liveness) lift(in, c *instance) {
	site := c.key.sites[in.depth] - 1
	for fr := int32(0); fr <= in.depth; fr++ {
		if c.masks[fr] == nil {
			continue
		}
		live, all := c.masks[fr][0].live, c.masks[fr][0].all
		m := in.mask(fr, site)
		if m.read&live != live || m.called != all {
			m.read |= live
			m.called = all
			in.touch(site - in.start)
		}
	}
}

// update recomputes what is live before an instruction; it reports a change.
func (in *instance) update(at int32) (changed bool) {
	next := in.graph.next[at]
	for fr := int32(0); fr <= in.depth; fr++ {
		masks := in.masks[fr]
		if masks == nil {
			continue
		}
		var out, all uint64
		if next[0] >= 0 {
			out, all = masks[next[0]].live, masks[next[0]].all
		}
		if next[1] >= 0 {
			out |= masks[next[1]].live
			all &= masks[next[1]].all
		}
		m := &masks[at]
		write := m.write | m.called
		live := out&^write | m.read
		all |= write
		if live != m.live || all != m.all {
			m.live, m.all = live, all
			changed = true
		}
	}
	return changed
}

// slotMask is the mask of the slots that bytes [off, off+size) below the frame
// pointer touch.
func slotMask(off, size int) uint64 {
	if size <= 0 {
		return 0
	}
	hi, _ := fpOff(off) // lowest address, highest index
	lo, _ := fpOff(off + size - 1)
	n := hi - lo + 1
	if n >= 64 {
		return ^uint64(0)
	}
	return (uint64(1)<<n - 1) << lo
}
