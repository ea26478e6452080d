package verifier

import (
	"strings"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier/domain"
)

// stackElsewhere reports whether the program can get at a stack by what does
// not look like one: the slice of a dynptr may be the buffer given for it.
func (j *joiner) stackElsewhere() bool {
	for i := range j.p.img.Kfuncs {
		if strings.HasPrefix(j.p.img.Kfuncs[i].Name, "bpf_dynptr_slice_rdwr") {
			return true
		}
	}
	return false
}

// callLocal goes on into a function and, once it is known to return, behind
// the call.
func (j *joiner) callLocal(b *numBlock, s *numState) {
	f := &j.funcs[b.call]
	o := &j.other
	o.unpack(nil)
	exposed := false
	for r := isa.R1; r <= isa.R5; r++ {
		n := s.regs[r]
		n.id = 0
		if isAddress(n.kind) {
			exposed = true
			n.kind, n.off = numAny, 0
		}
		o.regs[r] = n
	}
	j.arrive(f.entry, o)
	if exposed && j.funcs[b.fn].exposes {
		s.stack = s.stack[:0]
	}
	for r := isa.R1; r <= isa.R5; r++ {
		s.regs[r] = anything
	}
	switch {
	case f.opaque:
		s.regs[0] = anything
	case f.returns:
		s.regs[0] = f.result
	default:
		return // it has not returned yet
	}
	for k := range b.nexts {
		j.arrive(b.next[k], s)
	}
}

// call does what a call of a helper or kfunc does.
func (j *joiner) call(s *numState, slot int, in isa.Insn) {
	result := anything
	switch in.Src() {
	case isa.CallHelper:
		result = j.callHelper(s, slot, abi.HelperID(in.Imm))
	case isa.CallKfunc:
		result = j.callKfunc(s, slot, in)
	}
	for r := isa.R1; r <= isa.R5; r++ {
		s.regs[r] = anything
	}
	s.regs[0] = result
}

// callHelper does what a helper does to the stack, and is its result.
func (j *joiner) callHelper(s *numState, slot int, id abi.HelperID) num {
	p := j.p.img
	h := abi.HelperFor(id, p.Type, p.Attach)
	if h == nil {
		h = abi.HelperByID(id)
	}
	if h == nil {
		j.clobber(s, slot)
		return anything
	}
	_, there := j.inBounds(s, slot, id)
	for i, a := range h.Args {
		r := isa.R1 + isa.Reg(i)
		if a.Base() == abi.ArgFunc {
			j.callback(&s.regs[r], id == abi.Loop, &s.regs[1])
			continue
		}
		n := writtenBy(h, i, s)
		if n == 0 {
			continue
		}
		j.written(s, slot, r, n)
	}
	if there {
		return someplace // not NULL
	}
	return helperResult(h, s)
}

// everything stands for an unknown number of bytes, up to the frame's end.
const everything = 1 << 30

// writtenBy is how many bytes a helper, or the callback that it runs, may write
// through argument i, 0 where it only reads. A callback gets at the frame by its
// context alone.
func writtenBy(h *abi.Helper, i int, s *numState) int {
	a := h.Args[i]
	switch a.Base() {
	case abi.ArgNone, abi.ArgConstMapPtr, abi.ArgMapKey, abi.ArgConstSize, abi.ArgConstSizeOrZero,
		abi.ArgConstAllocSize, abi.ArgCtx, abi.ArgAnything, abi.ArgConstStr, abi.ArgScalar, abi.ArgSocket,
		abi.ArgSockCommon, abi.ArgBTFIDSockCommon, abi.ArgBTFID, abi.ArgPerCPUBTFID, abi.ArgRingBufMem:
		return 0
	case abi.ArgMapValue:
		if !a.Has(abi.ArgWrite) && !a.Has(abi.ArgUninit) {
			return 0
		}
	case abi.ArgDynptr:
		if a.Has(abi.ArgReadOnly) {
			return 0
		}
		return 16
	case abi.ArgMem:
		switch {
		case !a.Has(abi.ArgWrite) && !a.Has(abi.ArgUninit):
			return 0
		case a.Has(abi.ArgFixed):
			return int(h.ArgSize[i])
		case i < 4:
			return int(min(s.regs[i+2].UMax, everything))
		}
	}
	return everything
}

// written forgets n bytes behind the address in a register.
func (j *joiner) written(s *numState, slot int, r isa.Reg, n int) {
	switch b := &s.regs[r]; {
	case b.kind == numStack:
		s.forget(int(b.off), int(b.off)+n)
	case b.kind == numAny && j.funcs[j.funcOf[slot]].exposes:
		s.stack = s.stack[:0]
	}
}

// clobber forgets the stack if the frame's address may be among the arguments
// of a call.
func (j *joiner) clobber(s *numState, slot int) {
	if !j.funcs[j.funcOf[slot]].exposes {
		return
	}
	for r := isa.R1; r <= isa.R5; r++ {
		if isAddress(s.regs[r].kind) {
			s.stack = s.stack[:0]
			return
		}
	}
}

// callback gives the function in r its arguments: any, but for the first of
// bpf_loop's, which counts from 0.
func (j *joiner) callback(r *num, loop bool, times *num) {
	if j.frozen {
		return
	}
	o := &j.other
	o.unpack(nil)
	if loop {
		n := anyWord
		n.UMax = min(n.UMax, uint64(max(times.U32Max, 1)-1))
		n.Sync()
		o.regs[1] = n
	}
	if r.kind == numFunc {
		j.arrive(j.funcs[r.arg].entry, o)
		return
	}
	for i := range j.funcs {
		if j.funcs[i].addressTaken {
			j.arrive(j.funcs[i].entry, o)
		}
	}
}

// helperResult is what a helper returns.
func helperResult(h *abi.Helper, s *numState) num {
	switch h.Ret.Base() {
	case abi.RetInteger:
		return helperNumber(h, s)
	case abi.RetVoid:
		return plain
	}
	if h.Ret.Has(abi.RetNullable) {
		return plain
	}
	return someplace
}

// helperNumber is the number that a helper returns.
func helperNumber(h *abi.Helper, s *numState) num {
	const maxErrno = 4095
	var size *num
	switch h.ID {
	case abi.GetPrandomU32:
		return anyWord
	case abi.GetSmpProcessorID:
		n := plain
		n.set(domain.Unknown())
		n.UMax = 1<<31 - 1
		n.Sync()
		n.top = false
		return n
	case abi.ProbeReadStr, abi.ProbeReadKernelStr, abi.ProbeReadUserStr:
		size = &s.regs[2]
	case abi.GetStack, abi.GetTaskStack:
		size = &s.regs[3]
	default:
		return plain
	}
	n := plain
	n.SMin, n.SMax = -maxErrno, 1<<31-1
	if size.UMax < 1<<31 {
		n.SMax = int64(size.UMax)
	}
	n.Sync()
	n.top = false
	return n
}

// callKfunc does what a kfunc does to the stack, and is its result.
func (j *joiner) callKfunc(s *numState, slot int, in isa.Insn) num {
	p := j.p.img
	if in.Imm < 0 || int(in.Imm) >= len(p.Kfuncs) {
		j.clobber(s, slot)
		return anything
	}
	k := abi.KfuncByName(p.Kfuncs[in.Imm].Name)
	if k == nil {
		for r := isa.R1; r <= isa.R5; r++ {
			if s.regs[r].kind == numFunc {
				j.callback(&s.regs[r], false, nil)
			}
		}
		j.callback(&plainFunc, false, nil)
		j.clobber(s, slot)
		return anything
	}
	for i := range k.Args {
		if i >= 5 {
			break
		}
		r := isa.R1 + isa.Reg(i)
		if k.Args[i].Kind == abi.KindCallback {
			j.callback(&s.regs[r], false, nil)
			j.clobber(s, slot)
			continue
		}
		if n := kfuncWrites(k, i, s); n > 0 {
			j.written(s, slot, r, n)
		}
	}
	switch k.Ret.Kind {
	case abi.KindScalar, abi.KindVoid:
		return plain
	}
	return anything
}

// plainFunc stands for a function that is not known.
var plainFunc = plain

// kfuncWrites is how many bytes a kfunc may write through argument i.
func kfuncWrites(k *abi.Kfunc, i int, s *numState) int {
	a := &k.Args[i]
	switch a.Kind {
	case abi.KindScalar, abi.KindConst, abi.KindSize, abi.KindConstSize, abi.KindCtx, abi.KindMap, abi.KindStr, abi.KindProg:
		return 0
	case abi.KindDynptr:
		return 16
	case abi.KindIRQFlag:
		return 8
	case abi.KindIter:
		if a.Size > 0 {
			return int(a.Size)
		}
	case abi.KindFixedMem:
		if a.Const {
			return 0
		}
		if a.Size > 0 {
			return int(a.Size)
		}
	case abi.KindMem:
		if a.Const {
			return 0
		}
		if i < 4 {
			return int(min(s.regs[i+2].UMax, everything))
		}
	}
	return everything
}
