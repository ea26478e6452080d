package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/cilium/ebpf/rlimit"

	"github.com/skepbpf/skep/internal/bench"
)

// kernel runs programs by BPF_PROG_TEST_RUN, which runs one many times in one
// system call.
type kernel struct{ o *options }

// newKernel fails where programs cannot be loaded and run.
func newKernel(o *options) (*kernel, error) {
	if err := rlimit.RemoveMemlock(); err != nil {
		return nil, err
	}
	k := &kernel{o}
	s, err := k.open(context.Background(), &empty)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	_, err = s.Runs(1)
	return k, err
}

func (k *kernel) close() error { return nil }

func (k *kernel) open(_ context.Context, r *row) (subject, error) {
	spec, err := ebpf.LoadCollectionSpec(k.o.object(r))
	if err != nil {
		return nil, err
	}
	coll, err := ebpf.NewCollection(spec)
	if err != nil {
		return nil, err
	}
	s := &loaded{coll: coll, run: coll.Programs["run"], packet: k.o.packet}
	if s.run == nil {
		return nil, errors.Join(errors.New("no program run"), s.Close())
	}
	if s.at, err = attach(s.run); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	for _, m := range coll.Maps {
		if m.Type() == ebpf.RingBuf {
			rd, err := ringbuf.NewReader(m)
			if err != nil {
				return nil, errors.Join(err, s.Close())
			}
			s.readers = append(s.readers, rd)
			s.rings = append(s.rings, bench.NewRing(kernelRing{rd}))
		}
	}
	for range r.inits {
		if _, err := coll.Programs["init"].Run(&ebpf.RunOptions{Data: k.o.packet}); err != nil {
			return nil, errors.Join(fmt.Errorf("init: %w", err), s.Close())
		}
	}
	return s, nil
}

// loaded is a row in the kernel.
type loaded struct {
	coll    *ebpf.Collection
	run     *ebpf.Program
	at      io.Closer // where it is attached
	packet  []byte
	readers []*ringbuf.Reader
	rings   []*bench.Ring
	result  uint32
}

// callTime is more than a system call takes that runs nothing.
const callTime = 100 * time.Microsecond

// Runs takes the time around the system call, because what the kernel itself
// reports is cut to whole nanoseconds a run; unless the call took so much longer
// than that that it has waited for something: test runs of other programs.
func (s *loaded) Runs(n int) (time.Duration, error) {
	var total time.Duration
	for n > 0 {
		part := n
		for _, r := range s.rings {
			part = min(part, r.Room())
		}
		start := time.Now()
		ret, perRun, err := s.run.Benchmark(s.packet, part, nil)
		took := time.Since(start)
		if err != nil {
			return 0, err
		}
		if most := time.Duration(part)*(perRun+1) + callTime; took > most {
			took = time.Duration(part)*perRun + time.Duration(part)/2
		}
		total += took
		s.result = ret
		for _, r := range s.rings {
			r.Learn(part)
		}
		n -= part
	}
	return total, nil
}

func (s *loaded) Result() uint32 { return s.result }

func (s *loaded) Close() error {
	var err error
	for _, r := range s.readers {
		err = errors.Join(err, r.Close())
	}
	if s.at != nil {
		err = errors.Join(err, s.at.Close())
	}
	s.coll.Close()
	return err
}

// kernelRing is a ring buffer of the kernel as bench sees one.
type kernelRing struct{ *ringbuf.Reader }

func (r kernelRing) Size() int      { return r.BufferSize() }
func (r kernelRing) Available() int { return r.AvailableBytes() }

func (r kernelRing) Consume(f func([]byte)) bool {
	r.SetDeadline(time.Unix(1, 0)) // no waiting
	rec, err := r.Read()
	if errors.Is(err, os.ErrDeadlineExceeded) || err != nil {
		return false
	}
	f(rec.RawSample)
	return true
}
