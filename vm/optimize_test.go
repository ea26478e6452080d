package vm_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/corpus"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
	"github.com/skepbpf/skep/vm/jit/emit"
	"github.com/skepbpf/skep/vm/jit/opt"
)

// TestOptimizingIsFast measures the optimiser on the programs of the objects in
// the folder that SKEP_ORACLE_OBJS names.
func TestOptimizingIsFast(t *testing.T) {
	objs := corpus.Open(t, "*.bpf.o")
	var times []float64 // ns of an instruction
	before, after := 0, 0
	for _, coll := range objs.Objects() {
		for _, img := range coll.Programs {
			p := lowered(t, &vm.Options{Engine: interp.Engine{}, Helpers: helper.Table()}, img, objs)
			if p == nil {
				continue
			}
			low, best, n := p.Lowered(), time.Hour, 0
			for range 5 {
				start := time.Now()
				n = len(opt.Optimize(low, emit.Options{}).Insns)
				best = min(best, time.Since(start))
			}
			before, after = before+len(low.Insns), after+n
			times = append(times, float64(best)/float64(len(low.Insns)))
			_ = p.Close()
		}
	}
	slices.Sort(times)
	median := times[len(times)/2]
	t.Logf("%d programs: median %.0f ns of an instruction, 90 of 100 below %.0f; %d instructions became %d", len(times), median, times[len(times)*9/10], before, after)
	const most = 2000 // on a busy machine
	if median > most || after > before {
		t.Errorf("median %.0f ns of an instruction; %d instructions became %d", median, before, after)
	}
}

// lowered is img ready for an engine, nil if it is refused.
func lowered(t *testing.T, opts *vm.Options, img *image.Program, objs *corpus.Corpus) *vm.Program {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	p, err := verifier.Verify(ctx, img, &verifier.Options{KernelTypes: objs.Types, CPUs: 2, MaxInsns: 20_000})
	if err != nil {
		return nil
	}
	table := bpfmap.NewTable(bpfmap.TableOptions{CPUs: 2})
	for _, def := range img.Maps {
		m, err := bpfmap.New(def, bpfmap.Options{Table: table})
		if err != nil {
			return nil
		}
		t.Cleanup(func() { _ = m.Close() })
		opts.Maps = append(opts.Maps, m)
	}
	ready, err := vm.New(p, *opts)
	if err != nil {
		return nil
	}
	return ready
}
