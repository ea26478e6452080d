package difftest

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/corpus"
	"github.com/skepbpf/skep/object"
	"github.com/skepbpf/skep/verifier"
)

// follow checks every program of a collection.
func follow(t *testing.T, name string, programs []*image.Program, opts Options, tally *Tally) {
	t.Helper()
	for _, img := range programs {
		if err := Check(context.Background(), img, &opts, tally); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestObjects follows the accepted programs of the objects in the folder that
// SKEP_ORACLE_OBJS names.
func TestObjects(t *testing.T) {
	t.Parallel()
	objs := corpus.Open(t, "*.bpf.o")
	for trust, name := range map[verifier.Trust]string{verifier.Kernel: "kernel", verifier.Sandbox: "sandbox"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tally Tally
			for file, coll := range objs.Objects() {
				follow(t, file, coll.Programs, Options{Types: objs.Types, Trust: trust, Runs: 3, Seed: 1}, &tally)
			}
			t.Log(&tally)
		})
	}
}

// TestExamples follows the programs of the examples.
func TestExamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../examples/*/*.bpf.o")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	var tally Tally
	for _, file := range files {
		coll, err := object.Open(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		follow(t, filepath.Base(file), coll.Programs, Options{Runs: 32, Seed: 1}, &tally)
	}
	if t.Log(&tally); tally.Programs < 3 {
		t.Errorf("only %d examples ran", tally.Programs)
	}
}

// TestTexts follows the programs that other packages keep as text.
func TestTexts(t *testing.T) {
	t.Parallel()
	var tally Tally
	for _, pattern := range []string{
		"../../verifier/testdata/linux/*.txtar", "../../verifier/testdata/verify/*.txtar",
		"../../vm/testdata/run/*.txtar", "testdata/*.txtar",
	} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files, %v", pattern, err)
		}
		for _, file := range files {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range a.Files {
				if f.Name != "prog.s" {
					continue
				}
				// What needs types or does not load is another test's.
				if c, err := asm.Parse(file, f.Data); err == nil {
					follow(t, filepath.Base(file), c.Programs, Options{Runs: 16, Seed: 1}, &tally)
				}
			}
		}
	}
	if t.Log(&tally); tally.Programs < 50 {
		t.Errorf("only %d programs ran", tally.Programs)
	}
}
