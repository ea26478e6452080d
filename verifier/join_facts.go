package verifier

import (
	"math"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier/domain"
)

// stepFacts is step, and notes what is known before and behind the instruction.
func (j *joiner) stepFacts(s *numState, slot int) {
	if j.found == nil {
		j.step(s, slot)
		return
	}
	in, f := j.insns[slot], &j.found[slot]
	*f = Number{Flags: NumberReached}
	j.operands(s, slot, in, f)
	j.step(s, slot)
	outcome(s, in, f)
}

// operands notes what is known before an instruction.
func (j *joiner) operands(s *numState, slot int, in isa.Insn, f *Number) {
	c := in.Op.Class()
	switch c {
	case isa.ClassAlu, isa.ClassAlu64:
		if in.Op.Code() != isa.End {
			arithmeticFacts(s, in, f)
		}
	case isa.ClassJmp:
		if in.Op != isa.CallOp || in.Src() != isa.CallHelper {
			return
		}
		if key, ok := j.inBounds(s, slot, abi.HelperID(in.Imm)); ok {
			f.Flags |= NumberInBounds
			if key.IsConst32() {
				f.Flags |= NumberKey
				f.Value = uint64(uint32(key.Bits.Value))
			}
		}
	case isa.ClassStx:
		if in.Op.Mode() == isa.ModeMem {
			src := s.reg(in.Src())
			f.source(&src, in.Op.Size() != isa.SizeDW)
		}
	}
}

// source notes the second operand.
func (f *Number) source(n *num, is32 bool) {
	if n.Fits32() {
		f.Flags |= NumberSrc32
	}
	switch {
	case n.kind != numPlain:
	case is32 && n.IsConst32():
		f.Flags |= NumberSource
		f.Value = uint64(uint32(n.Bits.Value))
	case n.IsConst():
		f.Flags |= NumberSource
		f.Value = n.Bits.Value
	}
}

// arithmeticFacts notes the operands of an operation.
func arithmeticFacts(s *numState, in isa.Insn, f *Number) {
	is32 := in.Op.Class() == isa.ClassAlu
	dst := s.reg(in.Dst())
	b := constant(uint64(int64(in.Imm)))
	if in.Op.IsX() {
		b = s.reg(in.Src())
		f.source(&b, is32)
	}
	code := in.Op.Code()
	if code != isa.Mov && dst.Fits32() {
		f.Flags |= NumberDst32
	}
	switch code {
	case isa.Div, isa.Mod:
		if b.NonZero(is32) {
			f.Flags |= NumberNonZero
		}
		if in.Off == 1 && noOverflow(&dst.Scalar, &b.Scalar, is32) {
			f.Flags |= NumberNoOverflow
		}
	case isa.Lsh, isa.Rsh, isa.Arsh:
		// RFC 9669 section 4.1: a 32-bit count is that of the lower half.
		if is32 && b.U32Max < 32 || !is32 && b.UMax < 64 {
			f.Flags |= NumberCount
		}
	}
}

// noOverflow reports whether a is never the smallest number or b never -1.
func noOverflow(a, b *domain.Scalar, is32 bool) bool {
	if is32 {
		minusOne := b.S32Min <= -1 && b.S32Max >= -1 && uint32(b.Bits.Max()) == math.MaxUint32 && b.U32Max == math.MaxUint32
		return a.S32Min != math.MinInt32 || !minusOne
	}
	return a.SMin != math.MinInt64 || !b.Has(math.MaxUint64)
}

// jumpFacts notes the operands and the outcome of a conditional jump, which
// may be taken and may not be, as far as its operands say.
func (j *joiner) jumpFacts(slot int, in isa.Insn, c *comparison, may, mayNot bool) {
	f := &j.found[slot]
	if c.a.Fits32() {
		f.Flags |= NumberDst32
	}
	if in.Op.IsX() {
		f.source(&c.b, c.is32)
	}
	// Where the walk came to one side only, no run goes to the other.
	if to := jumpTo(in, slot); to != slot+1 {
		may = may && j.reached(to)
		mayNot = mayNot && j.reached(slot+1)
	}
	switch {
	case may && !mayNot:
		f.Flags |= NumberAlways
	case mayNot && !may:
		f.Flags |= NumberNever
	}
}

// inBounds is the key of a lookup in an array; ok is false unless there always
// is such an element.
func (j *joiner) inBounds(s *numState, slot int, id abi.HelperID) (key num, ok bool) {
	at := int(j.facts[slot].Map) - 1
	if id != abi.MapLookupElem || at < 0 || at >= len(j.p.img.Maps) || j.loose {
		return key, false
	}
	m := j.p.img.Maps[at]
	if m.KeySize != 4 || m.Type != abi.Array && m.Type != abi.PerCPUArray {
		return key, false
	}
	switch r := &s.regs[isa.R2]; r.kind {
	case numStack:
		p := s.pieceAt(int(r.off))
		if p == nil || p.size < 4 {
			return key, false
		}
		key = p.num
	case numMapValue:
		c, ok := j.frozen64(r.arg, int(r.off), 4)
		if !ok {
			return key, false
		}
		key = constant(c)
	default:
		return key, false
	}
	return key, key.U32Max < m.MaxEntries
}

// outcome notes what an instruction leaves in its register.
func outcome(s *numState, in isa.Insn, f *Number) {
	r := in.Dst()
	switch c := in.Op.Class(); {
	case c == isa.ClassAlu || c == isa.ClassAlu64 || c == isa.ClassLdx:
	case in.Op == isa.CallOp && in.Src() != isa.CallLocal:
		r = isa.R0
	default:
		return
	}
	n := &s.regs[r]
	if n.Fits32() {
		f.Flags |= NumberFits32
	}
	mov := in.Op.Code() == isa.Mov && !in.Op.IsX() && in.Op.Class() != isa.ClassLdx
	if n.kind == numPlain && n.IsConst() && !mov && f.Flags&NumberKey == 0 {
		f.Flags = f.Flags&^NumberSource | NumberResult
		f.Value = n.Bits.Value
	}
}
