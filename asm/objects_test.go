package asm

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/object"
)

// TestObjectsSurvivePrinting prints compiled objects and reads them back. The
// directory is given by SKEP_ORACLE_OBJS.
func TestObjectsSurvivePrinting(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("SKEP_ORACLE_OBJS")
	if dir == "" {
		t.Skip("SKEP_ORACLE_OBJS names no directory of objects")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.o"))
	if err != nil || len(files) == 0 {
		t.Fatal("no objects", err)
	}
	// What the text does not carry.
	same := cmp.Options{same,
		quick[isa.Insn](), quick[image.Line](), quick[byte](),
		cmpopts.IgnoreFields(image.Collection{}, "Types", "Warnings"),
		cmpopts.IgnoreFields(image.Map{}, "Key", "Value", "KernelName"),
		cmpopts.IgnoreFields(image.Variable{}, "Type"),
		cmpopts.IgnoreFields(image.Kconfig{}, "Type"),
		cmpopts.IgnoreFields(image.Program{}, "Types", "CORE", "Err"),
		cmpopts.IgnoreFields(image.Func{}, "Type"),
		cmpopts.IgnoreFields(image.Kfunc{}, "Type"),
		cmpopts.IgnoreFields(image.Ksym{}, "Type"),
	}
	programs, opened := 0, 0
	for _, f := range files {
		c, err := object.Open(f, nil)
		if err != nil {
			continue // the business of package object
		}
		opened++
		text := Format(c)
		back, err := Parse(c.Name, text)
		if err != nil {
			line := 0
			if e, ok := err.(*Error); ok {
				line = e.Line
			}
			t.Errorf("%v\n%s", err, around(string(text), line))
			continue
		}
		programs += len(c.Programs)
		if d := cmp.Diff(c, back, same); d != "" {
			if len(d) > 3000 {
				d = d[:3000]
			}
			t.Errorf("%s reads back differently (-want +got):\n%s", filepath.Base(f), d)
		}
	}
	t.Logf("%d programs of %d objects, %d opened", programs, len(files), opened)
}

// quick compares slices that are not both empty, which same does, in one step.
func quick[T comparable]() cmp.Option {
	return cmp.FilterValues(
		func(a, b []T) bool { return len(a) > 0 || len(b) > 0 },
		cmp.Comparer(func(a, b []T) bool { return slices.Equal(a, b) }))
}

func around(text string, line int) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, line-3):min(len(lines), line+2)], "\n")
}
