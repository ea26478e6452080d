package examples_test

import (
	"bytes"
	"errors"
	"os"
	"runtime"
	"testing"

	"github.com/cilium/ebpf"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/hook"
)

// inKernel loads an example into the running kernel, and skips the test where
// there is none that lets us.
func inKernel(t *testing.T, name string, set map[string]any) *ebpf.Collection {
	t.Helper()
	spec, err := ebpf.LoadCollectionSpec(name + "/" + name + ".bpf.o")
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range set {
		if err := spec.Variables[k].Set(v); err != nil {
			t.Fatal(err)
		}
	}
	coll, err := ebpf.NewCollection(spec)
	if errors.Is(err, os.ErrPermission) || errors.Is(err, ebpf.ErrNotSupported) || runtime.GOOS != "linux" {
		t.Skipf("no bpf(2) here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(coll.Close)
	return coll
}

// TestTheKernelDoesTheSame runs every frame through the kernel and through
// skep and wants the same verdict and the same bytes. The rate limit is off,
// because the kernel's clock is the real one.
func TestTheKernelDoesTheSame(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, program string
		set           map[string]any
	}{
		{"firewall", "firewall", map[string]any{"packets_per_second": uint64(0)}},
		{"balancer", "balance", nil},
		{"histogram", "histogram", nil},
		{"parser", "parse", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			theirs := inKernel(t, c.name, c.set).Programs[c.program]
			ours := load(t, c.name, func(spec *skep.CollectionSpec) {
				for k, v := range c.set {
					if err := spec.Variables[k].Set(v); err != nil {
						t.Fatal(err)
					}
				}
			})
			verdicts := map[uint32]int{}
			for i, f := range traffic(t) {
				want, wantData := inKernelRun(t, theirs, f)
				got, gotData, err := ours.Programs[c.program].Test(f.Data)
				if err != nil {
					t.Fatalf("frame %d: %v", i+1, err)
				}
				if got != want || !bytes.Equal(gotData, wantData) {
					t.Fatalf("frame %d: %v and\n%x\nthe kernel: %v and\n%x", i+1, hook.XDPAction(got), gotData, hook.XDPAction(want), wantData)
				}
				verdicts[got]++
			}
			t.Logf("the same for all: %v", verdicts)
		})
	}
}

func inKernelRun(t *testing.T, p *ebpf.Program, f hook.Frame) (verdict uint32, data []byte) {
	t.Helper()
	opts := &ebpf.RunOptions{Data: f.Data, DataOut: make([]byte, len(f.Data)+256)}
	verdict, err := p.Run(opts)
	if errors.Is(err, ebpf.ErrNotSupported) || errors.Is(err, os.ErrPermission) {
		t.Skipf("no test runs here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return verdict, opts.DataOut
}
