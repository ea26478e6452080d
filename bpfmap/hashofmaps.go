package bpfmap

import (
	"encoding/binary"
	"sync"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// HashOfMaps is BPF_MAP_TYPE_HASH_OF_MAPS: a hash whose values are the headers
// of inner maps. Only Go callers change it.
type HashOfMaps struct {
	hash
	mu   sync.Mutex
	held map[string]*Handle
}

func newHashOfMaps(def *image.Map, o Options) (*HashOfMaps, error) {
	m := &HashOfMaps{held: map[string]*Handle{}}
	// The elements hold addresses in place of what bpf(2) shows, 4-byte ids.
	inner := *def
	inner.ValueSize = 8
	if err := m.init(&inner, o); err != nil {
		return nil, err
	}
	m.def = def
	*(m.hdr + HdrValueSize).U32() = def.ValueSize
	m.drain = func() {
		for _, h := range m.held {
			h.release()
		}
		m.held = nil
	}
	return m, nil
}

// Lookup is the header of the inner map at key.
func (m *HashOfMaps) Lookup(cpu int, key []byte) mem.Addr {
	p := m.hash.Lookup(cpu, key)
	if p == 0 {
		return 0
	}
	return mem.Addr(p.LoadU64())
}

// Update refuses: programs cannot change maps of maps.
func (m *HashOfMaps) Update(int, []byte, []byte, abi.UpdateFlags) abi.Errno { return abi.EINVAL }

// Delete refuses: programs cannot change maps of maps.
func (m *HashOfMaps) Delete(int, []byte) abi.Errno { return abi.EINVAL }

// Hold puts h at key.
func (m *HashOfMaps) Hold(key []byte, h *Handle, flags abi.UpdateFlags) abi.Errno {
	if e := writable(m); e != 0 {
		return e
	}
	if len(key) != int(m.def.KeySize) || h == nil || h.Value == 0 {
		return abi.EINVAL
	}
	if e := innerFits(m.def.Inner, m.table, h); e != 0 {
		return e
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var word [8]byte
	binary.NativeEndian.PutUint64(word[:], h.Value)
	if e := m.hash.Update(-1, key, word[:], flags); e != 0 {
		return e
	}
	old := m.held[string(key)]
	m.held[string(key)] = h
	m.letGo(old)
	return 0
}

func (m *HashOfMaps) letGo(h *Handle) {
	if h != nil {
		m.table.epoch.Defer(h.release)
	}
}

// Held is the handle at key.
func (m *HashOfMaps) Held(key []byte) *Handle {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.held[string(key)]
}

// ValueLen is the length of an id.
func (m *HashOfMaps) ValueLen() int { return 4 }

// SysLookup reads the id of the inner map at key.
func (m *HashOfMaps) SysLookup(key, value []byte, _ abi.UpdateFlags) abi.Errno {
	h := m.Held(key)
	if h == nil {
		return abi.ENOENT
	}
	binary.NativeEndian.PutUint32(value, h.ID)
	return 0
}

// SysUpdate refuses: plain bytes name no map. Hold is the way.
func (m *HashOfMaps) SysUpdate(_, _ []byte, _ abi.UpdateFlags) abi.Errno { return abi.EINVAL }

// SysDelete takes an inner map out.
func (m *HashOfMaps) SysDelete(key []byte) abi.Errno {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.hash.SysDelete(key); e != 0 {
		return e
	}
	m.letGo(m.held[string(key)])
	delete(m.held, string(key))
	return 0
}

// SysLookupDelete refuses, as in Linux.
func (m *HashOfMaps) SysLookupDelete(_, _ []byte, _ abi.UpdateFlags) abi.Errno { return abi.ENOTSUPP }
