package vm_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/jit"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// leafWorld is a text's programs, verified and compiled with what Off leaves,
// and a count of the calls that left to a helper's body in Go.
type leafWorld struct {
	world
	bodies atomic.Int64
	args   []byte              // the value of map args, if there is one
	clock  func(c *vm.Context) // called by bpf_ktime_get_ns, if not nil
}

// counted are helper bodies that count.
func (w *leafWorld) counted() *vm.Helpers {
	table := helper.Table()
	count := func(f vm.HelperFunc) vm.HelperFunc {
		if f == nil {
			return nil
		}
		return func(c *vm.Context, r1, r2, r3, r4, r5 uint64) uint64 {
			w.bodies.Add(1)
			return f(c, r1, r2, r3, r4, r5)
		}
	}
	h := &vm.Helpers{Kfuncs: table.Kfuncs}
	for _, f := range table.ByID {
		h.ByID = append(h.ByID, count(f))
	}
	h.ByID[abi.KtimeGetNS] = func(c *vm.Context, _, _, _, _, _ uint64) uint64 {
		if w.clock != nil {
			w.clock(c)
		}
		return 0
	}
	h.ForMap = func(id abi.HelperID, m bpfmap.Map) vm.HelperFunc { return count(table.ForMap(id, m)) }
	return h
}

func newLeafWorld(t testing.TB, e vm.Engine, src string) *leafWorld {
	t.Helper()
	coll, err := asm.Parse("leaf", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	w := &leafWorld{world: world{coll: coll, table: bpfmap.NewTable(bpfmap.TableOptions{CPUs: 3, Seed: 7})}}
	if w.rt, err = vm.NewRuntime(&vm.RuntimeOptions{Table: w.table, Host: host.NewFixed(host.FixedOptions{})}); err != nil {
		t.Fatal(err)
	}
	w.makeMaps(t)
	if m := coll.Map("args"); m != nil {
		w.args = w.maps[m].(bpfmap.Memoryer).Memory()
	}
	w.progs = map[string]*vm.Program{}
	for _, img := range coll.Programs {
		opts := vm.Options{Helpers: w.counted()}
		for _, def := range img.Maps {
			opts.Maps = append(opts.Maps, w.maps[def])
		}
		if w.progs[img.Name], err = verified(img, e, opts); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { w.close(t) })
	return w
}

// leafEngine is the engine whose routines are under test.
func leafEngine(t testing.TB) *jit.Engine {
	t.Helper()
	e, err := native()
	if err != nil {
		t.Skip(err)
	}
	return e
}

// leafless is an engine without the routines.
var leafless = sync.OnceValues(func() (*jit.Engine, error) {
	return jit.New(&jit.Options{Off: emit.OptHash | emit.OptTrie | emit.OptRing})
})

const lookupText = `
.map args array key=4 value=512 entries=1
.map m %s key=%d value=%d entries=%d%s
.program main section=xdp
    r2 = map[args][0] ll
    r1 = map[m] ll
    call bpf_map_lookup_elem
    exit
`

// lookups runs main with the key in args.
func (w *leafWorld) lookup(t testing.TB, r *vm.Runner, key []byte) mem.Addr {
	t.Helper()
	copy(w.args, key)
	r0, err := r.Run(w.progs["main"], 0)
	if err != nil {
		t.Fatal(err)
	}
	return mem.Addr(r0)
}

var hashKinds = []string{"hash", "lru_hash", "percpu_hash", "lru_percpu_hash"}

// TestLookupsOfLeavesFindWhatGoFinds looks keys of all lengths up in every kind
// of hash: those that are there, those that are not, and those of which the
// element has the hash but not the key.
func TestLookupsOfLeavesFindWhatGoFinds(t *testing.T) {
	t.Parallel()
	e := leafEngine(t)
	plain, err := leafless()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	sizes := []int{65, 71, 96, 100, 127, 128, 129, 200}
	for n := 1; n <= 64; n++ {
		sizes = append(sizes, n)
	}
	for _, kind := range hashKinds {
		for _, size := range sizes {
			value, entries := 1+r.IntN(20), 1<<r.IntN(8)+r.IntN(3)
			flags := []string{"", " flags=no_prealloc", " flags=zero_seed", " flags=rdonly_prog"}[r.IntN(4)]
			if kind[0] == 'l' && flags == " flags=no_prealloc" {
				flags = " flags=no_common_lru"
			}
			text := fmt.Sprintf(lookupText, kind, size, value, entries, flags)
			w := newLeafWorld(t, e, text)
			compareLookups(t, w, r, size, entries, size <= 128)
			if size%9 == 0 {
				compareLookups(t, newLeafWorld(t, plain, text), r, size, entries, false)
			}
			if t.Failed() {
				t.Fatalf("%s", text)
			}
			w.close(t)
		}
	}
}

// compareLookups fills the map, looks at it, and empties it again.
func compareLookups(t *testing.T, w *leafWorld, r *rand.Rand, size, entries int, leaf bool) {
	t.Helper()
	m := w.maps[w.coll.Map("m")]
	runner := w.runner(t, 0)
	defer runner.Close()
	cpu := runner.Context().CPU
	same := func(key []byte) {
		t.Helper()
		want := m.(bpfmap.Lookuper).Lookup(cpu, key)
		if got := w.lookup(t, runner, key); got != want {
			t.Errorf("key %x: at %#x, Go finds it at %#x", key, got, want)
		}
	}
	newKey := func() []byte {
		key := make([]byte, size)
		for i := range key {
			key[i] = byte(r.Uint32() >> r.IntN(9))
		}
		return key
	}
	var keys [][]byte
	value := make([]byte, m.Def().ValueSize)
	same(newKey())
	for range entries {
		key := newKey()
		keys = append(keys, key)
		m.(bpfmap.Updater).Update(cpu, key, value, 0)
		same(key)
		same(newKey())
	}
	hits := 0
	for i, key := range keys {
		if m.(bpfmap.Lookuper).Lookup(cpu, key) != 0 {
			hits++
		}
		same(key)
		other := append([]byte{}, key...)
		other[r.IntN(size)] ^= 1 << r.IntN(8)
		same(other)
		if m.Def().Type == abi.Hash && i == 0 {
			forge(t, w, runner, key)
		}
	}
	if hits == 0 {
		t.Error("nothing was found")
	}
	for _, key := range keys {
		m.(bpfmap.Updater).Delete(cpu, key)
		same(key)
		same(keys[r.IntN(len(keys))])
	}
	n := w.bodies.Load()
	if leaf && n != 0 {
		t.Errorf("%d lookups left to Go", n)
	}
	if !leaf && n == 0 {
		t.Error("no lookup left to Go")
	}
}

// forge changes each byte of the key in its element in turn, so that only the
// comparison of all bytes can tell it from the one looked up.
func forge(t *testing.T, w *leafWorld, r *vm.Runner, key []byte) {
	t.Helper()
	value := w.lookup(t, r, key)
	if value == 0 {
		t.Fatal("the key is not there")
	}
	stored := (value - mem.Addr((len(key)+7)&^7)).Bytes(len(key))
	for i := range stored {
		stored[i] ^= 0x10
		if w.lookup(t, r, key) != 0 {
			t.Errorf("byte %d of the key makes no difference", i)
		}
		stored[i] ^= 0x10
	}
	if w.lookup(t, r, key) != value {
		t.Error("the key is lost")
	}
}

func TestLookupsOfLeavesMarkWhatTheyFind(t *testing.T) {
	t.Parallel()
	for kind, marks := range map[string]uint32{"hash": 0, "lru_hash": 1} {
		w := newLeafWorld(t, leafEngine(t), fmt.Sprintf(lookupText, kind, 8, 8, 4, ""))
		r := w.runner(t, 0)
		key := make([]byte, 8)
		if e := w.maps[w.coll.Map("m")].(bpfmap.Updater).Update(0, key, key, 0); e != 0 {
			t.Fatal(e)
		}
		for turn := range 2 {
			value := w.lookup(t, r, key)
			if value == 0 {
				t.Fatal("the key is not there")
			}
			ref := (value - 8 - bpfmap.ElemKey + bpfmap.ElemRef).U32()
			if *ref != marks {
				t.Errorf("%s: the mark is %d after lookup %d", kind, *ref, turn)
			}
		}
	}
}

const innerText = `
.map args array key=4 value=512 entries=1
.map in array key=4 value=8 entries=2
.map m hash_of_maps key=%d value=4 entries=8 inner=in
.program main section=xdp
    r2 = map[args][0] ll
    r1 = map[m] ll
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r2 = map[args][64] ll
    r1 = r0
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r0 = *(u64 *)(r0 +0)
out:
    exit
`

func TestLeavesFindInnerMaps(t *testing.T) {
	t.Parallel()
	for _, size := range []int{4, 8, 13} {
		w := newLeafWorld(t, leafEngine(t), fmt.Sprintf(innerText, size))
		in, outer := w.maps[w.coll.Map("in")], w.maps[w.coll.Map("m")]
		*mem.AddrOf(in.(bpfmap.Memoryer).Memory()).U64() = 77
		key := make([]byte, size)
		key[0] = 3
		h := &bpfmap.Handle{ID: in.ID(), Value: uint64(in.Header()), Object: in}
		if e := outer.(bpfmap.Holder).Hold(key, h, 0); e != 0 {
			t.Fatal(e)
		}
		r := w.runner(t, 0)
		if got := w.lookup(t, r, key); got != 77 {
			t.Errorf("keys of %d bytes: %d", size, got)
		}
		if n := w.bodies.Load(); n != 1 {
			t.Errorf("keys of %d bytes: %d calls left to Go, want that in the inner map", size, n)
		}
		key[0] = 4
		if got := w.lookup(t, r, key); got != 0 {
			t.Errorf("keys of %d bytes: %d where there is no map", size, got)
		}
	}
}

const stableText = `
.map args0 array key=4 value=512 entries=1
.map args1 array key=4 value=512 entries=1
.map m %[1]s key=%[2]d value=16 entries=%[3]d%[4]s
.program main0 section=xdp
    r2 = map[args0][0] ll
    r1 = map[m] ll
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r1 = *(u64 *)(r0 +8)
    r0 = *(u64 *)(r0 +0)
    r0 ^= r1
out:
    exit
.program main1 section=xdp
    r2 = map[args1][0] ll
    r1 = map[m] ll
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r1 = *(u64 *)(r0 +8)
    r0 = *(u64 *)(r0 +0)
    r0 ^= r1
out:
    exit
`

// TestLeavesFindWhatStaysWhileOthersWrite looks keys up that stay while
// goroutines put in, replace and take out others, in the same few chains.
func TestLeavesFindWhatStaysWhileOthersWrite(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"hash", "percpu_hash"} {
		for _, size := range []int{4, 8, 21} {
			w := newLeafWorld(t, leafEngine(t), fmt.Sprintf(stableText, kind, size, 40, ""))
			m := w.maps[w.coll.Map("m")].(bpfmap.Updater)
			key := func(i int) []byte {
				k := make([]byte, size)
				binary.LittleEndian.PutUint32(k, uint32(i)*2654435761)
				k[size-1] ^= byte(i)
				return k
			}
			const stable = 12
			value := make([]byte, 16)
			binary.LittleEndian.PutUint64(value, 0xfeed)
			for cpu := range 3 {
				for i := range stable {
					if e := m.Update(cpu, key(i), value, 0); e != 0 {
						t.Fatal(e)
					}
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			var wg sync.WaitGroup
			for n := range 2 {
				wg.Go(func() { churn(ctx, w, m, uint64(n), key, stable) })
				wg.Go(func() { watch(ctx, t, w, n, key, stable) })
			}
			wg.Wait()
			cancel()
			if t.Failed() {
				t.Fatal(kind, size)
			}
		}
	}
}

// churn writes keys beyond the stable ones until ctx is done.
func churn(ctx context.Context, w *leafWorld, m bpfmap.Updater, seed uint64, key func(int) []byte, stable int) {
	r := rand.New(rand.NewPCG(seed, 9))
	value := make([]byte, 16)
	for ctx.Err() == nil {
		c, err := w.rt.ClaimCPU(ctx, 2)
		if err != nil {
			return
		}
		for range 50 {
			k := key(stable + r.IntN(40))
			if r.IntN(3) == 0 {
				m.Delete(2, k)
			} else {
				m.Update(2, k, value, 0)
			}
		}
		w.rt.Release(c)
	}
}

// watch runs a program of its own until ctx is done.
func watch(ctx context.Context, t *testing.T, w *leafWorld, n int, key func(int) []byte, stable int) {
	args := w.maps[w.coll.Map(fmt.Sprint("args", n))].(bpfmap.Memoryer).Memory()
	p := w.progs[fmt.Sprint("main", n)]
	r, err := w.rt.Runner(context.Background(), &vm.RunOptions{CPU: n + 1})
	if err != nil {
		t.Error(err)
		return
	}
	defer r.Close()
	for i := 0; ctx.Err() == nil; i++ {
		copy(args, key(i%stable))
		if r0, err := r.Run(p, 0); err != nil || r0 != 0xfeed {
			t.Errorf("key %d gives %#x, %v after %d runs", i%stable, r0, err, i)
			return
		}
	}
}
