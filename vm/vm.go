package vm

import (
	"context"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm/ir"
)

// HelperFunc is the body of a helper or kfunc. It runs on the program's
// goroutine, holds c for the call only, and returns r0.
type HelperFunc func(c *Context, r1, r2, r3, r4, r5 uint64) uint64

// Helpers finds helper and kfunc bodies; nil entries are missing ones.
type Helpers struct {
	ByID   []HelperFunc // by abi.HelperID
	Kfuncs map[string]HelperFunc
}

// Engine compiles lowered programs.
type Engine interface {
	Name() string // "interp", "jit"
	Compile(p *Program) (Code, error)
}

// Code is a program as an engine runs it.
type Code interface {
	// Run runs the program once with r1 = bctx on a claimed context.
	Run(c *Context, bctx mem.Addr) (uint64, error)
	// Call runs the subprogram that starts at lowered instruction fn, nested in
	// a run of c, for helpers with callbacks.
	Call(c *Context, fn int, r1, r2, r3, r4, r5 uint64) (uint64, error)
	Close() error
}

// Options are what a program runs with.
type Options struct {
	Engine  Engine
	Helpers *Helpers
	Host    host.Host
	// Maps are the live maps, in the order of image.Program.Maps.
	Maps []bpfmap.Map
	// Table resolves the map pointers that programs hold.
	Table *bpfmap.Table
}

// Program is a program ready to run.
type Program struct {
	img  *image.Program
	low  *ir.Program
	code Code
	opts Options
}

// New lowers a verified program and compiles it with opts.Engine.
func New(p *verifier.Program, opts Options) (*Program, error) {
	panic("BUG: no lowering")
}

// Runtime is a fixed set of run contexts: the virtual CPUs.
type Runtime struct{ cpus []*Context }

// NewRuntime makes n run contexts; n 0 means GOMAXPROCS.
func NewRuntime(n int) (*Runtime, error) { panic("BUG: no runtime") }

// Claim takes a run context, waiting until one is free or ctx is done; Release
// gives it back.
func (r *Runtime) Claim(ctx context.Context) (*Context, error) { panic("BUG: no runtime") }

// Release gives back a claimed context.
func (r *Runtime) Release(c *Context) {}

// Context is a run context: a virtual CPU that a run claims and keeps to its
// end, exits to helpers included.
type Context struct {
	CPU   int // index, for per-CPU maps
	Event any // what the hook hands to its helpers: *packet.XDP and the like
	Host  host.Host
	Table *bpfmap.Table
	block mem.Addr
}

// Run runs p once on c.
func (p *Program) Run(c *Context, bctx mem.Addr) (uint64, error) { return p.code.Run(c, bctx) }

// Type is the program's type.
func (p *Program) Type() abi.ProgType { return p.img.Type }
