package verifier

import (
	"math"
	"math/bits"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier/domain"
)

// movePointer sets register dst to pointer p moved by the scalar s. dst holds
// one of the two.
func (v *verifier) movePointer(in isa.Insn, dst int, p, s *reg, is32 bool) error {
	code := in.Op.Code()
	d := v.reg(dst)
	known := s.Bits.Mask == 0
	if known && (s.SMin != s.SMax || s.UMin != s.UMax) || s.SMin > s.SMax || s.UMin > s.UMax {
		// Bounds of a dead path.
		v.unknown(dst)
		return nil
	}
	if is32 {
		if code == isa.Sub && v.perfmon {
			v.unknown(dst)
			return nil
		}
		return v.reject(CodePointerArith, abi.EACCES, "R%d 32-bit pointer arithmetic prohibited", dst)
	}
	if p.typ.has(fNull) {
		return v.reject(CodeMaybeNull, abi.EACCES, "R%d pointer arithmetic on %s prohibited, null-check it first", dst, p.typ)
	}
	if p.typ.base() == ptMem && p.typ.has(fUntrusted) {
		return nil // read by loads that may fault, at any offset
	}
	if !v.movable(p, s, known, code) {
		return v.reject(CodePointerArith, abi.EACCES, "R%d pointer arithmetic on %s prohibited", dst, p.typ)
	}
	if err := v.checkOffset(s, p.typ); err != nil {
		return err
	}
	if err := v.checkOffset(p, p.typ); err != nil {
		return err
	}
	z := sanitize{in: in}
	if err := v.beforeMove(&z, p, s, d); err != nil {
		return err
	}
	onDst := d == s
	r := *p
	if d != p {
		r.refID = d.refID
	}
	if v.isRaw && rawEnd(p, s, &r, code) {
		*d = r
		return nil
	}
	var ok bool
	switch code {
	case isa.Add:
		ok = addOffset(&r, s, known)
	case isa.Sub:
		if d == s {
			return v.reject(CodePointerArith, abi.EACCES, "R%d tried to subtract pointer from scalar", dst)
		}
		if p.typ == ptStack {
			return v.reject(CodePointerArith, abi.EACCES, "R%d subtraction from stack pointer prohibited", dst)
		}
		ok = subOffset(&r, s, known)
	case isa.And, isa.Or, isa.Xor:
		return v.reject(CodePointerArith, abi.EACCES, "R%d bitwise operator %s on pointer prohibited", dst, opNames[code])
	default:
		return v.reject(CodePointerArith, abi.EACCES, "R%d pointer arithmetic with %s operator prohibited", dst, opNames[code])
	}
	if r.typ.isPacket() {
		v.rebase(&r, p, s, code, ok)
	}
	r.S32Min, r.S32Max, r.U32Min, r.U32Max = math.MinInt32, math.MaxInt32, 0, math.MaxUint32
	if err := v.checkOffset(&r, p.typ); err != nil {
		return err
	}
	r.Sync()
	*d = r
	if v.perfmon {
		return nil
	}
	if err := v.checkMoved(dst); err != nil {
		return err
	}
	return v.afterMove(&z, d, onDst)
}

// rebase says what is proven of r, which is packet pointer p moved by s. same is
// set if only the constant part of its offset has changed.
func (v *verifier) rebase(r, p, s *reg, code isa.Code, same bool) {
	if !same {
		// Another base: what was proven of the old one does not hold.
		r.id = v.newID()
		if code == isa.Add || s.SMin < 0 {
			r.arg = 0
		}
	}
	if v.isRaw {
		v.proveOffset(r, p, s, code, same)
	}
}

// movable reports whether a pointer may be moved at all.
func (v *verifier) movable(p, s *reg, known bool, code isa.Code) bool {
	switch p.typ.base() {
	case ptCtx, ptMapValue, ptMapKey, ptStack, ptPacketMeta, ptPacket, ptTPBuffer, ptBTF, ptMem, ptBuf, ptFunc, ptDynptr:
		return true
	case ptFlowKeys:
		if known {
			return true
		}
	}
	return known && s.SMin == 0 && code == isa.Add
}

// addOffset adds s to the pointer r; it reports whether only the constant part
// of its offset changed.
func addOffset(r, s *reg, known bool) bool {
	if sum := int64(r.off) + s.SMin; known && sum == int64(int32(sum)) {
		r.off = int32(sum)
		return true
	}
	lo, o1 := addS64(r.SMin, s.SMin)
	hi, o2 := addS64(r.SMax, s.SMax)
	if o1 || o2 {
		lo, hi = math.MinInt64, math.MaxInt64
	}
	ulo, c1 := bits.Add64(r.UMin, s.UMin, 0)
	uhi, c2 := bits.Add64(r.UMax, s.UMax, 0)
	if c1 != 0 || c2 != 0 {
		ulo, uhi = 0, math.MaxUint64
	}
	r.Scalar = domain.Scalar{Bits: r.Bits.Add(s.Bits), SMin: lo, SMax: hi, UMin: ulo, UMax: uhi}
	return false
}

// subOffset subtracts s likewise.
func subOffset(r, s *reg, known bool) bool {
	if diff := int64(r.off) - s.SMin; known && diff == int64(int32(diff)) {
		r.off = int32(diff)
		return true
	}
	lo, o1 := subS64(r.SMin, s.SMax)
	hi, o2 := subS64(r.SMax, s.SMin)
	if o1 || o2 {
		lo, hi = math.MinInt64, math.MaxInt64
	}
	ulo, uhi := uint64(0), uint64(math.MaxUint64)
	if r.UMin >= s.UMax {
		ulo, uhi = r.UMin-s.UMax, r.UMax-s.UMin
	}
	r.Scalar = domain.Scalar{Bits: r.Bits.Sub(s.Bits), SMin: lo, SMax: hi, UMin: ulo, UMax: uhi}
	return false
}

func addS64(a, b int64) (int64, bool) {
	c := a + b
	return c, (c > a) != (b > 0) && b != 0
}

func subS64(a, b int64) (int64, bool) {
	c := a - b
	return c, (c < a) != (b > 0) && b != 0
}

// checkOffset demands that an offset, or a pointer's offset, stay within
// limits that no sum of two can overflow.
func (v *verifier) checkOffset(r *reg, t regType) error {
	c := int64(r.Bits.Value)
	switch {
	case r.Bits.Mask == 0 && (c >= maxVarOff || c <= -maxVarOff):
		return v.reject(CodePointerBounds, abi.EINVAL, "math between %s pointer and %d is not allowed", t, c)
	case r.typ != ptScalar && (r.off >= maxVarOff || r.off <= -maxVarOff):
		return v.reject(CodePointerBounds, abi.EINVAL, "%s pointer offset %d is not allowed", t, r.off)
	case r.SMin == math.MinInt64:
		return v.reject(CodePointerBounds, abi.EINVAL, "math between %s pointer and register with unbounded min value is not allowed", t)
	case r.SMin >= maxVarOff || r.SMin <= -maxVarOff:
		return v.reject(CodePointerBounds, abi.EINVAL, "value %d makes %s pointer be out of bounds", r.SMin, t)
	}
	return nil
}

// checkMoved demands of an unprivileged program that a moved pointer stay in
// its object, so that a mispredicted path cannot read beyond it.
func (v *verifier) checkMoved(dst int) error {
	r := v.reg(dst)
	switch r.typ {
	case ptStack:
		if r.Bits.Mask != 0 {
			return v.reject(CodeUnprivileged, abi.EACCES, "R%d variable stack access prohibited for !root, var_off=%s off=%d", dst, r.Bits, int64(r.off)+int64(r.Bits.Value))
		}
		if off := int64(r.off) + int64(r.Bits.Value); off >= 0 || off < -maxStack {
			return v.reject(CodeUnprivileged, abi.EACCES, "R%d stack pointer arithmetic goes out of range, prohibited for !root; off=%d", dst, off)
		}
	case ptMapValue:
		if v.checkMemRange(dst, int(r.off), 1, int64(v.maps[r.arg].ValueSize), false) != nil ||
			v.checkMapFields(dst, int(r.off), 1, true) != nil {
			return v.reject(CodeUnprivileged, abi.EACCES, "R%d pointer arithmetic of map value goes out of range, prohibited for !root", dst)
		}
	}
	return nil
}
