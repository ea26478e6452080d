package ringbuf_test

import (
	"encoding/binary"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/ringbuf"
)

// A program that puts the first 8 bytes of its packet into a ring buffer.
const source = `
.map events ringbuf entries=4096
.program emit section=xdp
    r6 = *(u32 *)(r1 +0)
    r2 = *(u32 *)(r1 +4)
    r3 = r6
    r3 += 8
    if r3 > r2 goto out
    r1 = map[events] ll
    r2 = 8
    r3 = 0
    call bpf_ringbuf_reserve
    if r0 == 0 goto full
    r6 = *(u64 *)(r6 +0)
    *(u64 *)(r0 +0) = r6
    r1 = r0
    r2 = 0
    call bpf_ringbuf_submit
out:
    r0 = 2
    exit
full:
    r0 = 1
    exit
`

func open(t *testing.T) (*skep.Program, *ringbuf.Reader) {
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
	r, err := ringbuf.NewReader(coll.Maps["events"])
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

func TestRecordsComeOutInOrder(t *testing.T) {
	t.Parallel()
	p, r := open(t)
	go func() {
		for i := range uint64(1000) {
			for emit(t, p, i) != 2 {
				time.Sleep(time.Millisecond)
			}
		}
	}()
	var rec ringbuf.Record
	for i := range uint64(1000) {
		if err := r.ReadInto(&rec); err != nil {
			t.Fatal(err)
		}
		if got := binary.LittleEndian.Uint64(rec.RawSample); got != i {
			t.Fatalf("record %d is %d", i, got)
		}
	}
}

func TestAFullBufferRefusesRecords(t *testing.T) {
	t.Parallel()
	p, r := open(t)
	n := 0
	for emit(t, p, uint64(n)) == 2 {
		n++
	}
	// 16 bytes a record, and the last byte of the ring stays free.
	if n != 4096/16-1 && n != 4096/16 {
		t.Errorf("%d records in 4096 bytes", n)
	}
	if r.AvailableBytes() != n*16 || r.BufferSize() != 4096 {
		t.Errorf("%d of %d bytes", r.AvailableBytes(), r.BufferSize())
	}
	r.SetDeadline(time.Now())
	for ; ; n-- {
		if _, err := r.Read(); errors.Is(err, os.ErrDeadlineExceeded) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if n != 0 {
		t.Errorf("%d records were lost", n)
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
	if err := <-done; !errors.Is(err, ringbuf.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestOnlyRingBuffersAreRead(t *testing.T) {
	t.Parallel()
	m, err := skep.NewMap(&skep.MapSpec{Name: "m", Type: skep.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := ringbuf.NewReader(m); err == nil {
		t.Error("an array was read as a ring buffer")
	}
}
