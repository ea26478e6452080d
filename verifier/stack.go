package verifier

import (
	"math/bits"

	"github.com/skepbpf/skep/abi"
)

func direction(write bool) string {
	if write {
		return " write to"
	}
	return " read from"
}

// checkStackBounds demands that an access stay in the frame, and makes the
// frame's stack as large as it needs. off includes the register's constant.
func (v *verifier) checkStackBounds(n, off, size int, write bool) error {
	r := v.reg(n)
	fixed := r.Bits.Mask == 0
	var lo, hi int64
	if fixed {
		lo = int64(r.Bits.Value) + int64(off)
		hi = lo + int64(size)
	} else {
		if r.SMax >= maxVarOff || r.SMin <= -maxVarOff {
			return v.reject(CodeUnbounded, abi.EACCES, "invalid unbounded variable-offset%s stack R%d", direction(write), n)
		}
		lo, hi = r.SMin+int64(off), r.SMax+int64(off)+int64(size)
	}
	f := v.state.frames[r.arg]
	low := int64(-maxStack)
	if !write && !v.perfmon {
		low = -8 * int64(len(f.stack))
	}
	errno := abi.Errno(0)
	switch {
	case lo < low || lo > -1:
		errno = abi.EACCES
	case hi > 0:
		errno = abi.EINVAL
	case size < 0:
		errno = abi.EFAULT
	}
	if errno != 0 {
		if fixed {
			return v.reject(CodeStackAccess, errno, "invalid%s stack R%d off=%d size=%d", direction(write), n, lo, size)
		}
		return v.reject(CodeStackAccess, errno, "invalid variable-offset%s stack R%d var_off=%s off=%d size=%d", direction(write), n, r.Bits, off, size)
	}
	need := (int(-lo) + 7) &^ 7
	if need > 8*len(f.stack) {
		v.state.wframe(int32(r.arg)).grow(need)
	}
	if sp := &v.subs[f.sub]; sp.depth < need {
		sp.depth = need
	}
	return nil
}

func (v *verifier) accessStack(r *reg, a *access, off int) error {
	if err := v.checkStackBounds(a.reg, off, a.size, a.write); err != nil {
		return err
	}
	if r.Bits.Mask == 0 {
		off += int(int64(r.Bits.Value))
		if a.write {
			return v.storeStack(int32(r.arg), off, a)
		}
		return v.loadStack(int32(r.arg), off, a)
	}
	if a.write {
		return v.storeStackVar(r, off, a)
	}
	if a.value < 0 {
		return v.reject(CodeStackAccess, abi.EACCES, "variable offset stack pointer cannot be passed into helper function; var_off=%s off=%d size=%d", r.Bits, off, a.size)
	}
	if !v.perfmon {
		return v.reject(CodeUnprivileged, abi.EACCES, "R%d variable offset stack access prohibited for !root, var_off=%s", a.reg, r.Bits)
	}
	lo, hi := int(r.SMin)+off, int(r.SMax)+off+a.size
	fr := int32(r.arg)
	if err := v.checkStackRange(a.reg, off, a.size, false, false, nil); err != nil {
		return err
	}
	v.loadBytes(v.state.frames[fr], lo, hi, a.value)
	return nil
}

// loadBytes makes register dst what a load from bytes [lo, hi) gives that is
// no saved register.
func (v *verifier) loadBytes(f *frame, lo, hi, dst int) {
	for off := lo; off < hi; off++ {
		v.noteStack(off)
		i, b := fpOff(off)
		if i >= len(f.stack) || f.stack[i].typ[b] != slotZero {
			v.unknown(dst)
			return
		}
	}
	v.zero(dst)
}

func (v *verifier) zero(n int) {
	r := v.reg(n)
	r.setConst(0)
}

// width is the number of bits that r's value needs.
func width(r *reg) int { return bits.Len64(r.UMax) }

// linkScalar gives an unknown scalar an id, so that a copy of it shares what
// is learned later.
func (v *verifier) linkScalar(r *reg) {
	if r.typ != ptScalar {
		return
	}
	if r.id&linkMask != 0 {
		r.id, r.off = 0, 0
	}
	// In a raw program, what is learned of a constant is its slack.
	if r.id == 0 && (r.Bits.Mask != 0 || v.isRaw) {
		r.id = v.newID()
	}
}

// storeStack writes [off, off+size) of frame fr.
func (v *verifier) storeStack(fr int32, off int, a *access) error {
	f := v.state.wframe(fr)
	i, b := fpOff(off)
	s := &f.stack[i]
	if !v.perfmon && s.isSpill() && s.r.typ != ptScalar && a.size != 8 {
		return v.reject(CodeStackAccess, abi.EACCES, "attempt to corrupt spilled pointer on stack")
	}
	var val *reg
	if a.value >= 0 {
		val = v.reg(a.value)
	}
	if err := v.destroySlots(f, i); err != nil {
		return err
	}
	f = v.state.wframe(fr)
	s = &f.stack[i]
	v.noteStack(off)
	v.checkBypass(s, a.size, val)
	if a.size == 8 {
		v.live.wrote(v, fr, 1<<i)
	}
	switch {
	case val != nil && b == 0 && val.typ == ptScalar && v.bpf:
		fits := width(val) <= 8*a.size
		if fits {
			v.linkScalar(val)
		}
		c := *val
		if !fits {
			c.id, c.off = 0, 0
		}
		v.saveReg(s, &c, a.size)
	case val == nil && a.constant && b == 0 && v.bpf:
		c := new(reg)
		c.setConst(uint64(int64(a.imm)))
		v.saveReg(s, c, a.size)
	case val != nil && spillable(val.typ):
		if a.size != 8 {
			return v.reject(CodeStackAccess, abi.EACCES, "invalid size of register spill")
		}
		if fr != v.state.cur && val.typ == ptStack {
			return v.reject(CodeStackAccess, abi.EINVAL, "cannot spill pointers to stack into stack frame of the caller")
		}
		c := *val
		v.saveReg(s, &c, a.size)
	default:
		return v.storeBytes(s, b, val, a)
	}
	return v.pushHist(v.state, stackHist(i, fr), linkedSet{})
}

// storeBytes writes data that is no whole register.
func (v *verifier) storeBytes(s *slot, b int, val *reg, a *access) error {
	s.scrub()
	t := slotMisc
	if val != nil && val.isNull() || val == nil && a.constant && a.imm == 0 {
		t = slotZero
	}
	for k := range a.size {
		s.typ[b+k] = t
	}
	if t == slotZero && val != nil {
		// Later states see zero bytes only if the value was exactly zero.
		return v.markPrecise(a.value)
	}
	return nil
}

// scrub turns what belongs to a saved register or object into plain data.
func (s *slot) scrub() {
	switch s.typ[0] {
	case slotSpill, slotDynptr, slotIter, slotIRQ:
		for k := range s.typ {
			if s.typ[k] != slotInvalid {
				s.typ[k] = slotMisc
			}
		}
	}
	s.r = nil
}

// saveReg puts register c, which must not change any more, in the lower size
// bytes of s.
func (v *verifier) saveReg(s *slot, c *reg, size int) {
	s.r = c
	for k := range s.typ {
		switch {
		case k < size:
			s.typ[k] = slotSpill
		case s.typ[k] == slotZero || s.typ[k] == slotInvalid:
		default:
			s.typ[k] = slotMisc
		}
	}
}

// spillable reports whether a register of type t can be saved on the stack.
func spillable(t regType) bool {
	switch t.base() {
	case ptMapValue, ptStack, ptCtx, ptPacket, ptPacketMeta, ptPacketEnd, ptFlowKeys, ptMap,
		ptSocket, ptSockCommon, ptTCPSock, ptXDPSock, ptBTF, ptBuf, ptMem, ptFunc, ptMapKey, ptArena:
		return true
	}
	return false
}

// storeStackVar writes at an offset that varies: every byte that may be hit is
// unknown afterwards.
func (v *verifier) storeStackVar(r *reg, off int, a *access) error {
	fr := int32(r.arg)
	f := v.state.wframe(fr)
	lo, hi := int(r.SMin)+off, int(r.SMax)+off+a.size
	isZero := a.value >= 0 && v.reg(a.value).isNull() || a.value < 0 && a.constant && a.imm == 0
	for o := lo; o < hi; o++ {
		i, _ := fpOff(o)
		if err := v.destroySlots(f, i); err != nil {
			return err
		}
		f = v.state.wframe(fr)
	}
	for o := lo; o < hi; o++ {
		v.noteStack(o)
	}
	zeroUsed := false
	for o := lo; o < hi; o++ {
		i, b := fpOff(o)
		s := &f.stack[i]
		t := s.typ[b]
		if !v.perfmon && t != slotMisc && t != slotZero {
			return v.reject(CodeUnprivileged, abi.EINVAL, "spilled ptr in range of var-offset stack write; insn %d, ptr off: %d", v.insn, o)
		}
		if isZero && t == slotSpill && s.isScalarSpill() && s.r.isNull() {
			zeroUsed = true
			continue
		}
		// Linux 6.18: a saved register is data from then on, all of its slot.
		s.scrub()
		wasZero := s.typ[b] == slotZero
		s.typ[b] = slotMisc
		if isZero && wasZero {
			s.typ[b] = slotZero
			zeroUsed = true
		}
	}
	if zeroUsed && a.value >= 0 {
		return v.markPrecise(a.value)
	}
	return nil
}

// loadStack reads [off, off+size) of frame fr.
func (v *verifier) loadStack(fr int32, off int, a *access) error {
	f := v.state.frames[fr]
	i, b := fpOff(off)
	s := &f.stack[i]
	v.noteStack(off)
	v.live.read(v, fr, 1<<i)
	if !s.isSpill() {
		if err := v.checkReadable(s, off, b, a.size, false); err != nil {
			return err
		}
		if a.value >= 0 {
			v.loadBytes(f, off, off+a.size, a.value)
		}
		return nil
	}
	saved := 0
	for saved < 8 && s.typ[saved] == slotSpill {
		saved++
	}
	if a.size == 8 && saved == 8 {
		if a.value < 0 {
			if v.leaks(s.r) {
				return v.reject(CodePointerLeak, abi.EACCES, "leaking pointer from stack off %d", off)
			}
			return nil
		}
		v.fill(fr, i, a.value, false)
		return v.pushHist(v.state, stackHist(i, fr), linkedSet{})
	}
	if s.r.typ != ptScalar {
		return v.reject(CodeStackAccess, abi.EACCES, "invalid size of register fill")
	}
	if a.value < 0 {
		return nil
	}
	return v.fillPart(fr, i, b, off, saved, a)
}

// fill copies a saved register back. link gives an unknown scalar an id first:
// Linux 6.18: a narrow one only, of a whole one that is left to the save.
func (v *verifier) fill(fr int32, i, dst int, link bool) {
	s := &v.state.frames[fr].stack[i]
	if r := s.r; link && v.bpf && r.typ == ptScalar && (r.id&linkMask != 0 || r.id == 0 && r.Bits.Mask != 0) {
		c := *r
		v.linkScalar(&c)
		s = &v.state.wframe(fr).stack[i]
		s.r = &c
	}
	*v.reg(dst) = *s.r
}

// fillPart reads a part of a saved scalar, or bytes beside it.
func (v *verifier) fillPart(fr int32, i, b, off, saved int, a *access) error {
	s := &v.state.frames[fr].stack[i]
	d := v.reg(a.value)
	if a.size <= saved && b == 0 {
		v.fill(fr, i, a.value, a.size == 4 && saved == 4 && width(s.r) <= 32)
		if width(d) > 8*a.size {
			d.id, d.off = 0, 0
		}
		return v.pushHist(v.state, stackHist(i, fr), linkedSet{})
	}
	if err := v.checkReadable(s, off, b, a.size, true); err != nil {
		return err
	}
	spilled, zeros := 0, 0
	for k := range a.size {
		switch s.typ[b+k] {
		case slotSpill:
			spilled++
		case slotZero:
			zeros++
		}
	}
	switch {
	case spilled == a.size && s.r.isNull():
		v.zero(a.value)
		return v.pushHist(v.state, stackHist(i, fr), linkedSet{})
	case zeros == a.size:
		v.zero(a.value)
	default:
		v.unknown(a.value)
	}
	return nil
}

// checkReadable demands that the bytes of a slot have been written, or may be
// read all the same.
func (v *verifier) checkReadable(s *slot, off, b, size int, spillOK bool) error {
	for k := range size {
		switch t := s.typ[b+k]; {
		case t == slotMisc || t == slotZero || t == slotInvalid && v.perfmon || t == slotSpill && spillOK:
		default:
			return v.reject(CodeStackUninit, abi.EACCES, "invalid read from stack off %d+%d size %d", off, k, size)
		}
	}
	return nil
}

// checkStackRange checks that a helper may read or fill size bytes at register
// n, off included.
func (v *verifier) checkStackRange(n, off, size int, zeroOK, write bool, meta *callMeta) error {
	if size == 0 && !zeroOK {
		return v.reject(CodeHelperSize, abi.EACCES, "invalid zero-sized read")
	}
	if err := v.checkStackBounds(n, off, size, write); err != nil {
		return err
	}
	r := v.reg(n)
	fixed := r.Bits.Mask == 0
	lo, hi := off, off
	if fixed {
		lo += int(int64(r.Bits.Value))
		hi = lo
	} else {
		if !v.perfmon {
			return v.reject(CodeUnprivileged, abi.EACCES, "R%d variable offset stack access prohibited for !root, var_off=%s", n, r.Bits)
		}
		lo, hi = int(r.SMin)+off, int(r.SMax)+off
		meta = nil
	}
	fr := int32(r.arg)
	if meta != nil && meta.raw {
		f := v.state.frames[fr]
		for o := lo; o < hi+size; o++ {
			if i, b := fpOff(o); i < len(f.stack) && f.stack[i].typ[b] == slotDynptr {
				return v.reject(CodeDynptr, abi.EACCES, "potential write to dynptr at off=%d disallowed", o)
			}
		}
		meta.rawReg, meta.rawSize = n, size
		return nil
	}
	f := v.state.frames[fr]
	if write {
		f = v.state.wframe(fr)
	}
	for o := lo; o < hi+size; o++ {
		i, b := fpOff(o)
		s := &f.stack[i]
		switch t := s.typ[b]; {
		case t == slotMisc:
		case t == slotZero || t == slotInvalid && v.perfmon:
			if write {
				s.typ[b] = slotMisc
			}
		case s.isSpill() && (s.r.typ == ptScalar || v.perfmon):
			if write {
				s.scrub()
			}
		case fixed:
			return v.reject(CodeStackUninit, abi.EACCES, "invalid read from stack R%d off %d+%d size %d", n, lo, o-lo, size)
		default:
			return v.reject(CodeStackUninit, abi.EACCES, "invalid read from stack R%d var_off %s+%d size %d", n, r.Bits, o-lo, size)
		}
	}
	if size > 0 {
		v.live.read(v, fr, slotMask(lo, hi+size-lo))
	}
	return nil
}

// fillRaw makes the stack that a helper has filled unknown data.
func (v *verifier) fillRaw(meta *callMeta) error {
	for k := range meta.rawSize {
		a := access{reg: meta.rawReg, off: k, size: 1, write: true, value: -1}
		if err := v.checkAccess(&a); err != nil {
			return err
		}
	}
	return nil
}

// plainContext reports whether programs of a type see their context as it is in
// memory, so that helpers can be given it.
func plainContext(t abi.ProgType) bool {
	switch t {
	case abi.Syscall, abi.Kprobe, abi.Tracepoint, abi.RawTracepoint, abi.RawTracepointWritable, abi.Tracing, abi.LSM:
		return true
	}
	return false
}

// checkHelperMem checks that a helper may access size bytes at register n.
func (v *verifier) checkHelperMem(n, size int, write, zeroOK bool, meta *callMeta) error {
	r := v.reg(n)
	off := int(r.off)
	readOnly := func() error {
		if write && (r.typ.has(fReadOnly) || r.typ.base() == ptMapKey) {
			return v.reject(CodeReadOnly, abi.EACCES, "R%d cannot write into %s", n, r.typ)
		}
		return nil
	}
	switch r.typ.base() {
	case ptPacket, ptPacketMeta:
		return v.checkPacketRange(n, off, size, zeroOK)
	case ptMapKey:
		if err := readOnly(); err != nil {
			return err
		}
		return v.checkMemRange(n, off, size, int64(v.maps[r.arg].KeySize), false)
	case ptMapValue:
		return v.checkMapRange(n, off, size, zeroOK, write, true)
	case ptMem:
		if err := readOnly(); err != nil {
			return err
		}
		return v.checkMemRange(n, off, size, int64(r.arg), zeroOK)
	case ptBuf:
		if err := readOnly(); err != nil {
			return err
		}
		name := "rdwr"
		if r.typ.has(fReadOnly) {
			name = "rdonly"
		}
		return v.checkBuffer(name, n, off, size)
	case ptStack:
		return v.checkStackRange(n, off, size, zeroOK, write, meta)
	case ptBTF:
		return v.checkBTFAccess(n, off, size, false, -1)
	case ptCtx:
		// Where loads from the context are not converted, it is plain memory.
		if plainContext(v.progType()) {
			if size == 0 {
				if zeroOK {
					return nil
				}
				return v.reject(CodeHelperSize, abi.EACCES, "invalid zero-sized read")
			}
			a := access{reg: n, off: size - 1, size: 1, write: write, value: -1}
			return v.checkAccess(&a)
		}
	}
	if zeroOK && size == 0 && r.isNull() {
		return nil
	}
	return v.reject(CodeHelperArg, abi.EACCES, "R%d type=%s expected=%s", n, r.typ, ptStack)
}
