package verifier_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/verifier"
)

// TestLinux holds the verifier against what Linux 6.18.44 said of the programs
// in testdata/linux: the verdict with its error number, and the log of level 2
// with every state, but for the walk back that makes scalars precise. The
// recordings are facts; nothing rewrites them.
func TestLinux(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/linux/*.txtar")
	if err != nil || len(files) < 45 {
		t.Fatalf("%d recordings, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			testRecording(t, file)
		})
	}
}

func testRecording(t *testing.T, file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	part := make(map[string]string)
	for _, f := range txtar.Parse(data).Files {
		part[f.Name] = string(f.Data)
	}
	c, err := asm.Parse("prog.s", []byte(part["prog.s"]))
	if err != nil {
		t.Fatal(err)
	}
	verdict, log := "accept", ""
	p, err := verifier.Verify(context.Background(), c.Programs[0], &verifier.Options{LogLevel: 2, CPUs: 2})
	var e *verifier.Error
	switch {
	case err == nil:
		log = p.Log()
	case errors.As(err, &e):
		verdict, log = "reject "+errnoNames[e.Errno], e.Log
		if !strings.Contains(part["kernel.log"], e.Msg) {
			t.Errorf("Linux does not say %q", e.Msg)
		}
		if want := strings.TrimSpace(part["code"]); e.Code.String() != want {
			t.Errorf("code %s, want %s", e.Code, want)
		}
	default:
		t.Fatal(err)
	}
	if want := strings.TrimSpace(part["verdict"]); verdict != want {
		t.Fatalf("verdict %s (%v), Linux says %s", verdict, err, want)
	}
	if diff := cmp.Diff(states(part["kernel.log"]), states(log)); diff != "" {
		t.Errorf("log (-Linux +skep):\n%s", diff)
	}
}

var errnoNames = map[abi.Errno]string{
	abi.EACCES: "EACCES", abi.EINVAL: "EINVAL", abi.EPERM: "EPERM", abi.E2BIG: "E2BIG", abi.EFAULT: "EFAULT",
}

var (
	address  = regexp.MustCompile(`^(\d+: \(18\) r\d =) 0x[0-9a-f]+$`)
	liveRegs = regexp.MustCompile(`^ *\d+ +\d+: [0-9.]{10} `)
	noState  = regexp.MustCompile(`^\d+:$`)
	insn     = regexp.MustCompile(`^\d+: \([0-9a-f]{2}\) `)
	atState  = regexp.MustCompile(`^\d+: *(frame\d+: )?[Rf]`)
)

// states are the lines of a log as both sides write them: instructions and the
// states behind them apart, without addresses and without the search for
// precise scalars.
func states(log string) []string {
	var lines []string
	for line := range strings.Lines(log) {
		line = strings.TrimRight(line, " \n")
		switch {
		case line == "", strings.HasPrefix(line, "mark_precise"), strings.HasPrefix(line, "func#"),
			strings.HasPrefix(line, "Live regs"), strings.HasPrefix(line, "    "),
			liveRegs.MatchString(line), noState.MatchString(line):
			continue
		case insn.MatchString(line):
			text, state, _ := strings.Cut(line, ";")
			lines = append(lines, address.ReplaceAllString(strings.TrimRight(text, " "), "$1 ADDRESS"))
			if line = strings.TrimSpace(state); line == "" {
				continue
			}
		case atState.MatchString(line):
			_, line, _ = strings.Cut(line, ": ")
		}
		lines = append(lines, line)
	}
	return lines
}
