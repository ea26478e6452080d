package perf

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
	ErrFlushed = errors.New("perf event array flushed")
)

// Record is a sample or a count of lost ones.
type Record struct {
	CPU         int    // virtual CPU that the program ran on
	RawSample   []byte // with the kernel's padding of up to 7 bytes
	LostSamples uint64 // samples that found the buffer full
	// Remaining is the least number of bytes that waited in the CPU's buffer
	// after this record.
	Remaining int
}

// ReaderOptions change when a Reader wakes up and what a full buffer does.
type ReaderOptions struct {
	// WakeupEvents is the number of samples on a CPU that wake Read up.
	WakeupEvents int
	// Watermark is the number of bytes on a CPU that wake Read up. At most one
	// of the two may be set; without, each sample does.
	Watermark int
	// Overwritable buffers lose the oldest samples instead of the newest, wake
	// nobody, and are read newest first while paused.
	Overwritable bool
}

// Reader reads the samples of a perf event array map.
type Reader struct {
	rings skep.PerfRings
	m     *skep.Map
	wait  *await.Waiter
	mu    sync.Mutex // held by the one that reads
}

// NewReader makes a reader of a map of type PerfEventArray with a buffer of
// perCPUBuffer bytes for each virtual CPU, rounded up to a power of two pages.
func NewReader(m *skep.Map, perCPUBuffer int) (*Reader, error) {
	return NewReaderWithOptions(m, perCPUBuffer, ReaderOptions{})
}

// NewReaderWithOptions is NewReader with options.
func NewReaderWithOptions(m *skep.Map, perCPUBuffer int, opts ReaderOptions) (*Reader, error) {
	rings, err := m.PerfRings(skep.PerfOptions{
		Size: perCPUBuffer, Watermark: opts.Watermark, WakeupEvents: opts.WakeupEvents, Overwritable: opts.Overwritable,
	})
	if err != nil {
		return nil, err
	}
	held, err := m.Clone()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("perf event array: %w", err), rings.Close())
	}
	return &Reader{rings: rings, m: held, wait: await.New(rings.Notify(), rings.Wake, ErrFlushed)}, nil
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
		if r.rings.Consume(func(cpu int, sample []byte, lost uint64, remaining int) {
			rec.CPU, rec.LostSamples, rec.Remaining = cpu, lost, remaining
			rec.RawSample = append(rec.RawSample[:0], sample...)
		}) {
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

// BufferSize is the size of each CPU's buffer in bytes.
func (r *Reader) BufferSize() int { return r.rings.Size() }

// Pause makes the output of programs fail with ENOENT until Resume.
func (r *Reader) Pause() error {
	r.rings.Pause()
	return nil
}

// Resume undoes Pause.
func (r *Reader) Resume() error {
	r.rings.Resume()
	return nil
}

// Close ends waiting calls of Read with ErrClosed. It is idempotent.
func (r *Reader) Close() error {
	if !r.wait.Close() {
		return nil
	}
	// The rings' memory goes with them: not under a running Read.
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.rings.Close(), r.m.Close())
}
