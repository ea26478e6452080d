package ringbuf

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/internal/await"
)

// Errors of Read.
var (
	ErrClosed  = os.ErrClosed
	ErrFlushed = errors.New("ring buffer flushed")
)

// Record is one record of a ring buffer.
type Record struct {
	RawSample []byte
	// Remaining is the least number of bytes that waited after this record.
	Remaining int
}

// Reader reads the records of a ring buffer map.
type Reader struct {
	ring skep.Ring
	m    *skep.Map
	wait *await.Waiter
	mu   sync.Mutex // held by the one that reads
}

// NewReader makes a reader of a map of type RingBuf. The caller closes both.
func NewReader(m *skep.Map) (*Reader, error) {
	ring, err := m.Ring()
	if err != nil {
		return nil, err
	}
	held, err := m.Clone()
	if err != nil {
		return nil, fmt.Errorf("ring buffer: %w", err)
	}
	return &Reader{ring: ring, m: held, wait: await.New(ring.Notify(), ring.Wake, ErrFlushed)}, nil
}

// Read waits for the next record. It returns ErrClosed after Close,
// os.ErrDeadlineExceeded after the deadline and ErrFlushed after Flush; the
// last two once no record is left.
func (r *Reader) Read() (Record, error) {
	var rec Record
	err := r.ReadInto(&rec)
	return rec, err
}

// ReadInto is Read that reuses rec's memory.
func (r *Reader) ReadInto(rec *Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.wait.Closed() {
		if r.ring.Consume(func(sample []byte) { rec.RawSample = append(rec.RawSample[:0], sample...) }) {
			rec.Remaining = r.ring.Available()
			return nil
		}
		if err := r.wait.Wait(); err != nil {
			return err
		}
	}
	return ErrClosed
}

// SetDeadline limits how long Read waits; the zero time means for ever.
func (r *Reader) SetDeadline(t time.Time) { r.wait.SetDeadline(t) }

// Flush makes Read return what is there and then ErrFlushed, once.
func (r *Reader) Flush() error {
	r.wait.Flush()
	return nil
}

// AvailableBytes is the number of bytes that wait in the ring buffer.
func (r *Reader) AvailableBytes() int { return r.ring.Available() }

// BufferSize is the size of the ring buffer in bytes.
func (r *Reader) BufferSize() int { return r.ring.Size() }

// Close ends waiting calls of Read with ErrClosed. It is idempotent.
func (r *Reader) Close() error {
	if !r.wait.Close() {
		return nil
	}
	// The map's memory goes with the last handle: not under a running Read.
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.m.Close()
}
