package skep

import (
	"encoding"
	"encoding/binary"
	"fmt"
	"reflect"
)

// order is the byte order of map contents: programs are little-endian.
var order = binary.LittleEndian

// marshal turns a Go value into the n bytes that a map holds.
func marshal(data any, n int) ([]byte, error) {
	var b []byte
	switch v := data.(type) {
	case []byte:
		b = v
	case string:
		b = []byte(v)
	case encoding.BinaryMarshaler:
		var err error
		if b, err = v.MarshalBinary(); err != nil {
			return nil, err
		}
	case int, uint, uintptr, *int, *uint, *uintptr:
		return nil, fmt.Errorf("%T has no fixed size: use a sized integer", data)
	default:
		var err error
		if b, err = binary.Append(nil, order, data); err != nil {
			return nil, fmt.Errorf("encode %T: %w", data, err)
		}
	}
	if len(b) != n {
		return nil, fmt.Errorf("%T is %d bytes long, want %d", data, len(b), n)
	}
	return b, nil
}

// unmarshal fills a Go value from the bytes of a map.
func unmarshal(out any, b []byte) error {
	switch v := out.(type) {
	case encoding.BinaryUnmarshaler:
		return v.UnmarshalBinary(b)
	case *[]byte:
		*v = append((*v)[:0], b...)
		return nil
	case []byte:
		if len(v) != len(b) {
			return fmt.Errorf("[]byte is %d bytes long, want %d", len(v), len(b))
		}
		copy(v, b)
		return nil
	case *string:
		*v = string(b)
		return nil
	}
	rv := reflect.ValueOf(out)
	if k := rv.Kind(); k != reflect.Pointer && k != reflect.Slice || rv.IsNil() {
		return fmt.Errorf("cannot decode into %T: want a non-nil pointer", out)
	}
	if n := binary.Size(out); n != len(b) {
		return fmt.Errorf("%T is %d bytes long, want %d", out, n, len(b))
	}
	_, err := binary.Decode(b, order, out)
	return err
}

// marshalPerCPU lays a slice with one value a CPU out as the kernel does: each
// value rounded up to 8 bytes.
func marshalPerCPU(data any, size, cpus int) ([]byte, error) {
	if b, ok := data.([]byte); ok && len(b) == align8(size)*cpus {
		return b, nil
	}
	rv := reflect.ValueOf(data)
	if rv.Kind() != reflect.Slice {
		return nil, fmt.Errorf("per-CPU value: want a slice, not %T", data)
	}
	if rv.Len() > cpus {
		return nil, fmt.Errorf("per-CPU value: %d values for %d CPUs", rv.Len(), cpus)
	}
	out := make([]byte, align8(size)*cpus)
	for i := range rv.Len() {
		b, err := marshal(rv.Index(i).Interface(), size)
		if err != nil {
			return nil, fmt.Errorf("per-CPU value %d: %w", i, err)
		}
		copy(out[i*align8(size):], b)
	}
	return out, nil
}

// unmarshalPerCPU fills a slice with one value a CPU.
func unmarshalPerCPU(out any, b []byte, size int) error {
	if v, ok := out.(*[]byte); ok {
		*v = append((*v)[:0], b...)
		return nil
	}
	rv := reflect.ValueOf(out)
	if rv.Kind() == reflect.Slice {
		p := reflect.New(rv.Type())
		p.Elem().Set(rv)
		rv = p
	}
	if rv.Kind() != reflect.Pointer || rv.IsNil() || rv.Elem().Kind() != reflect.Slice {
		return fmt.Errorf("per-CPU value: want a slice or a pointer to one, not %T", out)
	}
	cpus := len(b) / align8(size)
	sl := rv.Elem()
	if sl.Len() != cpus {
		if sl.IsNil() || sl.Cap() < cpus {
			sl.Set(reflect.MakeSlice(sl.Type(), cpus, cpus))
		} else {
			sl.SetLen(cpus)
		}
	}
	for i := range cpus {
		v := b[i*align8(size):][:size]
		el := sl.Index(i)
		if el.Kind() == reflect.Slice && el.Type().Elem().Kind() == reflect.Uint8 {
			el.SetBytes(append([]byte(nil), v...))
			continue
		}
		if err := unmarshal(el.Addr().Interface(), v); err != nil {
			return fmt.Errorf("per-CPU value %d: %w", i, err)
		}
	}
	return nil
}

func align8(n int) int { return (n + 7) &^ 7 }

// sizeOf is the number of bytes that v encodes to, 0 if it has no fixed size.
func sizeOf(v any) int {
	switch v := v.(type) {
	case []byte:
		return len(v)
	case *[]byte:
		return len(*v)
	}
	return max(binary.Size(v), 0)
}
