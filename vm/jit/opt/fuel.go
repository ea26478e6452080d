package opt

import (
	"slices"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// What code may run without a look at the fuel, in instructions: a loop, and
// all loops of a function that do not follow from one another. Prepaid is what
// a loop may take in one go, with a look.
const (
	unpolledLoop = 4 << 10
	unpolledFunc = 64 << 10
	prepaidLoop  = 64 << 10
	headedLoop   = 64 // the longest loop that is worth padding
)

// charge is how a loop takes its instructions off the fuel.
type charge struct {
	turns int64 // of the head at most, 0 if unknown
	exact bool  // it runs so often each time
	// before is taken before the loop is entered, given if negative; done says
	// that the loop around takes it.
	before int64
	done   bool
	// each is taken in each turn, in the head or, with last, at the end of the
	// latch.
	each int64
	last bool
	// prepaid loops take nothing in a turn.
	prepaid bool
	polls   bool // in each turn
}

// fuel takes the instructions of loops off the fuel in fewer places than the
// jumps that lead back: where the number of turns is known, all before the
// first; else in the head. A run takes the same from the fuel when a loop has
// ended, but a poll may come before the loop or some thousand instructions
// later; the engine polls at the end once more.
func (f *function) fuel(o *emit.Options) bool {
	f.info.NoPoll = f.mayStartUnpolled()
	flagged := false
	for i := range f.blocks {
		if j := f.blocks[i].jump(); j != nil && j.Flags&ir.BackEdge != 0 && !f.blocks[i].dead {
			flagged = true
			break
		}
	}
	if !flagged {
		return false
	}
	f.turnBack()
	l := findLoops(f)
	var hoisted []int32
	if o.Off&emit.OptHoist == 0 {
		hoisted = l.hoist()
	}
	charges := make([]charge, len(l.list))
	for n := range l.list {
		if p := &l.list[n]; !p.calls {
			charges[n].turns, charges[n].exact = l.turns(n)
			f.blocks[p.head].loops = p.inner && p.size <= headedLoop
		}
	}
	for _, n := range hoisted {
		b := &f.blocks[n]
		b.insns = slices.DeleteFunc(b.insns, func(in ir.Insn) bool { return nothing(&in) })
	}
	for n := range l.list {
		l.prepay(n, charges)
	}
	rest := int64(unpolledFunc)
	for n := len(charges) - 1; n >= 0; n-- {
		l.takeAll(n, charges, &rest)
	}
	if o.Off&emit.OptUnroll == 0 {
		for n := range charges {
			if c := &charges[n]; c.prepaid {
				l.unroll(n, c.turns)
			}
		}
	}
	l.chargeTargets(charges, &rest)
	f.thread()
	return true
}

// turnBack makes a jump out of a loop in front of one back to its head one jump
// back.
func (f *function) turnBack() {
	turned := false
	for i := range f.blocks {
		b := &f.blocks[i]
		if b.dead || len(b.insns) != 1 || b.insns[0].Op != ir.JA || len(b.preds) != 1 || i == 0 {
			continue
		}
		p := &f.blocks[b.preds[0]]
		j := p.jump()
		if p.next != i || j == nil || j.Op == ir.MayGoto || j.Flags&ir.BackEdge != 0 || int(j.Off) == i {
			continue
		}
		op := inverse(j.Op)
		if op == ir.Invalid {
			continue
		}
		back := &b.insns[0]
		p.next = int(j.Off)
		j.Op, j.Off, j.Cost = op, back.Off, back.Cost
		j.Flags |= back.Flags & ir.BackEdge
		turned = true
	}
	if turned {
		f.link()
	}
}

// mayStartUnpolled reports whether nobody can call the function in a loop that
// never polls: bpf_loop's does not, and a function that calls could be called
// by one that does.
func (f *function) mayStartUnpolled() bool {
	for i := range f.blocks {
		for k := range f.blocks[i].insns {
			switch f.blocks[i].insns[k].Op {
			case ir.CallLocal, ir.CallX, ir.TailCall:
				return false
			}
		}
	}
	if f.info.Cost > unpolledLoop {
		return false
	}
	for i := range f.prog.Callees {
		if c := &f.prog.Callees[i]; c.Kfunc != "" || c.Helper == abi.Loop || callsBack(c) {
			return f.index == 0 && !f.isCallback()
		}
	}
	return true
}

func callsBack(c *ir.Callee) bool {
	h := abi.HelperByID(c.Helper)
	if h == nil {
		return true
	}
	for _, a := range h.Args {
		if a == abi.ArgFunc {
			return true
		}
	}
	return false
}

// isCallback reports whether the program holds the address of f.
func (f *function) isCallback() bool {
	for i := range f.prog.Insns {
		if in := &f.prog.Insns[i]; in.Op == ir.Mov64K {
			if fn, ok := ir.Callback(uint64(in.Imm)); ok && fn == f.index {
				return true
			}
		}
	}
	return false
}

// prepay decides where loop n takes what its jumps back cost; those inside it
// have decided.
func (l *loops) prepay(n int, charges []charge) {
	f, p, c := l.f, &l.list[n], &charges[n]
	cost, ok := l.cost(n)
	if !ok {
		l.prepayMiddle(n, c)
		return
	}
	if l.preheader(n) == none {
		if int64(f.info.Cost) < cost {
			return
		}
		f.info.Cost -= int32(cost) // the head takes it on entry, too
	}
	for _, b := range p.latches {
		f.plain(b, p.head)
	}
	if amount := (c.turns - 1) * cost; c.exact && p.before != none && amount <= prepaidLoop {
		c.prepaid, c.before = true, amount
		l.absorb(n, charges)
		return
	}
	c.each = cost
	if b := &f.blocks[p.latches[0]]; len(p.latches) == 1 && b.jump() == nil && p.before != none {
		c.last = true
	} else if p.before != none {
		c.before = -cost
	}
}

// absorb lets prepaid loop n take what those inside it take each time.
func (l *loops) absorb(n int, charges []charge) {
	c := &charges[n]
	for _, k := range l.list[n].inside {
		in := &charges[k]
		if in.before == 0 || !l.always(n, l.list[k].before) {
			continue
		}
		if sum := c.before + in.before*c.turns; sum <= prepaidLoop && sum >= -prepaidLoop {
			c.before = sum
			in.done = true
		}
	}
}

// takeAll writes what loop n takes; those around it have done so. Only a loop
// that is in none, or in one that polls, may do without a poll: turns of loops
// in one another multiply.
func (l *loops) takeAll(n int, charges []charge, rest *int64) {
	p, c := &l.list[n], &charges[n]
	alone := p.parent == none || charges[p.parent].polls
	if c.each > 0 {
		in := l.spend(c.each, c.turns, alone, rest)
		c.polls = in.Op == ir.SpendPoll
		if c.last {
			l.f.add(p.latches[0], in)
		} else {
			l.f.prepend(p.head, in)
		}
	}
	if c.before == 0 || c.done {
		return
	}
	f := l.f
	sum := int64(f.info.Cost) + c.before
	if p.before == 0 && len(f.blocks[0].preds) == 0 && sum > 0 && sum <= unpolledLoop {
		f.info.Cost = int32(sum)
		return
	}
	f.add(p.before, l.spend(c.before, 1, alone, rest))
}

// spend takes an amount so often, 0 for nobody knows, and polls unless it may do
// without.
func (l *loops) spend(amount, times int64, alone bool, rest *int64) ir.Insn {
	in := ir.Insn{Op: ir.SpendPoll, Imm: amount, Slot: -1}
	if all := amount * times; amount < 0 || alone && times > 0 && all <= unpolledLoop && all <= *rest {
		in.Op = ir.Spend
		*rest -= max(all, 0)
	}
	return in
}

// add puts an instruction at the end of a block that no jump ends.
func (f *function) add(block int, in ir.Insn) {
	b := &f.blocks[block]
	b.insns = append(b.insns[:len(b.insns):len(b.insns)], in)
}

// prepayMiddle moves what loop n costs before it where all jumps that cost lead
// to its latch, as in a loop that is entered at its test: the program jumps
// back to behind the test.
func (l *loops) prepayMiddle(n int, c *charge) {
	p := &l.list[n]
	latch := p.latches[0]
	if len(p.latches) != 1 || latch == p.head || p.calls || l.of[latch] != n {
		return
	}
	cost := l.f.costOf(latch)
	turns := c.turns
	if !c.exact || cost == 0 {
		return
	}
	if !l.dominates(latch, p.exits[0]) {
		turns-- // of the latch
	}
	if turns*cost > prepaidLoop || l.preheader(n) == none {
		return
	}
	for _, b := range l.f.blocks[latch].preds {
		l.f.plain(b, latch)
	}
	c.before = turns * cost
}

// costOf is what all jumps to block t cost, if nothing else leads there and all
// cost the same, else 0.
func (f *function) costOf(t int) (cost int64) {
	for _, p := range f.blocks[t].preds {
		j := f.blocks[p].jump()
		if j == nil || j.Flags&ir.BackEdge == 0 || int(j.Off) != t || f.blocks[p].next == t || j.Op == ir.MayGoto || cost != 0 && cost != int64(j.Cost) {
			return 0
		}
		cost = int64(j.Cost)
	}
	return cost
}

// always reports whether block b runs as often as the head of loop n, which has
// one exit.
func (l *loops) always(n, b int) bool {
	return l.everyTurn(n, b) && l.dominates(b, l.list[n].exits[0])
}

// cost is what each jump back to the head of loop n costs, if all cost the same.
func (l *loops) cost(n int) (cost int64, ok bool) {
	p := &l.list[n]
	for _, b := range p.latches {
		bl := &l.f.blocks[b]
		j := bl.jump()
		if j == nil || j.Flags&ir.BackEdge == 0 || int(j.Off) != p.head || bl.next == p.head || j.Op == ir.MayGoto {
			return 0, false
		}
		if cost != 0 && int64(j.Cost) != cost {
			return 0, false
		}
		cost = int64(j.Cost)
	}
	return cost, cost > 0
}

// plain makes the jump at the end of b, which leads back to head, one that
// costs nothing.
func (f *function) plain(b, head int) {
	bl := &f.blocks[b]
	j := bl.jump()
	if j.Op == ir.JA {
		bl.insns = bl.body()
		bl.next = head
		return
	}
	j.Flags &^= ir.BackEdge
	j.Cost = 0
}

func (f *function) prepend(block int, in ir.Insn) {
	b := &f.blocks[block]
	b.insns = append([]ir.Insn{in}, b.insns...)
}

// chargeTargets moves the cost of jumps that lead back into their target where
// all that leads there costs the same.
func (l *loops) chargeTargets(charges []charge, rest *int64) {
	f := l.f
	for t := 1; t < len(f.blocks); t++ {
		b := &f.blocks[t]
		if b.dead || len(b.preds) == 0 {
			continue
		}
		cost := f.costOf(t)
		if cost == 0 {
			continue
		}
		for _, p := range b.preds {
			f.plain(p, t)
		}
		turns, alone := int64(0), false
		if n := l.of[t]; n != none {
			parent := l.list[n].parent
			turns, alone = charges[n].turns, parent == none || charges[parent].polls
		}
		f.prepend(t, l.spend(cost, turns, alone, rest))
	}
}
