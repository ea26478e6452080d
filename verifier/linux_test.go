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
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/kernel"
	"github.com/skepbpf/skep/verifier"
)

// TestLinux holds the verifier against what Linux 6.18.44 said of the programs
// in testdata/linux: the verdict with its error number, and the log of level 2
// line by line. The recordings are facts; nothing rewrites them. With
// SKEP_LIVE_KERNEL=1 the running kernel is asked for them again.
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
	opts := &verifier.Options{LogLevel: 2, CPUs: 2}
	keep := recordedUser(t, part, opts)
	if os.Getenv("SKEP_LIVE_KERNEL") != "" {
		askLinux(t, c.Programs[0], part, keep)
	}
	verdict, log := "accept", ""
	p, err := verifier.Verify(context.Background(), c.Programs[0], opts)
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
	if diff := cmp.Diff(logLines(part["kernel.log"]), logLines(log)); diff != "" {
		t.Errorf("log (-Linux +skep):\n%s", diff)
	}
}

// recordedUser is who a recording was made as, from its part "user": the names
// of his capabilities, perhaps none. Without that part it was root.
func recordedUser(t *testing.T, part map[string]string, opts *verifier.Options) *kernel.User {
	t.Helper()
	names, ok := part["user"]
	if !ok {
		return nil
	}
	opts.Trust = verifier.Sandbox
	user := new(kernel.User)
	for _, name := range strings.Fields(names) {
		switch name {
		case "bpf":
			opts.Caps |= verifier.CapBPF
			user.Keep = append(user.Keep, 39)
		case "net_admin":
			opts.Caps |= verifier.CapNetAdmin
			user.Keep = append(user.Keep, 12)
		case "perfmon":
			opts.Caps |= verifier.CapPerfmon
			user.Keep = append(user.Keep, 38)
		default:
			t.Fatalf("capability %s", name)
		}
	}
	return user
}

// askLinux holds a recording against the running kernel.
func askLinux(t *testing.T, p *image.Program, part map[string]string, user *kernel.User) {
	t.Helper()
	j, err := kernel.Judge(context.Background(), p, &kernel.JudgeOptions{LogLevel: 2, User: user})
	if user != nil && errors.Is(err, abi.EPERM) {
		t.Skip(err) // the kernel is not open to such users
	}
	if err != nil {
		t.Fatal(err)
	}
	verdict := "accept"
	if !j.Accepted {
		verdict = "reject " + errnoNames[j.Errno]
	}
	if want := strings.TrimSpace(part["verdict"]); verdict != want {
		t.Errorf("recorded %s, the running kernel says %s", want, verdict)
	}
	if diff := cmp.Diff(logLines(part["kernel.log"]), logLines(j.Log)); diff != "" {
		t.Errorf("log (-recorded +running kernel):\n%s", diff)
	}
}

var errnoNames = map[abi.Errno]string{
	abi.EACCES: "EACCES", abi.EINVAL: "EINVAL", abi.EPERM: "EPERM", abi.E2BIG: "E2BIG", abi.EFAULT: "EFAULT",
}

// addresses are those of maps, and the blanks behind them.
var addresses = regexp.MustCompile(`(\(18\) r\d = )(?:0x0|0xffff[0-9a-f]{12})(?: +(;))?`)

// logLines are the lines of a log without addresses and without blanks at their
// ends.
func logLines(log string) []string {
	var lines []string
	for line := range strings.Lines(log) {
		line = addresses.ReplaceAllString(strings.TrimRight(line, " \n"), "${1}0x0$2")
		lines = append(lines, line)
	}
	return lines
}
