package skep

import (
	"errors"
	"fmt"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/image"
)

// Map is a live map. Operations on it are those of bpf(2); arguments of type
// any are encoded as encoding/binary does in little-endian, byte slices as they
// are.
type Map struct {
	name string
	def  *image.Map
	impl BackendMap
	cpus int
	own  *handle
}

// MapOptions change how maps are created.
type MapOptions struct {
	// Backend is where the map lives, nil for the process's default Runtime.
	Backend Backend
}

// NewMap creates a map with its contents.
func NewMap(spec *MapSpec) (*Map, error) { return NewMapWithOptions(spec, MapOptions{}) }

// NewMapWithOptions creates a map with its contents.
func NewMapWithOptions(spec *MapSpec, opts MapOptions) (*Map, error) {
	b, err := backendOrDefault(opts.Backend)
	if err != nil {
		return nil, err
	}
	m, err := createMap(b, spec)
	if err != nil {
		return nil, err
	}
	if err := fillMap(m, spec, nil); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// createMap creates a map that is still empty.
func createMap(b Backend, spec *MapSpec) (*Map, error) {
	def := bpfmap.Adjust(spec.image(), b.CPUs())
	impl, err := b.NewMap(def)
	if err != nil {
		return nil, err
	}
	return &Map{name: spec.Name, def: def, impl: impl, cpus: b.CPUs(), own: newHandle(impl.Close)}, nil
}

// image is the definition that backends and the verifier read.
func (ms *MapSpec) image() *image.Map {
	def := &image.Map{
		Name: ms.Name, Type: ms.Type, KeySize: ms.KeySize, ValueSize: ms.ValueSize,
		MaxEntries: ms.MaxEntries, Flags: abi.MapFlags(ms.Flags), Extra: ms.MapExtra,
		NUMANode: ms.NumaNode, PinByName: ms.Pinning == PinByName,
		Key: ms.Key, Value: ms.Value, Tags: ms.Tags,
	}
	if ms.img != nil {
		def.Section, def.Frozen, def.StructOps = ms.img.Section, ms.img.Frozen, ms.img.StructOps
	}
	if ms.InnerMap != nil {
		def.Inner = ms.InnerMap.image()
	}
	if def.Section != "" {
		for _, kv := range ms.Contents {
			k, kok := kv.Key.([]byte)
			v, vok := kv.Value.([]byte)
			if kok && vok {
				def.Contents = append(def.Contents, image.Entry{Key: k, Value: v})
			}
		}
	}
	return def
}

// fillMap puts the spec's contents into m. coll resolves names of maps and
// programs; nil for a map on its own.
func fillMap(m *Map, spec *MapSpec, coll *Collection) error {
	for i, kv := range spec.Contents {
		value := kv.Value
		if name, ok := value.(string); ok && coll != nil {
			switch {
			case spec.Type == ProgramArray:
				if value = coll.Programs[name]; coll.Programs[name] == nil {
					return fmt.Errorf("map %q: element %d: program %q is not in the collection", spec.Name, i, name)
				}
			case isMapOfMaps(spec.Type):
				if value = coll.Maps[name]; coll.Maps[name] == nil {
					return fmt.Errorf("map %q: element %d: map %q is not in the collection", spec.Name, i, name)
				}
			}
		}
		if err := m.Put(kv.Key, value); err != nil {
			return fmt.Errorf("map %q: element %d: %w", spec.Name, i, err)
		}
	}
	if m.def.Frozen {
		return m.Freeze()
	}
	return nil
}

func isMapOfMaps(t MapType) bool { return t == ArrayOfMaps || t == HashOfMaps }

func isPerCPU(t MapType) bool {
	return t == PerCPUArray || t == PerCPUHash || t == LRUCPUHash || t == PerCPUCGroupStorage
}

// Name is the map's name in its object.
func (m *Map) Name() string { return m.name }

// Type is the map's type.
func (m *Map) Type() MapType { return m.def.Type }

// KeySize is the size of keys in bytes.
func (m *Map) KeySize() uint32 { return m.def.KeySize }

// ValueSize is the size of one CPU's value in bytes.
func (m *Map) ValueSize() uint32 { return m.def.ValueSize }

// MaxEntries is the most elements that the map can hold.
func (m *Map) MaxEntries() uint32 { return m.def.MaxEntries }

// Flags are the flags that the map was created with.
func (m *Map) Flags() uint32 { return uint32(m.def.Flags) }

// String is a short description for messages.
func (m *Map) String() string { return fmt.Sprintf("%s(%s)", m.def.Type, m.name) }

// Image is the definition of the map. It must not be changed.
func (m *Map) Image() *image.Map { return m.def }

// Backend is the map as its backend sees it, for readers and hooks.
func (m *Map) Backend() BackendMap { return m.impl }

// Lookup reads the value of a key into valueOut, a pointer or a slice; for
// per-CPU maps a slice or a pointer to one. It returns ErrKeyNotExist if the key is
// absent.
func (m *Map) Lookup(key, valueOut any) error { return m.LookupWithFlags(key, valueOut, 0) }

// LookupWithFlags is Lookup with flags.
func (m *Map) LookupWithFlags(key, valueOut any, flags MapLookupFlags) error {
	return m.lookup(key, valueOut, flags, m.impl.Lookup)
}

// LookupAndDelete reads a value and removes it.
func (m *Map) LookupAndDelete(key, valueOut any) error {
	return m.LookupAndDeleteWithFlags(key, valueOut, 0)
}

// LookupAndDeleteWithFlags is LookupAndDelete with flags.
func (m *Map) LookupAndDeleteWithFlags(key, valueOut any, flags MapLookupFlags) error {
	return m.lookup(key, valueOut, flags, m.impl.LookupAndDelete)
}

func (m *Map) lookup(key, valueOut any, flags MapLookupFlags, op func(k, v []byte, f abi.UpdateFlags) error) error {
	if !m.own.use() {
		return ErrClosed
	}
	defer m.own.done()
	k, err := m.key(key)
	if err != nil {
		return err
	}
	v := make([]byte, m.impl.ValueLen())
	if err := op(k, v, abi.UpdateFlags(flags)); err != nil {
		return err
	}
	return m.decodeValue(valueOut, v)
}

// LookupBytes reads a value, nil if the key is absent.
func (m *Map) LookupBytes(key any) ([]byte, error) {
	var v []byte
	err := m.Lookup(key, &v)
	if errors.Is(err, ErrKeyNotExist) {
		return nil, nil
	}
	return v, err
}

// Put creates or replaces a value.
func (m *Map) Put(key, value any) error { return m.Update(key, value, UpdateAny) }

// Update changes a value as flags say. For maps of maps value is a *Map, for
// program arrays a *Program.
func (m *Map) Update(key, value any, flags MapUpdateFlags) error {
	if !m.own.use() {
		return ErrClosed
	}
	defer m.own.done()
	k, err := m.key(key)
	if err != nil {
		return err
	}
	switch v := value.(type) {
	case *Map:
		if v == nil {
			return errors.New("map value: nil map")
		}
		if !v.own.use() {
			return fmt.Errorf("map value: %w", ErrClosed)
		}
		defer v.own.done()
		return m.impl.SetMap(k, v.impl, flags)
	case *Program:
		if v == nil {
			return errors.New("map value: nil program")
		}
		if !v.own.use() {
			return fmt.Errorf("map value: %w", ErrClosed)
		}
		defer v.own.done()
		return m.impl.SetProgram(k, v.impl, flags)
	}
	b, err := m.encodeValue(value)
	if err != nil {
		return err
	}
	return m.impl.Update(k, b, flags)
}

// Delete removes a key. It returns ErrKeyNotExist if it is absent.
func (m *Map) Delete(key any) error {
	if !m.own.use() {
		return ErrClosed
	}
	defer m.own.done()
	k, err := m.key(key)
	if err != nil {
		return err
	}
	return m.impl.Delete(k)
}

// NextKey reads the key after key, the first one if key is nil. It returns
// ErrKeyNotExist at the end.
func (m *Map) NextKey(key, nextKeyOut any) error {
	next, err := m.NextKeyBytes(key)
	if err != nil {
		return err
	}
	if next == nil {
		return ErrKeyNotExist
	}
	return unmarshal(nextKeyOut, next)
}

// NextKeyBytes is the key after key, the first one if key is nil, nil at the
// end.
func (m *Map) NextKeyBytes(key any) ([]byte, error) {
	if !m.own.use() {
		return nil, ErrClosed
	}
	defer m.own.done()
	var prev []byte
	if key != nil {
		var err error
		if prev, err = m.key(key); err != nil {
			return nil, err
		}
	}
	next := make([]byte, m.def.KeySize)
	switch err := m.impl.NextKey(prev, next); {
	case errors.Is(err, ErrKeyNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return next, nil
}

// Freeze forbids changes from Go; programs may still change the map.
func (m *Map) Freeze() error {
	if !m.own.use() {
		return ErrClosed
	}
	defer m.own.done()
	return m.impl.Freeze()
}

// Clone is another handle on the same map; both must be closed.
func (m *Map) Clone() (*Map, error) {
	if m == nil {
		return nil, nil
	}
	own := m.own.clone()
	if own == nil {
		return nil, ErrClosed
	}
	c := *m
	c.own = own
	return &c, nil
}

// Close gives up this handle; it is idempotent. The map lives on while programs
// or clones use it.
func (m *Map) Close() error {
	if m == nil {
		return nil
	}
	return m.own.close()
}

func (m *Map) key(key any) ([]byte, error) {
	if key == nil && m.def.KeySize == 0 {
		return nil, nil
	}
	b, err := marshal(key, int(m.def.KeySize))
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	return b, nil
}

func (m *Map) encodeValue(value any) ([]byte, error) {
	var b []byte
	var err error
	if isPerCPU(m.def.Type) {
		b, err = marshalPerCPU(value, int(m.def.ValueSize), m.cpus)
	} else {
		b, err = marshal(value, m.impl.ValueLen())
	}
	if err != nil {
		return nil, fmt.Errorf("value: %w", err)
	}
	return b, nil
}

func (m *Map) decodeValue(out any, b []byte) error {
	var err error
	if isPerCPU(m.def.Type) {
		err = unmarshalPerCPU(out, b, int(m.def.ValueSize))
	} else {
		err = unmarshal(out, b)
	}
	if err != nil {
		return fmt.Errorf("value: %w", err)
	}
	return nil
}
