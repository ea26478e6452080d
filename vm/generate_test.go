package vm_test

import (
	"slices"
	"testing"
	"time"

	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/internal/corpus"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/amd64"
	"github.com/skepbpf/skep/vm/jit/arm64"
	"github.com/skepbpf/skep/vm/jit/emit"
	"github.com/skepbpf/skep/vm/jit/opt"
)

// TestGeneratorsAreFast makes code for all machines of the programs of the
// objects in the folder that SKEP_ORACLE_OBJS names, and measures that.
func TestGeneratorsAreFast(t *testing.T) {
	objs := corpus.Open(t, "*.bpf.o")
	generators := []struct {
		name     string
		features uint64
		compile  func(*ir.Program, emit.Options) (*emit.Output, error)
		times    []float64 // ns of an instruction
		bytes    int
	}{
		{name: "amd64", features: amd64.HasBMI2 | amd64.HasPOPCNT, compile: amd64.Compile},
		{name: "arm64", features: arm64.HasLSE, compile: arm64.Compile},
	}
	for _, coll := range objs.Objects() {
		for _, img := range coll.Programs {
			p := lowered(t, &vm.Options{Engine: interp.Engine{}, Helpers: helper.Table()}, img, objs)
			if p == nil {
				continue
			}
			for i := range generators {
				g := &generators[i]
				o := emit.Options{Features: g.features, CodeLow: 1 << 40, CodeSize: 1 << 26}
				low, best := opt.Optimize(p.Lowered(), o), time.Hour
				for range 3 {
					start := time.Now()
					out, err := g.compile(low, o)
					if err != nil {
						t.Fatalf("%s: %s: %v", g.name, img.Name, err)
					}
					best = min(best, time.Since(start))
					g.bytes += len(out.Code) / 3
				}
				g.times = append(g.times, float64(best)/float64(len(p.Lowered().Insns)))
			}
			_ = p.Close()
		}
	}
	for _, g := range generators {
		slices.Sort(g.times)
		median := g.times[len(g.times)/2]
		t.Logf("%s: %d programs, %d bytes: median %.0f ns of an instruction, 90 of 100 below %.0f", g.name, len(g.times), g.bytes, median, g.times[len(g.times)*9/10])
		const most = 2000 // on a busy machine
		if median > most {
			t.Errorf("%s: median %.0f ns of an instruction", g.name, median)
		}
	}
}
