package object

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// readStructOps reads the variables of .struct_ops sections: each is a map
// that fills a kernel struct, its function pointers are programs.
func (r *reader) readStructOps() error {
	for _, sec := range r.secs {
		if sec.kind != kindStructOps {
			continue
		}
		if err := r.readStructOpsSection(sec); err != nil {
			return fmt.Errorf("section %q: %w", sec.name, err)
		}
	}
	return nil
}

func (r *reader) readStructOpsSection(sec *section) error {
	ds := r.datasec(sec)
	if ds == nil {
		return errors.New("no BTF describes its variables")
	}
	vars := byOffset(ds)
	ops := make([]*image.StructOps, len(vars))
	types := make([]*btf.Struct, len(vars))
	last := uint64(0)
	for i, vsi := range vars {
		v, ok := vsi.Type.(*btf.Var)
		if !ok {
			return fmt.Errorf("%T in place of a variable", vsi.Type)
		}
		if types[i], ok = btf.UnderlyingType(v.Type).(*btf.Struct); !ok || types[i].Name == "" {
			return fmt.Errorf("variable %q: its type is %s, not a named struct", v.Name, typeName(v.Type))
		}
		end := uint64(vsi.Offset) + uint64(vsi.Size)
		if end > uint64(len(sec.data)) || uint64(vsi.Offset) < last {
			return fmt.Errorf("variable %q: lies outside of its section, or in another variable", v.Name)
		}
		last = end
		link := strings.HasSuffix(sec.name, ".link")
		m := &image.Map{
			Name: v.Name, Type: abi.StructOpsMap, KeySize: 4, ValueSize: vsi.Size, MaxEntries: 1,
			StructOps: essential(types[i].Name), Value: types[i], NoAutocreate: strings.HasPrefix(sec.name, "?"),
			Contents: []image.Entry{{Key: make([]byte, 4), Value: slices.Clone(sec.data[vsi.Offset:end])}},
			Tags:     v.Tags,
		}
		if link {
			m.Flags |= abi.Link
		}
		ops[i] = &image.StructOps{Map: m, Members: make(map[string]string), Link: link}
		r.maps = append(r.maps, m)
	}
	r.ops = append(r.ops, ops...)
	for _, rl := range sec.rels {
		i := varAt(vars, rl.off)
		if i < 0 {
			return fmt.Errorf("relocation at %d belongs to no variable", rl.off)
		}
		if err := r.readStructOpsMember(ops[i], types[i], rl, rl.off-uint64(vars[i].Offset)); err != nil {
			return fmt.Errorf("variable %q: %w", ops[i].Map.Name, err)
		}
	}
	return nil
}

func (r *reader) readStructOpsMember(ops *image.StructOps, typ *btf.Struct, rl rel, off uint64) error {
	for _, mem := range typ.Members {
		if uint64(mem.Offset) != off*8 {
			continue
		}
		ptr, ok := btf.UnderlyingType(mem.Type).(*btf.Pointer)
		if ok {
			_, ok = btf.UnderlyingType(ptr.Target).(*btf.FuncProto)
		}
		if !ok {
			return fmt.Errorf("member %q is no pointer to a function", mem.Name)
		}
		fn := r.funcOf(rl.sym)
		if fn == nil || !r.isEntry(fn) {
			return fmt.Errorf("member %q: %q is no program", mem.Name, rl.sym.name)
		}
		ops.Members[mem.Name] = fn.name
		return nil
	}
	return fmt.Errorf("no member at offset %d", off)
}

// setStructOps tells the programs of struct_ops maps which member they are.
// They are loaded where a map is created that uses them, whatever their own
// section says.
func setStructOps(c *image.Collection) {
	progs := make(map[string]*image.Program)
	for _, p := range c.Programs {
		progs[p.Name] = p
	}
	load := make(map[*image.Program]bool)
	for _, ops := range c.StructOps {
		for _, member := range slices.Sorted(maps.Keys(ops.Members)) {
			p := progs[ops.Members[member]]
			if p == nil || p.Type != abi.StructOps {
				continue
			}
			target := ops.Map.StructOps + ":" + member
			if _, seen := load[p]; !seen {
				p.AttachTo = target
			}
			load[p] = load[p] || !ops.Map.NoAutocreate
		}
	}
	for p, autoload := range load {
		p.Autoload = autoload
	}
}
