package bpfmap

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

func newRing(t testing.TB, size uint32) *RingBuf {
	t.Helper()
	return mustNew(t, newTable(t), image.Map{Type: abi.RingBuf, MaxEntries: size}).(*RingBuf)
}

// next is the next sample, nil if there is none.
func next(r *RingBuf) (s []byte) {
	r.Consume(func(b []byte) { s = append([]byte{}, b...) })
	return s
}

func TestRingBufLayoutIsLinuxs(t *testing.T) {
	t.Parallel()
	r := newRing(t, 4096)
	want(t, "output", r.Output([]byte("hello"), 0), 0)
	p := r.Reserve(16)
	pages := r.Pages()
	if len(pages) != 2*4096+2*4096 {
		t.Fatalf("%d bytes of pages", len(pages))
	}
	if got := binary.NativeEndian.Uint64(pages[4096:]); got != 16+24 {
		t.Errorf("producer position %d, want 40", got)
	}
	data := pages[8192:]
	if got := binary.NativeEndian.Uint32(data); got != 5 {
		t.Errorf("header of the first record %#x, want 5", got)
	}
	if got := binary.NativeEndian.Uint32(data[4:]); got != 3 {
		t.Errorf("page offset of the first record %d, want 3", got)
	}
	if !bytes.Equal(data[8:13], []byte("hello")) {
		t.Errorf("first sample %q", data[8:13])
	}
	if got := binary.NativeEndian.Uint32(data[16:]); got != 16|RingBufBusy {
		t.Errorf("header of the reserved record %#x", got)
	}
	r.Discard(p, 0)
	if got := binary.NativeEndian.Uint32(data[16:]); got != 16|RingBufDiscard {
		t.Errorf("header of the discarded record %#x", got)
	}
	if got := next(r); string(got) != "hello" {
		t.Errorf("sample %q", got)
	}
	if next(r) != nil {
		t.Error("a discarded record is read")
	}
	if got := binary.NativeEndian.Uint64(pages); got != 40 {
		t.Errorf("consumer position %d, want 40", got)
	}
}

func TestRingBufLimits(t *testing.T) {
	t.Parallel()
	r := newRing(t, 4096)
	if r.Reserve(4096-8+1) != 0 {
		t.Error("a record larger than the ring is reserved")
	}
	if r.Reserve(1<<30) != 0 || r.Reserve(1<<62) != 0 || r.Reserve(^uint64(0)) != 0 {
		t.Error("a record above 2^30 is reserved")
	}
	// One byte of the ring is never used, as positions differ by less than
	// its size.
	if r.Reserve(4096-8) != 0 {
		t.Error("a record as large as the ring is reserved")
	}
	p := r.Reserve(4096 - 16)
	if p == 0 {
		t.Fatal("the largest record is refused")
	}
	if r.Reserve(1) != 0 {
		t.Error("a full ring takes a record")
	}
	want(t, "output into a full ring", r.Output([]byte{1}, 0), abi.EAGAIN)
	want(t, "output with unknown flags", r.Output([]byte{1}, 4), abi.EINVAL)
	r.Commit(p, 0)
	if len(next(r)) != 4096-16 {
		t.Error("the largest record is not read")
	}
	want(t, "output of nothing", r.Output(nil, 0), 0)
	if s := next(r); s == nil || len(s) != 0 {
		t.Errorf("an empty record reads as %v", s)
	}
}

func TestRingBufStopsAtBusyRecords(t *testing.T) {
	t.Parallel()
	r := newRing(t, 4096)
	a, b := r.Reserve(8), r.Reserve(8)
	*a.U64(), *b.U64() = 1, 2
	r.Commit(b, 0)
	if next(r) != nil {
		t.Fatal("a record behind a busy one is read")
	}
	r.Commit(a, 0)
	for i := uint64(1); i <= 2; i++ {
		if s := next(r); s == nil || binary.NativeEndian.Uint64(s) != i {
			t.Fatalf("record %d is %v", i, s)
		}
	}
}

func TestRingBufQuery(t *testing.T) {
	t.Parallel()
	r := newRing(t, 8192)
	r.Output(make([]byte, 24), 0)
	r.Output(make([]byte, 1), 0)
	next(r)
	for what, want := range []uint64{16, 8192, 32, 48, 0} {
		if got := r.Query(uint64(what)); got != want {
			t.Errorf("query %d = %d, want %d", what, got, want)
		}
	}
}

func TestRingBufWakesByTheFlags(t *testing.T) {
	t.Parallel()
	r := newRing(t, 4096)
	woken := func() bool {
		select {
		case <-r.Notify():
			return true
		default:
			return false
		}
	}
	r.Output([]byte{1}, NoWakeup)
	if woken() {
		t.Error("BPF_RB_NO_WAKEUP wakes")
	}
	r.Output([]byte{2}, 0)
	if woken() {
		t.Error("a record wakes a reader that has not caught up")
	}
	r.Output([]byte{3}, ForceWakeup)
	if !woken() {
		t.Error("BPF_RB_FORCE_WAKEUP does not wake")
	}
	for next(r) != nil {
	}
	r.Output([]byte{4}, 0)
	if !woken() {
		t.Error("a record does not wake a reader that has caught up")
	}
}

func TestRingBufRecordsWrapInOnePiece(t *testing.T) {
	t.Parallel()
	r := newRing(t, 4096)
	rnd := rand.New(rand.NewPCG(1, 7))
	for i := range 2000 {
		s := bytes.Repeat([]byte{byte(i)}, rnd.IntN(1500))
		want(t, "output", r.Output(s, 0), 0)
		if got := next(r); !bytes.Equal(got, s) {
			t.Fatalf("record %d: %d bytes, want %d of %#x", i, len(got), len(s), byte(i))
		}
	}
}

func TestClosedRingBufIsEmpty(t *testing.T) {
	t.Parallel()
	r := newRing(t, 4096)
	want(t, "output", r.Output([]byte{1}, 0), 0)
	r.Consume(func(s []byte) {
		r.Close()
		if s[0] != 1 {
			t.Errorf("sample %v", s)
		}
	})
	if next(r) != nil || r.Available() != 0 {
		t.Error("a closed ring has records")
	}
}

// TestRingBufManyProducers has CPUs write and a reader that sleeps: all that
// was taken in comes out, in order of each CPU, and no wake-up is lost.
func TestRingBufManyProducers(t *testing.T) {
	t.Parallel()
	r := newRing(t, 4096)
	const records = 20000
	var dropped atomic.Int64
	var wg sync.WaitGroup
	for cpu := range testCPUs {
		wg.Go(func() {
			for i := 1; i <= records; i++ {
				p := r.Reserve(16)
				if p == 0 {
					dropped.Add(1)
					time.Sleep(10 * time.Microsecond)
					continue
				}
				*p.U64(), *(p + 8).U64() = uint64(cpu), uint64(i)
				if i%7 == 0 {
					dropped.Add(1)
					r.Discard(p, 0)
				} else {
					r.Commit(p, 0)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	got, last := 0, [testCPUs]uint64{}
	read := func() {
		for r.Consume(func(s []byte) {
			cpu, i := binary.NativeEndian.Uint64(s), binary.NativeEndian.Uint64(s[8:])
			if i <= last[cpu] || i%7 == 0 {
				t.Errorf("CPU %d: record %d after %d", cpu, i, last[cpu])
			}
			last[cpu] = i
			got++
		}) {
		}
	}
	for over := false; !over; {
		select {
		case <-r.Notify():
		case <-done:
			over = true
		case <-time.After(10 * time.Second):
			t.Fatal("the reader sleeps for ever")
		}
		read()
	}
	if want := testCPUs*records - int(dropped.Load()); got != want {
		t.Errorf("%d records came out, want %d", got, want)
	}
}

func TestRingBufWithoutMirror(t *testing.T) {
	t.Parallel()
	r := newRing(t, 4096)
	flat, err := r.ring.Flat()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.ring.Free(); err != nil {
		t.Fatal(err)
	}
	r.use(flat)
	rnd := rand.New(rand.NewPCG(2, 7))
	var queue [][]byte
	for i := range 5000 {
		s := bytes.Repeat([]byte{byte(i), byte(i >> 8)}, rnd.IntN(300))
		switch p := r.Reserve(uint64(len(s))); {
		case p == 0:
		case i%5 == 0:
			r.Discard(p, 0)
		default:
			copy(p.Bytes(len(s)), s)
			r.Commit(p, 0)
			queue = append(queue, s)
		}
		for rnd.IntN(3) > 0 && len(queue) > 0 {
			if got := next(r); !bytes.Equal(got, queue[0]) {
				t.Fatalf("record %d: %d bytes, want %d", i, len(got), len(queue[0]))
			}
			queue = queue[1:]
		}
	}
}
