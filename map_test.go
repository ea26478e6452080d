package skep_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/skepbpf/skep"
)

func newMap(t *testing.T, spec *skep.MapSpec) *skep.Map {
	t.Helper()
	m, err := skep.NewMap(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func TestMapRefusesKeysAndValuesOfTheWrongSize(t *testing.T) {
	t.Parallel()
	m := newMap(t, &skep.MapSpec{Name: "m", Type: skep.Hash, KeySize: 4, ValueSize: 8, MaxEntries: 1})
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"a short key", m.Put(uint16(1), uint64(1)), "key: uint16 is 2 bytes long, want 4"},
		{"a long value", m.Put(uint32(1), [3]uint32{}), "value: [3]uint32 is 12 bytes long, want 8"},
		{"an int", m.Put(1, uint64(1)), "key: int has no fixed size: use a sized integer"},
		{"no pointer", m.Lookup(uint32(1), uint64(0)), "key does not exist"},
		{"a nil map", m.Put(uint32(1), (*skep.Map)(nil)), "map value: nil map"},
		{"a map in a map of numbers", m.Put(uint32(1), m), "map type BPF_MAP_TYPE_HASH holds neither maps nor programs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.err == nil || c.err.Error() != c.want {
				t.Errorf("got %v, want %s", c.err, c.want)
			}
		})
	}
}

func TestIterationSurvivesChanges(t *testing.T) {
	t.Parallel()
	m := newMap(t, &skep.MapSpec{Name: "m", Type: skep.Hash, KeySize: 4, ValueSize: 4, MaxEntries: 64})
	for i := range uint32(64) {
		if err := m.Put(i, i*2); err != nil {
			t.Fatal(err)
		}
	}
	var k, v uint32
	seen := make(map[uint32]bool)
	it := m.Iterate()
	for it.Next(&k, &v) {
		if v != 2*k {
			t.Errorf("value of %d is %d", k, v)
		}
		if seen[k] {
			t.Errorf("%d came twice", k)
		}
		seen[k] = true
	}
	if err := it.Err(); err != nil || len(seen) != 64 {
		t.Errorf("%d elements, %v", len(seen), err)
	}
	it = m.Iterate()
	n := 0
	for it.Next(&k, &v) {
		if err := m.Delete(k); err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n == 0 || n > 64 {
		t.Errorf("%d elements while deleting: %v", n, it.Err())
	}
}

func TestPerCPUValuesHaveOneElementEach(t *testing.T) {
	t.Parallel()
	rt, err := skep.NewRuntime(&skep.RuntimeOptions{CPUs: 3})
	if err != nil {
		t.Fatal(err)
	}
	m, err := skep.NewMapWithOptions(&skep.MapSpec{Name: "m", Type: skep.PerCPUHash, KeySize: 2, ValueSize: 3, MaxEntries: 4}, skep.MapOptions{Backend: rt})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Put(uint16(1), [][3]byte{{1}, {2}, {3, 4, 5}}); err != nil {
		t.Fatal(err)
	}
	var got [][3]byte
	if err := m.Lookup(uint16(1), &got); err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprint(got); s != "[[1 0 0] [2 0 0] [3 4 5]]" {
		t.Errorf("got %s", s)
	}
	if err := m.Put(uint16(2), make([][3]byte, 4)); err == nil {
		t.Error("four values for three CPUs were taken")
	}
	if err := m.Put(uint16(2), [3]byte{}); err == nil {
		t.Error("a single value was taken for all CPUs")
	}
}

func TestBatchesOfPerCPUMaps(t *testing.T) {
	t.Parallel()
	m := newMap(t, &skep.MapSpec{Name: "m", Type: skep.PerCPUHash, KeySize: 4, ValueSize: 4, MaxEntries: 4})
	cpus := skep.MustPossibleCPU()
	values := make([]uint32, 2*cpus)
	for i := range values {
		values[i] = uint32(i)
	}
	if n, err := m.BatchUpdate([]uint32{1, 2}, values, nil); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	keys, got := make([]uint32, 4), make([]uint32, 4*cpus)
	var cursor skep.MapBatchCursor
	n, err := m.BatchLookupAndDelete(&cursor, keys, got, nil)
	if n != 2 || !errors.Is(err, skep.ErrKeyNotExist) {
		t.Fatal(n, err)
	}
	for i, k := range keys[:n] {
		if got[i*cpus] != (k-1)*uint32(cpus) {
			t.Errorf("key %d has %v", k, got[i*cpus:(i+1)*cpus])
		}
	}
	if err := m.NextKey(nil, new(uint32)); !errors.Is(err, skep.ErrKeyNotExist) {
		t.Errorf("the map is not empty: %v", err)
	}
}

func TestClosedMapsStayUsableThroughClones(t *testing.T) {
	t.Parallel()
	m := newMap(t, &skep.MapSpec{Name: "m", Type: skep.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	c, err := m.Clone()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // closing twice gives up one reference
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var v uint32
	for name, err := range map[string]error{
		"lookup": m.Lookup(uint32(0), &v), "update": m.Put(uint32(0), v), "delete": m.Delete(uint32(0)),
		"next key": m.NextKey(nil, &v), "freeze": m.Freeze(),
	} {
		if !errors.Is(err, skep.ErrClosed) {
			t.Errorf("%s of a closed map: %v", name, err)
		}
	}
	if err := c.Put(uint32(0), uint32(7)); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Clone(); !errors.Is(err, skep.ErrClosed) {
		t.Errorf("clone of a closed map: %v", err)
	}
}

func TestFrozenMapsRefuseUpdates(t *testing.T) {
	t.Parallel()
	m := newMap(t, &skep.MapSpec{Name: "m", Type: skep.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	if err := m.Freeze(); err != nil {
		t.Fatal(err)
	}
	if err := m.Put(uint32(0), uint32(1)); err == nil {
		t.Error("a frozen map was changed")
	}
}
