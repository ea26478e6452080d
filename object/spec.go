package object

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// FromSpec adapts a collection spec of cilium/ebpf, as code made by bpf2go has
// it, with the changes that were made to its maps and variables. The spec is
// not changed. Maps and programs that are loaded into the kernel already
// cannot be taken over: a program that refers to them has its Err set.
func FromSpec(cs *ebpf.CollectionSpec) (*image.Collection, error) {
	if cs == nil {
		return nil, errors.New("no collection spec")
	}
	s := &specReader{
		spec: cs, unit: &unit{name: "spec", order: cs.ByteOrder, types: cs.Types},
		maps: make(map[string]*image.Map), externs: make(map[string]*extern),
	}
	if s.order == nil {
		s.order = binary.LittleEndian
	}
	if err := s.readMaps(); err != nil {
		return nil, err
	}
	c := &image.Collection{
		Name: s.name, ByteOrder: s.order, Maps: slices.Concat(s.unit.maps, s.data),
		Variables: s.vars, StructOps: s.ops, Types: cs.Types,
	}
	a := assembler{unit: s.unit, byName: make(map[string]*function)}
	if err := s.readKconfig(c, &a); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(cs.Programs)) {
		ps := cs.Programs[name]
		entry, err := s.readProgram(name, ps)
		if err != nil {
			return nil, fmt.Errorf("program %q: %w", name, err)
		}
		a.byName = entry.siblings
		p := a.program(entry.fn)
		p.Name, p.Section, p.License = name, ps.SectionName, ps.License
		p.Type, p.Attach = abi.ProgType(ps.Type), abi.AttachType(ps.AttachType)
		p.AttachTo, p.Flags, p.Version = ps.AttachTo, abi.ProgFlags(ps.Flags), ps.KernelVersion
		p.Autoload = !strings.HasPrefix(ps.SectionName, "?")
		if c.License == "" {
			c.License = ps.License
		}
		c.Programs = append(c.Programs, p)
	}
	return c, nil
}

// specReader adapts one spec.
type specReader struct {
	*unit
	spec    *ebpf.CollectionSpec
	maps    map[string]*image.Map
	externs map[string]*extern
	kconfig *image.Map
}

// isDataName reports whether a map stands for a data section.
func isDataName(name string) bool {
	for _, prefix := range []string{".data", ".rodata", ".bss", image.KconfigSection} {
		if name == prefix || strings.HasPrefix(name, prefix+".") {
			return true
		}
	}
	return false
}

func (s *specReader) readMaps() error {
	names := slices.Sorted(maps.Keys(s.spec.Maps))
	for _, name := range names {
		ms := s.spec.Maps[name]
		if ms == nil {
			return fmt.Errorf("map %q: is nil", name)
		}
		m := mapFromSpec(ms)
		if name != "" {
			m.Name = name
		}
		s.maps[name] = m
		if m.Type == abi.StructOpsMap {
			s.ops = append(s.ops, s.structOps(m))
		}
		if isDataName(name) && m.Type == abi.Array {
			m.Section, m.Frozen = name, isConstant(name)
			s.data = append(s.data, m)
		} else {
			s.unit.maps = append(s.unit.maps, m)
		}
	}
	for _, name := range names {
		if err := s.readContents(s.maps[name], s.spec.Maps[name]); err != nil {
			return fmt.Errorf("map %q: %w", name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.spec.Variables)) {
		if err := s.readVariable(name, s.spec.Variables[name]); err != nil {
			return fmt.Errorf("variable %q: %w", name, err)
		}
	}
	return nil
}

// structOps are the members that programs say they implement: cilium notes
// them as the programs' attach target, "type:member".
func (s *specReader) structOps(m *image.Map) *image.StructOps {
	m.StructOps = essential(typeNameOf(m.Value))
	ops := &image.StructOps{Map: m, Members: make(map[string]string), Link: m.Flags&abi.Link != 0}
	for name, ps := range s.spec.Programs {
		typ, member, ok := strings.Cut(ps.AttachTo, ":")
		if ok && ps.Type == ebpf.StructOps && essential(typ) == m.StructOps {
			ops.Members[member] = name
		}
	}
	return ops
}

func typeNameOf(t btf.Type) string {
	if t == nil {
		return ""
	}
	return t.TypeName()
}

func mapFromSpec(ms *ebpf.MapSpec) *image.Map {
	m := &image.Map{
		Name: ms.Name, Type: abi.MapType(ms.Type), KeySize: ms.KeySize, ValueSize: ms.ValueSize,
		MaxEntries: ms.MaxEntries, Flags: abi.MapFlags(ms.Flags), Extra: ms.MapExtra, NUMANode: ms.NumaNode,
		PinByName: ms.Pinning == ebpf.PinByName, Tags: slices.Clone(ms.Tags), Value: ms.Value,
	}
	if _, void := ms.Key.(*btf.Void); !void {
		m.Key = ms.Key
	}
	if ms.InnerMap != nil && ms.InnerMap != ms {
		m.Inner = mapFromSpec(ms.InnerMap)
	}
	return m
}

func (s *specReader) readContents(m *image.Map, ms *ebpf.MapSpec) error {
	for i, kv := range ms.Contents {
		key, err := s.encode(kv.Key, int(m.KeySize))
		if err != nil {
			return fmt.Errorf("entry %d: key: %w", i, err)
		}
		e := image.Entry{Key: key}
		name, isName := kv.Value.(string)
		switch {
		case isName && m.Type == abi.ProgArray:
			if s.spec.Programs[name] == nil {
				return fmt.Errorf("entry %d: no program %q", i, name)
			}
			e.Program = name
		case isName && (m.Type == abi.ArrayOfMaps || m.Type == abi.HashOfMaps):
			if e.Map = s.maps[name]; e.Map == nil {
				return fmt.Errorf("entry %d: no map %q", i, name)
			}
		default:
			if e.Value, err = s.encode(kv.Value, int(m.ValueSize)); err != nil {
				return fmt.Errorf("entry %d: value: %w", i, err)
			}
		}
		m.Contents = append(m.Contents, e)
	}
	return nil
}

// encode is a key or value as the map holds it.
func (s *specReader) encode(v any, size int) ([]byte, error) {
	switch v := v.(type) {
	case []byte:
		if len(v) != size && size != 0 {
			return nil, fmt.Errorf("%d bytes in place of %d", len(v), size)
		}
		return slices.Clone(v), nil
	case string:
		if len(v) != size {
			return nil, fmt.Errorf("%d bytes in place of %d", len(v), size)
		}
		return []byte(v), nil
	case *ebpf.Map, *ebpf.Program:
		return nil, errors.New("is loaded into the kernel already")
	case interface{ MarshalBinary() ([]byte, error) }:
		b, err := v.MarshalBinary()
		if err == nil && len(b) != size {
			err = fmt.Errorf("%d bytes in place of %d", len(b), size)
		}
		return b, err
	}
	b, err := binary.Append(nil, s.order, v)
	if err == nil && len(b) != size {
		err = fmt.Errorf("%T has %d bytes in place of %d", v, len(b), size)
	}
	return b, err
}

// readVariable adds a variable and puts its value into its map.
func (s *specReader) readVariable(name string, vs *ebpf.VariableSpec) error {
	m := s.maps[vs.SectionName]
	if m == nil {
		return fmt.Errorf("no map %q", vs.SectionName)
	}
	size := len(vs.Value)
	if uint64(vs.Offset)+uint64(size) > uint64(m.ValueSize) || m.ValueSize > maxDataSize {
		return errors.New("lies outside of its section")
	}
	if len(m.Contents) == 0 {
		m.Contents = []image.Entry{{Key: make([]byte, m.KeySize), Value: make([]byte, m.ValueSize)}}
	}
	copy(m.Contents[0].Value[vs.Offset:], vs.Value)
	s.vars = append(s.vars, &image.Variable{
		Name: name, Map: m, Offset: vs.Offset, Size: uint32(size), Constant: isConstant(vs.SectionName), Type: vs.Type,
	})
	return nil
}

// readKconfig adds the .kconfig map, which a spec has in its BTF only.
func (s *specReader) readKconfig(c *image.Collection, a *assembler) error {
	var ds *btf.Datasec
	if s.types == nil || s.types.TypeByName(image.KconfigSection, &ds) != nil {
		return nil
	}
	for _, vsi := range ds.Vars {
		v, ok := vsi.Type.(*btf.Var)
		if !ok {
			return fmt.Errorf("section %q: %T in place of a variable", ds.Name, vsi.Type)
		}
		size, err := btf.Sizeof(v.Type)
		if err != nil || vsi.Offset > ds.Size || uint64(size) > uint64(ds.Size-vsi.Offset) {
			return fmt.Errorf("variable %q: lies outside of its section", v.Name)
		}
		c.Kconfig = append(c.Kconfig, &image.Kconfig{Name: v.Name, Offset: vsi.Offset, Size: uint32(size), Type: v.Type})
	}
	s.kconfig = &image.Map{
		Name: ds.Name, Section: ds.Name, Type: abi.Array, KeySize: 4, ValueSize: ds.Size, MaxEntries: 1,
		Flags: abi.ReadOnlyProg, Frozen: true, Value: ds,
	}
	a.kconfig = s.kconfig
	c.Maps = append(c.Maps, s.kconfig)
	return nil
}

// specEntry is a program with the functions of its own instruction stream.
type specEntry struct {
	fn       *function
	siblings map[string]*function
}

// readProgram cuts a program's instructions into functions.
func (s *specReader) readProgram(name string, ps *ebpf.ProgramSpec) (*specEntry, error) {
	if ps == nil || len(ps.Instructions) == 0 {
		return nil, errors.New("has no instructions")
	}
	starts := map[string]bool{}
	for i := range ps.Instructions {
		ins := &ps.Instructions[i]
		if ins.IsFunctionReference() && ins.Reference() != "" {
			starts[ins.Reference()] = true
		}
	}
	slots := make(map[string]int) // of labels and functions, in the whole stream
	var funcs []*function
	byName := make(map[string]*function)
	slot := 0
	for i := range ps.Instructions {
		ins := &ps.Instructions[i]
		sym := ins.Symbol()
		if i == 0 || (sym != "" && (starts[sym] || btf.FuncMetadata(ins) != nil)) {
			fn := &function{name: sym, section: ".text", start: slot, typ: btf.FuncMetadata(ins), bind: bindGlobal}
			if i == 0 {
				fn.section = ps.SectionName
			}
			if fn.name == "" {
				fn.name = name
			}
			funcs = append(funcs, fn)
			byName[fn.name] = fn
		}
		if sym != "" {
			slots[sym] = slot
		}
		slot += int(ins.Width())
	}
	if slot > maxInsns {
		return nil, fmt.Errorf("more than %d instructions", maxInsns)
	}
	slot = 0
	n := 0
	for i := range ps.Instructions {
		ins := ps.Instructions[i]
		for n+1 < len(funcs) && funcs[n+1].start <= slot {
			n++
		}
		if err := s.add(funcs[n], ins, slot, slots, byName); err != nil {
			funcs[n].fail(fmt.Errorf("insn %d: %w", slot, err))
		}
		slot += int(ins.Width())
	}
	return &specEntry{fn: funcs[0], siblings: byName}, nil
}

// add appends an instruction of cilium's form to fn. slot counts from the
// start of the program.
func (s *specReader) add(fn *function, ins asm.Instruction, slot int, labels map[string]int, funcs map[string]*function) error {
	at := len(fn.insns)
	if l, ok := ins.Source().(*btf.Line); ok {
		fn.lines = append(fn.lines, image.Line{
			Slot: at, File: l.FileName(), Line: int(l.LineNumber()), Column: int(l.LineColumn()), Text: l.Line(),
		})
	} else if src := ins.Source(); src != nil {
		fn.lines = append(fn.lines, image.Line{Slot: at, Text: src.String()})
	}
	if relo := btf.CORERelocationMetadata(&ins); relo != nil {
		c, err := s.core(relo, at)
		if err != nil {
			return err
		}
		fn.core = append(fn.core, c)
	}
	var buf bytes.Buffer
	if _, err := ins.Marshal(&buf, binary.LittleEndian); err != nil {
		return err
	}
	fn.insns = append(fn.insns, decode(buf.Bytes(), binary.LittleEndian)...)
	if ins.OpCode.Class().IsALU() && fn.insns[at].Off == 0 {
		fn.insns[at].Off = ins.Offset // cilium's encoder drops that of addr_space_cast
	}
	rf, err := s.ref(&ins, at, funcs)
	if err != nil {
		return err
	}
	if rf.kind != 0 {
		fn.refs = append(fn.refs, rf)
		return nil
	}
	if name := ins.Reference(); name != "" {
		to, ok := labels[name]
		if !ok {
			return fmt.Errorf("refers to %q, which is not there", name)
		}
		in := &fn.insns[at]
		if in.Op.Class() == isa.ClassJmp32 && in.Op.Code() == isa.JA {
			in.Imm = int32(to - slot - 1)
		} else {
			in.Off = int16(to - slot - 1)
		}
	}
	return nil
}

// ref is what an instruction refers to, kind 0 for nothing but a label.
func (s *specReader) ref(ins *asm.Instruction, at int, funcs map[string]*function) (ref, error) {
	rf := ref{slot: at}
	name := ins.Reference()
	if ins.Map() != nil {
		return rf, errors.New("refers to a map that is loaded into the kernel already")
	}
	if kind, fields := loaderMeta(ins); kind != "" {
		return s.metaRef(rf, kind, fields, name)
	}
	switch {
	case ins.IsLoadFromMap() && name != "":
		if rf.m = s.maps[name]; rf.m == nil {
			return rf, fmt.Errorf("refers to map %q, which is not there", name)
		}
		rf.kind = refMap
		if ins.Src == asm.PseudoMapValue {
			rf.kind, rf.off = refValue, uint32(uint64(ins.Constant)>>32)
		}
	case ins.IsFunctionReference() && name != "":
		if rf.fn = funcs[name]; rf.fn == nil {
			return rf, fmt.Errorf("refers to function %q, which is not there", name)
		}
		rf.kind = refCall
		if ins.IsLoadOfFunctionPointer() {
			rf.kind = refFunc
		}
	}
	return rf, nil
}

// metaRef is a reference that cilium's reader left to its loader.
func (s *specReader) metaRef(rf ref, kind string, fields map[string]reflect.Value, name string) (ref, error) {
	bind := fields["Binding"]
	weak := bind.CanInt() && bind.Int() == int64(elf.STB_WEAK)
	switch kind {
	case "kconfigMeta":
		off := fields["Offset"]
		if s.kconfig == nil || !off.CanUint() {
			return rf, errors.New("refers to a kernel configuration that the spec does not have")
		}
		rf.kind, rf.m, rf.off = refValue, s.kconfig, uint32(off.Uint())
		return rf, nil
	case "kfuncMeta", "ksymMeta":
		if rf.kind, rf.ext = refExtern, s.externs[name]; rf.ext != nil {
			return rf, nil
		}
		rf.ext = &extern{name: name, kind: externKsym, weak: weak}
		if kind == "kfuncMeta" {
			rf.ext.kind = externKfunc
			var fn *btf.Func
			if s.types != nil && s.types.TypeByName(name, &fn) == nil {
				rf.ext.typ = fn
			}
		}
		s.externs[name] = rf.ext
		return rf, nil
	}
	return rf, fmt.Errorf("has metadata %s, which is not known", kind)
}

// loaderMeta finds what cilium's reader notes of an instruction for its own
// loader: kernel functions, symbols and configuration. The keys are not
// exported, so the list is read by reflection.
func loaderMeta(ins *asm.Instruction) (string, map[string]reflect.Value) {
	e := reflect.ValueOf(ins.Metadata).FieldByName("head")
	for e.IsValid() && e.Kind() == reflect.Pointer && !e.IsNil() {
		elem := e.Elem()
		v := elem.FieldByName("value")
		if v.IsValid() && v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		if v.IsValid() && v.Kind() == reflect.Pointer && !v.IsNil() {
			t := v.Type().Elem()
			if name := t.Name(); t.Kind() == reflect.Struct && (name == "kfuncMeta" || name == "ksymMeta" || name == "kconfigMeta") {
				fields := make(map[string]reflect.Value)
				for i := range t.NumField() {
					fields[t.Field(i).Name] = v.Elem().Field(i)
				}
				return name, fields
			}
		}
		e = elem.FieldByName("next")
	}
	return "", nil
}

// core is a CO-RE relocation of cilium's form, whose parts only its text
// gives: "CORERelocation(byte_off, Struct:"x"[0:1], local_id=5)".
func (s *specReader) core(relo *btf.CORERelocation, at int) (image.CORERelo, error) {
	text := relo.String()
	c := image.CORERelo{Slot: at}
	bad := fmt.Errorf("CO-RE relocation %s", text)
	rest, ok := strings.CutPrefix(text, "CORERelocation(")
	kind, rest, ok2 := strings.Cut(rest, ", ")
	i := strings.LastIndex(rest, ", local_id=")
	if !ok || !ok2 || i < 0 {
		return c, bad
	}
	id, err := strconv.ParseUint(strings.TrimSuffix(rest[i+len(", local_id="):], ")"), 10, 32)
	if err != nil {
		return c, bad
	}
	rest = rest[:i]
	open := strings.LastIndexByte(rest, '[')
	k := slices.Index(coreKindNames[:], kind)
	if open < 0 || !strings.HasSuffix(rest, "]") || k < 0 {
		return c, bad
	}
	if c.Access, err = parseAccess(rest[open+1 : len(rest)-1]); err != nil {
		return c, bad
	}
	if s.types == nil {
		return c, fmt.Errorf("CO-RE relocation %s without BTF", text)
	}
	c.Kind, c.TypeID = image.COREKind(k), btf.TypeID(id)
	c.Type, err = s.types.TypeByID(c.TypeID)
	return c, err
}

// coreKindNames are cilium's names of the kinds, by number.
var coreKindNames = [...]string{
	"byte_off", "byte_sz", "field_exists", "signed", "lshift_u64", "rshift_u64", "local_type_id",
	"target_type_id", "type_exists", "type_size", "enumval_exists", "enumval_value", "type_matches",
}
