package vm_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/jit"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// callers writes programs that call in all ways: functions, callbacks of loops,
// iterators.
type callers struct {
	*rand.Rand
	strings.Builder
	labels int
}

func (w *callers) line(format string, args ...any) {
	fmt.Fprintf(w, "    "+format+"\n", args...)
}

func (w *callers) label() string {
	w.labels++
	return fmt.Sprintf("l%d", w.labels)
}

// numbers works on registers that hold numbers.
func (w *callers) numbers(regs ...int) {
	pick := func() int { return regs[w.IntN(len(regs))] }
	for range 1 + w.IntN(4) {
		switch op := []string{"+=", "^=", "*=", "-=", "|="}[w.IntN(5)]; w.IntN(4) {
		case 0:
			w.line("r%d %s %d", pick(), op, w.IntN(1000)-500)
		case 1:
			w.line("w%d %s w%d", pick(), op, pick())
		case 2:
			w.line("r%d %s r%d", pick(), op, pick())
		case 3:
			w.line("r%d >>= %d", pick(), w.IntN(8))
		}
	}
}

// function is a subprogram of two numbers that may call those behind it.
func (w *callers) function(n, of int) {
	fmt.Fprintf(w, ".func f%d\n", n)
	w.line("r0 = r1")
	live := []int{0, 1, 2}
	if w.IntN(2) == 0 {
		w.line("r%d = r2", 3+w.IntN(7))
	}
	if w.IntN(3) == 0 {
		w.line("*(u64 *)(r10 -%d) = r2", 8+8*w.IntN(3))
	}
	w.numbers(live...)
	if w.IntN(3) == 0 {
		w.line("if r1 s> %d goto +2", w.IntN(2000)-1000)
		w.line("r0 += 7")
		w.line("exit")
	}
	if n+1 < of && w.IntN(3) > 0 {
		saved := 6 + w.IntN(4)
		w.line("r%d = r2", saved)
		w.line("call f%d", n+1)
		w.line("r0 ^= r%d", saved)
	}
	if w.IntN(2) == 0 {
		w.line("r4 = r10")
		w.line("r4 += -16")
		w.line("*(u64 *)(r4 +0) = r0")
		if w.IntN(2) == 0 {
			w.line("call bpf_get_numa_node_id")
			w.line("r0 = *(u64 *)(r10 -16)")
		}
		w.line("r5 = *(u64 *)(r10 -16)")
		w.line("r0 += r5")
	}
	w.line("exit")
}

// turn is a callback of bpf_loop; depth is how deep loops may nest below.
func (w *callers) turn(n, depth int) {
	fmt.Fprintf(w, ".func turn%d\n", n)
	w.line("r6 = r2")
	w.line("r7 = r1")
	w.line("r1 = *(u64 *)(r6 +0)")
	w.line("r2 = r7")
	w.line("call f%d", w.IntN(3))
	w.line("r0 += r7")
	w.line("*(u64 *)(r6 +0) = r0")
	if depth > 0 {
		w.line("*(u64 *)(r10 -8) = r0")
		w.loop(depth, 8)
		w.line("r1 = *(u64 *)(r10 -8)")
		w.line("*(u64 *)(r6 +0) = r1")
	}
	if w.IntN(3) == 0 {
		w.line("r0 = 1")
		w.line("if w7 == %d goto +1", w.IntN(12))
	}
	w.line("r0 = 0")
	w.line("exit")
}

// short is a callback of bpf_loop that calls nothing.
func (w *callers) short() {
	fmt.Fprintf(w, ".func short\n")
	w.line("r3 = *(u64 *)(r2 +0)")
	w.line("r3 *= 31")
	w.line("r3 += r1")
	w.line("*(u64 *)(r2 +0) = r3")
	w.line("r0 = 0")
	w.line("exit")
}

// loop calls bpf_loop, with the word at r10 - at for the callback.
func (w *callers) loop(depth, at int) {
	fn := "short"
	if w.IntN(2) == 0 {
		fn = fmt.Sprintf("turn%d", depth-1)
	}
	switch w.IntN(5) {
	case 0:
		w.line("r1 = %d", []int{0, 1, 8<<20 + 1, 5}[w.IntN(4)])
	case 1:
		w.line("r1 = *(u64 *)(r10 -%d)", at)
		if w.IntN(4) == 0 {
			w.line("w1 |= 0x80000000")
		} else {
			w.line("w1 &= 7")
		}
	default:
		w.line("r1 = %d", 1+w.IntN(9))
	}
	w.line("r2 = %s ll", fn)
	w.line("r3 = r10")
	w.line("r3 += -%d", at)
	w.line("r4 = %d", w.IntN(8)/7)
	w.line("call bpf_loop")
}

// iterate is a loop over numbers.
func (w *callers) iterate(at int) {
	next, out := w.label(), w.label()
	w.line("r1 = r10")
	w.line("r1 += -%d", at)
	w.line("r2 = %d", w.IntN(5)-2)
	if w.IntN(2) == 0 {
		w.line("r2 = *(u64 *)(r10 -8)")
		w.line("w2 &= 15")
	}
	w.line("r3 = %d", []int{-1, 0, 5, 9, 17, 1 << 30}[w.IntN(6)])
	w.line("call bpf_iter_num_new")
	w.line("r1 = map[sum][0] ll")
	w.line("*(u64 *)(r1 +0) = r0")
	fmt.Fprintf(w, "%s:\n", next)
	w.line("r1 = r10")
	w.line("r1 += -%d", at)
	w.line("call bpf_iter_num_next")
	if w.IntN(2) == 0 {
		w.line("if r0 == 0 goto %s", out)
	} else {
		w.line("if r0 != 0 goto +1")
		w.line("goto %s", out)
	}
	w.line("r1 = *(u32 *)(r0 +0)")
	w.line("r2 = %d", w.IntN(100))
	w.line("call f%d", w.IntN(3))
	w.line("r1 = map[sum][0] ll")
	w.line("r2 = *(u64 *)(r1 +0)")
	w.line("r2 *= 3")
	w.line("r2 += r0")
	w.line("*(u64 *)(r1 +0) = r2")
	w.line("goto %s", next)
	fmt.Fprintf(w, "%s:\n", out)
	w.line("r1 = r10")
	w.line("r1 += -%d", at)
	w.line("call bpf_iter_num_destroy")
}

// each visits all of a map.
func (w *callers) each(at int) {
	w.line("r1 = map[%s] ll", []string{"plain", "percpu", "hash"}[w.IntN(3)])
	w.line("r2 = visit ll")
	if w.IntN(2) == 0 {
		w.line("r3 = r10")
		w.line("r3 += -%d", at)
	} else {
		w.line("r5 = r10")
		w.line("r5 += -%d", at)
		w.line("r3 = r5")
	}
	w.line("r4 = 0")
	w.line("call bpf_for_each_map_elem")
}

func (w *callers) visit() {
	fmt.Fprintf(w, ".func visit\n")
	deletes := w.IntN(3) == 0
	if deletes {
		w.line("r6 = r1")
		w.line("r7 = r2")
	}
	w.line("r5 = *(u64 *)(r3 +0)")
	w.line("r2 = *(u32 *)(r2 +0)")
	w.line("r1 = *(u64 *)(r4 +0)")
	w.line("r1 *= 17")
	w.line("r1 += r5")
	w.line("r1 += r2")
	w.line("*(u64 *)(r4 +0) = r1")
	w.line("r5 += r1")
	w.line("*(u64 *)(r3 +0) = r5")
	if w.IntN(2) == 0 {
		w.line("r%d = r2", 8+w.IntN(2))
		w.line("r9 = r2")
		w.line("call bpf_get_numa_node_id")
		w.line("r2 = r9")
	}
	if deletes {
		w.line("if r2 == %d goto +5", w.IntN(9))
		w.line("r8 = r2")
		w.line("r1 = r6")
		w.line("r2 = r7")
		w.line("call bpf_map_delete_elem")
		w.line("r2 = r8")
	}
	w.line("r0 = 0")
	if w.IntN(2) == 0 {
		w.line("if r2 != %d goto +1", w.IntN(6))
		w.line("r0 = 1")
	}
	w.line("exit")
}

// callersText is a random program. Iterators need the kernel's types for a
// verifier.
func callersText(seed uint64, iterators bool) string {
	w := &callers{Rand: rand.New(rand.NewPCG(seed, 5))}
	w.WriteString(`.map sum array key=4 value=8 entries=1
.map plain array key=4 value=8 entries=5
.map percpu percpu_array key=4 value=8 entries=3
.map hash hash key=4 value=8 entries=12
`)
	if iterators {
		w.WriteString(".kfunc bpf_iter_num_new\n.kfunc bpf_iter_num_next\n.kfunc bpf_iter_num_destroy\n")
	}
	w.WriteString(".program main section=tracepoint\n")
	busy := w.IntN(5) // how many of r6 to r9 hold something all along
	for r := 6; r < 6+busy; r++ {
		w.line("r%d = %d", r, w.IntN(1000))
	}
	w.line("r1 = *(u64 *)(r1 +8)")
	w.line("*(u64 *)(r10 -8) = r1")
	for range 2 + w.IntN(4) {
		switch n := w.IntN(5); {
		case n == 0:
			w.line("r1 = *(u64 *)(r10 -8)")
			w.line("r2 = %d", w.IntN(100))
			w.line("call f%d", w.IntN(3))
		case n == 1 && iterators:
			w.iterate(24)
			w.line("r0 = 0")
		case n == 2:
			w.each(8)
		default:
			w.loop(2, 8)
		}
		w.line("r1 = *(u64 *)(r10 -8)")
		w.line("r1 ^= r0")
		w.line("*(u64 *)(r10 -8) = r1")
	}
	w.line("r0 = *(u64 *)(r10 -8)")
	for r := 6; r < 6+busy; r++ {
		w.line("r0 *= 31")
		w.line("r0 += r%d", r)
	}
	// All functions are reached.
	w.line("r1 = map[sum][0] ll")
	w.line("r1 = *(u64 *)(r1 +0)")
	w.line("r0 += r1")
	w.line("if r0 != 0x1234567 goto +1")
	w.line("call all")
	w.line("exit")
	for n := range 3 {
		w.function(n, 3)
	}
	w.short()
	w.turn(0, 0)
	w.turn(1, 1)
	w.visit()
	fmt.Fprintf(w, ".func all\n")
	w.line("*(u64 *)(r10 -8) = 1")
	for _, fn := range []string{"short", "turn0", "turn1"} {
		w.line("r1 = 1\n    r2 = %s ll\n    r3 = r10\n    r3 += -8\n    r4 = 0\n    call bpf_loop", fn)
	}
	w.each(8)
	for n := range 3 {
		w.line("r1 = 1\n    r2 = 2\n    call f%d", n)
	}
	w.line("r0 = 1")
	w.line("exit")
	return w.String()
}

// without are engines that leave optimisations out: of calls, and all others. Only
// the last may end runs elsewhere, by OptFuel.
var without = sync.OnceValues(func() (engines []*jit.Engine, err error) {
	calls := emit.OptInline | emit.OptLoop | emit.OptKfunc
	for _, off := range []emit.Opt{
		emit.OptFuel, emit.OptFuel | emit.OptInline, emit.OptFuel | emit.OptLoop, emit.OptFuel | emit.OptKfunc, emit.OptAll &^ calls, 0,
	} {
		e, err := jit.New(&jit.Options{Off: off})
		if err != nil {
			return nil, err
		}
		engines = append(engines, e)
	}
	return engines, nil
})

// values is what the arrays of w hold.
func values(t *testing.T, w *world) (all [][]byte) {
	t.Helper()
	for _, def := range w.coll.Maps {
		m := w.maps[def].(bpfmap.Syscaller)
		for i := range def.MaxEntries {
			v := make([]byte, m.ValueLen())
			if e := m.SysLookup([]byte{byte(i), 0, 0, 0}, v, abi.UpdateAny); e == abi.ENOENT {
				v = nil
			} else if e != 0 {
				t.Fatalf("%s: errno %d", def.Name, e)
			}
			all = append(all, v)
		}
	}
	return all
}

// wipe makes the arrays of w zero.
func wipe(t *testing.T, w *world) {
	t.Helper()
	for _, def := range w.coll.Maps {
		m := w.maps[def].(bpfmap.Syscaller)
		for i := range def.MaxEntries {
			if e := m.SysUpdate([]byte{byte(i), 0, 0, 0}, make([]byte, m.ValueLen()), abi.UpdateAny); e != 0 {
				t.Fatalf("%s: errno %d", def.Name, e)
			}
		}
	}
}

// TestCallsAgree runs random programs that call in all ways, ended by their
// budget at many places, and compares results and what they leave in maps.
func TestCallsAgree(t *testing.T) {
	t.Parallel()
	all, err := without()
	if err != nil {
		t.Skip(err)
	}
	ran, ended := 0, 0
	for seed := range uint64(45) {
		iterators := seed%3 == 0
		text := callersText(seed, iterators)
		var want []string
		for n := -1; n < len(all); n++ {
			w := newWorldOn(t, "calls", []byte(text), func(img *image.Program, opts vm.Options) (*vm.Program, error) {
				switch {
				case n < 0 && iterators:
					return engines["interp"](img, opts, 64)
				case n < 0:
					return engines["verified"](img, opts, 64)
				case iterators:
					return vm.NewUnverified(img, trustingNative{all[n]}, opts)
				}
				return verified(img, all[n], opts)
			})
			for k := range 26 {
				budget := int64(k * 23)
				got, end := callersRun(t, w, budget)
				ran++
				if end {
					ended++
				}
				if n < 0 {
					want = append(want, got)
				} else if got != want[k] && (k == 0 || n != len(all)-1) {
					t.Fatalf("seed %d: engine %d: budget %d: %s\nwant %s\n%s", seed, n, budget, got, want[k], text)
				}
			}
		}
	}
	if ended*10 < ran || ended*10 > ran*9 {
		t.Errorf("%d of %d runs were ended by their budget", ended, ran)
	}
}

// callersRun is what a run of main shows, and whether the budget ended it.
func callersRun(t *testing.T, w *world, budget int64) (shown string, ended bool) {
	t.Helper()
	wipe(t, w)
	bctx, _ := memory(t, 64)
	run := w.runner(t, budget)
	r0, err := run.Run(w.progs["main"], bctx)
	if ended = errors.Is(err, vm.ErrBudget); err != nil && !ended {
		t.Fatal(err)
	}
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("r0 %#x, %v, maps %x", r0, err, values(t, w)), ended
}
