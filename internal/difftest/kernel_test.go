package difftest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/corpus"
	"github.com/skepbpf/skep/object"
)

// live skips where programs must not go to the running kernel.
func live(t *testing.T) {
	t.Helper()
	if os.Getenv("SKEP_LIVE_KERNEL") == "" {
		t.Skip("SKEP_LIVE_KERNEL is not set: programs go to the running kernel only when asked to")
	}
	if os.Geteuid() != 0 {
		t.Skip("programs go to the kernel as root only")
	}
}

// leaks are programs that store a part of an address that is the same in all
// worlds.
var leaks = map[string]bool{
	"direct_packet_access_test4_write": true, "test18_imm_pkt_ptr_1": true, "test19_imm_pkt_ptr_2": true, "test22_x_pkt_ptr_3": true,
	"packet_write_for_lwt_xmit": true, "check_corrupted_spill_fill_lsb": true,
}

// agreeKernel compares the programs of a collection on all engines and the
// kernel.
func agreeKernel(t *testing.T, name string, programs []*image.Program, engines []NamedEngine, opts Options, tally *EngineTally) {
	t.Helper()
	for _, img := range programs {
		if leaks[img.Name] {
			continue
		}
		if err := AgreeKernel(t.Context(), img, engines, &opts, tally); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestKernelAgreesOnOwnObjects compares engines and kernel on the objects of
// the examples and of other packages' tests.
func TestKernelAgreesOnOwnObjects(t *testing.T) {
	live(t)
	engines := allEngines(t)
	var tally EngineTally
	for _, pattern := range []string{
		"../../examples/*/*.bpf.o", "../../verifier/testdata/features/*.bpf.o", "../bench/progs/*.bpf.o",
	} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files, %v", pattern, err)
		}
		for _, file := range files {
			coll, err := object.Open(file, nil)
			if err != nil {
				t.Fatal(err)
			}
			agreeKernel(t, filepath.Base(file), coll.Programs, engines, Options{Runs: 8, Seed: 1, MaxInsns: 1_000_000}, &tally)
		}
	}
	if t.Log(&tally); tally.Runs == 0 {
		t.Error("nothing was compared")
	}
}

// TestKernelAgreesOnObjects does the same with the objects in the folder that
// SKEP_ORACLE_OBJS names.
func TestKernelAgreesOnObjects(t *testing.T) {
	live(t)
	objs := corpus.Open(t, "*.bpf.o")
	engines := allEngines(t)
	var tally EngineTally
	for file, coll := range objs.Objects() {
		agreeKernel(t, file, coll.Programs, engines, Options{Types: objs.Types, Runs: 2, Seed: 1, MaxInsns: 100_000}, &tally)
	}
	if t.Log(&tally); tally.Runs == 0 {
		t.Error("nothing was compared")
	}
}
