// Package hook attaches programs to events in user space: it turns an event
// into a context, runs the program, and acts on the verdict.
//
// One file is one hook: xdp.go has XDP programs over captures and frames in
// memory. Its one invariant: what a program sees and what becomes of its
// verdict is what the kernel's hook of the same name does. It knows nothing of
// bpf(2) and of how programs are verified or run.
package hook
