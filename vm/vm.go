package vm

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm/ir"
)

// Options are what a program runs with.
type Options struct {
	Engine  Engine
	Helpers *Helpers
	// Maps are the live maps, in the order of image.Program.Maps. They must
	// stay open as long as the program.
	Maps []bpfmap.Map
	// Epoch is the one that the contexts of all runs enter: that of their
	// table. With it a program may be closed while runs are inside; without, nil,
	// Close frees at once.
	Epoch *bpfmap.Epoch
}

// Program is a program ready to run.
type Program struct {
	img     *image.Program
	low     *ir.Program
	bodies  []HelperFunc // of low.Callees
	maps    []bpfmap.Map
	helpers *Helpers
	engine  Engine
	code    Code
	starter Starter // code, if start is not 0
	start   uint64
	epoch   *bpfmap.Epoch
	compile time.Duration // what code took to make
	shut    atomic.Uint32 // why Run refuses: bits closed and raw
}

// New lowers a verified program and compiles it with opts.Engine.
func New(p *verifier.Program, opts Options) (*Program, error) {
	img := p.Image()
	low, err := lower(p, opts.Maps)
	if err != nil {
		return nil, fmt.Errorf("program %q: %w", img.Name, err)
	}
	return ready(img, low, opts)
}

// ready finds the bodies that a lowered program calls and compiles it with
// opts.Engine.
func ready(img *image.Program, low *ir.Program, opts Options) (*Program, error) {
	bodies, err := opts.Helpers.bodies(low, opts.Maps)
	if err != nil {
		return nil, fmt.Errorf("program %q: %w", img.Name, err)
	}
	v := &Program{img: img, low: low, bodies: bodies, maps: opts.Maps, helpers: opts.Helpers, engine: opts.Engine, epoch: opts.Epoch}
	if img.Type == abi.Raw {
		v.shut.Store(raw)
	}
	start := time.Now()
	if v.code, err = opts.Engine.Compile(v); err != nil {
		return nil, fmt.Errorf("program %q: %s: %w", img.Name, opts.Engine.Name(), err)
	}
	v.compile = time.Since(start)
	if s, ok := v.code.(Starter); ok {
		v.starter, v.start = s, s.Start()
	}
	return v, nil
}

// Type is the program's type.
func (p *Program) Type() abi.ProgType { return p.img.Type }

// Image is the program as it was given to the verifier. It must not be changed.
func (p *Program) Image() *image.Program { return p.img }

// Lowered is the program as engines see it. It must not be changed.
func (p *Program) Lowered() *ir.Program { return p.low }

// Bodies are the helper bodies, in the order of Lowered().Callees.
func (p *Program) Bodies() []HelperFunc { return p.bodies }

// Helpers are all bodies that the program was made with.
func (p *Program) Helpers() *Helpers { return p.helpers }

// Maps are the live maps, in the order of image.Program.Maps.
func (p *Program) Maps() []bpfmap.Map { return p.maps }

// CompileTime is how long the engine took to compile the program.
func (p *Program) CompileTime() time.Duration { return p.compile }

// Code is the program as its engine runs it.
func (p *Program) Code() Code { return p.code }

// Engine is what the program was compiled with.
func (p *Program) Engine() Engine { return p.engine }

// Why Program.Run refuses.
const (
	closed uint32 = 1 << iota
	raw           // runs by RunMemory only
)

// Close forbids runs that begin later and releases what the engine holds, once
// no run can be inside: at the end of the last one that was under way. It is
// idempotent. Tail calls still reach a closed program: who puts one into a
// program array closes it after the array has let go of it.
func (p *Program) Close() error {
	if p.shut.Or(closed)&closed != 0 {
		return nil
	}
	if p.epoch == nil {
		return p.code.Close()
	}
	p.epoch.Defer(func() { _ = p.code.Close() }) // engines free memory of their own only
	return nil
}

// Run runs p once on c, with r1 = bctx: the native context block that
// ir.CtxOf(p.Type()) describes. A run inside a run stays on the context.
//
// What the run before left as it must be is not touched: the lines of this
// function are what an empty run costs.
func (p *Program) Run(c *Context, bctx mem.Addr) (uint64, error) {
	if c.state != 0 {
		return p.runSlowly(c, bctx)
	}
	// A run that sees the program open here is one that Close waits for: its
	// context entered the epoch before.
	if p.shut.Load() != 0 {
		return p.runSlowly(c, bctx)
	}
	if c.stop.Load() {
		return p.runSlowly(c, bctx)
	}
	b := c.Block
	b.Fuel = c.first
	b.TailCalls = ir.MaxTailCalls
	if p.start == 0 {
		c.begin(p)
		r0, err := p.code.Run(c, bctx, 0)
		return r0, c.end(err)
	}
	b.Saved[1] = uint64(bctx)
	enter(p.start, c.block)
	if b.exit() != Done || b.Fuel < 0 || b.Records != 0 {
		c.begin(p)
		r0, err := p.starter.Left(c)
		return r0, c.end(err)
	}
	if c.seen.Load() != c.now.Load() {
		c.epoch.Quiesce(c.CPU)
	}
	return b.Saved[0], nil
}

// RunMemory runs a raw program once on c, with size bytes of memory at m.
func (p *Program) RunMemory(c *Context, m mem.Addr, size int) (uint64, error) {
	if why := p.shut.Load(); why != raw || size < int(p.img.Memory) || size > abi.MaxMemory {
		return 0, p.refuseMemory(why, size)
	}
	if c.state&nesting != 0 {
		return p.nest(c, m, uint64(size))
	}
	if c.state != 0 || c.stop.Load() {
		if err := c.look(); err != nil {
			return 0, err
		}
	}
	b := c.Block
	b.Fuel = c.first
	b.TailCalls = ir.MaxTailCalls
	if p.start == 0 {
		c.begin(p)
		r0, err := p.code.Run(c, m, uint64(size))
		return r0, c.end(err)
	}
	b.Saved[1], b.Saved[2] = uint64(m), uint64(size)
	enter(p.start, c.block)
	if b.exit() != Done || b.Fuel < 0 || b.Records != 0 {
		c.begin(p)
		r0, err := p.starter.Left(c)
		return r0, c.end(err)
	}
	if c.seen.Load() != c.now.Load() {
		c.epoch.Quiesce(c.CPU)
	}
	return b.Saved[0], nil
}

// refused is why a program does not run.
func refused(why uint32) error {
	if why&closed != 0 {
		return ErrClosed
	}
	return fmt.Errorf("raw programs run on memory only: %w", abi.EINVAL)
}

// refuseMemory is why a program does not run on size bytes of memory.
func (p *Program) refuseMemory(why uint32, size int) error {
	switch {
	case why&closed != 0:
		return ErrClosed
	case why == 0:
		return fmt.Errorf("programs of type %s do not run on plain memory: %w", p.Type().Short(), abi.EINVAL)
	case size > abi.MaxMemory:
		return fmt.Errorf("memory of %d bytes, more than %d: %w", size, abi.MaxMemory, abi.E2BIG)
	}
	return fmt.Errorf("memory of %d bytes, the program wants at least %d: %w", size, p.img.Memory, abi.EINVAL)
}

// begin readies c for what only Go code looks at in a run of p.
func (c *Context) begin(p *Program) {
	if c.prog != p {
		c.prog = p
	}
	c.left = c.rest
	c.state = 1
}

// runSlowly is Run when there is something to look at before.
func (p *Program) runSlowly(c *Context, bctx mem.Addr) (uint64, error) {
	if why := p.shut.Load(); why != 0 {
		return 0, refused(why)
	}
	if c.state&nesting != 0 {
		return p.nest(c, bctx, 0)
	}
	if err := c.look(); err != nil {
		return 0, err
	}
	return p.Run(c, bctx)
}

// look readies c for a run where the one before, or the Go context, has left
// something to look at.
func (c *Context) look() error {
	c.err = nil
	if err := c.done(); err != nil {
		return err
	}
	c.state = 0
	return nil
}

// end is the end of a run that may have ended before its time.
func (c *Context) end(err error) error {
	c.state, c.Block.SP = c.idle, c.top
	if err != nil || uint64(len(c.held))|c.Block.Records != 0 {
		c.release(0)
		c.discard(0)
	}
	if c.err != nil {
		c.state |= looking
	}
	c.epoch.Quiesce(c.CPU)
	return err
}

// nest runs p inside a run of c, which goes on as if nothing had happened.
func (p *Program) nest(c *Context, bctx mem.Addr, r2 uint64) (uint64, error) {
	if c.state&nesting == maxNested {
		return 0, ErrNested
	}
	b := c.Block
	prog, sp, limit, tailCalls, held, records := c.prog, b.SP, b.StackLimit, b.TailCalls, len(c.held), b.Records
	c.prog = p
	b.StackLimit = sp - stackSize
	b.TailCalls = ir.MaxTailCalls
	c.state++
	r0, err := p.code.Run(c, bctx, r2)
	c.state--
	c.prog, b.SP, b.StackLimit, b.TailCalls = prog, sp, limit, tailCalls
	if err != nil || len(c.held) != held || b.Records != records {
		c.release(held)
		c.discard(records)
	}
	return r0, err
}
