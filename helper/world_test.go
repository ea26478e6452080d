package helper_test

import (
	"testing"
	"time"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
)

// newContext claims a context with a deterministic host.
func newContext(t *testing.T, h host.Host) (*vm.Context, *bpfmap.Table) {
	t.Helper()
	table := bpfmap.NewTable(bpfmap.TableOptions{CPUs: 2})
	rt, err := vm.NewRuntime(&vm.RuntimeOptions{Table: table, Host: h})
	if err != nil {
		t.Fatal(err)
	}
	c, err := rt.ClaimCPU(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Release(c) })
	return c, table
}

func room(t *testing.T, n int) (uint64, []byte) {
	t.Helper()
	b, err := mem.Alloc(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mem.Free(b) })
	return uint64(mem.AddrOf(b)), b
}

func TestHelpersSeeTheHost(t *testing.T) {
	t.Parallel()
	task := host.Task{PID: 11, TGID: 10, UID: 3, GID: 4, CgroupID: 99}
	copy(task.Comm[:], "a-long-command")
	h := host.NewFixed(host.FixedOptions{Start: time.Minute, Task: task})
	c, _ := newContext(t, h)
	table := helper.Table()
	for id, want := range map[abi.HelperID]uint64{
		abi.KtimeGetNS: uint64(time.Minute), abi.KtimeGetBootNS: h.Now(host.Boot), abi.KtimeGetTAINS: h.Now(host.TAI),
		abi.KtimeGetCoarseNS: h.Now(host.Coarse), abi.Jiffies64: h.Jiffies(),
		abi.GetCurrentPIDTGID: 10<<32 | 11, abi.GetCurrentUIDGID: 4<<32 | 3, abi.GetCurrentCgroupID: 99,
		abi.GetSmpProcessorID: 1, abi.GetNUMANodeID: uint64(int64(h.NUMANode(1))),
	} {
		if got := table.Helper(id)(c, 0, 0, 0, 0, 0); got != want {
			t.Errorf("%v: %#x, want %#x", id, got, want)
		}
	}
	again := host.NewFixed(host.FixedOptions{Start: time.Minute, Task: task})
	if got, want := table.Helper(abi.GetPrandomU32)(c, 0, 0, 0, 0, 0), uint64(again.Rand(1)); got != want {
		t.Errorf("random number %#x, want that of the virtual CPU %#x", got, want)
	}
	for size, want := range map[uint64]string{16: "a-long-command\x00\x00", 5: "a-lo\x00", 1: "\x00"} {
		a, b := room(t, 16)
		if r := table.Helper(abi.GetCurrentComm)(c, a, size, 0, 0, 0); r != 0 || string(b[:size]) != want {
			t.Errorf("comm in %d bytes: %q, %d", size, b[:size], r)
		}
	}
}

func TestTraceLinesReachTheHost(t *testing.T) {
	t.Parallel()
	h := host.NewFixed(host.FixedOptions{})
	c, _ := newContext(t, h)
	a, b := room(t, 64)
	n := copy(b, "%d of %s\n\x00")
	copy(b[32:], "nine\x00")
	c.Event = lent{a, 64}
	if r := helper.Table().Helper(abi.TracePrintk)(c, a, uint64(n), 7, a+32, 0); r != 10 {
		t.Errorf("length %d", r)
	}
	lines := h.Lines()
	if len(lines) != 1 || lines[0].CPU != 1 || lines[0].Text != "7 of nine" {
		t.Errorf("lines %+v", lines)
	}
}

// lent is an event whose memory the run may read.
type lent struct {
	a uint64
	n int
}

func (l lent) Range() (mem.Addr, int) { return mem.Addr(l.a), l.n }

func TestQueuesPushPeekAndPop(t *testing.T) {
	t.Parallel()
	c, table := newContext(t, host.NewFixed(host.FixedOptions{}))
	m, err := bpfmap.New(&image.Map{Name: "q", Type: abi.Queue, ValueSize: 8, MaxEntries: 2}, bpfmap.Options{Table: table})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	h := helper.Table()
	a, b := room(t, 8)
	call := func(id abi.HelperID, r3 uint64) uint64 { return h.Helper(id)(c, uint64(m.Header()), a, r3, 0, 0) }
	for i := range byte(2) {
		b[0] = i + 1
		if r := call(abi.MapPushElem, 0); r != 0 {
			t.Errorf("push: %d", int64(r))
		}
	}
	if r := call(abi.MapPushElem, 0); r != abi.E2BIG.R0() {
		t.Errorf("push into a full queue: %d", int64(r))
	}
	if r := call(abi.MapPeekElem, 0); r != 0 || b[0] != 1 {
		t.Errorf("peek: %d, %d", int64(r), b[0])
	}
	for i := range byte(2) {
		if r := call(abi.MapPopElem, 0); r != 0 || b[0] != i+1 {
			t.Errorf("pop: %d, %d", int64(r), b[0])
		}
	}
	if r := call(abi.MapPopElem, 0); r != abi.ENOENT.R0() {
		t.Errorf("pop from an empty queue: %d", int64(r))
	}
}

func TestMapsAnswerWhatTheyCannotDo(t *testing.T) {
	t.Parallel()
	c, table := newContext(t, host.NewFixed(host.FixedOptions{}))
	m, err := bpfmap.New(&image.Map{Name: "q", Type: abi.Queue, ValueSize: 8, MaxEntries: 2}, bpfmap.Options{Table: table})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	a, _ := room(t, 8)
	h := helper.Table()
	for id, want := range map[abi.HelperID]uint64{
		abi.MapLookupElem: 0, abi.RingBufReserve: 0, abi.RingBufOutput: abi.EINVAL.R0(), abi.PerfEventOutput: abi.EINVAL.R0(),
	} {
		if r := h.Helper(id)(c, uint64(m.Header()), a, 0, 0, 0); r != want {
			t.Errorf("%v of a queue: %d, want %d", id, int64(r), int64(want))
		}
	}
}
