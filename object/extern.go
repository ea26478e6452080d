package object

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

const ksymsSection = ".ksyms"

// readExterns reads the undefined symbols, and says of each where it is looked
// up.
func (r *reader) readExterns() error {
	sections := make(map[string]string)
	types := make(map[string]btf.Type)
	for _, name := range []string{image.KconfigSection, ksymsSection} {
		ds := r.datasecByName(name)
		if ds == nil {
			continue
		}
		for _, vsi := range ds.Vars {
			sections[vsi.Type.TypeName()] = name
			types[vsi.Type.TypeName()] = vsi.Type
		}
	}
	for _, sym := range r.syms[1:] {
		if !sym.undef || sym.bind == bindLocal || sym.name == "" || r.extBy[sym.name] != nil {
			continue
		}
		e := &extern{name: sym.name, weak: sym.bind == bindWeak}
		e.typ = r.externType(sym.name, types)
		switch sections[sym.name] {
		case image.KconfigSection:
			e.kind = externKconfig
		case ksymsSection:
			switch t := e.typ.(type) {
			case *btf.Func:
				e.kind = externKfunc
			default:
				e.kind = externTyped
				if _, ok := btf.UnderlyingType(t).(*btf.Void); ok {
					e.kind = externKsym
				}
			}
		}
		r.extBy[sym.name] = e
		r.externs = append(r.externs, e)
	}
	return nil
}

// externType is the declared type of an extern, nil without BTF: of a variable
// its type, of a function the *btf.Func.
func (r *reader) externType(name string, known map[string]btf.Type) btf.Type {
	t := known[name]
	if t == nil && r.types != nil {
		if v, ok := named[*btf.Var](r.unit, btfVar, name); ok {
			t = v
		} else if fn, ok := named[*btf.Func](r.unit, btfFunc, name); ok {
			t = fn
		}
	}
	if v, ok := t.(*btf.Var); ok {
		return v.Type
	}
	return t
}

// layKconfig gives the configuration values their places in the .kconfig map:
// the widest alignment first, then the smallest size, then by name.
func layKconfig(externs []*extern) ([]*image.Kconfig, error) {
	type value struct {
		*extern
		size, align int
	}
	var vals []value
	for _, e := range externs {
		if e.kind != externKconfig {
			continue
		}
		size, err := btf.Sizeof(e.typ)
		if err == nil && (size <= 0 || size > 1<<16) {
			err = fmt.Errorf("size of %d bytes", size)
		}
		if err != nil {
			return nil, fmt.Errorf("extern %q: %w", e.name, err)
		}
		vals = append(vals, value{e, size, alignOf(e.typ, 0)})
	}
	slices.SortFunc(vals, func(a, b value) int {
		return cmp.Or(cmp.Compare(b.align, a.align), cmp.Compare(a.size, b.size), strings.Compare(a.name, b.name))
	})
	var out []*image.Kconfig
	off := 0
	for _, v := range vals {
		off = (off + v.align - 1) / v.align * v.align
		v.off = uint32(off)
		out = append(out, &image.Kconfig{Name: v.name, Offset: v.off, Size: uint32(v.size), Type: v.typ, Weak: v.weak})
		off += v.size
	}
	return out, nil
}

// alignOf is the alignment of a type in bytes, at least 1.
func alignOf(t btf.Type, depth int) int {
	if depth > 16 {
		return 1
	}
	switch t := btf.UnderlyingType(t).(type) {
	case *btf.Int:
		return min(max(int(t.Size), 1), 8)
	case *btf.Enum:
		return min(max(int(t.Size), 1), 8)
	case *btf.Pointer:
		return 8
	case *btf.Array:
		return alignOf(t.Type, depth+1)
	case *btf.Struct:
		align := 1
		for _, m := range t.Members {
			align = max(align, alignOf(m.Type, depth+1))
		}
		return align
	}
	return 1
}

// kconfigMap is the map that programs read configuration values from, laid out
// as vals. Its contents depend on the target.
func (u *unit) kconfigMap(vals []*image.Kconfig) *image.Map {
	last := vals[len(vals)-1]
	m := &image.Map{
		Name: image.KconfigSection, Section: image.KconfigSection, Type: abi.Array,
		KeySize: 4, ValueSize: last.Offset + last.Size, MaxEntries: 1,
		Flags: abi.ReadOnlyProg | abi.Mmapable, Frozen: true,
	}
	if ds := u.datasecByName(image.KconfigSection); ds != nil {
		ds.Size = m.ValueSize
		for i, vsi := range ds.Vars {
			v, ok := vsi.Type.(*btf.Var)
			if !ok {
				continue
			}
			v.Linkage = btf.GlobalVar
			for _, k := range vals {
				if k.Name == v.Name {
					ds.Vars[i].Offset, ds.Vars[i].Size = k.Offset, k.Size
				}
			}
		}
		slices.SortStableFunc(ds.Vars, func(a, b btf.VarSecinfo) int { return cmp.Compare(a.Offset, b.Offset) })
		m.Value = ds
	}
	return m
}
