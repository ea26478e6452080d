package vm_test

import (
	"encoding/binary"
	"runtime"
	"slices"
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/jit"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// TestClockInMachineCode holds the clock that machine code reads between two
// readings of the host's, and looks whether Go is asked.
func TestClockInMachineCode(t *testing.T) {
	t.Parallel()
	coll, err := asm.Parse("clock", []byte(`
.program main section=syscall flags=sleepable
    r6 = r1
    r7 = 7
    r8 = 8
    r9 = 9
    *(u64 *)(r10 -8) = r9
    call bpf_ktime_get_ns
    *(u64 *)(r6 +0) = r0
    call bpf_ktime_get_ns
    *(u64 *)(r6 +8) = r0
    r0 = *(u64 *)(r10 -8)
    r0 += r7
    r0 += r8
    r0 += r9
    exit
`))
	if err != nil {
		t.Fatal(err)
	}
	world := host.NewReal(host.RealOptions{})
	for _, c := range []struct {
		what string
		off  emit.Opt
		host host.Host
		asks bool
	}{
		{"the machine's clock", 0, world, world.ClockCode() == 0 || runtime.GOARCH != "amd64"},
		{"the machine's clock with the optimisation left out", emit.OptClock, world, true},
		{"a clock that is made up", 0, host.NewFixed(host.FixedOptions{}), true},
	} {
		e, err := jit.New(&jit.Options{Off: c.off})
		if err != nil {
			t.Skip(err)
		}
		asked := 0
		helpers := *helper.Table()
		helpers.ByID = slices.Clone(helpers.ByID)
		body := helpers.ByID[abi.KtimeGetNS]
		helpers.ByID[abi.KtimeGetNS] = func(x *vm.Context, r1, r2, r3, r4, r5 uint64) uint64 {
			asked++
			return body(x, r1, r2, r3, r4, r5)
		}
		p, err := verified(coll.Programs[0], e, vm.Options{Helpers: &helpers})
		if err != nil {
			t.Fatal(err)
		}
		rt, err := vm.NewRuntime(&vm.RuntimeOptions{CPUs: 1, Host: c.host})
		if err != nil {
			t.Fatal(err)
		}
		x, err := rt.Claim(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		a, b := memory(t, 64)
		for range 100 {
			before := c.host.Now(host.Monotonic)
			r0, err := p.Run(x, a)
			after := c.host.Now(host.Monotonic)
			first, second := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
			// The host's origin is exact to less than a microsecond.
			const off = 5_000
			if err != nil || r0 != 33 || first+off < before || second < first || second > after+off {
				t.Errorf("%s: between %d and %d: %d and %d, r0 = %d, %v", c.what, before, after, first, second, r0, err)
			}
		}
		if (asked > 0) != c.asks {
			t.Errorf("%s: Go is asked %d times", c.what, asked)
		}
		rt.Release(x)
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
}
