package verifier

import (
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
)

// fieldKind is the kind of a special field in a map value or an allocated
// object: one that only helpers and kernel functions may touch.
type fieldKind uint32

// The kinds of special fields.
const (
	fieldSpinLock fieldKind = 1 << iota
	fieldResLock
	fieldTimer
	fieldWorkqueue
	fieldTaskWork
	fieldKptrUnref
	fieldKptrRef
	fieldKptrPerCPU
	fieldUptr
	fieldListHead
	fieldListNode
	fieldRBRoot
	fieldRBNode
	fieldRefcount

	fieldKptr  = fieldKptrUnref | fieldKptrRef | fieldKptrPerCPU
	fieldGraph = fieldListHead | fieldListNode | fieldRBRoot | fieldRBNode
)

// fieldStructs are the structs that make a field special.
var fieldStructs = map[string]fieldKind{
	"bpf_spin_lock": fieldSpinLock, "bpf_res_spin_lock": fieldResLock, "bpf_timer": fieldTimer, "bpf_wq": fieldWorkqueue,
	"bpf_task_work": fieldTaskWork, "bpf_list_head": fieldListHead, "bpf_list_node": fieldListNode,
	"bpf_rb_root": fieldRBRoot, "bpf_rb_node": fieldRBNode, "bpf_refcount": fieldRefcount,
}

// String is the name in messages.
func (k fieldKind) String() string {
	if k&fieldKptr != 0 {
		return "kptr"
	}
	if k == fieldUptr {
		return "uptr"
	}
	for name, f := range fieldStructs {
		if f == k {
			return name
		}
	}
	return "unknown"
}

// mapField is one special field.
type mapField struct {
	kind      fieldKind
	off, size uint32
	// typeID and local are the type of a kptr's target.
	typeID, local uint32
	// node is the struct that a list or tree holds, and at the offset of the
	// node in it.
	node     *btf.Struct
	nodeName string // of the member
	at       uint32
}

// fields are the special fields of a type, sorted by offset.
type fields struct {
	list  []mapField
	mask  fieldKind
	steps int  // members looked at
	bad   bool // they do not fit together: none is special
	seen  fieldKind
}

func (f *fields) has(k fieldKind) bool { return f != nil && f.mask&k != 0 }

// find is the first field of a kind.
func (f *fields) find(k fieldKind) *mapField {
	if f == nil {
		return nil
	}
	for i := range f.list {
		if f.list[i].kind&k != 0 {
			return &f.list[i]
		}
	}
	return nil
}

// at is the field of a kind at an offset.
func (f *fields) at(off uint32, k fieldKind) *mapField {
	if f == nil {
		return nil
	}
	for i := range f.list {
		if f.list[i].kind&k != 0 && f.list[i].off == off {
			return &f.list[i]
		}
	}
	return nil
}

var noFields = &fields{}

// What can be special in map values and in allocated objects.
const (
	inMapValue = fieldSpinLock | fieldResLock | fieldTimer | fieldWorkqueue | fieldTaskWork | fieldKptr | fieldUptr |
		fieldListHead | fieldRBRoot | fieldRefcount
	inObject = fieldSpinLock | fieldResLock | fieldKptr | fieldGraph | fieldRefcount
)

// mapFields are the special fields of a map's value.
func (v *verifier) mapFields(i int) *fields {
	m := &v.maps[i]
	if m.Value == nil {
		return noFields
	}
	return v.typeFields(m.Value, inMapValue)
}

// structFields are the special fields of a type that a program allocates.
func (v *verifier) structFields(t btf.Type) *fields {
	if t == nil {
		return noFields
	}
	return v.typeFields(t, inObject)
}

// fieldsAt are the special fields of what r points to.
func (v *verifier) fieldsAt(r *reg) *fields {
	switch {
	case r.typ.base() == ptMapValue:
		return v.mapFields(int(r.arg))
	case r.typ.base() == ptBTF && r.typ.has(fAlloc):
		return v.structFields(bare(v.typeOf(r.arg, r.arg2)))
	}
	return noFields
}

type fieldKey struct {
	typ  btf.Type
	mask fieldKind
}

func (v *verifier) typeFields(t btf.Type, mask fieldKind) *fields {
	key := fieldKey{t, mask}
	if f, ok := v.fields[key]; ok {
		return f
	}
	f := &fields{}
	v.collectFields(f, bare(t), 0, mask, 0)
	if !f.fits() {
		// Linux 6.18: nothing in such a value is special.
		f.bad, f.list = true, nil
	}
	slices.SortFunc(f.list, func(a, b mapField) int { return int(a.off) - int(b.off) })
	for i := range f.list {
		f.mask |= f.list[i].kind
	}
	if v.fields == nil {
		v.fields = make(map[fieldKey]*fields)
	}
	v.fields[key] = f
	return f
}

// collectFields appends the special fields of t, which lies at off.
func (v *verifier) collectFields(f *fields, t btf.Type, off uint32, mask fieldKind, depth int) {
	if depth >= maxNesting {
		f.bad = true
	}
	if f.bad {
		return
	}
	switch s := t.(type) {
	case *btf.Struct:
		for i := range s.Members {
			m := &s.Members[i]
			if m.BitfieldSize == 0 {
				v.collectField(f, m.Type, m.Tags, off+m.Offset.Bytes(), mask, depth)
			}
		}
	case *btf.Datasec:
		for i := range s.Vars {
			if x, ok := s.Vars[i].Type.(*btf.Var); ok {
				v.collectField(f, x.Type, x.Tags, off+s.Vars[i].Offset, mask, depth)
			}
		}
	}
}

const (
	// maxMembers is the most members that are looked at for special fields.
	maxMembers = 1 << 17
	// maxFields is the most special fields that a type can have. Linux 6.18:
	// BTF_FIELDS_MAX.
	maxFields = 11
	// maxNesting is how deep special fields are looked for. Linux 6.18:
	// MAX_RESOLVE_DEPTH.
	maxNesting = 32
)

// What is special about the kinds of fields.
const (
	fieldOnce   = fieldSpinLock | fieldResLock | fieldTimer | fieldWorkqueue | fieldTaskWork | fieldRefcount
	fieldArrays = fieldKptr | fieldListHead | fieldRBRoot // may be elements of an array
	fieldWords  = fieldSpinLock | fieldResLock | fieldRefcount
)

// align is what a field's offset must be a multiple of.
func (k fieldKind) align() uint32 {
	if k&fieldWords != 0 {
		return 4
	}
	return 8
}

// collectField appends the member or variable of type t with decl tags at off,
// or what is special inside it; arrays element by element.
//
// Linux 6.18: one field that is out of place spoils all of them, except that
// one with an odd offset is none.
func (v *verifier) collectField(f *fields, t btf.Type, tags []string, off uint32, mask fieldKind, depth int) {
	// The same struct nested in itself many times over, which only a hostile
	// object has, is not worth the time.
	if f.steps++; f.steps > maxMembers {
		f.bad = true
	}
	if f.bad {
		return
	}
	n, levels := uint32(1), 0
	for {
		a, ok := bare(t).(*btf.Array)
		if !ok {
			break
		}
		n *= a.Nelems
		t = a.Type
		if levels++; levels == maxNesting {
			f.bad = true
			return
		}
	}
	if n == 0 {
		return
	}
	first, size := len(f.list), uint32(8)
	switch target := bare(t).(type) {
	case *btf.Struct:
		size = target.Size
		kind := fieldStructs[target.Name] & mask
		if kind == 0 {
			v.collectFields(f, target, off, mask, depth+1)
			break
		}
		if kind&fieldOnce&f.seen != 0 {
			f.bad = true
			return
		}
		f.seen |= kind
		if off%kind.align() != 0 {
			return
		}
		field := mapField{kind: kind, off: off, size: size}
		if kind&(fieldListHead|fieldRBRoot) != 0 && !v.setNode(&field, tags) {
			f.bad = true
			return
		}
		f.list = append(f.list, field)
	case *btf.Pointer:
		if off%8 == 0 {
			v.collectKptr(f, target, off, mask)
		}
	}
	f.repeat(first, n, size)
}

// repeat adds the fields of the other elements of an array of n, whose first
// element has those from index first on.
func (f *fields) repeat(first int, n, size uint32) {
	one := f.list[first:]
	if n == 1 || len(one) == 0 || f.bad {
		return
	}
	if uint64(len(one))*uint64(n) > maxFields {
		f.bad = true
		return
	}
	for i := range n - 1 {
		for _, field := range one {
			if field.kind&fieldArrays == 0 {
				f.bad = true
				return
			}
			field.off += (i + 1) * size
			f.list = append(f.list, field)
		}
	}
}

// fits reports whether the fields go together. Linux 6.18: they do not
// overlap, lists and trees need a lock, and an object in both needs a count.
func (f *fields) fits() bool {
	if f.bad || len(f.list) > maxFields {
		return false
	}
	var mask fieldKind
	next := uint32(0)
	for i := range f.list {
		if f.list[i].off < next {
			return false
		}
		next = f.list[i].off + f.list[i].size
		mask |= f.list[i].kind
	}
	switch {
	case mask&fieldSpinLock != 0 && mask&fieldResLock != 0,
		mask&(fieldListHead|fieldRBRoot) != 0 && mask&(fieldSpinLock|fieldResLock) == 0,
		mask&fieldListNode != 0 && mask&fieldRBNode != 0 && mask&fieldRefcount == 0:
		return false
	}
	return true
}

// setNode finds what a list or tree holds, from its tag "contains:struct:node".
func (v *verifier) setNode(f *mapField, tags []string) bool {
	for _, tag := range tags {
		rest, ok := strings.CutPrefix(tag, "contains:")
		if !ok || v.prog.Types == nil {
			continue
		}
		name, member, ok := strings.Cut(rest, ":")
		if !ok {
			continue
		}
		var s *btf.Struct
		if v.prog.Types.TypeByName(name, &s) != nil {
			continue
		}
		for i := range s.Members {
			if s.Members[i].Name == member && nameOf(bare(s.Members[i].Type)) == nodeStruct(f.kind) {
				f.node, f.nodeName, f.at = s, member, s.Members[i].Offset.Bytes()
				return true
			}
		}
	}
	return false
}

// nodeStruct is the struct that ties an element to a list or tree.
func nodeStruct(root fieldKind) string {
	if root == fieldRBRoot {
		return fieldRBNode.String()
	}
	return fieldListNode.String()
}

// kptrTags are the type tags of pointers that are special.
var kptrTags = map[string]fieldKind{
	"kptr_untrusted": fieldKptrUnref, "kptr": fieldKptrRef, "percpu_kptr": fieldKptrPerCPU, "uptr": fieldUptr,
}

// destructors are the kernel's functions that give back an object which a map
// owns when the map goes.
var destructors = map[string]string{
	"task_struct": "bpf_task_release_dtor", "cgroup": "bpf_cgroup_release_dtor", "bpf_cpumask": "bpf_cpumask_release_dtor",
	"bpf_crypto_ctx": "bpf_crypto_ctx_release_dtor", "prog_test_ref_kfunc": "bpf_kfunc_call_test_release_dtor",
	"prog_test_member": "bpf_kfunc_call_memb_release_dtor",
}

// collectKptr appends a pointer member whose type tag makes it a kptr.
func (v *verifier) collectKptr(f *fields, p *btf.Pointer, off uint32, mask fieldKind) {
	tag, ok := p.Target.(*btf.TypeTag)
	if !ok || mask&fieldKptr == 0 {
		return
	}
	kind := kptrTags[tag.Value]
	_, more := tag.Type.(*btf.TypeTag)
	target, isStruct := bare(tag.Type).(*btf.Struct)
	switch {
	case more || kind == 0:
		f.bad = true
		return
	case kind&mask == 0:
		return
	case !isStruct:
		f.bad = true
		return
	}
	field := mapField{kind: kind, off: off, size: 8, local: localType}
	if id, ok := v.kernelStruct(nameOf(target)); ok {
		field.typeID, field.local = id, kernelType
		if kind == fieldKptrRef && !v.kernelHas(destructors[target.Name]) {
			f.bad = true
			return
		}
	} else {
		field.typeID = v.typeID(target, localType)
	}
	f.list = append(f.list, field)
}

// kernelHas reports whether the kernel has a function of a name.
func (v *verifier) kernelHas(name string) bool {
	var f *btf.Func
	return name != "" && v.kernel().TypeByName(name, &f) == nil
}

// checkMapFields demands that an access to a map value, or to an allocated
// object, touches no special field; a kptr may be loaded and stored whole.
func (v *verifier) checkMapFields(regno, off, size int, helper bool) error {
	r := v.reg(regno)
	fs := v.fieldsAt(r)
	if fs.mask == 0 {
		return nil
	}
	lo, hi := r.SMin+int64(off), r.UMax+uint64(int64(off))+uint64(size)
	for i := range fs.list {
		f := &fs.list[i]
		if lo >= int64(f.off+f.size) || uint64(f.off) >= hi {
			continue
		}
		if f.kind&(fieldKptr|fieldUptr) == 0 {
			return v.reject(CodeMapField, abi.EACCES, "%s cannot be accessed directly by load/store", f.kind)
		}
		switch at := uint64(int64(off)) + r.Bits.Value; {
		case helper:
			return v.reject(CodeKptr, abi.EACCES, "%s cannot be accessed indirectly by helper", f.kind)
		case !r.Bits.IsConst():
			return v.reject(CodeKptr, abi.EACCES, "%s access cannot have variable offset", f.kind)
		case uint64(f.off) != at:
			return v.reject(CodeKptr, abi.EACCES, "%s access misaligned expected=%d off=%d", f.kind, f.off, at)
		case size != 8:
			return v.reject(CodeKptr, abi.EACCES, "%s access size must be BPF_DW", f.kind)
		}
	}
	return nil
}

// kptrAt is the kptr at an offset of what r points to, nil if there is none.
func (v *verifier) kptrAt(r *reg, at int) *mapField {
	return v.fieldsAt(r).at(uint32(at), fieldKptr|fieldUptr)
}

// checkKptrAccess checks a plain load or store of a kptr and makes the loaded
// register a pointer to its target.
func (v *verifier) checkKptrAccess(a *access, f *mapField, at int) error {
	in := v.insns[v.insn]
	load := !a.write
	switch {
	case in.Op.Mode() != isa.ModeMem:
		return v.reject(CodeKptr, abi.EACCES, "kptr in map can only be accessed using BPF_MEM instruction mode")
	case !load && f.kind&(fieldKptrRef|fieldKptrPerCPU) != 0:
		return v.reject(CodeKptr, abi.EACCES, "store to referenced kptr disallowed")
	case !load && f.kind == fieldUptr:
		return v.reject(CodeKptr, abi.EACCES, "store to uptr disallowed")
	case load && f.kind == fieldUptr:
		return v.loadUptr(a.value, f)
	case load:
		d := v.reg(a.value)
		d.setPointer(ptBTF | v.kptrFlags(f))
		d.arg, d.arg2 = f.typeID, f.local
		d.id = v.newID()
	case in.Op.Class() == isa.ClassStx:
		if val := v.reg(a.value); !val.isNull() {
			return v.matchKptr(f, val, a.value)
		}
	case in.Imm != 0:
		return v.reject(CodeKptr, abi.EACCES, "BPF_ST imm must be 0 when storing to kptr at off=%d", at)
	}
	return nil
}

// loadUptr makes a register the user memory that a uptr points to.
func (v *verifier) loadUptr(valueReg int, f *mapField) error {
	size, _, _, _ := v.typeExtent(f.typeID, f.local)
	d := v.reg(valueReg)
	d.setPointer(ptMem | fNull)
	d.arg = uint32(size)
	d.id = v.newID()
	return nil
}

// rcuTypes are the kernel types whose objects outlive their last reference by
// an RCU period.
var rcuTypes = []string{"prog_test_ref_kfunc", "cgroup", "bpf_cpumask", "task_struct", "bpf_crypto_ctx"}

// kptrFlags are the flags of a pointer loaded from a kptr: safe under RCU if
// its target is, untrusted otherwise.
func (v *verifier) kptrFlags(f *mapField) regType {
	safe := f.kind == fieldKptrPerCPU
	if f.kind == fieldKptrRef {
		safe = f.local != kernelType || slices.Contains(rcuTypes, nameOf(v.typeOf(f.typeID, f.local)))
	}
	switch {
	case !safe || !v.inRCU():
		return fNull | fUntrusted
	case f.kind == fieldKptrPerCPU:
		return fNull | fRCU | fPerCPU
	case f.local != kernelType:
		return fNull | fRCU | fAlloc | fNonOwn
	}
	return fNull | fRCU
}

// matchKptr demands that a pointer may be stored in a kptr.
func (v *verifier) matchKptr(f *mapField, r *reg, regno int) error {
	perm := fNull | fTrusted | fRCU
	if f.kind == fieldKptrUnref {
		perm |= fUntrusted
	}
	if r.arg2 != kernelType {
		perm = fNull | fAlloc
		if f.kind == fieldKptrPerCPU {
			perm |= fPerCPU
		}
	}
	kind := r.typ.base() == ptBTF && r.typ&^baseMask&^perm == 0
	ok := kind
	if ok {
		if err := v.checkOffsetReg(r, regno, true); err != nil {
			return err
		}
		ok = v.structMatches(r.arg2 == kernelType, r.arg, int(r.off), f.local == kernelType, f.typeID, f.kind != fieldKptrUnref)
	}
	if ok {
		return nil
	}
	// Linux 6.18: the type's name is looked at once the kind of pointer fits.
	have, want := "", nameOf(v.typeOf(f.typeID, f.local))
	if kind {
		have = v.typeName(r)
	}
	text := ptBTF.String() + want
	if f.kind == fieldKptrUnref {
		text += " or " + (ptBTF | fUntrusted).String() + want
	}
	return v.reject(CodeKptr, abi.EACCES, "invalid kptr access, R%d type=%s%s expected=%s", regno, r.typ, have, text)
}

// processKptrDest checks the first argument of kptr_xchg.
func (v *verifier) processKptrDest(regno int, m *callMeta) error {
	r := v.reg(regno)
	if r.typ.base() == ptMapValue {
		if info := &v.maps[r.arg]; info.Value == nil {
			return v.reject(CodeKptr, abi.EINVAL, "map '%s' has to have BTF in order to use bpf_kptr_xchg", mapName(info.Map))
		}
		m.mapAt, m.mapUID = int32(r.arg), r.arg2
	}
	if !r.Bits.IsConst() {
		return v.reject(CodeKptr, abi.EINVAL, "R%d doesn't have constant offset. kptr has to be at the constant offset", regno)
	}
	fs := v.fieldsAt(r)
	if !fs.has(fieldKptr) {
		return v.reject(CodeKptr, abi.EINVAL, "R%d has no valid kptr", regno)
	}
	off := r.off + int32(r.Bits.Value)
	f := fs.at(uint32(off), fieldKptr)
	switch {
	case f == nil:
		return v.reject(CodeKptr, abi.EACCES, "off=%d doesn't point to kptr", off)
	case f.kind == fieldKptrUnref:
		return v.reject(CodeKptr, abi.EACCES, "off=%d kptr isn't referenced kptr", off)
	}
	m.kptr = f
	return nil
}

// processMapObject checks a pointer to a timer, workqueue or task work in a
// map value.
func (v *verifier) processMapObject(regno int, m *callMeta, kind fieldKind) error {
	r := v.reg(regno)
	info := &v.maps[r.arg]
	name := mapName(info.Map)
	off := int64(r.off) + int64(r.Bits.Value)
	f := v.mapFields(int(r.arg)).find(kind)
	switch {
	case !r.Bits.IsConst():
		return v.reject(CodeMapField, abi.EINVAL, "R%d doesn't have constant offset. %s has to be at the constant offset", regno, kind)
	case info.Value == nil:
		return v.reject(CodeMapField, abi.EINVAL, "map '%s' has to have BTF in order to use %s", name, kind)
	case f == nil:
		return v.reject(CodeMapField, abi.EINVAL, "map '%s' has no valid %s", name, kind)
	case int64(f.off) != off:
		return v.reject(CodeMapField, abi.EINVAL, "off %d doesn't point to 'struct %s' that is at %d", off, kind, f.off)
	}
	m.mapAt, m.mapUID = int32(r.arg), r.arg2
	return nil
}

// needsUID reports whether an inner map must be told apart from others of its
// shape, because something in its values is tied to it.
func (v *verifier) needsUID(at int) bool {
	return v.mapFields(at).has(fieldTimer | fieldWorkqueue | fieldTaskWork)
}

// keepsID reports whether a pointer keeps its id after the test for NULL: the
// id tells which lock lies in what it points to.
func (v *verifier) keepsID(r *reg) bool {
	return v.fieldsAt(r).has(fieldSpinLock | fieldResLock)
}
