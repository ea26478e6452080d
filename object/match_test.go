package object

import (
	"errors"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
)

var (
	tInt   = &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	tUint  = &btf.Int{Name: "unsigned int", Size: 4}
	tLong  = &btf.Int{Name: "int", Size: 8, Encoding: btf.Signed}
	tFloat = &btf.Float{Name: "float", Size: 4}
)

func ptr(t btf.Type) *btf.Pointer { return &btf.Pointer{Target: t} }

func array(t btf.Type, n uint32) *btf.Array { return &btf.Array{Type: t, Index: tUint, Nelems: n} }

func structOf(name string, members ...btf.Member) *btf.Struct {
	return &btf.Struct{Name: name, Size: 64, Members: members}
}

func proto(ret btf.Type, params ...btf.Type) *btf.FuncProto {
	fp := &btf.FuncProto{Return: ret}
	for _, p := range params {
		fp.Params = append(fp.Params, btf.FuncParam{Type: p})
	}
	return fp
}

func enum(name string, values ...string) *btf.Enum {
	e := &btf.Enum{Name: name, Size: 4}
	for i, v := range values {
		e.Values = append(e.Values, btf.EnumValue{Name: v, Value: uint64(i)})
	}
	return e
}

func TestEssentialNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"task": "task", "task___v2": "task", "a___b___c": "a___b", "___x": "___x", "task___": "task___",
		"x____y": "x____y", "": "", "a__b": "a__b",
	} {
		if got := essential(name); got != want {
			t.Errorf("%q without flavour is %q, want %q", name, got, want)
		}
	}
}

func TestTypesMatch(t *testing.T) {
	t.Parallel()
	void := btf.Type((*btf.Void)(nil))
	st := structOf("s", btf.Member{Name: "a", Type: tInt})
	for _, row := range []struct {
		name          string
		local, target btf.Type
		want          bool
	}{
		{"equal integers", tInt, tInt, true},
		{"integers of another size", tInt, tLong, false},
		{"integers of another sign", &btf.Int{Name: "x", Size: 4}, &btf.Int{Name: "x", Size: 4, Encoding: btf.Signed}, false},
		{"integers of other names", tInt, tUint, false},
		{"integer and pointer", tInt, ptr(tInt), false},
		{"qualifiers do not count", &btf.Const{Type: tInt}, &btf.Volatile{Type: tInt}, true},
		{"typedefs do not count", &btf.Typedef{Name: "x", Type: tInt}, tInt, true},
		{"flavours do not count", structOf("s___a"), structOf("s"), true},
		{"void", void, void, true},
		{"void and integer", void, &btf.Int{Size: 4}, false},
		{"a member that is missing", st, structOf("s", btf.Member{Name: "b", Type: tInt}), false},
		{"a member of another type", st, structOf("s", btf.Member{Name: "a", Type: tUint}), false},
		{"more members in the target", st, structOf("s", btf.Member{Name: "x", Type: tInt}, btf.Member{Name: "a", Type: tInt}), true},
		{"fewer members in the target", st, structOf("s"), false},
		{"struct and union", structOf("s"), &btf.Union{Name: "s"}, false},
		{"pointers to structs match by name", ptr(st), ptr(structOf("s")), true},
		{"pointers to structs of other names", ptr(st), ptr(structOf("r")), false},
		{"pointer to a struct, and to its declaration", ptr(st), ptr(&btf.Fwd{Name: "s", Kind: btf.FwdStruct}), true},
		{"pointer to a struct, and to a union's declaration", ptr(st), ptr(&btf.Fwd{Name: "s", Kind: btf.FwdUnion}), false},
		{"pointer to a declaration, and to the struct", ptr(&btf.Fwd{Name: "s", Kind: btf.FwdStruct}), ptr(st), true},
		{"pointer to a declaration, and to a union", ptr(&btf.Fwd{Name: "s", Kind: btf.FwdUnion}), ptr(&btf.Union{Name: "s"}), true},
		{"a declaration is not the struct", &btf.Fwd{Name: "s", Kind: btf.FwdStruct}, st, false},
		{"declarations of one kind", &btf.Fwd{Name: "s"}, &btf.Fwd{Name: "s"}, true},
		{"arrays", array(tInt, 3), array(tInt, 3), true},
		{"arrays of other lengths", array(tInt, 3), array(tInt, 4), false},
		{"array and pointer", array(tInt, 3), ptr(tInt), false},
		{"prototypes", proto(tInt, ptr(void)), proto(tInt, ptr(void)), true},
		{"prototypes with other results", proto(tInt), proto(tUint), false},
		{"prototypes with more arguments", proto(tInt), proto(tInt, tInt), false},
		{"prototypes with other arguments", proto(tInt, tInt), proto(tInt, tUint), false},
		{"an enumeration with more values", enum("e", "A"), enum("e", "B", "A"), true},
		{"an enumeration that lacks a value", enum("e", "A"), enum("e", "B"), false},
		{"an enumeration with fewer values", enum("e", "A", "B"), enum("e", "A"), false},
		{"enumerators of other flavours", enum("e", "A___old"), enum("e", "A"), true},
		{"enumeration and integer", enum("e", "A"), &btf.Int{Name: "e"}, false},
		{"floats never match", tFloat, tFloat, false},
	} {
		var m matcher
		if got, err := m.match(row.local, row.target, false, maxCOREDepth); got != row.want || err != nil {
			t.Errorf("%s: %t, %v", row.name, got, err)
		}
	}
	// A struct that holds itself by value cannot be, but hostile BTF has it.
	loop := structOf("s")
	loop.Members = []btf.Member{{Name: "a", Type: loop}, {Name: "b", Type: loop}}
	if _, err := new(matcher).match(loop, loop, false, maxCOREDepth); err == nil {
		t.Error("types without end match")
	}
	// Two arguments at each of 30 levels are a billion comparisons.
	var wide btf.Type = tInt
	for range 30 {
		wide = proto(tInt, wide, wide)
	}
	if _, err := new(matcher).typesCompatible(wide, wide); !errors.Is(err, errCOREWork) {
		t.Errorf("types that branch: %v", err)
	}
}

func TestTypesCompatible(t *testing.T) {
	t.Parallel()
	var m matcher
	for _, row := range []struct {
		name          string
		local, target btf.Type
		want          bool
	}{
		{"structs of any members", structOf("s"), structOf("s", btf.Member{Name: "a", Type: tInt}), true},
		{"integers of any size", tInt, tLong, true},
		{"enumerations", enum("a"), enum("b"), true},
		{"pointers to what is compatible", ptr(tInt), ptr(tLong), true},
		{"pointers to what is not", ptr(tInt), ptr(structOf("s")), false},
		{"arrays of any length", array(tInt, 1), array(tLong, 2), true},
		{"prototypes", proto(ptr(tInt), tInt), proto(ptr(tLong), tLong), true},
		{"prototypes of other lengths", proto(tInt), proto(tInt, tInt), false},
		{"prototypes of other arguments", proto(tInt, tInt), proto(tInt, ptr(tInt)), false},
		{"typedef and struct", &btf.Typedef{Name: "x", Type: structOf("s")}, structOf("x"), false},
		{"floats", tFloat, tFloat, false},
		{"a function and its prototype", &btf.Func{Name: "f", Type: proto(tInt)}, proto(tInt), false},
	} {
		if got, err := m.typesCompatible(row.local, row.target); got != row.want || err != nil {
			t.Errorf("%s: %t, %v", row.name, got, err)
		}
	}
}

func TestFieldsCompatible(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name          string
		local, target btf.Type
		want          bool
	}{
		{"struct and union", structOf("a"), &btf.Union{Name: "b"}, true},
		{"pointers to anything", ptr(tInt), ptr(structOf("s")), true},
		{"integers", tInt, tLong, true},
		{"floats", tFloat, &btf.Float{Name: "double", Size: 8}, true},
		{"enumerations of one name", enum("e___x"), enum("e"), true},
		{"enumerations of other names", enum("e"), enum("f"), false},
		{"an anonymous enumeration and any", enum(""), enum("f"), true},
		{"arrays of what fits", array(tInt, 1), array(tLong, 9), true},
		{"arrays of what does not", array(tInt, 1), array(ptr(tInt), 1), false},
		{"integer and enumeration", tInt, enum("e"), false},
		{"prototypes", proto(tInt), proto(tInt), false},
	} {
		if got := fieldsCompatible(row.local, row.target); got != row.want {
			t.Errorf("%s: %t", row.name, got)
		}
	}
}

func TestAlignment(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		typ  btf.Type
		want int
	}{
		{tInt, 4}, {tLong, 8}, {&btf.Int{Size: 16}, 8}, {&btf.Int{}, 1}, {ptr(tInt), 8}, {enum("e"), 4},
		{array(tInt, 5), 4}, {structOf("s"), 1}, {&btf.Typedef{Type: tLong}, 8}, {tFloat, 1},
		{structOf("s", btf.Member{Type: tInt}, btf.Member{Type: tLong}), 8},
	} {
		if got := alignOf(row.typ, 0); got != row.want {
			t.Errorf("%v: %d, want %d", row.typ, got, row.want)
		}
	}
}

// number is a member that holds a number as an array's length.
func number(name string, n uint32) btf.Member {
	return btf.Member{Name: name, Type: ptr(array(tInt, n))}
}

func TestMapDefinitionRefusals(t *testing.T) {
	t.Parallel()
	typ := func(n abi.MapType) btf.Member { return number("type", uint32(n)) }
	inner := structOf("inner", typ(abi.Array), number("max_entries", 1))
	values := func(t btf.Type) btf.Member { return btf.Member{Name: "values", Type: array(ptr(t), 0)} }
	for _, row := range []struct {
		name string
		def  btf.Type
		want string
	}{
		{"no struct", tInt, "not a struct"},
		{"no type", structOf("m", number("max_entries", 1)), "has no type"},
		{"an unknown member", structOf("m", typ(1), number("colour", 1)), `member "colour": is not known`},
		{"a member that holds no number", structOf("m", btf.Member{Name: "type", Type: tInt}), "holds no number"},
		{"a key that is no pointer", structOf("m", typ(1), btf.Member{Name: "key", Type: tInt}), "not a pointer"},
		{"a key without size", structOf("m", typ(1), btf.Member{Name: "key", Type: ptr(&btf.Fwd{Name: "f"})}), `member "key"`},
		{"a key size against a key", structOf("m", typ(1), btf.Member{Name: "key", Type: ptr(tInt)}, number("key_size", 8)), "contradicts"},
		{"a value against a value size", structOf("m", typ(1), number("value_size", 8), btf.Member{Name: "value", Type: ptr(tInt)}), "contradicts"},
		{"values that are not last", structOf("m", typ(abi.ProgArray), values(proto(tInt)), number("max_entries", 1)), "not the last"},
		{"values of a hash", structOf("m", typ(abi.Hash), values(inner)), "only maps of maps"},
		{"values that are no array", structOf("m", typ(abi.ProgArray), btf.Member{Name: "values", Type: tInt}), "not an array"},
		{"values that are no pointers", structOf("m", typ(abi.ProgArray), btf.Member{Name: "values", Type: array(tInt, 0)}), "not pointers"},
		{"programs that are no functions", structOf("m", typ(abi.ProgArray), values(tInt)), "not to functions"},
		{"value size of a program array", structOf("m", typ(abi.ProgArray), number("value_size", 8), values(proto(tInt))), "in place of 4"},
		{"maps of maps of maps", structOf("m", typ(abi.ArrayOfMaps),
			values(structOf("i", typ(abi.HashOfMaps), values(inner)))), "more than one level"},
		{"a pinned inner map", structOf("m", typ(abi.ArrayOfMaps),
			values(structOf("i", typ(abi.Array), number("pinning", 1)))), "cannot be pinned"},
	} {
		r := &reader{unit: &unit{}}
		m, err := r.mapFromBTF("m", row.def, false)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %+v, %v", row.name, m, err)
		}
	}
	r := &reader{unit: &unit{}}
	m, err := r.mapFromBTF("m", structOf("m", typ(abi.ArrayOfMaps), number("max_entries", 2), values(inner)), false)
	if err != nil || m.Inner == nil || m.Inner.Type != abi.Array || m.ValueSize != 4 {
		t.Errorf("a map of maps: %+v, %v", m, err)
	}
	wide := btf.Member{Name: "map_extra", Type: &btf.Enum{Size: 8, Values: []btf.EnumValue{{Name: "x", Value: 1 << 44}}}}
	if m, err = r.mapFromBTF("m", structOf("m", typ(abi.Arena), wide), false); err != nil || m.Extra != 1<<44 {
		t.Errorf("a wide number: %+v, %v", m, err)
	}
}
