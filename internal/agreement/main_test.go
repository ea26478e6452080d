package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCommandLine(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"help is no failure", []string{"-h"}, exitOK, "usage: agreement"},
		{"objects must be named", nil, exitUsage, "needs -objs"},
		{"there is something to compare with", []string{"-objs", empty}, exitUsage, "needs -record or -live"},
		{"only what the kernel says is written", []string{"-objs", empty, "-record", "r", "-write"}, exitUsage, "-write needs -live"},
		{"a part of the corpus is not written", []string{"-objs", empty, "-record", "r", "-live", "-write", "-only", "a*"}, exitUsage, "whole corpus"},
		{"a record must be there", []string{"-objs", empty, "-record", filepath.Join(empty, "r")}, exitNothing, "no such file"},
		{"objects must be there", []string{"-objs", empty, "-live"}, exitNothing, "no objects in"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out, errOut bytes.Buffer
			if code := run(tt.args, strings.NewReader(""), &out, &errOut); code != tt.code || !strings.Contains(errOut.String(), tt.want) {
				t.Errorf("exit code %d, %q; want %d, %q", code, errOut.String(), tt.code, tt.want)
			}
		})
	}
}

// TestChild judges a file that is no object, and the examples of the project.
func TestChild(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "junk.bpf.o"), []byte("junk"), 0o644); err != nil {
		t.Fatal(err)
	}
	example, err := filepath.Glob(filepath.Join("..", "..", "examples", "*", "*.o"))
	if err != nil || len(example) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	b, err := os.ReadFile(example[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "example.bpf.o"), b, 0o644); err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	tasks := "junk.bpf.o\t0\nexample.bpf.o\t0\nexample.bpf.o\t99\n"
	if code := run([]string{"-objs", dir, "-child"}, strings.NewReader(tasks), &out, &errOut); code != exitOK {
		t.Fatalf("exit code %d: %s", code, errOut.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if !strings.Contains(lines[0], `"what":"failed"`) || !strings.Contains(lines[len(lines)-1], `"what":"end"`) {
		t.Errorf("the child says\n%s", out.String())
	}
	for _, want := range []string{`"what":"begin"`, `"what":"ours"`, `"verdict":"accept"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the child does not say %s:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), `"what":"theirs"`) {
		t.Error("the kernel was asked")
	}
}
