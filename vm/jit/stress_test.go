package jit_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/jit"
)

// trusting opens the door for verified programs to those of these tests, which
// are good by construction, or bad on purpose.
type trusting struct{ *jit.Engine }

func (trusting) ChecksEveryAccess() {}

const stressText = `
.program calls section=socket
    r6 = 0
    r7 = 0
again:
    r1 = r6
    call bpf_ktime_get_ns
    r7 += r0
    r1 = r7
    call sub
    r7 += r0
    r6 += 1
    if r6 < 200 goto again
    r0 = r7
    exit
.func sub
    r6 = r1
    r1 = 5
    call bpf_get_prandom_u32
    *(u64 *)(r10 -8) = r6
    r0 = *(u64 *)(r10 -8)
    r0 -= r6
    r0 += 1
    exit
.program spins section=socket
    r0 = 0
again:
    r0 += 1
    if r0 < 3000000 goto again
    exit
.program endless section=socket
again:
    goto again
.program faults section=socket
    r1 = 0x100000000000 ll
    call sub
    exit
.func sub
    r0 = *(u64 *)(r1 +8)
    exit

.program light section=socket
    r0 = 7
    exit

.program lightfaults section=socket
    r1 = 0x100000000000 ll
    r0 = *(u64 *)(r1 +8)
    exit
`

// deep grows the goroutine's stack.
func deep(n int) uint64 {
	var pad [256]byte
	pad[n&255] = byte(n)
	if n == 0 {
		return uint64(pad[0])
	}
	return deep(n-1) + uint64(pad[(n+1)&255])
}

// TestStress runs programs on many goroutines while the collector runs without
// rest and a CPU profile and an execution trace are taken: helpers that grow the
// stack, allocate, yield, abort; loops without a call; faults. SKEP_STRESS is
// how long, 2 s by default.
func TestStress(t *testing.T) {
	length := 2 * time.Second
	if s := os.Getenv("SKEP_STRESS"); s != "" {
		var err error
		if length, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	engine, err := jit.New(nil)
	if err != nil {
		t.Skip(err)
	}
	rt, err := vm.NewRuntime(&vm.RuntimeOptions{CPUs: 8})
	if err != nil {
		t.Fatal(err)
	}
	progs := stressPrograms(t, engine)
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	if err := pprof.StartCPUProfile(io.Discard); err == nil {
		defer pprof.StopCPUProfile()
	}
	if err := trace.Start(io.Discard); err == nil {
		defer trace.Stop()
	}
	ctx, cancel := context.WithTimeout(context.Background(), length)
	defer cancel()
	var runs, faults atomic.Int64
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			r := rand.New(rand.NewPCG(uint64(i), 1))
			for ctx.Err() == nil {
				stressRun(t, rt, progs, r, &faults)
				runs.Add(1)
			}
		}()
	}
	wg.Wait()
	t.Logf("%d runs, %d of them faults", runs.Load(), faults.Load())
	for _, p := range progs {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := errors.Join(rt.Close(), engine.Close()); err != nil {
		t.Error(err)
	}
}

// errStop is what a helper ends a run with.
var errStop = errors.New("stopped")

func stressPrograms(t testing.TB, e *jit.Engine) map[string]*vm.Program {
	t.Helper()
	coll, err := asm.Parse("stress", []byte(strings.TrimPrefix(stressText, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	h := &vm.Helpers{ByID: make([]vm.HelperFunc, 256)}
	h.ByID[abi.KtimeGetNS] = func(c *vm.Context, r1, _, _, _, _ uint64) uint64 {
		switch r1 % 50 {
		case 3:
			return deep(300) & 1
		case 7:
			runtime.Gosched()
		case 11:
			return uint64(len(make([]byte, 1<<14))) & 1
		case 49:
			if rand.IntN(100) == 0 {
				c.Abort(errStop)
			}
		}
		return 1
	}
	h.ByID[abi.GetPrandomU32] = func(*vm.Context, uint64, uint64, uint64, uint64, uint64) uint64 { return 1 }
	progs := map[string]*vm.Program{}
	for _, img := range coll.Programs {
		p, err := vm.NewUnverified(img, trusting{e}, vm.Options{Helpers: h})
		if err != nil {
			t.Fatal(err)
		}
		progs[img.Name] = p
	}
	return progs
}

func stressRun(t *testing.T, rt *vm.Runtime, progs map[string]*vm.Program, r *rand.Rand, faults *atomic.Int64) {
	run, err := rt.Runner(context.Background(), nil)
	if err != nil {
		t.Error(err)
		return
	}
	defer run.Close()
	switch r.IntN(20) {
	case 18, 19:
		// These run on Go's stack.
		var f *vm.Fault
		for range 100 {
			if r0, err := run.Run(progs["light"], 0); r0 != 7 || err != nil {
				t.Errorf("light: %d, %v", r0, err)
			}
		}
		if _, err := run.Run(progs["lightfaults"], 0); !errors.As(err, &f) || f.Addr != 0x1000_0000_0008 {
			t.Errorf("lightfaults: %v", err)
		}
		faults.Add(1)
	case 0:
		if r0, err := run.Run(progs["spins"], 0); r0 != 3000000 || err != nil {
			t.Errorf("spins: %d, %v", r0, err)
		}
	case 1, 2:
		var f *vm.Fault
		if _, err := run.Run(progs["faults"], 0); !errors.As(err, &f) || f.Addr != 0x1000_0000_0008 {
			t.Errorf("faults: %v", err)
		}
		faults.Add(1)
	default:
		if _, err := run.Run(progs["calls"], 0); err != nil && !errors.Is(err, errStop) {
			t.Errorf("calls: %v", err)
		}
	}
}

// TestLoopsDoNotStopTheWorld demands that collections get through while a
// program loops without end, and that its Go context ends it. Code that never
// looked up would stop the test for good.
func TestLoopsDoNotStopTheWorld(t *testing.T) {
	engine, err := jit.New(nil)
	if err != nil {
		t.Skip(err)
	}
	rt, err := vm.NewRuntime(&vm.RuntimeOptions{CPUs: 1})
	if err != nil {
		t.Fatal(err)
	}
	p := stressPrograms(t, engine)["endless"]
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	run, err := rt.Runner(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := run.Run(p, 0)
		done <- err
	}()
	var worst time.Duration
	for range 50 {
		begin := time.Now()
		runtime.GC()
		worst = max(worst, time.Since(begin))
	}
	select {
	case err := <-done:
		t.Fatalf("the loop ended by itself: %v", err)
	default:
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v, want %v", err, context.Canceled)
	}
	t.Logf("the longest of 50 collections took %v", worst)
	if err := errors.Join(run.Close(), p.Close(), rt.Close(), engine.Close()); err != nil {
		t.Error(err)
	}
}

// TestEnginesCloseInAnyOrder demands that faults still end the run only, in code
// and in Go, after the engine below has gone.
func TestEnginesCloseInAnyOrder(t *testing.T) {
	first, err := jit.New(nil)
	if err != nil {
		t.Skip(err)
	}
	second, err := jit.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	rt, err := vm.NewRuntime(&vm.RuntimeOptions{CPUs: 1})
	if err != nil {
		t.Fatal(err)
	}
	run, err := rt.Runner(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := stressPrograms(t, second)["faults"]
	var f *vm.Fault
	if _, err := run.Run(p, 0); !errors.As(err, &f) {
		t.Errorf("code: %v, want a fault", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a nil pointer of Go was read")
			}
		}()
		var nothing *[1 << 8]byte
		_ = nothing[len(os.Args)]
	}()
	if err := errors.Join(run.Close(), p.Close(), rt.Close(), second.Close()); err != nil {
		t.Error(err)
	}
}
