package skep

import (
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/object"
)

// CollectionSpec describes what an object file asks for, before anything is
// verified or created.
type CollectionSpec struct {
	Maps      map[string]*MapSpec
	Programs  map[string]*ProgramSpec
	Variables map[string]*VariableSpec
	Types     *btf.Spec // nil without BTF
	ByteOrder binary.ByteOrder

	img *image.Collection
}

// LoadCollectionSpec reads an object file. A path that ends in .c is compiled
// by clang first.
func LoadCollectionSpec(file string) (*CollectionSpec, error) {
	img, err := object.Open(file, nil)
	if err != nil {
		return nil, err
	}
	return NewCollectionSpec(img), nil
}

// LoadCollectionSpecFromReader reads an object.
func LoadCollectionSpecFromReader(rd io.ReaderAt) (*CollectionSpec, error) {
	img, err := object.Read("object", rd, nil)
	if err != nil {
		return nil, err
	}
	return NewCollectionSpec(img), nil
}

// NewCollectionSpec is the spec of a collection that object, asm or filter
// made.
func NewCollectionSpec(img *image.Collection) *CollectionSpec {
	cs := &CollectionSpec{
		Maps:      make(map[string]*MapSpec, len(img.Maps)),
		Programs:  make(map[string]*ProgramSpec, len(img.Programs)),
		Variables: make(map[string]*VariableSpec, len(img.Variables)),
		Types:     img.Types,
		ByteOrder: img.ByteOrder,
		img:       img,
	}
	for _, m := range img.Maps {
		cs.Maps[m.Name] = newMapSpec(m)
	}
	for _, p := range img.Programs {
		cs.Programs[p.Name] = newProgramSpec(p, img.ByteOrder)
	}
	for _, v := range img.Variables {
		if m := cs.Maps[v.Map.Name]; m != nil {
			cs.Variables[v.Name] = &VariableSpec{name: v.Name, v: v, m: m}
		}
	}
	return cs
}

// Copy is a deep copy of the spec.
func (cs *CollectionSpec) Copy() *CollectionSpec {
	if cs == nil {
		return nil
	}
	c := *cs
	c.Maps = make(map[string]*MapSpec, len(cs.Maps))
	for name, m := range cs.Maps {
		c.Maps[name] = m.Copy()
	}
	c.Programs = make(map[string]*ProgramSpec, len(cs.Programs))
	for name, p := range cs.Programs {
		c.Programs[name] = p.Copy()
	}
	c.Variables = make(map[string]*VariableSpec, len(cs.Variables))
	for name, v := range cs.Variables {
		cp := *v
		cp.m = c.Maps[v.v.Map.Name]
		c.Variables[name] = &cp
	}
	return &c
}

// MapSpec describes a map.
type MapSpec struct {
	Name       string
	Type       MapType
	KeySize    uint32 // bytes
	ValueSize  uint32 // bytes
	MaxEntries uint32
	Flags      uint32
	Pinning    PinType
	NumaNode   uint32
	MapExtra   uint64
	// Contents are the initial elements. Values may be anything that
	// Map.Update takes; for maps of maps and program arrays, the name of a map
	// or program of the same collection.
	Contents []MapKV
	InnerMap *MapSpec
	Key      btf.Type // nil without BTF
	Value    btf.Type
	Tags     []string

	img *image.Map
}

// MapKV is an initial element of a map.
type MapKV struct {
	Key   any
	Value any
}

func newMapSpec(m *image.Map) *MapSpec {
	ms := &MapSpec{
		Name: m.Name, Type: m.Type, KeySize: m.KeySize, ValueSize: m.ValueSize,
		MaxEntries: m.MaxEntries, Flags: uint32(m.Flags), NumaNode: m.NUMANode,
		MapExtra: m.Extra, Key: m.Key, Value: m.Value, Tags: slices.Clone(m.Tags), img: m,
	}
	if m.PinByName {
		ms.Pinning = PinByName
	}
	if m.Inner != nil {
		ms.InnerMap = newMapSpec(m.Inner)
	}
	if m.Section != "" && len(m.Contents) == 0 {
		// A section of zeroes, which variables may be set in.
		ms.Contents = []MapKV{{Key: make([]byte, m.KeySize), Value: make([]byte, m.ValueSize)}}
	}
	for _, e := range m.Contents {
		kv := MapKV{Key: slices.Clone(e.Key), Value: slices.Clone(e.Value)}
		switch {
		case e.Map != nil:
			kv.Value = e.Map.Name
		case e.Program != "":
			kv.Value = e.Program
		}
		ms.Contents = append(ms.Contents, kv)
	}
	return ms
}

// Copy is a deep copy of the spec; the values in Contents are shared unless
// they are byte slices.
func (ms *MapSpec) Copy() *MapSpec {
	if ms == nil {
		return nil
	}
	c := *ms
	c.Contents = slices.Clone(ms.Contents)
	for i, kv := range c.Contents {
		if b, ok := kv.Value.([]byte); ok {
			c.Contents[i].Value = slices.Clone(b)
		}
	}
	c.InnerMap = ms.InnerMap.Copy()
	c.Tags = slices.Clone(ms.Tags)
	return &c
}

// String is a short description for messages.
func (ms *MapSpec) String() string {
	return fmt.Sprintf("%s(keySize=%d, valueSize=%d, maxEntries=%d, flags=%d)", ms.Type, ms.KeySize, ms.ValueSize, ms.MaxEntries, ms.Flags)
}

// ProgramSpec describes a program.
type ProgramSpec struct {
	Name          string
	Type          ProgramType
	AttachType    AttachType
	AttachTo      string
	SectionName   string
	Flags         uint32
	License       string
	KernelVersion uint32
	// Memory is the least memory that every run of a raw program will give it,
	// in bytes, which the program then need not ask for.
	Memory    uint32
	ByteOrder binary.ByteOrder

	img *image.Program
}

func newProgramSpec(p *image.Program, bo binary.ByteOrder) *ProgramSpec {
	return &ProgramSpec{
		Name: p.Name, Type: p.Type, AttachType: p.Attach, AttachTo: p.AttachTo,
		SectionName: p.Section, Flags: uint32(p.Flags), License: p.License,
		KernelVersion: p.Version, Memory: p.Memory, ByteOrder: bo, img: p,
	}
}

// Copy is a deep copy of the spec; instructions are shared and never changed.
func (ps *ProgramSpec) Copy() *ProgramSpec {
	if ps == nil {
		return nil
	}
	c := *ps
	return &c
}

// Image is the program as the reader linked it. It must not be changed.
func (ps *ProgramSpec) Image() *image.Program { return ps.img }

// VariableSpec is a global variable that can be set before loading.
type VariableSpec struct {
	name string
	v    *image.Variable
	m    *MapSpec
}

// Set changes the variable's initial value.
func (s *VariableSpec) Set(in any) error {
	b, err := s.bytes()
	if err != nil {
		return err
	}
	src, err := marshal(in, len(b))
	if err != nil {
		return fmt.Errorf("variable %q: %w", s.name, err)
	}
	copy(b, src)
	return nil
}

// Get reads the variable's initial value.
func (s *VariableSpec) Get(out any) error {
	b, err := s.bytes()
	if err != nil {
		return err
	}
	if err := unmarshal(out, b); err != nil {
		return fmt.Errorf("variable %q: %w", s.name, err)
	}
	return nil
}

func (s *VariableSpec) bytes() ([]byte, error) {
	if len(s.m.Contents) == 0 {
		return nil, fmt.Errorf("variable %q: map %q has no contents", s.name, s.m.Name)
	}
	b, ok := s.m.Contents[0].Value.([]byte)
	end := uint64(s.v.Offset) + uint64(s.v.Size)
	if !ok || end > uint64(len(b)) {
		return nil, fmt.Errorf("variable %q: lies outside map %q", s.name, s.m.Name)
	}
	return b[s.v.Offset:end], nil
}

// Name is the variable's C name.
func (s *VariableSpec) Name() string { return s.name }

// Size is the variable's size in bytes.
func (s *VariableSpec) Size() uint32 { return s.v.Size }

// Offset is where the variable begins in its map's value, in bytes.
func (s *VariableSpec) Offset() uint32 { return s.v.Offset }

// MapName is the data section's map.
func (s *VariableSpec) MapName() string { return s.m.Name }

// Constant reports whether programs and user space may not change it.
func (s *VariableSpec) Constant() bool { return s.v.Constant }

// Type is the variable's BTF type, nil without BTF.
func (s *VariableSpec) Type() *btf.Var { return s.v.Type }

// sortedNames are the keys of m in order, so that loading is deterministic.
func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
