package mem

import (
	"sync/atomic"
)

// LoadU32 is the word at a, read atomically.
func (a Addr) LoadU32() uint32 {
	v := atomic.LoadUint32((*uint32)(a.Ptr()))
	acquire(a)
	return v
}

// StoreU32 writes v to the word at a atomically.
func (a Addr) StoreU32(v uint32) {
	release(a)
	atomic.StoreUint32((*uint32)(a.Ptr()), v)
}

// AddU32 adds v to the word at a atomically and is the sum.
func (a Addr) AddU32(v uint32) uint32 {
	release(a)
	v = atomic.AddUint32((*uint32)(a.Ptr()), v)
	acquire(a)
	return v
}

// SwapU32 writes v to the word at a atomically and is what was there.
func (a Addr) SwapU32(v uint32) uint32 {
	release(a)
	v = atomic.SwapUint32((*uint32)(a.Ptr()), v)
	acquire(a)
	return v
}

// CasU32 writes to the word at a if it equals from, atomically.
func (a Addr) CasU32(from, to uint32) bool {
	release(a)
	ok := atomic.CompareAndSwapUint32((*uint32)(a.Ptr()), from, to)
	acquire(a)
	return ok
}

// AndU32 masks the word at a atomically and is what was there.
func (a Addr) AndU32(v uint32) uint32 {
	release(a)
	v = atomic.AndUint32((*uint32)(a.Ptr()), v)
	acquire(a)
	return v
}

// OrU32 sets bits of the word at a atomically and is what was there.
func (a Addr) OrU32(v uint32) uint32 {
	release(a)
	v = atomic.OrUint32((*uint32)(a.Ptr()), v)
	acquire(a)
	return v
}

// LoadU64 is the word at a, read atomically.
func (a Addr) LoadU64() uint64 {
	v := atomic.LoadUint64((*uint64)(a.Ptr()))
	acquire(a)
	return v
}

// StoreU64 writes v to the word at a atomically.
func (a Addr) StoreU64(v uint64) {
	release(a)
	atomic.StoreUint64((*uint64)(a.Ptr()), v)
}

// AddU64 adds v to the word at a atomically and is the sum.
func (a Addr) AddU64(v uint64) uint64 {
	release(a)
	v = atomic.AddUint64((*uint64)(a.Ptr()), v)
	acquire(a)
	return v
}

// SwapU64 writes v to the word at a atomically and is what was there.
func (a Addr) SwapU64(v uint64) uint64 {
	release(a)
	v = atomic.SwapUint64((*uint64)(a.Ptr()), v)
	acquire(a)
	return v
}

// CasU64 writes to the word at a if it equals from, atomically.
func (a Addr) CasU64(from, to uint64) bool {
	release(a)
	ok := atomic.CompareAndSwapUint64((*uint64)(a.Ptr()), from, to)
	acquire(a)
	return ok
}

// AndU64 masks the word at a atomically and is what was there.
func (a Addr) AndU64(v uint64) uint64 {
	release(a)
	v = atomic.AndUint64((*uint64)(a.Ptr()), v)
	acquire(a)
	return v
}

// OrU64 sets bits of the word at a atomically and is what was there.
func (a Addr) OrU64(v uint64) uint64 {
	release(a)
	v = atomic.OrUint64((*uint64)(a.Ptr()), v)
	acquire(a)
	return v
}
