package kernel

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
)

// attachment is what a program attaches to by BTF, and where.
type attachment struct {
	typ  abi.AttachType
	id   uint32 // attach_btf_id
	fd   int    // attach_prog_fd or attach_btf_obj_fd, 0 for the kernel
	mine bool   // fd is to be closed
}

func (a *attachment) close() {
	if a.mine {
		closeFD(a.fd)
		a.mine = false
	}
}

// attach finds what p attaches to.
func (l *loading) attach() error {
	p, at := l.p, &l.at
	at.typ = p.Attach
	info := p.Type.Info()
	if info == nil || !info.AttachBTF && p.Type != abi.StructOps && p.Type != abi.Extension {
		return nil
	}
	if l.opts.Extends != nil {
		return l.attachProgram()
	}
	if p.Type == abi.Extension {
		return errors.New("an extension needs the program that it extends")
	}
	if p.AttachTo == "" {
		return errors.New("its section names no attach target")
	}
	if p.Type == abi.StructOps {
		return l.attachMember()
	}
	var err error
	switch {
	case p.Type == abi.LSM:
		err = l.attachType(addPrefix("bpf_lsm_", p.AttachTo), kindFunc)
	case p.Attach == abi.AttachTraceRawTP:
		err = l.attachType(addPrefix("btf_trace_", p.AttachTo), kindTypedef)
	case p.Attach == abi.AttachTraceIter:
		err = l.attachType(addPrefix("bpf_iter_", p.AttachTo), kindFunc)
	default:
		err = l.attachType(p.AttachTo, kindFunc)
	}
	if err != nil {
		return fmt.Errorf("attach target: %w", err)
	}
	return nil
}

func addPrefix(prefix, name string) string { return prefix + strings.TrimPrefix(name, prefix) }

// attachType attaches to a type of the kernel or of a module.
func (l *loading) attachType(name string, kind typeKind) error {
	id, _, fd, err := l.find(name, kind)
	l.at.id, l.at.fd, l.at.mine = uint32(id), fd, fd != 0
	return err
}

// attachMember attaches to a member of a kernel struct of functions: its
// number goes where others have the attach type.
func (l *loading) attachMember() error {
	name, member, ok := strings.Cut(l.p.AttachTo, ":")
	if !ok {
		return fmt.Errorf("%q is no member of a struct of functions", l.p.AttachTo)
	}
	id, typ, fd, err := l.find(name, kindStruct)
	if err != nil {
		return fmt.Errorf("attach target: %w", err)
	}
	l.at.id, l.at.fd, l.at.mine = uint32(id), fd, fd != 0
	for i, m := range typ.(*btf.Struct).Members {
		if m.Name == member {
			l.at.typ = abi.AttachType(i)
			return nil
		}
	}
	return fmt.Errorf("attach target: struct %q of the kernel has no member %q", name, member)
}

// attachProgram loads the program that p extends or traces, and attaches to
// the function of it that p names, to the entry if it names none.
func (l *loading) attachProgram() error {
	target := l.opts.Extends
	base, _, err := Load(l.ctx, target, &JudgeOptions{KernelTypes: l.opts.KernelTypes})
	if err != nil {
		return fmt.Errorf("attach target %q: %w", target.Name, err)
	}
	l.base = base
	l.at.fd = base.fd
	for i := range target.Funcs {
		f := &target.Funcs[i]
		if f.Type != nil && (f.Name == l.p.AttachTo || l.p.AttachTo == "" && i == 0) {
			l.at.id = base.types.id(f.Type)
			return nil
		}
	}
	return fmt.Errorf("attach target %q: has no function %q with a type", target.Name, l.p.AttachTo)
}

// typeKind is a kind of types that are looked up by name.
type typeKind uint8

const (
	kindFunc typeKind = iota
	kindTypedef
	kindStruct
	kindVar
)

func (k typeKind) String() string { return [...]string{"function", "typedef", "struct", "variable"}[k] }

// lookup finds a type by kind and name.
func lookup(spec *btf.Spec, name string, kind typeKind) (btf.TypeID, btf.Type, error) {
	var typ btf.Type
	var err error
	switch kind {
	case kindFunc:
		var t *btf.Func
		err = spec.TypeByName(name, &t)
		typ = t
	case kindTypedef:
		var t *btf.Typedef
		err = spec.TypeByName(name, &t)
		typ = t
	case kindStruct:
		var t *btf.Struct
		err = spec.TypeByName(name, &t)
		typ = t
	case kindVar:
		var t *btf.Var
		err = spec.TypeByName(name, &t)
		typ = t
	}
	if err != nil {
		return 0, nil, err
	}
	id, err := spec.TypeID(typ)
	return id, typ, err
}

// find finds a type in the kernel, then in its modules. fd is the module's BTF,
// 0 for the kernel's, and is the caller's to close.
func (l *loading) find(name string, kind typeKind) (btf.TypeID, btf.Type, int, error) {
	kern, err := l.kernelTypes()
	if err != nil {
		return 0, nil, 0, err
	}
	if id, typ, err := lookup(kern, name, kind); err == nil {
		return id, typ, 0, nil
	} else if !errors.Is(err, btf.ErrNotFound) {
		return 0, nil, 0, err
	}
	var id btf.TypeID
	var typ btf.Type
	fd, err := eachModule(kern, func(spec *btf.Spec) bool {
		i, t, err := lookup(spec, name, kind)
		id, typ = i, t
		return err == nil
	})
	if err != nil {
		return 0, nil, 0, err
	}
	if fd == 0 {
		return 0, nil, 0, fmt.Errorf("the kernel's types have no %s %q", kind, name)
	}
	return id, typ, fd, nil
}

// kernelTypes are the running kernel's.
func (l *loading) kernelTypes() (*btf.Spec, error) {
	if l.opts.KernelTypes != nil {
		return l.opts.KernelTypes, nil
	}
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		return nil, fmt.Errorf("the kernel's types: %w", err)
	}
	l.opts.KernelTypes = spec
	return spec, nil
}

// eachModule calls want with the types of each module until it says true, and
// is a descriptor of those then; 0 if it never does.
func eachModule(kern *btf.Spec, want func(*btf.Spec) bool) (int, error) {
	it := new(btf.HandleIterator)
	defer it.Handle.Close()
	for it.Next() {
		info, err := it.Handle.Info()
		if err != nil {
			return 0, fmt.Errorf("types of modules: %w", err)
		}
		if !info.IsModule() {
			continue
		}
		spec, err := it.Handle.Spec(kern)
		if err != nil {
			return 0, fmt.Errorf("types of module %q: %w", info.Name, err)
		}
		if want(spec) {
			return btfByID(uint32(info.ID))
		}
	}
	if err := it.Err(); err != nil {
		return 0, fmt.Errorf("types of modules: %w", err)
	}
	return 0, nil
}

func btfByID(id uint32) (int, error) {
	var a attr
	a.u32(0, id)
	fd, errno := a.call(cmdBTFGetFDByID)
	if errno != 0 {
		return 0, fmt.Errorf("types number %d: %w", id, errno)
	}
	return fd, nil
}

// place says where a resolved kernel function or variable is: the id in the
// kernel's types, or in those of a module.
func (l *loading) place(name string, id btf.TypeID, target *btf.Spec, kind typeKind) (btf.TypeID, int, error) {
	kern, err := l.kernelTypes()
	if err != nil {
		return 0, 0, err
	}
	if id == 0 {
		id, _, fd, err := l.find(essential(name), kind)
		return id, fd, err
	}
	if target == nil || target == kern || !split(target, kern, id) {
		return id, 0, nil
	}
	fd, err := eachModule(kern, func(spec *btf.Spec) bool {
		got, _, err := lookup(spec, essential(name), kind)
		return err == nil && got == id
	})
	if err == nil && fd == 0 {
		err = fmt.Errorf("no module has %s %q", kind, name)
	}
	return id, fd, err
}

// split reports whether id is beyond the kernel's own types.
func split(target, kern *btf.Spec, id btf.TypeID) bool {
	_, err := kern.TypeByID(id)
	return target != kern && errors.Is(err, btf.ErrNotFound)
}

// essential is a name without its flavour.
func essential(name string) string {
	name, _, _ = strings.Cut(name, "___")
	return name
}

// moduleFDs are the descriptors of fd_array: those of modules from index 1 on.
type moduleFDs struct {
	list []int
}

func (m *moduleFDs) index(fd int) int16 {
	m.list = append(m.list, fd)
	return int16(len(m.list))
}

func (m *moduleFDs) close() {
	for _, fd := range m.list {
		closeFD(fd)
	}
	m.list = nil
}
