package verifier

import (
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
)

// target is the kernel function, tracepoint or hook that a program attaches to
// by BTF.
type target struct {
	name   string
	params []btf.FuncParam
	ret    btf.Type
	// What the program is trusted with, by the kind of target.
	trace, iter, member bool
}

// attachTarget finds what the program attaches to, nil if it attaches to
// nothing by BTF.
func (v *verifier) attachTarget() *target {
	if v.targetKnown {
		return v.target
	}
	v.targetKnown = true
	name := v.prog.AttachTo
	if name == "" || v.kernel() == nil {
		return nil
	}
	switch t, a := v.progType(), v.attachType(); {
	case t == abi.Tracing && a == abi.AttachTraceRawTP:
		v.target = v.tracepoint(name)
	case t == abi.Tracing && a == abi.AttachTraceIter:
		if v.target = v.kernelFunc("bpf_iter_" + strings.TrimPrefix(name, "bpf_iter_")); v.target != nil {
			v.target.iter = true
		}
	case t == abi.StructOps:
		v.target = v.opsMember(name)
	case t == abi.LSM:
		v.target = v.kernelFunc("bpf_lsm_" + strings.TrimPrefix(name, "bpf_lsm_"))
	case t == abi.Tracing:
		v.target = v.kernelFunc(name)
	}
	if v.target != nil {
		v.voidTarget = isVoid(bare(v.target.ret))
	}
	return v.target
}

// kernelFunc is a function of the kernel as a target.
func (v *verifier) kernelFunc(name string) *target {
	var f *btf.Func
	if v.kernel().TypeByName(name, &f) != nil {
		return nil
	}
	p, ok := f.Type.(*btf.FuncProto)
	if !ok {
		return nil
	}
	return &target{name: name, params: p.Params, ret: p.Return}
}

// opsMember finds the member of a kernel struct of functions that "struct:member"
// names.
func (v *verifier) opsMember(name string) *target {
	ops, member, ok := strings.Cut(name, ":")
	var s *btf.Struct
	if !ok || v.kernel().TypeByName(ops, &s) != nil {
		return nil
	}
	for i := range s.Members {
		m := &s.Members[i]
		p, isPtr := bare(m.Type).(*btf.Pointer)
		if m.Name != member || !isPtr {
			continue
		}
		if f, ok := bare(p.Target).(*btf.FuncProto); ok {
			v.structOps, v.opsName = ops, member
			t := &target{name: member, params: f.Params, ret: f.Return, member: true}
			// The kernel's stub names the arguments that may be NULL.
			if stub := v.kernelFunc(ops + "__" + member); stub != nil && len(stub.params) == len(t.params) {
				t.params = stub.params
			}
			return t
		}
	}
	return nil
}

// tracepoint finds a tracepoint's arguments in the type of its probe, whose
// first parameter is the probe's own data.
func (v *verifier) tracepoint(name string) *target {
	var d *btf.Typedef
	if v.kernel().TypeByName("btf_trace_"+name, &d) != nil {
		return nil
	}
	p, ok := bare(d).(*btf.Pointer)
	if !ok {
		return nil
	}
	f, ok := bare(p.Target).(*btf.FuncProto)
	if !ok || len(f.Params) == 0 {
		return nil
	}
	params := f.Params[1:]
	// The stub of a tracepoint names its arguments.
	var stub *btf.Func
	if v.kernel().TypeByName("__bpf_trace_"+name, &stub) == nil {
		if sp, ok := stub.Type.(*btf.FuncProto); ok && len(sp.Params) == len(f.Params) {
			params = sp.Params[1:]
		}
	}
	return &target{name: name, params: params, ret: f.Return, trace: true}
}

// argField is a load of an argument of the attach target from the context.
func (v *verifier) argField(off, size int, write bool) (ctxField, bool, error) {
	if off < 0 || off >= 8*abi.MaxFuncArgs || write || size <= 0 || off%size != 0 {
		return ctxField{}, false, nil
	}
	t := v.attachTarget()
	if t == nil {
		return ctxField{}, false, nil
	}
	if off%8 != 0 {
		v.note("func '%s' offset %d is not multiple of 8", t.name, off)
		return ctxField{}, false, nil
	}
	n := off / 8
	p, num := v.argument(t, n)
	if p == nil {
		return ctxField{}, false, nil
	}
	typ := bare(p.Type)
	switch typ.(type) {
	case *btf.Int, *btf.Enum, *btf.Struct, *btf.Union:
		return num, true, nil
	}
	ptr, ok := typ.(*btf.Pointer)
	if !ok {
		v.note("func '%s' arg%d '%s' has type %s. Only pointer access is allowed", t.name, n, rawName(typ), kindName(typ))
		return ctxField{}, false, nil
	}
	if size != 8 {
		v.note("func '%s' size %d must be 8", t.name, size)
		return ctxField{}, false, nil
	}
	return v.pointerArg(t, n, p.Name, ptr)
}

// trustedIters are the iterators whose objects are valid as long as the program
// runs.
var trustedIters = []string{
	"bpf_iter_task", "bpf_iter_bpf_map", "bpf_iter_cgroup", "bpf_iter_tcp", "bpf_iter_udp", "bpf_iter_kmem_cache",
	"bpf_iter_dmabuf",
}

// checkTarget demands that a program may implement the member that it is for.
func (v *verifier) checkTarget() error {
	t := v.attachTarget()
	if v.progType() == abi.LSM {
		return v.checkHook(t)
	}
	if v.progType() != abi.StructOps {
		return nil
	}
	if !v.gplCompatible() {
		return v.reject(CodeAttach, abi.EINVAL, "struct ops programs must have a GPL compatible license")
	}
	if t == nil {
		return nil
	}
	sleeps := v.prog.Flags&abi.Sleepable != 0
	noInfo := v.structOps == "tcp_congestion_ops" && t.name == "get_info"
	if noInfo || sleeps && v.structOps == "bpf_dummy_ops" && t.name != "test_sleepable" {
		errno := abi.EINVAL
		if noInfo {
			errno = abi.ENOTSUPP
		}
		return v.reject(CodeAttach, errno, "attach to unsupported member %s of struct %s", t.name, v.structOps)
	}
	return nil
}

// pointerArg is an argument that is a pointer.
func (v *verifier) pointerArg(t *target, n int, name string, ptr *btf.Pointer) (ctxField, bool, error) {
	dest := bare(ptr.Target)
	// The map of an iterator over a map's elements is there all the time.
	if t.iter && n > 0 && (name != "map" || t.name == "bpf_iter_bpf_map") {
		if isVoid(dest) {
			typ := ptBuf | fNull
			if name == "key" {
				typ |= fReadOnly
			}
			return ctxField{typ: typ}, true, nil
		}
		if _, _, _, ok := fieldsOf(dest); ok {
			f := ctxField{typ: ptBTF | fNull, arg: v.typeID(dest, kernelType)}
			if slices.Contains(trustedIters, t.name) {
				f.typ |= fTrusted
			}
			return f, true, nil
		}
	}
	if _, isInt := dest.(*btf.Int); isInt || isVoid(dest) {
		return ctxField{typ: ptScalar}, true, nil
	}
	_, _, _, isStruct := fieldsOf(dest)
	if !isStruct {
		v.note("func '%s' arg%d type %s is not a struct", t.name, n, kindName(dest))
		return ctxField{}, false, nil
	}
	f := ctxField{typ: ptBTF, arg: v.typeID(dest, kernelType)}
	if v.log != nil {
		v.log.printf("func '%s' arg%d has btf_id %d type %s '%s'\n", t.name, n, f.arg, kindName(dest), rawName(dest))
	}
	if t.trace || t.iter || t.member || v.trustedHook(t) {
		f.typ |= fTrusted
	}
	if t.member && v.structOps == "tcp_congestion_ops" && nameOf(dest) == "sock" {
		// Linux 6.18: the sockets of a congestion control are TCP sockets.
		f.arg, _ = v.kernelStruct("tcp_sock")
	}
	if strings.HasSuffix(name, "__nullable") || t.trace && nullableArgs[t.name]>>n&1 != 0 {
		f.typ |= fNull
	}
	switch typeTag(ptr.Target) {
	case "user":
		f.typ |= fUser
	case "percpu":
		f.typ |= fPerCPU
	}
	return f, true, nil
}

// argument is the n-th argument of the target, or its result behind those for
// programs that run when it returns, and what it is as a number; nil if there is
// none for the program.
//
// Linux 6.18: programs at security hooks are given what the one before returned,
// which is in the hook's range, selftest lsm.
func (v *verifier) argument(t *target, n int) (*btf.FuncParam, ctxField) {
	num := ctxField{typ: ptScalar}
	if n < len(t.params) {
		return &t.params[n], num
	}
	result := &btf.FuncParam{Type: t.ret}
	if n == len(t.params) {
		switch v.attachType() {
		case abi.AttachLSMMac:
			num.min, num.max, num.ranged = v.hookRange()
			return result, num
		case abi.AttachLSMCgroup, abi.AttachTraceFExit:
			return result, num
		case abi.AttachModifyReturn:
			typ := bare(t.ret)
			if i, ok := typ.(*btf.Int); ok && i.Size <= 8 {
				return result, num
			}
			v.note("ret type %s not allowed for fmod_ret", kindName(typ))
			return nil, num
		}
	}
	v.note("func '%s' doesn't have %d-th argument", t.name, n+1)
	return nil, num
}

// hookRange is the range of results of a security hook.
func (v *verifier) hookRange() (lo, hi int32, ok bool) {
	t := v.attachTarget()
	if t == nil || isVoid(bare(t.ret)) {
		return 0, 0, false
	}
	switch t.name {
	case "bpf_lsm_audit_rule_known", "bpf_lsm_inode_xattr_skipcap":
		return 0, 1, true
	}
	return -4095, 0, true
}
