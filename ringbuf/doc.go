// Package ringbuf reads the records that programs put into ring buffers, with
// the names and signatures of github.com/cilium/ebpf/ringbuf.
//
// Its one invariant: records come out whole, in the order in which programs
// reserved them, each once.
package ringbuf
