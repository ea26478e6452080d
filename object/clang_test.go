package object_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skepbpf/skep/object"
)

func TestOpenCompilesC(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	opts := &object.Options{Clang: object.ClangOptions{Log: &log}}
	c, err := object.Open("testdata/subprogs.bpf.c", opts)
	if errors.Is(err, object.ErrNoClang) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if c.Program("calls") == nil || len(c.Program("calls").Funcs) != 6 {
		t.Errorf("programs %v", c.Programs)
	}
	for _, part := range []string{"-target bpfel", "-mcpu=v3", "-idirafter", "-c testdata/subprogs.bpf.c"} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("the command %q has no %s", log.String(), part)
		}
	}
	be, err := object.Open("testdata/subprogs.bpf.c", &object.Options{Clang: object.ClangOptions{BigEndian: true, Flags: []string{"-Wno-all"}}})
	if err != nil || be.ByteOrder.String() != "BigEndian" {
		t.Errorf("big-endian: %v", err)
	}
}

func TestCompileErrors(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "bad.bpf.c")
	if err := os.WriteFile(bad, []byte("int f(void) { return x; }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := object.Open(bad, &object.Options{Clang: object.ClangOptions{Path: "no-such-clang"}})
	var missing *object.ClangError
	if !errors.As(err, &missing) || !errors.Is(err, object.ErrNoClang) || !strings.Contains(err.Error(), `install the package "clang"`) {
		t.Errorf("without a compiler: %v", err)
	}
	if diff := cmp.Diff([]string{"no-such-clang"}, missing.Tried); diff != "" {
		t.Error(diff)
	}
	_, err = object.Open(bad, nil)
	if errors.Is(err, object.ErrNoClang) {
		t.Skip(err)
	}
	var failed *object.CompileError
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "undeclared identifier") || failed.Command == "" {
		t.Errorf("a source that does not compile: %v", err)
	}
}

// TestObjectsAreFresh builds the checked-in objects anew.
func TestObjectsAreFresh(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"sh", "clang-19", "llvm-strip-19"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	out := t.TempDir()
	cmd := exec.Command("sh", "testdata/build.sh")
	cmd.Env = append(os.Environ(), "OUT="+out)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, path := range ownObjects(t) {
		want, err := object.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := object.Open(filepath.Join(out, filepath.Base(path)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(dump(want), dump(got)); diff != "" {
			t.Errorf("%s is not what its source says; run testdata/build.sh:\n%s", path, diff)
		}
	}
}
