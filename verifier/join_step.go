package verifier

import (
	"encoding/binary"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier/domain"
)

// step does to s what the instruction at slot does, jumps and local calls
// aside.
func (j *joiner) step(s *numState, slot int) {
	in := j.insns[slot]
	switch in.Op.Class() {
	case isa.ClassAlu, isa.ClassAlu64:
		j.arithmetic(s, slot, in)
	case isa.ClassLdx:
		s.regs[in.Dst()] = j.load(s, slot, in.Src(), in, in.Op.Mode() == isa.ModeMemSX)
	case isa.ClassSt:
		v := constant(uint64(int64(in.Imm)))
		j.storeTo(s, slot, in, &v)
	case isa.ClassStx:
		if in.Op.Mode() == isa.ModeAtomic {
			j.atomic(s, slot, in)
			return
		}
		if in.Src() == isa.FP {
			v := s.reg(isa.FP)
			j.storeTo(s, slot, in, &v)
			return
		}
		j.storeTo(s, slot, in, &s.regs[in.Src()])
	case isa.ClassJmp, isa.ClassJmp32:
		if in.Op == isa.CallOp {
			j.call(s, slot, in)
		}
	case isa.ClassLd:
		if in.IsWide() {
			s.regs[in.Dst()] = j.wide(slot, in)
			return
		}
		j.legacyLoad(s, slot, in)
	}
}

// wide is what a 64-bit immediate load gives.
func (j *joiner) wide(slot int, in isa.Insn) num {
	hi := j.insns[slot+1]
	switch in.Src() {
	case 0:
		return constant(in.Imm64(hi))
	case isa.PseudoMapIdx:
		return someplace
	case isa.PseudoMapIdxValue:
		n := someplace
		if in.Imm < 0 || int(in.Imm) >= len(j.p.img.Maps) || j.p.img.Maps[in.Imm].Type == abi.Arena {
			return plain
		}
		n.kind, n.arg, n.off = numMapValue, in.Imm, hi.Imm
		return n
	case isa.PseudoFunc:
		n := someplace
		if g := j.funcAt(slot + 1 + int(in.Imm)); g >= 0 {
			n.kind, n.arg = numFunc, int32(g)
		}
		return n
	}
	return plain
}

// legacyLoad is a load from the packet, which may end the function with 0.
func (j *joiner) legacyLoad(s *numState, slot int, in isa.Insn) {
	zero := constant(0)
	j.returned(j.funcOf[slot], &zero)
	for r := isa.R1; r <= isa.R5; r++ {
		s.regs[r] = anything
	}
	s.regs[0] = anyLoaded[in.Op.Size().Bytes()]
}

// load is what a load gives.
func (j *joiner) load(s *numState, slot int, base isa.Reg, in isa.Insn, signed bool) num {
	size := in.Op.Size().Bytes()
	f, b := &j.facts[slot], s.reg(base)
	v := plain
	switch {
	case f.LoadsPointer:
		return plain
	case f.KindVaries || f.Mem == KindNone:
		v = anything
	case f.Mem == KindStack:
		v = anything
		if b.kind != numStack || j.loose {
			break
		}
		p := s.pieceAt(int(b.off) + int(in.Off))
		if p == nil || int(p.size) < size {
			break
		}
		if int(p.size) == size {
			if size == 8 || p.Fits32() && !signed {
				link(&p.num, slot)
			}
			v = p.num
		} else {
			v.set(p.Scalar)
		}
	case f.Mem == KindMapValue && b.kind == numMapValue:
		if c, ok := j.frozen64(b.arg, int(b.off)+int(in.Off), size); ok {
			v = constant(c)
		}
	}
	if size == 8 {
		return v
	}
	id := v.id
	if v.top && !signed {
		return anyLoaded[size]
	}
	v.kind, v.off, v.arg, v.top, v.id = numPlain, 0, 0, false, 0
	if signed {
		v.Sext(size)
		return v
	}
	v.Trunc(size)
	if f.Mem == KindStack && !f.KindVaries {
		v.id = id
	}
	return v
}

// frozen64 reads the constant contents of a map that neither programs nor
// users can change.
func (j *joiner) frozen64(at int32, off, size int) (uint64, bool) {
	m := j.p.img.Maps[at]
	if !frozenMap(m) || off < 0 || off+size > int(m.ValueSize) {
		return 0, false
	}
	if len(m.Contents) == 0 {
		return 0, true
	}
	var buf [8]byte
	if b := m.Contents[0].Value; off < len(b) {
		copy(buf[:size], b[off:])
	}
	return binary.LittleEndian.Uint64(buf[:]), true
}

// frozenMap reports whether the contents of m are those of the image for ever.
func frozenMap(m *image.Map) bool {
	return m.Frozen && m.Flags&abi.ReadOnlyProg != 0 && m.Type == abi.Array && m.MaxEntries == 1
}

// storeTo does what a store of v does.
func (j *joiner) storeTo(s *numState, slot int, in isa.Insn, v *num) {
	f := &j.facts[slot]
	if f.Mem != KindStack && !f.KindVaries {
		return
	}
	b, size := s.reg(in.Dst()), in.Op.Size().Bytes()
	if b.kind != numStack {
		// Some other place, perhaps in this frame.
		if j.funcs[j.funcOf[slot]].exposes {
			s.stack = s.stack[:0]
		}
		return
	}
	off := int(b.off) + int(in.Off)
	if j.loose {
		return
	}
	if size == 8 {
		if v.kind == numPlain && in.Op.Class() == isa.ClassStx && in.Src() != isa.FP {
			link(v, slot)
		}
		n := *v
		s.store(off, size, &n)
		return
	}
	n := *v
	if !n.Fits32() || size < 4 {
		n.id = 0
	} else if in.Op.Class() == isa.ClassStx && in.Src() != isa.FP {
		link(v, slot)
		n.id = v.id
	}
	n.kind, n.off, n.arg, n.top = numPlain, 0, 0, false
	n.Trunc(size)
	s.store(off, size, &n)
}

// atomic does what an atomic does to registers and stack.
func (j *joiner) atomic(s *numState, slot int, in isa.Insn) {
	size := in.Op.Size().Bytes()
	op := isa.AtomicOp(in.Imm)
	if op == isa.AtomicLoadAcq {
		s.regs[in.Dst()] = j.load(s, slot, in.Src(), in, false)
		return
	}
	// What is written is not followed.
	v := anything
	j.storeTo(s, slot, in, &v)
	got := plain
	if size == 4 {
		got = anyWord
	}
	switch {
	case op == isa.AtomicStoreRel:
	case op == isa.AtomicCmpXchg:
		s.regs[0] = got
	case op&isa.AtomicFetch != 0:
		s.regs[in.Src()] = got
	}
}

// arithmetic does an arithmetic instruction.
func (j *joiner) arithmetic(s *numState, slot int, in isa.Insn) {
	is32 := in.Op.Class() == isa.ClassAlu
	d := &s.regs[in.Dst()]
	switch in.Op.Code() {
	case isa.Mov:
		j.move(s, slot, in, is32)
		return
	case isa.Neg:
		zero := constant(0)
		v := d.Scalar
		zero.Apply(domain.OpSub, is32, &v)
		d.set(zero.Scalar)
		return
	case isa.End:
		v := d.Scalar
		size := int(in.Imm) / 8
		if is32 && !in.Op.IsX() {
			v.Trunc(size)
		} else {
			v.Swap(size)
		}
		d.set(v)
		return
	}
	var b num
	if in.Op.IsX() {
		b = s.reg(in.Src())
	} else {
		b = constant(uint64(int64(in.Imm)))
	}
	binary64(d, domain.Op(in.Op.Code()), is32, in.Off == 1, &b)
}

// binary64 is a binary operation on d.
func binary64(d *num, op domain.Op, is32, signed bool, b *num) {
	kind, off, arg := numPlain, int32(0), int32(0)
	if !is32 {
		switch {
		case (op == domain.OpAdd || op == domain.OpSub) && b.IsConst() && (d.kind == numStack || d.kind == numMapValue):
			at := int64(d.off) + int64(b.Bits.Value)
			if op == domain.OpSub {
				at = int64(d.off) - int64(b.Bits.Value)
			}
			kind = numPlain
			if d.kind == numStack {
				kind = numAny
			}
			if at == int64(int32(at)) {
				kind, off, arg = d.kind, int32(at), d.arg
			}
			if kind == numStack && off >= -maxStack && off <= 0 {
				*d = num{Scalar: someplace.Scalar, kind: kind, off: off} // not NULL
				return
			}
		case isAddress(d.kind) || isAddress(b.kind):
			kind = numAny
		}
	}
	if d.top && b.top || (d.top || b.top) && (op == domain.OpAdd || op == domain.OpSub || op == domain.OpXor) {
		// Nothing is known of the result, whatever the operation.
		*d = anyWord
		if !is32 {
			*d = num{Scalar: plain.Scalar, kind: kind, top: true, off: off, arg: arg}
		}
		return
	}
	v := d.Scalar
	v.ApplyExact(op, is32, signed, &b.Scalar)
	*d = num{Scalar: v, kind: kind, off: off, arg: arg}
	d.top = d.IsUnknown()
}

func isAddress(k numKind) bool { return k == numAny || k == numStack }

// move does a copy, a sign extension or a cast.
func (j *joiner) move(s *numState, slot int, in isa.Insn, is32 bool) {
	d := &s.regs[in.Dst()]
	if !in.Op.IsX() {
		v := uint64(int64(in.Imm))
		if is32 {
			v = uint64(uint32(in.Imm))
		}
		*d = constant(v)
		return
	}
	if in.Src() != isa.FP && in.Off == 0 && (!is32 || s.regs[in.Src()].Fits32()) {
		src := &s.regs[in.Src()]
		if src.kind == numPlain || src.kind == numAny {
			link(src, slot)
		}
		n := *src
		if is32 {
			n.kind, n.off, n.arg = numPlain, 0, 0
		}
		*d = n
		return
	}
	n := s.reg(in.Src())
	switch {
	case in.Off == 1: // a cast between address spaces
		*d = plain
		return
	case in.Off != 0 && is32:
		n.Sext32(int(in.Off) / 8)
	case in.Off != 0:
		n.Sext(int(in.Off) / 8)
	case is32 && n.top:
		*d = anyWord
		return
	case is32:
		n.Trunc(4)
	default: // of the frame pointer
		*d = n
		return
	}
	d.set(n.Scalar)
}
