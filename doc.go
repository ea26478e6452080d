// Package skep loads, verifies and runs eBPF programs in user space.
//
// Names and signatures are those of github.com/cilium/ebpf, so that code
// written for it works after changing the import path: an object file becomes a
// CollectionSpec, NewCollection verifies its programs by the rules of Linux
// 6.18 and creates its maps, and Program.Run runs them, without root and
// without a kernel.
//
// The package is the face only. Reading objects is package object, proving is
// package verifier, running is package vm.
package skep
