package verifier

import (
	"github.com/skepbpf/skep/abi"
)

// dynKind is what a dynptr describes.
type dynKind uint8

// The kinds of dynptrs.
const (
	dynNone dynKind = iota
	dynLocal
	dynRingBuf
	dynSKB
	dynXDP
	dynMeta
)

var dynNames = [...]string{"invalid", "local", "ringbuf", "skb", "xdp", "skb_meta"}

// String is the kind in the kernel's words.
func (k dynKind) String() string {
	if int(k) < len(dynNames) {
		return dynNames[k]
	}
	return "unknown"
}

// dynKindOf is the kind of the dynptr that r describes.
func dynKindOf(r *reg) dynKind { return dynKind(r.aux &^ auxFirst) }

// dynArgKind is the kind that an argument asks for.
func dynArgKind(arg abi.Arg) dynKind {
	switch {
	case arg.Has(abi.ArgDynLocal):
		return dynLocal
	case arg.Has(abi.ArgDynRing):
		return dynRingBuf
	case arg.Has(abi.ArgDynSKB):
		return dynSKB
	case arg.Has(abi.ArgDynXDP):
		return dynXDP
	}
	return dynNone
}

// Answers of objSlot beside slot indices.
const (
	slotBad     = -1
	slotOutside = -2 // below the stack that is in use
)

// objSlot is the index of the lowest-addressed of n slots of a stack object
// that r points to.
func (v *verifier) objSlot(r *reg, what string, n int) int {
	if !r.Bits.IsConst() {
		v.note("%s has to be at a constant offset", what)
		return slotBad
	}
	off := int(r.off) + int(int64(r.Bits.Value))
	if off%8 != 0 || off >= 0 {
		v.note("cannot pass in %s at an offset=%d", what, off)
		return slotBad
	}
	index := -off/8 - 1
	if index+1 < n {
		v.note("cannot pass in %s at an offset=%d", what, off)
		return slotBad
	}
	if index >= len(v.state.frames[r.arg].stack) {
		return slotOutside
	}
	return index
}

// dynptrReg is the description of the dynptr that r points to: on the stack,
// or r itself for one that the kernel handed in; nil if there is none.
func (v *verifier) dynptrReg(r *reg) *reg {
	if r.typ == ptDynptr {
		return r
	}
	if r.typ != ptStack {
		return nil
	}
	i := v.objSlot(r, "dynptr", 2)
	if i < 0 {
		return nil
	}
	f := v.state.frames[r.arg]
	if !f.stack[i].filled(slotDynptr) || !f.stack[i-1].filled(slotDynptr) {
		return nil
	}
	if d := f.stack[i].r; d != nil && d.aux&auxFirst != 0 {
		return d
	}
	return nil
}

// filled reports whether all bytes are of a type.
func (s *slot) filled(t slotType) bool {
	for _, b := range s.typ {
		if b != t {
			return false
		}
	}
	return true
}

// fill makes all bytes of a type, described by r.
func (s *slot) fill(t slotType, r *reg) {
	for i := range s.typ {
		s.typ[i] = t
	}
	s.r = r
}

// processDynptr checks a dynptr argument; an uninitialised one is made.
// cloned is the reference that a clone shares with its origin.
func (v *verifier) processDynptr(regno int, arg abi.Arg, cloned uint32, m *callMeta) error {
	return v.dynptrArg(regno, arg, dynArgKind(arg), cloned)
}

func (v *verifier) dynptrArg(regno int, arg abi.Arg, kind dynKind, cloned uint32) error {
	r := v.reg(regno)
	if r.typ != ptStack && r.typ != ptDynptr {
		return v.reject(CodeDynptr, abi.EINVAL, "arg#%d expected pointer to stack or const struct bpf_dynptr", regno-1)
	}
	if arg.Has(abi.ArgUninit) {
		return v.makeDynptr(regno, kind, cloned)
	}
	if r.typ == ptDynptr && !arg.Has(abi.ArgReadOnly) {
		return v.reject(CodeDynptr, abi.EINVAL, "cannot pass pointer to const bpf_dynptr, the helper mutates it")
	}
	d := v.dynptrReg(r)
	if d == nil {
		return v.reject(CodeDynptr, abi.EINVAL, "Expected an initialized dynptr as arg #%d", regno-1)
	}
	if kind != dynNone && dynKindOf(d) != kind {
		return v.reject(CodeDynptr, abi.EINVAL, "Expected a dynptr of type %s as arg #%d", kind, regno-1)
	}
	if r.typ == ptStack {
		i := v.objSlot(r, "dynptr", 2)
		v.readSlots(int32(r.arg), i, 2)
		v.log.touchSlot(i)
		v.log.touchSlot(i - 1)
	}
	return nil
}

// makeDynptr puts a dynptr on the stack.
func (v *verifier) makeDynptr(regno int, kind dynKind, cloned uint32) error {
	r := v.reg(regno)
	if r.typ != ptStack || v.objSlot(r, "dynptr", 2) == slotBad {
		return v.reject(CodeDynptr, abi.EINVAL, "Dynptr has to be an uninitialized dynptr")
	}
	for i := 0; i < 16; i += 8 {
		if err := v.checkAccess(&access{reg: regno, off: i, size: 8, write: true, value: -1}); err != nil {
			return err
		}
	}
	i := v.objSlot(r, "dynptr", 2)
	if i < 1 {
		return v.bug("dynptr slot %d", i)
	}
	f := v.state.wframe(int32(r.arg))
	for _, at := range [2]int{i, i - 1} {
		if err := v.destroyDynptr(f, at); err != nil {
			return err
		}
	}
	if kind == dynNone {
		return v.reject(CodeDynptr, abi.EINVAL, "Dynptr has to be an uninitialized dynptr")
	}
	d := reg{typ: ptDynptr, id: v.newID(), aux: uint8(kind)}
	if kind == dynRingBuf {
		d.refID = cloned
		if cloned == 0 {
			d.refID = v.acquire(refPtr, v.insn)
		}
	}
	first := d
	first.aux |= auxFirst
	f.stack[i].fill(slotDynptr, &first)
	f.stack[i-1].fill(slotDynptr, &d)
	v.log.touchSlot(i)
	v.log.touchSlot(i - 1)
	v.writeSlots(int32(r.arg), i, 2)
	return nil
}

// destroyDynptr ends the dynptr, if any, that slot i of f is part of, because
// it is about to be overwritten.
func (v *verifier) destroyDynptr(f *frame, i int) error {
	if i < 0 || i >= len(f.stack) || f.stack[i].typ[0] != slotDynptr || f.stack[i].r == nil {
		return nil
	}
	if f.stack[i].r.aux&auxFirst == 0 {
		i++
	}
	d := f.stack[i].r
	if dynKindOf(d) == dynRingBuf {
		return v.reject(CodeDynptr, abi.EINVAL, "cannot overwrite referenced dynptr")
	}
	id := d.id
	v.dropDynptr(f, i)
	v.log.touchSlot(i)
	v.log.touchSlot(i - 1)
	v.eachReg(func(r *reg) bool {
		return r.typ&^fNull == ptMem && r.arg2 == id
	}, v.invalidate)
	return nil
}

// releaseDynptr ends a dynptr on the stack; with a ring-buffer record its
// clones, its slices and the reference end too.
func (v *verifier) releaseDynptr(r *reg) error {
	d := v.dynptrReg(r)
	if d == nil {
		return v.bug("release of no dynptr")
	}
	f := v.state.wframe(int32(r.arg))
	if dynKindOf(d) != dynRingBuf {
		i := v.objSlot(r, "dynptr", 2)
		v.dropDynptr(f, i)
		return nil
	}
	ref := d.refID
	v.releaseReference(ref)
	for i := 1; i < len(f.stack); i++ {
		s := &f.stack[i]
		if s.typ[0] != slotDynptr || s.r == nil || s.r.refID != ref || s.r.aux&auxFirst == 0 {
			continue
		}
		v.dropDynptr(f, i)
	}
	return nil
}

// dropDynptr forgets the dynptr at slots i and i-1 of f, which nobody reads any
// more.
func (v *verifier) dropDynptr(f *frame, i int) {
	f.stack[i], f.stack[i-1] = slot{}, slot{}
	v.writeSlots(f.number, i, 2)
}

// destroySlots ends the object on the stack that a store to slot i of f hits.
func (v *verifier) destroySlots(f *frame, i int) error { return v.destroyDynptr(f, i) }

// readSlots and writeSlots tell the stack's liveness of the n slots whose
// lowest address is that of index i.
func (v *verifier) readSlots(frame int32, i, n int) {
	v.live.read(v, frame, slotMask(-8*(i+1), 8*n))
}

func (v *verifier) writeSlots(frame int32, i, n int) {
	v.live.wrote(v, frame, slotMask(-8*(i+1), 8*n))
}
