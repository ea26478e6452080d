package vm

import (
	"context"
	"sync/atomic"

	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm/ir"
)

// Block is the part of a run context outside the Go heap, laid out as package
// ir says.
type Block struct {
	CPU        uint64
	Fuel       int64    // instructions until the next poll
	SP         mem.Addr // where the next frame begins, downwards
	StackLimit mem.Addr
	TailCalls  uint64 // left
	Saved      [11]uint64
	Engine     [(ir.BlockClock - ir.BlockEngine) / 8]uint64
	Clock      uint64 // address of C's clock_gettime, 0 if Host must be asked
	Records    uint64 // in Record
	Record     [ir.MaxRecords]Record
	Scratch    [ir.BlockSize - ir.BlockScratch]byte
}

// Context is a run context: a virtual CPU that a run claims and keeps to its
// end, exits to helpers included. One goroutine uses it at a time.
type Context struct {
	CPU   int // index, for per-CPU maps
	Event any // what the hook hands to its helpers: *packet.XDP and the like
	Host  host.Host
	Table *bpfmap.Table
	// Block and Frames are what engines keep between calls. Only engines
	// change them.
	Block  *Block
	Frames []Frame
	// State is an engine's own, for the length of a run.
	State any

	rt      *Runtime
	epoch   *bpfmap.Epoch
	seen    *atomic.Uint64 // the epoch's words for CPU
	now     *atomic.Uint64
	block   mem.Addr // of Block
	text    []byte
	line    []byte
	freed   chan struct{} // wakes a claim of this very context
	waits   atomic.Int32  // number of such claims
	memory  []byte        // block and stack
	scratch mem.Addr      // Block.Scratch

	prog  *Program        // the running one
	state int             // nesting and looking
	idle  int             // state when no run is under way
	top   mem.Addr        // of the stack
	err   error           // why the run must end
	ctx   context.Context // nil for one that is never done
	stop  *atomic.Bool    // set when ctx is done, or never
	first int64           // the part of it that a run begins with
	rest  int64           // the rest of it
	left  int64           // of this run, beyond Block.Fuel
	held  []held
	sink  [maxHeld]held // backs held
}

// stackSize is the room for the frames of one run: 34 programs, if each calls
// the next out of its eighth function. Pages that are not used take no memory.
const (
	stackSize = 34 * 8 * (frameSize + 8)
	maxNested = 4
)

// chunk is how many instructions run between two looks at the Go context.
const chunk = 1 << 16

// What Context.state holds.
const (
	nesting = 1<<8 - 1 // the number of runs that are under way
	looking = 1 << 8   // the next run has something to look at before it begins
)

// done ends the run if its Go context is done.
func (c *Context) done() error {
	if c.ctx != nil {
		c.err = c.ctx.Err()
	}
	return c.err
}

// Top is the end of the stack, where a run that is not nested begins.
func (c *Context) Top() mem.Addr { return c.top }

// Err is why the run must end, nil if it may go on. Engines look after each
// call.
func (c *Context) Err() error { return c.err }

// Ends reports whether Err is not nil.
func (c *Context) Ends() bool { return c.err != nil }

// Recover lets a run go on after an exception that the engine has caught.
func (c *Context) Recover() { c.err = nil }

// Abort makes the run end with err when the helper that calls Abort returns.
func (c *Context) Abort(err error) {
	if c.err == nil {
		c.err = err
	}
}

// Program is the running program.
func (c *Context) Program() *Program { return c.prog }

// SetProgram tells which program runs from here on: engines call it when a
// tail call enters one and when a frame of an earlier one goes on.
func (c *Context) SetProgram(p *Program) { c.prog = p }

// Runtime is the runtime that c belongs to.
func (c *Context) Runtime() *Runtime { return c.rt }

// Call runs a callback of the running program: fn is the value that the
// program passed as the function. When ok is false the run is at its end and
// the helper must return at once.
func (c *Context) Call(fn, r1, r2, r3, r4, r5 uint64) (r0 uint64, ok bool) {
	i, ok := ir.Callback(fn)
	if !ok || c.err != nil {
		c.Abort(&Fault{Kind: FaultArg, Insn: -1, Addr: fn, Verified: true})
		return 0, false
	}
	r0, err := c.prog.code.Call(c, i, r1, r2, r3, r4, r5)
	if err != nil {
		c.Abort(err)
		return 0, false
	}
	return r0, true
}
