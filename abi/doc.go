// Package abi is the contract between a program and Linux, as data: program
// types and their sections, attach types, context layouts, return ranges, map
// types, flags, helper and kfunc prototypes, error numbers.
//
// The release meant is Linux 6.18; every row that is newer says so in its
// Since. The package's one invariant: tables only. It imports nothing of skep
// and holds no code that acts on a program.
//
// Where to look:
//
//	progtype_*.go  a row for each program type: context, returns, rights
//	prog.go        what such a row holds, and look-ups
//	context_*.go   contexts that are too long for their row
//	layout_sock.go what programs read through pointers to sockets
//	attach.go      attach types
//	section.go     what the names of ELF sections mean
//	maptype.go     map types and flags; mapinfo*.go their rows
//	helper.go      what a helper's prototype holds; helper_*.go the rows
//	kfunc.go       the same for kernel functions; kfunc_*.go the rows
//	flags.go       flags and results of helpers; sockops.go, errno.go
//
// The tables are held against the kernel: tests named AgainstKernel ask the
// running one about every helper, context byte, map type and kernel function,
// and skip where it is another release or does not answer.
package abi
