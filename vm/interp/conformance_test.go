package interp_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
)

// conformanceDir is where the public conformance suite lies as JSON lines; the
// tests skip without it.
const conformanceDir = "SKEP_CONFORMANCE_DIR"

type conformanceCase struct {
	Name    string   `json:"name"`
	Memory  string   `json:"memory"`
	Program string   `json:"program"`
	Expect  string   `json:"expect"`
	Kind    string   `json:"kind"`
	Guarded string   `json:"guarded"`
	Control string   `json:"control"`
	Kernel  string   `json:"kernel"`
	Helpers []int32  `json:"helpers"`
	Groups  []string `json:"groups"`
}

func conformance(t *testing.T, file string) []conformanceCase {
	t.Helper()
	dir := os.Getenv(conformanceDir)
	if dir == "" {
		t.Skipf("%s is not set", conformanceDir)
	}
	f, err := os.Open(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var cases []conformanceCase
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<24)
	for s.Scan() {
		var c conformanceCase
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return cases
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestConformance(t *testing.T) {
	t.Parallel()
	rt := newRuntime(t, 1)
	helpers := &vm.Helpers{ByID: make([]vm.HelperFunc, 6)}
	helpers.ByID[5] = func(*vm.Context, uint64, uint64, uint64, uint64, uint64) uint64 { return ^uint64(0) }
	for _, c := range conformance(t, "rfc9669.jsonl") {
		want, err := strconv.ParseUint(c.Expect, 0, 64)
		if err != nil {
			t.Fatal(err)
		}
		got, err := interp.RunRaw(context.Background(), rt, helpers, unhex(t, c.Program), unhex(t, c.Memory))
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
		} else if got != want {
			t.Errorf("%s: r0 = %#x, want %#x", c.Name, got, want)
		}
	}
}

// TestReservedFields checks that an encoding with a reserved field set does
// not run, and that its twin with the field zeroed does.
func TestReservedFields(t *testing.T) {
	t.Parallel()
	rt := newRuntime(t, 1)
	helpers := &vm.Helpers{ByID: make([]vm.HelperFunc, 6)}
	helpers.ByID[5] = func(*vm.Context, uint64, uint64, uint64, uint64, uint64) uint64 { return 0 }
	for _, c := range conformance(t, "negative.jsonl") {
		if c.Kind != "reserved_field" {
			continue
		}
		_, err := interp.RunRaw(context.Background(), rt, helpers, unhex(t, c.Guarded), nil)
		if refused := err != nil; refused != (c.Kernel == "refuse") {
			t.Errorf("%s: Linux says %s, here: %v", c.Name, c.Kernel, err)
		}
		if _, err := interp.RunRaw(context.Background(), rt, helpers, unhex(t, c.Control), nil); err != nil {
			t.Errorf("%s: control: %v", c.Name, err)
		}
	}
}

func newRuntime(t testing.TB, cpus int) *vm.Runtime {
	t.Helper()
	rt, err := vm.NewRuntime(&vm.RuntimeOptions{CPUs: cpus})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
	})
	return rt
}
