package corpus

import (
	"iter"
	"os"
	"path/filepath"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/object"
)

// Corpus is a folder of objects.
type Corpus struct {
	Types  *btf.Spec // of the running kernel
	files  []string
	target *object.Target
}

// T is the part of testing.TB that Open needs.
type T interface {
	Helper()
	Skip(args ...any)
	Fatalf(format string, args ...any)
}

// Open finds the objects whose names match glob. The test is skipped where
// there is no folder, or no kernel to fit objects to.
func Open(t T, glob string) *Corpus {
	t.Helper()
	dir := os.Getenv("SKEP_ORACLE_OBJS")
	if dir == "" {
		t.Skip("SKEP_ORACLE_OBJS is not set")
	}
	files, err := filepath.Glob(filepath.Join(dir, glob))
	if err != nil || len(files) == 0 {
		t.Fatalf("no objects: %v", err)
	}
	types, err := btf.LoadKernelSpec()
	if err != nil {
		t.Skip("no kernel types:", err)
	}
	target, err := object.HostTarget()
	if err != nil {
		t.Skip(err)
	}
	return &Corpus{Types: types, files: files, target: target}
}

// Objects are the objects that can be read, by file name.
func (c *Corpus) Objects() iter.Seq2[string, *image.Collection] {
	return func(yield func(string, *image.Collection) bool) {
		for _, file := range c.files {
			coll, err := object.Open(file, nil)
			if err != nil {
				continue // package object's tests say why
			}
			if !yield(filepath.Base(file), object.Resolve(coll, c.target)) {
				return
			}
		}
	}
}
