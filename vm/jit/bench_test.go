package jit_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

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

// stopping is the time from the runtime's wish to stop the world until it stands,
// one count a bucket.
func stopping() *metrics.Float64Histogram {
	m := []metrics.Sample{{Name: "/sched/pauses/stopping/other:seconds"}}
	metrics.Read(m)
	return m[0].Value.Float64Histogram()
}

// BenchmarkStopTheWorld measures how long it takes to stop the world while a
// program loops for 2 s: the median and the longest of many stops. On a machine
// with other things to do the longest is that of a thread that did not run.
func BenchmarkStopTheWorld(b *testing.B) {
	engine, err := jit.New(nil)
	if err != nil {
		b.Skip(err)
	}
	rt, err := vm.NewRuntime(&vm.RuntimeOptions{CPUs: 1})
	if err != nil {
		b.Fatal(err)
	}
	p := stressPrograms(b, engine)["endless"]
	for b.Loop() {
		ctx, cancel := context.WithTimeout(b.Context(), 2*time.Second)
		run, err := rt.Runner(ctx, nil)
		if err != nil {
			b.Fatal(err)
		}
		done := make(chan error)
		go func() {
			_, err := run.Run(p, 0)
			done <- err
		}()
		before := stopping()
		for ctx.Err() == nil {
			runtime.ReadMemStats(&runtime.MemStats{})
			time.Sleep(2 * time.Millisecond)
		}
		after := stopping()
		if err := <-done; !errors.Is(err, context.DeadlineExceeded) {
			b.Errorf("ended with %v", err)
		}
		cancel()
		median, worst, stops := pauses(before, after)
		b.ReportMetric(median*1000, "median-ms")
		b.ReportMetric(worst*1000, "worst-ms")
		b.ReportMetric(float64(stops), "stops")
		_ = run.Close()
	}
}

// pauses are the median and the longest of the pauses between two readings, in
// seconds, and their number.
func pauses(before, after *metrics.Float64Histogram) (median, worst float64, n uint64) {
	for i, c := range after.Counts {
		n += c - before.Counts[i]
	}
	var seen uint64
	for i, c := range after.Counts {
		if c -= before.Counts[i]; c == 0 {
			continue
		}
		if worst = after.Buckets[i+1]; seen <= n/2 {
			median = worst
		}
		seen += c
	}
	return median, worst, n
}
