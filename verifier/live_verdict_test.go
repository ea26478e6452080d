package verifier_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/kernel"
)

// differs are the programs of testdata/verify that Linux takes and skep does
// not, as RATIONALE.md says.
var differs = map[string]bool{
	"fill_sign_extended.txtar: negative": true,
	"fetch_precise.txtar: add":           true,
	"fetch_precise.txtar: exchange":      true,
}

// TestRunningKernelVerdicts asks the running kernel about the cases of
// TestVerdicts that need no kernel functions and no types of values. It needs
// root and Linux 6.18, and asks for SKEP_LIVE_KERNEL=1.
func TestRunningKernelVerdicts(t *testing.T) {
	if os.Getenv("SKEP_LIVE_KERNEL") == "" {
		t.Skip("SKEP_LIVE_KERNEL is not set")
	}
	files, err := filepath.Glob(filepath.Join("testdata", "verify", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parts := map[string]string{}
		for _, f := range a.Files {
			parts[f.Name] = string(f.Data)
		}
		if parts["kernel"] != "" || parts["values"] != "" {
			continue
		}
		coll, err := asm.Parse(file, []byte(parts["prog.s"]))
		if err != nil {
			t.Fatal(err)
		}
		types, want := funcTypes(parts["types"]), verdictLines(parts["verdict"])
		for _, p := range coll.Programs {
			giveTypes(p, types)
			if differs[filepath.Base(file)+": "+p.Name] {
				continue
			}
			j, err := kernel.Judge(context.Background(), p, nil)
			if errors.Is(err, abi.EPERM) || errors.Is(err, abi.ENOSYS) {
				t.Skip(err)
			}
			if err != nil {
				t.Errorf("%s: %s: %v", file, p.Name, err)
				continue
			}
			asked++
			msg, reject := strings.CutPrefix(want[p.Name], "reject ")
			if j.Accepted == reject || reject && !strings.Contains(j.LastLine, msg) {
				t.Errorf("%s: %s: Linux says %v %q, want %q", file, p.Name, j.Accepted, j.LastLine, want[p.Name])
			}
		}
	}
	if asked < 10 {
		t.Errorf("%d programs asked about", asked)
	}
}
