package object

import (
	"cmp"
	"debug/elf"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// readData makes a map of each data section and reads the variables.
func (r *reader) readData() error {
	for _, sec := range r.secs {
		switch sec.kind {
		case kindData:
			if sec.size == 0 {
				continue
			}
			sec.m = r.dataMap(sec)
			r.align[sec.m] = min(sec.align, 1<<16)
			r.data = append(r.data, sec.m)
		case kindArena:
			if r.arena == nil {
				return fmt.Errorf("section %q: no arena map is defined for its variables", sec.name)
			}
			sec.m = r.arena
			sec.m.Contents = []image.Entry{{Value: slices.Clone(sec.data)}}
			r.datasec(sec)
		default:
			continue
		}
		if err := r.readVariables(sec); err != nil {
			return fmt.Errorf("section %q: %w", sec.name, err)
		}
	}
	return nil
}

// dataMap is the array of one element that a data section becomes.
func (r *reader) dataMap(sec *section) *image.Map {
	m := &image.Map{
		Name: sec.name, Section: sec.name, Type: abi.Array,
		KeySize: 4, ValueSize: uint32(sec.size), MaxEntries: 1,
	}
	if isConstant(sec.name) {
		m.Flags |= abi.ReadOnlyProg
		m.Frozen = true
	}
	if sec.data != nil {
		m.Contents = []image.Entry{{Key: make([]byte, 4), Value: slices.Clone(sec.data)}}
	}
	if ds := r.datasec(sec); ds != nil {
		m.Value = ds
		// Sections of static and hidden variables only are private to the
		// programs: they may hold locks and kernel pointers.
		for _, vsi := range ds.Vars {
			if v, ok := vsi.Type.(*btf.Var); ok && v.Linkage != btf.StaticVar {
				m.Flags |= abi.Mmapable
				break
			}
		}
	}
	return m
}

func isConstant(section string) bool {
	return section == ".rodata" || strings.HasPrefix(section, ".rodata.")
}

// readVariables reads the variables of a data section that programs of other
// files may see.
func (r *reader) readVariables(sec *section) error {
	types := make(map[string]*btf.Var)
	if ds := r.datasecByName(sec.name); ds != nil {
		for _, vsi := range ds.Vars {
			if v, ok := vsi.Type.(*btf.Var); ok {
				types[v.Name] = v
			}
		}
	}
	syms := slices.Clone(sec.syms)
	slices.SortStableFunc(syms, func(a, b *symbol) int { return cmp.Compare(a.value, b.value) })
	for _, sym := range syms {
		if sym.kind != elf.STT_OBJECT || sym.bind == bindLocal || strings.HasPrefix(sym.name, ".") {
			continue
		}
		if sym.value > sec.size || sym.size > sec.size-sym.value || sec.size > math.MaxUint32 {
			return fmt.Errorf("variable %q lies outside", sym.name)
		}
		if sym.size == 0 {
			continue
		}
		r.vars = append(r.vars, &image.Variable{
			Name: sym.name, Map: sec.m, Offset: uint32(sym.value), Size: uint32(sym.size),
			Constant: isConstant(sec.name), Type: types[sym.name],
			Weak: sym.bind == bindWeak, Hidden: sym.hidden,
		})
	}
	return nil
}
