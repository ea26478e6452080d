package verifier

import (
	"errors"
	"math"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
)

// A processor that guesses a branch wrong runs instructions on a path that the
// proof says is never taken, until it notices; what such a path reads can be
// told from the caches. For users without CAP_PERFMON these paths are walked,
// too. Where one of them breaks a rule, the instruction gets a barrier, which
// the processor does not pass before it knows better. Arithmetic that moves a
// pointer by a register gets a mask, which makes an amount that was not proven
// zero; the path with that zero is walked as well.

// Mask says how a speculative amount is kept from moving a pointer out of its
// object.
type Mask struct {
	// Limit is the largest amount that may move the pointer.
	Limit uint32
	// On is set where the instruction's pointer needs the mask.
	On bool
	// Dst is set where the destination holds the amount and the source the
	// pointer.
	Dst bool
	// Neg is set where the amount is negative: its absolute value is limited.
	Neg bool
	// Const is set where the amount is the same on every path: it is Limit, or
	// -Limit with Neg, whatever the register holds.
	Const bool
}

// aluState is how an addition or subtraction is used, on every path.
type aluState uint8

const (
	aluDst    aluState = 1 << iota // the amount is in the destination
	aluSrc                         // the amount is in the source
	aluNeg                         // it is negative
	aluScalar                      // no pointer is involved
	aluConst                       // it is constant
)

func (a *insnAux) mask() Mask {
	if a.alu == 0 || a.alu == aluScalar {
		return Mask{}
	}
	return Mask{Limit: a.aluLimit, On: true, Dst: a.alu&aluDst != 0, Neg: a.alu&aluNeg != 0, Const: a.alu&aluConst != 0}
}

// barrier ends a speculative path that broke a rule at the current instruction.
// Errors that no barrier can help are given back.
func (v *verifier) barrier(a *insnAux, err error) error {
	var e *Error
	if !v.state.speculative || !errors.As(err, &e) {
		return err
	}
	switch e.Errno {
	case abi.EPERM, abi.EACCES, abi.EINVAL:
	default:
		return err
	}
	v.live.commit()
	a.barrier, a.alu = true, 0
	return nil
}

// speculate queues the way that a decided jump does not go. The compared
// registers can be anything there.
func (v *verifier) speculate(next, dst, src int, isX bool) error {
	if v.perfmon {
		return nil
	}
	s, err := v.fork(next, v.insn, true)
	if err != nil {
		return err
	}
	f := s.frame()
	f.regs[dst].setUnknown()
	if isX {
		f.regs[src] = f.regs[dst]
	}
	return nil
}

// whyUnsafe is why arithmetic cannot be made safe against speculation.
type whyUnsafe uint8

const (
	aluSafe whyUnsafe = iota
	aluBounds
	aluType
	aluPaths
	aluLimit
)

// sanitize is what one instruction of pointer arithmetic carries from before
// the move to after it.
type sanitize struct {
	in    isa.Insn
	left  bool // the pointer moves to lower addresses
	state aluState
	limit uint32 // room in that direction before the move
}

// skipsMask reports whether the current instruction needs no mask: only sums
// with a register do.
func (v *verifier) skipsMask(in isa.Insn) bool {
	c := in.Op.Code()
	// No engine masks, and there is no limit that would be known: of a raw
	// program's memory, comparisons are the only defence.
	if v.isRaw && v.reg(int(in.Dst())).typ == ptPacket || v.isRaw && in.Op.IsX() && v.reg(int(in.Src())).typ == ptPacket {
		return true
	}
	return v.perfmon || c != isa.Add && c != isa.Sub || !in.Op.IsX() || v.aux[v.insn].barrier
}

// room is how far a pointer may move in one direction.
func (v *verifier) room(p *reg, left bool) (uint32, whyUnsafe) {
	var most, n uint32
	switch p.typ {
	case ptStack:
		most = maxStack
		if left {
			most++ // R10 itself is outside, and where going down begins
		}
		n = -(uint32(p.Bits.Value) + uint32(p.off))
	case ptMapValue:
		most = v.maps[p.arg].ValueSize
		if left {
			n = uint32(p.SMin) + uint32(p.off)
		} else {
			n = uint32(p.UMax) + uint32(p.off)
		}
	default:
		return 0, aluType
	}
	if n >= most {
		return 0, aluLimit
	}
	return n, aluSafe
}

// beforeMove looks at pointer p about to be moved by s; it queues the
// speculative path on which the mask has made the amount zero.
func (v *verifier) beforeMove(z *sanitize, p, s, d *reg) error {
	if v.skipsMask(z.in) {
		return nil
	}
	known, neg, onDst := s.Bits.Mask == 0, s.SMin < 0, p != d
	if !v.state.speculative {
		if !known && neg != (s.SMax < 0) {
			return v.unsafe(z.in, aluBounds, s == d)
		}
		z.left = neg == (z.in.Op.Code() == isa.Add)
		n, why := v.room(p, z.left)
		if why != aluSafe {
			return v.unsafe(z.in, why, s == d)
		}
		z.limit, z.state = n, aluSrc
		if onDst {
			z.state = aluDst
		}
		if neg {
			z.state |= aluNeg
		}
		if known {
			z.state |= aluConst
		} else {
			// Paths that differ in masks must be found: prune less.
			v.exactScalars = true
		}
	}
	if known {
		return nil
	}
	o, err := v.fork(v.insn+1, v.insn, true)
	if err != nil {
		// Linux 6.18: said in addition to the reason, with another number.
		return v.reject(CodeTooManyJumps, abi.ENOMEM, "R%d could not be pushed for speculative verification, %s", z.in.Dst(), notForUser)
	}
	od := &o.frame().regs[z.in.Dst()]
	if onDst {
		*od = *p
		return nil
	}
	// Linux 6.18: the lower half is forgotten and not deduced again, so that a
	// copy of the register counts as contradictory, and its bounds are lost.
	od.S32Min, od.S32Max, od.U32Min, od.U32Max = math.MinInt32, math.MaxInt32, 0, math.MaxUint32
	return nil
}

// afterMove fixes the mask: its limit is how far the pointer d has moved.
func (v *verifier) afterMove(z *sanitize, d *reg, onDst bool) error {
	if v.skipsMask(z.in) || v.state.speculative {
		return nil
	}
	n, why := v.room(d, z.left)
	if why == aluSafe {
		limit := z.limit - n
		if int32(limit) < 0 {
			limit = -limit
		}
		why = v.aux[v.insn].use(z.state, limit)
	}
	if why != aluSafe {
		return v.unsafe(z.in, why, onDst)
	}
	return nil
}

// scalarArith notes an addition or subtraction of numbers: the same
// instruction must not move a pointer elsewhere.
func (v *verifier) scalarArith(in isa.Insn) error {
	if v.skipsMask(in) {
		return nil
	}
	if why := v.aux[v.insn].use(aluScalar, 0); why != aluSafe {
		return v.unsafe(in, why, true)
	}
	return nil
}

// use notes how the instruction is used. Every path must use it alike.
func (a *insnAux) use(s aluState, limit uint32) whyUnsafe {
	if a.alu != 0 && (a.alu != s || a.aluLimit != limit) {
		return aluPaths
	}
	a.alu, a.aluLimit = s, limit
	return aluSafe
}

const notForUser = "pointer arithmetic with it prohibited for !root"

// unsafe says why arithmetic is refused. onDst is set where the destination
// holds the amount.
func (v *verifier) unsafe(in isa.Insn, why whyUnsafe, onDst bool) error {
	amount, pointer := in.Src(), in.Dst()
	if onDst {
		amount, pointer = in.Dst(), in.Src()
	}
	verb := "add"
	if in.Op.Code() == isa.Sub {
		verb = "sub"
	}
	switch why {
	case aluBounds:
		return v.reject(CodeUnprivileged, abi.EACCES, "R%d has unknown scalar with mixed signed bounds, %s", amount, notForUser)
	case aluType:
		return v.reject(CodeUnprivileged, abi.EACCES, "R%d has pointer with unsupported alu operation, %s", pointer, notForUser)
	case aluPaths:
		return v.reject(CodeUnprivileged, abi.EACCES, "R%d tried to %s from different maps, paths or scalars, %s", in.Dst(), verb, notForUser)
	}
	return v.reject(CodeUnprivileged, abi.EACCES, "R%d tried to %s beyond pointer bounds, %s", in.Dst(), verb, notForUser)
}

// checkTailCalls demands that a tail call have the same map on all paths: the
// bound of its index is compiled in. Linux 6.18: found when the walk is over;
// maps that a user with CAP_PERFMON made are taken for harmless, here all maps
// are the user's own.
func (v *verifier) checkTailCalls() error {
	if v.perfmon {
		return nil
	}
	for i, in := range v.insns {
		if in.Op == isa.CallOp && in.Src() == isa.CallHelper && abi.HelperID(in.Imm) == abi.TailCall && v.aux[i].mapState < 0 {
			v.insn = i
			return v.reject(CodeTailCall, abi.EINVAL, "tail_call abusing map_ptr")
		}
	}
	return nil
}

// checkBypass asks for a barrier behind a store that a later load could
// overtake: one that puts a pointer on the stack, or writes over what is not
// plain data. Linux 6.18: of the slot, the size bytes next to the frame pointer
// are looked at, wherever the store goes.
func (v *verifier) checkBypass(s *slot, size int, val *reg) {
	if v.perfmon {
		return
	}
	need := val != nil && spillable(val.typ)
	for k := range size {
		t := s.typ[len(s.typ)-1-k]
		need = need || t != slotMisc && t != slotZero
	}
	if need {
		v.aux[v.insn].barrierAfter = true
	}
}
