package bpfmap

import (
	"encoding/binary"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// MapHandle is a handle for an inner map, with a reference of its own. It is
// nil if the map is gone already.
func MapHandle(m Map) *Handle {
	if !m.Retain() {
		return nil
	}
	return &Handle{ID: m.ID(), Value: uint64(m.Header()), Object: m, Release: m.Release}
}

// ArrayOfMaps is BPF_MAP_TYPE_ARRAY_OF_MAPS.
type ArrayOfMaps struct{ handleArray }

func newArrayOfMaps(def *image.Map, o Options) (*ArrayOfMaps, error) {
	a := &ArrayOfMaps{}
	err := a.init(def, o, func(h *Handle) abi.Errno { return innerFits(def.Inner, o.Table, h) })
	if err != nil {
		return nil, err
	}
	return a, nil
}

// Lookup is the header of the inner map at key.
func (a *ArrayOfMaps) Lookup(_ int, key []byte) mem.Addr {
	i := binary.NativeEndian.Uint32(key)
	if i >= a.max {
		return 0
	}
	return mem.Addr((a.words + mem.Addr(i)*8).LoadU64())
}

// innerFits says whether a map may stand where the template does.
func innerFits(t *image.Map, table *Table, h *Handle) abi.Errno {
	m, ok := h.Object.(Map)
	if !ok || table.Map(m.Header()) != m {
		return abi.EINVAL
	}
	d := m.Def()
	if d.Type != t.Type || d.KeySize != t.KeySize || d.ValueSize != t.ValueSize || d.Flags != t.Flags {
		return abi.EINVAL
	}
	if spinLockOffset(d.Value) != spinLockOffset(t.Value) {
		return abi.EINVAL
	}
	// Array lookups are inlined with the template's bounds, unless the map
	// says that it may vary.
	if d.Type == abi.Array && d.Flags&abi.InnerMap == 0 && d.MaxEntries != t.MaxEntries {
		return abi.EINVAL
	}
	return 0
}
