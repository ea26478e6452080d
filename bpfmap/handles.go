package bpfmap

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// handleArray is an array of handles: program arrays and arrays of maps.
//
//	base ─► word 0 │ word 1 │ … │ word max-1     Handle.Value, 0 if empty
//
// Engines read the words; Go reads the handles beside them. A word changes
// after its handle when it is set and before it when it is cleared, so that a
// run that has seen a word finds a handle.
type handleArray struct {
	base
	words mem.Addr
	held  []atomic.Pointer[Handle]
	mu    sync.Mutex // of writers
	// fits says whether a handle may go in.
	fits func(*Handle) abi.Errno
}

// maxHandles bounds arrays that take memory of the Go heap for each entry.
const maxHandles = 1 << 24

func (a *handleArray) init(def *image.Map, o Options, fits func(*Handle) abi.Errno) error {
	if err := a.setup(def, o); err != nil {
		return err
	}
	if def.MaxEntries > maxHandles {
		a.table.drop(a.hdr)
		return errTooLarge
	}
	slots := powerOf2(uint64(def.MaxEntries))
	words, err := a.alloc(slots * 8)
	if err != nil {
		a.table.drop(a.hdr)
		return err
	}
	a.words, a.fits = words, fits
	a.held = make([]atomic.Pointer[Handle], def.MaxEntries)
	a.drain = a.releaseAll
	*(a.hdr + HdrMask).U32() = uint32(slots - 1)
	*(a.hdr + HdrBase).U64() = uint64(words)
	*(a.hdr + HdrStride).U32() = 8
	return nil
}

// At is the handle at index, nil if there is none. The caller is inside the
// table's epoch for as long as it uses the handle.
func (a *handleArray) At(index uint32) *Handle {
	if index >= a.max {
		return nil
	}
	return a.held[index].Load()
}

// Hold puts h at key.
func (a *handleArray) Hold(key []byte, h *Handle, flags abi.UpdateFlags) abi.Errno {
	if e := writable(a); e != 0 {
		return e
	}
	if len(key) != 4 || flags != abi.UpdateAny {
		return abi.EINVAL
	}
	i := binary.NativeEndian.Uint32(key)
	if i >= a.max {
		return abi.E2BIG
	}
	if h == nil || h.Value == 0 {
		return abi.EINVAL
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if e := a.fits(h); e != 0 {
		return e
	}
	old := a.held[i].Swap(h)
	(a.words + mem.Addr(i)*8).StoreU64(h.Value)
	a.letGo(old)
	return 0
}

// Held is the handle at key.
func (a *handleArray) Held(key []byte) *Handle {
	if len(key) != 4 {
		return nil
	}
	return a.At(binary.NativeEndian.Uint32(key))
}

func (a *handleArray) letGo(h *Handle) {
	if h != nil {
		a.table.epoch.Defer(h.release)
	}
}

func (a *handleArray) releaseAll() {
	for i := range a.held {
		a.held[i].Swap(nil).release()
	}
}

// ValueLen is the length of an id.
func (a *handleArray) ValueLen() int { return 4 }

// SysLookup reads the id of what is held.
func (a *handleArray) SysLookup(key, value []byte, _ abi.UpdateFlags) abi.Errno {
	h := a.Held(key)
	if h == nil {
		return abi.ENOENT
	}
	binary.NativeEndian.PutUint32(value, h.ID)
	return 0
}

// SysUpdate refuses: plain bytes name no handle. Hold is the way.
func (a *handleArray) SysUpdate(_, _ []byte, _ abi.UpdateFlags) abi.Errno { return abi.EINVAL }

// SysDelete empties a slot.
func (a *handleArray) SysDelete(key []byte) abi.Errno {
	i := binary.NativeEndian.Uint32(key)
	if i >= a.max {
		return abi.E2BIG
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	(a.words + mem.Addr(i)*8).StoreU64(0)
	old := a.held[i].Swap(nil)
	if old == nil {
		return abi.ENOENT
	}
	a.letGo(old)
	return 0
}

// Clear lets go of all that is held. Of a closed array, nothing is.
func (a *handleArray) Clear() {
	if !a.Retain() {
		return
	}
	defer a.Release()
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.held {
		(a.words + mem.Addr(i)*8).StoreU64(0)
		a.letGo(a.held[i].Swap(nil))
	}
}

// NextKey is the next index, whether something is held there or not.
func (a *handleArray) NextKey(prev, next []byte) abi.Errno { return arrayNextKey(a.max, prev, next) }
