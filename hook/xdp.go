package hook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/packet"
	"github.com/skepbpf/skep/vm"
)

// XDPAction is what an XDP program returns.
type XDPAction uint32

// The actions.
const (
	XDPAborted XDPAction = iota
	XDPDrop
	XDPPass
	XDPTx
	XDPRedirect
	xdpActions
)

var xdpNames = [xdpActions]string{"XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX", "XDP_REDIRECT"}

// String is the action's name in C.
func (a XDPAction) String() string {
	if a < xdpActions {
		return xdpNames[a]
	}
	return fmt.Sprintf("XDP action %d", uint32(a))
}

// Count is a number of frames, and of their bytes before the program ran.
type Count struct {
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
}

func (c *Count) add(n int) {
	c.Packets++
	c.Bytes += uint64(n)
}

// XDPResult is what came of a replay.
type XDPResult struct {
	Actions [xdpActions]Count
	// Invalid counts verdicts that are no action; the kernel treats them as
	// XDP_ABORTED.
	Invalid Count
	// NoTarget counts redirected frames, among those of XDPRedirect, whose
	// target was no interface of the replay.
	NoTarget Count
	// Cut counts frames that the capture had cut short.
	Cut Count
	// Time is how long the program ran, in total.
	Time time.Duration
}

// Total is the number of frames that the program saw.
func (r *XDPResult) Total() Count {
	t := r.Invalid
	for _, c := range r.Actions {
		t.Packets += c.Packets
		t.Bytes += c.Bytes
	}
	return t
}

// PerPacket is how long the program ran for one frame, in nanoseconds.
func (r *XDPResult) PerPacket() float64 {
	n := r.Total().Packets
	if n == 0 {
		return 0
	}
	return float64(r.Time.Nanoseconds()) / float64(n)
}

// Clock is a clock that can be moved on: *host.Fixed is one.
type Clock interface{ Advance(d time.Duration) }

// XDPOptions change how frames are replayed. The zero value and nil are good.
type XDPOptions struct {
	// Clock follows the frames: it is moved on by what they are apart, so that
	// rates and timeouts come out as they were when the frames were captured.
	// It must be the clock of the program's host. Nil leaves time alone.
	Clock Clock
	// Budget limits the instructions of each run, 0 for no limit.
	Budget int64
	// Poll is called after every few frames, to read what the program sent.
	Poll func() error
}

// batch is how many frames run between two looks at anything else, as many as
// the kernel's drivers take from a queue at a time. Runs are timed by batches,
// because reading the clock costs as much as a short program.
const batch = 64

// replay is a run of ReplayXDP.
type replay struct {
	run   func(*packet.XDP) (uint64, error) // the program
	ports *ports
	opts  XDPOptions
	slots [batch]slot
	clock int64 // latest time of a frame
	begun bool
	res   XDPResult
}

// slot is a frame on its way through the program.
type slot struct {
	xdp     *packet.XDP
	in      *port
	time    int64 // of the frame
	at      int64 // the same, but never before the frames in front of it
	number  int   // of the frame in its source, from 1
	n       int   // bytes captured
	length  int   // bytes on the wire
	verdict uint64
}

// ReplayXDP runs prog on every frame that the ports receive, in the order of
// their times, and does with each what prog says. A result comes with most
// errors: what was done before.
func ReplayXDP(ctx context.Context, prog *skep.Program, list []*Port, opts *XDPOptions) (*XDPResult, error) {
	name := prog.Name()
	p, rt := prog.VM(), prog.Runtime()
	if p == nil || rt == nil {
		return nil, fmt.Errorf("program %q runs in another back end", name)
	}
	if p.Type() != abi.XDP {
		return nil, fmt.Errorf("program %q is no XDP program", name)
	}
	if opts == nil {
		opts = &XDPOptions{}
	}
	runner, err := rt.VM().Runner(ctx, &vm.RunOptions{Budget: opts.Budget})
	if err != nil {
		return nil, err
	}
	c := runner.Context()
	replay := newReplay(opts, func(x *packet.XDP) (uint64, error) {
		c.Event = x
		bctx := x.Ctx()
		if prog.Unverified() {
			bctx, _ = x.Raw()
		}
		verdict, err := runner.Run(p, bctx)
		if err != nil {
			return 0, fmt.Errorf("program %q: %w", name, err)
		}
		return verdict, nil
	})
	var res *XDPResult
	prog.Do(ctx, func(ctx context.Context) { res, err = replay.all(ctx, list) })
	return res, errors.Join(err, runner.Close())
}

func newReplay(opts *XDPOptions, run func(*packet.XDP) (uint64, error)) *replay {
	return &replay{run: run, opts: *opts}
}

func (r *replay) close() error {
	var err error
	for i := range r.slots {
		if x := r.slots[i].xdp; x != nil {
			err = errors.Join(err, x.Close())
		}
	}
	return err
}

// all replays the ports and frees what it took to do so.
func (r *replay) all(ctx context.Context, list []*Port) (*XDPResult, error) {
	var err error
	if r.ports, err = openPorts(list); err != nil {
		return nil, err
	}
	err = r.loop(ctx)
	return &r.res, errors.Join(err, r.close())
}

// loop replays until the sources are empty. What the program saw before an
// error is still sent on and counted.
func (r *replay) loop(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.fill()
		ran, runErr := r.runAll(n)
		for i := range ran {
			if outErr := r.finish(&r.slots[i]); outErr != nil {
				return outErr
			}
		}
		if r.opts.Poll != nil && ran > 0 {
			if pollErr := r.opts.Poll(); pollErr != nil {
				return pollErr
			}
		}
		switch {
		case runErr != nil:
			s := &r.slots[ran]
			return fmt.Errorf("%s: frame %d: %w", s.in.Name, s.number, runErr)
		case err != nil:
			return err
		case n == 0:
			return nil
		}
	}
}

// fill takes the next frames, in the order of their times.
func (r *replay) fill() (int, error) {
	for n := range r.slots {
		p := r.ports.earliest()
		if p == nil {
			return n, nil
		}
		if err := r.load(&r.slots[n], p); err != nil {
			return n, fmt.Errorf("%s: frame %d: %w", p.Name, p.count, err)
		}
		if err := p.next(); err != nil {
			return n + 1, err
		}
	}
	return batch, nil
}

func (r *replay) load(s *slot, p *port) error {
	f := p.frame
	if s.xdp == nil || s.xdp.Cap() < len(f.Data) {
		x, err := packet.NewXDP(len(f.Data))
		if err != nil {
			return err
		}
		if s.xdp != nil {
			if err := s.xdp.Close(); err != nil {
				return err
			}
		}
		s.xdp = x
	}
	s.in, s.number, s.time, s.at, s.n, s.length = p, p.count, f.Time, p.last, len(f.Data), f.Length
	s.xdp.SetInput(p.ifindex, 0)
	return s.xdp.Load(f.Data)
}

// runAll runs the program on the first n slots and says how many it did.
func (r *replay) runAll(n int) (int, error) {
	if n == 0 {
		return 0, nil
	}
	if !r.begun {
		r.begun = true
		r.clock = r.slots[0].at
	}
	start := time.Now()
	defer func() { r.res.Time += time.Since(start) }()
	for i := range n {
		s := &r.slots[i]
		if r.opts.Clock != nil && s.at > r.clock {
			r.opts.Clock.Advance(time.Duration(s.at - r.clock))
			r.clock = s.at
		}
		var err error
		if s.verdict, err = r.run(s.xdp); err != nil {
			return i, err
		}
	}
	return n, nil
}

// finish counts a frame and does with it what the program said.
func (r *replay) finish(s *slot) error {
	if s.length > s.n {
		r.res.Cut.add(s.n)
	}
	// Linux 6.18: an action has 32 bits; what is none is traced and dropped.
	action := XDPAction(s.verdict)
	if action >= xdpActions {
		r.res.Invalid.add(s.n)
		return nil
	}
	r.res.Actions[action].add(s.n)
	switch action {
	case XDPPass:
		return r.send(s, s.in, s.in.Up)
	case XDPTx:
		return r.send(s, s.in, s.in.Out)
	case XDPRedirect:
		return r.redirect(s)
	}
	return nil
}

func (r *replay) redirect(s *slot) error {
	var err error
	ok := s.xdp.Devices(func(ifindex uint32) {
		if p := r.ports.byIndex[ifindex]; p == nil {
			r.res.NoTarget.add(s.n)
		} else if err == nil {
			err = r.send(s, p, p.Out)
		}
	})
	if !ok {
		r.res.NoTarget.add(s.n)
	}
	return err
}

func (r *replay) send(s *slot, p *port, to Sink) error {
	if to == nil {
		return nil
	}
	data := s.xdp.Data()
	if err := to.Write(Frame{Time: s.time, Data: data, Length: len(data)}); err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	return nil
}
