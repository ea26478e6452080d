//go:build linux

package verifier_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/kernel"
	"github.com/skepbpf/skep/object"
)

// featureChild names the object that a child process shall judge.
const featureChild = "SKEP_FEATURE_OBJECT"

// TestRunningKernelFeatures gives the programs of testdata/features to the
// running kernel, each object in a child process with a time limit, and
// compares the answers with the verifier's. It needs root and Linux 6.18, and
// asks for SKEP_LIVE_KERNEL=1. SKEP_LIVE_KERNEL=record writes verdicts.txt.
func TestRunningKernelFeatures(t *testing.T) {
	mode := os.Getenv("SKEP_LIVE_KERNEL")
	if mode == "" {
		t.Skip("SKEP_LIVE_KERNEL is not set")
	}
	if name := os.Getenv(featureChild); name != "" {
		judgeFeatures(t, name)
		return
	}
	files, err := filepath.Glob(filepath.Join(featureDir, "*.bpf.o"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no objects: %v", err)
	}
	var lines []string
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".bpf.o")
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestRunningKernelFeatures$", "-test.v")
		cmd.Env = append(os.Environ(), featureChild+"="+name)
		out, err := cmd.CombinedOutput()
		cancel()
		for line := range strings.Lines(string(out)) {
			switch verdict, ok := strings.CutPrefix(line, "LINUX "); {
			case ok:
				lines = append(lines, name+" "+strings.TrimSpace(verdict))
			case strings.HasPrefix(line, "DIFFERS "):
				t.Errorf("%s %s", name, strings.TrimSpace(line))
			case strings.Contains(line, "--- SKIP"):
				t.Skip(string(out))
			}
		}
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, out[max(0, len(out)-500):])
		}
	}
	t.Logf("%d programs judged by Linux %s", len(lines), kernelRelease())
	if mode == "record" {
		slices.Sort(lines)
		text := "# Linux " + kernelRelease() + "\n" + strings.Join(lines, "\n") + "\n"
		if err := os.WriteFile(filepath.Join(featureDir, "verdicts.txt"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// judgeFeatures prints what the kernel says of an object's programs, and where
// the verifier says otherwise.
func judgeFeatures(t *testing.T, name string) {
	target, err := object.HostTarget()
	if err != nil {
		t.Skip(err)
	}
	for _, p := range openFeature(t, name, target).Programs {
		want, err := askFeature(t, p, name, target)
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		fmt.Println("LINUX", p.Name, want)
		if got := verifyFeature(t, p, target, runtime.NumCPU()); got != want {
			fmt.Printf("DIFFERS %s: skep %s, Linux %s\n", p.Name, got, want)
		}
	}
}

func askFeature(t *testing.T, p *image.Program, name string, target *object.Target) (featureVerdict, error) {
	if p.Err != nil {
		return featureVerdict{}, p.Err
	}
	j, err := kernel.Judge(t.Context(), p, &kernel.JudgeOptions{KernelTypes: target.KernelTypes})
	if err != nil {
		return featureVerdict{}, err
	}
	if j.Accepted {
		return featureVerdict{verdict: "accept", insns: j.Insns}, nil
	}
	return featureVerdict{j.Errno.String(), j.Insns, lastOfLog(j.Log)}, nil
}

// lastOfLog is the line that a log ends with, before the figures and the line
// of the source that follows some reasons.
func lastOfLog(log string) string {
	last := ""
	for line := range strings.Lines(log) {
		if line = strings.TrimSpace(line); line != "" && !isAside(line) {
			last = line
		}
	}
	return last
}

func isAside(line string) bool {
	return slices.ContainsFunc([]string{"; ", "processed ", "verification time ", "stack depth "},
		func(p string) bool { return strings.HasPrefix(line, p) })
}
