package decode

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"

	"github.com/cilium/ebpf/btf"
)

// Options change how values are shown.
type Options struct {
	// Addresses shows __be32, __be16, in6_addr and 6- and 16-byte arrays as
	// addresses and ports. Members with a "format:" decl tag always are.
	Addresses bool
}

// Value is a decoded value: a Scalar, List or Struct.
type Value interface{ value() }

// Scalar is a number, name or string. Text is as shown; JSON its literal.
type Scalar struct{ Text, JSON string }

// List is an array, or the values of a per-CPU element.
type List []Value

// Struct has its members in C order.
type Struct []Field

// Field is a member of a Struct.
type Field struct {
	Name  string // "" for anonymous members, whose fields follow in Value
	Value Value
}

func (Scalar) value() {}
func (List) value()   {}
func (Struct) value() {}

// maxDepth bounds nesting of types that a hostile BTF could make endless.
const maxDepth = 32

// Bytes decodes b as a value of type t; nil types and too few bytes give hex.
func Bytes(t btf.Type, b []byte, opts Options) Value {
	d := decoder{opts}
	if t == nil {
		return hexScalar(b)
	}
	return d.value(t, b, "", 0)
}

type decoder struct{ opts Options }

func (d decoder) value(t btf.Type, b []byte, format string, depth int) Value {
	size, err := btf.Sizeof(t)
	if err != nil || size > len(b) || depth > maxDepth {
		return hexScalar(b)
	}
	b = b[:size]
	if format == "" {
		format = d.formatOf(t)
	}
	if s, ok := formatted(format, b); ok {
		return s
	}
	switch t := strip(t).(type) {
	case *btf.Int:
		return intScalar(t, uintOf(b))
	case *btf.Enum:
		return enumScalar(t, uintOf(b))
	case *btf.Float:
		return floatScalar(b)
	case *btf.Pointer:
		return Scalar{"0x" + strconv.FormatUint(uintOf(b), 16), strconv.FormatUint(uintOf(b), 10)}
	case *btf.Array:
		return d.array(t, b, depth)
	case *btf.Struct:
		return d.members(t.Members, b, depth)
	case *btf.Union:
		return d.members(t.Members, b, depth)
	case *btf.Datasec:
		return d.datasec(t, b, depth)
	case *btf.Var:
		return d.value(t.Type, b, "", depth+1)
	}
	return hexScalar(b)
}

func (d decoder) array(t *btf.Array, b []byte, depth int) Value {
	if el, ok := strip(t.Type).(*btf.Int); ok && el.Size == 1 && isChar(el, t.Type) {
		if s, ok := cString(b); ok {
			return s
		}
	}
	if t.Nelems == 0 {
		return List{}
	}
	size := len(b) / int(t.Nelems)
	if size == 0 {
		return List{}
	}
	out := make(List, 0, t.Nelems)
	for i := range int(t.Nelems) {
		out = append(out, d.value(t.Type, b[i*size:(i+1)*size], "", depth+1))
	}
	return out
}

func (d decoder) members(ms []btf.Member, b []byte, depth int) Value {
	out := make(Struct, 0, len(ms))
	for _, m := range ms {
		if m.BitfieldSize > 0 {
			out = append(out, Field{m.Name, bitfield(m, b)})
			continue
		}
		off := int(m.Offset.Bytes())
		if off > len(b) {
			continue
		}
		v := d.value(m.Type, b[off:], tagged(m.Tags), depth+1)
		if s, ok := v.(Struct); ok && m.Name == "" {
			out = append(out, s...)
			continue
		}
		out = append(out, Field{m.Name, v})
	}
	return out
}

func (d decoder) datasec(t *btf.Datasec, b []byte, depth int) Value {
	out := make(Struct, 0, len(t.Vars))
	for _, vs := range t.Vars {
		v, ok := vs.Type.(*btf.Var)
		if !ok || int(vs.Offset) > len(b) {
			continue
		}
		out = append(out, Field{v.Name, d.value(v.Type, b[vs.Offset:], tagged(v.Tags), depth+1)})
	}
	return out
}

// strip removes names and qualifiers.
func strip(t btf.Type) btf.Type {
	for range maxDepth {
		switch q := t.(type) {
		case *btf.Typedef:
			t = q.Type
		case *btf.Const:
			t = q.Type
		case *btf.Volatile:
			t = q.Type
		case *btf.Restrict:
			t = q.Type
		case *btf.TypeTag:
			t = q.Type
		default:
			return t
		}
	}
	return t
}

func uintOf(b []byte) uint64 {
	var w [8]byte
	copy(w[:], b)
	return binary.LittleEndian.Uint64(w[:])
}

func bitfield(m btf.Member, b []byte) Value {
	var v uint64
	for i := range uint32(m.BitfieldSize) {
		bit := uint32(m.Offset) + i
		if int(bit/8) < len(b) && i < 64 {
			v |= uint64(b[bit/8]>>(bit%8)&1) << i
		}
	}
	switch t := strip(m.Type).(type) {
	case *btf.Enum:
		return enumScalar(t, v)
	case *btf.Int:
		if t.Encoding == btf.Signed && m.BitfieldSize < 64 {
			shift := 64 - uint(m.BitfieldSize)
			return decimal(strconv.FormatInt(int64(v<<shift)>>shift, 10))
		}
	}
	return decimal(strconv.FormatUint(v, 10))
}

func intScalar(t *btf.Int, v uint64) Scalar {
	switch {
	case t.Size > 8:
		return decimal(strconv.FormatUint(v, 10))
	case t.Encoding == btf.Bool:
		return Scalar{strconv.FormatBool(v != 0), strconv.FormatBool(v != 0)}
	case t.Encoding == btf.Signed || t.Encoding == btf.Char && t.Size == 1:
		shift := 64 - 8*uint(t.Size)
		return decimal(strconv.FormatInt(int64(v<<shift)>>shift, 10))
	}
	return decimal(strconv.FormatUint(v, 10))
}

func enumScalar(t *btf.Enum, v uint64) Scalar {
	for _, e := range t.Values {
		if e.Value == v || t.Size < 8 && uint32(e.Value) == uint32(v) && t.Size == 4 {
			return Scalar{e.Name, quote(e.Name)}
		}
	}
	if t.Signed && t.Size < 8 {
		shift := 64 - 8*uint(t.Size)
		return decimal(strconv.FormatInt(int64(v<<shift)>>shift, 10))
	}
	return decimal(strconv.FormatUint(v, 10))
}

func floatScalar(b []byte) Scalar {
	var f float64
	switch len(b) {
	case 4:
		f = float64(math.Float32frombits(uint32(uintOf(b))))
	case 8:
		f = math.Float64frombits(uintOf(b))
	default:
		return hexScalar(b)
	}
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Scalar{s, quote(s)}
	}
	return decimal(s)
}

func decimal(s string) Scalar { return Scalar{s, s} }

func hexScalar(b []byte) Scalar {
	s := "0x" + hex.EncodeToString(b)
	return Scalar{s, quote(s)}
}

// isChar reports whether a one-byte integer is text: plain char, not __u8.
func isChar(el *btf.Int, t btf.Type) bool {
	if _, ok := t.(*btf.Typedef); ok {
		return false
	}
	return el.Name == "char" || el.Encoding == btf.Char
}

// cString shows NUL-terminated printable bytes as a string.
func cString(b []byte) (Scalar, bool) {
	n := 0
	for n < len(b) && b[n] != 0 {
		if b[n] < 0x20 || b[n] > 0x7e {
			return Scalar{}, false
		}
		n++
	}
	for _, c := range b[n:] {
		if c != 0 {
			return Scalar{}, false
		}
	}
	q := quote(string(b[:n]))
	return Scalar{q, q}, true
}
