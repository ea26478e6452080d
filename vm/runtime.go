package vm

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm/ir"
)

// RuntimeOptions are what a runtime is made of.
type RuntimeOptions struct {
	// CPUs is the number of run contexts, 0 for that of Table, or GOMAXPROCS.
	CPUs int
	// Host is what programs learn of the world, nil for the real one.
	Host host.Host
	// Table resolves the map pointers that programs hold; nil for programs
	// without maps. The table of one runtime is no other's: its virtual CPUs are
	// the runtime's.
	Table *bpfmap.Table
}

// Runtime is a fixed set of run contexts: the virtual CPUs.
type Runtime struct {
	cpus   []*Context
	host   host.Host
	table  *bpfmap.Table
	epoch  *bpfmap.Epoch // the table's
	hint   atomic.Uint32 // where the next claim looks first
	free   chan struct{} // wakes one waiting claim
	waits  atomic.Int32  // number of waiting claims
	closed atomic.Bool
}

// NewRuntime makes a runtime's run contexts.
func NewRuntime(opts *RuntimeOptions) (*Runtime, error) {
	if opts == nil {
		opts = &RuntimeOptions{}
	}
	n := opts.CPUs
	switch {
	case n == 0 && opts.Table != nil:
		n = opts.Table.CPUs()
	case n == 0:
		n = runtime.GOMAXPROCS(0)
	case opts.Table != nil && n != opts.Table.CPUs():
		return nil, fmt.Errorf("runtime: %d virtual CPUs, but the maps have %d", n, opts.Table.CPUs())
	}
	if n < 0 {
		return nil, fmt.Errorf("runtime: %d virtual CPUs", n)
	}
	h := opts.Host
	if h == nil {
		h = host.NewReal(host.RealOptions{})
	}
	r := &Runtime{host: h, table: opts.Table, free: make(chan struct{}, n)}
	if r.table != nil {
		r.epoch = r.table.Epoch()
	} else {
		r.epoch = bpfmap.NewEpoch(n)
	}
	for i := range n {
		c, err := newContext(r, i)
		if err != nil {
			_ = r.Close()
			return nil, fmt.Errorf("runtime: %w", err)
		}
		r.cpus = append(r.cpus, c)
	}
	return r, nil
}

func newContext(r *Runtime, cpu int) (*Context, error) {
	m, err := mem.Alloc(ir.BlockSize + maxNested*stackSize)
	if err != nil {
		return nil, err
	}
	c := &Context{CPU: cpu, rt: r, epoch: r.epoch, stop: &never, freed: make(chan struct{}, 1), memory: m, Host: r.host, Table: r.table}
	c.held = c.sink[:0]
	c.Frames = make([]Frame, 0, maxFrames)
	c.Block = blockOf(mem.AddrOf(m))
	c.block = mem.AddrOf(m)
	c.seen, c.now = r.epoch.Words(cpu)
	c.scratch = mem.AddrOf(m) + ir.BlockScratch
	c.Block.CPU = uint64(cpu)
	// What embeds a Real may have a clock of its own.
	if h, ok := r.host.(*host.Real); ok {
		c.Block.Clock = h.ClockCode()
	}
	c.top = mem.AddrOf(m) + mem.Addr(len(m))
	c.Block.SP, c.Block.StackLimit = c.top, c.top-stackSize
	return c, nil
}

// CPUs is the number of virtual CPUs.
func (r *Runtime) CPUs() int { return len(r.cpus) }

// Host is the world outside that the runtime's programs see.
func (r *Runtime) Host() host.Host { return r.host }

// Table resolves the map pointers that the runtime's programs hold.
func (r *Runtime) Table() *bpfmap.Table { return r.table }

// Claim takes a run context, waiting until one is free or ctx is done.
func (r *Runtime) Claim(ctx context.Context) (*Context, error) {
	for {
		start := int(r.hint.Load())
		for i := range r.cpus {
			j := (start + i) % len(r.cpus)
			if c := r.cpus[j]; c.claim() {
				return c.take(ctx), nil
			}
		}
		if err := r.wait(ctx); err != nil {
			return nil, err
		}
	}
}

// TryClaim takes a run context if one is free, and is nil otherwise. Its runs
// end by themselves.
func (r *Runtime) TryClaim() *Context {
	start := int(r.hint.Load())
	for i := range r.cpus {
		j := start + i
		if j >= len(r.cpus) {
			j -= len(r.cpus)
		}
		if c := r.cpus[j]; c.claim() {
			return c.ready()
		}
	}
	return nil
}

// claim takes c if nobody has it and it is not closed. Who has a context is
// inside the epoch on its CPU.
func (c *Context) claim() bool {
	if !c.epoch.TryEnter(c.CPU) {
		return false
	}
	if c.Block == nil {
		c.epoch.Exit(c.CPU)
		return false
	}
	return true
}

// ClaimCPU takes the run context of one virtual CPU, waiting as Claim does.
func (r *Runtime) ClaimCPU(ctx context.Context, cpu int) (*Context, error) {
	if cpu < 0 || cpu >= len(r.cpus) {
		return nil, fmt.Errorf("virtual CPU %d of %d", cpu, len(r.cpus))
	}
	c := r.cpus[cpu]
	c.waits.Add(1)
	defer c.waits.Add(-1)
	for !c.claim() {
		if r.closed.Load() {
			return nil, fmt.Errorf("runtime: %w", ErrClosed)
		}
		select {
		case <-c.freed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return c.take(ctx), nil
}

// wait returns when a context may have become free.
func (r *Runtime) wait(ctx context.Context) error {
	if r.closed.Load() {
		return fmt.Errorf("runtime: %w", ErrClosed)
	}
	r.waits.Add(1)
	defer r.waits.Add(-1)
	for _, c := range r.cpus { // one may have come free before waits was raised
		if !r.epoch.Inside(c.CPU) {
			return nil
		}
	}
	select {
	case <-r.free:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Release gives back a claimed context.
func (r *Runtime) Release(c *Context) {
	c.offer()
	if r.hint.Load() != uint32(c.CPU) {
		r.hint.Store(uint32(c.CPU))
	}
	r.epoch.Exit(c.CPU)
	if c.waits.Load() > 0 {
		wake(c.freed)
	}
	if r.waits.Load() > 0 {
		wake(r.free)
	}
}

// wake lets one of those who wait look again.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Close frees the contexts' memory. While any of them is claimed it fails and
// does nothing. It is idempotent.
func (r *Runtime) Close() error {
	if r.closed.Load() {
		return nil
	}
	for i, c := range r.cpus {
		if !c.claim() {
			for _, c := range r.cpus[:i] {
				r.Release(c)
			}
			return fmt.Errorf("runtime: virtual CPU %d is in use", c.CPU)
		}
	}
	r.closed.Store(true)
	var first error
	for _, c := range r.cpus {
		if err := mem.Free(c.memory); err != nil && first == nil {
			first = err
		}
		c.memory, c.Block = nil, nil
		r.Release(c)
	}
	return first
}
