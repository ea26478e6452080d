package vm_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/ir"
)

// tailWeb is the text of n programs that call each other's tails at random, out
// of their main function and out of subprograms, and count in a map that they
// ran. Slots are empty or out of range at times.
func tailWeb(r *rand.Rand, n int) string {
	var s strings.Builder
	fmt.Fprintf(&s, ".map progs prog_array key=4 value=4 entries=8\n.map ran array key=4 value=8 entries=1\n")
	for p := range n {
		fmt.Fprintf(&s, ".program p%d section=tracepoint\n", p)
		fmt.Fprintf(&s, "    r6 = r1\n    r7 = map[ran][0] ll\n    r8 = *(u64 *)(r7 +0)\n    r8 *= 31\n    r8 += %d\n    *(u64 *)(r7 +0) = r8\n", p+1)
		fmt.Fprintf(&s, "    *(u64 *)(r10 -%d) = r8\n", 8+8*r.IntN(4))
		for k := range 3 {
			switch r.IntN(3) {
			case 0:
				fmt.Fprintf(&s, "    r1 = r6\n    r2 = map[progs] ll\n    r3 = %d\n    call bpf_tail_call\n", r.IntN(10))
			case 1:
				fmt.Fprintf(&s, "    r1 = r6\n    call sub%d\n    r8 += r0\n", k&1)
			case 2:
				fmt.Fprintf(&s, "    r1 = r6\n    r2 = map[progs] ll\n    r3 = *(u64 *)(r7 +0)\n    r3 &= %d\n    call bpf_tail_call\n", 7+8*r.IntN(2))
			}
		}
		fmt.Fprintf(&s, "    r1 = r6\n    call sub0\n    r8 += r0\n    r1 = r6\n    call sub1\n    r0 += r8\n    exit\n")
		for k := range 2 {
			fmt.Fprintf(&s, ".func sub%d\n    r%d = %d\n    r2 = map[progs] ll\n    r3 = %d\n    call bpf_tail_call\n", k, 6+r.IntN(4), r.IntN(99), r.IntN(9))
			fmt.Fprintf(&s, "    r0 = %d\n    exit\n", r.IntN(99))
		}
	}
	return s.String()
}

// TestTailCallsAgree runs webs of tail calls on all engines, ended by their
// budget at many places, and compares results, the order of programs, and what
// is left of the tail calls.
func TestTailCallsAgree(t *testing.T) {
	t.Parallel()
	const progs = 5
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		text := tailWeb(r, progs)
		slots := [8]int{}
		for i := range slots {
			slots[i] = r.IntN(progs+2) - 2
		}
		first := ""
		for _, engine := range []string{"verified", "jit verified", "jit", "jit plain"} {
			w := newWorld(t, engine, "web", []byte(text), 64)
			for i, p := range slots {
				if p >= 0 {
					w.hold(t, "progs", uint32(i), fmt.Sprintf("p%d", p))
				}
			}
			ran := w.maps[w.coll.Map("ran")].(bpfmap.Memoryer).Memory()
			bctx, _ := memory(t, 64)
			var got strings.Builder
			for budget := int64(0); budget < 400; budget += 7 {
				clear(ran)
				run := w.runner(t, budget)
				r0, err := run.Run(w.progs["p0"], bctx)
				if err != nil && !errors.Is(err, vm.ErrBudget) {
					t.Fatalf("seed %d: %s: budget %d: %v", seed, engine, budget, err)
				}
				fmt.Fprintf(&got, "budget %d: r0 %#x, %v, ran %x\n", budget, r0, err, ran[:8])
				if err := run.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if first == "" {
				first = got.String()
			}
			if got.String() != first {
				t.Fatalf("seed %d: %s:\n%s\nwant\n%s\n%s", seed, engine, got.String(), first, text)
			}
		}
	}
}

// TestTailCallsStayInMachineCode puts a word into an array that names another
// program than the object beside it: machine code follows the word, Go the
// object.
func TestTailCallsStayInMachineCode(t *testing.T) {
	t.Parallel()
	const text = `
.map progs prog_array key=4 value=4 entries=1
.program main section=tracepoint
    r2 = map[progs] ll
    r3 = 0
    call bpf_tail_call
    r0 = 1
    exit
.program calls section=tracepoint
    call sub
    exit
.func sub
    r2 = map[progs] ll
    r3 = 0
    call bpf_tail_call
    r0 = 1
    exit
.program word section=tracepoint
    r0 = 2
    exit
.program object section=tracepoint
    r0 = 3
    exit
`
	for engine, want := range map[string]uint64{"verified": 3, "jit verified": 2, "jit": 2, "jit plain": 3} {
		w := newWorld(t, engine, "word", []byte(text), 8)
		h := &bpfmap.Handle{ID: 1, Value: w.progs["word"].Entry(), Object: w.progs["object"]}
		if e := w.maps[w.coll.Map("progs")].(bpfmap.Holder).Hold(make([]byte, 4), h, abi.UpdateAny); e != 0 {
			t.Fatalf("errno %d", e)
		}
		bctx, _ := memory(t, 8)
		for _, name := range []string{"main", "calls"} {
			if r0 := run(t, w, w.progs[name], bctx); r0 != want {
				t.Errorf("%s: %s: r0 = %d, want %d", engine, name, r0, want)
			}
		}
	}
}

func TestHeadersAreWhatMachineCodeReads(t *testing.T) {
	t.Parallel()
	if ir.HeaderMaxEntries != bpfmap.HdrMaxEntries || ir.HeaderBase != bpfmap.HdrBase {
		t.Error("packages ir and bpfmap lay a map's header out differently")
	}
}

// TestTailCallsIntoOtherEnginesEndTheRun holds programs of one engine in an
// array that one of another uses.
func TestTailCallsIntoOtherEnginesEndTheRun(t *testing.T) {
	t.Parallel()
	const text = `
.map progs prog_array key=4 value=4 entries=1
.program main section=tracepoint
    r2 = map[progs] ll
    r3 = 0
    call bpf_tail_call
    r0 = 1
    exit
`
	all := []string{"interp", "jit", "jit plain"}
	for _, from := range all {
		for _, to := range all {
			w, other := newWorld(t, from, "from", []byte(text), 8), newWorld(t, to, "to", []byte(text), 8)
			p := other.progs["main"]
			h := &bpfmap.Handle{ID: 1, Value: p.Entry(), Object: p}
			if e := w.maps[w.coll.Map("progs")].(bpfmap.Holder).Hold(make([]byte, 4), h, abi.UpdateAny); e != 0 {
				t.Fatalf("errno %d", e)
			}
			bctx, _ := memory(t, 8)
			r := w.runner(t, 0)
			if r0, err := r.Run(w.progs["main"], bctx); (err == nil) != (from == to) || from == to && r0 != 1 {
				t.Errorf("from %s into %s: %d, %v", from, to, r0, err)
			}
			_ = r.Close()
		}
	}
}

// TestTailCallsSurviveTheChurn puts ever new programs into an array while others
// call them. Each is freed when the array has let go of it.
func TestTailCallsSurviveTheChurn(t *testing.T) {
	t.Parallel()
	const text = `
.map progs prog_array key=4 value=4 entries=1
.program main section=tracepoint
    r2 = map[progs] ll
    r3 = 0
    call bpf_tail_call
    r0 = 7
    exit
.program target section=tracepoint
    r0 = 8
    exit
`
	for _, engine := range []string{"verified", "jit verified"} {
		w := newWorld(t, engine, "churn", []byte(text), 8)
		array := w.maps[w.coll.Map("progs")]
		stop := make(chan struct{})
		var wg sync.WaitGroup
		var freed atomic.Int64
		for range 2 {
			bctx, _ := memory(t, 8)
			r := w.runner(t, 0)
			wg.Go(func() {
				defer r.Close()
				for {
					select {
					case <-stop:
						return
					default:
					}
					for range 100 {
						if r0, err := r.Run(w.progs["main"], bctx); err != nil || r0 != 7 && r0 != 8 {
							t.Errorf("%s: %d, %v", engine, r0, err)
							return
						}
					}
				}
			})
		}
		img := w.progs["target"].Image()
		const turns = 300
		for i := range turns {
			p, err := engines[engine](img, vm.Options{Helpers: helper.Table()}, 8)
			if err != nil {
				t.Fatal(err)
			}
			h := &bpfmap.Handle{ID: 1, Value: p.Entry(), Object: p, Release: func() {
				freed.Add(1)
				if err := p.Close(); err != nil {
					t.Error(err)
				}
			}}
			if e := array.(bpfmap.Holder).Hold(make([]byte, 4), h, abi.UpdateAny); e != 0 {
				t.Fatalf("errno %d", e)
			}
			if i%3 == 0 {
				array.(bpfmap.Syscaller).SysDelete(make([]byte, 4))
			}
		}
		array.(bpfmap.Syscaller).SysDelete(make([]byte, 4))
		close(stop)
		wg.Wait()
		if n := freed.Load(); n != turns {
			t.Errorf("%s: %d of %d programs were freed", engine, n, turns)
		}
	}
}
