package skep_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/vm"
)

const closingText = `
.map jumps prog_array key=4 value=4 entries=4
.program caller section=socket
    r6 = r1
    r0 = 0
again:
    r0 += 1
    if r0 < 200 goto again
    r1 = r6
    r2 = map[jumps] ll
    r3 = 1
    call bpf_tail_call
    r0 = 1
    exit
.program callee section=socket
    r0 = 0
again:
    r0 += 1
    if r0 < 2000 goto again
    r0 = 2
    exit
`

func mustParse(t testing.TB, text string) *image.Collection {
	t.Helper()
	img, err := asm.Parse("text", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func loadText(t testing.TB, text string, opts *skep.CollectionOptions) *skep.Collection {
	t.Helper()
	coll, err := skep.NewCollectionWithOptions(skep.NewCollectionSpec(mustParse(t, text)), *opts)
	if err != nil {
		t.Fatal(err)
	}
	return coll
}

// TestProgramsCloseUnderRuns closes programs while others run them and tail
// call them. Freed code is filled with traps: a run that stayed inside would
// end the process.
func TestProgramsCloseUnderRuns(t *testing.T) {
	t.Parallel()
	for _, engine := range []skep.Engine{skep.EngineInterp, skep.EngineJIT} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			rt, err := skep.NewRuntime(&skep.RuntimeOptions{Engine: engine, CPUs: 6})
			if errors.Is(err, skep.ErrNotSupported) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			closeUnderRuns(t, rt)
			if err := rt.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func closeUnderRuns(t *testing.T, rt *skep.Runtime) {
	opts := &skep.CollectionOptions{Backend: rt}
	coll := loadText(t, closingText, opts)
	var current atomic.Pointer[skep.Program] // that anybody may run, and somebody closes
	current.Store(coll.DetachProgram("callee"))
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var runs, jumps, refused atomic.Int64
	var wg sync.WaitGroup
	count := func(r0 uint64, err error) {
		switch {
		case errors.Is(err, skep.ErrClosed):
			refused.Add(1)
		case err != nil || r0 != 1 && r0 != 2:
			t.Errorf("r0 = %d, %v", r0, err)
		case r0 == 2:
			jumps.Add(1)
		}
		runs.Add(1)
	}
	packet := make([]byte, 64)
	wg.Add(4)
	for i := range 2 {
		go func() { // through the face
			defer wg.Done()
			for ctx.Err() == nil {
				p := coll.Programs["caller"]
				if i == 1 {
					p = current.Load()
				}
				r0, err := p.Run(&skep.RunOptions{Data: packet})
				count(uint64(r0), err)
			}
		}()
		go func() { // as hooks do
			defer wg.Done()
			runner, err := rt.VM().Runner(context.Background(), &vm.RunOptions{})
			if err != nil {
				t.Error(err)
				return
			}
			defer runner.Close()
			for ctx.Err() == nil {
				p := coll.Programs["caller"]
				if i == 1 {
					p = current.Load()
				}
				count(runner.Run(p.VM(), 0))
			}
		}()
	}
	r := rand.New(rand.NewPCG(1, 2))
	for n := 0; ctx.Err() == nil; n++ {
		more := loadText(t, closingText, opts)
		next := more.DetachProgram("callee")
		more.Close()
		old := current.Swap(next)
		var err error
		switch r.IntN(3) {
		case 0:
			err = coll.Maps["jumps"].Delete(uint32(1))
			if errors.Is(err, skep.ErrKeyNotExist) {
				err = nil
			}
		case 1:
			err = coll.Maps["jumps"].Put(uint32(1), next)
		} // else no array keeps next alive
		if err = errors.Join(err, old.Close()); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	if jumps.Load() == 0 || refused.Load() == runs.Load() {
		t.Errorf("%d runs, %d tail calls, %d refused", runs.Load(), jumps.Load(), refused.Load())
	}
	t.Logf("%d runs, %d in the program called, %d refused", runs.Load(), jumps.Load(), refused.Load())
	if err := current.Load().Close(); err != nil {
		t.Error(err)
	}
	coll.Close()
}

// TestForgottenProgramsAreFreed demands that the collector closes programs that
// nobody did.
func TestForgottenProgramsAreFreed(t *testing.T) {
	t.Parallel()
	rt, err := skep.NewRuntime(&skep.RuntimeOptions{CPUs: 1})
	if err != nil {
		t.Fatal(err)
	}
	// A map closes once its program lets go of it.
	coll := loadText(t, `
.map counts array key=4 value=8 entries=1
.program main section=socket
    r1 = map[counts] ll
    r0 = 0
    exit
`, &skep.CollectionOptions{Backend: rt})
	id := coll.Maps["counts"].Backend().(interface{ Map() bpfmap.Map }).Map().ID()
	table := rt.VM().Table()
	if err := coll.Maps["counts"].Close(); err != nil {
		t.Fatal(err)
	}
	if table.ByID(id) == nil {
		t.Fatal("the map is gone while its program is there")
	}
	runtime.KeepAlive(coll)
	for range 200 {
		runtime.GC()
		if table.ByID(id) == nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Error("the program is there still")
}
