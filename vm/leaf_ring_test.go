package vm_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/vm"
)

// ringText writes records of 8 to 1000 bytes: args has the number of records
// at 0, the flags at 8, and whether to discard every third at 16.
const ringText = `
.map args array key=4 value=64 entries=1
.map ring ringbuf entries=%d
.program main section=xdp
    r9 = map[args][0] ll
    r6 = *(u64 *)(r9 +0)
    r6 &= 63
    r7 = 64
    r8 = 0
again:
    r7 += -1
    if r7 == 0 goto out
    if r6 == 0 goto out
    r6 += -1
    r1 = map[ring] ll
    r2 = %d
    r3 = 0
    call bpf_ringbuf_reserve
    if r0 == 0 goto again
    r8 += 1
    *(u64 *)(r0 +0) = r6
    r1 = r0
    r2 = *(u64 *)(r9 +8)
    r3 = *(u64 *)(r9 +16)
    if r3 == 0 goto submit
    r4 = r8
    r4 %%= 3
    if r4 != 0 goto submit
    call bpf_ringbuf_discard
    goto again
submit:
    call bpf_ringbuf_submit
    goto again
out:
    r0 = r8
    exit
`

// drain takes all records and is their first words.
func drain(t *testing.T, ring *bpfmap.RingBuf, size int) (got []uint64) {
	t.Helper()
	for ring.Consume(func(b []byte) {
		if len(b) != size {
			t.Errorf("a record of %d bytes, want %d", len(b), size)
		}
		got = append(got, binary.LittleEndian.Uint64(b))
	}) {
	}
	return got
}

func notified(ring *bpfmap.RingBuf) bool {
	select {
	case <-ring.Notify():
		return true
	default:
		return false
	}
}

// TestRingLeavesDoWhatGoDoes writes the same records by machine code and by
// the helpers, and demands the same results, records, positions and wake-ups.
func TestRingLeavesDoWhatGoDoes(t *testing.T) {
	t.Parallel()
	e := leafEngine(t)
	plain, err := leafless()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, 8))
	for entries, sizes := range map[int][]int{
		4096: {8, 13, 1000, 4080, 4081, 4088, 4089, 9000}, 16384: {100, 4081, 8184, 20000},
	} {
		for _, size := range sizes {
			text := fmt.Sprintf(ringText, entries, size)
			worlds := []*leafWorld{newLeafWorld(t, e, text), newLeafWorld(t, plain, text)}
			var results [2]string
			for range 40 {
				n, flags, discard := r.Uint64N(40), r.Uint64N(3), r.Uint64N(2)
				drains := r.IntN(3) == 0
				for i, w := range worlds {
					binary.LittleEndian.PutUint64(w.args, n)
					binary.LittleEndian.PutUint64(w.args[8:], flags)
					binary.LittleEndian.PutUint64(w.args[16:], discard)
					runner := w.runner(t, 0)
					r0, err := runner.Run(w.progs["main"], 0)
					if err != nil {
						t.Fatal(err)
					}
					if k := runner.Context().Holding(); k != 0 {
						t.Fatalf("%d records are held", k)
					}
					_ = runner.Close()
					ring := w.maps[w.coll.Map("ring")].(*bpfmap.RingBuf)
					results[i] = fmt.Sprint(r0, " records, woken ", notified(ring))
					if drains {
						results[i] += fmt.Sprint(" and took ", drain(t, ring, size))
					}
					results[i] += fmt.Sprint(" positions ", ring.Query(bpfmap.RingProducerPos), ring.Query(bpfmap.RingConsumerPos))
				}
				if results[0] != results[1] {
					t.Fatalf("%d entries, %d bytes, %d records, flags %d, discard %d:\n%s, Go:\n%s", entries, size, n, flags, discard, results[0], results[1])
				}
			}
		}
	}
}

// TestRingLeavesStayInMachineCode counts the calls that leave.
func TestRingLeavesStayInMachineCode(t *testing.T) {
	t.Parallel()
	w := newLeafWorld(t, leafEngine(t), fmt.Sprintf(ringText, 65536, 24))
	r := w.runner(t, 0)
	binary.LittleEndian.PutUint64(w.args, 60)
	for i, c := range []struct {
		flags uint64
		left  int64
	}{
		{1, 0}, {1, 0}, {0, 0}, {2, 60},
	} {
		w.bodies.Store(0)
		binary.LittleEndian.PutUint64(w.args[8:], c.flags)
		if n, err := r.Run(w.progs["main"], 0); n != 60 || err != nil {
			t.Fatal(n, err)
		}
		if n := w.bodies.Load(); n != c.left {
			t.Errorf("run %d with flags %d: %d calls left to Go, want %d", i, c.flags, n, c.left)
		}
	}
}

// outputText writes up to 63 records of the bytes in data, with flags.
const outputText = `
.map args array key=4 value=64 entries=1
.map data array key=4 value=20000 entries=1
.map ring ringbuf entries=%d
.program main section=xdp
    r9 = map[args][0] ll
    r6 = *(u64 *)(r9 +0)
    r6 &= 63
    r7 = 64
    r8 = 0
again:
    r7 += -1
    if r7 == 0 goto out
    if r6 == 0 goto out
    r6 += -1
    r1 = map[ring] ll
    r2 = map[data][%d] ll
    r3 = %d
    r4 = *(u64 *)(r9 +8)
    call bpf_ringbuf_output
    r8 <<= 1
    r8 ^= r0
    goto again
out:
    r0 = r8
    exit
`

// TestRingOutputOfLeavesDoesWhatGoDoes is TestRingLeavesDoWhatGoDoes for
// bpf_ringbuf_output.
func TestRingOutputOfLeavesDoesWhatGoDoes(t *testing.T) {
	t.Parallel()
	e := leafEngine(t)
	plain, err := leafless()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(9, 10))
	for _, size := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 23, 100, 4000, 4079, 4080, 4081, 4088, 4089, 4096, 4097, 8184, 8185, 10000} {
		text := fmt.Sprintf(outputText, 4096<<r.IntN(3), r.IntN(100), size)
		worlds := []*leafWorld{newLeafWorld(t, e, text), newLeafWorld(t, plain, text)}
		for turn := range 30 {
			n, flags := r.Uint64N(64), []uint64{0, 0, 1, 1, 2, 4}[r.IntN(6)]
			var data [20000]byte
			for i := range data {
				data[i] = byte(r.Uint32())
			}
			var results [2]string
			for i, w := range worlds {
				binary.LittleEndian.PutUint64(w.args, n)
				binary.LittleEndian.PutUint64(w.args[8:], flags)
				copy(w.maps[w.coll.Map("data")].(bpfmap.Memoryer).Memory(), data[:])
				runner := w.runner(t, 0)
				r0, err := runner.Run(w.progs["main"], 0)
				if err != nil {
					t.Fatal(err)
				}
				_ = runner.Close()
				ring := w.maps[w.coll.Map("ring")].(*bpfmap.RingBuf)
				results[i] = fmt.Sprintf("%#x, woken %v", r0, notified(ring))
				if turn%3 == 2 {
					for ring.Consume(func(b []byte) { results[i] += fmt.Sprintf(" %x", b) }) {
					}
				}
				results[i] += fmt.Sprint(" positions ", ring.Query(bpfmap.RingProducerPos), ring.Query(bpfmap.RingConsumerPos))
			}
			if results[0] != results[1] {
				t.Fatalf("%d bytes, %d records, flags %d:\n%s, Go:\n%s", size, n, flags, results[0], results[1])
			}
		}
		if n := worlds[0].bodies.Load(); size < 4000 && n >= worlds[1].bodies.Load()/2 {
			t.Errorf("%d bytes: %d calls left to Go", size, n)
		}
	}
}

const manyText = `
.map ring ringbuf entries=65536
.program main section=xdp
%s
    r0 = 0
    exit
`

// TestManyRecordsAtOnce holds more records than machine code keeps, and gives
// them back in the order that they came, in the opposite one, and not at all.
func TestManyRecordsAtOnce(t *testing.T) {
	t.Parallel()
	const n = 9
	for _, order := range []string{"first", "last", "none"} {
		text := ""
		for i := range n {
			text += fmt.Sprintf("    r1 = map[ring] ll\n    r2 = 16\n    r3 = 0\n    call bpf_ringbuf_reserve\n    if r0 == 0 goto none%d\n    *(u64 *)(r0 +0) = %d\n    *(u64 *)(r10 %+d) = r0\n    goto next%d\nnone%d:\n    *(u64 *)(r10 %+d) = r0\nnext%d:\n", i, i, -8*(i+1), i, i, -8*(i+1), i)
		}
		for k := range n {
			i := k
			if order == "last" {
				i = n - 1 - k
			}
			text += fmt.Sprintf("    r1 = *(u64 *)(r10 %+d)\n    if r1 == 0 goto no%d\n    r2 = 0\n    call bpf_ringbuf_submit\nno%d:\n", -8*(i+1), i, i)
		}
		budget := int64(0)
		if order == "none" {
			budget = 1 // ends at the entry
		}
		w := newLeafWorld(t, leafEngine(t), fmt.Sprintf(manyText, text))
		r := w.runner(t, budget)
		_, err := r.Run(w.progs["main"], 0)
		if (err != nil) != (budget != 0) {
			t.Fatal(err)
		}
		if k := r.Context().Holding(); k != 0 {
			t.Errorf("%s: %d records are held", order, k)
		}
		ring := w.maps[w.coll.Map("ring")].(*bpfmap.RingBuf)
		if got := drain(t, ring, 16); budget == 0 && len(got) != n {
			t.Errorf("%s: the reader got %v", order, got)
		}
		if ring.Available() != 0 {
			t.Errorf("%s: %d bytes are stuck", order, ring.Available())
		}
	}
}

const heldText = `
.map ring ringbuf entries=4096
.program main section=xdp
    call bpf_ktime_get_ns
    r1 = map[ring] ll
    r2 = 16
    r3 = 0
    call bpf_ringbuf_reserve
    if r0 == 0 goto out
    r6 = r0
    *(u64 *)(r6 +0) = 1
    *(u64 *)(r6 +8) = 2
    call bpf_ktime_get_ns
    r1 = map[ring] ll
    r2 = 16
    r3 = 0
    call bpf_ringbuf_reserve
    if r0 == 0 goto only
    r7 = r0
    *(u64 *)(r7 +0) = 3
    call bpf_ktime_get_ns
    r1 = r7
    r2 = 0
    call bpf_ringbuf_submit
only:
    call bpf_ktime_get_ns
    r1 = r6
    r2 = 0
    call bpf_ringbuf_submit
    call bpf_ktime_get_ns
out:
    r0 = 0
    exit
`

// TestRunsEndedWithRecordsOfMachineCodeDiscardThem ends runs in each of the
// calls of a helper.
func TestRunsEndedWithRecordsOfMachineCodeDiscardThem(t *testing.T) {
	t.Parallel()
	w := newLeafWorld(t, leafEngine(t), heldText)
	ring := w.maps[w.coll.Map("ring")].(*bpfmap.RingBuf)
	for last, want := range []struct {
		held    int
		samples int
	}{
		{0, 0}, {1, 0}, {2, 0}, {1, 1}, {0, 2},
	} {
		calls := 0
		w.clock = func(c *vm.Context) {
			if calls == last {
				if n := c.Holding(); n != want.held {
					t.Errorf("call %d: %d records are held, want %d", last, n, want.held)
				}
				c.Abort(vm.ErrBudget)
			}
			calls++
		}
		r := w.runner(t, 0)
		if _, err := r.Run(w.progs["main"], 0); !errors.Is(err, vm.ErrBudget) {
			t.Errorf("call %d: %v", last, err)
		}
		if n := r.Context().Holding(); n != 0 {
			t.Errorf("call %d: %d records are held after the end", last, n)
		}
		_ = r.Close()
		if n := len(drain(t, ring, 16)); n != want.samples {
			t.Errorf("call %d: %d samples, want %d", last, n, want.samples)
		}
		if ring.Available() != 0 {
			t.Fatalf("call %d: %d bytes are stuck", last, ring.Available())
		}
	}
}

// TestRingLeavesWriteBesideOneAnother writes on several virtual CPUs while
// a reader waits for each record: none may be lost or wait for ever.
func TestRingLeavesWriteBesideOneAnother(t *testing.T) {
	t.Parallel()
	w := newLeafWorld(t, leafEngine(t), fmt.Sprintf(ringText, 4096, 24))
	ring := w.maps[w.coll.Map("ring")].(*bpfmap.RingBuf)
	binary.LittleEndian.PutUint64(w.args, 5)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex
	written := uint64(0)
	for range 3 {
		wg.Go(func() {
			r, err := w.rt.Runner(context.Background(), nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Close()
			for ctx.Err() == nil {
				n, err := r.Run(w.progs["main"], 0)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				written += n
				mu.Unlock()
			}
		})
	}
	done := make(chan struct{})
	read := uint64(0)
	go func() {
		defer close(done)
		for {
			read += uint64(len(drain(t, ring, 24)))
			select {
			case <-ring.Notify():
			case <-time.After(2 * time.Second):
				return
			}
			if ctx.Err() != nil {
				wg.Wait()
				read += uint64(len(drain(t, ring, 24)))
				return
			}
		}
	}()
	wg.Wait()
	ring.Wake()
	<-done
	if read != written || written == 0 || ring.Available() != 0 {
		t.Errorf("%d records written, %d read, %d bytes left", written, read, ring.Available())
	}
}
