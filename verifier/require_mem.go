package verifier

import (
	"math"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
)

// maxVarOff is the largest offset a pointer may have. Linux 6.18: BPF_MAX_VAR_OFF.
const maxVarOff = 1 << 29

// maxStack is the most stack a frame may use, in bytes.
const maxStack = 512

// checkRead demands that register n exist and be initialised.
func (v *verifier) checkRead(n int) error {
	if n >= isa.NumRegs {
		return v.reject(CodeBadReg, abi.EINVAL, "R%d is invalid", n)
	}
	v.log.touchReg(n)
	if v.reg(n).typ == ptNone {
		return v.reject(CodeUninit, abi.EACCES, "R%d !read_ok", n)
	}
	return nil
}

// checkWrite demands that register n may be written.
func (v *verifier) checkWrite(n int) error {
	if n >= isa.NumRegs {
		return v.reject(CodeBadReg, abi.EINVAL, "R%d is invalid", n)
	}
	if n == int(isa.FP) {
		return v.reject(CodeFramePointer, abi.EACCES, "frame pointer is read only")
	}
	v.log.touchReg(n)
	return nil
}

// leaks reports whether using r as a number would show an address to an
// unprivileged user.
func (v *verifier) leaks(r *reg) bool { return !v.perfmon && r.typ != ptScalar }

// access is one memory access of an instruction.
type access struct {
	reg    int // base register
	off    int // of the instruction
	size   int
	write  bool
	value  int  // register loaded or stored, -1 for none
	signed bool // sign-extending load
	strict bool // alignment must be right whatever the program's flags
	// imm is the constant that a store writes when constant is set.
	constant bool
	imm      int32
}

// checkAlignment demands natural alignment where that is asked for.
func (v *verifier) checkAlignment(r *reg, a *access) error {
	strict := v.strict || a.strict
	name := ""
	switch r.typ.base() {
	case ptPacket, ptPacketMeta:
		// Network headers start 2 bytes off alignment.
		if !strict || a.size == 1 {
			return nil
		}
		first := 2
		if v.isRaw {
			first = 0
		}
		if t := r.Bits.Add(tnumConst(int64(first + int(r.off) + a.off))); !t.Aligned(uint64(a.size)) {
			return v.reject(CodeMisaligned, abi.EACCES, "misaligned packet access off %d+%s+%d+%d size %d", first, r.Bits, r.off, a.off, a.size)
		}
		return nil
	case ptFlowKeys:
		name = "flow keys "
	case ptMapKey:
		name = "key "
	case ptMapValue:
		name = "value "
	case ptCtx:
		name = "context "
	case ptStack:
		name, strict = "stack ", true
	case ptSocket:
		name = "sock "
	case ptSockCommon:
		name = "sock_common "
	case ptTCPSock:
		name = "tcp_sock "
	case ptXDPSock:
		name = "xdp_sock "
	case ptArena:
		return nil
	}
	if !strict || a.size == 1 {
		return nil
	}
	if t := r.Bits.Add(tnumConst(int64(int(r.off) + a.off))); !t.Aligned(uint64(a.size)) {
		return v.reject(CodeMisaligned, abi.EACCES, "misaligned %saccess off %s+%d+%d size %d", name, r.Bits, r.off, a.off, a.size)
	}
	return nil
}

// checkBounds demands that [off, off+size) lie in memory of limit bytes, and
// logs the first line of the reason otherwise.
func (v *verifier) checkBounds(n int, off int64, size int, limit int64, zeroOK bool) (ok bool) {
	if off >= 0 && (size > 0 || size == 0 && zeroOK) && off+int64(size) <= limit {
		return true
	}
	switch r := v.reg(n); r.typ.base() {
	case ptMapKey:
		v.note("invalid access to map key, key_size=%d off=%d size=%d", limit, int32(off), size)
	case ptMapValue:
		v.note("invalid access to map value, value_size=%d off=%d size=%d", limit, int32(off), size)
	case ptPacket, ptPacketMeta, ptPacketEnd:
		v.note("invalid access to packet, off=%d size=%d, R%d(id=%d,off=%d,r=%d)", int32(off), size, n, r.id, int32(off), limit)
	default:
		v.note("invalid access to memory, mem_size=%d off=%d size=%d", uint32(limit), int32(off), size)
	}
	return false
}

// checkMemRange demands that an access through register n stay in memory of
// limit bytes, for every offset that it can have. off includes the register's
// own constant.
func (v *verifier) checkMemRange(n, off, size int, limit int64, zeroOK bool) error {
	r := v.reg(n)
	if r.SMin < 0 {
		low := int64(off) + r.SMin
		if r.SMin == math.MinInt64 || low != int64(int32(low)) || low < 0 {
			return v.reject(CodeUnbounded, abi.EACCES, "R%d min value is negative, either use unsigned index or do a if (index >=0) check.", n)
		}
	}
	if !v.checkBounds(n, int64(int32(r.SMin+int64(off))), size, limit, zeroOK) {
		return v.reject(CodeMemAccess, abi.EACCES, "R%d min value is outside of the allowed memory range", n)
	}
	if r.UMax >= maxVarOff {
		return v.reject(CodeUnbounded, abi.EACCES, "R%d unbounded memory access, make sure to bounds check any such access", n)
	}
	if !v.checkBounds(n, int64(r.UMax)+int64(off), size, limit, zeroOK) {
		return v.reject(CodeMemAccess, abi.EACCES, "R%d max value is outside of the allowed memory range", n)
	}
	return nil
}

// checkPacketRange demands that an access stay in the proven part of the
// packet. The variable offset is inside it already: the proof came after it.
func (v *verifier) checkPacketRange(n, off, size int, zeroOK bool) error {
	r := v.reg(n)
	if v.isRaw && (size > 0 || zeroOK) && v.rawInside(r, off, size) {
		return nil
	}
	if r.SMin < 0 {
		return v.reject(CodeUnbounded, abi.EACCES, "R%d min value is negative, either use unsigned index or do a if (index >=0) check.", n)
	}
	if int32(r.arg) < 0 {
		return v.reject(CodePacketAccess, abi.EINVAL, "R%d offset is outside of the packet", n)
	}
	if !v.checkBounds(n, int64(off), size, int64(int32(r.arg)), zeroOK) {
		return v.reject(CodePacketAccess, abi.EACCES, "R%d offset is outside of the packet", n)
	}
	return nil
}

// checkMapRange demands that an access stay in a map's value and that the
// map's flags allow it.
func (v *verifier) checkMapRange(n, off, size int, zeroOK, write, helper bool) error {
	m := &v.maps[v.reg(n).arg]
	if write && m.Flags&abi.ReadOnlyProg != 0 {
		return v.reject(CodeMapForbidden, abi.EACCES, "write into map forbidden, value_size=%d off=%d size=%d", m.ValueSize, off, size)
	}
	if !write && m.Flags&abi.WriteOnlyProg != 0 {
		return v.reject(CodeMapForbidden, abi.EACCES, "read from map forbidden, value_size=%d off=%d size=%d", m.ValueSize, off, size)
	}
	if err := v.checkMemRange(n, off, size, int64(m.ValueSize), zeroOK); err != nil {
		return err
	}
	return v.checkMapFields(n, off, size, helper)
}

// checkOffsetReg demands an unmodified pointer, for objects that have no
// interior.
func (v *verifier) checkOffsetReg(r *reg, n int, fixedOK bool) error {
	switch {
	case r.off < 0:
		return v.reject(CodeCtxModified, abi.EACCES, "negative offset %s ptr R%d off=%d disallowed", r.typ, n, r.off)
	case !fixedOK && r.off != 0:
		return v.reject(CodeCtxModified, abi.EACCES, "dereference of modified %s ptr R%d off=%d disallowed", r.typ, n, r.off)
	case r.Bits.Mask != 0 || r.Bits.Value != 0:
		return v.reject(CodeCtxModified, abi.EACCES, "variable %s access var_off=%s disallowed", r.typ, r.Bits)
	}
	return nil
}

// checkBuffer demands a constant, non-negative offset into a buffer whose size
// is fixed at attach.
func (v *verifier) checkBuffer(name string, n, off, size int) error {
	r := v.reg(n)
	if off < 0 {
		return v.reject(CodeMemAccess, abi.EACCES, "R%d invalid %s buffer access: off=%d, size=%d", n, name, off, size)
	}
	if r.Bits.Mask != 0 || r.Bits.Value != 0 {
		return v.reject(CodeMemAccess, abi.EACCES, "R%d invalid variable buffer offset: off=%d, var_off=%s", n, off, r.Bits)
	}
	return nil
}

// sameKind demands that an instruction access the same kind of memory on all
// paths, because it is lowered once.
func (v *verifier) sameKind(t regType, trustOK bool) error {
	a := &v.aux[v.insn]
	switch {
	case a.ptrType == 0:
		a.ptrType = t
	case t == a.ptrType || t.mixes() && a.ptrType.mixes():
	case trustOK && (t.base() == ptBTF || t.base() == ptMem) && (a.ptrType.base() == ptBTF || a.ptrType.base() == ptMem):
		a.ptrType = ptBTF | fUntrusted
	default:
		return v.reject(CodeInvalidMem, abi.EINVAL, "same insn cannot be used with different pointers")
	}
	return nil
}

// mixes reports whether an access through t is lowered as plain memory.
func (t regType) mixes() bool {
	switch t.base() {
	case ptCtx, ptSocket, ptSockCommon, ptTCPSock, ptXDPSock, ptBTF, ptArena:
		return false
	}
	return true
}
