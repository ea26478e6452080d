package verifier_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/verifier"
)

// TestVerdicts verifies the programs of testdata/verify. A case is a txtar:
//
//	prog.s   the programs
//	types    BTF of functions, a line each: name, result and parameters, then
//	         "tag:TEXT" for a tag of the function. Without a line a function
//	         takes and returns numbers.
//	kernel   kernel functions that exist, in the same form
//	values   what the values of maps hold, a line a map: name and members, each
//	         a type; "N*TYPE" is an array, "N/TYPE" a struct nested N deep,
//	         "TAG!TYPE" a pointer with a type tag
//	verdict  a line a program: its name and "accept", or "reject" and part of
//	         the message
//
// A type is int, void, a struct or a typedef of one ("name=struct"), with a *
// in front of a pointer and @TAG behind for an argument's tag.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "verify", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			runVerdicts(t, file)
		})
	}
}

func runVerdicts(t *testing.T, file string) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, f := range a.Files {
		parts[f.Name] = string(f.Data)
	}
	coll, err := asm.Parse(file, []byte(parts["prog.s"]))
	if err != nil {
		t.Fatal(err)
	}
	types, kernel := funcTypes(parts["types"]), funcTypes(parts["kernel"])
	opts := &verifier.Options{KernelTypes: kernelSpec(t, kernel)}
	giveValues(t, coll, parts["values"])
	want := verdictLines(parts["verdict"])
	for _, p := range coll.Programs {
		giveTypes(p, types)
		verdict, ok := want[p.Name]
		if !ok {
			t.Errorf("%s: no verdict is wanted", p.Name)
			continue
		}
		delete(want, p.Name)
		_, err := verifier.Verify(context.Background(), p, opts)
		msg, reject := strings.CutPrefix(verdict, "reject ")
		switch {
		case verdict == "accept" && err != nil:
			t.Errorf("%s: %+v", p.Name, err)
		case reject && (err == nil || !strings.Contains(err.Error(), msg)):
			t.Errorf("%s: %v, want %q", p.Name, err, msg)
		case !reject && verdict != "accept":
			t.Errorf("%s: verdict %q is neither accept nor reject", p.Name, verdict)
		}
	}
	for name := range want {
		t.Errorf("no program %s", name)
	}
}

func verdictLines(text string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(text) {
		if name, verdict, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			m[name] = verdict
		}
	}
	return m
}

// funcTypes reads the lines of types or kernel.
func funcTypes(text string) map[string]*btf.Func {
	m, structs := map[string]*btf.Func{}, structs{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		proto := &btf.FuncProto{}
		f := &btf.Func{Name: words[0], Type: proto, Linkage: btf.StaticFunc}
		proto.Return, _ = structs.typ(words[1])
		for _, w := range words[2:] {
			if tag, ok := strings.CutPrefix(w, "tag:"); ok {
				f.Tags = append(f.Tags, tag)
				continue
			}
			typ, tags := structs.typ(w)
			proto.Params = append(proto.Params, btf.FuncParam{Name: fmt.Sprintf("a%d", len(proto.Params)), Type: typ})
			f.ParamTags = append(f.ParamTags, tags)
		}
		m[f.Name] = f
	}
	return m
}

// structs are the structs of a text, by name.
type structs map[string]*btf.Struct

// typ reads a type and the tags of an argument.
func (s structs) typ(word string) (btf.Type, []string) {
	name, tag, tagged := strings.Cut(word, "@")
	var tags []string
	if tagged {
		tags = []string{"arg:" + tag}
	}
	if target, ok := strings.CutPrefix(name, "*"); ok {
		t, _ := s.typ(target)
		return &btf.Pointer{Target: t}, tags
	}
	switch alias, of, typedef := strings.Cut(name, "="); {
	case typedef:
		t, _ := s.typ(of)
		return &btf.Typedef{Name: alias, Type: t}, tags
	case name == "int":
		return &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}, tags
	case name == "long":
		return &btf.Int{Name: "long", Size: 8, Encoding: btf.Signed}, tags
	case name == "void":
		return (*btf.Void)(nil), tags
	}
	if s[name] == nil {
		long, _ := s.typ("long")
		s[name] = &btf.Struct{Name: name, Size: 8, Members: []btf.Member{{Name: "member", Type: long}}}
	}
	return s[name], tags
}

// special are the sizes of structs that make members special.
var special = map[string]uint32{
	"bpf_spin_lock": 4, "bpf_timer": 16, "bpf_list_head": 16, "bpf_rb_root": 16, "bpf_refcount": 4,
}

// giveValues gives maps the types that the text has not.
func giveValues(t *testing.T, coll *image.Collection, text string) {
	t.Helper()
	structs := structs{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		m := coll.Map(words[0])
		if m == nil {
			t.Fatalf("no map %s", words[0])
		}
		v := &btf.Struct{Name: "value"}
		for _, w := range words[1:] {
			typ := structs.member(t, w)
			size, err := btf.Sizeof(typ)
			if err != nil {
				t.Fatal(err)
			}
			v.Members = append(v.Members, btf.Member{Name: w, Type: typ, Offset: btf.Bits(8 * v.Size)})
			v.Size += uint32(size)
		}
		m.Value, m.ValueSize = v, v.Size
	}
}

func (s structs) member(t *testing.T, word string) btf.Type {
	t.Helper()
	if count, elem, ok := strings.Cut(word, "*"); ok && count != "" {
		n, err := strconv.Atoi(count)
		if err != nil {
			t.Fatal(err)
		}
		return &btf.Array{Index: &btf.Int{Size: 4}, Type: s.member(t, elem), Nelems: uint32(n)}
	}
	if depth, inner, ok := strings.Cut(word, "/"); ok {
		n, err := strconv.Atoi(depth)
		if err != nil {
			t.Fatal(err)
		}
		typ := s.member(t, inner)
		size, err := btf.Sizeof(typ)
		if err != nil {
			t.Fatal(err)
		}
		for range n {
			typ = &btf.Struct{Name: "outer", Size: uint32(size), Members: []btf.Member{{Name: "inner", Type: typ}}}
		}
		return typ
	}
	if tag, target, ok := strings.Cut(word, "!"); ok {
		typ, _ := s.typ(target)
		return &btf.Pointer{Target: &btf.TypeTag{Value: tag, Type: typ}}
	}
	typ, _ := s.typ(word)
	if st, ok := typ.(*btf.Struct); ok && special[st.Name] != 0 {
		st.Size, st.Members = special[st.Name], nil
	}
	return typ
}

// giveTypes gives a program's functions the types that the text has not.
func giveTypes(p *image.Program, types map[string]*btf.Func) {
	num, _ := structs{}.typ("long")
	for i := range p.Funcs {
		f := &p.Funcs[i]
		if f.Type = types[f.Name]; f.Type == nil {
			proto := &btf.FuncProto{Return: num}
			for range 5 {
				proto.Params = append(proto.Params, btf.FuncParam{Name: "arg", Type: num})
			}
			f.Type = &btf.Func{Name: f.Name, Type: proto}
		}
		f.Type.Linkage = btf.StaticFunc
		if f.Global {
			f.Type.Linkage = btf.GlobalFunc
		}
	}
}

func kernelSpec(t *testing.T, funcs map[string]*btf.Func) *btf.Spec {
	t.Helper()
	if len(funcs) == 0 {
		return nil
	}
	list := make([]btf.Type, 0, len(funcs))
	for _, f := range funcs {
		f.ParamTags = nil
		list = append(list, f)
	}
	b, err := btf.NewBuilder(list, nil)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := b.Spec()
	if err != nil {
		t.Fatal(err)
	}
	return spec
}
