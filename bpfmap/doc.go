// Package bpfmap holds the map implementations, one file a kind, on memory
// outside the Go heap.
//
// Programs reach a map through the address of its header and values through
// stable addresses; Go reaches both through byte slices. The package's one
// invariant: the memory of an element is never unmapped while a run can hold a
// pointer into it. Errors are the kernel's error numbers. It knows nothing of
// programs: what maps hold for others (programs, inner maps) are handles with
// a release callback.
//
// To read it, begin with bpfmap.go (what a map can do), layout.go (the header
// that machine code reads) and epoch.go (when memory may go), then a kind:
// array.go is the shortest, hash.go has the picture of the table below five of
// them, lpm.go that of the trie, ringbuf.go that of the ring. check.go has the
// rules of creation, syscall.go and batch.go the commands of bpf(2).
//
// Who may call what: methods with a cpu are for the run that has claimed this
// virtual CPU, inside the table's epoch, and no other. All else is for Go
// callers, any number at once. Readers take no lock; writers take spin locks
// for a few stores and wait for nobody meanwhile. A map may be closed at any
// time: calls under way end well, and later ones are EBADF.
package bpfmap
