package kernel

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/bits"
	"os"
	"strconv"
	"strings"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// loadedMap is a map in the kernel.
type loadedMap struct {
	fd  int
	mem []byte // of an arena, mapped
}

func (m *loadedMap) close() {
	if m.mem != nil {
		unmap(m.mem)
	}
	closeFD(m.fd)
}

// mapSet makes maps, each once.
type mapSet struct {
	types *types
	user  *User // makes those maps that he may
	made  map[*image.Map]*loadedMap
}

func (s *mapSet) close() {
	for _, m := range s.made {
		m.close()
	}
	clear(s.made)
}

// get is the map that def defines.
func (s *mapSet) get(def *image.Map) (*loadedMap, error) {
	if m, ok := s.made[def]; ok {
		return m, nil
	}
	m, err := s.create(def)
	if err != nil {
		return nil, fmt.Errorf("map %q: %w", def.Name, err)
	}
	s.made[def] = m
	if err := s.fill(def, m); err != nil {
		return nil, fmt.Errorf("map %q: %w", def.Name, err)
	}
	return m, nil
}

func (s *mapSet) create(def *image.Map) (*loadedMap, error) {
	inner := 0
	if def.Inner != nil {
		m, err := s.create(def.Inner)
		if err != nil {
			return nil, fmt.Errorf("inner map: %w", err)
		}
		defer m.close()
		inner = m.fd
	}
	attempt := func(withTypes bool) (int, abi.Errno) {
		var a attr
		a.u32(0, uint32(def.Type))
		a.u32(4, def.KeySize)
		a.u32(8, def.ValueSize)
		a.u32(12, entries(def))
		a.u32(16, uint32(def.Flags))
		a.u32(20, uint32(inner))
		if def.Flags&abi.NUMANode != 0 {
			a.u32(24, def.NUMANode)
		}
		a.name(28, cmp.Or(def.KernelName, def.Name))
		if withTypes {
			a.u32(48, uint32(s.types.fd))
			a.u32(52, s.types.id(def.Key))
			a.u32(56, s.types.id(def.Value))
		}
		a.u64(64, def.Extra)
		defer a.done()
		if s.user != nil {
			// The verifier looks at what the maker of a map may do.
			if fd, errno, err := bpfAs(s.user, cmdMapCreate, &a); err == nil && errno == 0 {
				return fd, errno
			}
		}
		return a.call(cmdMapCreate)
	}
	typed := s.types.fd != 0 && def.Value != nil && hasBTF(def.Type)
	fd, errno := attempt(typed)
	if errno != 0 && typed {
		// As libbpf does it: types that the kernel does not take are left out.
		if again, e := attempt(false); e == 0 {
			fd, errno = again, 0
		}
	}
	if errno != 0 {
		return nil, fmt.Errorf("the kernel does not make it: %w", errno)
	}
	m := &loadedMap{fd: fd}
	if def.Type == abi.Arena {
		// The verifier asks for the address that user space sees.
		mem, err := mapShared(fd, def.Extra, int(def.MaxEntries)*os.Getpagesize())
		if err != nil {
			m.close()
			return nil, fmt.Errorf("memory of the arena: %w", err)
		}
		m.mem = mem
	}
	return m, nil
}

// hasBTF reports whether maps of a type may be made with types.
func hasBTF(t abi.MapType) bool {
	switch t {
	case abi.PerfEventArray, abi.CgroupArray, abi.StackTrace, abi.ArrayOfMaps, abi.HashOfMaps, abi.DevMap, abi.DevMapHash,
		abi.CPUMap, abi.XSKMap, abi.SockMap, abi.SockHash, abi.Arena, abi.ProgArray:
		return false
	}
	return true
}

// entries is max_entries with libbpf's adjustments: a perf event array without
// a number has one event for each CPU, and a ring buffer whole pages, a power
// of two of them.
func entries(def *image.Map) uint32 {
	switch def.Type {
	case abi.PerfEventArray:
		if def.MaxEntries == 0 {
			return uint32(possibleCPUs())
		}
	case abi.RingBuf, abi.UserRingBuf:
		page := uint32(os.Getpagesize())
		if n := def.MaxEntries; n > 0 && n <= 1<<31 {
			return page << bits.Len32((n-1)/page)
		}
	}
	return def.MaxEntries
}

// fill gives a map its initial contents. Programs in program arrays are left
// out: no verdict depends on them.
func (s *mapSet) fill(def *image.Map, m *loadedMap) error {
	for _, e := range def.Contents {
		value := e.Value
		switch {
		case e.Program != "":
			continue
		case e.Map != nil:
			in, err := s.get(e.Map)
			if err != nil {
				return err
			}
			value = binary.NativeEndian.AppendUint32(nil, uint32(in.fd))
		case def.Type == abi.Arena:
			copy(m.mem, value)
			continue
		}
		if errno := update(m.fd, e.Key, value); errno != 0 {
			return fmt.Errorf("element %x: %w", e.Key, errno)
		}
	}
	if !def.Frozen {
		return nil
	}
	var a attr
	a.u32(0, uint32(m.fd))
	if _, errno := a.call(cmdMapFreeze); errno != 0 {
		return fmt.Errorf("freeze: %w", errno)
	}
	return nil
}

func update(fd int, key, value []byte) abi.Errno {
	var a attr
	a.u32(0, uint32(fd))
	a.ptr(8, key)
	a.ptr(16, value)
	_, errno := a.call(cmdMapUpdateElem)
	return errno
}

// possibleCPUs is the number of CPUs that the kernel may have, 1 if it does not
// say.
func possibleCPUs() int {
	b, err := os.ReadFile("/sys/devices/system/cpu/possible")
	if err != nil {
		return 1
	}
	s := strings.TrimSpace(string(b))
	last := s[strings.LastIndexAny(s, "-,")+1:]
	n, err := strconv.Atoi(last)
	if err != nil {
		return 1
	}
	return n + 1
}
