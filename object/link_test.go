package object_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
	"github.com/google/go-cmp/cmp"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/object"
)

func TestLinkGolden(t *testing.T) {
	t.Parallel()
	c, err := object.OpenAll([]string{"testdata/link_a.bpf.o", "testdata/link_b.bpf.o"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "link_ab", dump(c))
}

func TestLinkRules(t *testing.T) {
	t.Parallel()
	c, err := object.OpenAll([]string{"testdata/link_a.bpf.o", "testdata/link_b.bpf.o"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range c.Programs {
		if p.Err != nil {
			t.Fatalf("%s: %v", p.Name, p.Err)
		}
	}
	if len(c.Programs) != 2 {
		t.Fatalf("%d programs", len(c.Programs))
	}
	a := c.Program("prog_a")
	var names []string
	for _, f := range a.Funcs {
		names = append(names, f.Name)
		if f.Type == nil || f.Type.Name != f.Name {
			t.Errorf("%s has type %v", f.Name, f.Type)
		}
	}
	if got := strings.Join(names, " "); got != "prog_a overridden from_b from_a" {
		t.Errorf("prog_a consists of %s", got)
	}
	// The strong overridden returns 2, the weak one 1.
	over := a.Insns[a.Funcs[1].Start:a.Funcs[2].Start]
	if last := over[len(over)-2]; last.Imm != 2 {
		t.Errorf("the weak function won: %v", over)
	}
	var decided []*image.Variable
	for _, v := range c.Variables {
		if v.Name == "decided" {
			decided = append(decided, v)
		}
	}
	if len(decided) != 1 || decided[0].Weak {
		t.Fatalf("variables named decided: %v", decided)
	}
	data := c.Map(".data").Contents[0].Value
	if got := data[decided[0].Offset]; got != 7 {
		t.Errorf("decided is %d", got)
	}
	for _, v := range c.Variables {
		want := map[string]byte{"in_a": 1, "pad_a": 2, "pad_b": 5, "in_b": 6, "decided": 7}[v.Name]
		if got := data[v.Offset]; got != want {
			t.Errorf("%s at %d is %d, want %d", v.Name, v.Offset, got, want)
		}
		if v.Type == nil || v.Type.Name != v.Name {
			t.Errorf("%s has type %v", v.Name, v.Type)
		}
	}
	// Both programs see one map.
	b := c.Program("prog_b")
	if len(c.Maps) != 3 || a.Maps[0] != b.Maps[0] || a.Maps[0].Name != "common" {
		t.Errorf("maps %v, of prog_a %v, of prog_b %v", c.Maps, a.Maps, b.Maps)
	}
	for _, in := range a.Insns {
		if in.IsWide() && in.Src() == 0 {
			t.Errorf("an address is not resolved: %v", in)
		}
		if in.Op == isa.CallOp && in.Src() == isa.CallLocal && in.Imm == -1 {
			t.Errorf("a call is not resolved")
		}
	}
}

func TestLinkKernelExterns(t *testing.T) {
	t.Parallel()
	c, err := object.OpenAll([]string{"testdata/externs.bpf.o", "testdata/loader.bpf.o", "testdata/structops.bpf.o"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(c.Kconfig); n != 9 {
		t.Errorf("%d configuration values, want 9 distinct ones", n)
	}
	out := object.Resolve(c, &object.Target{KernelVersion: 6 << 16, Kconfig: config(skepConfig)})
	p, q := out.Program("read_config"), out.Program("uses_kernel")
	if p.Err != nil || p.Maps[0] != out.Map(image.KconfigSection) || len(p.Maps[0].Contents) != 1 {
		t.Errorf("read_config: %v, %v", p.Err, p.Maps)
	}
	if q.Err == nil || !strings.Contains(q.Err.Error(), "init_task") {
		t.Errorf("uses_kernel without symbols: %v", q.Err)
	}
	ds, ok := out.Map(image.KconfigSection).Value.(*btf.Datasec)
	if !ok || len(ds.Vars) != 9 || ds.Size != out.Map(image.KconfigSection).ValueSize {
		t.Errorf("type of .kconfig: %v", out.Map(image.KconfigSection).Value)
	}
	if len(c.StructOps) != 3 || c.Map("linked") == nil || c.Map("linked").Value == nil {
		t.Errorf("struct_ops %v", c.StructOps)
	}
}

func TestLinkRefusals(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		paths []string
		want  string
	}{
		{"one object twice defines everything twice", []string{"link_a.bpf.o", "link_a.bpf.o"}, "is defined in link_a.bpf.o too"},
		{"byte orders do not mix", []string{"globals.bpf.o", "globals.be.o"}, "byte order differs"},
		{"no objects at all", nil, "no objects"},
	} {
		var paths []string
		for _, p := range row.paths {
			paths = append(paths, filepath.Join("testdata", p))
		}
		_, err := object.OpenAll(paths, nil)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	c := open(t, "link_a.bpf.o")
	if err := c.Program("prog_a").Err; err == nil || !strings.Contains(err.Error(), "not defined by any object") {
		t.Errorf("half of a program: %v", err)
	}
}

func TestLinkOracleObjects(t *testing.T) {
	t.Parallel()
	dir := filepath.Dir(oracleObjs(t)[0])
	for _, base := range []string{"linked_funcs", "linked_maps", "linked_vars"} {
		c, err := object.OpenAll([]string{filepath.Join(dir, base+"1.bpf.o"), filepath.Join(dir, base+"2.bpf.o")}, nil)
		if err != nil {
			t.Errorf("%s: %v", base, err)
			continue
		}
		for _, p := range c.Programs {
			if p.Err != nil {
				t.Errorf("%s: %s: %v", base, p.Name, p.Err)
			}
		}
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "text.o")
	if err := os.WriteFile(text, []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, path, want string }{
		{"a file that is not there", filepath.Join(dir, "none.o"), "no such file"},
		{"a folder", dir, "not a regular file"},
		{"text", text, "text.o: not a BPF object"},
		{"a C source that is not there", filepath.Join(dir, "none.c"), "no such file"},
	} {
		_, err := object.Open(row.path, nil)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	_, err := object.Read("big.o", bytes.NewReader(make([]byte, 100)), &object.Options{MaxSize: 50})
	if err == nil || !strings.Contains(err.Error(), "larger than 50 bytes") {
		t.Errorf("a file above the limit: %v", err)
	}
}

// TestLinkAgreesWithBpftool holds our linking against libbpf's linker.
func TestLinkAgreesWithBpftool(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("bpftool")
	if err != nil {
		t.Skip("no bpftool to compare with")
	}
	pairs := [][2]string{{"testdata/link_a.bpf.o", "testdata/link_b.bpf.o"}}
	if dir := os.Getenv("SKEP_ORACLE_OBJS"); dir != "" {
		for _, base := range []string{"linked_funcs", "linked_maps", "linked_vars"} {
			pairs = append(pairs, [2]string{filepath.Join(dir, base+"1.bpf.o"), filepath.Join(dir, base+"2.bpf.o")})
		}
	}
	for i, pair := range pairs {
		out := filepath.Join(t.TempDir(), fmt.Sprintf("linked%d.o", i))
		if text, err := exec.Command(tool, "gen", "object", out, pair[0], pair[1]).CombinedOutput(); err != nil {
			t.Skipf("bpftool gen object: %v: %s", err, text)
		}
		theirs, err := object.Open(out, nil)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := object.OpenAll(pair[:], nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range ours.Programs {
			q := theirs.Program(p.Name)
			if q == nil {
				t.Errorf("%s: libbpf has no program %s", pair[0], p.Name)
				continue
			}
			if diff := cmp.Diff(listing(q), listing(p)); diff != "" {
				t.Errorf("%s: %s (-libbpf +skep):\n%s", pair[0], p.Name, diff)
			}
		}
		for _, m := range ours.Maps {
			n := theirs.Map(m.Name)
			if n == nil {
				t.Errorf("%s: libbpf has no map %s", pair[0], m.Name)
				continue
			}
			if m.Type != n.Type || m.ValueSize != n.ValueSize || m.MaxEntries != n.MaxEntries || m.Flags != n.Flags ||
				!reflect.DeepEqual(m.Contents, n.Contents) {
				t.Errorf("%s: map %s: libbpf %+v, skep %+v", pair[0], m.Name, n, m)
			}
		}
	}
}
