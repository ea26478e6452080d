package object

import (
	"errors"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// The rules by which a type that a program declares is held against a type of
// the kernel: CO-RE as clang and libbpf define it. Names count without their
// flavour ("task_struct___v2" is "task_struct").

// maxCOREDepth is how deep types may nest in a comparison.
const maxCOREDepth = 32

// maxCOREWork is how many types and members may be looked at to resolve a
// collection. The largest of the kernel's selftests needs 76,365.
const maxCOREWork = 1 << 25

var (
	errCOREDepth = errors.New("types nest too deep")
	errCOREWork  = errors.New("comparing types takes too long")
)

// matcher compares types, and counts what it looks at: types branch at every
// member, so that few of them can make endless work.
type matcher struct{ work int }

func (m *matcher) step(n int) error {
	if m.work += n; m.work > maxCOREWork {
		return errCOREWork
	}
	return nil
}

// essential is a type's name without its flavour: what stands before the last
// "___" that has other characters on both sides.
func essential(name string) string {
	for i := len(name) - 5; i >= 0; i-- {
		if name[i] != '_' && name[i+1:i+4] == "___" && name[i+4] != '_' {
			return name[:i+1]
		}
	}
	return name
}

// bare is t without qualifiers and typedefs.
func bare(t btf.Type) btf.Type {
	if t == nil {
		return (*btf.Void)(nil)
	}
	return btf.UnderlyingType(t)
}

// sameKind reports whether two types are of one kind; all enumerations are.
func sameKind(a, b btf.Type) bool {
	switch a.(type) {
	case *btf.Void:
		return is[*btf.Void](b)
	case *btf.Int:
		return is[*btf.Int](b)
	case *btf.Pointer:
		return is[*btf.Pointer](b)
	case *btf.Array:
		return is[*btf.Array](b)
	case *btf.Struct:
		return is[*btf.Struct](b)
	case *btf.Union:
		return is[*btf.Union](b)
	case *btf.Enum:
		return is[*btf.Enum](b)
	case *btf.Fwd:
		return is[*btf.Fwd](b)
	case *btf.Typedef:
		return is[*btf.Typedef](b)
	case *btf.Func:
		return is[*btf.Func](b)
	case *btf.FuncProto:
		return is[*btf.FuncProto](b)
	case *btf.Var:
		return is[*btf.Var](b)
	case *btf.Float:
		return is[*btf.Float](b)
	case *btf.Const:
		return is[*btf.Const](b)
	case *btf.Volatile:
		return is[*btf.Volatile](b)
	case *btf.Restrict:
		return is[*btf.Restrict](b)
	}
	return false
}

func is[T btf.Type](t btf.Type) bool {
	_, ok := t.(T)
	return ok
}

// members are the members of a struct or union, nil and false for others.
func members(t btf.Type) ([]btf.Member, bool) {
	switch t := t.(type) {
	case *btf.Struct:
		return t.Members, true
	case *btf.Union:
		return t.Members, true
	}
	return nil, false
}

// fieldsCompatible reports whether a field of type local may stand for one of
// type target: loosely, since the loader only needs its place and size.
func fieldsCompatible(local, target btf.Type) bool {
	for range maxCOREDepth {
		local, target = bare(local), bare(target)
		_, lc := members(local)
		_, tc := members(target)
		if lc && tc {
			return true
		}
		if !sameKind(local, target) {
			return false
		}
		switch l := local.(type) {
		case *btf.Pointer, *btf.Float, *btf.Int:
			return true
		case *btf.Fwd, *btf.Enum:
			ln, tn := essential(l.TypeName()), essential(target.TypeName())
			return ln == "" || tn == "" || ln == tn
		case *btf.Array:
			local, target = l.Type, target.(*btf.Array).Type
		default:
			return false
		}
	}
	return false
}

// typesCompatible reports whether two types agree in kind all the way through
// pointers, arrays and prototypes; structs count as one whatever they hold.
func (m *matcher) typesCompatible(local, target btf.Type) (bool, error) {
	if !sameKind(local, target) {
		return false, nil
	}
	return m.compatible(local, target, maxCOREDepth)
}

func (m *matcher) compatible(local, target btf.Type, depth int) (bool, error) {
	if err := m.step(1); err != nil {
		return false, err
	}
	if depth <= 0 {
		return false, errCOREDepth
	}
	local, target = bare(local), bare(target)
	if !sameKind(local, target) {
		return false, nil
	}
	switch l := local.(type) {
	case *btf.Void, *btf.Struct, *btf.Union, *btf.Enum, *btf.Fwd, *btf.Int:
		return true, nil
	case *btf.Pointer:
		return m.compatible(l.Target, target.(*btf.Pointer).Target, depth-1)
	case *btf.Array:
		return m.compatible(l.Type, target.(*btf.Array).Type, depth-1)
	case *btf.FuncProto:
		t := target.(*btf.FuncProto)
		if len(l.Params) != len(t.Params) {
			return false, nil
		}
		for i := range l.Params {
			if ok, err := m.compatible(l.Params[i].Type, t.Params[i].Type, depth-1); !ok || err != nil {
				return ok, err
			}
		}
		return m.compatible(l.Return, t.Return, depth-1)
	}
	return false, nil
}

// match compares types for bpf_core_type_matches: in names, members and sizes.
// Behind a pointer a struct only needs its name and kind.
func (m *matcher) match(local, target btf.Type, behindPtr bool, depth int) (bool, error) {
	if err := m.step(1); err != nil {
		return false, err
	}
	if depth <= 0 {
		return false, errCOREDepth
	}
	local, target = bare(local), bare(target)
	if essential(local.TypeName()) != essential(target.TypeName()) {
		return false, nil
	}
	switch l := local.(type) {
	case *btf.Void:
		return is[*btf.Void](target), nil
	case *btf.Fwd:
		switch t := target.(type) {
		case *btf.Fwd:
			return l.Kind == t.Kind, nil
		case *btf.Struct:
			return behindPtr && l.Kind == btf.FwdStruct, nil
		case *btf.Union:
			return behindPtr && l.Kind == btf.FwdUnion, nil
		}
		return false, nil
	case *btf.Enum:
		t, ok := target.(*btf.Enum)
		return ok && enumsMatch(l, t), nil
	case *btf.Struct, *btf.Union:
		if !behindPtr {
			if !sameKind(local, target) {
				return false, nil
			}
			return m.membersMatch(local, target, behindPtr, depth)
		}
		if f, ok := target.(*btf.Fwd); ok {
			return is[*btf.Union](local) == (f.Kind == btf.FwdUnion), nil
		}
		return sameKind(local, target), nil
	case *btf.Int:
		t, ok := target.(*btf.Int)
		return ok && l.Size == t.Size && l.Encoding&btf.Signed == t.Encoding&btf.Signed, nil
	case *btf.Pointer:
		t, ok := target.(*btf.Pointer)
		if !ok {
			return false, nil
		}
		return m.match(l.Target, t.Target, true, depth-1)
	case *btf.Array:
		t, ok := target.(*btf.Array)
		if !ok || l.Nelems != t.Nelems {
			return false, nil
		}
		return m.match(l.Type, t.Type, behindPtr, depth-1)
	case *btf.FuncProto:
		t, ok := target.(*btf.FuncProto)
		if !ok || len(l.Params) != len(t.Params) {
			return false, nil
		}
		for i := range l.Params {
			if ok, err := m.match(l.Params[i].Type, t.Params[i].Type, false, depth-1); !ok || err != nil {
				return ok, err
			}
		}
		return m.match(l.Return, t.Return, behindPtr, depth-1)
	}
	return false, nil
}

// membersMatch reports whether each member of local has one of that name and
// a matching type in target.
func (m *matcher) membersMatch(local, target btf.Type, behindPtr bool, depth int) (bool, error) {
	ls, _ := members(local)
	ts, _ := members(target)
	if len(ls) > len(ts) {
		return false, nil
	}
next:
	for _, l := range ls {
		for _, t := range ts {
			if err := m.step(1); err != nil {
				return false, err
			}
			if essential(l.Name) != essential(t.Name) {
				continue
			}
			ok, err := m.match(l.Type, t.Type, behindPtr, depth-1)
			if err != nil {
				return false, err
			}
			if ok {
				continue next
			}
		}
		return false, nil
	}
	return true, nil
}

// enumsMatch reports whether each enumerator of local is in target.
func enumsMatch(local, target *btf.Enum) bool {
	if len(local.Values) > len(target.Values) {
		return false
	}
	names := make(map[string]bool, len(target.Values))
	for _, v := range target.Values {
		names[essential(v.Name)] = true
	}
	for _, v := range local.Values {
		if !names[essential(v.Name)] {
			return false
		}
	}
	return true
}

// pathText is a CO-RE access path as compilers write it.
func pathText(path []int) string {
	var b strings.Builder
	for i, n := range path {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(itoa(n))
	}
	return b.String()
}
