package jit_test

import (
	"context"
	"errors"
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/jit"
)

// BenchmarkExits is what a run costs that leaves to Go: once, three times, a
// thousand times, out of a subprogram; and one that does not.
func BenchmarkExits(b *testing.B) {
	const text = `
.program none section=socket
    r0 = 0
    exit
.program one section=socket
    call bpf_get_numa_node_id
    exit
.program three section=socket
    call bpf_get_numa_node_id
    call bpf_get_numa_node_id
    call bpf_get_numa_node_id
    exit
.program thousand section=socket
    r6 = 0
again:
    call bpf_get_numa_node_id
    r6 += 1
    if r6 < 1000 goto again
    exit
.program below section=socket
    call f
    call f
    exit
.func f
    call bpf_get_numa_node_id
    exit
`
	engine, err := jit.New(nil)
	if err != nil {
		b.Skip(err)
	}
	coll, err := asm.Parse("exits", []byte(text))
	if err != nil {
		b.Fatal(err)
	}
	h := &vm.Helpers{ByID: make([]vm.HelperFunc, 256)}
	h.ByID[abi.GetNUMANodeID] = func(*vm.Context, uint64, uint64, uint64, uint64, uint64) uint64 { return 1 }
	rt, err := vm.NewRuntime(&vm.RuntimeOptions{CPUs: 1})
	if err != nil {
		b.Fatal(err)
	}
	run, err := rt.Runner(context.Background(), nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, img := range coll.Programs {
		p, err := vm.NewUnverified(img, trusting{engine}, vm.Options{Helpers: h})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(img.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := run.Run(p, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
		if err := p.Close(); err != nil {
			b.Error(err)
		}
	}
	if err := errors.Join(run.Close(), rt.Close(), engine.Close()); err != nil {
		b.Error(err)
	}
}
