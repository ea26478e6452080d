package jit_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/internal/bench"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/jit"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// BenchmarkEmptyRun measures what a run of a Runner costs: one of a program that
// does nothing.
func BenchmarkEmptyRun(b *testing.B) {
	engine, err := jit.New(nil)
	if err != nil {
		b.Skip(err)
	}
	coll, err := asm.Parse("empty", []byte(".program empty section=xdp\n    r0 = 2\n    exit\n"))
	if err != nil {
		b.Fatal(err)
	}
	table := bpfmap.NewTable(bpfmap.TableOptions{CPUs: 1})
	p, err := vm.NewUnverified(coll.Programs[0], trusting{engine}, vm.Options{})
	if err != nil {
		b.Fatal(err)
	}
	cancelable, cancel := context.WithCancel(b.Context())
	defer cancel()
	for name, ctx := range map[string]context.Context{"background": context.Background(), "cancelable": cancelable} {
		b.Run(name, func(b *testing.B) {
			rt, err := vm.NewRuntime(&vm.RuntimeOptions{CPUs: 1, Table: table})
			if err != nil {
				b.Fatal(err)
			}
			run, err := rt.Runner(ctx, nil)
			if err != nil {
				b.Fatal(err)
			}
			bench.Report(b, func(n int) error {
				for range n {
					if r0, err := run.Run(p, 0); r0 != 2 || err != nil {
						return fmt.Errorf("%d, %w", r0, err)
					}
				}
				return nil
			})
			if err := run.Close(); err != nil {
				b.Error(err)
			}
		})
	}
}

// TestStartAgreesWithTheBlock demands that vm looks for the end of a run where
// code leaves it.
func TestStartAgreesWithTheBlock(t *testing.T) {
	t.Parallel()
	if vm.ExitOffset != emit.BlockExit || vm.Done != emit.Done {
		t.Errorf("vm has %d at %d, code %d at %d", vm.Done, vm.ExitOffset, emit.Done, emit.BlockExit)
	}
}
