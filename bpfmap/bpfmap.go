package bpfmap

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// Map is what every kind of map can do. The rest are the small interfaces
// below, which a kind has or has not, as in the kernel.
//
// Methods that take a cpu are for programs: cpu is the virtual CPU of the
// run, which is inside the table's epoch. Key and value slices have the
// definition's sizes and may be memory outside the Go heap.
type Map interface {
	// Def is the definition that the map was made from. It must not be changed.
	Def() *image.Map
	// ID is the map's number in its table, never 0.
	ID() uint32
	// Header is the address that programs hold as the map's pointer.
	Header() mem.Addr
	// MaxEntries is the limit in force, which some kinds round.
	MaxEntries() uint32
	// Freeze makes the map read-only for Go callers, once and for all.
	Freeze() abi.Errno
	// Frozen reports whether Freeze was called.
	Frozen() bool
	// Retain adds a reference, which Release gives back: programs and outer
	// maps hold references. Retain is false if the map is gone already.
	Retain() bool
	// Release gives back a reference. The memory goes with the last one, once
	// no run can reach it any more.
	Release()
	// Close gives back the reference of New's caller. It is idempotent.
	Close() error
}

// Lookuper finds elements on behalf of programs.
type Lookuper interface {
	// Lookup is the address of the value of key for a virtual CPU, 0 if there
	// is none; of maps in maps, the inner map's header. It never allocates.
	Lookup(cpu int, key []byte) mem.Addr
}

// CPULookuper finds elements of per-CPU maps for another CPU than the own one.
type CPULookuper interface {
	// LookupCPU is the address of the value of key for a virtual CPU, 0 if
	// there is none or no such CPU.
	LookupCPU(key []byte, cpu uint32) mem.Addr
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
// per-CPU kinds (each rounded up to 8 bytes, one after the other). The
// functions Lookup, Update, Delete, NextKey and LookupDelete add what bpf(2)
// checks in front, and are what Go callers use.
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

// LookupDeleter takes an element out in one step.
type LookupDeleter interface {
	SysLookupDelete(key, value []byte, flags abi.UpdateFlags) abi.Errno
}

// Ranger visits elements for bpf_for_each_map_elem.
type Ranger interface {
	// Range calls f with the addresses of each element's key and value until
	// it returns false, and is the number of elements visited.
	Range(cpu int, f func(key, value mem.Addr) bool) int
}

// Holder is a map whose values are handles: program arrays and maps of maps.
type Holder interface {
	// Hold puts h at key and owns it if the result is 0. What was there is
	// released when no run can see it any more.
	Hold(key []byte, h *Handle, flags abi.UpdateFlags) abi.Errno
	// Held is the handle at key, nil if there is none.
	Held(key []byte) *Handle
}

// Memoryer is a map whose values lie in one block, as mmap(2) shows them.
type Memoryer interface {
	// Memory is the block. It is valid until the last Release, so the caller
	// holds a reference while it uses it.
	Memory() []byte
}

// Handle is what a map holds for others: a program or an inner map.
type Handle struct {
	ID    uint32 // what bpf(2) reports in place of the value
	Value uint64 // the word that engines find in the slot; not 0
	// Object is what the handle stands for.
	Object any
	// Owner is what programs of one program array must agree in (type,
	// engine, attach type …), a comparable value.
	Owner any
	// Release is called once, when the map has let go of the handle and no
	// run can see it. It may be nil.
	Release func()
}

func (h *Handle) release() {
	if h != nil && h.Release != nil {
		h.Release()
	}
}

// Options are what a map is made with beside its definition.
type Options struct {
	// Table takes the map in. It gives the number of CPUs and the epoch.
	Table *Table
}
