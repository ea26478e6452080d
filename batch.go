package skep

import (
	"errors"
	"fmt"
	"reflect"
)

// BatchOptions change what batch operations do to each element.
type BatchOptions struct {
	ElemFlags uint64
	Flags     uint64
}

// MapBatchCursor is where the next batch begins; its zero value is the start.
type MapBatchCursor struct {
	last []byte
	m    *Map
}

// BatchLookup reads up to len(keysOut) elements into two slices. It returns
// how many, and ErrKeyNotExist with the last ones.
func (m *Map) BatchLookup(cursor *MapBatchCursor, keysOut, valuesOut any, opts *BatchOptions) (int, error) {
	n, _, err := m.batchLookup(cursor, keysOut, valuesOut, opts)
	return n, err
}

// BatchLookupAndDelete is BatchLookup that removes what it has read.
func (m *Map) BatchLookupAndDelete(cursor *MapBatchCursor, keysOut, valuesOut any, opts *BatchOptions) (int, error) {
	n, keys, err := m.batchLookup(cursor, keysOut, valuesOut, opts)
	for _, k := range keys {
		if derr := m.Delete(k); derr != nil && !errors.Is(derr, ErrKeyNotExist) {
			return n, derr
		}
	}
	cursor.last = nil
	return n, err
}

func (m *Map) batchLookup(cursor *MapBatchCursor, keysOut, valuesOut any, opts *BatchOptions) (int, [][]byte, error) {
	if cursor.m != nil && cursor.m.own.refs != m.own.refs {
		return 0, nil, errors.New("batch cursor belongs to another map")
	}
	kv, vv := reflect.ValueOf(keysOut), reflect.ValueOf(valuesOut)
	if kv.Kind() != reflect.Slice || vv.Kind() != reflect.Slice {
		return 0, nil, fmt.Errorf("batch: want slices, not %T and %T", keysOut, valuesOut)
	}
	per := 1
	if isPerCPU(m.def.Type) {
		per = m.cpus
	}
	if vv.Len() != kv.Len()*per {
		return 0, nil, fmt.Errorf("batch: %d keys and %d values, want %d values", kv.Len(), vv.Len(), kv.Len()*per)
	}
	cursor.m = m
	var flags MapLookupFlags
	if opts != nil {
		flags = MapLookupFlags(opts.ElemFlags)
	}
	var keys [][]byte
	for n := 0; n < kv.Len(); {
		var prev any
		if cursor.last != nil {
			prev = cursor.last
		}
		next, err := m.NextKeyBytes(prev)
		if err != nil {
			return n, keys, err
		}
		if next == nil {
			return n, keys, ErrKeyNotExist
		}
		cursor.last = next
		var out any
		if per > 1 {
			out = vv.Slice(n*per, (n+1)*per).Interface()
		} else {
			out = vv.Index(n).Addr().Interface()
		}
		err = m.LookupWithFlags(next, out, flags)
		if errors.Is(err, ErrKeyNotExist) {
			continue
		}
		if err == nil {
			err = unmarshal(kv.Index(n).Addr().Interface(), next)
		}
		if err != nil {
			return n, keys, err
		}
		keys = append(keys, next)
		n++
	}
	return kv.Len(), keys, nil
}

// BatchUpdate writes the elements of two slices and returns how many were
// written.
func (m *Map) BatchUpdate(keys, values any, opts *BatchOptions) (int, error) {
	kv, vv := reflect.ValueOf(keys), reflect.ValueOf(values)
	if kv.Kind() != reflect.Slice || vv.Kind() != reflect.Slice {
		return 0, fmt.Errorf("batch: want slices, not %T and %T", keys, values)
	}
	per := 1
	if isPerCPU(m.def.Type) {
		per = m.cpus
	}
	if vv.Len() != kv.Len()*per {
		return 0, fmt.Errorf("batch: %d keys and %d values, want %d values", kv.Len(), vv.Len(), kv.Len()*per)
	}
	flags := UpdateAny
	if opts != nil {
		flags = MapUpdateFlags(opts.ElemFlags)
	}
	for n := range kv.Len() {
		var v any
		if per > 1 {
			v = vv.Slice(n*per, (n+1)*per).Interface()
		} else {
			v = vv.Index(n).Interface()
		}
		if err := m.Update(kv.Index(n).Interface(), v, flags); err != nil {
			return n, err
		}
	}
	return kv.Len(), nil
}

// BatchDelete removes the keys of a slice and returns how many were removed.
func (m *Map) BatchDelete(keys any, _ *BatchOptions) (int, error) {
	kv := reflect.ValueOf(keys)
	if kv.Kind() != reflect.Slice {
		return 0, fmt.Errorf("batch: want a slice, not %T", keys)
	}
	for n := range kv.Len() {
		if err := m.Delete(kv.Index(n).Interface()); err != nil {
			return n, err
		}
	}
	return kv.Len(), nil
}
