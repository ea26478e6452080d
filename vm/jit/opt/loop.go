package opt

import "github.com/skepbpf/skep/vm/ir"

// loop is a natural loop: the blocks from which one leads back to its head
// without leaving the head's reign.
type loop struct {
	head    int
	latches []int // lead back to head
	parent  int   // the loop around, none if there is none
	inside  []int // the loops whose parent this is
	// tail is the closest block that rules over all latches.
	tail  int
	inner bool // no loop lies inside
	size  int  // instructions, those of loops inside included
	calls bool // leaves the function on its way
	// defs counts the changes of each register in the loop, 2 for more; at is
	// where the only one is.
	defs [16]uint8
	at   [16]place
	// exits are the jumps out of the loop: blocks inside with a successor
	// outside, each once.
	exits []int
	// before is the block that alone leads into the loop, and nowhere else;
	// none until preheader has made one.
	before int
}

// place is an instruction of a block.
type place struct{ block, insn int32 }

// loops are the loops of a function and who rules over whom.
type loops struct {
	f     *function
	order []int   // blocks, each behind its dominator: reverse postorder
	first []int32 // of each block: its number in a walk of the dominator tree
	last  []int32 // the greatest number below it
	idom  []int
	of    []int // the innermost loop of each block, none if there is none
	list  []loop
}

// findLoops finds the loops of f, inner ones first; none where one of them has
// two ways in.
func findLoops(f *function) *loops {
	l := &loops{f: f}
	l.sort()
	l.dominators()
	l.number()
	l.of = make([]int, len(f.blocks))
	for i := range l.of {
		l.of[i] = none
	}
	if l.tangled() {
		return l
	}
	for k := len(l.order) - 1; k >= 0; k-- {
		head := l.order[k]
		var latches []int
		for _, p := range f.blocks[head].preds {
			if l.dominates(head, p) {
				latches = append(latches, p)
			}
		}
		if latches != nil {
			l.collect(head, latches)
		}
	}
	l.summarize()
	return l
}

// sort puts the blocks in reverse postorder.
func (l *loops) sort() {
	n := len(l.f.blocks)
	seen := make([]bool, n)
	type step struct {
		block int
		succs [2]int
		k     int
	}
	stack := make([]step, 1, n)
	stack[0] = step{0, l.f.blocks[0].succs(), 0}
	seen[0] = true
	post := make([]int, 0, n)
	for len(stack) > 0 {
		s := &stack[len(stack)-1]
		if s.k == 2 {
			post = append(post, s.block)
			stack = stack[:len(stack)-1]
			continue
		}
		t := s.succs[s.k]
		s.k++
		if t != none && !seen[t] {
			seen[t] = true
			stack = append(stack, step{t, l.f.blocks[t].succs(), 0})
		}
	}
	l.order = make([]int, len(post))
	for i, b := range post {
		l.order[len(post)-1-i] = b
	}
}

// dominators finds the closest dominator of each block, as if jumps back led to
// dominators: then each block's is the lowest common ancestor of those that
// lead to it. Pointers that skip ancestors keep the search for it short.
func (l *loops) dominators() {
	f, n := l.f, len(l.f.blocks)
	room := make([]int32, 2*n)
	pos, depth := room[:n], room[n:] // in order; in the tree
	skip := make([]int, n)
	l.idom = make([]int, n)
	for k, b := range l.order {
		pos[b] = int32(k)
		if k == 0 {
			continue
		}
		d := none
		for _, p := range f.blocks[b].preds {
			if pos[p] >= int32(k) || p != 0 && pos[p] == 0 {
				continue
			}
			if d == none {
				d = p
				continue
			}
			d = l.common(d, p, depth, skip)
		}
		l.idom[b] = d
		depth[b] = depth[d] + 1
		skip[b] = d
		if s := skip[d]; depth[d]-depth[s] == depth[s]-depth[skip[s]] {
			skip[b] = skip[s]
		}
	}
}

// common is the lowest common ancestor of a and b.
func (l *loops) common(a, b int, depth []int32, skip []int) int {
	if depth[a] < depth[b] {
		a, b = b, a
	}
	for depth[a] > depth[b] {
		if depth[skip[a]] >= depth[b] {
			a = skip[a]
		} else {
			a = l.idom[a]
		}
	}
	for a != b {
		if skip[a] != skip[b] {
			a, b = skip[a], skip[b]
		} else {
			a, b = l.idom[a], l.idom[b]
		}
	}
	return a
}

// tangled reports whether there is a jump back to a block that does not rule
// over it: a loop with two ways in, where dominators are others than found.
func (l *loops) tangled() bool {
	seen := make([]bool, len(l.f.blocks))
	for _, b := range l.order {
		seen[b] = true
		for _, s := range l.f.blocks[b].succs() {
			if s != none && seen[s] && !l.dominates(s, b) {
				return true
			}
		}
	}
	return false
}

// number numbers the dominator tree so that dominates is two comparisons.
func (l *loops) number() {
	n := len(l.f.blocks)
	room := make([]int32, 4*n)
	l.first, l.last = room[:n:n], room[n:2*n:2*n]
	size := room[2*n : 3*n]
	for k := len(l.order) - 1; k > 0; k-- {
		b := l.order[k]
		size[b]++
		size[l.idom[b]] += size[b]
	}
	size[0]++
	next := room[3*n:] // free number below each block
	next[0] = 1
	l.last[0] = size[0] - 1
	for _, b := range l.order[1:] {
		d := l.idom[b]
		l.first[b] = next[d]
		l.last[b] = next[d] + size[b] - 1
		next[d] += size[b]
		next[b] = l.first[b] + 1
	}
}

// dominates reports whether every way to b leads over a. Both must be reached.
func (l *loops) dominates(a, b int) bool { return l.first[a] <= l.first[b] && l.first[b] <= l.last[a] }

// collect makes the loop of a head; those inside it are there already.
func (l *loops) collect(head int, latches []int) {
	n := len(l.list)
	l.list = append(l.list, loop{head: head, latches: latches, parent: none, inner: true, before: none})
	work := append([]int(nil), latches...)
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if l.of[b] == none {
			l.of[b] = n
			if b != head {
				work = append(work, l.f.blocks[b].preds...)
			}
			continue
		}
		in := l.outermost(l.of[b])
		if in == n {
			continue
		}
		l.list[in].parent = n
		l.list[n].inside = append(l.list[n].inside, in)
		l.list[n].inner = false
		if h := l.list[in].head; h != head {
			for _, p := range l.f.blocks[h].preds {
				if !l.dominates(h, p) {
					work = append(work, p)
				}
			}
		}
	}
	// The head of a loop that leads to itself alone.
	if l.of[head] == none {
		l.of[head] = n
	}
}

// outermost is the outermost loop known around loop n.
func (l *loops) outermost(n int) int {
	for l.list[n].parent != none {
		n = l.list[n].parent
	}
	return n
}

// contains reports whether block b is in loop n.
func (l *loops) contains(n, b int) bool {
	for k := l.of[b]; k != none; k = l.list[k].parent {
		if k == n {
			return true
		}
	}
	return false
}

// summarize finds what each loop changes and where it ends.
func (l *loops) summarize() {
	f := l.f
	for _, b := range l.order {
		n := l.of[b]
		if n == none {
			continue
		}
		p := &l.list[n]
		insns := f.blocks[b].insns
		p.size += len(insns)
		for i := range insns {
			in := &insns[i]
			p.calls = p.calls || leaves(in.Op)
			for d := defs(in); d != 0; d &= d - 1 {
				r := d.first()
				p.defs[r] = min(p.defs[r]+1, 2)
				p.at[r] = place{int32(b), int32(i)}
			}
		}
		for _, s := range f.blocks[b].succs() {
			for k := n; s != none && k != none && !l.contains(k, s); k = l.list[k].parent {
				if e := l.list[k].exits; len(e) == 0 || e[len(e)-1] != b {
					l.list[k].exits = append(e, b)
				}
			}
		}
	}
	// Inner loops come first.
	for i := range l.list {
		p := &l.list[i]
		p.tail = p.latches[0]
		for _, latch := range p.latches {
			for !l.dominates(p.tail, latch) {
				p.tail = l.idom[p.tail]
			}
		}
		if p.parent == none {
			continue
		}
		q := &l.list[p.parent]
		q.size += p.size
		q.calls = q.calls || p.calls
		for r := range p.defs {
			if p.defs[r] > 0 {
				q.defs[r] = min(q.defs[r]+p.defs[r], 2)
				q.at[r] = p.at[r]
			}
		}
	}
}

// leaves reports whether an operation runs code of others.
func leaves(op ir.Op) bool {
	return op >= ir.Call && op <= ir.TailCall || op >= ir.LdAbs8 && op <= ir.LdInd32 || op == ir.Throw
}

// preheader is the block that alone leads into loop n, and nowhere else. It
// makes one where there is none; the loops stay right. The entry has none.
func (l *loops) preheader(n int) int {
	p := &l.list[n]
	if p.before != none || p.head == 0 {
		return p.before
	}
	f := l.f
	var outside []int
	for _, b := range f.blocks[p.head].preds {
		if !l.dominates(p.head, b) {
			outside = append(outside, b)
		}
	}
	if len(outside) == 1 {
		b := &f.blocks[outside[0]]
		if b.jump() == nil {
			p.before = outside[0]
			return p.before
		}
	}
	p.before = l.insert(outside, p.head, p.parent)
	return p.before
}

// insert makes a block between some blocks and the one that they all lead to,
// in loop in. It dominates what the target dominates.
func (l *loops) insert(from []int, to, in int) int {
	f := l.f
	n := len(f.blocks)
	f.blocks = append(f.blocks, block{next: to, preds: from, liveIn: f.blocks[to].liveIn, liveOut: f.blocks[to].liveIn})
	for _, p := range from {
		b := &f.blocks[p]
		if b.next == to {
			b.next = n
		}
		if j := b.jump(); j != nil && int(j.Off) == to {
			j.Off = int32(n)
		}
	}
	t := &f.blocks[to]
	preds := []int{n}
	for _, p := range t.preds {
		if !contains(from, p) {
			preds = append(preds, p)
		}
	}
	t.preds = preds
	l.of = append(l.of, in)
	l.idom = append(l.idom, l.idom[to])
	// It stands for the target in the dominator tree; nobody asks for its
	// relation to the target itself.
	l.first, l.last = append(l.first, l.first[to]), append(l.last, l.last[to])
	return n
}

func contains(list []int, v int) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}
