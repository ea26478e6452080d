package decode

import (
	"encoding/json"
	"testing"

	"github.com/cilium/ebpf/btf"
)

var (
	u8    = &btf.Int{Name: "unsigned char", Size: 1}
	char  = &btf.Int{Name: "char", Size: 1, Encoding: btf.Signed}
	u16   = &btf.Int{Name: "unsigned short", Size: 2}
	u32   = &btf.Int{Name: "unsigned int", Size: 4}
	s32   = &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	u64   = &btf.Int{Name: "unsigned long long", Size: 8}
	flag  = &btf.Int{Name: "_Bool", Size: 1, Encoding: btf.Bool}
	be32  = &btf.Typedef{Name: "__be32", Type: &btf.Typedef{Name: "__u32", Type: u32}}
	state = &btf.Enum{Name: "state", Size: 4, Values: []btf.EnumValue{{Name: "IDLE", Value: 0}, {Name: "BUSY", Value: 1}}}
	neg   = &btf.Enum{Name: "neg", Size: 4, Signed: true, Values: []btf.EnumValue{{Name: "BAD", Value: 1<<64 - 1}}}
)

func TestBytesByType(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		typ   btf.Type
		bytes []byte
		opts  Options
		want  string
	}{
		{"no type is hex", nil, []byte{1, 2, 0xff}, Options{}, "0x0102ff"},
		{"an integer is little-endian", u32, []byte{1, 2, 0, 0}, Options{}, "513"},
		{"a signed integer may be negative", s32, []byte{0xfe, 0xff, 0xff, 0xff}, Options{}, "-2"},
		{"a bool has a name", flag, []byte{1}, Options{}, "true"},
		{"an enum has names", state, []byte{1, 0, 0, 0}, Options{}, "BUSY"},
		{"an unknown enum value is a number", state, []byte{9, 0, 0, 0}, Options{}, "9"},
		{"a negative enum value has its name", neg, []byte{0xff, 0xff, 0xff, 0xff}, Options{}, "BAD"},
		{"too few bytes are hex", u64, []byte{1, 2}, Options{}, "0x0102"},
		{"char arrays are strings", &btf.Array{Index: u32, Type: char, Nelems: 4}, []byte("ab\x00\x00"), Options{}, `"ab"`},
		{"char arrays of other bytes are numbers", &btf.Array{Index: u32, Type: char, Nelems: 2}, []byte{1, 2}, Options{}, "[1 2]"},
		{"byte arrays are numbers", &btf.Array{Index: u32, Type: u8, Nelems: 2}, []byte("ab"), Options{}, "[97 98]"},
		{"a pointer is hex", &btf.Pointer{Target: u32}, []byte{0x10, 0, 0, 0, 0, 0, 0, 0}, Options{}, "0x10"},
		{"addresses are numbers by default", be32, []byte{10, 0, 0, 1}, Options{}, "16777226"},
		{"addresses are shown on demand", be32, []byte{10, 0, 0, 1}, Options{Addresses: true}, "10.0.0.1"},
		{"six bytes are a MAC address on demand", &btf.Array{Index: u32, Type: u8, Nelems: 6}, []byte{2, 0, 0, 0, 0, 1}, Options{Addresses: true}, "02:00:00:00:00:01"},
		{
			"a struct has its members in order",
			&btf.Struct{Name: "s", Size: 12, Members: []btf.Member{
				{Name: "a", Type: u32},
				{Name: "addr", Type: u32, Offset: 32, Tags: []string{"format:ipv4"}},
				{Name: "port", Type: u16, Offset: 64, Tags: []string{"format:be16"}},
			}},
			[]byte{7, 0, 0, 0, 192, 0, 2, 1, 0, 80, 0, 0},
			Options{}, "{a=7, addr=192.0.2.1, port=80}",
		},
		{
			"a mapped address is an IPv4 address",
			&btf.Typedef{Name: "ip_t", Tags: []string{"format:ip"}, Type: &btf.Array{Index: u32, Type: u8, Nelems: 16}},
			[]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1},
			Options{}, "192.0.2.1",
		},
		{
			"members of an anonymous union join their parent",
			&btf.Struct{Name: "s", Size: 4, Members: []btf.Member{
				{Type: &btf.Union{Size: 4, Members: []btf.Member{{Name: "x", Type: u32}, {Name: "y", Type: u16}}}},
			}},
			[]byte{1, 0, 1, 0},
			Options{}, "{x=65537, y=1}",
		},
		{
			"bit fields are cut out",
			&btf.Struct{Name: "s", Size: 4, Members: []btf.Member{
				{Name: "lo", Type: u32, Offset: 0, BitfieldSize: 3},
				{Name: "hi", Type: s32, Offset: 3, BitfieldSize: 2},
			}},
			[]byte{0b11101, 0, 0, 0},
			Options{}, "{lo=5, hi=-1}",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := Bytes(c.typ, c.bytes, c.opts)
			if got := Text(v); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if b := AppendJSON(nil, v); !json.Valid(b) {
				t.Errorf("not JSON: %s", b)
			}
		})
	}
}

func TestEndlessTypesEnd(t *testing.T) {
	t.Parallel()
	loop := &btf.Typedef{Name: "loop"}
	loop.Type = loop
	Bytes(loop, make([]byte, 8), Options{Addresses: true})
	arr := &btf.Array{Index: u32, Nelems: 1}
	arr.Type = arr
	Bytes(arr, make([]byte, 8), Options{})
}

func TestSumAddsPerCPUValues(t *testing.T) {
	t.Parallel()
	pair := func(a, b string) Value {
		return Struct{{"packets", Scalar{a, a}}, {"bytes", Scalar{b, b}}}
	}
	if got := Sum(List{pair("1", "60"), pair("2", "120")}); Text(got) != "{packets=3, bytes=180}" {
		t.Errorf("got %v", got)
	}
	if got := Sum(List{Scalar{"x", `"x"`}, Scalar{"1", "1"}}); got != nil {
		t.Errorf("a string has the sum %v", got)
	}
	if got := Sum(List{Scalar{"-1", "-1"}, Scalar{"3", "3"}}); Text(got) != "2" {
		t.Errorf("got %v", got)
	}
}

func TestLessOrdersNumbersBySize(t *testing.T) {
	t.Parallel()
	if !Less(Scalar{"9", "9"}, Scalar{"10", "10"}) {
		t.Error("9 comes after 10")
	}
	if !Less(Struct{{"a", Scalar{"1", "1"}}}, Struct{{"a", Scalar{"2", "2"}}}) {
		t.Error("structs are not compared by member")
	}
}
