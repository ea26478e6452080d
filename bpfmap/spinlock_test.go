package bpfmap

import (
	"bytes"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// TestLocksInDataSections demands that user space neither reads nor writes a
// lock among an object's variables.
func TestLocksInDataSections(t *testing.T) {
	t.Parallel()
	u := &btf.Int{Name: "unsigned int", Size: 4}
	lock := &btf.Struct{Name: "bpf_spin_lock", Size: 4, Members: []btf.Member{{Name: "val", Type: u}}}
	section := &btf.Datasec{Name: ".data.A", Size: 12, Vars: []btf.VarSecinfo{
		{Type: &btf.Var{Name: "before", Type: u}, Offset: 0, Size: 4},
		{Type: &btf.Var{Name: "lock", Type: lock}, Offset: 4, Size: 4},
		{Type: &btf.Var{Name: "after", Type: u}, Offset: 8, Size: 4},
	}}
	m, err := New(&image.Map{Name: ".data.A", Type: abi.Array, KeySize: 4, ValueSize: 12, MaxEntries: 1, Value: section},
		Options{Table: NewTable(TableOptions{CPUs: 1})})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	key := make([]byte, 4)
	value := m.(Lookuper).Lookup(0, key)
	LockValue(value + 4)
	if e := m.(Syscaller).SysUpdate(key, bytes.Repeat([]byte{7}, 12), abi.UpdateAny); e != 0 {
		t.Fatalf("update: errno %d", e)
	}
	got := make([]byte, 12)
	if e := m.(Syscaller).SysLookup(key, got, 0); e != 0 {
		t.Fatalf("lookup: errno %d", e)
	}
	if want := []byte{7, 7, 7, 7, 0, 0, 0, 0, 7, 7, 7, 7}; !bytes.Equal(got, want) {
		t.Errorf("read %v, want %v", got, want)
	}
	if *(value + 4).U32() == 0 {
		t.Error("the update gave the lock back")
	}
	UnlockValue(value + 4)
}
