package vm_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/corpus"
	"github.com/skepbpf/skep/internal/packet"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
)

// TestResultsThatObjectsExpect runs the programs of the objects in the folder
// that SKEP_ORACLE_OBJS names that say in a tag what they return, on 64 zero
// bytes, as the kernel's own test loader does.
func TestResultsThatObjectsExpect(t *testing.T) {
	objs := corpus.Open(t, "*.bpf.o")
	ran := 0
	for file, coll := range objs.Objects() {
		for _, img := range coll.Programs {
			want, ok := expected(img)
			if !ok {
				continue
			}
			if filledByUser[file] {
				continue
			}
			for _, e := range bothEngines(t) {
				got, ok := runAlone(t, e, coll, img, objs.Types)
				if !ok {
					break
				}
				ran++
				if uint32(got) != want {
					t.Errorf("%s: %s (%v): %s: result %#x, want %#x", file, img.Name, img.Type, e.Name(), uint32(got), want)
				}
			}
		}
	}
	t.Logf("%d runs", ran)
}

// bothEngines are the interpreter and, where there is one, the JIT.
func bothEngines(t *testing.T) []vm.Engine {
	e, err := native()
	if err != nil {
		t.Log(err)
		return []vm.Engine{interp.Engine{}}
	}
	return []vm.Engine{interp.Engine{}, e}
}

// filledByUser are the objects whose programs want elements in their maps that
// the object does not name.
var filledByUser = map[string]bool{
	"verifier_array_access.bpf.o": true, "verifier_value_ptr_arith.bpf.o": true,
}

// zeroPacket is an event with 64 zero bytes.
type zeroPacket struct{}

func (zeroPacket) LoadPacket(off int32, size int) (uint32, bool) {
	const linkLayer = -0x200000 // SKF_LL_OFF
	if off >= linkLayer && off < linkLayer+64 {
		off -= linkLayer
	}
	return 0, off >= 0 && int(off)+size <= 64
}

// expected is the result that a program's tags name.
func expected(img *image.Program) (uint32, bool) {
	for _, tag := range img.Tests {
		_, v, ok := strings.Cut(tag, ":test_retval=")
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(v), 0, 64)
		return uint32(n), err == nil
	}
	return 0, false
}

// loner is a runtime for one program and those that it tail-calls.
type loner struct {
	t      *testing.T
	ctx    context.Context
	engine vm.Engine
	coll   *image.Collection
	types  *btf.Spec
	table  *bpfmap.Table
	maps   map[*image.Map]bpfmap.Map
	progs  map[string]*vm.Program // nil while one is made
}

// program verifies and readies a program; nil if it needs what is not there.
func (l *loner) program(img *image.Program) *vm.Program {
	if p, ok := l.progs[img.Name]; ok {
		return p
	}
	l.progs[img.Name] = nil
	p, err := verifier.Verify(l.ctx, img, &verifier.Options{KernelTypes: l.types, CPUs: 2, MaxInsns: 100_000})
	if err != nil {
		return nil
	}
	if img.Type != abi.XDP && img.Type != abi.Syscall {
		for i := range img.Insns {
			if p.Fact(i).Mem == verifier.KindCtx {
				return nil
			}
		}
	}
	opts := vm.Options{Engine: l.engine, Helpers: helper.Table()}
	for _, def := range img.Maps {
		m := l.mapOf(def)
		if m == nil {
			return nil
		}
		opts.Maps = append(opts.Maps, m)
	}
	ready, err := vm.New(p, opts)
	if err != nil {
		return nil
	}
	l.progs[img.Name] = ready
	return ready
}

func (l *loner) mapOf(def *image.Map) bpfmap.Map {
	if m, ok := l.maps[def]; ok {
		return m
	}
	m, err := bpfmap.New(def, bpfmap.Options{Table: l.table})
	if err != nil {
		return nil
	}
	l.maps[def] = m
	for _, e := range def.Contents {
		if s, ok := m.(bpfmap.Syscaller); ok && e.Value != nil {
			s.SysUpdate(e.Key, e.Value, abi.UpdateAny)
		}
	}
	return m
}

// fill puts the programs that the object names into the program arrays.
func (l *loner) fill() bool {
	for def, m := range l.maps {
		for _, e := range def.Contents {
			if e.Program == "" {
				continue
			}
			p := l.program(l.coll.Program(e.Program))
			if p == nil {
				return false
			}
			h := &bpfmap.Handle{ID: 1, Value: p.Entry(), Object: p}
			if e := m.(bpfmap.Holder).Hold(e.Key, h, abi.UpdateAny); e != 0 {
				l.t.Errorf("program array: errno %d", e)
			}
		}
	}
	return true
}

// runAlone verifies and runs a program; false if it needs what is not there.
func runAlone(t *testing.T, e vm.Engine, coll *image.Collection, img *image.Program, types *btf.Spec) (uint64, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	l := &loner{
		t: t, ctx: ctx, engine: e, coll: coll, types: types, table: bpfmap.NewTable(bpfmap.TableOptions{CPUs: 2}),
		maps: map[*image.Map]bpfmap.Map{}, progs: map[string]*vm.Program{},
	}
	rt, err := vm.NewRuntime(&vm.RuntimeOptions{Table: l.table, Host: host.NewFixed(host.FixedOptions{})})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	defer func() {
		for _, m := range l.maps {
			_ = m.Close()
		}
	}()
	ready := l.program(img)
	if ready == nil || !l.fill() {
		return 0, false
	}
	r, err := rt.Runner(ctx, &vm.RunOptions{Budget: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	bctx, _ := memory(t, 4096)
	switch img.Type {
	case abi.SocketFilter, abi.SchedCLS, abi.SchedACT, abi.CgroupSKB, abi.LWTIn, abi.LWTOut, abi.LWTXmit:
		skb, err := packet.NewSKB(64)
		if err != nil {
			t.Fatal(err)
		}
		defer skb.Close()
		if err := skb.Load(make([]byte, 64), img.Type == abi.SchedCLS || img.Type == abi.SchedACT); err != nil {
			t.Fatal(err)
		}
		r.Context().Event = skb
		bctx = skb.Ctx()
	case abi.XDP:
		x, err := packet.NewXDP(64)
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		if err := x.Load(make([]byte, 64)); err != nil {
			t.Fatal(err)
		}
		x.SetInput(1, 0)
		r.Context().Event = x
		bctx = x.Ctx()
	}
	got, err := r.Run(ready, bctx)
	if err != nil {
		t.Errorf("%s: %v", img.Name, err)
	}
	return got, err == nil
}
