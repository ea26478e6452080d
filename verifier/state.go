package verifier

import (
	"slices"

	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier/domain"
)

// reg is what is known of a register, or of a register's value saved on the
// stack. It is flat: no pointers, no maps, so that copying and comparing it is
// copying and comparing memory.
//
// For a scalar, Scalar is its value. For a pointer it is the variable part of
// the offset, and off the constant part.
type reg struct {
	domain.Scalar
	typ regType
	off int32 // pointer: constant offset; linked scalar: its distance from the others
	// id ties registers that share a null test, a packet range or, for
	// scalars, a value (with the linkAdd flags on top).
	id    uint32
	refID uint32 // the reference that this pointer holds, 0 for none
	// arg and arg2 belong to the type:
	//	map, map value, map key   index in verifier.maps, map uid
	//	packet                    bytes proven
	//	stack                     frame
	//	mem                       size, dynptr id of a slice
	//	BTF pointer               type id, 0 kernel or 1 program BTF
	//	func                      subprogram
	//	iterator slot             type id of its struct (or local number), depth
	//	dynptr, on the stack      kind in aux
	//	scalar, in raw programs   slack plus one, whether it is the length
	arg, arg2 uint32
	// aux: dynptr kind and auxFirst; iterator state; IRQ class.
	aux     uint8
	precise bool
}

// What aux holds.
const (
	auxFirst uint8 = 0x80 // lower of the slots of a dynptr, the one with the facts

	iterActive  uint8 = 1
	iterDrained uint8 = 2
)

// The flags that an id carries when the register differs from the others of
// the same id by a constant: added in 64 or in 32 bits.
const (
	linkAdd64 uint32 = 1 << 31
	linkAdd32 uint32 = 1 << 30
	linkMask  uint32 = linkAdd64 | linkAdd32
)

// slotType says what a byte of the stack holds.
type slotType uint8

// The contents of stack bytes.
const (
	slotInvalid slotType = iota // never written
	slotSpill                   // part of a saved register
	slotMisc                    // some data
	slotZero                    // zero
	slotDynptr
	slotIter
	slotIRQ
)

// slot is 8 aligned bytes of stack. Byte 0 has the lowest address. r is set
// where the types say spill, dynptr, iterator or IRQ flag; what it points to
// is shared between states and never changed in place.
type slot struct {
	typ [8]slotType
	r   *reg
}

// isSpill reports whether the slot holds a saved register, whole or its lower
// bytes.
func (s *slot) isSpill() bool { return s.typ[0] == slotSpill }

// isScalarSpill reports whether the slot holds a saved scalar.
func (s *slot) isScalarSpill() bool { return s.isSpill() && s.r.typ == ptScalar }

// isFullSpill reports whether all 8 bytes are of one saved register.
func (s *slot) isFullSpill() bool { return s.typ[0] == slotSpill && s.typ[7] == slotSpill }

// frame is one function's activation.
type frame struct {
	share int32 // states that hold this frame, less one
	regs  [isa.NumRegs]reg
	stack []slot // stack[i] is fp-8*(i+1) and up

	callsite int32 // slot of the call, -1 in the entry frame
	number   int32
	sub      int32 // subprogram
	// Callbacks.
	callback      bool // a synchronous callback's body
	asyncCallback bool
	exceptionCB   bool
	retMin        int32 // legal returns of a callback
	retMax        int32
	depth         uint32    // times that the callback was simulated
	asyncEntry    uint32    // number of async entries
	treeLess      bool      // a tree's comparison
	inst          *instance // for liveness, nil until first needed
}

// fpOff is the index in stack and the byte in the slot of offset off below
// the frame pointer.
func fpOff(off int) (index, byteIn int) { return (-off - 1) >> 3, off & 7 }

// grow makes sure that size bytes of stack are there.
func (f *frame) grow(size int) {
	n := (size + 7) / 8
	for len(f.stack) < n {
		f.stack = append(f.stack, slot{})
	}
}

// refKind is the kind of an acquired resource.
type refKind uint8

// The resources that a program can hold.
const (
	refPtr refKind = 1 << iota // an acquired object
	refIRQ                     // a saved IRQ state
	refLock
	refResLock
	refResLockIRQ

	refAnyLock = refLock | refResLock | refResLockIRQ
)

// ref is one acquired resource.
type ref struct {
	kind refKind
	id   uint32
	insn int32
	// obj identifies the object that a lock is in: map index+1 or a BTF marker.
	obj uint32
}

// state is one path's knowledge at one instruction.
type state struct {
	frames [maxFrames]*frame
	cur    int32 // index of the running frame
	refs   []ref // in order of acquisition; shared, copied on write

	activeLocks   int32
	activePreempt int32
	activeIRQ     uint32 // id of the innermost saved IRQ state
	activeLockID  uint32 // id and object of the innermost lock
	activeLockObj uint32
	length        uint32 // least length of a raw program's memory
	activeRCU     bool
	speculative   bool
	inSleepable   bool
	cleaned       bool

	// Pruning.
	parent     *state
	visit      int32 // the latest on the path, in Options.Walk
	branches   int32 // unfinished continuations
	firstInsn  int32
	lastInsn   int32 // instruction before the one that the state stands at
	insn       int32 // where a kept state stands
	dfsDepth   int32
	callbackLv int32 // callback_unroll_depth
	mayGoto    int32 // may_goto rounds
	hist       []hist
	equal      *state // incomplete state that this one equals (loops)
	hit, miss  int32
	bytes      int32 // what it was counted with when it was kept
	dropped    bool  // no longer compared with, kept for its unfinished paths
}

// maxFrames is the deepest call chain.
const maxFrames = 8

// frame is the running frame. It is never shared: writing to it is safe.
func (s *state) frame() *frame { return s.frames[s.cur] }

// wframe is frame i, made private first: for writing to a calling frame.
func (s *state) wframe(i int32) *frame {
	f := s.frames[i]
	if f.share == 0 {
		return f
	}
	f.share--
	f = f.clone()
	s.frames[i] = f
	return f
}

func (f *frame) clone() *frame {
	n := new(frame)
	*n = *f
	n.share = 0
	n.stack = slices.Clone(f.stack)
	return n
}

// cloneInto makes d a copy of s. Calling frames are shared, the running one is
// copied, because both sides are about to change it.
func (s *state) cloneInto(d *state) {
	*d = *s
	for i := int32(0); i < s.cur; i++ {
		s.frames[i].share++
	}
	d.frames[s.cur] = s.frames[s.cur].clone()
	// Appending copies: a history and a list of references are only ever
	// extended or replaced.
	d.hist = s.hist[:len(s.hist):len(s.hist)]
	d.refs = s.refs[:len(s.refs):len(s.refs)]
}

// release gives up the frames of a state that nobody uses any more.
func (s *state) release() {
	for i := int32(0); i <= s.cur; i++ {
		if f := s.frames[i]; f != nil {
			f.share--
			s.frames[i] = nil
		}
	}
}

// slotAt is the slot that holds byte off of frame f, nil where the stack has
// not been touched yet.
func (f *frame) slotAt(off int) *slot {
	i, _ := fpOff(off)
	if i >= len(f.stack) {
		return nil
	}
	return &f.stack[i]
}

// setScalar makes r an unknown scalar.
func (r *reg) setUnknown() { *r = reg{Scalar: domain.Unknown(), typ: ptScalar} }

// setConst makes r the constant v.
func (r *reg) setConst(v uint64) { *r = reg{Scalar: domain.Const(v), typ: ptScalar} }

// isConst reports whether r is a scalar of one value.
func (r *reg) isConst() bool { return r.typ == ptScalar && r.Bits.Mask == 0 }

// isNull reports whether r is the scalar 0.
func (r *reg) isNull() bool { return r.isConst() && r.Bits.Value == 0 }

// setPointer makes r a pointer of type t with offset 0.
func (r *reg) setPointer(t regType) { *r = reg{Scalar: domain.Const(0), typ: t} }
