package skep

import (
	"errors"
	"fmt"
)

// Ring is the consumer's side of a ring buffer; package ringbuf reads it.
type Ring interface {
	// Consume calls f with the next record's bytes, which are valid until it
	// returns, and is false if there is none.
	Consume(f func(sample []byte)) bool
	// Notify has a value when records may have come. Wake puts one there.
	Notify() <-chan struct{}
	Wake()
	// Available is the number of bytes waiting, Size that of the buffer.
	Available() int
	Size() int
}

// PerfRings is the consumer's side of a perf event array; package perf reads
// it.
type PerfRings interface {
	// Consume calls f with the next record of any CPU: its bytes, which are
	// valid until f returns, or the number of samples lost. It is false if
	// there is none.
	Consume(f func(cpu int, sample []byte, lost uint64, remaining int)) bool
	Notify() <-chan struct{}
	Wake()
	// Size is the size of each CPU's buffer in bytes.
	Size() int
	// Pause makes output fail with ENOENT until Resume.
	Pause()
	Resume()
	Close() error
}

// Ring is the consumer's side of a map of type RingBuf.
func (m *Map) Ring() (Ring, error) {
	if m.Type() != RingBuf {
		return nil, fmt.Errorf("map %q: a %s is no ring buffer", m.name, m.Type())
	}
	b, ok := m.impl.(interface{ Ring() Ring })
	if !ok {
		return nil, &UnsupportedError{What: "reading ring buffers of this back end"}
	}
	return b.Ring(), nil
}

// PerfOptions are what perf buffers are made with.
type PerfOptions struct {
	// Size is the size of each CPU's buffer in bytes, rounded up to a power of
	// two pages.
	Size int
	// Watermark is the number of bytes, and WakeupEvents the number of samples,
	// that wake the reader. At most one may be set; without, each sample does.
	Watermark, WakeupEvents int
	// Overwritable buffers lose the oldest samples instead of the newest.
	Overwritable bool
}

// PerfRings gives every CPU of a map of type PerfEventArray a buffer and is
// their consumer's side.
func (m *Map) PerfRings(opts PerfOptions) (PerfRings, error) {
	if m.Type() != PerfEventArray {
		return nil, fmt.Errorf("map %q: a %s is no perf event array", m.name, m.Type())
	}
	if opts.Size < 1 {
		return nil, errors.New("perf buffer: size must be positive")
	}
	b, ok := m.impl.(interface {
		PerfRings(PerfOptions) (PerfRings, error)
	})
	if !ok {
		return nil, &UnsupportedError{What: "reading perf events of this back end"}
	}
	return b.PerfRings(opts)
}
