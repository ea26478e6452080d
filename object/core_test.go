package object_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/object"
)

// kernelOf takes an object's types for a kernel's.
func kernelOf(t *testing.T, path string) *btf.Spec {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := f.Section(".BTF").Data()
	if err != nil {
		t.Fatal(err)
	}
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func open(t testing.TB, name string) *image.Collection {
	t.Helper()
	c, err := object.Open(filepath.Join("testdata", name), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// reloOf finds the relocation of a field or type: by kind and path.
func reloOf(t *testing.T, p *image.Program, kind image.COREKind, access string) int {
	t.Helper()
	for _, c := range p.CORE {
		if c.Kind == kind && strings.Trim(strings.ReplaceAll(fmt.Sprint(c.Access), " ", ":"), "[]") == access {
			return c.Slot
		}
	}
	t.Fatalf("program %s has no relocation of kind %d at %s", p.Name, kind, access)
	return 0
}

func TestCORERelocations(t *testing.T) {
	t.Parallel()
	c := open(t, "core.bpf.o")
	target := &object.Target{KernelTypes: kernelOf(t, "testdata/core_target.bpf.o")}
	out := object.Resolve(c, target)
	const poison = 195896080
	insn := func(prog string, kind image.COREKind, access string) isa.Insn {
		p := out.Program(prog)
		if p.Err != nil {
			t.Fatal(p.Err)
		}
		return p.Insns[reloOf(t, c.Program(prog), kind, access)]
	}
	for _, row := range []struct {
		name   string
		prog   string
		kind   image.COREKind
		access string
		want   string
	}{
		{"a field moves", "fields", image.COREFieldOffset, "0:0", "off 8"},
		{"a nested field moves with the struct around it", "fields", image.COREFieldOffset, "0:1:1:0", "off 80"},
		{"an array element moves with its array", "fields", image.COREFieldOffset, "0:2:2", "off 20"},
		{"an unsigned load grows with its field", "fields", image.COREFieldOffset, "0:3", "off 48 size 8"},
		{"a field that is not there does not exist", "fields", image.COREFieldExists, "0:4", "imm 0"},
		{"a load of a field that is not there is poison", "fields", image.COREFieldOffset, "0:4", "poison"},
		{"a field that is there exists", "fields", image.COREFieldExists, "0:0", "imm 1"},
		{"a bit field is read where it lies", "fields", image.COREFieldOffset, "0:6", "imm 88"},
		{"a bit field is read by a load of its type", "fields", image.COREFieldSize, "0:6", "imm 4"},
		{"a bit field is shifted left by what is above it", "fields", image.COREFieldLShift, "0:6", "imm 45"},
		{"a bit field is shifted right by what is not its own", "fields", image.COREFieldRShift, "0:6", "imm 55"},
		{"a bit field's sign is the target's", "fields", image.COREFieldSigned, "0:6", "imm 1"},
		{"an element of a flexible array has no bound", "fields", image.COREFieldOffset, "0:7:3", "imm 94"},
		{"a type that is not there does not exist", "types", image.CORETypeExists, "0", "imm 0"},
		{"an enumerator that is there exists", "types", image.COREEnumExists, "1", "imm 1"},
		{"an enumerator has the target's value", "types", image.COREEnumValue, "1", "imm 20"},
		{"an enumerator that is not there does not exist", "types", image.COREEnumExists, "2", "imm 0"},
		{"a type whose members are all there matches", "types", image.CORETypeMatches, "0", "imm 1"},
		{"a field of a type that is not there is poison", "poisoned", image.COREFieldOffset, "0:0", "poison"},
	} {
		in := insn(row.prog, row.kind, row.access)
		var got string
		switch {
		case in.Op == isa.CallOp && in.Imm == poison:
			got = "poison"
		case in.Op.Class() == isa.ClassLdx:
			got = fmt.Sprintf("off %d", in.Off)
			if in.Op.Size() != isa.SizeW {
				got += fmt.Sprintf(" size %d", in.Op.Size().Bytes())
			}
		default:
			got = fmt.Sprintf("imm %d", in.Imm)
		}
		if got != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
	if p := out.Program("untouched"); p.Err != nil {
		t.Errorf("a program without relocations: %v", p.Err)
	}
	if len(c.Program("fields").CORE) == 0 {
		t.Error("Resolve changed the collection it was given")
	}
}

func TestCOREWithoutKernelTypes(t *testing.T) {
	t.Parallel()
	out := object.Resolve(open(t, "core.bpf.o"), nil)
	if err := out.Program("fields").Err; err == nil || !strings.Contains(err.Error(), "needs the kernel's types") {
		t.Errorf("fields: %v", err)
	}
	if err := out.Program("untouched").Err; err != nil {
		t.Errorf("a program without relocations is held back by its siblings: %v", err)
	}
}

// TestCOREAgreesWithCilium holds our results against those of cilium/ebpf, on
// all relocations of objects and the running kernel.
func TestCOREAgreesWithCilium(t *testing.T) {
	t.Parallel()
	paths := oracleObjs(t)
	target, err := object.HostTarget()
	if err != nil {
		t.Skipf("no kernel BTF: %v", err)
	}
	n, differ, poisoned := 0, 0, 0
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		_, ext, err := btf.LoadSpecAndExtInfosFromReader(f)
		f.Close()
		if err != nil || ext == nil {
			continue
		}
		c, err := object.Open(path, nil)
		if err != nil {
			continue
		}
		out := object.Resolve(c, target)
		for i, p := range c.Programs {
			q := out.Programs[i]
			if q.Err != nil || len(p.CORE) == 0 {
				continue
			}
			relos := ext.CORERelos[p.Section]
			byPath := make(map[string]*btf.CORERelocation)
			for _, r := range relos {
				byPath[r.Relo.String()] = r.Relo
			}
			for _, relo := range p.CORE {
				theirs, err := ciliumInsn(p, relo, byPath, target.KernelTypes)
				if errors.Is(err, errNoRelo) {
					continue
				}
				n++
				ours := q.Insns[relo.Slot]
				if ours.Op == isa.CallOp {
					poisoned++
				}
				if err != nil || theirs != ours {
					differ++
					t.Logf("%s: %s: insn %d: kind %d %v at %v: cilium %v %v, skep %v",
						c.Name, p.Name, relo.Slot, relo.Kind, relo.Type, relo.Access, theirs, err, ours)
				}
			}
		}
	}
	t.Logf("%d relocations compared, %d differ, %d are poison", n, differ, poisoned)
	if n < 1000 {
		t.Errorf("only %d relocations compared", n)
	}
}

var errNoRelo = errors.New("cilium has no such relocation")

// ciliumInsn is the instruction at a relocation as cilium/ebpf makes it.
func ciliumInsn(p *image.Program, relo image.CORERelo, byPath map[string]*btf.CORERelocation, kernel *btf.Spec) (isa.Insn, error) {
	access := strings.Trim(strings.ReplaceAll(fmt.Sprint(relo.Access), " ", ":"), "[]")
	var theirs *btf.CORERelocation
	kinds := [...]string{"byte_off", "byte_sz", "field_exists", "signed", "lshift_u64", "rshift_u64", "local_type_id",
		"target_type_id", "type_exists", "type_size", "enumval_exists", "enumval_value", "type_matches"}
	for text, r := range byPath {
		if strings.HasPrefix(text, "CORERelocation("+kinds[relo.Kind]+",") &&
			strings.HasSuffix(text, fmt.Sprintf("[%s], local_id=%d)", access, relo.TypeID)) {
			theirs = r
		}
	}
	if theirs == nil {
		return isa.Insn{}, errNoRelo
	}
	fixups, err := btf.CORERelocate([]*btf.CORERelocation{theirs}, []*btf.Spec{kernel}, binary.LittleEndian,
		func(btf.Type) (btf.TypeID, error) { return relo.TypeID, nil })
	if err != nil {
		return isa.Insn{}, err
	}
	var raw bytes.Buffer
	for i := relo.Slot; i < min(relo.Slot+2, len(p.Insns)); i++ {
		in := p.Insns[i]
		raw.Write([]byte{byte(in.Op), in.Regs})
		binary.Write(&raw, binary.LittleEndian, in.Off)
		binary.Write(&raw, binary.LittleEndian, in.Imm)
	}
	var ins asm.Instruction
	if err := ins.Unmarshal(&raw, binary.LittleEndian, "linux"); err != nil {
		return isa.Insn{}, err
	}
	if err := fixups[0].Apply(&ins); err != nil {
		return isa.Insn{}, err
	}
	var buf bytes.Buffer
	if _, err := ins.Marshal(&buf, binary.LittleEndian); err != nil {
		return isa.Insn{}, err
	}
	b := buf.Bytes()
	return isa.Insn{Op: isa.Op(b[0]), Regs: b[1], Off: int16(binary.LittleEndian.Uint16(b[2:])), Imm: int32(binary.LittleEndian.Uint32(b[4:]))}, nil
}

// TestCOREOracleVariants fits the selftests' CO-RE programs to the types made
// for them: those named "err" must not fit, the others must.
func TestCOREOracleVariants(t *testing.T) {
	t.Parallel()
	dir := filepath.Dir(oracleObjs(t)[0])
	variants, _ := filepath.Glob(filepath.Join(dir, "btf__core_reloc_*.bpf.o"))
	n := 0
	for _, path := range variants {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "btf__core_reloc_"), ".bpf.o")
		base, variant, _ := strings.Cut(name, "___")
		c, err := object.Open(filepath.Join(dir, "test_core_reloc_"+base+".bpf.o"), nil)
		if err != nil {
			continue
		}
		n++
		target, _ := object.HostTarget()
		target.KernelTypes = kernelOf(t, path)
		fits := true
		var why error
		for _, p := range object.Resolve(c, target).Programs {
			if p.Err != nil {
				fits, why = false, p.Err
			}
			for _, in := range p.Insns {
				if in.Op == isa.CallOp && in.Imm == 195896080 {
					fits, why = false, errors.New("poison")
				}
			}
		}
		if base == "existence" { // poison in dead code
			continue
		}
		if fits == strings.HasPrefix(variant, "err") {
			t.Errorf("%s: fits %t, %v", name, fits, why)
		}
	}
	t.Logf("%d variants", n)
}
