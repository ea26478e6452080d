package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/internal/packet"
	"github.com/skepbpf/skep/vm"
)

// The functions of an object that are measured.
const (
	initName = "init"
	runName  = "run"
)

// Options choose what is measured.
type Options struct {
	Engine skep.Engine
	// Packet is what the programs run on; it is not reset between runs.
	Packet []byte
	// InitRuns is how often init runs before the first run. An object without
	// init is fine with 0.
	InitRuns int
	// PerfMap names the programs' code for perf.
	PerfMap bool
}

// Session is a loaded object, ready to run. One goroutine uses it at a time.
type Session struct {
	Engine  string
	Load    time.Duration // from the file to the loaded programs
	Compile time.Duration // of run, by the engine alone, the median of several

	rt     *skep.Runtime
	coll   *skep.Collection
	runner *vm.Runner
	run    *vm.Program
	bctx   mem.Addr
	frame  interface{ Close() error }
	rings  []*Ring
	result uint32
}

// Open loads the object that open reads, runs init, and readies run. The runs
// end when ctx is done.
func Open(ctx context.Context, open func() (*image.Collection, error), opts *Options) (*Session, error) {
	s := &Session{}
	if err := s.open(ctx, open, opts); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Session) open(ctx context.Context, open func() (*image.Collection, error), opts *Options) error {
	start := time.Now()
	img, err := open()
	if err != nil {
		return err
	}
	if img.Program(runName) == nil {
		return fmt.Errorf("no program %q: the one to measure must be called so", runName)
	}
	names := []string{runName}
	if opts.InitRuns > 0 {
		if img.Program(initName) == nil {
			return fmt.Errorf("no program %q, which is to run %d times", initName, opts.InitRuns)
		}
		names = append(names, initName)
	}
	if s.rt, err = skep.NewRuntime(&skep.RuntimeOptions{Engine: opts.Engine, PerfMap: opts.PerfMap}); err != nil {
		return err
	}
	if s.coll, err = skep.NewCollectionSpec(img).Load(&skep.CollectionOptions{Backend: s.rt}, names...); err != nil {
		return err
	}
	s.Load = time.Since(start)
	run := s.coll.Programs[runName]
	s.run = run.VM()
	info, err := run.Info()
	if err != nil {
		return err
	}
	s.Engine = info.Engine
	if err := s.compile(); err != nil {
		return err
	}
	for _, m := range s.coll.Maps {
		if m.Type() == skep.RingBuf {
			r, err := m.Ring()
			if err != nil {
				return err
			}
			s.rings = append(s.rings, NewRing(r))
		}
	}
	if s.runner, err = s.rt.VM().Runner(ctx, nil); err != nil {
		return err
	}
	if err := s.input(opts.Packet); err != nil {
		return err
	}
	return s.fill(opts.InitRuns)
}

// compilations is how often run is compiled for Compile: the first time in a
// process is that of memory that nobody has touched.
const compilations = 7

func (s *Session) compile() error {
	times := make([]time.Duration, compilations)
	for i := range times {
		start := time.Now()
		code, err := s.run.Engine().Compile(s.run)
		if err != nil {
			return err
		}
		times[i] = time.Since(start)
		if err := code.Close(); err != nil {
			return err
		}
	}
	slices.Sort(times)
	s.Compile = times[len(times)/2]
	return nil
}

// input makes the context of run's type, and its packet.
func (s *Session) input(pkt []byte) error {
	if len(pkt) < packet.EthLen {
		return fmt.Errorf("packet of %d bytes: at least %d are wanted", len(pkt), packet.EthLen)
	}
	layer2 := false
	switch t := s.run.Type(); t {
	case abi.XDP:
		x, err := packet.NewXDP(len(pkt))
		if err != nil {
			return err
		}
		s.frame, s.bctx, s.runner.Context().Event = x, x.Ctx(), x
		x.SetInput(1, 0)
		return x.Load(pkt)
	case abi.SchedCLS, abi.SchedACT:
		layer2 = true
	case abi.SocketFilter, abi.CgroupSKB, abi.LWTIn, abi.LWTOut, abi.LWTXmit:
	default:
		return &skep.UnsupportedError{What: "measuring programs of type " + t.Short()}
	}
	b, err := packet.NewSKB(len(pkt))
	if err != nil {
		return err
	}
	s.frame, s.bctx, s.runner.Context().Event = b, b.Ctx(), b
	return b.Load(pkt, layer2)
}

// fill runs init n times.
func (s *Session) fill(n int) error {
	if n == 0 {
		return nil
	}
	init := s.coll.Programs[initName].VM()
	if init.Type() != s.run.Type() {
		return fmt.Errorf("%s is of type %s, %s of type %s: they run on one packet", initName, init.Type().Short(), runName, s.run.Type().Short())
	}
	for range n {
		if _, err := s.runner.Run(init, s.bctx); err != nil {
			return fmt.Errorf("%s: %w", initName, err)
		}
		s.drain()
	}
	return nil
}

// Runs runs the program n times and says how long that took: the time between
// two looks at the clock, but for pauses in which ring buffers that would fill
// are emptied.
func (s *Session) Runs(n int) (time.Duration, error) {
	var total time.Duration
	for n > 0 {
		part := n
		for _, r := range s.rings {
			part = min(part, r.Room())
		}
		start := time.Now()
		r0, err := again(s.runner, s.run, s.bctx, part)
		total += time.Since(start)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", runName, err)
		}
		s.result = uint32(r0)
		for _, r := range s.rings {
			r.Learn(part)
		}
		n -= part
	}
	return total, nil
}

// again is the loop that is timed, and nothing else.
func again(r *vm.Runner, p *vm.Program, bctx mem.Addr, n int) (r0 uint64, err error) {
	for range n {
		if r0, err = r.Run(p, bctx); err != nil {
			return 0, err
		}
	}
	return r0, nil
}

// Result is the low half of the last run's r0.
func (s *Session) Result() uint32 { return s.result }

func (s *Session) drain() {
	for _, r := range s.rings {
		r.Drain()
	}
}

// Close gives everything back.
func (s *Session) Close() error {
	var err error
	if s.runner != nil {
		err = s.runner.Close()
	}
	if s.frame != nil {
		err = errors.Join(err, s.frame.Close())
	}
	if s.coll != nil {
		s.coll.Close()
	}
	if s.rt != nil {
		err = errors.Join(err, s.rt.Close())
	}
	return err
}
