package object_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/object"
)

const skepConfig = `# a comment
CONFIG_SKEP_NUMBER=1234
CONFIG_SKEP_NEGATIVE=-5
CONFIG_SKEP_YES=y
CONFIG_SKEP_MODULE=m
CONFIG_SKEP_LETTER=n
CONFIG_SKEP_TEXT="skep is long"
# CONFIG_SKEP_MISSING is not set
`

func config(text string) func() (map[string]string, error) {
	return func() (map[string]string, error) { return object.ParseKconfig(strings.NewReader(text)) }
}

// kernelWith is a kernel's BTF with the given types.
func kernelWith(t *testing.T, types ...btf.Type) *btf.Spec {
	t.Helper()
	b, err := btf.NewBuilder(types, nil)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := b.Spec()
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func TestKconfigValues(t *testing.T) {
	t.Parallel()
	c := open(t, "externs.bpf.o")
	out := object.Resolve(c, &object.Target{KernelVersion: 6<<16 | 18<<8 | 3, Kconfig: config(skepConfig)})
	if err := out.Program("read_config").Err; err != nil {
		t.Fatal(err)
	}
	m := out.Map(image.KconfigSection)
	if m != out.Program("read_config").Maps[0] {
		t.Error("the program does not refer to the map that was filled in")
	}
	data := m.Contents[0].Value
	for _, k := range out.Kconfig {
		got := data[k.Offset : k.Offset+k.Size]
		want := map[string][]byte{
			"LINUX_KERNEL_VERSION": {3, 18, 6, 0}, "LINUX_HAS_BPF_COOKIE": {1},
			"CONFIG_SKEP_NUMBER": {0xd2, 4, 0, 0}, "CONFIG_SKEP_NEGATIVE": {0xfb, 255, 255, 255, 255, 255, 255, 255},
			"CONFIG_SKEP_YES": {1}, "CONFIG_SKEP_MODULE": {2, 0, 0, 0}, "CONFIG_SKEP_LETTER": {'n'},
			"CONFIG_SKEP_TEXT": []byte("skep is\x00"), "CONFIG_SKEP_MISSING": {0, 0, 0, 0},
		}[k.Name]
		if !bytes.Equal(got, want) {
			t.Errorf("%s is %x, want %x", k.Name, got, want)
		}
	}
	if c.Map(image.KconfigSection).Contents != nil {
		t.Error("Resolve changed the collection it was given")
	}
}

func TestKconfigRefusals(t *testing.T) {
	t.Parallel()
	c := open(t, "externs.bpf.o")
	for _, row := range []struct {
		name   string
		config func() (map[string]string, error)
		want   string
	}{
		{"no configuration", nil, "not known"},
		{"one that cannot be read", func() (map[string]string, error) { return nil, errors.New("no such file") }, "no such file"},
		{"a value is missing", config("CONFIG_SKEP_YES=y\n"), "no such value"},
		{"a boolean that is a module", config(strings.Replace(skepConfig, "YES=y", "YES=m", 1)), `cannot say "module"`},
		{"a number that does not fit", config(strings.Replace(skepConfig, "1234", "5000000000", 1)), "does not fit in 4 bytes"},
		{"a number that is none", config(strings.Replace(skepConfig, "1234", "12x", 1)), "not a number"},
		{"a string without an end", config(strings.Replace(skepConfig, `long"`, `long`, 1)), "does not end"},
		{"a string for a number", config(strings.Replace(skepConfig, "1234", `"1234"`, 1)), "cannot hold a string"},
	} {
		out := object.Resolve(c, &object.Target{KernelVersion: 6 << 16, Kconfig: row.config})
		if err := out.Program("read_config").Err; err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", row.name, err)
		}
		if err := out.Program("use_symbols").Err; err != nil && strings.Contains(err.Error(), "CONFIG") {
			t.Errorf("%s: a program that reads no configuration is held back: %v", row.name, err)
		}
	}
}

func TestKconfigCompressed(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	w.Write([]byte(skepConfig))
	w.Close()
	vals, err := object.ParseKconfig(&buf)
	if err != nil || vals["CONFIG_SKEP_NUMBER"] != "1234" || len(vals) != 6 {
		t.Errorf("%v, %v", vals, err)
	}
}

func TestKernelSymbols(t *testing.T) {
	t.Parallel()
	c := open(t, "externs.bpf.o")
	voidPtr := &btf.Pointer{Target: (*btf.Void)(nil)}
	rq := &btf.Struct{Name: "rq", Size: 8}
	proto := &btf.FuncProto{Return: voidPtr, Params: []btf.FuncParam{{Name: "obj", Type: voidPtr}}}
	kernel := kernelWith(t,
		&btf.Var{Name: "runqueues", Type: rq, Linkage: btf.GlobalVar},
		&btf.Func{Name: "bpf_cast_to_kern_ctx", Type: proto, Linkage: btf.GlobalFunc})
	target := &object.Target{
		KernelTypes: kernel,
		Symbol: func(name string) (uint64, bool) {
			return 0xffffffff81234567, name == "init_task"
		},
	}
	out := object.Resolve(c, target)
	p := out.Program("use_symbols")
	if p.Err != nil {
		t.Fatal(p.Err)
	}
	if p.Extern != nil {
		t.Errorf("left to resolve: %v", p.Extern)
	}
	for _, row := range []struct {
		name string
		kind image.ExternKind
		src  isa.Reg
		imm  int32
		hi   int32
	}{
		{"skep_missing_int", image.ExternTyped, 0, 0, 0},
		{"skep_missing", image.ExternKsym, 0, 0, 0},
		{"skep_missing_kfunc", image.ExternTyped, 0, 0, 0},
		{"skep_missing_kfunc", image.ExternKfunc, isa.CallHelper, 2002000000, 0},
		{"init_task", image.ExternKsym, 0, -0x7edcba99, -1},
		{"runqueues", image.ExternTyped, isa.PseudoBTFID, 2, 0},
		{"bpf_cast_to_kern_ctx", image.ExternKfunc, isa.CallKfunc, 1, 0},
	} {
		found := false
		for _, e := range c.Program("use_symbols").Extern {
			if e.Name != row.name || e.Kind != row.kind {
				continue
			}
			found = true
			in := p.Insns[e.Slot]
			if in.Src() != row.src || in.Imm != row.imm || (in.IsWide() && p.Insns[e.Slot+1].Imm != row.hi) {
				t.Errorf("%s: %+v %+v, want %+v", row.name, in, p.Insns[e.Slot+1], row)
			}
		}
		if !found {
			t.Errorf("no reference to %s of kind %d", row.name, row.kind)
		}
	}
	if p.Ksyms[2].ID == 0 || p.Ksyms[0].ID != 0 || p.Kfuncs[1].ID == 0 || p.Kfuncs[0].ID != 0 {
		t.Errorf("ids: %+v %+v", p.Ksyms, p.Kfuncs)
	}
	if err := out.Program("needs_missing").Err; err == nil || !strings.Contains(err.Error(), `extern "skep_strict_kfunc"`) {
		t.Errorf("a kernel function that is not there: %v", err)
	}
	// A function with another prototype does not fit.
	target.KernelTypes = kernelWith(t,
		&btf.Var{Name: "runqueues", Type: rq, Linkage: btf.GlobalVar},
		&btf.Func{Name: "bpf_cast_to_kern_ctx", Type: &btf.FuncProto{Return: voidPtr}, Linkage: btf.GlobalFunc})
	if err := object.Resolve(c, target).Program("use_symbols").Err; err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Errorf("a kernel function with another prototype: %v", err)
	}
}

func TestParseRelease(t *testing.T) {
	t.Parallel()
	for release, want := range map[string]uint32{
		"6.18.44": 6<<16 | 18<<8 | 44, "6.1.0-42-amd64": 6<<16 | 1<<8, "6.18-rc1": 6<<16 | 18<<8,
		"4.9.337": 4<<16 | 9<<8 | 255, "6.18.": 6<<16 | 18<<8,
	} {
		if got, err := object.ParseRelease(release); err != nil || got != want {
			t.Errorf("%s: %#x, %v, want %#x", release, got, err, want)
		}
	}
	for _, bad := range []string{"", "six", "6", ".1"} {
		if v, err := object.ParseRelease(bad); err == nil {
			t.Errorf("%q is release %#x", bad, v)
		}
	}
}

func TestHostTarget(t *testing.T) {
	t.Parallel()
	target, err := object.HostTarget()
	if err != nil {
		t.Skipf("no kernel BTF here: %v", err)
	}
	if target.KernelTypes == nil || target.KernelVersion == 0 {
		t.Errorf("%+v", target)
	}
	again, _ := object.HostTarget()
	if again.KernelTypes != target.KernelTypes {
		t.Error("the kernel's types are decoded twice")
	}
	if _, ok := target.Symbol("skep_has_no_such_symbol"); ok {
		t.Error("a symbol that is not there has an address")
	}
	if vals, err := target.Kconfig(); err == nil && len(vals) < 100 {
		t.Errorf("a configuration of %d values", len(vals))
	}
}

func TestBigEndianIsRead(t *testing.T) {
	t.Parallel()
	le, be := open(t, "subprogs.bpf.o"), open(t, "subprogs.be.o")
	if be.ByteOrder != binary.BigEndian {
		t.Errorf("byte order %v", be.ByteOrder)
	}
	if len(le.Programs) != len(be.Programs) {
		t.Fatalf("%d programs and %d", len(le.Programs), len(be.Programs))
	}
	for i, p := range le.Programs {
		for name, text := range listing(p) {
			if got := listing(be.Programs[i])[name]; got != text {
				t.Errorf("%s: %s differs between byte orders:\n%s\n%s", p.Name, name, text, got)
			}
		}
	}
}
