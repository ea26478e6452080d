package vm_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/internal/mem"
)

// onceLeft calls f a moment after a call has left to Go, or after a time in which
// it should have; the result tells which.
func (w *leafWorld) onceLeft(f func()) <-chan bool {
	released := make(chan bool, 1)
	go func() {
		deadline := time.Now().Add(2 * time.Second)
		for w.bodies.Load() == 0 && time.Now().Before(deadline) {
			time.Sleep(100 * time.Microsecond)
		}
		left := w.bodies.Load() != 0
		time.Sleep(time.Millisecond)
		f()
		released <- left
	}()
	return released
}

// TestLookupsLeaveToGoWhileAWriterHoldsTheChain misses a key whose hash is
// there, which nobody may believe as long as a writer is at work.
func TestLookupsLeaveToGoWhileAWriterHoldsTheChain(t *testing.T) {
	t.Parallel()
	w := newLeafWorld(t, leafEngine(t), fmt.Sprintf(lookupText, "hash", 8, 8, 4, ""))
	m := w.maps[w.coll.Map("m")]
	r := w.runner(t, 0)
	key := []byte("key of 8")
	if e := m.(bpfmap.Updater).Update(0, key, key, 0); e != 0 {
		t.Fatal(e)
	}
	value := w.lookup(t, r, key)
	*(value - 8).U8() ^= 1 // the key is another one, its hash the same
	if w.lookup(t, r, key) != 0 || w.bodies.Load() != 0 {
		t.Fatalf("%d lookups left to Go", w.bodies.Load())
	}
	h := m.Header()
	locks, n := mem.Addr(*(h + bpfmap.HdrHashLocks).U64()), *(h + bpfmap.HdrHashLockMax).U32()+1
	change := func() {
		for i := range n {
			(locks + mem.Addr(i)*bpfmap.LockStride).AddU32(1)
		}
	}
	change()
	released := w.onceLeft(change)
	if got := w.lookup(t, r, key); got != 0 {
		t.Errorf("found at %#x", got)
	}
	if n := w.bodies.Load(); n != 1 || !<-released {
		t.Errorf("%d lookups left to Go, want 1", n)
	}
	// What is there is found all the same.
	change()
	*(value - 8).U8() ^= 1
	if got := w.lookup(t, r, key); got != value || w.bodies.Load() != 1 {
		t.Errorf("found at %#x, want %#x; %d lookups left to Go", got, value, w.bodies.Load())
	}
	change()
}

// TestRecordsLeaveToGoWhileAProducerHoldsTheLock reserves while another one
// does.
func TestRecordsLeaveToGoWhileAProducerHoldsTheLock(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"reserve": fmt.Sprintf(ringText, 4096, 24), "output": fmt.Sprintf(outputText, 4096, 0, 24)} {
		w := newLeafWorld(t, leafEngine(t), text)
		ring := w.maps[w.coll.Map("ring")].(*bpfmap.RingBuf)
		binary.LittleEndian.PutUint64(w.args, 1)
		lock := ring.Header() + bpfmap.HdrLock
		lock.StoreU32(1)
		released := w.onceLeft(func() { lock.StoreU32(0) })
		r := w.runner(t, 0)
		if _, err := r.Run(w.progs["main"], 0); err != nil {
			t.Fatal(err)
		}
		if !<-released {
			t.Errorf("%s: it did not wait in Go", name)
		}
		if n := r.Context().Holding(); n != 0 || len(drain(t, ring, 24)) != 1 || ring.Available() != 0 {
			t.Errorf("%s: %d records are held, %d bytes stuck", name, n, ring.Available())
		}
	}
}
