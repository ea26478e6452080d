package verifier

import (
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier/domain"
)

// comparison is a conditional jump's operands.
type comparison struct {
	cond domain.Cond
	is32 bool
	a, b num
}

// compare reads the operands of the conditional jump at slot.
func (j *joiner) compare(s *numState, slot int) comparison {
	in := j.insns[slot]
	c := comparison{cond: domain.Cond(in.Op.Code()), is32: in.Op.Class() == isa.ClassJmp32, a: s.reg(in.Dst())}
	if in.Op.IsX() {
		c.b = s.reg(in.Src())
	} else {
		c.b = constant(uint64(int64(in.Imm)))
	}
	return c
}

// side is what the operands are where the condition holds, or where it does
// not; false if that cannot be.
func (c *comparison) side(taken bool) (a, b domain.Scalar, ok bool) {
	a, b = c.a.Scalar, c.b.Scalar
	cond := c.cond
	known := domain.BranchTaken(cond, c.is32, &a, &b)
	if !taken {
		cond, known = cond.Not(), domain.BranchTaken(cond.Not(), c.is32, &a, &b)
	}
	if known == 0 {
		return a, b, false
	}
	if known < 0 {
		domain.Refine(cond, c.is32, &a, &b)
		if !a.Valid() || !b.Valid() {
			return a, b, false
		}
		// What is learned never is less than what was known: the domain
		// forgets a range in places.
		meet(&a, &c.a.Scalar)
		meet(&b, &c.b.Scalar)
	}
	return a, b, a.Valid() && b.Valid()
}

// meet narrows a to what is in b too.
func meet(a, b *domain.Scalar) {
	a.SMin, a.SMax = max(a.SMin, b.SMin), min(a.SMax, b.SMax)
	a.UMin, a.UMax = max(a.UMin, b.UMin), min(a.UMax, b.UMax)
	a.S32Min, a.S32Max = max(a.S32Min, b.S32Min), min(a.S32Max, b.S32Max)
	a.U32Min, a.U32Max = max(a.U32Min, b.U32Min), min(a.U32Max, b.U32Max)
}

// branch goes on from a conditional jump on both sides, as far as they can be.
func (j *joiner) branch(b *numBlock, slot int, s *numState) {
	in := j.insns[slot]
	c := j.compare(s, slot)
	to := jumpTo(in, slot)
	var can [2]bool
	for taken := range can {
		x, y, ok := c.side(taken == 1)
		can[taken] = ok
		if !ok || j.frozen {
			continue
		}
		at := slot + 1
		if taken == 1 {
			at = to
		}
		next := j.at[at]
		if next == nil {
			continue // the walk did not come there
		}
		o := &j.other
		o.regs, o.stack = s.regs, append(o.stack[:0], s.stack...)
		o.learn(in.Dst(), &c.a, x)
		if in.Op.IsX() && in.Src() != in.Dst() {
			o.learn(in.Src(), &c.b, y)
		}
		j.arrive(next, o)
	}
	if j.found != nil {
		j.jumpFacts(slot, in, &c, can[1], can[0])
	}
}

// learn gives a register, and what equals it, the value n that was narrowed to
// v.
func (s *numState) learn(r isa.Reg, n *num, v domain.Scalar) {
	if r == isa.FP || v == n.Scalar {
		return
	}
	d := &s.regs[r]
	d.Scalar, d.top = v, false
	if v.IsUnknown() {
		d.top = true
	}
	s.learned(d)
}
