package bpfmap

import (
	"encoding/binary"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// The targets of redirects: devmap and cpumap by index, devmap_hash by any
// number. Values are those that user space wrote: an interface index or queue
// size, and, in 8-byte values, a program.

// Redirecter is a map that bpf_redirect_map can send to.
type Redirecter interface {
	// Target is the value at key: an interface index of device maps, a queue
	// size of CPU maps, an id of socket maps.
	Target(key uint32) (uint32, bool)
	// Next is the smallest key above key that has a target, the smallest of
	// all with first, for broadcasts.
	Next(key uint32, first bool) (uint32, bool)
}

// maxQueue is the largest queue of a CPU map.
const maxQueue = 16384

// redirectArray is BPF_MAP_TYPE_DEVMAP and BPF_MAP_TYPE_CPUMAP: an array in
// which a value of which the first word is 0 is absent.
type redirectArray struct{ array }

func newRedirectArray(def *image.Map, o Options) (*redirectArray, error) {
	r := &redirectArray{}
	if err := r.init(def, o); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *redirectArray) ofCPUs() bool { return r.def.Type == abi.CPUMap }

// Lookup is the address of a value that is there.
func (r *redirectArray) Lookup(cpu int, key []byte) mem.Addr {
	p := r.array.Lookup(cpu, key)
	if p == 0 || p.LoadU32() == 0 {
		return 0
	}
	return p
}

// Target is the value at key.
func (r *redirectArray) Target(key uint32) (uint32, bool) {
	if key >= r.max {
		return 0, false
	}
	v := r.at(key).LoadU32()
	return v, v != 0
}

// Next is the next key with a target.
func (r *redirectArray) Next(key uint32, first bool) (uint32, bool) {
	i := uint64(key) + 1
	if first {
		i = 0
	}
	for ; i < uint64(r.max); i++ {
		if r.at(uint32(i)).LoadU32() != 0 {
			return uint32(i), true
		}
	}
	return 0, false
}

// Range visits nothing: Linux has no iteration by programs here.
func (r *redirectArray) Range(int, func(key, value mem.Addr) bool) int { return 0 }

// Update refuses: programs cannot change targets.
func (r *redirectArray) Update(int, []byte, []byte, abi.UpdateFlags) abi.Errno { return abi.EINVAL }

// SysLookup copies a value that is there.
func (r *redirectArray) SysLookup(key, value []byte, flags abi.UpdateFlags) abi.Errno {
	if r.Lookup(0, key) == 0 {
		return abi.ENOENT
	}
	return r.array.SysLookup(key, value, flags)
}

// SysUpdate sets a target; one of 0 takes it away.
func (r *redirectArray) SysUpdate(key, value []byte, flags abi.UpdateFlags) abi.Errno {
	i, word := binary.NativeEndian.Uint32(key), binary.NativeEndian.Uint32(value)
	switch {
	case flags > abi.UpdateExist:
		return abi.EINVAL
	case i >= r.max:
		return abi.E2BIG
	case flags == abi.UpdateNoExist:
		return abi.EEXIST
	case r.ofCPUs() && word > maxQueue:
		return abi.EOVERFLOW
	case r.ofCPUs() && i >= uint32(r.cpus):
		return abi.ENODEV
	}
	if e := checkTarget(value); e != 0 {
		return e
	}
	mem.Copy(r.at(i).Bytes(len(value)), value)
	return 0
}

// checkTarget refuses a program without a target.
func checkTarget(value []byte) abi.Errno {
	if len(value) == 8 && binary.NativeEndian.Uint32(value) == 0 && int32(binary.NativeEndian.Uint32(value[4:])) > 0 {
		return abi.EINVAL
	}
	return 0
}

// SysDelete takes a target away, whether there is one or not.
func (r *redirectArray) SysDelete(key []byte) abi.Errno {
	i := binary.NativeEndian.Uint32(key)
	if i >= r.max {
		return abi.EINVAL
	}
	clear(r.at(i).Bytes(int(r.stride)))
	return 0
}

// redirectHash is BPF_MAP_TYPE_DEVMAP_HASH.
type redirectHash struct{ hash }

func newRedirectHash(def *image.Map, o Options) (*redirectHash, error) {
	r := &redirectHash{}
	if err := r.init(def, o); err != nil {
		return nil, err
	}
	return r, nil
}

// Target is the value at key.
func (r *redirectHash) Target(key uint32) (uint32, bool) {
	var k [4]byte
	binary.NativeEndian.PutUint32(k[:], key)
	p := r.hash.Lookup(0, k[:])
	if p == 0 {
		return 0, false
	}
	return p.LoadU32(), true
}

// Next is the next key in numerical order.
func (r *redirectHash) Next(key uint32, first bool) (uint32, bool) {
	best, found := uint32(0), false
	r.hash.Range(0, func(k, _ mem.Addr) bool {
		if n := *k.U32(); (first || n > key) && (!found || n < best) {
			best, found = n, true
		}
		return true
	})
	return best, found
}

// Update refuses: programs cannot change targets.
func (r *redirectHash) Update(int, []byte, []byte, abi.UpdateFlags) abi.Errno { return abi.EINVAL }

// Delete refuses: programs cannot change targets.
func (r *redirectHash) Delete(int, []byte) abi.Errno { return abi.EINVAL }

// SysUpdate sets a target. BPF_EXIST asks for nothing here, as in Linux.
func (r *redirectHash) SysUpdate(key, value []byte, flags abi.UpdateFlags) abi.Errno {
	if flags > abi.UpdateExist || binary.NativeEndian.Uint32(value) == 0 {
		return abi.EINVAL
	}
	if e := checkTarget(value); e != 0 {
		return e
	}
	return r.hash.Update(-1, key, value, flags&^abi.UpdateExist)
}

// SysDelete takes a target away.
func (r *redirectHash) SysDelete(key []byte) abi.Errno { return r.hash.Delete(-1, key) }

// SysLookupDelete refuses, as in Linux.
func (r *redirectHash) SysLookupDelete(_, _ []byte, _ abi.UpdateFlags) abi.Errno {
	return abi.ENOTSUPP
}
