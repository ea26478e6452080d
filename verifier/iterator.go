package verifier

import (
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
)

// iterName is the kind of an iterator, "num" for struct bpf_iter_num.
func (v *verifier) iterName(r *reg) string {
	return strings.TrimPrefix(nameOf(v.typeOf(r.arg, kernelType)), "bpf_iter_")
}

func iterStateName(s uint8) string {
	switch s {
	case iterActive:
		return "active"
	case iterDrained:
		return "drained"
	}
	return "<invalid>"
}

// processIter checks an iterator argument of a kernel function: it makes a new
// one, ends one, or finds the one that is advanced.
func (v *verifier) processIter(regno int, k *kfunc, m *kfuncMeta, t btf.Type) error {
	r := v.reg(regno)
	if r.typ != ptStack {
		return v.reject(CodeIterator, abi.EINVAL, "arg#%d expected pointer to an iterator on stack", regno-1)
	}
	if k.name == "bpf_iter_css_task_new" && !v.mayWalkTasks() {
		return v.reject(CodeIterator, abi.EINVAL, "css_task_iter is only allowed in bpf_lsm, bpf_iter and sleepable progs")
	}
	id := v.typeID(t, kernelType)
	size, _ := btf.Sizeof(t)
	n := size / 8
	name := strings.TrimPrefix(nameOf(t), "bpf_iter_")
	i := v.objSlot(r, "iter", n)
	if k.is(kfIterNew) {
		if !v.iterFree(r, i, n) {
			return v.reject(CodeIterator, abi.EINVAL, "expected uninitialized iter_%s as arg #%d", name, regno-1)
		}
		return v.makeIter(regno, k, id, n)
	}
	switch s := v.iterAt(r, i, n, id); {
	case s == nil:
		return v.reject(CodeIterator, abi.EINVAL, "expected an initialized iter_%s as arg #%d", name, regno-1)
	case s.typ.has(fUntrusted):
		return v.reject(CodeRCU, abi.EPROTO, "expected an RCU CS when using %s", k.name)
	default:
		m.refID = s.refID
	}
	v.readSlots(int32(r.arg), i, n)
	m.iterFrame, m.iterSlot = int32(r.arg), i
	if k.is(kfIterDestroy) {
		v.releaseReference(m.refID)
		f := v.state.wframe(int32(r.arg))
		for j := range n {
			f.stack[i-j] = slot{}
			v.log.touchSlot(i - j)
		}
		v.writeSlots(int32(r.arg), i, n)
	}
	return nil
}

// iterFree reports whether n slots from index i hold no iterator.
func (v *verifier) iterFree(r *reg, i, n int) bool {
	if i < 0 {
		return i == slotOutside
	}
	f := v.state.frames[r.arg]
	for j := range n {
		for _, t := range f.stack[i-j].typ {
			if t == slotIter {
				return false
			}
		}
	}
	return true
}

// iterAt is the description of the whole iterator of a type at index i, nil if
// there is none.
func (v *verifier) iterAt(r *reg, i, n int, id uint32) *reg {
	if i < 0 {
		return nil
	}
	f := v.state.frames[r.arg]
	for j := range n {
		s := &f.stack[i-j]
		if s.r == nil || !s.filled(slotIter) || s.r.arg != id || (s.r.refID != 0) != (j == 0) {
			return nil
		}
	}
	return f.stack[i].r
}

// makeIter puts an iterator on the stack.
func (v *verifier) makeIter(regno int, k *kfunc, id uint32, n int) error {
	r := v.reg(regno)
	for off := 0; off < 8*n; off += 8 {
		if err := v.checkAccess(&access{reg: regno, off: off, size: 8, write: true, value: -1}); err != nil {
			return err
		}
	}
	i := v.objSlot(r, "iter", n)
	if i < 0 {
		return v.bug("iterator slot %d", i)
	}
	f := v.state.wframe(int32(r.arg))
	ref := v.acquire(refPtr, v.insn)
	for j := range n {
		d := &reg{typ: ptStack, arg: id, aux: iterActive}
		if k.has(kfRCUProtected) {
			if v.inRCU() {
				d.typ |= fRCU
			} else {
				d.typ |= fUntrusted
			}
		}
		if j == 0 {
			d.refID = ref
		}
		f.stack[i-j].fill(slotIter, d)
		v.log.touchSlot(i - j)
	}
	v.writeSlots(int32(r.arg), i, n)
	return nil
}

// stepIter is the effect of advancing an iterator: on one path it yields an
// element, on the other, which is walked first, it is at its end.
func (v *verifier) stepIter(insn int, m *kfuncMeta) error {
	cur := v.state.wframe(m.iterFrame).stack[m.iterSlot].r
	if cur.aux == iterActive {
		prev := v.previousRound(v.state.parent, insn)
		s, err := v.fork(insn+1, insn, false)
		if err != nil {
			return err
		}
		f := s.wframe(m.iterFrame)
		next := *cur
		next.arg2++
		f.stack[m.iterSlot].r = &next
		if prev != nil {
			v.widen(prev, s)
		}
		notNull(&s.frame().regs[0], v)
	}
	drained := *cur
	drained.aux = iterDrained
	v.state.wframe(m.iterFrame).stack[m.iterSlot].r = &drained
	v.log.touchSlot(m.iterSlot)
	v.reg(0).setConst(0)
	return nil
}

// mayWalkTasks reports whether the tasks of a cgroup may be walked: it takes a
// lock that tracing programs could already hold.
// Linux 6.18: iterators, LSM and sleepable programs.
func (v *verifier) mayWalkTasks() bool {
	t := v.progType()
	return t == abi.LSM || t == abi.Tracing && v.attachType() == abi.AttachTraceIter || v.state.inSleepable
}
