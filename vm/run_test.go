package vm_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
	"github.com/skepbpf/skep/vm/jit"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// trusting passes the engine for verified programs through the unverified
// door: tests run programs in it that are good by construction.
type trusting struct{ interp.Engine }

func (trusting) ChecksEveryAccess() {}

// native is the JIT, for all tests.
var native = sync.OnceValues(func() (*jit.Engine, error) { return jit.New(nil) })

// plainNative is the JIT without what it may leave out.
var plainNative = sync.OnceValues(func() (*jit.Engine, error) {
	return jit.New(&jit.Options{Off: emit.OptAll, Plain: true})
})

// straightNative is the JIT that makes code of programs as they are, olderNative
// one for machines that have no more than every machine of the architecture.
var (
	straightNative = sync.OnceValues(func() (*jit.Engine, error) { return jit.New(&jit.Options{Off: emit.OptAll}) })
	olderNative    = sync.OnceValues(func() (*jit.Engine, error) { return jit.New(&jit.Options{Plain: true}) })
)

// trustingNative is trusting for the JIT.
type trustingNative struct{ *jit.Engine }

func (trustingNative) ChecksEveryAccess() {}

// engines make a program ready on every engine.
var engines = map[string]func(img *image.Program, opts vm.Options, ctxSize int) (*vm.Program, error){
	"interp": func(img *image.Program, opts vm.Options, _ int) (*vm.Program, error) {
		return vm.NewUnverified(img, trusting{}, opts)
	},
	"verified": func(img *image.Program, opts vm.Options, _ int) (*vm.Program, error) {
		return verified(img, interp.Engine{}, opts)
	},
	"jit verified": func(img *image.Program, opts vm.Options, _ int) (*vm.Program, error) {
		e, err := native()
		if err != nil {
			return nil, err
		}
		return verified(img, e, opts)
	},
	"jit":          trusted(native),
	"jit plain":    trusted(plainNative),
	"jit straight": trusted(straightNative),
	"jit older":    trusted(olderNative),
	"checked": func(img *image.Program, opts vm.Options, ctxSize int) (*vm.Program, error) {
		return interp.NewUnverified(img, &interp.UnverifiedOptions{Helpers: opts.Helpers, Maps: opts.Maps, CtxSize: ctxSize})
	},
}

// trusted makes programs ready for a JIT that takes them for verified.
func trusted(engine func() (*jit.Engine, error)) func(*image.Program, vm.Options, int) (*vm.Program, error) {
	return func(img *image.Program, opts vm.Options, _ int) (*vm.Program, error) {
		e, err := engine()
		if err != nil {
			return nil, err
		}
		return vm.NewUnverified(img, trustingNative{e}, opts)
	}
}

// verified makes a program ready that the verifier must accept.
func verified(img *image.Program, e vm.Engine, opts vm.Options) (*vm.Program, error) {
	typed(img)
	p, err := verifier.Verify(context.Background(), img, &verifier.Options{LogLevel: 1})
	if err != nil {
		return nil, fmt.Errorf("%+v", err)
	}
	opts.Engine = e
	return vm.New(p, opts)
}

// typed gives functions the BTF that the text has not: callbacks need some.
func typed(img *image.Program) {
	num := &btf.Int{Name: "unsigned long", Size: 8}
	proto := &btf.FuncProto{Return: num}
	for range 5 {
		proto.Params = append(proto.Params, btf.FuncParam{Name: "arg", Type: num})
	}
	for i := range img.Funcs {
		f := &img.Funcs[i]
		if f.Type == nil {
			f.Type = &btf.Func{Name: f.Name, Type: proto, Linkage: btf.StaticFunc}
		}
	}
}

// world is a runtime with the maps and programs of a text.
type world struct {
	coll  *image.Collection
	table *bpfmap.Table
	rt    *vm.Runtime
	host  *host.Fixed
	maps  map[*image.Map]bpfmap.Map
	progs map[string]*vm.Program
}

// newWorld loads every program of a text on one engine.
func newWorld(t testing.TB, engine, name string, src []byte, ctxSize int) *world {
	t.Helper()
	return newWorldOn(t, name, src, func(img *image.Program, opts vm.Options) (*vm.Program, error) {
		return engines[engine](img, opts, ctxSize)
	})
}

// newWorldOn is newWorld for programs that load makes ready.
func newWorldOn(t testing.TB, name string, src []byte, load func(*image.Program, vm.Options) (*vm.Program, error)) *world {
	t.Helper()
	coll, err := asm.Parse(name, src)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		coll: coll, host: host.NewFixed(host.FixedOptions{}), table: bpfmap.NewTable(bpfmap.TableOptions{CPUs: 2, Seed: 1}),
		progs: map[string]*vm.Program{},
	}
	if w.rt, err = vm.NewRuntime(&vm.RuntimeOptions{Table: w.table, Host: w.host}); err != nil {
		t.Fatal(err)
	}
	w.makeMaps(t)
	for _, img := range coll.Programs {
		opts := vm.Options{Helpers: helper.Table()}
		for _, def := range img.Maps {
			opts.Maps = append(opts.Maps, w.maps[def])
		}
		p, err := load(img, opts)
		if err != nil {
			t.Fatal(err)
		}
		w.progs[img.Name] = p
	}
	t.Cleanup(func() { w.close(t) })
	return w
}

// makeMaps makes the text's maps.
func (w *world) makeMaps(t testing.TB) {
	t.Helper()
	w.maps = map[*image.Map]bpfmap.Map{}
	coll := w.coll
	for _, def := range coll.Maps {
		m, err := bpfmap.New(def, bpfmap.Options{Table: w.table})
		if err != nil {
			t.Fatal(err)
		}
		w.maps[def] = m
		for _, e := range def.Contents {
			if s, ok := m.(bpfmap.Syscaller); ok && e.Value != nil {
				if errno := s.SysUpdate(e.Key, e.Value, abi.UpdateAny); errno != 0 {
					t.Fatalf("contents of %s: errno %d", def.Name, errno)
				}
			}
		}
		if def.Frozen {
			if errno := m.Freeze(); errno != 0 {
				t.Fatalf("%s cannot be frozen: errno %d", def.Name, errno)
			}
		}
	}
	for _, def := range coll.Maps {
		for _, e := range def.Contents {
			if e.Map == nil {
				continue
			}
			in := w.maps[e.Map]
			h := &bpfmap.Handle{ID: in.ID(), Value: uint64(in.Header()), Object: in}
			if errno := w.maps[def].(bpfmap.Holder).Hold(e.Key, h, abi.UpdateAny); errno != 0 {
				t.Fatalf("contents of %s: errno %d", def.Name, errno)
			}
		}
	}
}

func (w *world) close(t testing.TB) {
	for _, p := range w.progs {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, m := range w.maps {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := w.rt.Close(); err != nil {
		t.Error(err)
	}
}

// runner claims a context of w's.
func (w *world) runner(t testing.TB, budget int64) *vm.Runner {
	t.Helper()
	r, err := w.rt.Runner(context.Background(), &vm.RunOptions{Budget: budget})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// hold puts program name into a program array.
func (w *world) hold(t testing.TB, array string, index uint32, name string) {
	t.Helper()
	m := w.maps[w.coll.Map(array)]
	h := &bpfmap.Handle{ID: 1, Value: w.progs[name].Entry(), Object: w.progs[name]}
	key := []byte{byte(index), byte(index >> 8), byte(index >> 16), byte(index >> 24)}
	if e := m.(bpfmap.Holder).Hold(key, h, abi.UpdateAny); e != 0 {
		t.Fatalf("hold: errno %d", e)
	}
}

// memory is n bytes outside the heap.
func memory(t testing.TB, n int) (mem.Addr, []byte) {
	t.Helper()
	b, err := mem.Alloc(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mem.Free(b) })
	return mem.AddrOf(b), b
}

func readBench(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "bench", name+".s"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// BenchmarkRun runs loops on every engine. ns/insn counts instructions as
// they are executed. Lookups are bound to their map by what the verifier
// proves; the other loops are not for a verifier to walk.
func BenchmarkRun(b *testing.B) {
	for _, c := range []struct{ name, interp string }{
		{"fnv", "interp"}, {"primes", "interp"}, {"sort", "interp"}, {"array", "verified"}, {"hash", "verified"}, {"empty", "verified"},
	} {
		b.Run(c.name+"/interp", func(b *testing.B) { benchmarkRun(b, c.name, c.interp) })
		b.Run(c.name+"/jit", func(b *testing.B) { benchmarkRun(b, c.name, strings.Replace("jit "+c.interp, "jit interp", "jit", 1)) })
		b.Run(c.name+"/checked", func(b *testing.B) { benchmarkRun(b, c.name, "checked") })
	}
}

func benchmarkRun(b *testing.B, name, engine string) {
	const size = 1500
	w := newWorld(b, engine, name, readBench(b, name), size)
	p := w.progs[name]
	bctx, data := memory(b, size)
	for i := range data {
		data[i] = byte(i)
	}
	insns := countInsns(b, w, p, bctx, size)
	r := w.runner(b, 0)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Run(p, bctx); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(insns), "ns/insn")
	b.ReportMetric(float64(insns), "insns/op")
}

// countInsns counts the instructions of one run.
func countInsns(t testing.TB, w *world, p *vm.Program, bctx mem.Addr, size int) int {
	t.Helper()
	n := 0
	counting, err := interp.NewUnverified(p.Image(), &interp.UnverifiedOptions{
		Helpers: helper.Table(), Maps: p.Maps(), CtxSize: size, Trace: func(interp.Step) { n++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	r := w.runner(t, 0)
	if _, err := r.Run(counting, bctx); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Close(), counting.Close()); err != nil {
		t.Fatal(err)
	}
	return n
}
