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

// plugin runs a program through skep plugin and is what it printed.
func plugin(command, program, memory string) (r0 string, err error) {
	args := []string{"plugin"}
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

func TestInstructionSetConforms(t *testing.T) {
	t.Parallel()
	dir, command := suite(t)
	tests := lines[conformanceTest](t, filepath.Join(dir, "rfc9669.jsonl"))
	good := 0
	for _, c := range tests {
		want, err := strconv.ParseUint(strings.TrimPrefix(c.Expect, "0x"), 16, 64)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		out, err := plugin(command, c.Program, c.Memory)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if got, err := strconv.ParseUint(strings.TrimPrefix(out, "0x"), 16, 64); err != nil || got != want {
			t.Errorf("%s: r0 = %q, want %#x", c.Name, out, want)
			continue
		}
		good++
	}
	t.Logf("%d of %d programs give the expected r0", good, len(tests))
}

func TestReservedFieldsAreRefused(t *testing.T) {
	t.Parallel()
	dir, command := suite(t)
	refused, taken, lenient := 0, 0, 0
	for _, c := range lines[negativeTest](t, filepath.Join(dir, "negative.jsonl")) {
		if c.Kind != "reserved_field" {
			continue
		}
		_, err := plugin(command, c.Guarded, "")
		switch {
		case err != nil:
			refused++
		case c.Kernel == "accept":
			lenient++ // Linux takes it, and so may skep
		default:
			t.Errorf("%s: taken, must be refused", c.Name)
		}
		if _, err := plugin(command, c.Control, ""); err != nil {
			t.Errorf("%s: the control was refused: %v", c.Name, err)
		} else {
			taken++
		}
	}
	t.Logf("%d refused, %d taken as Linux does, %d controls taken", refused, lenient, taken)
}
