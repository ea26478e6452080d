package perf_test

import (
	"encoding/binary"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/perf"
)

// A program that sends the first 8 bytes of its packet as a sample.
const source = `
.license "Dual MIT/GPL"
.map events perf_event_array key=4 value=4 entries=64
.program emit section=xdp
    r6 = *(u32 *)(r1 +0)
    r2 = *(u32 *)(r1 +4)
    r3 = r6
    r3 += 8
    if r3 > r2 goto out
    r6 = *(u64 *)(r6 +0)
    *(u64 *)(r10 -8) = r6
    r2 = map[events] ll
    r3 = 0xffffffff ll
    r4 = r10
    r4 += -8
    r5 = 8
    call bpf_perf_event_output
    if r0 != 0 goto full
out:
    r0 = 2
    exit
full:
    r0 = 1
    exit
`

func open(t *testing.T) (*skep.Program, *perf.Reader) {
	t.Helper()
	img, err := asm.Parse("emit.s", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	coll, err := skep.NewCollection(skep.NewCollectionSpec(img))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(coll.Close)
	r, err := perf.NewReader(coll.Maps["events"], 4096)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return coll.Programs["emit"], r
}

func emit(t *testing.T, p *skep.Program, n uint64) uint32 {
	t.Helper()
	pkt := binary.LittleEndian.AppendUint64(nil, n)
	ret, err := p.Run(&skep.RunOptions{Data: append(pkt, make([]byte, 56)...)})
	if err != nil {
		t.Error(err)
	}
	return ret
}

func TestSamplesComeOutOrCountAsLost(t *testing.T) {
	t.Parallel()
	p, r := open(t)
	sent, full := 0, 0
	for sent < 1000 {
		if emit(t, p, uint64(sent)) != 2 {
			full++
		}
		sent++
	}
	if full == 0 {
		t.Fatal("a buffer of a page took a thousand samples on every CPU")
	}
	r.SetDeadline(time.Now())
	got := 0
	for {
		rec, err := r.Read()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(rec.RawSample) < 8 {
			t.Fatalf("a sample of %d bytes", len(rec.RawSample))
		}
		got++
	}
	if got != sent-full {
		t.Errorf("%d samples of %d, %d refused", got, sent, full)
	}
	// The next samples bring the count of the lost ones with them.
	lost := uint64(0)
	for range 2 * 64 {
		emit(t, p, 0)
	}
	for {
		rec, err := r.Read()
		if err != nil {
			break
		}
		lost += rec.LostSamples
	}
	if lost == 0 || lost > uint64(full) {
		t.Errorf("%d lost, %d refused", lost, full)
	}
}

func TestAPausedReaderTakesNothing(t *testing.T) {
	t.Parallel()
	p, r := open(t)
	if err := r.Pause(); err != nil {
		t.Fatal(err)
	}
	if emit(t, p, 1) != 1 {
		t.Error("a sample was taken")
	}
	if err := r.Resume(); err != nil {
		t.Fatal(err)
	}
	if emit(t, p, 1) != 2 {
		t.Error("a sample was refused")
	}
}

func TestCloseEndsARead(t *testing.T) {
	t.Parallel()
	_, r := open(t)
	done := make(chan error)
	go func() {
		_, err := r.Read()
		done <- err
	}()
	time.Sleep(time.Millisecond)
	r.Close()
	if err := <-done; !errors.Is(err, perf.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestOnlyPerfEventArraysAreRead(t *testing.T) {
	t.Parallel()
	m, err := skep.NewMap(&skep.MapSpec{Name: "m", Type: skep.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := perf.NewReader(m, 4096); err == nil {
		t.Error("an array was read as a perf event array")
	}
}
