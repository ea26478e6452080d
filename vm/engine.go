package vm

import (
	"fmt"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm/ir"
)

// HelperFunc is the body of a helper or kfunc. It runs on the program's
// goroutine, holds c for the call only, and returns r0. Addresses in its
// arguments were proven good by the verifier, or checked by the unverified
// door.
type HelperFunc func(c *Context, r1, r2, r3, r4, r5 uint64) uint64

// Helpers finds helper and kfunc bodies; nil entries are missing ones.
type Helpers struct {
	ByID   []HelperFunc // by abi.HelperID
	Kfuncs map[string]HelperFunc
	// ForMap is the body of a helper for calls whose map is always m, nil for
	// the general one; ForMap itself may be nil.
	ForMap func(id abi.HelperID, m bpfmap.Map) HelperFunc
}

// Helper is the body of a helper, nil if it is missing.
func (h *Helpers) Helper(id abi.HelperID) HelperFunc {
	if h == nil || id <= 0 || int(id) >= len(h.ByID) {
		return nil
	}
	return h.ByID[id]
}

// Kfunc is the body of a kfunc, nil if it is missing.
func (h *Helpers) Kfunc(name string) HelperFunc {
	if h == nil {
		return nil
	}
	return h.Kfuncs[name]
}

// bodies finds the body of each callee of p.
func (h *Helpers) bodies(p *ir.Program, maps []bpfmap.Map) ([]HelperFunc, error) {
	bodies := make([]HelperFunc, len(p.Callees))
	for i, c := range p.Callees {
		if c.Kfunc != "" {
			bodies[i] = h.Kfunc(c.Kfunc)
		} else {
			bodies[i] = h.Helper(c.Helper)
		}
		if bodies[i] != nil && c.Map > 0 && h.ForMap != nil {
			if f := h.ForMap(c.Helper, maps[c.Map-1]); f != nil {
				bodies[i] = f
			}
		}
		if bodies[i] == nil {
			return nil, &UnsupportedError{What: calleeName(c)}
		}
	}
	return bodies, nil
}

func calleeName(c ir.Callee) string {
	if c.Kfunc != "" {
		return "kfunc " + c.Kfunc
	}
	if h := abi.HelperByID(c.Helper); h != nil {
		return "helper " + h.Name
	}
	return fmt.Sprintf("helper %d", c.Helper)
}

// Engine compiles lowered programs.
type Engine interface {
	Name() string // "interp", "jit"
	Compile(p *Program) (Code, error)
}

// Code is a program as an engine runs it.
type Code interface {
	// Run runs the program once with r1 = bctx on a context that Program.Run
	// has set up; r2 is the length of a raw program's memory, 0 for others.
	Run(c *Context, bctx mem.Addr, r2 uint64) (uint64, error)
	// Call runs the subprogram with index fn in ir.Program.Funcs, nested in a
	// run of c, for helpers with callbacks.
	Call(c *Context, fn int, r1, r2, r3, r4, r5 uint64) (uint64, error)
	Close() error
}

// Starter is Code that Program.Run need not ask its engine to run: it enters the
// machine code itself.
type Starter interface {
	Code
	// Start is the address of code that runs the program with r1 =
	// Block.Saved[1], and a raw one with r2 = Block.Saved[2]; 0 if there is none. It returns with r0 in Block.Saved[0] and
	// Done, 4 bytes, at ExitOffset in the block; with something else there, or
	// fuel below zero, the run goes on with Left.
	Start() uint64
	Left(c *Context) (uint64, error)
}

// Done says that a run has come to its end.
const Done = -1
