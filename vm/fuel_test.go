package vm_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/skepbpf/skep/vm"
)

// loopText is a function with random loops: up and down, of both widths, with
// ways out and ways back in the middle, one in another. r0 sums up what runs.
type loopText struct {
	strings.Builder
	r      *rand.Rand
	labels int
	calls  bool // and no limits in registers, which calls spoil
}

func (t *loopText) line(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) }

// loops writes loops that count in register reg and those above.
func (t *loopText) loops(reg, depth int) {
	t.labels++
	id, width := t.labels, "rw"[t.r.IntN(2)]
	pick := func(list ...string) string { return list[t.r.IntN(len(list))] }
	step, turns := []int{1, 1, 2, 3, -1, -2}[t.r.IntN(6)], t.r.IntN(40)
	first := t.r.IntN(50)
	if t.r.IntN(3) == 0 {
		first = -first
	}
	limit := first + step*turns
	stay := pick("!=", "!=", "s<", "s<=", "<", "<=")
	if step < 0 {
		stay = pick("!=", "!=", "s>", "s>=", ">", ">=")
	}
	if t.r.IntN(8) == 0 {
		limit += t.r.IntN(3) - 1 // may never be met
	}
	t.line(" r%d = %d", reg, first)
	bound := fmt.Sprint(limit)
	if t.r.IntN(3) == 0 && !t.calls {
		t.line(" r%d = %d", reg-5, limit)
		bound = fmt.Sprintf("%c%d", width, reg-5)
	}
	middle := t.r.IntN(5) == 0
	if middle {
		t.line(" goto m%d", id)
	}
	t.line("l%d:", id)
	t.line(" r0 += %d", 1+t.r.IntN(9))
	if t.r.IntN(4) == 0 {
		t.line(" r5 = r%d", reg)
		t.line(" r5 &= %d", t.r.IntN(16))
		t.line(" if r5 == %d goto %s%d", t.r.IntN(16), pick("x", "l", "m"), id)
	}
	if depth > 0 && t.r.IntN(3) > 0 {
		t.loops(reg+1, depth-1)
	}
	if t.r.IntN(4) == 0 && t.calls {
		t.line(" call f")
	}
	t.line("m%d:", id)
	if t.r.IntN(5) > 0 {
		t.line(" %c%d += %d", width, reg, step)
		t.line(" if %c%d %s %s goto l%d", width, reg, stay, bound, id)
	} else {
		t.line(" if %c%d %s %s goto b%d", width, reg, stay, bound, id)
		t.line(" goto x%d", id)
		t.line("b%d:", id)
		t.line(" %c%d += %d", width, reg, step)
		t.line(" goto l%d", id)
	}
	t.line("x%d:", id)
	t.line(" r0 ^= %d", t.r.IntN(1000))
}

// TestEnginesTakeTheSameFuel finds the smallest budget that each of many random
// programs ends with, and wants it to be the same on both engines.
func TestEnginesTakeTheSameFuel(t *testing.T) {
	t.Parallel()
	const programs, most = 300, 30_000
	text := &loopText{r: rand.New(rand.NewPCG(8, 9))}
	for i := range programs {
		text.line(".program p%d section=socket\n r0 = 0", i)
		text.calls = text.r.IntN(4) == 0
		for range 1 + text.r.IntN(2) {
			text.loops(6, text.r.IntN(3))
		}
		text.line(" exit")
		if text.calls {
			text.line(".func f\n r4 = 3\nagain:\n r4 += -1\n if r4 != 0 goto again\n r0 = r4\n exit")
		}
	}
	a, b := newWorld(t, "interp", "loops", []byte(text.String()), 0), newWorld(t, "jit", "loops", []byte(text.String()), 0)
	try := func(w *world, i int, budget int64) (uint64, bool) {
		r := w.runner(t, budget)
		defer func() { _ = r.Close() }()
		r0, err := r.Run(w.progs[fmt.Sprint("p", i)], 0)
		if err != nil && !errors.Is(err, vm.ErrBudget) {
			t.Fatal(err)
		}
		return r0, err == nil
	}
	ended := 0
	for i := range programs {
		want, ok := try(a, i, most)
		if !ok {
			if _, ok := try(b, i, most); ok {
				t.Errorf("p%d ends on the JIT alone", i)
			}
			continue
		}
		ended++
		lo, hi := int64(0), int64(most) // not enough, enough
		for hi-lo > 1 {
			if mid := (lo + hi) / 2; func() bool { _, ok := try(a, i, mid); return ok }() {
				hi = mid
			} else {
				lo = mid
			}
		}
		got, ok := try(b, i, hi)
		if !ok || got != want {
			t.Errorf("p%d with budget %d: %#x, %v; the interpreter gives %#x", i, hi, got, ok, want)
		}
		if _, ok := try(b, i, hi-1); ok && hi > 1 {
			t.Errorf("p%d ends with budget %d on the JIT alone", i, hi-1)
		}
	}
	if ended < programs/2 {
		t.Errorf("only %d programs end", ended)
	}
}
