package bpfmap

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// forEachKind runs a law over all kinds with keys.
func forEachKind(t *testing.T, max uint32, law func(t *testing.T, k kind, m Map)) {
	t.Helper()
	for _, k := range keyedKinds(max) {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			law(t, k, mustNew(t, newTable(t), k.def))
		})
	}
}

func want(t *testing.T, what string, got, want abi.Errno) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: %s, want %s", what, errnoText(got), errnoText(want))
	}
}

func TestWhatIsPutInIsFound(t *testing.T) {
	t.Parallel()
	forEachKind(t, 400, func(t *testing.T, k kind, m Map) {
		for i := range 100 {
			want(t, "update", Update(m, k.key(i), k.value(m, i), 0), 0)
		}
		got := make([]byte, ValueLen(m))
		for i := range 100 {
			want(t, "lookup", Lookup(m, k.key(i), got, 0), 0)
			if !bytes.Equal(got, k.value(m, i)) {
				t.Fatalf("value of key %d is %x, want %x", i, got, k.value(m, i))
			}
			for cpu := range testCPUs {
				p := m.(Lookuper).Lookup(cpu, k.key(i))
				if p == 0 || !bytes.Equal(p.Bytes(int(k.def.ValueSize)), k.progValue(i)) {
					t.Fatalf("program on CPU %d finds another value for key %d", cpu, i)
				}
			}
		}
		want(t, "lookup of an absent key", Lookup(m, k.key(1000), got, 0), abi.ENOENT)
		if p := m.(Lookuper).Lookup(0, k.key(1000)); p != 0 {
			t.Fatal("program finds an absent key")
		}
	})
}

func TestProgramsChangeTheirOwnCPUsValue(t *testing.T) {
	t.Parallel()
	forEachKind(t, 8, func(t *testing.T, k kind, m Map) {
		u, l := m.(Updater), m.(Lookuper)
		want(t, "update on CPU 1", u.Update(1, k.key(3), k.progValue(77), 0), 0)
		for cpu := range testCPUs {
			expect := k.progValue(77)
			if k.perCPU() && cpu != 1 {
				expect = k.progValue(0)
			}
			p := l.Lookup(cpu, k.key(3))
			if p == 0 || !bytes.Equal(p.Bytes(len(expect)), expect) {
				t.Errorf("CPU %d does not see %x", cpu, expect)
			}
			if c, ok := m.(CPULookuper); ok && k.perCPU() && c.LookupCPU(k.key(3), uint32(cpu)) != p {
				t.Errorf("LookupCPU of CPU %d is elsewhere", cpu)
			}
		}
		if c, ok := m.(CPULookuper); ok && c.LookupCPU(k.key(3), testCPUs) != 0 {
			t.Error("a CPU that is none has a value")
		}
	})
}

func TestFreshElementsHoldNothingOfOldOnes(t *testing.T) {
	t.Parallel()
	forEachKind(t, 1, func(t *testing.T, k kind, m Map) {
		if k.array() || !k.perCPU() {
			t.Skip("only per-CPU values are partly written")
		}
		u := m.(Updater)
		want(t, "fill", Update(m, k.key(1), k.value(m, 0xffff), 0), 0)
		want(t, "delete", u.Delete(0, k.key(1)), 0)
		want(t, "update on CPU 0", u.Update(0, k.key(2), k.progValue(5), 0), 0)
		for cpu := 1; cpu < testCPUs; cpu++ {
			if p := m.(Lookuper).Lookup(cpu, k.key(2)); !bytes.Equal(p.Bytes(int(k.def.ValueSize)), k.progValue(0)) {
				t.Errorf("CPU %d sees the value of a deleted element", cpu)
			}
		}
	})
}

func TestFlagsOfUpdates(t *testing.T) {
	t.Parallel()
	forEachKind(t, 8, func(t *testing.T, k kind, m Map) {
		v := k.value(m, 1)
		key := k.key(2)
		if k.array() {
			want(t, "NOEXIST", Update(m, key, v, abi.UpdateNoExist), abi.EEXIST)
			want(t, "EXIST", Update(m, key, v, abi.UpdateExist), 0)
			want(t, "delete", Delete(m, key), abi.EINVAL)
			want(t, "beyond the end", Update(m, k.key(8), v, 0), abi.E2BIG)
		} else {
			want(t, "EXIST on nothing", Update(m, key, v, abi.UpdateExist), abi.ENOENT)
			want(t, "delete of nothing", Delete(m, key), abi.ENOENT)
			want(t, "NOEXIST on nothing", Update(m, key, v, abi.UpdateNoExist), 0)
			want(t, "NOEXIST", Update(m, key, v, abi.UpdateNoExist), abi.EEXIST)
			want(t, "EXIST", Update(m, key, v, abi.UpdateExist), 0)
			want(t, "delete", Delete(m, key), 0)
			want(t, "delete again", Delete(m, key), abi.ENOENT)
		}
		want(t, "both flags", Update(m, key, v, abi.UpdateExist|abi.UpdateNoExist), abi.EINVAL)
		want(t, "unknown flag", Update(m, key, v, 8), abi.EINVAL)
		want(t, "LOCK without a lock", Update(m, key, v, abi.UpdateLock), abi.EINVAL)
		want(t, "lookup with LOCK without a lock", Lookup(m, key, v, abi.UpdateLock), abi.EINVAL)
		want(t, "short key", Update(m, key[1:], v, 0), abi.EINVAL)
		want(t, "short value", Update(m, key, v[1:], 0), abi.EINVAL)
	})
}

func TestFullMaps(t *testing.T) {
	t.Parallel()
	forEachKind(t, 12, func(t *testing.T, k kind, m Map) {
		if k.array() {
			t.Skip("arrays are always full")
		}
		n := int(m.MaxEntries())
		// More than once, so that freed elements count again.
		for round := range 3 {
			for i := range n {
				want(t, "fill", Update(m, k.key(i+round), k.value(m, i), 0), 0)
			}
			full := abi.E2BIG
			switch {
			case k.def.Type == abi.LPMTrie:
				full = abi.ENOSPC
			case k.lru():
				full = 0
			}
			want(t, "one more", Update(m, k.key(5000), k.value(m, 0), 0), full)
			if !k.lru() {
				want(t, "replacement in a full map", Update(m, k.key(round), k.value(m, 9), 0), 0)
			}
			for _, key := range keys(t, func(p, n []byte) abi.Errno { return NextKey(m, p, n) }, k.def.KeySize) {
				want(t, "delete", Delete(m, key), 0)
			}
		}
	})
}

// model is a plain map with the semantics of a hash of limited size.
type model struct {
	elems map[string][]byte
	max   int
	full  abi.Errno
}

func (m *model) update(key, value []byte, flags abi.UpdateFlags) abi.Errno {
	_, ok := m.elems[string(key)]
	switch {
	case flags > abi.UpdateExist:
		return abi.EINVAL
	case ok && flags == abi.UpdateNoExist:
		return abi.EEXIST
	case !ok && flags == abi.UpdateExist:
		return abi.ENOENT
	case !ok && len(m.elems) == m.max:
		return m.full
	}
	m.elems[string(key)] = bytes.Clone(value)
	return 0
}

func (m *model) delete(key []byte) abi.Errno {
	if _, ok := m.elems[string(key)]; !ok {
		return abi.ENOENT
	}
	delete(m.elems, string(key))
	return 0
}

func TestKeyedMapsFollowTheModel(t *testing.T) {
	t.Parallel()
	forEachKind(t, 200, func(t *testing.T, k kind, m Map) {
		if k.array() {
			t.Skip("arrays hold all keys")
		}
		ref := &model{map[string][]byte{}, 200, abi.E2BIG}
		if k.def.Type == abi.LPMTrie {
			ref.full = abi.ENOSPC
		}
		r := rand.New(rand.NewPCG(9, 9))
		span := 260
		if k.lru() {
			span = 60 // so that no list of a CPU overflows
		}
		for range 20000 {
			key := k.key(r.IntN(span))
			switch r.IntN(6) {
			case 0, 1:
				v, flags := k.value(m, r.IntN(1<<30)), randomUpdateFlags(r)
				want(t, "update", Update(m, key, v, flags), ref.update(key, v, flags))
			case 2:
				v := k.progValue(r.IntN(1 << 30))
				if k.perCPU() {
					break
				}
				want(t, "update by a program", m.(Updater).Update(r.IntN(testCPUs), key, v, 0), ref.update(key, v, 0))
			case 3:
				want(t, "delete", Delete(m, key), ref.delete(key))
			default:
				got := make([]byte, ValueLen(m))
				e := Lookup(m, key, got, 0)
				v, ok := ref.elems[string(key)]
				if ok != (e == 0) || ok && !bytes.Equal(got, v) {
					t.Fatalf("lookup %x: %s %x, want %x", key, errnoText(e), got, v)
				}
			}
		}
		all := keys(t, func(p, n []byte) abi.Errno { return NextKey(m, p, n) }, k.def.KeySize)
		if len(all) != len(ref.elems) {
			t.Fatalf("%d keys, want %d", len(all), len(ref.elems))
		}
		for _, key := range all {
			if _, ok := ref.elems[string(key)]; !ok {
				t.Fatalf("key %x is not in the model", key)
			}
		}
		if rg, ok := m.(Ranger); ok {
			n := rg.Range(0, func(key, value mem.Addr) bool {
				v := ref.elems[string(key.Bytes(int(k.def.KeySize)))]
				if v == nil || !bytes.Equal(value.Bytes(int(k.def.ValueSize)), v[:k.def.ValueSize]) {
					t.Errorf("visit of %x finds another value", key.Bytes(int(k.def.KeySize)))
				}
				return true
			})
			if n != len(all) {
				t.Errorf("%d elements visited, want %d", n, len(all))
			}
			if n := rg.Range(0, func(_, _ mem.Addr) bool { return false }); n != min(1, len(all)) {
				t.Errorf("%d elements visited by one that stops at once", n)
			}
		}
	})
}

func randomUpdateFlags(r *rand.Rand) abi.UpdateFlags {
	if r.IntN(4) > 0 {
		return 0
	}
	return abi.UpdateFlags(r.IntN(4))
}

func TestFrozenMapsRefuseWritesOfGo(t *testing.T) {
	t.Parallel()
	forEachKind(t, 8, func(t *testing.T, k kind, m Map) {
		v := k.value(m, 3)
		want(t, "update", Update(m, k.key(1), v, 0), 0)
		want(t, "freeze", m.Freeze(), 0)
		want(t, "freeze again", m.Freeze(), abi.EBUSY)
		want(t, "update", Update(m, k.key(1), v, 0), abi.EPERM)
		want(t, "delete", Delete(m, k.key(1)), abi.EPERM)
		want(t, "lookup and delete", LookupDelete(m, k.key(1), v, 0), abi.EPERM)
		want(t, "lookup", Lookup(m, k.key(1), v, 0), 0)
		want(t, "update by a program", m.(Updater).Update(0, k.key(1), k.progValue(4), 0), 0)
	})
}

func TestAccessFlagsBindGo(t *testing.T) {
	t.Parallel()
	table := newTable(t)
	v := make([]byte, 4)
	ro := mustNew(t, table, image.Map{Type: abi.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1, Flags: abi.ReadOnly})
	want(t, "update of a read-only map", Update(ro, u32(0), v, 0), abi.EPERM)
	want(t, "lookup in a read-only map", Lookup(ro, u32(0), v, 0), 0)
	wo := mustNew(t, table, image.Map{Type: abi.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1, Flags: abi.WriteOnly})
	want(t, "update of a write-only map", Update(wo, u32(0), v, 0), 0)
	want(t, "lookup in a write-only map", Lookup(wo, u32(0), v, 0), abi.EPERM)
	want(t, "key of a write-only map", NextKey(wo, nil, v), abi.EPERM)
}

func TestClosedMapsAreGone(t *testing.T) {
	t.Parallel()
	forEachKind(t, 8, func(t *testing.T, k kind, m Map) {
		v := k.value(m, 1)
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		if err := m.Close(); err != nil {
			t.Fatal("the second Close:", err)
		}
		want(t, "lookup", Lookup(m, k.key(1), v, 0), abi.EBADF)
		want(t, "update", Update(m, k.key(1), v, 0), abi.EBADF)
		if m.Retain() {
			t.Error("a closed map can be retained")
		}
	})
}

func TestProgramPathDoesNotAllocate(t *testing.T) {
	for _, k := range keyedKinds(64) {
		m := mustNew(t, newTable(t), k.def)
		u, l := m.(Updater), m.(Lookuper)
		all := benchKeys(k, 80)
		v := k.progValue(1)
		i := 0
		if n := testing.AllocsPerRun(500, func() {
			key := all[i%len(all)]
			u.Update(0, key, v, 0)
			l.Lookup(0, key)
			if i%3 == 0 {
				u.Delete(0, key)
			}
			i++
		}); n != 0 {
			t.Errorf("%s: %v allocations a round", k.name, n)
		}
	}
	r := mustNew(t, newTable(t), image.Map{Type: abi.RingBuf, MaxEntries: 4096}).(*RingBuf)
	sample := make([]byte, 40)
	take := func([]byte) {}
	if n := testing.AllocsPerRun(500, func() { r.Output(sample, 0); r.Consume(take) }); n != 0 {
		t.Errorf("ring buffer: %v allocations a record", n)
	}
	q := mustNew(t, newTable(t), image.Map{Type: abi.Queue, ValueSize: 40, MaxEntries: 2}).(Pusher)
	if n := testing.AllocsPerRun(500, func() { q.Push(sample, 0); q.Pop(sample) }); n != 0 {
		t.Errorf("queue: %v allocations a push", n)
	}
}
