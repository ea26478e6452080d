// Package bpfmap holds the map implementations, one file a kind, on memory
// outside the Go heap.
//
// Programs reach a map through the address of its header and values through
// stable addresses; Go reaches both through byte slices. The package's one
// invariant: the memory of an element is never unmapped while a run can hold a
// pointer into it. Errors are the kernel's error numbers. It knows nothing of
// programs: what maps hold for others (programs, timers) are handles with a
// release callback.
package bpfmap
