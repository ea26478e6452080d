package vm_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/vm"
)

// TestRunsNestFourDeep runs a program whose helper runs it again.
func TestRunsNestFourDeep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "interp", "none", []byte(".program none section=syscall\n r0 = 0\n exit\n"), 0)
	var p *vm.Program
	var deepest error
	helpers := &vm.Helpers{ByID: make([]vm.HelperFunc, 8)}
	helpers.ByID[7] = func(c *vm.Context, r1, _, _, _, _ uint64) uint64 {
		sp := c.Block.SP
		r0, err := p.Run(c, 0)
		if err != nil {
			deepest = err
			return 100
		}
		if c.Block.SP != sp || c.Program() != p {
			t.Error("a nested run left the context changed")
		}
		return r0
	}
	k := func(op isa.Code, dst isa.Reg, imm int32) isa.Insn {
		return isa.New(isa.AluOp(isa.ClassAlu64, op, isa.SrcK), dst, 0, 0, imm)
	}
	img := &image.Program{Name: "again", Insns: []isa.Insn{
		k(isa.Mov, 6, 1), isa.New(isa.CallOp, 0, 0, 0, 7), isa.New(isa.AluOp(isa.ClassAlu64, isa.Add, isa.SrcX), 0, 6, 0, 0), isa.New(isa.ExitOp, 0, 0, 0, 0),
	}}
	var err error
	if p, err = vm.NewUnverified(img, trusting{}, vm.Options{Helpers: helpers}); err != nil {
		t.Fatal(err)
	}
	if r0 := run(t, w, p, 0); r0 != 104 || !errors.Is(deepest, vm.ErrNested) {
		t.Errorf("r0 = %d, %v; want 4 runs above the refused one", r0, deepest)
	}
}

// TestExceptionsEndTheProgram throws out of a function two frames down, and
// out of a callback.
func TestExceptionsEndTheProgram(t *testing.T) {
	t.Parallel()
	const text = `
.kfunc bpf_throw
.program main section=syscall
    call outer
    r0 = 1
    exit
.func outer
    r1 = 10
    r2 = turn ll
    r3 = 0
    r4 = 0
    call bpf_loop
    r0 = 2
    exit
.func turn
    if r1 != 3 goto on
    r1 = 77
    call bpf_throw
on:
    r0 = 0
    exit
.func catch
    r0 = r1
    r0 += 1000
    exit
`
	for _, caught := range []bool{false, true} {
		w := newWorld(t, "interp", "throw", []byte(text), 0)
		img := *w.progs["main"].Image()
		img.Funcs = append([]image.Func(nil), img.Funcs...)
		img.Funcs[3].ExceptionCallback = caught
		want := uint64(77)
		if caught {
			want = 1077
		}
		for _, engine := range unproven {
			p, err := engines[engine](&img, vm.Options{Helpers: helper.Table()}, 0)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if r0 := run(t, w, p, 0); r0 != want {
					t.Errorf("%s, with handler %v: r0 = %d, want %d", engine, caught, r0, want)
				}
			}
		}
	}
}

// TestRunsShareMaps counts from more goroutines than there are virtual CPUs.
func TestRunsShareMaps(t *testing.T) {
	t.Parallel()
	const text = `
.map shared array key=4 value=8 entries=1
.map own percpu_array key=4 value=8 entries=1
.program main section=syscall
    r1 = 1
    r2 = map[shared][0] ll
    lock *(u64 *)(r2 +0) += r1
    *(u32 *)(r10 -4) = 0
    r1 = map[own] ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r1 = *(u64 *)(r0 +0)
    r1 += 1
    *(u64 *)(r0 +0) = r1
out:
    r0 = 0
    exit
`
	const workers, turns = 8, 200
	w := newWorld(t, "verified", "share", []byte(text), 0)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range turns {
				c, err := w.rt.Claim(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := w.progs["main"].Run(c, 0); err != nil {
					t.Error(err)
				}
				w.rt.Release(c)
			}
		})
	}
	wg.Wait()
	sum := func(name string) (n uint64) {
		m := w.maps[w.coll.Map(name)].(bpfmap.Syscaller)
		v := make([]byte, m.ValueLen())
		if e := m.SysLookup(make([]byte, 4), v, abi.UpdateAny); e != 0 {
			t.Fatalf("%s: errno %d", name, e)
		}
		for i := 0; i < len(v); i += 8 {
			for j := range 8 {
				n += uint64(v[i+j]) << (8 * j)
			}
		}
		return n
	}
	for _, name := range []string{"shared", "own"} {
		if n := sum(name); n != workers*turns {
			t.Errorf("%s counts %d runs of %d", name, n, workers*turns)
		}
	}
}

func TestMissingHelpersAreNamed(t *testing.T) {
	t.Parallel()
	img := &image.Program{Name: "p", Insns: []isa.Insn{isa.New(isa.CallOp, 0, 0, 0, int32(abi.SkLookupTCP)), isa.New(isa.ExitOp, 0, 0, 0, 0)}}
	_, err := vm.NewUnverified(img, trusting{}, vm.Options{Helpers: helper.Table()})
	if !errors.Is(err, vm.ErrNotSupported) || err.Error() != `program "p": helper bpf_sk_lookup_tcp is not supported` {
		t.Errorf("%v", err)
	}
}
