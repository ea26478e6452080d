package difftest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/packet"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
)

// NamedEngine is an engine under comparison.
type NamedEngine struct {
	Name string
	vm.Engine
}

// EngineTally is what engines were compared on.
type EngineTally struct {
	Programs, Refused, Unfit int
	Runs                     int
	Leaky                    int // runs that depend on addresses or on memory that was never written
	Ended                    int // runs that the budget ended
}

// Add adds the figures of u.
func (t *EngineTally) Add(u *EngineTally) {
	t.Programs += u.Programs
	t.Refused += u.Refused
	t.Unfit += u.Unfit
	t.Runs += u.Runs
	t.Leaky += u.Leaky
	t.Ended += u.Ended
}

// String is t in one line.
func (t *EngineTally) String() string {
	return fmt.Sprintf("%d programs (%d refused, %d unfit), %d runs compared, %d ended by the budget, %d depend on addresses",
		t.Programs, t.Refused, t.Unfit, t.Runs, t.Ended, t.Leaky)
}

// Disagreement is a run that an engine ends otherwise than the interpreter.
type Disagreement struct {
	Program string
	Seed    uint64 // of the world
	Engine  string
	Want    string // what the interpreter does
	Got     string
}

// Error names the run.
func (d *Disagreement) Error() string {
	return fmt.Sprintf("%s: seed %d: %s: %s, the interpreter: %s", d.Program, d.Seed, d.Engine, d.Got, d.Want)
}

// Agree verifies img and, if it is accepted, runs it on the interpreter and on
// all engines, each time in an equal world. The error is a *Disagreement.
func Agree(ctx context.Context, img *image.Program, engines []NamedEngine, opts *Options, t *EngineTally) error {
	o := *opts
	if o.Runs == 0 {
		o.Runs = 2
	}
	if o.MaxInsns == 0 {
		o.MaxInsns = 20_000
	}
	if o.MaxSteps == 0 {
		o.MaxSteps = 1 << 20
	}
	proof, err := verifier.Verify(ctx, img, &verifier.Options{KernelTypes: o.Types, Trust: o.Trust, CPUs: 2, MaxInsns: o.MaxInsns})
	if err != nil {
		t.Refused++
		return nil
	}
	c := &check{img: img, opts: &o, proof: proof, tally: &Tally{}}
	if !c.ownMemory() {
		t.Unfit++
		return nil
	}
	for i := range o.Runs {
		seed := o.Seed + uint64(i)
		first, err := c.native(ctx, interp.Engine{}, seed, 0)
		if err != nil {
			t.Unfit++
			return nil
		}
		if c.leaky(ctx, first, seed) {
			t.Leaky++
			continue
		}
		t.Runs++
		if first.failed {
			t.Ended++
		}
		for _, e := range engines {
			got, err := c.native(ctx, e.Engine, seed, 0)
			if err != nil {
				return &Disagreement{Program: img.Name, Seed: seed, Engine: e.Name, Want: first.String(), Got: err.Error()}
			}
			if got != first {
				return &Disagreement{Program: img.Name, Seed: seed, Engine: e.Name, Want: first.String(), Got: got.String()}
			}
		}
	}
	t.Programs++
	return nil
}

// leaky reports whether a run comes out otherwise in a world of the same seed:
// what it does depends on where memory lies, on stack that it has not written, or on
// clocks.
func (c *check) leaky(ctx context.Context, first outcome, seed uint64) bool {
	defer c.occupy(seed)()
	for i, poison := range []byte{0x11, 0xc6, 0xff} {
		again, err := c.native(ctx, interp.Engine{Poison: poison}, seed, uint64(i+1))
		if err != nil || again != first {
			return true
		}
	}
	return false
}

// occupy makes a world that takes the place of the one before it, so that those
// to come lie elsewhere. The result closes it.
func (c *check) occupy(seed uint64) func() {
	w, r, err := emptyWorld(c.img, seed, 0)
	if err == nil {
		err = w.makeNative(r)
	}
	if err != nil {
		w.close()
		return func() {}
	}
	return w.close
}

// String is the outcome in words.
func (o outcome) String() string {
	if o.failed {
		return "ends before its time"
	}
	return fmt.Sprintf("r0 = %#x, and leaves %#x behind", o.r0, o.left)
}

// native is the outcome of a lowered program on an engine. A fault is an error.
func (c *check) native(ctx context.Context, e vm.Engine, seed, other uint64) (outcome, error) {
	w, r, err := emptyWorld(c.img, seed, other)
	defer w.close()
	if err != nil {
		return outcome{}, err
	}
	if err := w.makeNative(r); err != nil {
		return outcome{}, err
	}
	p, err := vm.New(c.proof, vm.Options{Engine: e, Helpers: helpers(), Maps: w.maps})
	if err != nil {
		return outcome{}, err
	}
	defer p.Close()
	w.holdItself(p)
	r0, err := w.run(ctx, p, c.opts.MaxSteps)
	switch {
	case errors.Is(err, vm.ErrBudget):
		return outcome{failed: true}, nil
	case err != nil:
		return outcome{}, err
	}
	return outcome{r0: r0, left: w.digest()}, nil
}

// makeNative makes a packet and the context that lowered programs read.
func (w *world) makeNative(r *rand.Rand) error {
	if w.img.Type == abi.XDP || !seesSKB(w.img.Type) {
		if err := w.makeContext(r); err != nil {
			return err
		}
		if w.xdp != nil {
			w.ctx = uint64(w.xdp.Ctx())
		}
		return nil
	}
	pkt := randomPacket(r)
	s, err := packet.NewSKB(len(pkt))
	if err != nil {
		return err
	}
	w.native = s
	if err := s.Load(pkt, w.img.Type == abi.SchedCLS || w.img.Type == abi.SchedACT); err != nil {
		return err
	}
	w.ctx = uint64(s.Ctx())
	return nil
}

// holdItself puts p into two slots of its program arrays, so that its tail calls
// find a target.
func (w *world) holdItself(p *vm.Program) {
	for _, m := range w.maps {
		h, ok := m.(bpfmap.Holder)
		if !ok || m.Def().Type != abi.ProgArray {
			continue
		}
		for i := range min(m.Def().MaxEntries, 2) {
			key := binary.NativeEndian.AppendUint32(nil, i+1)
			h.Hold(key, &bpfmap.Handle{ID: 1, Value: 1, Object: p}, abi.UpdateAny)
		}
	}
}
