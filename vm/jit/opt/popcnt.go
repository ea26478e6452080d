package opt

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// Machines without a count of ones add up the ones of pairs, of fours, of bytes,
// and multiply to add up the bytes:
//
//	x -= x >> 1 & 0x55...
//	x = (x & 0x33...) + (x >> 2 & 0x33...)
//	x = x + (x >> 4) & 0x0f...
//	x * 0x01... >> 56
//
// That is one instruction where a register still holds the x of the first line
// and another, or the same, is used for nothing else from there to the last.

// popcntMost is how many instructions such a sum has at most: copies included.
const popcntMost = 24

// ones looks for a sum of ones in a block.
type ones struct {
	f     *function
	facts bool // may be believed
	b     *block
	w     bool // of 64 bits
	chain [popcntMost]int
	n     int // of chain
}

// popcnt replaces sums of ones. It needs live.
func (f *function) popcnt(o *emit.Options) bool {
	found := false
	for i := range f.blocks {
		b := &f.blocks[i]
		if b.dead {
			continue
		}
		for k := range b.insns {
			in := &b.insns[k]
			if in.Op == ir.Rsh64K && in.Imm == 56 || in.Op == ir.Rsh32K && in.Imm == 24 {
				s := ones{f: f, facts: o.Off&emit.OptFacts == 0, b: b, w: in.Op == ir.Rsh64K}
				found = s.replace(k) || found
			}
		}
	}
	if found && o.Off&emit.OptDead == 0 {
		f.live()
		f.sweep()
	}
	return found
}

// replace replaces the sum that ends with instruction last.
func (s *ones) replace(last int) bool {
	first, ok := s.match(last)
	if !ok || !s.alone(first, last) {
		return false
	}
	at, ok := s.home(first, last)
	if !ok {
		return false
	}
	insns := s.b.insns
	r, x, d := insns[at].Dst, insns[first].Dst, insns[last].Dst
	for _, i := range s.chain[:s.n] {
		insns[i] = ir.Insn{Op: ir.Mov64X, Slot: insns[i].Slot} // which is nothing
	}
	op := ir.Popcnt32
	if s.w {
		op = ir.Popcnt64
	}
	insns[at] = ir.Insn{Op: op, Dst: r, Src: x, Slot: insns[at].Slot}
	if r != d {
		insns[last] = ir.Insn{Op: ir.Mov64X, Dst: d, Src: r, Slot: insns[last].Slot}
	}
	return true
}

// match finds the instructions of the sum that ends with instruction last: chain.
// The first is the subtraction, whose Dst holds x before it.
func (s *ones) match(last int) (first int, ok bool) {
	s.take(last)
	m := s.def(s.b.insns[last].Dst, last, true)
	v, ok := s.masked(m, ir.Mul64K, 0x0101_0101_0101_0101)
	if !ok {
		return 0, false
	}
	v, ok = s.masked(v, ir.And64K, 0x0f0f_0f0f_0f0f_0f0f)
	if !ok || !s.is(v, ir.Add64X) {
		return 0, false
	}
	s.take(v)
	p, q := s.operands(v)
	if s.is(p, ir.Rsh64K) {
		p, q = q, p
	}
	if from, ok := s.shifted(q, 4, true); !ok || from != p || !s.is(p, ir.Add64X) {
		return 0, false
	}
	s.take(q)
	s.take(p)
	const pairs = 0x3333_3333_3333_3333
	a, b := s.operands(p)
	if a, ok = s.masked(a, ir.And64K, pairs); !ok {
		return 0, false
	}
	if b, ok = s.masked(b, ir.And64K, pairs); !ok {
		return 0, false
	}
	if s.is(a, ir.Rsh64K) {
		a, b = b, a
	}
	if from, ok := s.shifted(b, 2, true); !ok || from != a || !s.is(a, ir.Sub64X) {
		return 0, false
	}
	s.take(b)
	s.take(a)
	in := &s.b.insns[a]
	half, ok := s.mask(s.def(in.Src, a, false), ir.And64K, 0x5555_5555_5555_5555, false)
	if !ok {
		return 0, false
	}
	from, ok := s.shifted(half, 1, false)
	if !ok || s.n > popcntMost {
		return 0, false
	}
	x := s.def(in.Dst, a, false)
	if x != from && s.is(x, ir.And64K) && int32(s.b.insns[x].Imm) == -2 && (!s.w || s.b.insns[x].Imm == -2) {
		// The half of an even number is that of the odd one above it.
		x = s.def(s.b.insns[x].Dst, x, false)
	}
	return a, x == from
}

// take makes an instruction one of chain, once.
func (s *ones) take(i int) {
	for _, k := range s.chain[:min(s.n, popcntMost)] {
		if k == i {
			return
		}
	}
	if s.n < popcntMost {
		s.chain[s.n] = i
	}
	s.n++
}

// has reports whether an instruction is one of chain.
func (s *ones) has(i int) bool {
	for _, k := range s.chain[:s.n] {
		if k == i {
			return true
		}
	}
	return false
}

// def is the instruction that made what r holds before instruction i, copies
// apart, -1-r for what r held where the block begins, or a number below
// those for something else. chain says that the copies are of chain.
func (s *ones) def(r uint8, i int, chain bool) int {
	for i--; i >= 0; i-- {
		in := &s.b.insns[i]
		if !defs(in).has(r) {
			continue
		}
		if in.Op != ir.Mov64X && (s.w || in.Op != ir.Mov32X) {
			if in.Dst != r || !pure(in.Op) {
				return -1 - int(r) - 16*(i+1) // like no other
			}
			return i
		}
		if chain {
			s.take(i)
		}
		r = in.Src
	}
	return -1 - int(r)
}

// is reports whether instruction i is the operation op of the width at hand.
func (s *ones) is(i int, op ir.Op) bool {
	if !s.w {
		op += 2
	}
	return i >= 0 && s.b.insns[i].Op == op
}

// operands are what made the operands of instruction i.
func (s *ones) operands(i int) (a, b int) {
	in := &s.b.insns[i]
	return s.def(in.Dst, i, true), s.def(in.Src, i, true)
}

// shifted is what made the value that instruction i shifts right by n.
func (s *ones) shifted(i int, n int64, chain bool) (from int, ok bool) {
	if !s.is(i, ir.Rsh64K) || s.b.insns[i].Imm != n {
		return 0, false
	}
	return s.def(s.b.insns[i].Dst, i, chain), true
}

// masked is mask for instructions that are of chain.
func (s *ones) masked(i int, op ir.Op, c uint64) (from int, ok bool) {
	from, ok = s.mask(i, op, c, true)
	if ok {
		s.take(i)
	}
	return from, ok
}

// mask is what made the value that instruction i joins to the constant c by op,
// which commutes.
func (s *ones) mask(i int, op ir.Op, c uint64, chain bool) (from int, ok bool) {
	switch {
	case s.is(i, op):
		in := &s.b.insns[i]
		ok = uint32(in.Imm) == uint32(c) && (!s.w || uint64(in.Imm) == c)
		return s.def(in.Dst, i, chain), ok
	case !s.is(i, op+1):
		return 0, false
	}
	in := &s.b.insns[i]
	if s.constant(in.Src, i, c) || s.w && s.facts && in.Flags&ir.KnownSrc != 0 && s.f.prog.Value(in.Slot) == c {
		return s.def(in.Dst, i, chain), true
	}
	if s.constant(in.Dst, i, c) {
		return s.def(in.Src, i, chain), true
	}
	return 0, false
}

// constant reports whether r holds the constant c before instruction i.
func (s *ones) constant(r uint8, i int, c uint64) bool {
	d := s.def(r, i, false)
	if d < 0 {
		return false
	}
	in := &s.b.insns[d]
	if s.w {
		return in.Op == ir.Mov64K && uint64(in.Imm) == c
	}
	return (in.Op == ir.Mov64K || in.Op == ir.Mov32K) && uint32(in.Imm) == uint32(c)
}

// alone reports whether nobody reads what the sum makes on its way but the sum.
func (s *ones) alone(first, last int) bool {
	of := regs(0) // registers with what the sum made
	for i := first; i < len(s.b.insns); i++ {
		in := &s.b.insns[i]
		d := defs(in)
		switch {
		case i == last:
			of &^= d
		case i < last && s.has(i):
			of |= d
		case of.hasAny(s.f.uses(in)):
			return false
		default:
			of &^= d
		}
	}
	return !of.hasAny(s.b.liveOut)
}

// home is the instruction of chain in whose place x is at hand and whose Dst only
// the sum fills from there on: last's Dst if that can be.
func (s *ones) home(first, last int) (at int, ok bool) {
	insns := s.b.insns
	x := insns[first].Dst
	at = -1
	for i := first; i < last; i++ {
		in := &insns[i]
		if !s.has(i) {
			if defs(in).has(x) {
				break
			}
			continue
		}
		if (at < 0 || in.Dst == insns[last].Dst) && s.only(in.Dst, i, last) {
			if at = i; in.Dst == insns[last].Dst {
				break
			}
		}
	}
	return at, at >= 0
}

// only reports whether nobody but chain fills r between two instructions.
func (s *ones) only(r uint8, from, to int) bool {
	for i := from + 1; i < to; i++ {
		if defs(&s.b.insns[i]).has(r) && !s.has(i) {
			return false
		}
	}
	return true
}
