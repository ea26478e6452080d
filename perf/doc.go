// Package perf reads the samples that programs put into perf event arrays,
// with the names and signatures of github.com/cilium/ebpf/perf.
//
// Its one invariant: a sample comes out whole and once, or is counted as lost.
package perf
