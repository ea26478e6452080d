package vm

import (
	"context"
	"math"
	"sync/atomic"

	"github.com/skepbpf/skep/internal/mem"
)

// RunOptions bound the runs of a Runner.
type RunOptions struct {
	// Budget is the most instructions that one run may take, tail calls and
	// nested runs included; 0 means no limit. Engines count at back-edges and
	// calls.
	Budget int64
	// CPU is the virtual CPU to run on, plus one; 0 for any.
	CPU int
}

// Runner keeps one run context for many runs. One goroutine uses it at a time.
// While it is open and idle, memory of elements that others delete is kept:
// close a Runner that has nothing to do.
type Runner struct {
	rt     *Runtime
	c      *Context
	forget func() bool // undoes Context.watch, nil without
}

// Runner claims a run context; Close releases it. Its runs end when ctx is
// done.
func (r *Runtime) Runner(ctx context.Context, opts *RunOptions) (*Runner, error) {
	if opts == nil {
		opts = &RunOptions{}
	}
	var c *Context
	var err error
	if opts.CPU > 0 {
		c, err = r.ClaimCPU(ctx, opts.CPU-1)
	} else {
		c, err = r.Claim(ctx)
	}
	if err != nil {
		return nil, err
	}
	c.SetBudget(opts.Budget)
	run := &Runner{rt: r, c: c}
	if c.ctx != nil {
		run.forget = c.watch()
	}
	return run, nil
}

// Context is the claimed run context, for its Event.
func (r *Runner) Context() *Context { return r.c }

// Run runs p once with r1 = bctx.
func (r *Runner) Run(p *Program, bctx mem.Addr) (uint64, error) { return p.Run(r.c, bctx) }

// RunMemory runs a raw program once on size bytes of memory at m.
func (r *Runner) RunMemory(p *Program, m mem.Addr, size int) (uint64, error) {
	return p.RunMemory(r.c, m, size)
}

// Close gives the context back. It is idempotent.
func (r *Runner) Close() error {
	if r.c != nil {
		if r.forget != nil {
			r.forget()
		}
		r.rt.Release(r.c)
		r.c = nil
	}
	return nil
}

// take readies a context that was claimed for runs that end when ctx is done.
func (c *Context) take(ctx context.Context) *Context {
	c.ready()
	if ctx.Done() != nil {
		c.ctx, c.idle, c.state = ctx, looking, looking
	}
	return c
}

// ready readies a context that was claimed.
func (c *Context) ready() *Context {
	c.idle, c.state = 0, 0
	c.SetBudget(0)
	return c
}

// offer undoes take and ready.
func (c *Context) offer() {
	c.Event = nil
	if c.prog != nil || c.err != nil {
		c.prog, c.err = nil, nil
	}
	if c.ctx != nil {
		c.ctx, c.stop = nil, &never
	}
}

// never is the flag of claims that nothing stops.
var never atomic.Bool

// watch has the claim's flag set when its Go context is done, so that runs need
// not ask it when they begin. forget undoes that.
func (c *Context) watch() (forget func() bool) {
	stop := new(atomic.Bool)
	c.idle, c.state, c.stop = 0, 0, stop
	return context.AfterFunc(c.ctx, func() { stop.Store(true) })
}

// SetBudget sets the most instructions that each run on c may take, 0 for no
// limit. It holds until c is released.
func (c *Context) SetBudget(n int64) {
	if n <= 0 {
		n = math.MaxInt64
	}
	c.first = min(n, chunk)
	c.rest = n - c.first
}

// Poll is what an engine calls at a back-edge or call when Block.Fuel is below
// zero: it ends the run, or refuels it.
func (c *Context) Poll() error {
	if c.err != nil {
		return c.err
	}
	b := c.Block
	if c.left+b.Fuel < 0 {
		c.err = ErrBudget
		return c.err
	}
	c.left += b.Fuel
	return c.refuel()
}

// refuel moves instructions from what is left of the run into Block.Fuel.
func (c *Context) refuel() error {
	if err := c.done(); err != nil {
		return err
	}
	n := min(c.left, chunk)
	c.left -= n
	c.Block.Fuel = n
	return nil
}
