package bpfmap

import (
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

func TestTableKnowsTheMemoryOfItsMaps(t *testing.T) {
	t.Parallel()
	table := NewTable(TableOptions{CPUs: 1})
	other := mem.Addr(0)
	for _, def := range []*image.Map{
		{Name: "hash", Type: abi.Hash, KeySize: 4, ValueSize: 8, MaxEntries: 4},
		{Name: "percpu", Type: abi.PerCPUArray, KeySize: 4, ValueSize: 8, MaxEntries: 4},
	} {
		m, err := New(def, Options{Table: table})
		if err != nil {
			t.Fatal(err)
		}
		key := []byte{1, 0, 0, 0}
		if e := m.(Updater).Update(0, key, make([]byte, 8), abi.UpdateAny); e != 0 {
			t.Fatal(e)
		}
		v := m.(Lookuper).Lookup(0, key)
		if !table.Owns(v, 8) {
			t.Errorf("%s: a value is not the table's", def.Name)
		}
		other = v
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		if table.Owns(v, 8) {
			t.Errorf("%s: a value of a closed map is the table's", def.Name)
		}
	}
	for _, a := range []mem.Addr{0, 8, other, ^mem.Addr(0)} {
		if table.Owns(a, 8) {
			t.Errorf("%#x is the table's", a)
		}
	}
	ring, err := New(&image.Map{Name: "ring", Type: abi.RingBuf, MaxEntries: 4096}, Options{Table: table})
	if err != nil {
		t.Fatal(err)
	}
	defer ring.Close()
	if p := ring.(*RingBuf).Reserve(16); !table.Owns(p, 16) || table.Owns(p, 1<<40) {
		t.Error("a record is not the table's, or more than the ring is")
	}
}
