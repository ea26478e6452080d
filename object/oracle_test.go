package object_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/skepbpf/skep/object"
)

// oracleObjs are the paths of the kernel selftests' objects, which are not
// part of this repository.
func oracleObjs(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("SKEP_ORACLE_OBJS")
	if dir == "" {
		t.Skip("SKEP_ORACLE_OBJS names no folder with objects of the kernel selftests")
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.bpf.o"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no objects in %s: %v", dir, err)
	}
	return paths
}

func TestOpenOracleObjects(t *testing.T) {
	t.Parallel()
	opened, progs, broken := 0, 0, 0
	paths := oracleObjs(t)
	for _, path := range paths {
		c, err := object.Open(path, nil)
		if err != nil {
			t.Errorf("refused: %v", err)
			continue
		}
		opened++
		for _, p := range c.Programs {
			progs++
			if p.Err != nil {
				broken++
				t.Logf("%s: program %q: %v", c.Name, p.Name, p.Err)
			}
		}
	}
	t.Logf("%d of %d objects open; %d programs, %d of them do not link", opened, len(paths), progs, broken)
}

func TestResolveOracleObjects(t *testing.T) {
	t.Parallel()
	paths := oracleObjs(t)
	target, err := object.HostTarget()
	if err != nil {
		t.Skipf("no kernel BTF: %v", err)
	}
	progs, broken := 0, 0
	for _, path := range paths {
		c, err := object.Open(path, nil)
		if err != nil {
			continue
		}
		before := len(c.Programs)
		out := object.Resolve(c, target)
		if len(out.Programs) != before {
			t.Fatalf("%s: %d programs of %d left", c.Name, len(out.Programs), before)
		}
		for i, p := range out.Programs {
			progs++
			if p.Err != nil && c.Programs[i].Err == nil {
				broken++
				t.Logf("%s: program %q: %v", c.Name, p.Name, p.Err)
			}
		}
	}
	t.Logf("%d programs, %d of them do not fit the running kernel", progs, broken)
}
