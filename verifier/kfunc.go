package verifier

import (
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
)

// kfunc is a kernel function that the program calls.
type kfunc struct {
	name  string
	flags kfFlags
	row   *abi.Kfunc     // who may call it, nil for nobody
	proto *btf.FuncProto // the kernel's
	id    uint32
}

func (k *kfunc) has(f kfFlags) bool { return k.flags&f != 0 }
func (k *kfunc) is(f kfFlags) bool  { return k.flags&f != 0 }

// isIter reports whether k makes, advances or ends an iterator.
func (k *kfunc) isIter() bool { return k.has(kfIterNew | kfIterNext | kfIterDestroy) }

// kfuncMeta is what the arguments of a call to a kernel function have told.
type kfuncMeta struct {
	callMeta
	release  int // register whose reference is given back
	constant struct {
		found bool
		value uint64
	}
	retSize   uint32
	retRead   bool // the memory that is returned is read-only
	iterFrame int32
	iterSlot  int
	dyn       reg // the dynptr argument that was there before
	root      *mapField
	objType   uint32 // object of the program's types that an argument points to
	objLocal  uint32
	kernCtx   uint32
	owned     bool // a counted object that an argument owns: taking it again cannot fail
}

// kfuncAt is the kernel function that an instruction calls, nil if the kernel
// has none of that name.
func (v *verifier) kfuncAt(insn int) *kfunc {
	n := uint32(v.insns[insn].Imm)
	if int(n) >= len(v.prog.Kfuncs) {
		return nil
	}
	if k, ok := v.kinds[n]; ok {
		return k
	}
	if v.kinds == nil {
		v.kinds = make(map[uint32]*kfunc)
	}
	name := v.prog.Kfuncs[n].Name
	if cut := strings.Index(name, "___"); cut > 0 {
		name = name[:cut]
	}
	var k *kfunc
	var f *btf.Func
	if v.kernel() != nil && v.kernel().TypeByName(name, &f) == nil {
		k = &kfunc{name: name, id: v.typeID(f, kernelType)}
		k.proto, _ = f.Type.(*btf.FuncProto)
		if k.row = kfRow(name); k.row != nil {
			k.flags = k.row.Flags
		}
		if k.proto == nil {
			k = nil
		}
	}
	v.kinds[n] = k
	return k
}

// kfuncFacts is callFacts for kernel functions.
func (v *verifier) kfuncFacts(insn int) callInfo {
	k := v.kfuncAt(insn)
	if k == nil {
		return callInfo{}
	}
	allowed := k.row != nil && k.row.Allows(v.progType(), v.attachType())
	c := callInfo{
		known: allowed, changesPkt: k.has(kfChangesPkt), mightSleep: k.has(kfSleepable), fastcall: k.has(kfFastcall),
		iterNext: k.has(kfIterNext), isThrow: k.name == "bpf_throw", syncCB: k.name == "bpf_rbtree_add_impl",
	}
	switch k.name {
	case "bpf_wq_set_callback_impl", "bpf_task_work_schedule_signal_impl", "bpf_task_work_schedule_resume_impl":
		c.asyncCB = true
	}
	for i := range k.proto.Params {
		c.args |= 2 << i
	}
	return c
}

// checkKfuncUse refuses kernel functions that the program as a whole must not
// call, wherever the call is.
func (v *verifier) checkKfuncUse(insn int) error {
	if !v.gplCompatible() {
		return v.reject(CodeKfunc, abi.EINVAL, "cannot call kernel function from non-GPL compatible program")
	}
	if k := v.kfuncAt(insn); k != nil && k.row != nil && k.row.DevBound && v.prog.Flags&abi.XDPDevBoundOnly == 0 {
		return v.reject(CodeKfunc, abi.EINVAL, "metadata kfuncs require device-bound program")
	}
	return nil
}

// checkKfuncCall checks the call of a kernel function and carries out its
// effect.
func (v *verifier) checkKfuncCall(insn int) error {
	n := int(v.insns[insn].Imm)
	k := v.kfuncAt(insn)
	if k == nil && n < 0 {
		v.leftCall = true
		return nil
	}
	if k == nil {
		if n >= 0 && n < len(v.prog.Kfuncs) && v.prog.Kfuncs[n].Weak {
			v.scratchCallRegs()
			v.reg(0).setUnknown()
			return nil
		}
		return v.reject(CodeKfunc, abi.EINVAL, "kernel function call %d is not found in kernel BTF", n)
	}
	if k.row == nil || !k.row.Allows(v.progType(), v.attachType()) {
		return v.reject(CodeKfunc, abi.EACCES, "calling kernel function %s is not allowed", k.name)
	}
	if k.name == "__bpf_trap" {
		return v.reject(CodeKfunc, abi.EFAULT, "unexpected __bpf_trap() due to uninitialized variable?")
	}
	m := &kfuncMeta{callMeta: callMeta{mapAt: -1, key: -1}}
	lock := k.name == "bpf_res_spin_lock" || k.name == "bpf_res_spin_lock_irqsave"
	if lock {
		if err := v.forkFailedLock(insn); err != nil {
			return err
		}
	}
	if k.has(kfSleepable) && !v.state.inSleepable {
		return v.reject(CodeSleep, abi.EACCES, "program must be sleepable to call sleepable kfunc %s", k.name)
	}
	if err := v.checkKfuncArgs(k, m); err != nil {
		return err
	}
	if err := v.kfuncCallback(insn, k, m); err != nil {
		return err
	}
	if err := v.kfuncSections(k); err != nil {
		return err
	}
	if err := v.kfuncRelease(k, m); err != nil {
		return err
	}
	if k.name == "bpf_throw" && !v.hasExceptionCallback() {
		if err := v.checkReturnValue(1, "R1"); err != nil {
			return err
		}
	}
	v.scratchCallRegs()
	v.log.touchReg(0)
	if err := v.kfuncReturn(insn, k, m, lock); err != nil {
		return err
	}
	if k.has(kfChangesPkt) {
		v.clearPacketPointers()
	}
	if k.has(kfIterNext) {
		return v.stepIter(insn, m)
	}
	return nil
}

func (v *verifier) hasExceptionCallback() bool {
	for i := range v.subs {
		if v.subs[i].exception {
			return true
		}
	}
	return false
}

// forkFailedLock queues the path on which a resilient lock was not taken.
func (v *verifier) forkFailedLock(insn int) error {
	s, err := v.fork(insn+1, insn, false)
	if err != nil {
		return err
	}
	regs := &s.frame().regs
	for i := range 6 {
		regs[i] = reg{}
	}
	r := &regs[0]
	r.setUnknown()
	r.SMin, r.SMax, r.S32Min, r.S32Max = -4095, -1, -4095, -1
	r.Sync()
	return nil
}

// kfuncCallback runs, or notes, the callback that a kernel function takes.
func (v *verifier) kfuncCallback(insn int, k *kfunc, m *kfuncMeta) error {
	switch k.name {
	case "bpf_rbtree_add_impl":
		return v.pushCallback(insn, m.sub, v.treeLessCallback(m.root), runsBetween)
	case "bpf_wq_set_callback_impl":
		return v.pushCallback(insn, m.sub, v.laterCallback(), runsLaterAsleep)
	case "bpf_task_work_schedule_signal_impl", "bpf_task_work_schedule_resume_impl":
		return v.pushCallback(insn, m.sub, v.taskWorkCallback(), runsLaterAsleep)
	}
	return nil
}

// kfuncSections opens and closes RCU and preemption sections, and demands that
// the function may be called in those that are open.
func (v *verifier) kfuncSections(k *kfunc) error {
	s, sleeps := v.state, k.has(kfSleepable)
	lock, unlock := k.name == "bpf_rcu_read_lock", k.name == "bpf_rcu_read_unlock"
	no := func(c Code, errno abi.Errno, format string) error { return v.reject(c, errno, format, k.name) }
	switch {
	case s.activeRCU && (lock || unlock) && v.inTreeCallback():
		return v.reject(CodeRCU, abi.EACCES, "Calling bpf_rcu_read_{lock,unlock} in unnecessary rbtree callback")
	case s.activeRCU && lock:
		return no(CodeRCU, abi.EINVAL, "nested rcu read lock (kernel function %s)")
	case s.activeRCU && unlock:
		v.endRCU()
	case s.activeRCU && sleeps:
		return no(CodeSleep, abi.EACCES, "kernel func %s is sleepable within rcu_read_lock region")
	case lock:
		s.activeRCU = true
	case unlock:
		return no(CodeRCU, abi.EINVAL, "unmatched rcu read unlock (kernel function %s)")
	}
	switch {
	case k.name == "bpf_preempt_disable":
		s.activePreempt++
	case k.name == "bpf_preempt_enable" && s.activePreempt == 0:
		return no(CodePreempt, abi.EINVAL, "unmatched attempt to enable preemption (kernel function %s)")
	case k.name == "bpf_preempt_enable":
		s.activePreempt--
	case s.activePreempt > 0 && sleeps:
		return no(CodeSleep, abi.EACCES, "kernel func %s is sleepable within non-preemptible region")
	}
	switch {
	case s.activeIRQ != 0 && sleeps:
		return no(CodeSleep, abi.EACCES, "kernel func %s is sleepable within IRQ-disabled region")
	case k.has(kfRCUProtected) && !v.inRCU():
		return no(CodeRCU, abi.EACCES, "kernel func %s requires RCU critical section protection")
	}
	return nil
}

// endRCU closes an RCU section: what it protected is untrusted from here on.
func (v *verifier) endRCU() {
	v.state.activeRCU = false
	untrust := func(r *reg) {
		r.typ = r.typ&^(fRCU|fNull) | fUntrusted
	}
	v.eachReg(func(r *reg) bool { return r.typ.has(fRCU) }, untrust)
	s := v.state
	for i := int32(0); i <= s.cur; i++ {
		for j := range s.frames[i].stack {
			t := &s.frames[i].stack[j]
			if t.typ[0] == slotIter && t.r != nil && t.r.typ.has(fRCU) {
				c := *t.r
				untrust(&c)
				s.wframe(i).stack[j].r = &c
			}
		}
	}
}

// kfuncRelease gives back what the arguments hold, or hands it to a list or
// tree: the caller keeps a pointer that does not own it.
func (v *verifier) kfuncRelease(k *kfunc, m *kfuncMeta) error {
	if m.release != 0 {
		r := v.reg(m.release)
		if m.dyn.refID != 0 {
			return v.releaseDynptr(r)
		}
		if !v.releaseReference(r.refID) {
			return v.reject(CodeRefRelease, abi.EINVAL, "kfunc %s#%d reference has not been acquired before", k.name, k.id)
		}
	}
	switch k.name {
	case "bpf_list_push_front_impl", "bpf_list_push_back_impl", "bpf_rbtree_add_impl":
		id := v.reg(2).refID
		if id == 0 || v.findRef(refPtr, id) < 0 {
			return v.reject(CodeRefRelease, abi.EINVAL, "kfunc %s#%d conversion of owning ref to non-owning failed", k.name, k.id)
		}
		v.eachReg(func(r *reg) bool { return r.refID == id }, func(r *reg) {
			r.refID = 0
			v.setNonOwning(r)
		})
		v.releaseReference(id)
	}
	return nil
}

// setNonOwning makes a pointer one that is only valid while the lock is held;
// objects that count their references may still be read under RCU.
func (v *verifier) setNonOwning(r *reg) {
	r.typ |= fNonOwn
	if v.fieldsAt(r).has(fieldRefcount) {
		r.typ |= fRCU
	}
}

// isPlain reports whether t is a number: an integer or an enum.
func isPlain(t btf.Type) bool {
	switch t.(type) {
	case *btf.Int, *btf.Enum:
		return true
	}
	return false
}

func isVoid(t btf.Type) bool {
	if t == nil {
		return true
	}
	_, ok := t.(*btf.Void)
	return ok
}

// kfuncReturn makes R0 what the function returns.
func (v *verifier) kfuncReturn(insn int, k *kfunc, m *kfuncMeta, lock bool) error {
	r := v.reg(0)
	null := k.has(kfRetNull) && !m.owned
	t := bare(k.proto.Return)
	if isPlain(t) {
		r.setUnknown()
		if lock {
			r.setConst(0)
		}
		return nil
	}
	p, ok := t.(*btf.Pointer)
	if !ok {
		return nil
	}
	target := bare(p.Target)
	done, err := v.kfuncSpecial(r, k, m)
	if err != nil {
		return err
	}
	_, _, _, isStruct := fieldsOf(target)
	switch {
	case done:
	case isVoid(target):
		r.setUnknown()
	case !isStruct:
		if err := v.kfuncReturnMem(r, k, m, target); err != nil {
			return err
		}
	default:
		r.setPointer(ptBTF)
		r.arg, r.arg2 = v.typeID(target, kernelType), kernelType
		switch {
		case k.name == "bpf_get_kmem_cache":
			r.typ |= fUntrusted
		case k.has(kfRCUProtected):
			r.typ |= fRCU
		}
		if k.has(kfIterNext) {
			it := v.state.frames[m.iterFrame].stack[m.iterSlot].r
			if it.typ.has(fRCU) {
				r.typ |= fRCU
			} else {
				r.typ |= fTrusted
			}
		}
	}
	if r.typ == ptScalar {
		if !null {
			return nil
		}
	}
	if null {
		r.typ |= fNull
		r.id = v.newID()
	}
	switch name := nameOf(target); {
	case k.has(kfAcquire):
		id := v.acquire(refPtr, insn)
		if null {
			r.id = id
		}
		r.refID = id
	case name == "bpf_rb_node" || name == "bpf_list_node":
		v.setNonOwning(r)
	}
	if r.id == 0 && v.fieldsAt(r).has(fieldSpinLock|fieldResLock) {
		r.id = v.newID()
	}
	return nil
}

// kfuncReturnMem makes r memory: of the size that an argument told, or of the
// returned type's.
func (v *verifier) kfuncReturnMem(r *reg, k *kfunc, m *kfuncMeta, target btf.Type) error {
	size, read := m.retSize, m.retRead
	if k.name == "bpf_session_cookie" {
		size, read = 8, false
	} else if size == 0 {
		n, err := btf.Sizeof(target)
		if err != nil || n == 0 {
			return v.reject(CodeKfunc, abi.EINVAL, "kernel function %s returns pointer type %s %s is not supported",
				k.name, kindName(target), rawName(target))
		}
		size, read = uint32(n), true
	}
	r.setPointer(ptMem)
	r.arg = size
	if read {
		r.typ |= fReadOnly
	}
	r.refID = m.refID
	if k.has(kfRCUProtected) {
		r.typ |= fRCU
	}
	return nil
}

// maxPerCPUObject is the largest object that lives once a CPU.
const maxPerCPUObject = 512

// kfuncSpecial makes r the result of functions whose prototype does not say
// what they return.
func (v *verifier) kfuncSpecial(r *reg, k *kfunc, m *kfuncMeta) (bool, error) {
	switch k.name {
	case "bpf_obj_new_impl", "bpf_percpu_obj_new_impl":
		return true, v.newObject(r, m, k.name == "bpf_percpu_obj_new_impl")
	case "bpf_refcount_acquire_impl":
		r.setPointer(ptBTF | fAlloc)
		r.arg, r.arg2 = m.objType, m.objLocal
	case "bpf_list_pop_front", "bpf_list_pop_back", "bpf_list_front", "bpf_list_back",
		"bpf_rbtree_remove", "bpf_rbtree_first", "bpf_rbtree_root", "bpf_rbtree_left", "bpf_rbtree_right":
		if m.root == nil || m.root.node == nil {
			return true, v.bug("%s without a root", k.name)
		}
		v.setNodePtr(r, m.root)
	case "bpf_cast_to_kern_ctx":
		r.setPointer(ptBTF | fTrusted)
		r.arg = m.kernCtx
	case "bpf_rdonly_cast":
		t := v.typeOf(uint32(m.constant.value), kernelType)
		_, _, _, isStruct := fieldsOf(bare(t))
		switch {
		case m.constant.value != 0 && t == nil:
			return true, v.reject(CodeKfuncArg, abi.EINVAL, "Unknown type ID %d passed to kfunc bpf_rdonly_cast", int64(m.constant.value))
		case isStruct:
			r.setPointer(ptBTF | fUntrusted)
			r.arg = uint32(m.constant.value)
		case m.constant.value == 0:
			r.setPointer(ptMem | fReadOnly | fUntrusted)
		default:
			return true, v.reject(CodeKfuncArg, abi.EINVAL, "kfunc bpf_rdonly_cast type ID argument must be of a struct or void")
		}
	case "bpf_dynptr_slice", "bpf_dynptr_slice_rdwr":
		return true, v.sliceDynptr(r, m, k.name == "bpf_dynptr_slice")
	default:
		return false, nil
	}
	return true, nil
}

// sliceDynptr makes r a slice of a dynptr.
func (v *verifier) sliceDynptr(r *reg, m *kfuncMeta, readOnly bool) error {
	if !readOnly && !v.mayAccessPacket(true) {
		return v.reject(CodePacketForbidden, abi.EINVAL, "the prog does not allow writes to packet data")
	}
	flags := map[dynKind]regType{dynLocal: fDynLocal, dynRingBuf: fDynRing, dynSKB: fDynSKB, dynXDP: fDynXDP, dynMeta: fDynMeta}
	r.setPointer(ptMem | flags[dynKindOf(&m.dyn)])
	if readOnly {
		r.typ |= fReadOnly
	}
	r.arg, r.arg2 = uint32(m.constant.value), m.dyn.id
	return nil
}

// newObject makes r a fresh object of one of the program's types.
func (v *verifier) newObject(r *reg, m *kfuncMeta, perCPU bool) error {
	id := m.constant.value
	bad := func(format string, args ...any) error { return v.reject(CodeKfuncArg, abi.EINVAL, format, args...) }
	if id != uint64(uint32(id)) {
		return bad("local type ID argument must be in range [0, U32_MAX]")
	}
	if v.prog.Types == nil {
		return bad("bpf_obj_new/bpf_percpu_obj_new requires prog BTF")
	}
	s, ok := v.typeOf(uint32(id), localType).(*btf.Struct)
	if !ok {
		return bad("bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct")
	}
	if v.structFields(s).bad {
		// Linux 6.18: BTF with such a struct does not load at all.
		return v.reject(CodeBTF, abi.EINVAL, "the special fields of struct %s do not fit together", s.Name)
	}
	if perCPU {
		switch {
		case s.Size > maxPerCPUObject:
			return bad("bpf_percpu_obj_new type size (%d) is greater than %d", s.Size, maxPerCPUObject)
		case !scalarStruct(s):
			return bad("bpf_percpu_obj_new type ID argument must be of a struct of scalars")
		case v.structFields(s).mask != 0:
			return bad("bpf_percpu_obj_new type ID argument must not contain special fields")
		}
	}
	r.setPointer(ptBTF | fAlloc)
	r.arg, r.arg2 = uint32(id), localType
	if perCPU {
		r.typ |= fPerCPU
	}
	return nil
}

// scalarStruct reports whether a struct holds numbers only, arrays and nested
// structs of them included.
func scalarStruct(t btf.Type) bool {
	steps := maxMembers
	return scalarMembers(t, 0, &steps)
}

func scalarMembers(t btf.Type, depth int, steps *int) bool {
	members, _, _, ok := fieldsOf(t)
	if !ok || depth >= 4 {
		return false
	}
	for i := range members {
		if *steps--; *steps < 0 {
			return false
		}
		m := bare(members[i].Type)
		if a, ok := m.(*btf.Array); ok {
			if a.Nelems == 0 {
				return false
			}
			if m = bare(a.Type); !isPlain(m) {
				return false
			}
		}
		if !isPlain(m) && !scalarMembers(m, depth+1, steps) {
			return false
		}
	}
	return true
}

// kfuncUnderLock reports whether a kernel function may be called with a lock
// held.
func (v *verifier) kfuncUnderLock(insn int) bool {
	k := v.kfuncAt(insn)
	return k != nil && k.has(kfSpinOK)
}
