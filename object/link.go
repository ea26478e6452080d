package object

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/image"
)

// definition is what a global symbol stands for.
type definition struct {
	unit *unit
	bind binding
	fn   *function
	m    *image.Map      // a map
	v    *image.Variable // a variable
}

// linker merges units by the rules of libbpf's linker: data sections of one
// name are put one behind the other, a strong definition wins over weak ones,
// of weak ones the first, and what one object declares another may define.
type linker struct {
	out     *unit
	defs    map[string]*definition
	externs map[string]*extern
	moved   map[*image.Map]moved // data sections
}

// moved says where a data section went.
type moved struct {
	m   *image.Map
	off uint32
}

// linkUnits merges the units of several objects.
func linkUnits(units []*unit) (*unit, error) {
	l := &linker{
		out:     &unit{name: units[0].name, order: units[0].order, align: make(map[*image.Map]uint64)},
		defs:    make(map[string]*definition),
		externs: make(map[string]*extern),
		moved:   make(map[*image.Map]moved),
	}
	for _, u := range units {
		if u.order != l.out.order {
			return nil, fmt.Errorf("%s: byte order differs from that of %s", u.name, l.out.name)
		}
		if err := l.meta(u); err != nil {
			return nil, fmt.Errorf("%s: %w", u.name, err)
		}
		if err := l.define(u); err != nil {
			return nil, fmt.Errorf("%s: %w", u.name, err)
		}
		if err := l.data(u); err != nil {
			return nil, fmt.Errorf("%s: %w", u.name, err)
		}
	}
	for _, u := range units {
		if err := l.extern(u); err != nil {
			return nil, fmt.Errorf("%s: %w", u.name, err)
		}
	}
	for _, u := range units {
		l.take(u)
	}
	if err := l.types(); err != nil {
		return nil, err
	}
	return l.out, nil
}

// meta merges license and version, which must be the same.
func (l *linker) meta(u *unit) error {
	if l.out.license == "" {
		l.out.license = u.license
	}
	if u.license != "" && u.license != l.out.license {
		return fmt.Errorf("license %q differs from %q", u.license, l.out.license)
	}
	if l.out.version == 0 {
		l.out.version = u.version
	}
	if u.version != 0 && u.version != l.out.version {
		return fmt.Errorf("version %#x differs from %#x", u.version, l.out.version)
	}
	l.out.warnings = append(l.out.warnings, u.warnings...)
	return nil
}

// define notes the global symbols of a unit.
func (l *linker) define(u *unit) error {
	add := func(name string, d *definition) error {
		d.unit = u
		if d.bind == bindLocal {
			return nil
		}
		old := l.defs[name]
		switch {
		case old == nil || (old.bind == bindWeak && d.bind == bindGlobal):
			if old != nil && old.kind() != d.kind() {
				return fmt.Errorf("%q is a %s here and a %s in %s", name, d.kind(), old.kind(), old.unit.name)
			}
			l.defs[name] = d
		case old.bind == bindGlobal && d.bind == bindGlobal:
			return fmt.Errorf("%q is defined in %s too", name, old.unit.name)
		}
		return nil
	}
	for _, fn := range u.funcs {
		if err := add(fn.name, &definition{fn: fn, bind: fn.bind}); err != nil {
			return err
		}
	}
	for _, m := range u.maps {
		if err := add(m.Name, &definition{m: m, bind: u.mapBind[m]}); err != nil {
			return err
		}
	}
	for _, v := range u.vars {
		bind := bindGlobal
		if v.Weak {
			bind = bindWeak
		}
		if err := add(v.Name, &definition{v: v, bind: bind}); err != nil {
			return err
		}
	}
	return nil
}

func (d *definition) kind() string {
	switch {
	case d.fn != nil:
		return "function"
	case d.m != nil:
		return "map"
	}
	return "variable"
}

// data appends the data sections of a unit to those of the same name.
func (l *linker) data(u *unit) error {
	for _, src := range u.data {
		i := slices.IndexFunc(l.out.data, func(m *image.Map) bool { return m.Section == src.Section })
		if i < 0 {
			dst := *src
			dst.Contents = nil
			for _, e := range src.Contents {
				dst.Contents = append(dst.Contents, image.Entry{Key: e.Key, Value: slices.Clone(e.Value)})
			}
			dst.Value = nil
			if ds, ok := src.Value.(*btf.Datasec); ok {
				dst.Value = &btf.Datasec{Name: ds.Name, Size: ds.Size, Vars: slices.Clone(ds.Vars)}
			}
			l.out.data = append(l.out.data, &dst)
			l.moved[src] = moved{m: &dst}
			continue
		}
		if err := l.appendData(l.out.data[i], src, u.align[src]); err != nil {
			return fmt.Errorf("section %q: %w", src.Section, err)
		}
	}
	if u.arena != nil && l.out.arena == nil {
		l.out.arena = u.arena
	} else if u.arena != nil && u.arena != l.out.arena && len(u.arena.Contents) > 0 {
		return errors.New("variables of a second arena cannot be linked")
	}
	return nil
}

func (l *linker) appendData(dst, src *image.Map, align uint64) error {
	align = max(align, 1)
	base := (uint64(dst.ValueSize) + align - 1) / align * align
	size := base + uint64(src.ValueSize)
	if size > maxDataSize {
		return fmt.Errorf("%d bytes are too many", size)
	}
	if len(src.Contents) > 0 || len(dst.Contents) > 0 {
		val := make([]byte, size)
		if len(dst.Contents) > 0 {
			copy(val, dst.Contents[0].Value)
		}
		if len(src.Contents) > 0 {
			copy(val[base:], src.Contents[0].Value)
		}
		dst.Contents = []image.Entry{{Key: make([]byte, 4), Value: val}}
	}
	dst.ValueSize = uint32(size)
	dst.Flags |= src.Flags
	l.moved[src] = moved{m: dst, off: uint32(base)}
	sds, ok := src.Value.(*btf.Datasec)
	if !ok {
		return nil
	}
	dds, ok := dst.Value.(*btf.Datasec)
	if !ok {
		dds = &btf.Datasec{Name: sds.Name}
		dst.Value = dds
	}
	for _, v := range sds.Vars {
		v.Offset += uint32(base)
		dds.Vars = append(dds.Vars, v)
	}
	dds.Size = uint32(size)
	return nil
}

// extern merges the externs of a unit: a symbol that some object needs for
// certain is needed for certain. Those for other objects vanish.
func (l *linker) extern(u *unit) error {
	for _, e := range u.externs {
		if d := l.defs[e.name]; d != nil {
			if e.kind != externLink && d.fn == nil {
				return fmt.Errorf("extern %q of the kernel is a %s in %s", e.name, d.kind(), d.unit.name)
			}
			continue
		}
		old := l.externs[e.name]
		if old == nil {
			l.externs[e.name] = e
			l.out.externs = append(l.out.externs, e)
			continue
		}
		if old.kind != e.kind && old.kind != externLink && e.kind != externLink {
			return fmt.Errorf("extern %q is declared in two ways", e.name)
		}
		if old.kind == externLink {
			old.kind, old.typ = e.kind, e.typ
		}
		old.weak = old.weak && e.weak
	}
	return nil
}

// take takes over what is left of a unit, with its references made those of
// the whole.
func (l *linker) take(u *unit) {
	won := func(name string, is func(*definition) bool) bool {
		d := l.defs[name]
		return d == nil || is(d)
	}
	for _, m := range u.maps {
		if u.mapBind[m] != bindLocal && !won(m.Name, func(d *definition) bool { return d.m == m }) {
			continue
		}
		for i := range m.Contents {
			if e := &m.Contents[i]; e.Map != nil {
				if d := l.defs[e.Map.Name]; d != nil && d.m != nil {
					e.Map = d.m
				}
			}
		}
		l.out.maps = append(l.out.maps, m)
	}
	for _, v := range u.vars {
		if !won(v.Name, func(d *definition) bool { return d.v == v }) {
			l.dropVar(v)
			continue
		}
		w := *v
		if to, ok := l.moved[v.Map]; ok {
			w.Map, w.Offset = to.m, v.Offset+to.off
		}
		l.out.vars = append(l.out.vars, &w)
	}
	for _, fn := range u.funcs {
		if fn.bind != bindLocal && !won(fn.name, func(d *definition) bool { return d.fn == fn }) {
			continue
		}
		for i := range fn.refs {
			if err := l.retarget(&fn.refs[i]); err != nil {
				fn.fail(fmt.Errorf("insn %d: %w", fn.refs[i].slot, err))
			}
		}
		l.out.funcs = append(l.out.funcs, fn)
	}
	l.out.ops = append(l.out.ops, u.ops...)
}

// dropVar takes a variable that lost to another definition out of the BTF.
func (l *linker) dropVar(v *image.Variable) {
	to := l.moved[v.Map]
	if to.m == nil {
		return
	}
	if ds, ok := to.m.Value.(*btf.Datasec); ok {
		ds.Vars = slices.DeleteFunc(ds.Vars, func(vsi btf.VarSecinfo) bool {
			return vsi.Offset == v.Offset+to.off && vsi.Type.TypeName() == v.Name
		})
	}
}

// retarget makes a reference one of the whole.
func (l *linker) retarget(rf *ref) error {
	name := rf.sym
	if rf.ext != nil {
		name = rf.ext.name
	}
	d := l.defs[name]
	if name == "" || d == nil {
		if rf.ext != nil {
			rf.ext = l.externs[name]
		}
		if to, ok := l.moved[rf.m]; ok && rf.m != nil {
			rf.m, rf.off = to.m, rf.off+to.off
		}
		return nil
	}
	isCall := rf.kind == refCall || (rf.kind == refExtern && rf.call)
	if isCall != (d.fn != nil) && rf.kind == refExtern && isCall {
		return fmt.Errorf("call of %q, which is a %s in %s", name, d.kind(), d.unit.name)
	}
	switch {
	case d.fn != nil:
		if rf.kind == refExtern {
			rf.kind = refFunc
			if rf.call {
				rf.kind = refCall
			}
		}
		rf.fn = d.fn
	case d.m != nil:
		rf.kind, rf.m = refMap, d.m
	default:
		rf.kind, rf.m, rf.off = refValue, d.v.Map, d.v.Offset+rf.add
		if to, ok := l.moved[rf.m]; ok {
			rf.m, rf.off = to.m, rf.off+to.off
		}
	}
	rf.ext = nil
	return nil
}

// types merges the BTF of the units: all types that the whole refers to, each
// once.
func (l *linker) types() error {
	vals, err := layKconfig(l.out.externs)
	if err != nil {
		return err
	}
	b, err := btf.NewBuilder(nil, &btf.BuilderOptions{Deduplicate: true})
	if err != nil {
		return err
	}
	m := &typeMover{b: b, ids: make(map[btf.Type]btf.TypeID)}
	l.out.eachType(m.add)
	var kconfig *btf.Datasec
	if len(vals) > 0 {
		kconfig = &btf.Datasec{Name: image.KconfigSection}
		for _, k := range vals {
			v := &btf.Var{Name: k.Name, Type: k.Type, Linkage: btf.GlobalVar}
			kconfig.Vars = append(kconfig.Vars, btf.VarSecinfo{Type: v, Offset: k.Offset, Size: k.Size})
			kconfig.Size = k.Offset + k.Size
		}
		m.add(kconfig)
	}
	if m.err != nil {
		return fmt.Errorf("merge BTF: %w", m.err)
	}
	if len(m.ids) == 0 {
		return nil
	}
	raw, err := b.Marshal(nil, &btf.MarshalOptions{Order: l.out.order})
	if err != nil {
		return fmt.Errorf("merge BTF: %w", err)
	}
	if m.spec, err = btf.LoadSpecFromReader(bytes.NewReader(raw)); err != nil {
		return fmt.Errorf("merge BTF: %w", err)
	}
	l.out.types = m.spec
	l.out.raws = &rawBTF{order: l.out.order, named: map[kindName]btf.TypeID{}}
	if kconfig != nil {
		l.out.raws.named[kindName{btfDatasec, kconfig.Name}] = m.ids[kconfig]
	}
	l.out.eachType(m.replace)
	for _, fn := range l.out.funcs {
		for i := range fn.core {
			c := &fn.core[i]
			if c.TypeID, err = m.spec.TypeID(c.Type); err != nil {
				return fmt.Errorf("merge BTF: %w", err)
			}
		}
	}
	return m.err
}
