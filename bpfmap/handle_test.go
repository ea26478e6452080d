package bpfmap

import (
	"encoding/binary"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

func program(id uint32, owner string, released *atomic.Int32) *Handle {
	return &Handle{ID: id, Value: uint64(id) + 1000, Owner: owner, Object: id, Release: func() { released.Add(1) }}
}

func TestProgramArrayHoldsHandles(t *testing.T) {
	t.Parallel()
	table := newTable(t)
	m := mustNew(t, table, image.Map{Type: abi.ProgArray, KeySize: 4, ValueSize: 4, MaxEntries: 3}).(*ProgArray)
	var gone atomic.Int32
	id := make([]byte, 4)
	want(t, "lookup of nothing", Lookup(m, u32(1), id, 0), abi.ENOENT)
	want(t, "hold", m.Hold(u32(1), program(7, "xdp", &gone), 0), 0)
	want(t, "lookup", Lookup(m, u32(1), id, 0), 0)
	if got := binary.NativeEndian.Uint32(id); got != 7 {
		t.Errorf("id %d, want 7", got)
	}
	if h := m.At(1); h == nil || h.ID != 7 {
		t.Errorf("handle %v", h)
	}
	word := mem.Addr(*(m.Header() + HdrBase).U64()) + 8
	if got := word.LoadU64(); got != 1007 {
		t.Errorf("engines find %d, want 1007", got)
	}
	want(t, "a program of another kind", m.Hold(u32(0), program(8, "tc", &gone), 0), abi.EINVAL)
	want(t, "beyond the end", m.Hold(u32(3), program(8, "xdp", &gone), 0), abi.E2BIG)
	want(t, "NOEXIST", m.Hold(u32(0), program(8, "xdp", &gone), abi.UpdateNoExist), abi.EINVAL)
	if m.Claim("tc") || !m.Claim("xdp") {
		t.Error("another owner may use the map")
	}
	want(t, "plain bytes", Update(m, u32(0), u32(5), 0), abi.EINVAL)
	want(t, "replace", m.Hold(u32(1), program(9, "xdp", &gone), 0), 0)
	if gone.Load() != 1 {
		t.Errorf("%d handles released, want 1", gone.Load())
	}
	want(t, "delete", Delete(m, u32(1)), 0)
	want(t, "delete again", Delete(m, u32(1)), abi.ENOENT)
	want(t, "delete beyond the end", Delete(m, u32(3)), abi.E2BIG)
	if word.LoadU64() != 0 || gone.Load() != 2 {
		t.Errorf("engines find %d after the deletion, %d released", word.LoadU64(), gone.Load())
	}
	want(t, "hold", m.Hold(u32(2), program(9, "xdp", &gone), 0), 0)
	m.Clear()
	if gone.Load() != 3 || m.At(2) != nil {
		t.Errorf("%d handles released by Clear, want 3", gone.Load())
	}
	want(t, "hold", m.Hold(u32(2), program(9, "xdp", &gone), 0), 0)
	m.Close()
	if gone.Load() != 4 {
		t.Errorf("%d handles released with the map, want 4", gone.Load())
	}
	m.Clear()
}

func TestReplacedHandlesWaitForTheRun(t *testing.T) {
	t.Parallel()
	table := newTable(t)
	m := mustNew(t, table, image.Map{Type: abi.ProgArray, KeySize: 4, ValueSize: 4, MaxEntries: 1}).(*ProgArray)
	var gone atomic.Int32
	m.Hold(u32(0), program(1, "", &gone), 0)
	table.Epoch().Enter(2)
	h := m.At(0)
	want(t, "delete", Delete(m, u32(0)), 0)
	if gone.Load() != 0 || h.ID != 1 {
		t.Error("a handle was released under a run")
	}
	table.Epoch().Enter(1) // a run that began later sees nothing of it
	table.Epoch().Exit(2)
	if gone.Load() != 1 {
		t.Error("the handle was not released after the run")
	}
	table.Epoch().Exit(1)
}

func TestMapsOfMaps(t *testing.T) {
	t.Parallel()
	for _, typ := range []abi.MapType{abi.ArrayOfMaps, abi.HashOfMaps} {
		table := newTable(t)
		inner := image.Map{Type: abi.Hash, KeySize: 4, ValueSize: 8, MaxEntries: 4}
		outer := mustNew(t, table, image.Map{Type: typ, KeySize: 4, ValueSize: 4, MaxEntries: 2, Inner: &inner})
		a, err := New(&inner, Options{Table: table})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "update", Update(a, u32(1), u64(11), 0), 0)
		hold := outer.(Holder)
		want(t, "hold", hold.Hold(u32(1), MapHandle(a), 0), 0)

		table.Epoch().Enter(0)
		at := outer.(Lookuper).Lookup(0, u32(1))
		if at != a.Header() || table.Map(at) != a {
			t.Fatalf("type %d: program finds %#x, want %#x", typ, at, a.Header())
		}
		id := make([]byte, 4)
		want(t, "lookup of the id", Lookup(outer, u32(1), id, 0), 0)
		if binary.NativeEndian.Uint32(id) != a.ID() {
			t.Errorf("id %x, want %d", id, a.ID())
		}
		// The outer map keeps the inner one alive, and so does the run.
		a.Close()
		v := a.(Lookuper).Lookup(0, u32(1))
		want(t, "delete", Delete(outer, u32(1)), 0)
		if got := v.LoadU64(); got != 11 {
			t.Errorf("value of the inner map %d, want 11", got)
		}
		if table.Map(at) == nil {
			t.Error("the inner map is gone under a run")
		}
		table.Epoch().Exit(0)
		if table.Map(at) != nil {
			t.Error("the inner map is still there")
		}
		if outer.(Lookuper).Lookup(0, u32(1)) != 0 {
			t.Error("the deleted inner map is found")
		}

		for _, wrong := range []image.Map{
			{Type: abi.Hash, KeySize: 8, ValueSize: 8, MaxEntries: 4},
			{Type: abi.Hash, KeySize: 4, ValueSize: 4, MaxEntries: 4},
			{Type: abi.Hash, KeySize: 4, ValueSize: 8, MaxEntries: 4, Flags: abi.NoPrealloc},
			{Type: abi.LRUHash, KeySize: 4, ValueSize: 8, MaxEntries: 4},
		} {
			m := mustNew(t, table, wrong)
			h := MapHandle(m)
			want(t, "an inner map unlike the template", hold.Hold(u32(0), h, 0), abi.EINVAL)
			h.Release()
		}
		other := mustNew(t, table, image.Map{Type: abi.Hash, KeySize: 4, ValueSize: 8, MaxEntries: 400})
		want(t, "an inner hash of another size", hold.Hold(u32(0), MapHandle(other), 0), 0)
		stranger := mustNew(t, newTable(t), inner)
		h := MapHandle(stranger)
		want(t, "a map of another table", hold.Hold(u32(0), h, 0), abi.EINVAL)
		h.Release()
	}
}

func TestInnerArraysHaveTheTemplatesSize(t *testing.T) {
	t.Parallel()
	for _, flags := range []abi.MapFlags{0, abi.InnerMap} {
		table := newTable(t)
		inner := image.Map{Type: abi.Array, KeySize: 4, ValueSize: 8, MaxEntries: 4, Flags: flags}
		outer := mustNew(t, table, image.Map{Type: abi.ArrayOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 1, Inner: &inner})
		larger := inner
		larger.MaxEntries = 9
		h := MapHandle(mustNew(t, table, larger))
		e := outer.(Holder).Hold(u32(0), h, 0)
		if flags == 0 {
			want(t, "an array of another size", e, abi.EINVAL)
			h.Release()
		} else {
			want(t, "an array of another size, which the flag permits", e, 0)
		}
	}
}

func TestTableResolvesOnlyHeaders(t *testing.T) {
	t.Parallel()
	table := newTable(t)
	var maps []Map
	for range 600 { // more than two slabs
		m, err := New(&image.Map{Type: abi.Queue, ValueSize: 4, MaxEntries: 1}, Options{Table: table})
		if err != nil {
			t.Fatal(err)
		}
		maps = append(maps, m)
	}
	for _, m := range maps {
		if table.Map(m.Header()) != m || table.ByID(m.ID()) != m {
			t.Fatalf("map %d is not found", m.ID())
		}
		for _, a := range []mem.Addr{m.Header() + 1, m.Header() + 8, m.Header() + HeaderSize/2} {
			if table.Map(a) != nil {
				t.Fatalf("map found at %#x, inside a header", a)
			}
		}
	}
	for _, a := range []mem.Addr{0, 1, 8, 1 << 30, ^mem.Addr(0)} {
		if table.Map(a) != nil {
			t.Errorf("map found at %#x", a)
		}
	}
	gone := maps[300].Header()
	maps[300].Close()
	if table.Map(gone) != nil || table.ByID(maps[300].ID()) != nil {
		t.Error("a closed map is found")
	}
	n := 0
	table.Maps(func(Map) { n++ })
	if n != 599 {
		t.Errorf("%d maps, want 599", n)
	}
	for _, m := range maps {
		m.Close()
	}
}

func TestEpochWaitsForTheRunsBefore(t *testing.T) {
	t.Parallel()
	e := NewEpoch(3)
	var order []int
	free := func(n int) func() { return func() { order = append(order, n) } }
	e.Defer(free(1))
	if len(order) != 1 {
		t.Fatal("nothing runs, but the free waits")
	}
	e.Enter(0)
	e.Enter(0) // nested
	e.Defer(free(2))
	e.Enter(1)
	e.Defer(free(3))
	e.Quiesce(0) // the outer run goes on
	e.Exit(0)
	if len(order) != 1 {
		t.Fatalf("freed %v under a run", order)
	}
	e.Exit(0)
	if len(order) != 2 {
		t.Fatalf("freed %v, want one more", order)
	}
	e.Quiesce(1)
	if len(order) != 3 {
		t.Fatalf("freed %v, want three", order)
	}
	e.Exit(1)
}

func TestEpochFreesNothingThatIsInUse(t *testing.T) {
	t.Parallel()
	table := newTable(t)
	var slot atomic.Pointer[atomic.Bool]
	slot.Store(new(atomic.Bool))
	var bad, freed atomic.Int64
	onCPUs(table, 1, func(cpu int, _ *rand.Rand) {
		if cpu >= 0 {
			// What a run has seen is not freed while it goes on.
			p := slot.Load()
			for range 50 {
				if p.Load() {
					bad.Add(1)
				}
			}
			return
		}
		old := slot.Swap(new(atomic.Bool))
		table.Epoch().Defer(func() { old.Store(true); freed.Add(1) })
	})
	// With no run left, nothing waits any longer.
	deferred := freed.Load() + 1
	table.Epoch().Defer(func() { freed.Add(1) })
	if bad.Load() != 0 || freed.Load() < deferred {
		t.Errorf("%d uses after free, %d frees", bad.Load(), freed.Load())
	}
}
