package verifier_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/object"
	"github.com/skepbpf/skep/verifier"
)

const featureDir = "testdata/features"

// featureVerdict is what a kernel says of one program, a line of verdicts.txt:
//
//	OBJECT PROGRAM accept INSNS
//	OBJECT PROGRAM ERRNO INSNS LAST LINE
type featureVerdict struct {
	verdict string // accept, or the name of the error number
	insns   int    // processed
	line    string // the last one of the log
}

func (f featureVerdict) String() string {
	return strings.TrimSpace(fmt.Sprint(f.verdict, " ", f.insns, " ", f.line))
}

// TestFeatures holds the verifier against what Linux said of the programs in
// testdata/features, which try each rule from both sides: the verdict with its
// error number, the last line of the log, and how many instructions were
// walked. Programs that ask for types or functions of the kernel need the BTF
// of the release that verdicts.txt names. The verdicts are facts; only the
// running kernel rewrites them (see TestRunningKernelFeatures).
func TestFeatures(t *testing.T) {
	t.Parallel()
	release, want := readFeatures(t)
	target := &object.Target{}
	sameKernel := false
	if host, err := object.HostTarget(); err == nil && kernelRelease() == release && host.KernelTypes != nil {
		target, sameKernel = host, true
	}
	tried, skipped := 0, 0
	for name, programs := range want {
		coll := openFeature(t, name, target)
		for _, p := range coll.Programs {
			w, ok := programs[p.Name]
			delete(programs, p.Name)
			switch {
			case !ok:
				t.Errorf("%s %s: no verdict is recorded", name, p.Name)
			case !sameKernel && asksKernel(p):
				skipped++
			default:
				tried++
				if got := verifyFeature(t, p, target, 2); got != w {
					t.Errorf("%s %s:\n skep  %s\n Linux %s", name, p.Name, got, w)
				}
			}
		}
		for p := range programs {
			t.Errorf("%s has no program %s", name, p)
		}
	}
	if tried < 200 {
		t.Errorf("only %d programs tried", tried)
	}
	t.Logf("%d programs judged, %d want the types of Linux %s", tried, skipped, release)
}

// asksKernel reports whether a program's verdict depends on kernel types.
func asksKernel(p *image.Program) bool {
	typed := p.Type.Info() != nil && p.Type.Info().AttachBTF
	tagged := slices.ContainsFunc(p.Funcs, func(f image.Func) bool { return f.Type != nil && len(f.Type.ParamTags) > 0 })
	mapType := strings.Contains(p.Name, "map_ptr") // of a pointer to a map
	return p.Err != nil || typed || tagged || mapType || len(p.Kfuncs) > 0 || len(p.Ksyms) > 0
}

func openFeature(t *testing.T, name string, target *object.Target) *image.Collection {
	t.Helper()
	coll, err := object.Open(filepath.Join(featureDir, name+".bpf.o"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return object.Resolve(coll, target)
}

// verifyFeature is what the verifier says of p, in the kernel's words.
func verifyFeature(t *testing.T, p *image.Program, target *object.Target, cpus int) featureVerdict {
	t.Helper()
	if p.Err != nil {
		return featureVerdict{verdict: "error", line: p.Err.Error()}
	}
	opts := &verifier.Options{KernelTypes: target.KernelTypes, CPUs: cpus, Symbol: target.Symbol}
	proven, err := verifier.Verify(t.Context(), p, opts)
	var rej *verifier.Error
	switch {
	case err == nil:
		return featureVerdict{verdict: "accept", insns: proven.Stats().Insns}
	case errors.As(err, &rej):
		line := lastOf(rej.Linux)
		if strings.HasPrefix(line, ";") {
			line = lastOf(rej.Msg) // a line of the source follows the reason
		}
		return featureVerdict{rej.Errno.String(), rej.Stats.Insns, line}
	}
	return featureVerdict{verdict: "error", line: err.Error()}
}

// readFeatures reads verdicts.txt: the release on its first line, then verdicts
// by object and program.
func readFeatures(t *testing.T) (release string, byObject map[string]map[string]featureVerdict) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(featureDir, "verdicts.txt"))
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(string(data), "\n")
	release = strings.TrimPrefix(head, "# Linux ")
	byObject = map[string]map[string]featureVerdict{}
	for line := range strings.Lines(body) {
		word := strings.SplitN(strings.TrimSpace(line), " ", 5)
		var f featureVerdict
		if len(word) < 4 {
			t.Fatalf("verdicts.txt: %q", line)
		}
		if _, err := fmt.Sscan(word[3], &f.insns); err != nil {
			t.Fatalf("verdicts.txt: %q: %v", line, err)
		}
		f.verdict = word[2]
		if len(word) == 5 {
			f.line = word[4]
		}
		if byObject[word[0]] == nil {
			byObject[word[0]] = map[string]featureVerdict{}
		}
		byObject[word[0]][word[1]] = f
	}
	return release, byObject
}

// kernelRelease is the running Linux's release, "" elsewhere.
func kernelRelease() string {
	data, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return ""
	}
	release, _, _ := strings.Cut(strings.TrimSpace(string(data)), "-")
	return release
}

func lastOf(text string) string {
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}
