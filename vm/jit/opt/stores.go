package opt

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// access is a load or store of the block at hand: size bytes at root + off. A
// call or what else may touch memory makes an end of all before it.
type access struct {
	at       int // in out
	root, is vn  // is as far as size goes
	off      int32
	size     int8
	store    bool
}

// lookBehind is how many accesses are looked at for one that goes with another.
const lookBehind = 16

// apart reports whether two accesses cannot be to the same bytes.
func (w *walker) apart(a, b *access) bool {
	if a.root == b.root {
		return a.off+int32(a.size) <= b.off || b.off+int32(b.size) <= a.off
	}
	return w.class(a.root) != w.class(b.root)
}

// widen makes the store that was written last and an earlier one to the bytes
// beside it one of twice the size, and goes on with that.
func (w *walker) widen() {
	for w.on(emit.OptStores) {
		last := len(w.log) - 1
		s := w.log[last]
		if s.size == 8 {
			return
		}
		k := w.partner(last)
		if k < 0 || !w.unite(k, last) {
			return
		}
	}
}

// partner is the store beside log[last] that may as well be done there, none if
// there is none.
func (w *walker) partner(last int) int {
	s := &w.log[last]
	for k := last - 1; k >= 0 && k >= last-lookBehind; k-- {
		p := &w.log[k]
		if !p.store || p.root != s.root || p.size != s.size || p.off != s.off+int32(s.size) && p.off != s.off-int32(s.size) {
			continue
		}
		for i := k + 1; i < last; i++ {
			e := &w.log[i]
			// Others may look at memory other than the frame, in what order
			// it changes, too.
			if !w.apart(p, e) || e.store && w.class(p.root) == 0 && w.class(e.root) == 0 {
				return none
			}
		}
		return k
	}
	return none
}

// unite makes the stores log[k] and log[last] one, at the place of the second.
func (w *walker) unite(k, last int) bool {
	p, s := w.log[k], w.log[last]
	lo, hi := &p, &s
	if s.off < p.off {
		lo, hi = &s, &p
	}
	st := w.out[s.at]
	out := ir.Insn{Dst: st.Dst, Off: st.Off + lo.off - s.off, Slot: st.Slot, Op: ir.St8X}
	for n := s.size; n > 0; n /= 2 {
		out.Op++
	}
	v := w.t.whole(lo.is, hi.is, s.size)
	c, isConst := w.t.constant(v)
	switch {
	case isConst && (s.size < 4 || fits32(c)):
		out.Op -= ir.St8X - ir.St8K
		out.Imm = int64(int32(c))
		w.drop(s.at)
	case v != unknown:
		r, ok := w.holder(v, false)
		if !ok || isConst {
			return false
		}
		out.Src = r
		w.drop(s.at)
	default:
		var ok bool
		if v, out.Src, ok = w.copy(lo, hi, k, last, &st); !ok {
			return false
		}
	}
	w.out[p.at] = ir.Insn{Op: ir.Mov64X, Slot: w.out[p.at].Slot}
	w.log = append(w.log[:k], w.log[k+1:]...)
	if i := len(w.log) - 1; w.log[i].at == s.at && w.log[i].store {
		w.log = w.log[:i]
	}
	w.emit(&out)
	w.log = append(w.log, access{len(w.out) - 1, s.root, v, lo.off, 2 * s.size, true})
	if w.t.all[s.root].stack {
		w.remember(s.root, lo.off, 2*s.size, v)
	}
	return true
}

// drop takes the last instruction back, a store.
func (w *walker) drop(at int) {
	if at != len(w.out)-1 {
		panic("BUG: the store is not the last instruction")
	}
	w.out, w.before = w.out[:at], w.before[:at]
}

// whole is the value of lo and behind it hi, of size bytes each: a constant, or
// what both are parts of; unknown if neither.
func (t *values) whole(lo, hi vn, size int8) vn {
	n := int64(8 * size)
	x, y := &t.all[lo], &t.all[hi]
	if x.op == ir.Mov64K && y.op == ir.Mov64K {
		return t.konst(uint64(x.imm)&(1<<n-1) | uint64(y.imm)&(1<<n-1)<<n)
	}
	if y.op != ir.Rsh64K && (y.op != ir.Rsh32K || size > 2) {
		return unknown
	}
	switch {
	case y.imm == n && (y.a == lo || size <= 2 && t.low(y.a) == t.low(lo)):
		return lo
	case y.imm == n && size == 4 && t.low(y.a) == t.low(lo):
		return y.a
	case x.op == y.op && x.a == y.a && y.imm == x.imm+n:
		return lo
	}
	return unknown
}

// copy replaces the last store, st, by a load of what it and its partner store,
// if both come from side by side.
func (w *walker) copy(lo, hi *access, k, last int, st *ir.Insn) (v vn, reg uint8, ok bool) {
	size := lo.size
	p, pok := w.t.pieceOf(lo.is)
	q, qok := w.t.pieceOf(hi.is)
	if !pok || !qok || !p.little || !q.little || p.root != q.root || p.n != size || q.n != size ||
		p.shift != 0 || q.shift != 0 || q.off != p.off+int32(size) || w.t.all[p.root].stack {
		return 0, 0, false
	}
	for r, v := range w.st.regs {
		// A part that somebody needs is loaded anyway.
		if (v == lo.is || v == hi.is) && w.live[w.at].has(uint8(r)) {
			return 0, 0, false
		}
	}
	from := access{root: p.root, off: p.off, size: 2 * size}
	first, second := w.loaded(lo.is, last), w.loaded(hi.is, last)
	if first > second {
		first, second = second, first
	}
	if first < 0 {
		return 0, 0, false
	}
	op := ir.LdU16
	for n := size; n > 1; n /= 2 {
		op++
	}
	v = w.t.node(op, p.root, 0, placeOf(p.off, w.tick()))
	from.is = v
	late := true
	for i := first + 1; i < last; i++ {
		if e := &w.log[i]; e.store && (i != k || k < second) && !w.apart(e, &from) {
			if i < second {
				return 0, 0, false
			}
			late = false
		}
	}
	if late {
		reg, ok = w.copyLate(op, from, last, st)
		return v, reg, ok
	}
	for _, l := range [2]int{first, second} {
		if reg, ok = w.copyEarly(op, from, l, k, last); ok {
			return v, reg, true
		}
	}
	return 0, 0, false
}

// copyLate puts the load of from in place of the last store, st.
func (w *walker) copyLate(op ir.Op, from access, last int, st *ir.Insn) (uint8, bool) {
	reg, ok := w.spare(st)
	if !ok {
		return 0, false
	}
	base, off, ok := w.reaches(from.root, from.off)
	if !ok {
		return 0, false
	}
	w.drop(w.log[last].at)
	w.emit(&ir.Insn{Op: op, Dst: reg, Src: base, Off: off, Slot: st.Slot})
	w.hold(reg, from.is)
	from.at = len(w.out) - 1
	w.log = append(w.log[:last], from)
	return reg, true
}

// copyEarly makes the load log[l] one of all of from, and takes the last store
// back. Between, memory may have changed, but nobody reads the register other
// than the stores log[k] and log[last].
func (w *walker) copyEarly(op ir.Op, from access, l, k, last int) (uint8, bool) {
	a := w.log[l]
	in := &w.out[a.at]
	r, end := in.Dst, w.log[last].at
	if in.Op != op-1 || w.live[w.at].has(r) || w.st.regs[r] != a.is || w.out[end].Dst == r || end-a.at > lookBack {
		return 0, false
	}
	for i := a.at + 1; i < end; i++ {
		if x := &w.out[i]; i != w.log[k].at && !nothing(x) && (defs(x)|w.f.uses(x)).has(r) || i == w.log[k].at && x.Dst == r {
			return 0, false
		}
	}
	in.Op, in.Off = op, in.Off+from.off-a.off
	in.Flags &^= ir.Facts // of the narrow load
	from.at = a.at
	w.log[l] = from
	w.hold(r, from.is)
	w.drop(end)
	w.log = w.log[:last]
	return r, true
}

// loaded is the load of v in log[:last], none if there is none.
func (w *walker) loaded(v vn, last int) int {
	for i := last - 1; i >= 0 && i >= last-2*lookBehind; i-- {
		if e := &w.log[i]; !e.store && e.is == v {
			return i
		}
	}
	return none
}

// spare is a register that nobody reads behind the store st: its source, or
// another one.
func (w *walker) spare(st *ir.Insn) (uint8, bool) {
	live := w.live[w.at] | set(st.Dst) | set(fp)
	if st.Op >= ir.St8X && !live.has(st.Src) {
		return st.Src, true
	}
	for r := range uint8(fp) {
		if !live.has(r) {
			return r, true
		}
	}
	return 0, false
}
