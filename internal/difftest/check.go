package difftest

import (
	"context"
	"errors"
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
)

// Options are how programs are checked. The zero value is good.
type Options struct {
	Types *btf.Spec // the kernel's, nil for none
	Trust verifier.Trust
	// Runs is how often each program runs, each time in another world; 0 for 4.
	Runs int
	// Seed is the first world's; the others' follow it.
	Seed uint64
	// MaxInsns limits the walks that are recorded, 0 for 20,000.
	MaxInsns int
	// MaxSteps limits each run, 0 for 100,000.
	MaxSteps int64
	// Tamper, if not nil, changes the record before runs are held to it, so
	// that tests can see whether that is noticed.
	Tamper func(*verifier.Walk)
	// Verified, if not nil, is what the verifier sees in place of the program
	// that runs. It has the same slots. A program that differs in one
	// instruction stands for a verifier that has that instruction wrong.
	Verified *image.Program
}

// Tally is what was checked.
type Tally struct {
	Programs   int // accepted, and run
	Refused    int
	Unfit      int // accepted, and not run: they need what is not there
	Runs       int
	Steps      int
	Covered    int // times that a run went on in an earlier state
	Checked    int // values that were members
	Unbound    int // values that nothing binds, and that are no members
	Unresolved int // values of which the machine cannot tell
	Facts      int
	Numbers    int // registers held to the joining pass
	Perturbed  int // runs repeated with garbage in upper halves
	Why        map[string]int
}

// name counts why a value is unresolved.
func (t *Tally) name(why string) {
	if t.Why == nil {
		t.Why = map[string]int{}
	}
	t.Why[why]++
}

// String is t in one line.
func (t *Tally) String() string {
	all := float64(max(1, t.Checked+t.Unbound+t.Unresolved)) / 100
	return fmt.Sprintf("%d programs (%d refused, %d unfit), %d runs, %d steps, %d covers; "+
		"%d values: %.2f%% checked, %.2f%% unbound, %.2f%% unresolved %v; %d facts, %d numbers, %d perturbed runs",
		t.Programs, t.Refused, t.Unfit, t.Runs, t.Steps, t.Covered, t.Checked+t.Unbound+t.Unresolved,
		float64(t.Checked)/all, float64(t.Unbound)/all, float64(t.Unresolved)/all, t.Why, t.Facts, t.Numbers, t.Perturbed)
}

// Check verifies img and, if it is accepted and can run, holds its runs to what
// the verifier said. The error is a *Violation, or a *vm.Fault of an access
// that left its region.
func Check(ctx context.Context, img *image.Program, opts *Options, t *Tally) error {
	o := *opts
	if o.Runs == 0 {
		o.Runs = 4
	}
	if o.MaxInsns == 0 {
		o.MaxInsns = 20_000
	}
	if o.MaxSteps == 0 {
		o.MaxSteps = 100_000
	}
	if o.Verified == nil {
		o.Verified = img
	}
	c := &check{img: img, opts: &o, tally: t}
	var err error
	c.walk = &verifier.Walk{}
	c.proof, err = verifier.Verify(ctx, o.Verified, &verifier.Options{
		KernelTypes: o.Types, Trust: o.Trust, CPUs: 2, MaxInsns: o.MaxInsns, Walk: c.walk,
	})
	if err != nil {
		t.Refused++
		return nil
	}
	if !c.ownMemory() {
		t.Unfit++
		return nil
	}
	if o.Tamper != nil {
		o.Tamper(c.walk)
	}
	c.nums = newNumbers(c.proof)
	for i := range o.Runs {
		if err := c.run(ctx, o.Seed+uint64(i)); err != nil {
			var unfit *unfitError
			if errors.As(err, &unfit) {
				t.Unfit++
				return nil
			}
			return err
		}
	}
	t.Programs++
	return nil
}

// check is one program's.
type check struct {
	img   *image.Program
	opts  *Options
	proof *verifier.Program
	nums  *numbers
	walk  *verifier.Walk
	tally *Tally
}

// unfitError says that a program needs what is not there.
type unfitError struct{ error }

// ownMemory reports whether all memory of the program is its own: stack, maps,
// and a context that can be made up.
func (c *check) ownMemory() bool {
	for i := range c.img.Insns {
		switch c.proof.Fact(i).Mem {
		case verifier.KindProbe, verifier.KindArena, verifier.KindSock, verifier.KindFlowKeys, verifier.KindMapObject:
			return false
		case verifier.KindPacket:
			if c.img.Type != abi.XDP && !seesSKB(c.img.Type) {
				return false
			}
		}
	}
	return true
}

// run follows one run, and repeats it to see whether the upper halves that are
// said to be dead are.
func (c *check) run(ctx context.Context, seed uint64) error {
	w, ready, err := newWorld(c.img, seed)
	if err != nil {
		return &unfitError{err}
	}
	defer w.close()
	defer ready.Close()
	f := &follower{walk: c.walk, img: c.img, world: w, tally: c.tally, result: -1}
	w.trace = func(s interp.Step) {
		f.step(s.Slot, s.Regs)
		f.checkFacts(c.proof, s.Slot, s.Regs)
		f.checkNumbers(c.nums, s.Slot, s.Regs)
	}
	c.tally.Runs++
	_, err = w.run(ctx, ready, c.opts.MaxSteps)
	if f.err != nil {
		f.err.Seed = seed
		return f.err
	}
	if f.unfit != "" {
		return &unfitError{errors.New(f.unfit)}
	}
	var fault *vm.Fault
	if errors.As(err, &fault) && fault.Kind != vm.FaultHelper {
		return fmt.Errorf("%s: seed %d: an accepted program left its regions: %w", c.img.Name, seed, err)
	}
	if err != nil {
		return nil // out of budget
	}
	return c.perturb(ctx, seed)
}

// outcome is what is left of a run without a follower.
type outcome struct {
	r0, left uint64
	failed   bool
}

func (c *check) outcome(ctx context.Context, seed uint64, trace func(interp.Step)) (outcome, error) {
	w, ready, err := newWorld(c.img, seed)
	if err != nil {
		return outcome{}, err
	}
	defer w.close()
	defer ready.Close()
	w.trace = trace
	r0, err := w.run(ctx, ready, c.opts.MaxSteps)
	return outcome{r0, w.digest(), err != nil}, nil
}

func (c *check) perturb(ctx context.Context, seed uint64) error {
	some := false
	for i, in := range c.img.Insns {
		some = some || dead32(c.proof, i, in)
	}
	if !some {
		return nil
	}
	var all [3]outcome
	for i := range all {
		var trace func(interp.Step)
		if i == 2 {
			trace = dirty(c.proof, 0x5a5a_a5a5^seed)
		}
		var err error
		if all[i], err = c.outcome(ctx, seed, trace); err != nil {
			return nil
		}
	}
	for i := 0; all[0] == all[1] && all[0] != all[2] && i < 16; i++ {
		var err error
		if all[1], err = c.outcome(ctx, seed, nil); err != nil {
			return nil
		}
	}
	if all[0] != all[1] {
		return nil // it depends on addresses
	}
	c.tally.Perturbed++
	if all[0] != all[2] {
		return &Violation{Program: c.img.Name, Seed: seed, Slot: -1, Text: fmt.Sprintf(
			"garbage in upper halves that are said to be dead changes the run: r0 %#x, %#x", all[0].r0, all[2].r0)}
	}
	return nil
}
