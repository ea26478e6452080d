package skep_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm"
)

// sums adds up the memory's bytes, and counts each of them up.
const sums = `
.program sum section=raw memory=1
    r0 = 0
    if r2 > 5000 goto out
    r3 = 0
again:
    r4 = r1
    r4 += r3
    r5 = *(u8 *)(r4 +0)
    r0 += r5
    r5 += 1
    *(u8 *)(r4 +0) = r5
    r3 += 1
    if r3 < r2 goto again
    r6 = 1 ll
    r6 <<= 40
    r0 += r6
out:
    exit
.program plain section=socket
    r0 = 0
    exit
`

func sumOf(data []byte) uint64 {
	n := uint64(1 << 40)
	for _, b := range data {
		n += uint64(b)
	}
	return n
}

func TestRunnerRunsOnMemory(t *testing.T) { // not parallel: it counts allocations
	for _, engine := range []skep.Engine{"", skep.EngineInterp} {
		rt, err := skep.NewRuntime(&skep.RuntimeOptions{Engine: engine, CPUs: 1})
		if err != nil {
			t.Fatal(err)
		}
		coll := loadText(t, sums, &skep.CollectionOptions{Backend: rt})
		p := coll.Programs["sum"]
		r, err := p.Runner(t.Context(), &skep.RunnerOptions{Memory: 64, Budget: 100000})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 2, 63, 64, 65, 1000, 4999} { // copied, and more than there is room for
			data := bytes.Repeat([]byte{5}, n)
			want := sumOf(data)
			if r0, err := r.RunMemory(data); r0 != want || err != nil || !bytes.Equal(data, bytes.Repeat([]byte{6}, n)) {
				t.Errorf("%s: %d bytes: %#x, want %#x: %v; %v", engine, n, r0, want, err, data[:1])
			}
		}
		m := r.Memory()
		copy(m, []byte{1, 2, 3})
		if r0, err := r.RunMemory(m[:3]); r0 != 1<<40+6 || err != nil || m[2] != 4 {
			t.Errorf("%s: own memory: %#x, %v, %v", engine, r0, err, m[:3])
		}
		if n := testing.AllocsPerRun(100, func() { _, _ = r.RunMemory(m[:3]) }); n != 0 {
			t.Errorf("%s: %v allocations a run", engine, n)
		}
		if _, err := r.RunMemory(nil); !errors.Is(err, abi.EINVAL) {
			t.Errorf("%s: less than the program wants: %v", engine, err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if _, err := r.RunMemory(m[:3]); err != nil {
			t.Errorf("%s: the Runner does not keep its program: %v", engine, err)
		}
		if err := errors.Join(r.Close(), r.Close()); err != nil {
			t.Error(err)
		}
		if _, err := r.RunMemory([]byte{1}); !errors.Is(err, skep.ErrClosed) {
			t.Errorf("%s: after Close: %v", engine, err)
		}
		coll.Close()
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestRawProgramsRunLikeOthers(t *testing.T) {
	t.Parallel()
	coll := loadText(t, sums, &skep.CollectionOptions{})
	defer coll.Close()
	p := coll.Programs["sum"]
	opts := skep.RunOptions{Data: []byte{7, 7}, DataOut: make([]byte, 8), Repeat: 3}
	res, err := p.RunResult(&opts)
	if err != nil || res.Value != 1<<40+14 || res.Return != 14 || !bytes.Equal(opts.DataOut, []byte{8, 8}) {
		t.Errorf("%+v, %v, %v", res, err, opts.DataOut)
	}
	if _, err := p.Run(&skep.RunOptions{}); !errors.Is(err, abi.EINVAL) {
		t.Errorf("no memory: %v", err)
	}
	if _, err := coll.Programs["plain"].Runner(context.Background(), nil); !errors.Is(err, skep.ErrNotSupported) {
		t.Errorf("Runner of a socket filter: %v", err)
	}
	// The spec's promise is what the verifier proves with.
	spec := skep.NewCollectionSpec(mustParse(t, ".program p section=raw\n r0 = *(u8 *)(r1 +9)\n exit\n"))
	if _, err := skep.NewCollection(spec.Copy()); err == nil {
		t.Error("memory that nobody promised was taken for granted")
	}
	spec.Programs["p"].Memory = 10
	more, err := skep.NewCollection(spec)
	if err != nil {
		t.Fatal(err)
	}
	defer more.Close()
	r, err := more.Programs["p"].Runner(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.RunMemory(make([]byte, 9)); !errors.Is(err, abi.EINVAL) {
		t.Errorf("9 bytes: %v", err)
	}
	if r0, err := r.RunMemory([]byte("0123456789")); r0 != '9' || err != nil {
		t.Errorf("%d, %v", r0, err)
	}
}

func TestBudgetEndsRawPrograms(t *testing.T) {
	t.Parallel()
	coll := loadText(t, sums, &skep.CollectionOptions{})
	defer coll.Close()
	r, err := coll.Programs["sum"].Runner(t.Context(), &skep.RunnerOptions{Budget: 1000})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.RunMemory(make([]byte, 4000)); !errors.Is(err, vm.ErrBudget) {
		t.Errorf("a long run: %v", err)
	}
	if _, err := r.RunMemory(make([]byte, 10)); err != nil {
		t.Errorf("the next: %v", err)
	}
}

func BenchmarkRunMemory(b *testing.B) {
	coll := loadText(b, ".program p section=raw\n r0 = r2\n exit\n", &skep.CollectionOptions{})
	defer coll.Close()
	r, err := coll.Programs["p"].Runner(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	for _, c := range []struct {
		name string
		data []byte
	}{{"own", r.Memory()[:64]}, {"copied", make([]byte, 64)}, {"copied1500", make([]byte, 1500)}} {
		b.Run(fmt.Sprint(c.name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.RunMemory(c.data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
