// Package kernel gives programs to the running Linux kernel: the same image
// that verifier judges and vm runs, through bpf(2).
//
// Its one invariant: what it loads lives as long as the value that holds it.
// Judge keeps nothing; a Program and its maps go with Close. It works without
// libbpf and without files besides the kernel's BTF, on every kernel since
// 5.10. It knows neither verifier nor engines: what it says is the kernel's own
// answer.
package kernel
