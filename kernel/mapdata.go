package kernel

import (
	"fmt"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

const (
	cmdMapLookupElem command = 1
	cmdMapGetNextKey command = 4
)

// Map is a map of a loaded program. It lives as long as the program.
type Map struct {
	fd  int
	def *image.Map
}

// Map is the map with index i in image.Program.Maps.
func (p *Program) Map(i int) (*Map, error) {
	if i < 0 || i >= len(p.image.Maps) {
		return nil, fmt.Errorf("map %d of %d", i, len(p.image.Maps))
	}
	def := p.image.Maps[i]
	m, err := p.maps.get(def)
	if err != nil {
		return nil, err
	}
	return &Map{fd: m.fd, def: def}, nil
}

// FD is the program's file descriptor, good until Close.
func (p *Program) FD() int { return p.fd }

// ValueLen is the size in bytes of what Lookup gives and Update takes: one
// value, or one for each possible CPU, each rounded up to 8.
func (m *Map) ValueLen() int {
	switch m.def.Type {
	case abi.PerCPUArray, abi.PerCPUHash, abi.LRUPerCPUHash, abi.PerCPUCgroupStorage:
		return int(m.def.ValueSize+7) &^ 7 * possibleCPUs()
	}
	return int(m.def.ValueSize)
}

// Update sets the element of a key.
func (m *Map) Update(key, value []byte, flags abi.UpdateFlags) abi.Errno {
	var a attr
	a.u32(0, uint32(m.fd))
	a.ptr(8, key)
	a.ptr(16, value)
	a.u64(24, uint64(flags))
	_, errno := a.call(cmdMapUpdateElem)
	return errno
}

// Lookup copies the element of a key, ValueLen bytes, to value.
func (m *Map) Lookup(key, value []byte) abi.Errno {
	var a attr
	a.u32(0, uint32(m.fd))
	a.ptr(8, key)
	a.ptr(16, value)
	_, errno := a.call(cmdMapLookupElem)
	return errno
}

// NextKey copies the key behind prev to next, the first one if prev is nil.
func (m *Map) NextKey(prev, next []byte) abi.Errno {
	var a attr
	a.u32(0, uint32(m.fd))
	a.ptr(8, prev)
	a.ptr(16, next)
	_, errno := a.call(cmdMapGetNextKey)
	return errno
}
