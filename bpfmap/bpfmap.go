package bpfmap

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// Map is what every kind of map can do. The rest are the small interfaces
// below, which a kind has or has not, as in the kernel.
type Map interface {
	// Def is the definition that the map was made from. It must not be changed.
	Def() *image.Map
	// Header is the address that programs hold as the map's pointer.
	Header() mem.Addr
	// Close releases the map once no run can reach it any more. It is idempotent.
	Close() error
}

// Lookuper finds elements on behalf of programs.
type Lookuper interface {
	// Lookup is the address of the value of key for a virtual CPU, 0 if there
	// is none. It never blocks and never allocates.
	Lookup(cpu int, key []byte) mem.Addr
}

// Updater changes elements on behalf of programs, on a virtual CPU.
type Updater interface {
	Update(cpu int, key, value []byte, flags abi.UpdateFlags) abi.Errno
	Delete(cpu int, key []byte) abi.Errno
}

// Pusher is a queue, a stack or a bloom filter.
type Pusher interface {
	Push(value []byte, flags abi.UpdateFlags) abi.Errno
	Pop(value []byte) abi.Errno
	Peek(value []byte) abi.Errno
}

// Syscaller is the view of bpf(2): whole values, for all CPUs at once in the
// per-CPU kinds (each rounded up to 8 bytes, one after the other).
type Syscaller interface {
	// ValueLen is the length of the value slices below, in bytes.
	ValueLen() int
	SysLookup(key, value []byte, flags abi.UpdateFlags) abi.Errno
	SysUpdate(key, value []byte, flags abi.UpdateFlags) abi.Errno
	SysDelete(key []byte) abi.Errno
	// NextKey writes the key after prev into next, the first one if prev is
	// nil or absent, and is ENOENT at the end.
	NextKey(prev, next []byte) abi.Errno
}

// Ranger visits elements for bpf_for_each_map_elem.
type Ranger interface {
	// Range calls f with the addresses of each element's key and value until
	// it returns false, and is the number of elements visited.
	Range(cpu int, f func(key, value mem.Addr) bool) int
}
