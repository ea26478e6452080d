package opt

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// walker goes through a function in the order of control, knows what registers
// hold, and writes each instruction anew: as the cheapest that fills the same
// register with the same value. Every register that somebody reads later holds
// what it held in the program; registers that nobody reads may hold something
// else, but the walker knows what, so that it may let somebody read them.
type walker struct {
	f       *function
	off     emit.Opt
	t       values
	st      state
	outs    []state // of blocks, at their ends
	done    []bool
	escaped bool
	exact   bool
	frame   vn
	clock   int32
	flow    flow

	// Of the block at hand.
	n        int // block
	in       []ir.Insn
	out      []ir.Insn
	log      []access
	before   []vn   // what Dst held before an instruction of out
	live     []regs // after an instruction of the program
	at       int    // the instruction of the program
	branched bool   // a jump was decided
}

// state is what is known at a place of the program.
type state struct {
	regs [11]vn
	age  [11]int32 // when a register got its value
	memory
}

// forward runs a walker over f. exact says that registers hold what they hold in
// the program, upper halves that nobody reads included, so that what is proven
// of the program is true of them.
func (f *function) forward(o *emit.Options, w *walker, exact bool) {
	w.f, w.off, w.exact = f, o.Off, exact
	const all = emit.OptValue | emit.OptRotate | emit.OptBytes | emit.OptMemory | emit.OptStores
	if o.Off&all == all {
		return
	}
	insns, longest := 0, 0
	for i := range f.blocks {
		n := len(f.blocks[i].insns)
		insns, longest = insns+n, max(longest, n)
	}
	w.t.reset(insns)
	w.in, w.before, w.live = room(w.in, longest), room(w.before, longest), room(w.live, longest)
	if w.log == nil {
		w.log = make([]access, 0, 32)
	}
	w.clock, w.branched = 0, false
	w.frame = w.t.opaque()
	w.t.all[w.frame].stack = true
	w.escaped = f.escapes()
	w.outs, w.done = room(w.outs, len(f.blocks)), room(w.done, len(f.blocks))
	clear(w.done)
	for _, n := range f.inOrder() {
		w.block(n)
	}
	if w.branched {
		f.link()
		f.merge()
	}
}

// inOrder are the blocks in an order in which all ways to a block come before
// it, but for those that lead back.
func (f *function) inOrder() []int {
	order := make([]int, 0, len(f.blocks))
	seen := make([]bool, len(f.blocks))
	type visit struct{ n, next int }
	stack := make([]visit, 1, 16)
	seen[0] = true
	for len(stack) > 0 {
		v := &stack[len(stack)-1]
		if v.next == 2 {
			order = append(order, v.n)
			stack = stack[:len(stack)-1]
			continue
		}
		s := f.blocks[v.n].succs()[v.next]
		v.next++
		if s != none && !seen[s] {
			seen[s] = true
			stack = append(stack, visit{n: s})
		}
	}
	for i, k := 0, len(order)-1; i < k; i, k = i+1, k-1 {
		order[i], order[k] = order[k], order[i]
	}
	return order
}

func (w *walker) tick() int32 {
	w.clock++
	return w.clock
}

// on reports whether an optimisation may be done.
func (w *walker) on(o emit.Opt) bool { return w.off&o == 0 }

// block rewrites block n.
func (w *walker) block(n int) {
	b := &w.f.blocks[n]
	w.n = n
	if !w.enter(b) {
		return
	}
	w.liveness(b)
	// Two stores may become a load and a store, after others that became
	// nothing: what is written may be ahead of what is read.
	w.in = append(w.in[:0], b.insns...)
	w.out, w.before, w.log = b.insns[:0], w.before[:0], w.log[:0]
	for i := range w.in {
		in := w.in[i]
		w.at = i
		w.step(&in)
	}
	b.insns = w.out
	w.outs[n], w.done[n] = w.st, true
}

// liveness finds the registers that are read after each instruction of b.
func (w *walker) liveness(b *block) {
	w.live = room(w.live, len(b.insns))
	live := b.liveOut
	for i := len(b.insns) - 1; i >= 0; i-- {
		w.live[i] = live
		in := &b.insns[i]
		live = live&^defs(in) | w.f.uses(in)
	}
}

// enter finds what is known at the begin of b; false where nobody comes any
// more.
func (w *walker) enter(b *block) bool {
	ways := 0
	sure := w.n != 0 && len(b.preds) > 0
	for _, p := range b.preds {
		sure = sure && w.done[p]
	}
	if sure {
		for _, p := range b.preds {
			if s := w.f.blocks[p].succs(); s[0] != w.n && s[1] != w.n {
				continue
			}
			if ways++; ways == 1 {
				w.st = w.outs[p]
				w.learn(p, &w.st)
			} else {
				st := w.outs[p]
				w.learn(p, &st)
				w.meet(&st)
			}
		}
		return ways > 0
	}
	if w.n != 0 && !w.comes(b) {
		return false
	}
	w.st = state{}
	w.forget()
	w.st.regs[fp] = w.frame
	return true
}

// comes reports whether somebody leads to b, or may yet.
func (w *walker) comes(b *block) bool {
	for _, p := range b.preds {
		if s := w.f.blocks[p].succs(); !w.done[p] || s[0] == w.n || s[1] == w.n {
			return true
		}
	}
	return false
}

// meet keeps what is known on both ways.
func (w *walker) meet(s *state) {
	st := &w.st
	for r := range st.regs {
		if st.regs[r] != s.regs[r] {
			st.regs[r] = unknown
		}
		st.age[r] = max(st.age[r], s.age[r])
	}
	for i := range st.seq {
		if st.seq[i] != s.seq[i] {
			st.seq[i] = w.tick()
		}
	}
	for i := range st.spots {
		if p := &st.spots[i]; p.is != unknown && !s.holds(p) {
			*p = spot{}
		}
	}
}

// holds reports whether a place has the same value in m.
func (m *memory) holds(p *spot) bool {
	for i := range m.spots {
		if m.spots[i] == *p {
			return true
		}
	}
	return false
}

// learn adds to st what the way from p to the block at hand says: a register
// that was compared with a constant has it.
func (w *walker) learn(p int, st *state) {
	b := &w.f.blocks[p]
	j := b.jump()
	if j == nil || b.next == int(j.Off) || !w.on(emit.OptValue) {
		return
	}
	taken := int(j.Off) == w.n
	if !(j.Op == ir.JEq64K && taken || j.Op == ir.JNe64K && !taken) {
		return
	}
	v := st.regs[j.Dst]
	if v == unknown {
		return
	}
	c := w.t.konst(uint64(j.Imm))
	for r := range st.regs {
		if st.regs[r] == v {
			st.regs[r] = c
		}
	}
}

// value is what a register holds.
func (w *walker) value(r uint8) vn {
	if w.st.regs[r] == unknown {
		w.st.regs[r] = w.t.opaque()
	}
	return w.st.regs[r]
}

// hold says that r holds v.
func (w *walker) hold(r uint8, v vn) {
	w.st.regs[r], w.st.age[r] = v, w.tick()
}

// emit writes an instruction.
func (w *walker) emit(in *ir.Insn) {
	w.before = append(w.before, w.st.regs[in.Dst])
	w.out = append(w.out, *in)
}

// oldest is the register that holds v the longest, r if that is as good.
func (w *walker) oldest(v vn, r uint8) uint8 {
	best, age := r, int32(1<<31-1)
	for i, x := range w.st.regs {
		if x == v && w.st.age[i] < age {
			best, age = uint8(i), w.st.age[i]
		}
	}
	return best
}

// holder is a register that holds v, or its low half where low says that this
// is enough.
func (w *walker) holder(v vn, low bool) (uint8, bool) {
	best, age := -1, int32(1<<31-1)
	for i, x := range w.st.regs {
		if (x == v || low && x != unknown && w.t.low(x) == v) && w.st.age[i] < age {
			best, age = i, w.st.age[i]
		}
	}
	return uint8(best), best >= 0
}

// reach is a register that holds v, or did until an instruction that nobody has
// needed yet: that one is taken back. low says that v's low half is enough.
func (w *walker) reach(v vn, low bool, in *ir.Insn) (uint8, bool) {
	if low {
		v = w.t.low(v)
	}
	if r, ok := w.holder(v, low); ok {
		return r, true
	}
	at := none
	for _, r := range [2]uint8{in.Dst, in.Src} {
		i := w.revocable(r, in)
		if i < 0 || at >= 0 && w.copied(i) {
			continue
		}
		if was := w.before[i]; was == v || low && was != unknown && w.t.low(was) == v {
			at = i
		}
	}
	if at >= 0 {
		r := w.out[at].Dst
		w.revoke(at)
		return r, true
	}
	return 0, false
}

// inPlace is reach for a register that must be Dst.
func (w *walker) inPlace(v vn, low bool, in *ir.Insn) bool {
	if low {
		v = w.t.low(v)
	}
	if x := w.value(in.Dst); x == v || low && w.t.low(x) == v {
		return true
	}
	i := w.revocable(in.Dst, in)
	if i < 0 {
		return false
	}
	if was := w.before[i]; was == v || low && was != unknown && w.t.low(was) == v {
		w.revoke(i)
		return true
	}
	return false
}

// lookBack is how many instructions reach looks back at most.
const lookBack = 48

// revocable is the instruction that filled r, if it did nothing else and nobody
// reads r from then on but in, which fills Dst.
func (w *walker) revocable(r uint8, in *ir.Insn) int {
	if r != in.Dst && w.live[w.at].has(r) || r == fp {
		return none
	}
	for i := len(w.out) - 1; i >= 0 && i >= len(w.out)-lookBack; i-- {
		x := &w.out[i]
		if nothing(x) {
			continue
		}
		if defs(x).has(r) {
			if pure(x.Op) {
				return i
			}
			return none
		}
		if w.f.uses(x).has(r) {
			return none
		}
	}
	return none
}

// copied reports whether the register that out[i] fills held a copy before: what
// it was copied from is better to read, because then nobody needs the copy.
func (w *walker) copied(i int) bool {
	r := w.out[i].Dst
	for k := i - 1; k >= 0 && k >= i-lookBack; k-- {
		if x := &w.out[k]; !nothing(x) && defs(x).has(r) {
			return x.Op == ir.Mov64X || x.Op == ir.Mov32X
		}
	}
	return false
}

// revoke takes an instruction of out back.
func (w *walker) revoke(i int) {
	r := w.out[i].Dst
	w.out[i] = ir.Insn{Op: ir.Mov64X, Dst: r, Src: r, Slot: w.out[i].Slot}
	w.hold(r, w.before[i])
}
