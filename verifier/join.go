package verifier

import (
	"math/bits"
	"slices"

	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier/domain"
)

// The numeric pass. Every block of the program has one state, which covers what
// every path brings to it. Blocks are processed until no state grows; a state
// at the head of a loop that keeps growing is widened. What is found then
// covers every run, and one more round, which replaces each state by what its
// predecessors say, takes back what widening gave away too freely: a state that
// covers every run stays one when it is recomputed from such states.
//
// Functions are analysed once for all their callers together: their arguments
// are joined, and so are their results. A callback's arguments are what its
// helper may give it.
//
// From the walk the pass takes only what binds: which slots are reached and
// what memory accesses go through.

// joiner is the pass at work.
type joiner struct {
	p     *Program
	insns []isa.Insn
	facts []Fact
	funcs []numFunction
	// funcOf is the function of a slot, at its block, nil where none is reached.
	funcOf []int32
	at     []*numBlock
	blocks []*numBlock // in the order in which they are processed
	steps  *domain.Steps

	queue   []uint64 // blocks to process, one bit each
	low     int      // no block before the 64 of this word is in the queue
	budget  int
	entries int
	stats   NumberStats

	st     numState // of the block being processed
	other  numState // of the other side of its branch
	packed []entry
	// found is where facts go: those of a block's last visit hold.
	found []Number
	// rounding is true in rounds that recompute states.
	rounding bool
	frozen   bool // nothing is propagated: states are only looked at
	// loose: memory that is no stack may be a piece of some stack, so that
	// nothing is known of stacks.
	loose bool
}

// Limits of the pass.
const (
	widenAfter  = 1       // times that a value at a loop's head may grow before it is widened
	endAfter    = 3       // times after which ends that move go all the way
	dropAfter   = 5       // times after which it is given up
	otherwise   = 12      // more times at other blocks, and for results of functions
	stepsPer    = 48      // instructions processed for each of the program
	maxEntries  = 1 << 20 // values held at the starts of blocks
	fixedRounds = 1
)

// join runs the pass over p.
func join(p *Program) *Numbers {
	j := &joiner{p: p, insns: p.img.Insns, facts: p.facts}
	n := &Numbers{facts: make([]Number, len(j.insns))}
	j.loose = j.stackElsewhere()
	j.buildFuncs()
	j.buildBlocks()
	j.findSteps()
	j.budget = stepsPer*len(j.insns) + 1<<12
	j.queue = make([]uint64, len(j.blocks)/64+1)
	j.start()
	j.found = n.facts
	ok := j.ascend()
	j.found = nil
	if ok && j.stats.Widened {
		for range fixedRounds {
			j.round()
		}
		clear(n.facts)
		j.found, j.frozen = n.facts, true
		for _, b := range j.blocks {
			if b.known {
				j.process(b)
			}
		}
		j.found = nil
	}
	j.stats.Blocks = len(j.blocks)
	if !ok {
		j.stats.GaveUp = true
		clear(n.facts)
		for s := range j.facts {
			if j.facts[s].Reached {
				n.facts[s].Flags = NumberReached
			}
		}
		n.stats = j.stats
		return n
	}
	j.frozen = true
	n.stats = j.stats
	// What only the rounds needed.
	j.queue, j.packed, j.steps = nil, nil, nil
	for _, b := range j.blocks {
		b.fresh = nil
	}
	n.j = j
	return n
}

// blockAt is the block of a slot, nil where none is reached.
func (j *joiner) blockAt(slot int) *numBlock {
	if b := j.at[slot]; b != nil && b.known {
		return b
	}
	return nil
}

// findSteps collects the numbers that the program compares with, if it has a
// loop.
func (j *joiner) findSteps() {
	j.steps = farSteps
	if !slices.ContainsFunc(j.blocks, func(b *numBlock) bool { return b.head }) {
		return
	}
	var consts []int64
	for s := 0; s < len(j.insns); s++ {
		in := j.insns[s]
		c := in.Op.Class()
		if (c == isa.ClassJmp || c == isa.ClassJmp32) && isJump(in.Op) && !in.Op.IsX() && in.Op != gotoOp && in.Op != gotolOp {
			consts = append(consts, int64(in.Imm))
		}
		s += slots(in) - 1
	}
	slices.Sort(consts)
	consts = slices.Compact(consts)
	const most = 256
	for len(consts) > most {
		half := consts[:0]
		for i := 0; i < len(consts); i += 2 {
			half = append(half, consts[i])
		}
		consts = half
	}
	j.steps = domain.NewSteps(consts)
}

// start gives the functions that something outside calls their arguments.
func (j *joiner) start() {
	j.unpackNothing(&j.st)
	for i := range j.funcs {
		f := &j.p.funcs[i]
		if i == 0 || f.Exception {
			j.arrive(j.funcs[i].entry, &j.st)
		}
	}
}

func (j *joiner) unpackNothing(s *numState) { s.unpack(nil) }

// push puts a block into the queue.
func (j *joiner) push(b *numBlock) {
	w := int(b.index >> 6)
	j.queue[w] |= 1 << (b.index & 63)
	j.low = min(j.low, w)
}

// ascend processes blocks until no state grows; false where the budget is
// spent.
func (j *joiner) ascend() bool {
	for j.low < len(j.queue) {
		if j.queue[j.low] == 0 {
			j.low++
			continue
		}
		i := j.low<<6 + bits.TrailingZeros64(j.queue[j.low])
		j.queue[j.low] &^= 1 << (i & 63)
		b := j.blocks[i]
		j.process(b)
		if j.budget < 0 || j.entries > maxEntries {
			return false
		}
	}
	return true
}

// arrive joins a state into the one at the start of block b.
func (j *joiner) arrive(b *numBlock, s *numState) {
	if b == nil || b.index < 0 || j.frozen {
		return
	}
	j.packed = s.pack(j.packed[:0])
	if j.rounding {
		if !b.freshKnown {
			b.freshKnown = true
			b.fresh = append(b.fresh[:0], j.packed...)
			return
		}
		b.fresh, _, _ = joinEntries(b.fresh, j.packed, patience{})
		return
	}
	if !b.known {
		b.known = true
		b.in = slices.Clone(j.packed)
		j.entries += len(b.in)
		j.push(b)
		return
	}
	p := patience{steps: j.steps}
	if !b.head {
		p.more = otherwise
	}
	before := len(b.in)
	var changed, widened bool
	b.in, changed, widened = joinEntries(b.in, j.packed, p)
	j.entries += len(b.in) - before
	if changed {
		j.stats.Widened = j.stats.Widened || widened
		j.push(b)
	}
}

// farSteps are the ends of the machine's types alone.
var farSteps = domain.NewSteps(nil)

// round recomputes every state from the states before it. Those of loop heads
// are replaced at the end.
func (j *joiner) round() {
	j.rounding = true
	for _, b := range j.blocks {
		b.freshKnown = false
	}
	for i := range j.funcs {
		j.funcs[i].freshKnown = false
	}
	j.start()
	for _, b := range j.blocks {
		if !b.known {
			continue
		}
		late := b.head || b == j.funcs[b.fn].entry && j.funcs[b.fn].addressTaken
		if !late {
			if !b.freshKnown {
				b.known = false
				continue
			}
			b.in = append(b.in[:0], b.fresh...)
		}
		j.process(b)
	}
	for _, b := range j.blocks {
		if b.known && !b.freshKnown {
			b.known = false // a loop that nothing leads to
		}
		if b.known {
			b.in = append(b.in[:0], b.fresh...)
		}
	}
	for i := range j.funcs {
		if f := &j.funcs[i]; f.returns {
			f.returns = f.freshKnown
			f.result = f.fresh
		}
	}
	j.rounding = false
}

// process carries a block's state through its instructions and on to what
// follows.
func (j *joiner) process(b *numBlock) {
	s := &j.st
	s.unpack(b.in)
	last := b.start
	for at := b.start; at < b.end; at += slots(j.insns[at]) {
		last = at
		if at+slots(j.insns[at]) < b.end {
			j.stepFacts(s, at)
		}
		j.budget--
		j.stats.Steps++
	}
	j.leave(b, last, s)
}

// before calls f with the state before every instruction of b.
func (j *joiner) before(b *numBlock, f func(slot int, s *numState)) {
	var s numState
	s.unpack(b.in)
	for at := b.start; at < b.end; at += slots(j.insns[at]) {
		f(at, &s)
		j.step(&s, at)
	}
}

// leave does what the last instruction of a block does, and goes on from
// there.
func (j *joiner) leave(b *numBlock, last int, s *numState) {
	in := j.insns[last]
	if j.found != nil {
		j.found[last] = Number{Flags: NumberReached}
	}
	switch {
	case in.Op == isa.ExitOp:
		j.returned(b.fn, &s.regs[0])
		return
	case b.call >= 0:
		j.callLocal(b, s)
		return
	case in.Op == gotoOp || in.Op == gotolOp || in.Op == condOp || !isJump(in.Op):
		if !isJump(in.Op) {
			j.stepFacts(s, last)
		}
		for k := range b.nexts {
			j.arrive(b.next[k], s)
		}
		return
	}
	j.branch(b, last, s)
}

// returned joins what a function returns.
func (j *joiner) returned(fn int32, r *num) {
	f, n := &j.funcs[fn], *r
	n.id = 0
	if n.kind == numStack {
		n.kind, n.off = numAny, 0
	}
	switch {
	case f.opaque || j.frozen:
		return
	case j.rounding && !f.freshKnown:
		f.fresh, f.freshKnown = n, true
		return
	case j.rounding:
		f.fresh.join(&n, nil)
		return
	case !f.returns:
		f.result, f.returns = n, true
	default:
		var st *domain.Steps
		if f.visits++; f.visits > otherwise {
			st = farSteps
		}
		if f.visits > 2*otherwise && !f.result.same(&n) {
			n = anything
		}
		if !f.result.join(&n, st) {
			return
		}
	}
	for _, b := range f.callers {
		if b.known {
			j.push(b)
		}
	}
}
