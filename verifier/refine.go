package verifier

import (
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier/domain"
)

// collectLinked lists the registers and saved registers that share the id of
// scalar r and could still be read: what a jump learns of r holds of them. What
// does not fit in a history entry loses its id.
func (v *verifier) collectLinked(s *state, id uint32, set *linkedSet) {
	id &^= linkMask
	if id == 0 {
		return
	}
	add := func(l linkedRef, r *reg) (full bool) {
		if r.typ != ptScalar || r.id&^linkMask != id {
			return false
		}
		if int(set.n) == len(set.ref) {
			return true
		}
		set.ref[set.n] = l
		set.n++
		return false
	}
	for fr := s.cur; fr >= 0; fr-- {
		f := s.frames[fr]
		live := v.aux[s.frameInsn(fr)].live
		for i := range int(isa.FP) {
			if live>>i&1 != 0 && add(linkedRef{uint8(fr), true, uint8(i)}, &f.regs[i]) {
				w := s.wframe(fr)
				w.regs[i].id, w.regs[i].off = 0, 0
				f = w
			}
		}
		for i := range f.stack {
			if f.stack[i].isSpill() && add(linkedRef{uint8(fr), false, uint8(i)}, f.stack[i].r) {
				w := s.wframe(fr)
				c := *w.stack[i].r
				c.id, c.off = 0, 0
				w.stack[i].r = &c
				f = w
			}
		}
	}
}

// syncLinked gives all scalars linked to known its range.
func (v *verifier) syncLinked(s *state, known *reg, set *linkedSet) {
	k := *known
	for _, l := range set.ref[:set.n] {
		f := s.wframe(int32(l.frame))
		var r *reg
		if l.isReg {
			r = &f.regs[l.number]
		} else {
			r = f.stack[l.number].r
		}
		if (r.id^k.id)&linkMask == linkMask {
			continue // moved in different widths
		}
		if r.typ != ptScalar || r.id == 0 || r.id&^linkMask != k.id&^linkMask || r == known {
			continue
		}
		c := *r
		adoptRange(&c, &k)
		if l.isReg {
			*r = c
		} else {
			f.stack[l.number].r = &c
		}
	}
}

// adoptRange gives r the range of k, which differs from it by a constant.
func adoptRange(r, k *reg) {
	if r.id&linkMask == 0 && k.id&linkMask == 0 || r.off == k.off && r.id&linkMask == k.id&linkMask {
		id, off, arg, arg2 := r.id, r.off, r.arg, r.arg2
		*r = *k
		r.id, r.off, r.arg, r.arg2 = id, off, arg, arg2
		return
	}
	id, off, arg, arg2 := r.id, r.off, r.arg, r.arg2
	delta := int64(off) - int64(k.off)
	*r = *k
	r.id, r.off, r.arg, r.arg2 = id, off, arg, arg2
	d := domain.Const(uint64(delta))
	// The difference holds in the width in which it was made.
	is32 := (id|k.id)&linkAdd32 != 0
	r.Apply(domain.OpAdd, is32, &d)
}

// refine narrows two operands by what a jump says of them. Pointers compared
// with scalars are left alone.
func (v *verifier) refine(c domain.Cond, is32 bool, a, b *reg) error {
	if a.typ != ptScalar || b.typ != ptScalar {
		return nil
	}
	domain.Refine(c, is32, &a.Scalar, &b.Scalar)
	if err := v.checkSane(a, "true_reg1"); err != nil {
		return err
	}
	return v.checkSane(b, "true_reg2")
}

// notNull makes r, known not to be NULL, the pointer that it can be then.
func notNull(r *reg, v *verifier) {
	r.typ &^= fNull
	if r.typ.base() != ptMapValue {
		return
	}
	m := &v.maps[r.arg]
	switch {
	case m.inner >= 0:
		id := r.id
		off, s := r.off, r.Scalar
		*r = reg{Scalar: s, off: off, typ: ptMap, arg: uint32(m.inner), id: id}
		// Timers, workqueues and locks belong to one inner map, so that two
		// lookups must be told apart.
		if v.needsUID(m.inner) {
			r.arg2 = id
		}
	case m.isXSK():
		r.typ = ptXDPSock
		r.arg++
	case m.isSockMap():
		// Linux 6.18: a state with a socket of a map does not cover one with a
		// socket that a helper found; neither does arg, which is not 0.
		r.typ = ptSocket
		r.arg++
	}
}

// resolveNull settles every copy of the pointer with an id after its test for
// NULL.
func (v *verifier) resolveNull(s *state, id, refID uint32, null bool) {
	settle := func(r *reg) {
		if null {
			// A NULL pointer is 0; it must not have been moved.
			r.setConst(0)
			return
		}
		notNull(r, v)
		if !v.keepsID(r) {
			r.id = 0
		}
	}
	match := func(r *reg) bool { return r.id == id && r.typ.has(fNull) }
	if null && refID != 0 && refID == id {
		v.dropPtrRef(s, id)
	}
	for fr := int32(0); fr <= s.cur; fr++ {
		f := s.frames[fr]
		for i := range f.regs {
			if match(&f.regs[i]) {
				f = s.wframe(fr)
				settle(&f.regs[i])
			}
		}
		for i := range f.stack {
			if f.stack[i].isSpill() && match(f.stack[i].r) {
				f = s.wframe(fr)
				c := *f.stack[i].r
				settle(&c)
				f.stack[i].r = &c
			}
		}
	}
}

// dropPtrRef ends the reference id in s: the pointer turned out to be NULL.
func (v *verifier) dropPtrRef(s *state, id uint32) {
	for i := range s.refs {
		if s.refs[i].kind == refPtr && s.refs[i].id == id {
			refs := make([]ref, 0, len(s.refs)-1)
			refs = append(refs, s.refs[:i]...)
			s.refs = append(refs, s.refs[i+1:]...)
			return
		}
	}
}

// provePacket raises what is proven of the packet for every pointer with the
// base of p: that many bytes from p on exist. open: the last byte itself is
// not proven.
func (v *verifier) provePacket(s *state, p *reg, t regType, open bool) {
	// Linux 6.18: learns nothing from the very first byte.
	if p.off < 0 || p.off == 0 && open && !v.isRaw {
		return
	}
	limit := v.packetLimit()
	if p.UMax > uint64(limit) || int64(p.off)+int64(p.UMax) > limit {
		return
	}
	n := p.off
	if open {
		n++
	}
	id := p.id
	for fr := int32(0); fr <= s.cur; fr++ {
		f := s.frames[fr]
		raise := func(r *reg) bool { return r.typ == t && r.id == id && int32(r.arg) < n }
		for i := range f.regs {
			if raise(&f.regs[i]) {
				f = s.wframe(fr)
				f.regs[i].arg = uint32(n)
			}
		}
		for i := range f.stack {
			if f.stack[i].isSpill() && raise(f.stack[i].r) {
				f = s.wframe(fr)
				c := *f.stack[i].r
				c.arg = uint32(n)
				f.stack[i].r = &c
			}
		}
	}
}

// maxPacketOff is the largest offset in a packet.
const maxPacketOff = 0xffff
