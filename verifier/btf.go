package verifier

import (
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
)

// Registers name a type by its id and by whose it is: 0 for the kernel's BTF,
// 1 for the program's.
const (
	kernelType uint32 = 0
	localType  uint32 = 1
)

// typeTable finds types by the ids that registers hold. Types that belong to
// no spec, because the object was put together from several, get ids of their
// own above foreignID.
type typeTable struct {
	foreign []btf.Type
	ids     map[btf.Type]uint32
	structs map[string]uint32 // kernel structs by name, 0 if there is none
}

const foreignID = 1 << 30

// typeOf is the type with an id, nil if there is none.
func (v *verifier) typeOf(id, local uint32) btf.Type {
	if id >= foreignID {
		if n := int(id - foreignID); n < len(v.types.foreign) {
			return v.types.foreign[n]
		}
		return nil
	}
	spec := v.kernel()
	if local != kernelType {
		spec = v.prog.Types
	}
	if spec == nil {
		return nil
	}
	t, err := spec.TypeByID(btf.TypeID(id))
	if err != nil {
		return nil
	}
	return t
}

// typeID is the id of a type, the reverse of typeOf.
func (v *verifier) typeID(t btf.Type, local uint32) uint32 {
	spec := v.kernel()
	if local != kernelType {
		spec = v.prog.Types
	}
	if spec != nil {
		if id, err := spec.TypeID(t); err == nil {
			return uint32(id)
		}
	}
	if id, ok := v.types.ids[t]; ok {
		return id
	}
	if v.types.ids == nil {
		v.types.ids = make(map[btf.Type]uint32)
	}
	id := foreignID + uint32(len(v.types.foreign))
	v.types.foreign = append(v.types.foreign, t)
	v.types.ids[t] = id
	return id
}

// kernelStruct is the id of the kernel's struct of a name.
func (v *verifier) kernelStruct(name string) (uint32, bool) {
	if name == "" || v.kernel() == nil {
		return 0, false
	}
	if id, ok := v.types.structs[name]; ok {
		return id, id != 0
	}
	var id uint32
	if list, err := v.kernel().AnyTypesByName(name); err == nil {
		for _, t := range list {
			if s, ok := t.(*btf.Struct); ok {
				id = v.typeID(s, kernelType)
				break
			}
		}
	}
	if v.types.structs == nil {
		v.types.structs = make(map[string]uint32)
	}
	v.types.structs[name] = id
	return id, id != 0
}

// bare is t without typedefs, qualifiers and tags.
func bare(t btf.Type) btf.Type {
	if t == nil {
		return nil
	}
	return btf.UnderlyingType(t)
}

// fieldsOf lists the members of a struct or union; ok is false for others.
func fieldsOf(t btf.Type) (members []btf.Member, size uint32, union, ok bool) {
	switch s := t.(type) {
	case *btf.Struct:
		return s.Members, s.Size, false, true
	case *btf.Union:
		return s.Members, s.Size, true, true
	}
	return nil, 0, false, false
}

// typeName is the name of the type that r points to.
func (v *verifier) typeName(r *reg) string { return nameOf(v.typeOf(r.arg, r.arg2)) }

func nameOf(t btf.Type) string {
	if t == nil {
		return "void"
	}
	if n := t.TypeName(); n != "" {
		return n
	}
	return "(anon)"
}

// typeExtent is the size of a type, and whether it is a struct or union.
func (v *verifier) typeExtent(id, local uint32) (size int, isStruct bool, name string, ok bool) {
	t := bare(v.typeOf(id, local))
	if t == nil {
		return 0, false, "void", false
	}
	if x, is := t.(*btf.Var); is {
		t = bare(x.Type)
	}
	size, err := btf.Sizeof(t)
	_, _, _, isStruct = fieldsOf(t)
	return size, isStruct, nameOf(t), err == nil
}

// walkKind says what lies at an offset in a struct.
type walkKind uint8

const (
	walkScalar    walkKind = iota + 1
	walkPtr                // pointer to a struct
	walkOpaquePtr          // pointer to something else
	walkStruct             // a struct that starts there
)

// walked is what walkType found.
type walked struct {
	kind  walkKind
	typ   btf.Type // of walkPtr and walkStruct
	flags regType
	field string // name of the member that is a pointer
}

// walkType finds what an access of size bytes at off of struct t reaches. An error
// has been put into the kernel's words and the log.
//
// Linux 6.18: going through a union with several members makes pointers
// untrusted; an array without length at the end of a struct has every index.
func (v *verifier) walkType(t btf.Type, off, size uint32) (walked, error) {
	var w walked
	for {
		t = bare(t)
		members, total, union, ok := fieldsOf(t)
		if !ok {
			return w, v.reject(CodeBTFAccess, abi.EINVAL, "Type '%s' is not a struct", nameOf(t))
		}
		if union && len(members) != 1 {
			w.flags |= fUntrusted
		}
		if off+size > total {
			elem, at, ok := flexible(members, off)
			if !ok {
				return w, v.reject(CodeBTFAccess, abi.EACCES, "access beyond struct %s at off %d size %d", nameOf(t), off, size)
			}
			if _, isInt := elem.(*btf.Int); isInt {
				w.kind = walkScalar
				return w, nil
			}
			t, off = elem, at
			continue
		}
		in, at, done, err := v.walkMember(&w, t, members, off, size)
		if done || err != nil {
			return w, err
		}
		t, off = in, at
	}
}

// flexible finds the element type of the array without length that ends a
// struct, and the offset in the element that off means.
func flexible(members []btf.Member, off uint32) (btf.Type, uint32, bool) {
	if len(members) == 0 {
		return nil, 0, false
	}
	last := members[len(members)-1]
	a, ok := bare(last.Type).(*btf.Array)
	if !ok || a.Nelems != 0 || off < last.Offset.Bytes() {
		return nil, 0, false
	}
	elem := bare(a.Type)
	if _, isInt := elem.(*btf.Int); isInt {
		return elem, 0, true
	}
	_, size, _, ok := fieldsOf(elem)
	if !ok || size == 0 {
		return nil, 0, false
	}
	return elem, (off - last.Offset.Bytes()) % size, true
}

// walkMember looks for the member at off. It is done, or goes on in a nested
// struct.
func (v *verifier) walkMember(w *walked, t btf.Type, members []btf.Member, off, size uint32) (btf.Type, uint32, bool, error) {
	for i := range members {
		m := &members[i]
		at := m.Offset.Bytes()
		if off+size <= at {
			break
		}
		if m.BitfieldSize != 0 {
			end := (uint32(m.Offset) + uint32(m.BitfieldSize) + 7) / 8
			if off <= at && end <= off+size {
				w.kind = walkScalar
				return nil, 0, true, nil
			}
			continue
		}
		if off < at {
			break
		}
		typ := bare(m.Type)
		length, err := btf.Sizeof(typ)
		if err != nil {
			length = 0
		}
		end := at + uint32(length)
		if off >= end {
			continue
		}
		elem, elemSize := typ, uint32(length)
		for {
			a, ok := elem.(*btf.Array)
			if !ok {
				break
			}
			elem = bare(a.Type)
			n, err := btf.Sizeof(elem)
			if err != nil || n == 0 {
				break
			}
			elemSize = uint32(n)
		}
		if elem != typ && elemSize != 0 {
			at += (off - at) / elemSize * elemSize
		}
		if _, _, _, ok := fieldsOf(elem); ok {
			if off == at {
				w.kind, w.typ = walkStruct, elem
				return nil, 0, true, nil
			}
			return elem, off - at, false, nil
		}
		return nil, 0, true, v.walkLeaf(w, t, m.Name, elem, at, elemSize, end, off, size)
	}
	return nil, 0, true, v.reject(CodeBTFAccess, abi.EINVAL, "struct %s doesn't have field at offset %d", nameOf(t), off)
}

// walkLeaf handles a member that is a pointer or a number.
func (v *verifier) walkLeaf(w *walked, t btf.Type, field string, elem btf.Type, at, elemSize, end, off, size uint32) error {
	p, ok := elem.(*btf.Pointer)
	if !ok {
		if off+size > end && w.flags&fUntrusted == 0 {
			return v.reject(CodeBTFAccess, abi.EACCES,
				"access beyond the end of member %s (mend:%d) in struct %s with off %d size %d", field, end, nameOf(t), off, size)
		}
		w.kind = walkScalar
		return nil
	}
	if elemSize != size || off != at {
		return v.reject(CodeBTFAccess, abi.EACCES,
			"cannot access ptr member %s with moff %d in struct %s with off %d size %d", field, at, nameOf(t), off, size)
	}
	target := bare(p.Target)
	if _, _, _, ok := fieldsOf(target); !ok {
		w.kind = walkOpaquePtr
		return nil
	}
	w.kind, w.typ, w.field = walkPtr, target, field
	switch typeTag(p.Target) {
	case "user":
		w.flags |= fUser
	case "percpu":
		w.flags |= fPerCPU
	case "rcu":
		w.flags |= fRCU
	}
	return nil
}

// typeTag is the type tag directly on t, "" if it has none.
func typeTag(t btf.Type) string {
	if tag, ok := t.(*btf.TypeTag); ok {
		return tag.Value
	}
	return ""
}

// structMatches reports whether a pointer into a struct at off may be taken
// for a pointer to the wanted type: it is that type, or, unless strict, a
// struct of that type begins there.
func (v *verifier) structMatches(kernel bool, id uint32, off int, wantKernel bool, want uint32, strict bool) bool {
	local, wantLocal := kernelType, kernelType
	if !kernel {
		local = localType
	}
	if !wantKernel {
		wantLocal = localType
	}
	t, w := v.typeOf(id, local), v.typeOf(want, wantLocal)
	if t == nil || w == nil {
		return false
	}
	if off == 0 && local == wantLocal && (id == want || bare(t) == bare(w)) {
		return true
	}
	if strict || local != wantLocal || off < 0 {
		return false
	}
	log := v.log
	v.log = nil
	defer func() { v.log = log }()
	at := uint32(off)
	for range 32 {
		found, err := v.walkType(t, at, 1)
		if err != nil || found.kind != walkStruct {
			return false
		}
		if found.typ == bare(w) {
			return true
		}
		t, at = found.typ, 0
	}
	return false
}

// checkBTFAccess checks an access through a pointer to an object with a BTF
// type, and makes the loaded register what is found there.
func (v *verifier) checkBTFAccess(regno, off, size int, write bool, valueReg int) error {
	r := v.reg(regno)
	t := v.typeOf(r.arg, r.arg2)
	name := nameOf(t)
	switch {
	case !v.perfmon:
		return v.reject(CodeUnprivileged, abi.EPERM, "'struct %s' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN", name)
	case !v.gplCompatible() && r.arg2 == kernelType:
		return v.reject(CodeHelperForbidden, abi.EINVAL, "Cannot access kernel 'struct %s' from non-GPL compatible program", name)
	case off < 0:
		return v.reject(CodeBTFAccess, abi.EACCES, "R%d is ptr_%s invalid negative access: off=%d", regno, name, off)
	case !r.Bits.IsConst() || r.Bits.Value != 0:
		return v.reject(CodeBTFAccess, abi.EACCES, "R%d is ptr_%s invalid variable offset: off=%d, var_off=%s", regno, name, off, r.Bits)
	case r.typ.has(fUser):
		return v.reject(CodeBTFAccess, abi.EACCES, "R%d is ptr_%s access user memory: off=%d", regno, name, off)
	case r.typ.has(fPerCPU):
		return v.reject(CodeBTFAccess, abi.EACCES, "R%d is ptr_%s access percpu memory: off=%d", regno, name, off)
	}
	alloc := r.typ.has(fAlloc)
	if write && !alloc {
		return v.checkKernelWrite(r, name, off, size)
	}
	if write && r.typ.has(fUntrusted) {
		return v.reject(CodeReadOnly, abi.EACCES, "only read is supported")
	}
	w, err := v.findField(t, r, off, size)
	if err != nil {
		return err
	}
	if write || valueReg < 0 {
		return nil
	}
	flags := v.inherit(r, name, &w)
	v.setLoaded(v.reg(valueReg), &w, r.arg2, flags)
	return nil
}

// findField walks to what an access reaches, through nested structs that begin
// there.
func (v *verifier) findField(t btf.Type, r *reg, off, size int) (walked, error) {
	if r.typ.has(fAlloc) {
		for i := range v.structFields(bare(t)).list {
			f := &v.structFields(bare(t)).list[i]
			if off < int(f.off+f.size) && int(f.off) < off+size {
				return walked{}, v.reject(CodeMapField, abi.EACCES, "direct access to %s is disallowed", f.kind)
			}
		}
	}
	at, flags := uint32(off), regType(0)
	for range 64 {
		w, err := v.walkType(t, at, uint32(size))
		flags |= w.flags & fUntrusted
		w.flags |= flags
		if err != nil || w.kind != walkStruct {
			if w.kind == walkPtr && r.typ.has(fAlloc) {
				w.kind = walkScalar
			}
			return w, err
		}
		t, at = w.typ, 0
	}
	return walked{}, v.bug("BTF nests without end")
}

// setLoaded makes d what a walk has found.
func (v *verifier) setLoaded(d *reg, w *walked, local uint32, flags regType) {
	switch w.kind {
	case walkPtr:
		d.setPointer(ptBTF | flags)
		d.arg, d.arg2 = v.typeID(w.typ, local), local
		if flags&fNull != 0 {
			d.id = v.newID()
		}
	case walkOpaquePtr:
		d.setPointer(ptMem | fReadOnly | fUntrusted)
	default:
		d.setUnknown()
	}
}

// trustFlags are what makes a pointer one that can be relied on.
const trustFlags = fTrusted | fAlloc | fNonOwn | fRCU

// inherit says how a pointer loaded from an object can be trusted.
//
// Linux 6.18: what is walked to from an untrusted pointer is untrusted; from a
// trusted or RCU-protected one it is as the field's row says, and untrusted
// outside of an RCU section if there is no row.
func (v *verifier) inherit(r *reg, name string, w *walked) regType {
	flags := w.flags
	if w.kind != walkPtr {
		return 0
	}
	switch {
	case r.typ.has(fUntrusted):
		return fUntrusted
	case v.isTrusted(r) || r.typ.has(fRCU):
		rule := trustOf(name, w.field)
		switch {
		case rule == trustFull:
			return flags | fTrusted
		case rule == trustOrNull:
			return flags | fTrusted | fNull
		case v.inRCU() && !r.typ.has(fNull):
			switch {
			case rule == trustRCU:
				return flags | fRCU
			case flags.has(fRCU) || rule == trustRCUOrNull:
				flags |= fRCU | fNull
				if rule == trustRCUOrNull {
					flags &^= fUntrusted
				}
				return flags
			case flags&(fPerCPU|fUser) != 0:
				return flags
			}
			return flags &^ trustFlags
		}
		return fUntrusted
	}
	return flags &^ trustFlags
}

// isTrusted reports whether r may be passed where a valid object is demanded:
// a referenced object, or a pointer flagged as trusted and nothing else.
func (v *verifier) isTrusted(r *reg) bool {
	if r.refID != 0 {
		return true
	}
	switch r.typ.base() {
	case ptSocket, ptTCPSock, ptSockCommon, ptMap:
		if r.typ == r.typ.base() {
			return true
		}
	}
	const safe = fAlloc | fTrusted | fNonOwn
	flags := r.typ &^ baseMask
	return flags&safe != 0 && flags&^safe == 0
}

// trust says how a field passes on the trust in its struct.
type trust uint8

const (
	trustNone trust = iota
	trustFull
	trustOrNull
	trustRCU
	trustRCUOrNull
)

// trustRows lists the fields that pass on trust. Linux 6.18: the kernel knows
// them by name.
var trustRows = map[string]trust{
	"task_struct.cpus_ptr":       trustRCU,
	"task_struct.cgroups":        trustRCU,
	"task_struct.real_parent":    trustRCU,
	"task_struct.group_leader":   trustRCU,
	"cgroup.kn":                  trustRCU,
	"css_set.dfl_cgrp":           trustRCU,
	"cgroup_subsys_state.cgroup": trustRCU,
	"mm_struct.exe_file":         trustRCUOrNull,
	"sk_buff.sk":                 trustRCUOrNull,
	"request_sock.sk":            trustRCUOrNull,
	"bpf_iter_meta.seq":          trustFull,
	"bpf_iter__task.meta":        trustFull,
	"linux_binprm.file":          trustFull,
	"file.f_inode":               trustFull,
	"dentry.d_inode":             trustOrNull,
	"socket.sk":                  trustOrNull,
	"vm_area_struct.vm_mm":       trustOrNull,
	"vm_area_struct.vm_file":     trustOrNull,
	"bpf_iter__task.task":        trustFull,
}

func trustOf(name, field string) trust { return trustRows[name+"."+field] }

// inRCU reports whether objects stay alive for the moment: inside an RCU
// section or lock, or in a program that does not sleep.
func (v *verifier) inRCU() bool {
	return v.state.activeRCU || v.state.activeLocks > 0 || !v.state.inSleepable
}

// checkKernelWrite checks a store into a kernel object, which some program
// types may do to some fields.
func (v *verifier) checkKernelWrite(r *reg, name string, off, size int) error {
	for _, row := range kernelWrites {
		if row.typ != name || !row.progs.Has(v.progType()) {
			continue
		}
		for _, field := range row.fields {
			at, length, ok := memberAt(bare(v.typeOf(r.arg, r.arg2)), field, 0)
			if !ok || off < at || off >= at+length {
				continue
			}
			if off+size > at+length {
				return v.reject(CodeBTFAccess, abi.EACCES,
					"write access at off %d with size %d beyond the member of %s ended at %d", off, size, name, at+length)
			}
			return nil
		}
		return v.reject(CodeBTFAccess, abi.EACCES, "no write support to %s at off %d", strings.TrimSuffix(name, "___init"), off)
	}
	return v.reject(CodeReadOnly, abi.EACCES, "only read is supported")
}

const connWriters = 1<<abi.SchedCLS | 1<<abi.SchedACT | 1<<abi.XDP | 1<<abi.Netfilter

// kernelWrites lists the fields of kernel objects that programs may write.
var kernelWrites = []struct {
	typ    string
	progs  abi.ProgSet
	fields []string
}{
	{"nf_conn", connWriters, []string{"mark"}},
	{"nf_conn___init", connWriters, []string{"mark"}},
	{"bpf_dummy_ops_state", 1 << abi.StructOps, []string{"val"}},
	{"tcp_sock", 1 << abi.StructOps, []string{
		"sk_pacing_rate", "sk_pacing_status", "icsk_ca_priv", "icsk_ack", "snd_cwnd", "snd_cwnd_cnt", "snd_cwnd_stamp",
		"snd_ssthresh", "ecn_flags", "app_limited",
	}},
}

// memberAt finds a member of a name in a struct, or in the structs that begin
// it or are nested in it.
func memberAt(t btf.Type, name string, depth int) (at, size int, ok bool) {
	members, _, _, isStruct := fieldsOf(t)
	if !isStruct || depth > 6 {
		return 0, 0, false
	}
	for i := range members {
		if members[i].Name == name {
			size, err := btf.Sizeof(members[i].Type)
			return int(members[i].Offset.Bytes()), size, err == nil
		}
	}
	for i := range members {
		if i > 0 && members[i].Name != "" {
			continue
		}
		if at, size, ok = memberAt(bare(members[i].Type), name, depth+1); ok {
			return int(members[i].Offset.Bytes()) + at, size, true
		}
	}
	return 0, 0, false
}

// mapStructs are the kernel structs behind the map types whose fields a
// program may read.
var mapStructs = map[abi.MapType]string{
	abi.Hash: "bpf_htab", abi.PerCPUHash: "bpf_htab", abi.LRUHash: "bpf_htab", abi.LRUPerCPUHash: "bpf_htab",
	abi.HashOfMaps: "bpf_htab", abi.Array: "bpf_array", abi.PerCPUArray: "bpf_array", abi.ProgArray: "bpf_array",
	abi.PerfEventArray: "bpf_array", abi.CgroupArray: "bpf_array", abi.ArrayOfMaps: "bpf_array",
	abi.LPMTrie: "lpm_trie", abi.StackTrace: "bpf_stack_map", abi.DevMap: "bpf_dtab", abi.DevMapHash: "bpf_dtab",
	abi.CPUMap: "bpf_cpu_map", abi.XSKMap: "xsk_map", abi.SockMap: "bpf_stab", abi.SockHash: "bpf_shtab",
	abi.Queue: "bpf_queue_stack", abi.Stack: "bpf_queue_stack", abi.RingBuf: "bpf_ringbuf_map",
	abi.UserRingBuf: "bpf_ringbuf_map", abi.BloomFilter: "bpf_bloom_filter", abi.ReuseportSockArray: "reuseport_array",
	abi.SkStorage: "bpf_local_storage_map", abi.InodeStorage: "bpf_local_storage_map",
	abi.TaskStorage: "bpf_local_storage_map", abi.CgrpStorage: "bpf_local_storage_map",
	abi.CgroupStorage: "bpf_cgroup_storage_map", abi.PerCPUCgroupStorage: "bpf_cgroup_storage_map",
	abi.Arena: "bpf_arena",
}

// checkMapObjAccess checks a load from a map's own struct in the kernel.
func (v *verifier) checkMapObjAccess(regno, off, size int, write bool, valueReg int) error {
	r := v.reg(regno)
	name := mapStructs[v.maps[r.arg].Type]
	id, ok := v.kernelStruct(name)
	switch {
	case name == "" || !ok:
		return v.reject(CodeBTFAccess, abi.ENOTSUPP, "map_ptr access not supported for map type %d", v.maps[r.arg].Type)
	case !v.perfmon:
		return v.reject(CodeUnprivileged, abi.EPERM, "'struct %s' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN", name)
	case off < 0:
		return v.reject(CodeBTFAccess, abi.EACCES, "R%d is %s invalid negative access: off=%d", regno, name, off)
	case write:
		return v.reject(CodeReadOnly, abi.EACCES, "only read from %s is supported", name)
	}
	obj := reg{typ: ptBTF, arg: id}
	w, err := v.findField(v.typeOf(id, kernelType), &obj, off, size)
	if err == nil && valueReg >= 0 {
		v.setLoaded(v.reg(valueReg), &w, kernelType, w.flags&^trustFlags)
	}
	return err
}
