package skep_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// conformanceTest is a line of rfc9669.jsonl, the public bpf_conformance suite
// as data.
type conformanceTest struct {
	Name    string
	Memory  string // hex
	Program string // hex
	Expect  string // r0 in hex
	Kernel  string // "accept" or "refuse": what Linux 6.18 says
}

// negativeTest is a line of negative.jsonl: an instruction with a reserved
// field set, in a program without other faults, and the same with the field
// zero.
type negativeTest struct {
	Name, Kind, Guarded, Control string
	Kernel                       string // what Linux 6.18 does with Guarded
}

// suite is where the conformance suite and the command are, from the
// environment: `make conformance` sets it.
func suite(t *testing.T) (dir, command string) {
	t.Helper()
	dir, command = os.Getenv("SKEP_CONFORMANCE_DIR"), os.Getenv("SKEP_COMMAND")
	if dir == "" || command == "" {
		t.Skip("SKEP_CONFORMANCE_DIR (a folder with rfc9669.jsonl and negative.jsonl) and SKEP_COMMAND (a skep binary) are not set")
	}
	return dir, command
}

func lines[T any](t *testing.T, file string) []T {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []T
	s := bufio.NewScanner(bytes.NewReader(b))
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var v T
		if err := json.Unmarshal(s.Bytes(), &v); err != nil {
			t.Fatalf("%s:%d: %v", file, len(all)+1, err)
		}
		all = append(all, v)
	}
	if len(all) == 0 {
		t.Fatalf("%s is empty", file)
	}
	return all
}

// plugin runs a program through skep plugin with options and is what it printed.
func plugin(command, program, memory string, options ...string) (r0 string, err error) {
	args := append([]string{"plugin"}, options...)
	if memory != "" {
		args = append(args, memory)
	}
	c := exec.Command(command, args...)
	c.Stdin = strings.NewReader(program)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil && stderr.Len() > 0 {
		return "", &pluginError{strings.TrimSpace(stderr.String())}
	}
	return strings.TrimSpace(string(out)), err
}

type pluginError struct{ text string }

func (e *pluginError) Error() string { return e.text }

// conforms reports whether r0, as printed, is what a test expects.
func (c *conformanceTest) conforms(t *testing.T, r0 string) bool {
	t.Helper()
	want, err := strconv.ParseUint(strings.TrimPrefix(c.Expect, "0x"), 16, 64)
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	got, err := strconv.ParseUint(strings.TrimPrefix(r0, "0x"), 16, 64)
	return err == nil && got == want
}

// TestInstructionSetConforms runs every program unverified.
func TestInstructionSetConforms(t *testing.T) {
	t.Parallel()
	dir, command := suite(t)
	tests := lines[conformanceTest](t, filepath.Join(dir, "rfc9669.jsonl"))
	good := 0
	for _, c := range tests {
		out, err := plugin(command, c.Program, c.Memory, "--unverified")
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if !c.conforms(t, out) {
			t.Errorf("%s: r0 = %q, want %s", c.Name, out, c.Expect)
			continue
		}
		good++
	}
	t.Logf("%d of %d programs give the expected r0", good, len(tests))
}

// TestVerifiedInstructionSetConforms runs the programs as raw programs, verified
// and compiled: those that Linux takes, by the rules for root, and no others.
// Plug-ins of others have two rules more, which two programs break.
func TestVerifiedInstructionSetConforms(t *testing.T) {
	t.Parallel()
	dir, command := suite(t)
	tests := lines[conformanceTest](t, filepath.Join(dir, "rfc9669.jsonl"))
	stranger := map[string]bool{
		"prime": true, // more paths at once than a user without capabilities may have
		"stack": true, // a pointer beyond the frame that is not followed
	}
	for _, engine := range []string{"interp", "jit"} {
		good, refused, strange := 0, 0, 0
		for _, c := range tests {
			out, err := plugin(command, c.Program, c.Memory, "--root", "--engine", engine)
			if err != nil && strings.Contains(err.Error(), "engine jit: machine code") {
				t.Skip(err)
			}
			switch {
			case (err == nil) != (c.Kernel == "accept"):
				t.Errorf("%s: %s: %v, Linux says %s", engine, c.Name, err, c.Kernel)
			case err != nil:
				refused++
			case !c.conforms(t, out):
				t.Errorf("%s: %s: r0 = %q, want %s", engine, c.Name, out, c.Expect)
			default:
				good++
			}
			out, err = plugin(command, c.Program, c.Memory, "--engine", engine)
			switch {
			case (err == nil) != (c.Kernel == "accept" && !stranger[c.Name]):
				t.Errorf("%s: %s as a stranger's: %v", engine, c.Name, err)
			case err == nil && !c.conforms(t, out):
				t.Errorf("%s: %s as a stranger's: r0 = %q, want %s", engine, c.Name, out, c.Expect)
			case err == nil:
				strange++
			}
		}
		t.Logf("%s: %d of %d programs are verified and give the expected r0, %d as a stranger's; %d are refused, as by Linux", engine, good, len(tests), strange, refused)
	}
}

func TestReservedFieldsAreRefused(t *testing.T) {
	t.Parallel()
	dir, command := suite(t)
	refused, taken, lenient := 0, 0, 0
	for _, c := range lines[negativeTest](t, filepath.Join(dir, "negative.jsonl")) {
		if c.Kind != "reserved_field" {
			continue
		}
		_, err := plugin(command, c.Guarded, "", "--unverified")
		switch {
		case err != nil:
			refused++
		case c.Kernel == "accept":
			lenient++ // Linux takes it, and so may skep
		default:
			t.Errorf("%s: taken, must be refused", c.Name)
		}
		if _, err := plugin(command, c.Control, "", "--unverified"); err != nil {
			t.Errorf("%s: the control was refused: %v", c.Name, err)
		} else {
			taken++
		}
	}
	t.Logf("%d refused, %d taken as Linux does, %d controls taken", refused, lenient, taken)
}
