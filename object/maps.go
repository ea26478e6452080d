package object

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// readBTFMaps reads the map definitions of .maps.
func (r *reader) readBTFMaps() error {
	for _, sec := range r.secs {
		if sec.kind != kindBTFMaps {
			continue
		}
		ds := r.datasec(sec)
		if ds == nil {
			return errors.New("section \".maps\": no BTF describes its maps")
		}
		binds := make(map[string]binding)
		for _, sym := range sec.syms {
			binds[sym.name] = sym.bind
		}
		for _, vsi := range byOffset(ds) {
			v, ok := vsi.Type.(*btf.Var)
			if !ok {
				return fmt.Errorf("section \".maps\": %T in place of a variable", vsi.Type)
			}
			if v.Linkage == btf.ExternVar {
				continue // another object defines it
			}
			if uint64(vsi.Offset)+uint64(vsi.Size) > uint64(len(sec.data)) {
				return fmt.Errorf("map %q: lies outside of its section", v.Name)
			}
			m, err := r.mapFromBTF(v.Name, v.Type, false)
			if err != nil {
				return fmt.Errorf("map %q: %w", v.Name, err)
			}
			m.Tags = v.Tags
			r.mapBind[m] = binds[v.Name]
			r.maps = append(r.maps, m)
			r.mapAt[place{sec, uint64(vsi.Offset)}] = m
			if m.Type == abi.Arena && r.arena == nil {
				r.arena = m
			}
		}
	}
	return nil
}

// maxMapMembers is more than the members that a definition can have.
const maxMapMembers = 32

// mapFromBTF reads a map definition: a struct whose members' types hold
// numbers as array lengths, enumerators, and types as pointers.
func (r *reader) mapFromBTF(name string, typ btf.Type, inner bool) (*image.Map, error) {
	def, ok := btf.UnderlyingType(typ).(*btf.Struct)
	if !ok {
		return nil, fmt.Errorf("its type is %s, not a struct", typeName(typ))
	}
	m := &image.Map{Name: name}
	if len(def.Members) > maxMapMembers {
		return nil, fmt.Errorf("%d members", len(def.Members))
	}
	for i, mem := range def.Members {
		if err := r.readMapMember(m, &mem, i == len(def.Members)-1, inner); err != nil {
			return nil, fmt.Errorf("member %q: %w", mem.Name, err)
		}
	}
	if m.Type == abi.UnspecMap {
		return nil, errors.New("has no type")
	}
	return m, nil
}

func (r *reader) readMapMember(m *image.Map, mem *btf.Member, last, inner bool) error {
	switch mem.Name {
	case "type":
		return setNumber((*uint32)(&m.Type), mem)
	case "max_entries":
		return setNumber(&m.MaxEntries, mem)
	case "map_flags":
		return setNumber((*uint32)(&m.Flags), mem)
	case "numa_node":
		return setNumber(&m.NUMANode, mem)
	case "key_size":
		return setSize(&m.KeySize, mem, m.Key)
	case "value_size":
		return setSize(&m.ValueSize, mem, m.Value)
	case "key":
		return setType(&m.KeySize, mem, &m.Key)
	case "value":
		return setType(&m.ValueSize, mem, &m.Value)
	case "values":
		if !last {
			return errors.New("is not the last member")
		}
		return r.readMapValuesMember(m, mem, inner)
	case "pinning":
		n, err := memberNumber(mem)
		if err != nil {
			return err
		}
		if n > 1 { // libbpf refuses it, cilium/ebpf takes it
			r.warnf("map %q: pinning of unknown kind %d is ignored", m.Name, n)
		}
		if inner && n != 0 {
			return errors.New("an inner map cannot be pinned")
		}
		m.PinByName = n == 1
		return nil
	case "map_extra":
		n, err := memberNumber(mem)
		m.Extra = n
		return err
	}
	return errors.New("is not known")
}

func setNumber(dst *uint32, mem *btf.Member) error {
	n, err := memberNumber(mem)
	if err != nil {
		return err
	}
	if n > math.MaxUint32 {
		return fmt.Errorf("%d is out of range", n)
	}
	*dst = uint32(n)
	return nil
}

// setSize sets a size that is given as a number; typ is the type given before
// it, if any.
func setSize(dst *uint32, mem *btf.Member, typ btf.Type) error {
	before := *dst
	if err := setNumber(dst, mem); err != nil {
		return err
	}
	if typ != nil && before != *dst {
		return fmt.Errorf("%d contradicts the size %d of its type", *dst, before)
	}
	return nil
}

// setType sets a size that is given as a type.
func setType(size *uint32, mem *btf.Member, typ *btf.Type) error {
	ptr, ok := btf.UnderlyingType(mem.Type).(*btf.Pointer)
	if !ok {
		return fmt.Errorf("is %s, not a pointer", typeName(mem.Type))
	}
	n, err := btf.Sizeof(ptr.Target)
	if err != nil {
		return err
	}
	if *size != 0 && uint64(*size) != uint64(n) {
		return fmt.Errorf("size %d contradicts %d", n, *size)
	}
	*typ, *size = ptr.Target, uint32(n)
	return nil
}

// memberNumber is the number that a member's type holds: pointer to an array
// of that length, or an enumeration with that one value.
func memberNumber(mem *btf.Member) (uint64, error) {
	switch t := btf.UnderlyingType(mem.Type).(type) {
	case *btf.Pointer:
		if arr, ok := btf.UnderlyingType(t.Target).(*btf.Array); ok {
			return uint64(arr.Nelems), nil
		}
	case *btf.Enum:
		if len(t.Values) == 1 {
			return t.Values[0].Value, nil
		}
	}
	return 0, fmt.Errorf("its type %s holds no number", typeName(mem.Type))
}

// readMapValuesMember reads "values": the template of inner maps, or the
// prototype of a program array's programs.
func (r *reader) readMapValuesMember(m *image.Map, mem *btf.Member, inner bool) error {
	ofMaps := m.Type == abi.ArrayOfMaps || m.Type == abi.HashOfMaps
	if inner && ofMaps {
		return errors.New("more than one level of inner maps")
	}
	if !ofMaps && m.Type != abi.ProgArray {
		return errors.New("only maps of maps and program arrays have values")
	}
	if m.ValueSize != 0 && m.ValueSize != 4 {
		return fmt.Errorf("value size is %d in place of 4", m.ValueSize)
	}
	m.ValueSize = 4
	arr, ok := btf.UnderlyingType(mem.Type).(*btf.Array)
	if !ok {
		return fmt.Errorf("its type is %s, not an array", typeName(mem.Type))
	}
	ptr, ok := btf.UnderlyingType(arr.Type).(*btf.Pointer)
	if !ok {
		return fmt.Errorf("its elements are %s, not pointers", typeName(arr.Type))
	}
	if !ofMaps {
		if _, ok := btf.UnderlyingType(ptr.Target).(*btf.FuncProto); !ok {
			return fmt.Errorf("its elements point to %s, not to functions", typeName(ptr.Target))
		}
		return nil
	}
	tmpl, err := r.mapFromBTF(m.Name+".inner", ptr.Target, true)
	if err != nil {
		return fmt.Errorf("inner map: %w", err)
	}
	m.Inner = tmpl
	return nil
}

// readMapValues reads the relocations of .maps: the initial elements of maps
// of maps and of program arrays.
func (r *reader) readMapValues() error {
	for _, sec := range r.secs {
		if sec.kind != kindBTFMaps {
			continue
		}
		vars := byOffset(r.datasec(sec))
		for _, rl := range sec.rels {
			if err := r.readMapValue(sec, vars, rl); err != nil {
				return fmt.Errorf("section \".maps\": relocation at %d: %w", rl.off, err)
			}
		}
	}
	return nil
}

// byOffset are the variables of a data section, sorted by offset.
func byOffset(ds *btf.Datasec) []btf.VarSecinfo {
	vars := slices.Clone(ds.Vars)
	slices.SortStableFunc(vars, func(a, b btf.VarSecinfo) int { return cmp.Compare(a.Offset, b.Offset) })
	return vars
}

// varAt is the index in vars of the variable that holds off, -1 if none does.
func varAt(vars []btf.VarSecinfo, off uint64) int {
	i := sort.Search(len(vars), func(i int) bool { return uint64(vars[i].Offset) > off }) - 1
	if i < 0 || off-uint64(vars[i].Offset) >= uint64(vars[i].Size) {
		return -1
	}
	return i
}

func (r *reader) readMapValue(sec *section, vars []btf.VarSecinfo, rl rel) error {
	i := varAt(vars, rl.off)
	if i < 0 {
		return errors.New("belongs to no map")
	}
	start := uint64(vars[i].Offset)
	m := r.mapAt[place{sec, start}]
	def, _ := btf.UnderlyingType(vars[i].Type.(*btf.Var).Type).(*btf.Struct)
	if len(def.Members) == 0 || def.Members[len(def.Members)-1].Name != "values" {
		return fmt.Errorf("map %q takes no values", m.Name)
	}
	first := start + uint64(def.Members[len(def.Members)-1].Offset.Bytes())
	if rl.off < first || (rl.off-first)%8 != 0 {
		return fmt.Errorf("map %q: is not a slot of its values", m.Name)
	}
	e := image.Entry{Key: make([]byte, 4)}
	r.order.PutUint32(e.Key, uint32((rl.off-first)/8))
	if m.Type == abi.ProgArray {
		fn := r.funcOf(rl.sym)
		if fn == nil {
			return fmt.Errorf("map %q: %q is no program", m.Name, rl.sym.name)
		}
		e.Program = fn.name
	} else if e.Map = r.mapAt[place{rl.sym.sec, rl.sym.value}]; e.Map == nil {
		return fmt.Errorf("map %q: %q is no map", m.Name, rl.sym.name)
	}
	m.Contents = append(m.Contents, e)
	return nil
}

// typeName describes a type in a message.
func typeName(t btf.Type) string {
	if t == nil {
		return "nothing"
	}
	return fmt.Sprintf("%v", t)
}
