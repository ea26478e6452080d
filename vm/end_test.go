package vm_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/vm"
)

// holding reserves a record, takes a lock and calls back while it holds both;
// in the end it gives everything back.
const holding = `
.map ring ringbuf entries=4096
.map locks array key=4 value=8 entries=1
.program main section=socket
    r1 = map[ring] ll
    r2 = 16
    r3 = 0
    call bpf_ringbuf_reserve
    if r0 == 0 goto out
    r6 = r0
    r7 = map[locks][0] ll
    *(u64 *)(r6 +0) = 1
    r1 = r7
    call bpf_spin_lock
    *(u64 *)(r6 +8) = 2
    r1 = r7
    call bpf_spin_unlock
    r1 = 3
    r2 = turn ll
    r3 = 0
    r4 = 0
    call bpf_loop
    r1 = r6
    r2 = 0
    call bpf_ringbuf_submit
out:
    r0 = 0
    exit
.func turn
    r0 = 0
    exit
`

// TestRunsEndedAnywhereGiveBackWhatTheyHold ends a run at each of its
// instructions and looks at what it leaves behind.
func TestRunsEndedAnywhereGiveBackWhatTheyHold(t *testing.T) {
	t.Parallel()
	for _, engine := range unproven {
		ended, whole := 0, 0
		for budget := int64(1); whole == 0; budget++ {
			if budget > 1000 {
				t.Fatal("the run never gets to its end")
			}
			w := newWorld(t, engine, "holding", []byte(holding), 0)
			r := w.runner(t, budget)
			_, err := r.Run(w.progs["main"], 0)
			switch {
			case err == nil:
				whole++
			case errors.Is(err, vm.ErrBudget):
				ended++
			default:
				t.Fatal(err)
			}
			if n := r.Context().Holding(); n != 0 {
				t.Fatalf("%s: budget %d: %d entries in the ledger", engine, budget, n)
			}
			leftBehind(t, w, err == nil)
			if t.Failed() {
				t.Fatalf("%s: budget %d", engine, budget)
			}
			_ = r.Close()
		}
		if engine == "checked" && ended < 25 {
			t.Errorf("only %d ends were tried", ended)
		}
	}
}

// leftBehind looks for a lock and for records nobody will ever finish.
func leftBehind(t *testing.T, w *world, whole bool) {
	t.Helper()
	locks := w.maps[w.coll.Map("locks")].(bpfmap.Memoryer).Memory()
	for i, b := range locks[:4] {
		if b != 0 {
			t.Errorf("byte %d of the lock is %d", i, b)
		}
	}
	ring := w.maps[w.coll.Map("ring")].(*bpfmap.RingBuf)
	samples := 0
	for ring.Consume(func(sample []byte) {
		if samples++; sample[0] != 1 || sample[8] != 2 {
			t.Errorf("the reader got a record half written: %x", sample)
		}
	}) {
	}
	if whole && samples != 1 {
		t.Errorf("the reader got %d records", samples)
	}
	if a, c := ring.Query(bpfmap.RingProducerPos), ring.Query(bpfmap.RingConsumerPos); a != c {
		t.Errorf("producer at %d, consumer at %d: a record is stuck", a, c)
	}
}

// unproven are the engines for programs that no verifier would take.
var unproven = []string{"checked", "interp", "jit"}

const endless = `
.program main section=socket
    r0 = 0
again:
    r0 += 1
    goto again
.program calls section=socket
    r1 = 8388608
    r2 = turn ll
    r3 = 0
    r4 = 0
    call bpf_loop
    exit
.func turn
    r0 = 0
    exit
`

func TestBudgetEndsEndlessPrograms(t *testing.T) {
	t.Parallel()
	for _, engine := range unproven {
		w := newWorld(t, engine, "endless", []byte(endless), 0)
		for _, name := range []string{"main", "calls"} {
			for _, budget := range []int64{1, 1000, 1 << 20} {
				r := w.runner(t, budget)
				if _, err := r.Run(w.progs[name], 0); !errors.Is(err, vm.ErrBudget) {
					t.Errorf("%s: %s with budget %d: %v", engine, name, budget, err)
				}
				// The context is good for other runs.
				if _, err := r.Run(w.progs[name], 0); !errors.Is(err, vm.ErrBudget) {
					t.Errorf("%s: %s with budget %d, again: %v", engine, name, budget, err)
				}
				_ = r.Close()
			}
		}
	}
}

func TestCancellationEndsEndlessPrograms(t *testing.T) {
	t.Parallel()
	for _, engine := range unproven {
		w := newWorld(t, engine, "endless", []byte(endless), 0)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		r, err := w.rt.Runner(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Run(w.progs["main"], 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", engine, err)
		}
		if _, err := r.Run(w.progs["main"], 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: a run that begins after the end: %v", engine, err)
		}
		cancel()
		_ = r.Close()
	}
}

func TestClaimWaitsForAFreeContext(t *testing.T) {
	t.Parallel()
	rt, err := vm.NewRuntime(&vm.RuntimeOptions{CPUs: 1})
	if err != nil {
		t.Fatal(err)
	}
	c, err := rt.Claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := rt.Close(); err == nil {
		t.Error("a runtime in use was closed")
	}
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := rt.Claim(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("claim of a taken context: %v", err)
	}
	got := make(chan error)
	go func() {
		c, err := rt.Claim(context.Background())
		if err == nil {
			rt.Release(c)
		}
		got <- err
	}()
	time.Sleep(time.Millisecond)
	rt.Release(c)
	if err := <-got; err != nil {
		t.Error(err)
	}
	if err := rt.Close(); err != nil {
		t.Error(err)
	}
}

func TestRunsDoNotAllocate(t *testing.T) {
	w := newWorld(t, "interp", "holding", []byte(holding), 0)
	r := w.runner(t, 0)
	n := testing.AllocsPerRun(100, func() {
		if _, err := r.Run(w.progs["main"], 0); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%g allocations in a run", n)
	}
}

func TestClaimOfOneCPUWaitsForIt(t *testing.T) {
	t.Parallel()
	rt, err := vm.NewRuntime(&vm.RuntimeOptions{CPUs: 2})
	if err != nil {
		t.Fatal(err)
	}
	c, err := rt.ClaimCPU(t.Context(), 1)
	if err != nil || c.CPU != 1 {
		t.Fatalf("CPU %d, %v", c.CPU, err)
	}
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := rt.ClaimCPU(short, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("claim of a taken CPU: %v", err)
	}
	got := make(chan error)
	for range 3 {
		go func() {
			c, err := rt.ClaimCPU(context.Background(), 1)
			if err == nil {
				rt.Release(c)
			}
			got <- err
		}()
	}
	time.Sleep(time.Millisecond)
	rt.Release(c)
	for range 3 {
		if err := <-got; err != nil {
			t.Error(err)
		}
	}
	if _, err := rt.ClaimCPU(t.Context(), 2); err == nil {
		t.Error("a CPU that does not exist was claimed")
	}
	if err := rt.Close(); err != nil {
		t.Error(err)
	}
}
