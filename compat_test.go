package skep_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCiliumProgramsCompile builds and runs programs written for
// github.com/cilium/ebpf after changing nothing but their imports.
func TestCiliumProgramsCompile(t *testing.T) {
	t.Parallel()
	gotool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the go command is not here: ", err)
	}
	for name, want := range map[string]string{
		"firewall": "verdict 1 bytes 64\nblocked 1\nevent true\n",
		"assign":   "verdicts [2 1 1]\ninstalled 1 max 128\nsources 1 1 2\n",
		"maps": "value 200\nbytes true <nil>\nbatch 2 <nil>\nkeys [1 2 5 6]\nfull true\n" +
			"deleted 2 <nil> true\nper CPU 7 true\nqueue 1\ninner true\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(filepath.Join("testdata", "compat", name+".go"))
			if err != nil {
				t.Fatal(err)
			}
			text := strings.NewReplacer(
				`"github.com/cilium/ebpf"`, `ebpf "github.com/skepbpf/skep"`,
				`"github.com/cilium/ebpf/`, `"github.com/skepbpf/skep/`,
				"//go:build ignore\n", "",
			).Replace(string(src))
			dir := t.TempDir()
			file := filepath.Join(dir, "main.go")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			root, err := os.Getwd()
			if err != nil {
				t.Fatal(err)
			}
			pkg := filepath.Join(root, "testdata", "compat", name)
			overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(pkg, "main.go"): file}})
			if err != nil {
				t.Fatal(err)
			}
			list := filepath.Join(dir, "overlay.json")
			if err := os.WriteFile(list, overlay, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(gotool, "run", "-overlay", list, "./testdata/compat/"+name, filepath.Join(root, "examples"))
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if string(out) != want {
				t.Errorf("got\n%swant\n%s", out, want)
			}
		})
	}
}
