package verifier

import (
	"math"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier/domain"
)

// stepALU is one arithmetic instruction.
func (v *verifier) stepALU(in isa.Insn) error {
	dst := int(in.Dst())
	is32 := in.Op.Class() == isa.ClassAlu
	v.log.touchReg(dst)
	switch code := in.Op.Code(); code {
	case isa.End, isa.Neg:
		return v.stepUnary(in, dst, is32)
	case isa.Mov:
		if in.Op.IsX() {
			err := v.stepMove(in, dst, is32)
			if err == nil && v.state.speculative {
				err = v.checkSane(v.reg(dst), "alu")
			}
			return err
		}
		if err := v.checkWrite(dst); err != nil {
			return err
		}
		r := v.reg(dst)
		if is32 {
			r.setConst(uint64(uint32(in.Imm)))
		} else {
			r.setConst(uint64(int64(in.Imm)))
		}
		return nil
	}
	return v.stepBinary(in, dst, is32)
}

func (v *verifier) stepUnary(in isa.Insn, dst int, is32 bool) error {
	if err := v.checkRead(dst); err != nil {
		return err
	}
	r := v.reg(dst)
	if v.leaks(r) {
		return v.reject(CodePointerArith, abi.EACCES, "R%d pointer arithmetic prohibited", dst)
	}
	swap := in.Op.Code() == isa.End
	if err := v.checkWrite(dst); err != nil {
		return err
	}
	if r.typ != ptScalar {
		v.unknown(dst)
		return nil
	}
	if !swap {
		zero := domain.Const(0)
		r.Apply(domain.OpNeg, is32, &zero)
		r.id, r.off = 0, 0
		r.dropSlack()
		return v.checkSane(r, "alu")
	}
	size := int(in.Imm) / 8
	if is32 && !in.Op.IsX() { // to little endian, which the machine is
		if size < 8 {
			r.Trunc(size)
		}
	} else {
		r.Swap(size)
	}
	r.id, r.off = 0, 0
	r.dropSlack()
	return nil
}

// stepMove is a move between registers, sign-extending or a cast of address
// spaces by its offset.
func (v *verifier) stepMove(in isa.Insn, dst int, is32 bool) error {
	src := int(in.Src())
	if err := v.checkRead(src); err != nil {
		return err
	}
	if err := v.checkWrite(dst); err != nil {
		return err
	}
	s, d := v.reg(src), v.reg(dst)
	switch {
	case !is32 && in.Off == 1:
		return v.castSpace(in, dst)
	case !is32 && in.Off == 0:
		v.linkScalar(s)
		*d = *s
		return nil
	case v.leaks(s) && !is32:
		return v.reject(CodePointerLeak, abi.EACCES, "R%d sign-extension part of pointer", src)
	case v.leaks(s):
		return v.reject(CodePointerLeak, abi.EACCES, "R%d partial copy of pointer", src)
	case s.typ != ptScalar:
		v.unknown(dst)
		if is32 {
			d.Zext32()
		}
		return nil
	}
	var keeps bool
	if in.Off == 0 {
		keeps = width(s) <= 32
	} else {
		keeps = s.UMax < 1<<(uint(in.Off)-1)
	}
	if keeps {
		v.linkScalar(s)
	}
	*d = *s
	if !keeps {
		d.id, d.off = 0, 0
	}
	if in.Off != 0 && in.Off != 32 {
		d.dropSlack()
	}
	switch {
	case !is32:
		d.Sext(int(in.Off) / 8)
	case in.Off != 0:
		d.Sext32(int(in.Off) / 8)
		d.Zext32()
	default:
		d.Zext32()
	}
	return nil
}

// castSpace is a cast between arena and user addresses.
func (v *verifier) castSpace(in isa.Insn, dst int) error {
	arena := (*mapInfo)(nil)
	for i := range v.maps {
		if v.maps[i].Type == abi.Arena && v.maps[i].index >= 0 {
			arena = &v.maps[i]
		}
	}
	if arena == nil {
		return v.reject(CodeArena, abi.EINVAL, "addr_space_cast insn can only be used in a program that has an associated arena")
	}
	v.unknown(dst)
	if in.Imm == 1 {
		v.reg(dst).typ = ptArena
	}
	return nil
}

var opNames = map[isa.Code]string{
	isa.Add: "+=", isa.Sub: "-=", isa.Mul: "*=", isa.Div: "/=", isa.Or: "|=", isa.And: "&=", isa.Lsh: "<<=",
	isa.Rsh: ">>=", isa.Mod: "%=", isa.Xor: "^=", isa.Arsh: "s>>=",
}

func (v *verifier) stepBinary(in isa.Insn, dst int, is32 bool) error {
	code := in.Op.Code()
	if in.Op.IsX() {
		if err := v.checkRead(int(in.Src())); err != nil {
			return err
		}
	}
	if err := v.checkRead(dst); err != nil {
		return err
	}
	if !in.Op.IsX() {
		if (code == isa.Div || code == isa.Mod) && in.Imm == 0 {
			return v.reject(CodeDivByZero, abi.EINVAL, "div by zero")
		}
		bits := int32(64)
		if is32 {
			bits = 32
		}
		if (code == isa.Lsh || code == isa.Rsh || code == isa.Arsh) && (in.Imm < 0 || in.Imm >= bits) {
			return v.reject(CodeBadShift, abi.EINVAL, "invalid shift %d", in.Imm)
		}
	}
	if err := v.checkWrite(dst); err != nil {
		return err
	}
	if err := v.combine(in, dst, is32); err != nil {
		return err
	}
	return v.checkSane(v.reg(dst), "alu")
}

// combine sets register dst to itself combined with the second operand.
func (v *verifier) combine(in isa.Insn, dst int, is32 bool) error {
	d := v.reg(dst)
	if d.typ == ptArena {
		return nil // 32 bits wide, any arithmetic will do
	}
	if in.Op.IsX() && v.reg(int(in.Src())).typ == ptArena {
		// Linux 6.18.44: either operand makes it one, whatever the other is.
		*d = *v.reg(int(in.Src()))
		return nil
	}
	var k reg
	var s *reg
	if in.Op.IsX() {
		src := int(in.Src())
		s = v.reg(src)
		switch {
		case s.typ != ptScalar && d.typ != ptScalar:
			if in.Op.Code() == isa.Sub && v.perfmon {
				v.unknown(dst)
				return nil
			}
			return v.reject(CodePointerArith, abi.EACCES, "R%d pointer %s pointer prohibited", dst, opNames[in.Op.Code()])
		case s.typ != ptScalar:
			if err := v.markPrecise(dst); err != nil {
				return err
			}
			return v.movePointer(in, dst, s, d, is32)
		case d.typ != ptScalar:
			if err := v.markPrecise(src); err != nil {
				return err
			}
			return v.movePointer(in, dst, d, s, is32)
		case d.precise:
			if err := v.markPrecise(src); err != nil {
				return err
			}
		}
	} else {
		k.setConst(uint64(int64(in.Imm)))
		s = &k
		if d.typ != ptScalar {
			return v.movePointer(in, dst, d, s, is32)
		}
		if v.isRaw && masksNothing(in, d) {
			return v.markPrecise(dst)
		}
	}
	return v.combineScalars(in, d, s, is32)
}

func (v *verifier) combineScalars(in isa.Insn, d, s *reg, is32 bool) error {
	if err := v.scalarArith(in); err != nil {
		return err
	}
	code := in.Op.Code()
	if (code == isa.And || code == isa.Or) && s.Bits.Mask == 0 {
		if err := v.forkScalar(d); err != nil {
			return err
		}
	}
	fits := d.UMax <= math.MaxUint32
	isConst := s.Bits.Mask == 0 || is32 && uint32(s.Bits.Mask) == 0
	delta := int64(s.Bits.Value)
	if is32 {
		delta = int64(int32(delta))
	}
	d.Apply(domain.Op(code), is32, &s.Scalar)
	if v.isRaw {
		v.moveSlack(in, d, d.arg)
	}
	// A register that moved by a constant stays linked to its copies.
	link := v.bpf && (code == isa.Add || code == isa.Sub) && d.id != 0 && isConst && d.id&linkMask == 0 &&
		delta == int64(int32(delta)) && (!is32 || fits) && !(code == isa.Sub && delta == math.MinInt32)
	if !link {
		d.id, d.off = 0, 0
		return nil
	}
	if code == isa.Sub {
		delta = -delta
	}
	d.off = int32(delta)
	if is32 {
		d.id |= linkAdd32
	} else {
		d.id |= linkAdd64
	}
	return nil
}

// forkScalar walks the two values of a mask, 0 and -1, on two paths: what is
// selected by the mask stays exact.
func (v *verifier) forkScalar(d *reg) error {
	half := false
	switch {
	case d.SMin == -1 && d.SMax == 0:
	case d.S32Min == -1 && d.S32Max == 0:
		half = true
	default:
		return nil
	}
	s, err := v.fork(v.insn, v.insn, false)
	if err != nil {
		return err
	}
	o := &s.frame().regs[v.insns[v.insn].Dst()]
	if half {
		o.setLow(0)
		d.setLow(math.MaxUint32)
	} else {
		o.Scalar = domain.Const(0)
		d.Scalar = domain.Const(math.MaxUint64)
	}
	return nil
}

// setLow makes the lower half of a scalar the constant c.
func (r *reg) setLow(c uint32) {
	r.Bits = r.Bits.WithLow(domain.ConstTnum(uint64(c)))
	r.U32Min, r.U32Max, r.S32Min, r.S32Max = c, c, int32(c), int32(c)
	r.Sync()
}

// checkSane demands, under BPF_F_TEST_REG_INVARIANTS, that a scalar's bounds do
// not contradict each other; otherwise such a scalar, of a dead path, becomes
// unknown.
func (v *verifier) checkSane(r *reg, where string) error {
	if r.SMin <= r.SMax && r.UMin <= r.UMax && r.S32Min <= r.S32Max && r.U32Min <= r.U32Max && r.Bits.Mask != 0 && uint32(r.Bits.Mask) != 0 {
		return nil
	}
	if r.typ == ptNone {
		return nil
	}
	why := r.Violation()
	if why == "" {
		return nil
	}
	if v.invariants {
		return v.reject(CodeInvariant, abi.EFAULT, "verifier bug: REG INVARIANTS VIOLATION (%s): %s u64=[%#x, %#x] s64=[%#x, %#x] u32=[%#x, %#x] s32=[%#x, %#x] var_off=%s",
			where, why, r.UMin, r.UMax, uint64(r.SMin), uint64(r.SMax), r.U32Min, r.U32Max, uint32(r.S32Min), uint32(r.S32Max), r.Bits)
	}
	r.Forget()
	return nil
}
