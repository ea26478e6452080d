package verifier

import (
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
)

// kfArg is what a parameter of a kernel function takes.
type kfArg uint8

const (
	kaCtx kfArg = iota + 1
	kaNull
	kaAlloc
	kaRefcounted
	kaDynptr
	kaIter
	kaListHead
	kaListNode
	kaRBRoot
	kaRBNode
	kaString
	kaMap
	kaWorkqueue
	kaTaskWork
	kaIRQFlag
	kaResLock
	kaObject
	kaCallback
	kaMem
	kaMemSize
)

// structArgs are the parameters that a struct's name tells.
var structArgs = map[string]kfArg{
	"bpf_dynptr": kaDynptr, "bpf_dynptr_kern": kaDynptr, "bpf_list_head": kaListHead, "bpf_rb_root": kaRBRoot,
	"bpf_list_node": kaListNode, "bpf_rb_node": kaRBNode, "bpf_wq": kaWorkqueue, "bpf_task_work": kaTaskWork,
	"bpf_res_spin_lock": kaResLock,
}

// objectRegs are the pointers that stand for kernel objects although they have
// no BTF type of their own.
var objectRegs = map[regType]string{
	ptSocket: "sock", ptSockCommon: "sock_common", ptTCPSock: "tcp_sock", ptMap: "bpf_map",
}

// checkKfuncArgs checks the arguments of a call to a kernel function.
func (v *verifier) checkKfuncArgs(k *kfunc, m *kfuncMeta) error {
	params := k.proto.Params
	if len(params) > 5 {
		return v.reject(CodeKfunc, abi.EINVAL, "Function %s has %d > %d args", k.name, len(params), 5)
	}
	for i := 0; i < len(params); i++ {
		p := &params[i]
		if strings.HasSuffix(p.Name, "__prog") || strings.HasSuffix(p.Name, "__ign") {
			continue
		}
		regno := i + 1
		t := bare(p.Type)
		if isPlain(t) {
			v.log.touchReg(regno) // one that was never written is no number
			if err := v.kfuncScalar(regno, p.Name, m); err != nil {
				return err
			}
			continue
		}
		if err := v.readArg(regno); err != nil {
			return err
		}
		ptr, ok := t.(*btf.Pointer)
		if !ok {
			return v.reject(CodeKfunc, abi.EINVAL, "Unrecognized arg#%d type %s", i, kindName(t))
		}
		skip, err := v.kfuncPointer(i, k, m, ptr)
		if err != nil {
			return err
		}
		if skip {
			i++
		}
	}
	if k.has(kfRelease) && m.release == 0 {
		return v.reject(CodeRefRelease, abi.EINVAL, "release kernel function %s expects refcounted PTR_TO_BTF_ID", k.name)
	}
	return nil
}

// kfuncScalar checks a parameter that is a number.
func (v *verifier) kfuncScalar(regno int, name string, m *kfuncMeta) error {
	r := v.reg(regno)
	if r.typ != ptScalar {
		return v.reject(CodeKfuncArg, abi.EINVAL, "R%d is not a scalar", regno)
	}
	switch {
	case strings.HasSuffix(name, "__k"):
		if !r.Bits.IsConst() {
			return v.reject(CodeKfuncArg, abi.EINVAL, "R%d must be a known constant", regno)
		}
		m.constant.found, m.constant.value = true, r.Bits.Value
		return v.markPrecise(regno)
	case name == "rdonly_buf_size" || name == "rdwr_buf_size":
		if !r.Bits.IsConst() {
			return v.reject(CodeKfuncArg, abi.EINVAL, "R%d is not a const", regno)
		}
		m.retSize, m.retRead = uint32(r.Bits.Value), name == "rdonly_buf_size"
		return v.markPrecise(regno)
	}
	return nil
}

// sizeParam reports whether parameter i is the size of the memory before it,
// and whether it must be a constant.
func sizeParam(params []btf.FuncParam, i int, r *reg) (size, constant bool) {
	if i >= len(params) || r.typ != ptScalar {
		return false, false
	}
	constant = strings.HasSuffix(params[i].Name, "__szk")
	return constant || strings.HasSuffix(params[i].Name, "__sz"), constant
}

// kfuncPointer checks a parameter that is a pointer; skip is set if it took
// the next one, its size, along.
func (v *verifier) kfuncPointer(i int, k *kfunc, m *kfuncMeta, p *btf.Pointer) (skip bool, err error) {
	regno, name := i+1, k.proto.Params[i].Name
	r := v.reg(regno)
	nullable := strings.HasSuffix(name, "__nullable") || strings.HasSuffix(name, "__opt")
	if k.has(kfTrusted|kfRCU|kfRelease) && (r.isNull() || r.typ.has(fNull)) && !nullable {
		return false, v.reject(CodeMaybeNull, abi.EACCES, "Possibly NULL pointer passed to trusted arg%d", i)
	}
	if r.refID != 0 {
		m.refID = r.refID
		if k.has(kfRelease) {
			m.release = regno
		}
	}
	target := bare(p.Target)
	kind, err := v.kfuncArgKind(i, k, p, target, nullable)
	if err != nil || kind == kaNull {
		return false, err
	}
	switch kind {
	case kaMap:
		if err := v.kfuncMap(r, regno, m); err != nil {
			return false, err
		}
		fallthrough
	case kaAlloc, kaObject:
		if err := v.demandTrust(r, regno, k); err != nil {
			return false, err
		}
	}
	arg := abi.ArgNone
	if k.has(kfRelease) && r.refID != 0 {
		arg |= abi.ArgRelease
	}
	if kind == kaDynptr && arg != 0 {
		arg |= abi.ArgDynptr
	}
	if err := v.checkArgOffset(r, regno, arg); err != nil {
		return false, err
	}
	if kind == kaMemSize {
		return true, v.kfuncMemSize(i, k, m, nullable)
	}
	return false, v.kfuncArgValue(kind, i, k, m, target)
}

// demandTrust demands a pointer as good as the function asks for.
func (v *verifier) demandTrust(r *reg, regno int, k *kfunc) error {
	if !k.has(kfTrusted|kfRCU|kfRelease) || v.isTrusted(r) {
		return nil
	}
	if !k.has(kfRCU) {
		return v.reject(CodeKfuncArg, abi.EINVAL, "R%d must be referenced or trusted", regno)
	}
	if !r.typ.has(fRCU) {
		return v.reject(CodeKfuncArg, abi.EINVAL, "R%d must be a rcu pointer", regno)
	}
	return nil
}

// kfuncMap notes a map argument. After a workqueue or task work it must be the
// map that this is in.
func (v *verifier) kfuncMap(r *reg, regno int, m *kfuncMeta) error {
	if r.typ.base() == ptBTF {
		return nil // a map found in the kernel: its type is checked as any object's
	}
	if r.typ != ptMap {
		return v.reject(CodeKfuncArg, abi.EINVAL, "pointer in R%d isn't map pointer", regno)
	}
	fs := v.mapFields(int(r.arg))
	if m.mapAt >= 0 && fs.has(fieldWorkqueue|fieldTaskWork) && (m.mapAt != int32(r.arg) || m.mapUID != r.arg2) {
		format := "workqueue pointer in R1 map_uid=%d doesn't match map pointer in R2 map_uid=%d"
		if fs.has(fieldTaskWork) {
			format = "bpf_task_work pointer in R2 map_uid=%d doesn't match map pointer in R3 map_uid=%d"
		}
		return v.reject(CodeMapField, abi.EINVAL, format, m.mapUID, r.arg2)
	}
	m.mapAt, m.mapUID = int32(r.arg), r.arg2
	return nil
}

// kfuncArgKind finds what a pointer parameter takes: by its name's suffix, by
// the struct that it points to, or by what is passed.
func (v *verifier) kfuncArgKind(i int, k *kfunc, p *btf.Pointer, target btf.Type, nullable bool) (kfArg, error) {
	name := k.proto.Params[i].Name
	r := v.reg(i + 1)
	sized := false
	if i+1 < len(k.proto.Params) {
		sized, _ = sizeParam(k.proto.Params, i+1, v.reg(i+2))
	}
	_, _, _, isStruct := fieldsOf(target)
	switch {
	case k.name == "bpf_cast_to_kern_ctx" || v.isContext(p):
		return kaCtx, nil
	case nullable && r.isNull() && !sized:
		return kaNull, nil
	case strings.HasSuffix(name, "__alloc"):
		return kaAlloc, nil
	case strings.HasSuffix(name, "__refcounted_kptr"):
		return kaRefcounted, nil
	case isStruct && structArgs[rawName(target)] == kaDynptr:
		return kaDynptr, nil
	case k.isIter() && i == 0 || strings.HasSuffix(name, "__iter"):
		return kaIter, nil
	case isStruct && structArgs[rawName(target)] != 0 && structArgs[rawName(target)] < kaString:
		return structArgs[rawName(target)], nil
	case strings.HasSuffix(name, "__str"):
		return kaString, nil
	case strings.HasSuffix(name, "__map"):
		return kaMap, nil
	case isStruct && structArgs[rawName(target)] != 0:
		return structArgs[rawName(target)], nil
	case strings.HasSuffix(name, "__irq_flag"):
		return kaIRQFlag, nil
	case r.typ.base() == ptBTF || objectRegs[r.typ.base()] != "":
		if !isStruct {
			return 0, v.reject(CodeKfuncArg, abi.EINVAL, "kernel function %s args#%d pointer type %s %s is not supported",
				k.name, i, kindName(target), rawName(target))
		}
		return kaObject, nil
	}
	if _, ok := target.(*btf.FuncProto); ok {
		return kaCallback, nil
	}
	if !isPlain(target) && !scalarStruct(target) && !(sized && isVoid(target)) {
		void := ""
		if sized {
			void = "void, "
		}
		return 0, v.reject(CodeKfuncArg, abi.EINVAL, "arg#%d pointer type %s %s must point to %sscalar, or struct with scalar",
			i, kindName(target), rawName(target), void)
	}
	if sized {
		return kaMemSize, nil
	}
	return kaMem, nil
}

// kfuncArgValue checks a pointer argument by what its parameter takes.
func (v *verifier) kfuncArgValue(kind kfArg, i int, k *kfunc, m *kfuncMeta, target btf.Type) error {
	regno := i + 1
	r := v.reg(regno)
	bad := func(format string, args ...any) error { return v.reject(CodeKfuncArg, abi.EINVAL, format, args...) }
	value := r.typ == ptMapValue
	owned := r.typ == ptBTF|fAlloc
	switch kind {
	case kaCtx:
		if r.typ != ptCtx {
			return bad("arg#%d expected pointer to ctx, but got %s", i, r.typ)
		}
		if k.name == "bpf_cast_to_kern_ctx" {
			m.kernCtx = v.kernContext()
		}
	case kaAlloc:
		return v.kfuncAlloc(r, i, k, m)
	case kaIRQFlag:
		if r.typ != ptStack {
			return bad("arg#%d doesn't point to an irq flag on stack", i)
		}
		return v.processIRQFlag(regno, k.name)
	case kaDynptr:
		return v.kfuncDynptr(regno, k, m)
	case kaIter:
		return v.processIter(regno, k, m, target)
	case kaListHead, kaRBRoot:
		if !value && !owned {
			return bad("arg#%d expected pointer to map value or allocated object", i)
		}
		if owned && r.refID == 0 {
			return bad("allocated object must be referenced")
		}
		return v.kfuncRoot(kind, r, regno, m)
	case kaListNode, kaRBNode:
		return v.kfuncNode(kind, i, k, m)
	case kaMap, kaObject:
		return v.kfuncObject(r, i, k, target)
	case kaMem:
		size, err := btf.Sizeof(target)
		if err != nil {
			return bad("arg#%d reference type('%s %s') size cannot be determined: -22", i, kindName(target), rawName(target))
		}
		return v.checkMemReg(regno, size)
	case kaCallback:
		if r.typ != ptFunc {
			return bad("arg%d expected pointer to func", i)
		}
		m.sub = int(r.arg)
	case kaRefcounted:
		if r.typ.base() != ptBTF || !r.typ.has(fAlloc) {
			return bad("arg#%d is neither owning or non-owning ref", i)
		}
		fields := v.fieldsAt(r)
		if fields == nil || fields.mask == 0 {
			return v.reject(CodeKfuncArg, abi.EFAULT, "verifier bug: Couldn't find btf_record")
		}
		if !fields.has(fieldRefcount) {
			return bad("arg#%d doesn't point to a type with bpf_refcount field", i)
		}
		m.objType, m.objLocal = r.arg, r.arg2
		m.owned = !r.typ.has(fNonOwn)
	case kaString:
		if !value {
			return bad("arg#%d doesn't point to a const string", i)
		}
		_, err := v.checkConstStr(regno)
		return err
	case kaWorkqueue, kaTaskWork:
		if !value {
			return bad("arg#%d doesn't point to a map value", i)
		}
		field := fieldWorkqueue
		if kind == kaTaskWork {
			field = fieldTaskWork
		}
		return v.processMapObject(regno, &m.callMeta, field)
	case kaResLock:
		if !value && !owned {
			return bad("arg#%d doesn't point to map value or allocated object", i)
		}
		lock := lockRes
		if strings.Contains(k.name, "irq") {
			lock |= lockIRQ
		}
		return v.processSpinLock(regno, !strings.Contains(k.name, "unlock"), lock)
	}
	return nil
}

// kfuncAlloc checks the object that bpf_obj_drop gives back.
func (v *verifier) kfuncAlloc(r *reg, i int, k *kfunc, m *kfuncMeta) error {
	bad := func(format string, args ...any) error { return v.reject(CodeKfuncArg, abi.EINVAL, format, args...) }
	switch r.typ {
	case ptBTF | fAlloc:
		if k.name != "bpf_obj_drop_impl" {
			return bad("arg#%d expected for bpf_obj_drop_impl()", i)
		}
	case ptBTF | fAlloc | fPerCPU:
		if k.name != "bpf_percpu_obj_drop_impl" {
			return bad("arg#%d expected for bpf_percpu_obj_drop_impl()", i)
		}
	default:
		return bad("arg#%d expected pointer to allocated object", i)
	}
	if r.refID == 0 {
		return bad("allocated object must be referenced")
	}
	m.objType, m.objLocal = r.arg, r.arg2
	return nil
}

// kfuncDynptr checks, or makes, a dynptr.
func (v *verifier) kfuncDynptr(regno int, k *kfunc, m *kfuncMeta) error {
	r := v.reg(regno)
	arg, kind, cloned := abi.ArgDynptr, dynNone, uint32(0)
	if r.typ == ptDynptr {
		arg |= abi.ArgReadOnly
	}
	if strings.HasSuffix(k.proto.Params[regno-1].Name, "__uninit") {
		arg |= abi.ArgUninit
	}
	switch k.name {
	case "bpf_dynptr_from_skb":
		kind = dynSKB
	case "bpf_dynptr_from_xdp":
		kind = dynXDP
	case "bpf_dynptr_from_skb_meta":
		kind = dynMeta
	case "bpf_dynptr_clone":
		if arg.Has(abi.ArgUninit) {
			kind, cloned = dynKindOf(&m.dyn), m.dyn.refID
		}
	}
	if err := v.dynptrArg(regno, arg, kind, cloned); err != nil {
		return err
	}
	if !arg.Has(abi.ArgUninit) {
		m.dyn = *v.dynptrReg(v.reg(regno))
	}
	return nil
}

// kfuncRoot checks the head of a list or the root of a tree: the lock beside
// it must be held.
func (v *verifier) kfuncRoot(kind kfArg, r *reg, regno int, m *kfuncMeta) error {
	field := fieldListHead
	if kind == kaRBRoot {
		field = fieldRBRoot
	}
	if !r.Bits.IsConst() {
		return v.reject(CodeKfuncArg, abi.EINVAL, "R%d doesn't have constant offset. %s has to be at the constant offset", regno, field)
	}
	fs := v.fieldsAt(r)
	off := uint32(r.off) + uint32(r.Bits.Value)
	f := fs.at(off, field)
	if f == nil {
		return v.reject(CodeKfuncArg, abi.EINVAL, "%s not found at offset=%d", field, off)
	}
	lock := v.state.activeLocks > 0
	if lock && v.findLock(refAnyLock, r.id, lockObj(r)) < 0 {
		v.note("held lock and object are not in the same allocation")
		lock = false
	}
	if !lock {
		at := -22
		if l := fs.find(fieldSpinLock); l != nil {
			at = int(l.off)
		}
		return v.reject(CodeLock, abi.EINVAL, "bpf_spin_lock at off=%d must be held for %s", at, field)
	}
	m.root = f
	return nil
}

// kfuncNode checks the node of a list or tree.
func (v *verifier) kfuncNode(kind kfArg, i int, k *kfunc, m *kfuncMeta) error {
	regno := i + 1
	r := v.reg(regno)
	bad := func(format string, args ...any) error { return v.reject(CodeKfuncArg, abi.EINVAL, format, args...) }
	if kind == kaListNode || k.name == "bpf_rbtree_add_impl" {
		if r.typ != ptBTF|fAlloc {
			return bad("arg#%d expected pointer to allocated object", i)
		}
		if r.refID == 0 {
			return bad("allocated object must be referenced")
		}
	} else {
		if !r.typ.has(fNonOwn) && r.refID == 0 {
			return bad("%s can only take non-owning or refcounted bpf_rb_node pointer", k.name)
		}
		if v.inTreeCallback() {
			return bad("%s not allowed in rbtree cb", k.name)
		}
	}
	node, head := fieldListNode, fieldListHead
	if kind == kaRBNode {
		node, head = fieldRBNode, fieldRBRoot
	}
	if !r.Bits.IsConst() {
		return bad("R%d doesn't have constant offset. %s has to be at the constant offset", regno, node)
	}
	off := uint32(r.off) + uint32(r.Bits.Value)
	if v.fieldsAt(r).at(off, node) == nil {
		return bad("%s not found at offset=%d", node, off)
	}
	if m.root == nil || m.root.node == nil {
		return v.bug("%s without a root", k.name)
	}
	want := m.root
	if bare(v.typeOf(r.arg, r.arg2)) != btf.Type(want.node) {
		return bad("operation on %s expects arg#1 %s at offset=%d in struct %s, but arg is at offset=%d in struct %s",
			head, node, want.at, nameOf(want.node), off, v.typeName(r))
	}
	m.objType, m.objLocal = r.arg, r.arg2
	if off != want.at {
		return bad("arg#1 offset=%d, but expected %s at offset=%d in struct %s", off, node, want.at, nameOf(want.node))
	}
	return nil
}

// noCast reports whether two types are told apart although they are laid out
// alike: one is the other before it is initialised.
func noCast(a, b string) bool { return a == b+"___init" || b == a+"___init" }

// kfuncObject checks a pointer to a kernel object.
func (v *verifier) kfuncObject(r *reg, i int, k *kfunc, target btf.Type) error {
	const safe = fAlloc | fTrusted | fNonOwn
	base := r.typ.base()
	stand := objectRegs[base]
	want := target
	if base == ptMap || strings.HasSuffix(k.proto.Params[i].Name, "__map") {
		if id, ok := v.kernelStruct("bpf_map"); ok {
			want = v.typeOf(id, kernelType)
		}
	}
	unsafe := r.typ&^baseMask&^safe != 0 && !r.typ.has(fRCU)
	if (base != ptBTF || unsafe) && stand == "" {
		v.log.printf("arg#%d is %s ", i, r.typ)
		return v.reject(CodeKfuncArg, abi.EINVAL, "expected %s or socket", base|r.typ&safe)
	}
	id, local := r.arg, r.arg2
	if base != ptBTF {
		id, _ = v.kernelStruct(stand)
		local = kernelType
	}
	have := bare(v.typeOf(id, local))
	strict := k.has(kfRelease) && r.refID != 0 || noCast(nameOf(have), nameOf(want))
	if v.structMatches(local == kernelType, id, int(r.off), true, v.typeID(want, kernelType), strict) ||
		projects(nameOf(want), nameOf(have)) {
		return nil
	}
	return v.reject(CodeKfuncArg, abi.EINVAL, "kernel function %s args#%d expected pointer to %s %s but R%d has a pointer to %s %s",
		k.name, i, kindName(want), rawName(want), i+1, kindName(have), rawName(have))
}

// projects reports whether a context struct stands for a kernel struct.
func projects(context, kernel string) bool {
	return context == "__sk_buff" && kernel == "sk_buff" || context == "xdp_md" && kernel == "xdp_buff"
}

// kfuncMemSize checks memory together with its size in the next argument.
func (v *verifier) kfuncMemSize(i int, k *kfunc, m *kfuncMeta, nullable bool) error {
	_, constant := sizeParam(k.proto.Params, i+1, v.reg(i+2))
	if err := v.readArg(i + 2); err != nil {
		return err
	}
	if !v.reg(i+1).isNull() || !nullable {
		if err := v.memSizePair(i+1, i+2); err != nil {
			errno := abi.EACCES
			if e, ok := err.(*Error); ok {
				errno = e.Errno
			}
			return v.reject(CodeHelperSize, errno, "arg#%d arg#%d memory, len pair leads to invalid memory access", i, i+1)
		}
	}
	if constant {
		s := v.reg(i + 2)
		if !s.Bits.IsConst() {
			return v.reject(CodeKfuncArg, abi.EINVAL, "R%d must be a known constant", i+2)
		}
		m.constant.found, m.constant.value = true, s.Bits.Value
	}
	return nil
}

// memSizePair demands memory that may be read and written for as many bytes as
// the size may be.
func (v *verifier) memSizePair(regno, size int) error {
	r := v.reg(regno)
	saved := *r
	if r.typ.has(fNull) {
		notNull(r, v)
	}
	m := &callMeta{mapAt: -1, key: -1}
	err := v.checkSizeArg(size, false, true, m)
	if err == nil {
		err = v.checkSizeArg(size, true, true, m)
	}
	if saved.typ.has(fNull) {
		*v.reg(regno) = saved
	}
	return err
}

// kernContexts are the kernel's own structs behind the contexts.
var kernContexts = map[string]string{
	"__sk_buff": "sk_buff", "xdp_md": "xdp_buff", "bpf_sock": "sock", "bpf_sock_addr": "bpf_sock_addr_kern",
	"bpf_sock_ops": "bpf_sock_ops_kern", "sk_msg_md": "sk_msg", "bpf_perf_event_data": "bpf_perf_event_data_kern",
	"sk_reuseport_md": "sk_reuseport_kern", "bpf_sk_lookup": "bpf_sk_lookup_kern", "bpf_sysctl": "bpf_sysctl_kern",
	"bpf_sockopt": "bpf_sockopt_kern", "bpf_cgroup_dev_ctx": "bpf_cgroup_dev_ctx", "pt_regs": "pt_regs",
	"bpf_raw_tracepoint_args": "bpf_raw_tracepoint_args", "bpf_nf_ctx": "bpf_nf_ctx",
}

// kernContext is the type id of the kernel's struct behind the context.
func (v *verifier) kernContext() uint32 {
	info := v.progType().Info()
	if info == nil || info.Context == nil {
		return 0
	}
	id, _ := v.kernelStruct(kernContexts[info.Context.Name])
	return id
}
