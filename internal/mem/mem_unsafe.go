package mem

import "unsafe"

// Addr is the address of a byte outside the Go heap.
type Addr uintptr

// Ptr is a as a pointer. Adding to nil is what vet and checkptr accept for
// addresses that the collector does not know, and costs nothing.
func (a Addr) Ptr() unsafe.Pointer { return unsafe.Add(nil, uintptr(a)) }

// Bytes are the n bytes at a.
func (a Addr) Bytes(n int) []byte { return unsafe.Slice((*byte)(a.Ptr()), n) }

// U8 is the byte at a.
func (a Addr) U8() *uint8 { return (*uint8)(a.Ptr()) }

// U16 is the 2-byte word at a.
func (a Addr) U16() *uint16 { return (*uint16)(a.Ptr()) }

// U32 is the 4-byte word at a.
func (a Addr) U32() *uint32 { return (*uint32)(a.Ptr()) }

// U64 is the 8-byte word at a.
func (a Addr) U64() *uint64 { return (*uint64)(a.Ptr()) }

// AddrOf is the address of the first byte of b, which must come from Alloc.
func AddrOf(b []byte) Addr { return Addr(unsafe.Pointer(unsafe.SliceData(b))) }
