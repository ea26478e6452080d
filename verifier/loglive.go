package verifier

// What the log shows at level 2 of the stack's liveness: what is found out each
// time a path ends. Which lines there are, and in which order, depends on how
// the data flow is repeated, so it is done here a second time as Linux does it;
// nothing but the log looks at the result.

// liveTrace is that second analysis, nil when no such log is kept.
type liveTrace struct {
	instances map[chainKey]*liveChain
	orders    map[int32][]int32 // of functions by their start
	cur       *liveChain
	at        int32
	wrote     [maxFrames]uint64 // by the current instruction
}

// liveChain is a function in a chain of calls.
type liveChain struct {
	key        chainKey
	depth      int32
	start, end int32
	masks      [maxFrames][]liveMasks
	visited    []bool
	changed    bool // since the last update
	shrunk     bool // fewer slots are always written than before
}

// liveMasks are slots of one frame at one instruction.
type liveMasks struct {
	read, write uint64 // by the instruction
	live, all   uint64 // that may be read, and are always written, from here on
}

func (t *liveTrace) chain(v *verifier, s *state, depth int32) *liveChain {
	return t.chainAt(v, chainOf(v, s, depth), depth)
}

func (t *liveTrace) chainAt(v *verifier, k chainKey, depth int32) *liveChain {
	c := t.instances[k]
	if c == nil {
		sp := &v.subs[v.aux[k.start].sub]
		c = &liveChain{key: k, depth: depth, start: int32(sp.start), end: int32(sp.end)}
		c.visited = make([]bool, sp.end-sp.start)
		t.instances[k] = c
	}
	return c
}

func (c *liveChain) frame(fr int32) []liveMasks {
	if c.masks[fr] == nil {
		c.masks[fr] = make([]liveMasks, c.end-c.start)
	}
	return c.masks[fr]
}

func (c *liveChain) read(fr, at int32, mask uint64) {
	m := &c.frame(fr)[at-c.start]
	if mask&^m.read != 0 && (m.read|mask)&^m.live != 0 {
		c.changed = true
	}
	m.read |= mask
}

// commit notes that an instruction has written the slots of masks.
func (c *liveChain) commit(at int32, masks *[maxFrames]uint64) {
	again := c.visited[at-c.start]
	for fr := int32(0); fr <= c.depth; fr++ {
		w := masks[fr]
		if w == 0 && !again {
			continue
		}
		m := &c.frame(fr)[at-c.start]
		if again {
			w &= m.write
		}
		c.changed = c.changed || w != m.write
		c.shrunk = c.shrunk || m.write&^w != 0
		m.write = w
	}
	c.visited[at-c.start] = true
}

// traceBegin starts the notes of one visit of the current instruction.
func (l *liveness) traceBegin(v *verifier) {
	if l.trace == nil {
		l.trace = &liveTrace{instances: map[chainKey]*liveChain{}, orders: map[int32][]int32{}}
	}
	t := l.trace
	t.cur, t.at = t.chain(v, v.state, v.state.cur), int32(v.insn)
	t.wrote = [maxFrames]uint64{}
}

// forget ends the notes: the instruction has changed the chain of calls, and
// what it writes is known when the function that it enters has been walked.
func (t *liveTrace) forget() {
	if t != nil {
		t.cur = nil
	}
}

func (t *liveTrace) read(fr int32, mask uint64) {
	if t != nil && t.cur != nil {
		t.cur.read(fr, t.at, mask)
	}
}

func (t *liveTrace) write(fr int32, mask uint64) {
	if t != nil {
		t.wrote[fr] |= mask
	}
}

func (t *liveTrace) commit() {
	if t != nil && t.cur != nil {
		t.cur.commit(t.at, &t.wrote)
	}
}

// logLiveStack prints what has become known of the stack slots that the
// functions of the current chain of calls read and write.
func (v *verifier) logLiveStack() {
	t := v.live.trace
	if t == nil {
		return
	}
	for depth := v.state.cur; depth >= 0; depth-- {
		t.update(v, t.chain(v, v.state, depth))
	}
}

func (t *liveTrace) update(v *verifier, c *liveChain) {
	if !c.changed {
		return
	}
	if c.shrunk {
		for fr := range c.masks {
			for i := range c.masks[fr] {
				c.masks[fr][i].all = 0
			}
		}
	}
	order := t.order(v, c.start)
	rounds := 0
	for changed := true; changed; rounds++ {
		changed = false
		for fr := int32(0); fr <= c.depth; fr++ {
			if c.masks[fr] == nil {
				continue
			}
			for _, at := range order {
				if t.flow(v, c, fr, at) {
					changed = true
				}
			}
		}
	}
	c.print(v.log)
	v.log.printf(" live stack update done in %d iterations\n", rounds)
	if c.depth > 0 {
		t.lift(v, c)
	}
	c.changed, c.shrunk = false, false
}

// flow recomputes one instruction for one frame.
func (t *liveTrace) flow(v *verifier, c *liveChain, fr, at int32) (changed bool) {
	var buf [2]int
	to := v.successors(int(at), buf[:0])
	if len(to) == 0 {
		return false
	}
	masks := c.masks[fr]
	m := &masks[at-c.start]
	live, all := uint64(0), ^uint64(0)
	for _, n := range to {
		next := &masks[int32(n)-c.start]
		live |= next.live
		all &= next.all
	}
	live = live&^m.write | m.read
	all |= m.write
	if m.read != 0 || m.write != 0 || at == c.start || v.aux[at].prune {
		c.logChange(v.log, "live", fr, at, m.live, live)
		c.logChange(v.log, "written", fr, at, m.all, all)
	}
	changed = live != m.live || all != m.all
	m.live, m.all = live, all
	return changed
}

// lift charges the call with what the function reads and always writes of its
// callers' frames.
func (t *liveTrace) lift(v *verifier, c *liveChain) {
	site := c.key.sites[c.depth-1] - 1
	k := c.key
	k.sites[c.depth-1] = 0
	k.start = int32(v.subs[v.aux[site].sub].start)
	outer := t.chainAt(v, k, c.depth-1)
	var wrote [maxFrames]uint64
	for fr := range c.depth {
		if c.masks[fr] == nil {
			continue
		}
		wrote[fr] = c.masks[fr][0].all
		outer.read(fr, site, c.masks[fr][0].live)
	}
	outer.commit(site, &wrote)
}

// print prints the chain of calls.
func (c *liveChain) print(l *logger) {
	l.printf("(")
	for _, site := range c.key.sites[:c.depth] {
		l.printf("%d,", site-1)
	}
	l.printf("%d)", c.start)
}

func (c *liveChain) logChange(l *logger, what string, fr, at int32, old, mask uint64) {
	if old == mask {
		return
	}
	c.print(l)
	l.printf(" frame %d insn %d ", fr, at)
	if more := mask &^ old; more != 0 {
		l.printf("+%s ", what)
		l.slotList(more, "", ",")
		l.printf(" ")
	}
	if less := old &^ mask; less != 0 {
		l.printf("-%s ", what)
		l.slotList(less, "", ",")
	}
	l.printf("\n")
}

// order lists the slots of the function at start in the order that Linux works
// through them: every successor is put on a stack as soon as it is seen.
func (t *liveTrace) order(v *verifier, start int32) []int32 {
	if o := t.orders[start]; o != nil {
		return o
	}
	const discovered, explored = 1, 2
	sp := &v.subs[v.aux[start].sub]
	marks := make([]uint8, sp.end-sp.start)
	stack := []int{sp.start}
	var buf [2]int
	var out []int32
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		if marks[top-sp.start]&explored != 0 {
			out = append(out, int32(top))
			stack = stack[:len(stack)-1]
			continue
		}
		marks[top-sp.start] |= discovered | explored
		for _, n := range v.successors(top, buf[:0]) {
			if marks[n-sp.start] == 0 {
				marks[n-sp.start] = discovered
				stack = append(stack, n)
			}
		}
	}
	t.orders[start] = out
	return out
}
