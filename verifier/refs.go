package verifier

import (
	"slices"

	"github.com/skepbpf/skep/abi"
)

// acquire notes a resource that must be given back and returns its id.
func (v *verifier) acquire(kind refKind, insn int) uint32 {
	id := v.newID()
	v.addRef(ref{kind: kind, id: id, insn: int32(insn)})
	return id
}

// addRef appends to the state's list, which other states may share.
func (v *verifier) addRef(r ref) {
	s := v.state
	s.refs = append(s.refs[:len(s.refs):len(s.refs)], r)
}

// dropRef removes entry i of the list.
func (v *verifier) dropRef(i int) {
	s := v.state
	s.refs = slices.Delete(slices.Clone(s.refs), i, i+1)
}

// findRef is the index of the resource of one of the kinds with an id, -1 if
// it is not held.
func (v *verifier) findRef(kind refKind, id uint32) int {
	return slices.IndexFunc(v.state.refs, func(r ref) bool { return r.kind&kind != 0 && r.id == id })
}

// eachReg calls change on every register, and every saved one, that matches,
// in all frames. Frames that other states share are copied first.
func (v *verifier) eachReg(match func(*reg) bool, change func(*reg)) {
	s := v.state
	for i := int32(0); i <= s.cur; i++ {
		f := s.frames[i]
		if i != s.cur {
			hit := slices.ContainsFunc(f.regs[:], func(r reg) bool { return r.typ != ptNone && match(&r) }) ||
				slices.ContainsFunc(f.stack, func(t slot) bool { return t.isSpill() && match(t.r) })
			if !hit {
				continue
			}
			f = s.wframe(i)
		}
		for j := range f.regs {
			if r := &f.regs[j]; r.typ != ptNone && match(r) {
				change(r)
			}
		}
		for j := range f.stack {
			if t := &f.stack[j]; t.isSpill() && match(t.r) {
				c := *t.r
				change(&c)
				t.r = &c
			}
		}
	}
}

// invalidate makes a pointer useless: a number without meaning, which for
// unprivileged programs is unreadable.
func (v *verifier) invalidate(r *reg) {
	if !v.perfmon {
		*r = reg{}
		return
	}
	r.setUnknown()
}

// releaseReference gives an object back: every pointer to it becomes invalid.
// It reports whether the reference was held.
func (v *verifier) releaseReference(id uint32) bool {
	i := v.findRef(refPtr, id)
	if i < 0 {
		return false
	}
	v.dropRef(i)
	v.eachReg(func(r *reg) bool { return r.refID == id }, v.invalidate)
	return true
}

// storeReference gives an object to a map. In an RCU section pointers to a
// per-CPU object stay readable until its end.
func (v *verifier) storeReference(id uint32) bool {
	i := v.findRef(refPtr, id)
	if i < 0 {
		return false
	}
	v.dropRef(i)
	rcu := v.inRCU()
	v.eachReg(func(r *reg) bool { return r.refID == id }, func(r *reg) {
		if rcu && r.typ.has(fAlloc|fPerCPU) {
			r.refID = 0
			r.typ = r.typ&^fAlloc | fRCU
			return
		}
		v.invalidate(r)
	})
	return true
}

// dropNonOwning ends what pointers to list and tree nodes promise when the
// lock around them is given back.
func (v *verifier) dropNonOwning() {
	v.eachReg(func(r *reg) bool { return r.typ.has(fNonOwn) }, v.invalidate)
}

// checkHeld demands at a program's exit, or where control leaves it for good,
// that nothing is held; locks may be where locks is not set. A throw unwinds all
// frames, so that callers' references count too.
func (v *verifier) checkHeld(throw, locks bool, prefix string) error {
	s := v.state
	if locks && s.activeLocks > 0 {
		return v.reject(CodeLock, abi.EINVAL, "%s cannot be used inside bpf_spin_lock-ed region", prefix)
	}
	if throw || v.inEntry() {
		if v.logLeaks(throw) {
			return v.reject(CodeRefLeak, abi.EINVAL, "%s would lead to reference leak", prefix)
		}
	}
	switch {
	case !locks:
	case s.activeIRQ != 0:
		return v.reject(CodeIRQ, abi.EINVAL, "%s cannot be used inside bpf_local_irq_save-ed region", prefix)
	case s.activeRCU:
		return v.reject(CodeRCU, abi.EINVAL, "%s cannot be used inside bpf_rcu_read_lock-ed region", prefix)
	case s.activePreempt > 0:
		return v.reject(CodePreempt, abi.EINVAL, "%s cannot be used inside bpf_preempt_disable-ed region", prefix)
	}
	return nil
}

// logLeaks logs every object that is still held. A struct_ops member may
// return one to the kernel.
func (v *verifier) logLeaks(throw bool) bool {
	leak := false
	for _, r := range v.state.refs {
		if r.kind != refPtr {
			continue
		}
		if v.progType() == abi.StructOps && !throw && v.reg(0).typ != ptNone && v.reg(0).refID == r.id {
			continue
		}
		v.note("Unreleased reference id=%d alloc_insn=%d", r.id, r.insn)
		leak = true
	}
	return leak
}

// lockObj names what a lock lies in: a map, or an allocated object.
func lockObj(r *reg) uint32 {
	if r.typ.base() == ptMapValue {
		return r.arg + 1
	}
	return 1 << 31
}

// lockKind is the kind of lock that a kernel function takes, from its flags.
const (
	lockRes uint32 = 1 << iota
	lockIRQ
)

// processSpinLock checks a call that takes or gives back the lock that a
// register points to, and notes it.
func (v *verifier) processSpinLock(regno int, lock bool, kind uint32) error {
	r := v.reg(regno)
	word, field := "bpf_spin", fieldSpinLock
	if kind&lockRes != 0 {
		word, field = "bpf_res_spin", fieldResLock
	}
	if v.inTreeCallback() {
		return v.reject(CodeLock, abi.EACCES, "can't spin_{lock,unlock} in rbtree cb")
	}
	if !r.Bits.IsConst() {
		return v.reject(CodeLock, abi.EINVAL,
			"R%d doesn't have constant offset. %s_lock has to be at the constant offset", regno, word)
	}
	where, name := "local", "kptr"
	if r.typ.base() == ptMapValue {
		m := &v.maps[r.arg]
		where, name = "map", mapName(m.Map)
		if m.Value == nil {
			return v.reject(CodeLock, abi.EINVAL, "map '%s' has to have BTF in order to use %s_lock", name, word)
		}
	}
	f := v.fieldsAt(r).find(field)
	off := int64(r.Bits.Value) + int64(r.off)
	switch {
	case f == nil:
		return v.reject(CodeLock, abi.EINVAL, "%s '%s' has no valid %s_lock", where, name, word)
	case int64(f.off) != off:
		return v.reject(CodeLock, abi.EINVAL, "off %d doesn't point to 'struct %s_lock' that is at %d", off, word, f.off)
	}
	if lock {
		return v.takeLock(r, kind)
	}
	return v.giveLock(r, kind, word)
}

func refKindOf(kind uint32) refKind {
	switch {
	case kind&lockRes == 0:
		return refLock
	case kind&lockIRQ != 0:
		return refResLockIRQ
	}
	return refResLock
}

func (v *verifier) findLock(kind refKind, id, obj uint32) int {
	return slices.IndexFunc(v.state.refs, func(r ref) bool { return r.kind&kind != 0 && r.id == id && r.obj == obj })
}

func (v *verifier) takeLock(r *reg, kind uint32) error {
	s, obj := v.state, lockObj(r)
	if s.activeLocks > 0 {
		if kind&lockRes == 0 {
			if slices.ContainsFunc(s.refs, func(r ref) bool { return r.kind == refLock }) {
				return v.reject(CodeLock, abi.EINVAL, "Locking two bpf_spin_locks are not allowed")
			}
		} else if v.findLock(refResLock|refResLockIRQ, r.id, obj) >= 0 {
			return v.reject(CodeLock, abi.EINVAL, "Acquiring the same lock again, AA deadlock detected")
		}
	}
	v.addRef(ref{kind: refKindOf(kind), id: r.id, insn: int32(v.insn), obj: obj})
	s.activeLocks++
	s.activeLockID, s.activeLockObj = r.id, obj
	return nil
}

func (v *verifier) giveLock(r *reg, kind uint32, word string) error {
	s, obj := v.state, lockObj(r)
	if s.activeLocks == 0 {
		return v.reject(CodeLock, abi.EINVAL, "%s_unlock without taking a lock", word)
	}
	i := v.findLock(refKindOf(kind), r.id, obj)
	switch {
	case i < 0:
		return v.reject(CodeLock, abi.EINVAL, "%s_unlock of different lock", word)
	case r.id != s.activeLockID || obj != s.activeLockObj:
		return v.reject(CodeLock, abi.EINVAL, "%s_unlock cannot be out of order", word)
	}
	v.dropRef(i)
	s.activeLocks--
	s.activeLockID, s.activeLockObj = 0, 0
	for j := len(s.refs) - 1; j >= 0; j-- {
		if s.refs[j].kind&refAnyLock != 0 {
			s.activeLockID, s.activeLockObj = s.refs[j].id, s.refs[j].obj
			break
		}
	}
	v.dropNonOwning()
	return nil
}
