package vm_test

import (
	"context"
	"errors"
	"os"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/corpus"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
)

// TestAcceptedProgramsOfObjectsAreLowered opens the objects in the folder that
// SKEP_ORACLE_OBJS names and lowers every program that the verifier accepts:
// whatever is refused then must be refused as not supported. SKEP_ORACLE_GLOB
// picks some of them.
func TestAcceptedProgramsOfObjectsAreLowered(t *testing.T) {
	glob := os.Getenv("SKEP_ORACLE_GLOB")
	if glob == "" {
		glob = "*.bpf.o"
	}
	objs := corpus.Open(t, glob)
	count := map[string]int{}
	for file, coll := range objs.Objects() {
		for _, img := range coll.Programs {
			lowerAccepted(t, file, img, objs.Types, count)
		}
	}
	var lines []string
	for what := range count {
		lines = append(lines, what)
	}
	sort.Slice(lines, func(i, j int) bool { return count[lines[i]] > count[lines[j]] })
	for _, what := range lines {
		t.Logf("%5d %s", count[what], what)
	}
}

func lowerAccepted(t *testing.T, file string, img *image.Program, types *btf.Spec, count map[string]int) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	p, err := verifier.Verify(ctx, img, &verifier.Options{KernelTypes: types, CPUs: 2, MaxInsns: 100_000})
	if err != nil {
		count["not accepted"]++
		return
	}
	table := bpfmap.NewTable(bpfmap.TableOptions{CPUs: 2})
	opts := vm.Options{Engine: interp.Engine{}, Helpers: helper.Table()}
	defer func() {
		for _, m := range opts.Maps {
			_ = m.Close()
		}
	}()
	for _, def := range img.Maps {
		m, err := bpfmap.New(def, bpfmap.Options{Table: table})
		if err != nil {
			count["map of an unsupported type"]++
			return
		}
		opts.Maps = append(opts.Maps, m)
	}
	ready, err := vm.New(p, opts)
	switch {
	case errors.Is(err, vm.ErrNotSupported):
		what := err.Error()
		count["not supported: "+what[strings.LastIndex(what, ": ")+2:]]++
	case err != nil:
		t.Errorf("%s: %v", file, err)
	default:
		count["lowered"]++
		_ = ready.Close()
	}
}
