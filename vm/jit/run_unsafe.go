package jit

import (
	"errors"
	"fmt"
	"runtime/debug"
	"unsafe"

	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// Words of vm.Block.Engine.
const (
	wordTarget = (emit.BlockTarget - ir.BlockEngine) / 8
	wordResume = (emit.BlockResume - ir.BlockEngine) / 8
	wordPC     = (emit.BlockPC - ir.BlockEngine) / 8
	wordAddr   = (emit.BlockAddr - ir.BlockEngine) / 8
)

// Run runs the program from its entry.
func (cd *code) Run(c *vm.Context, bctx mem.Addr, r2 uint64) (uint64, error) {
	r0, err := cd.run(c, 0, uint64(bctx), r2, 0, 0, 0)
	if err != nil {
		return caught(c, err)
	}
	return r0, nil
}

// Start is the address of the code for vm.Program.Run.
func (cd *code) Start() uint64 { return cd.start }

// Left serves the exits of a run that Start's code has begun.
func (cd *code) Left(c *vm.Context) (uint64, error) {
	r0, err := cd.exited(c, c.Top())
	if err != nil {
		return caught(c, err)
	}
	return r0, nil
}

// Call runs a callback.
func (cd *code) Call(c *vm.Context, fn int, r1, r2, r3, r4, r5 uint64) (uint64, error) {
	r0, err := cd.run(c, fn, r1, r2, r3, r4, r5)
	if c.Program() != cd.prog {
		c.SetProgram(cd.prog)
	}
	return r0, err
}

// run enters function fn and serves its exits until it returns.
func (cd *code) run(c *vm.Context, fn int, r1, r2, r3, r4, r5 uint64) (uint64, error) {
	b := c.Block
	sp := b.SP
	if sp-emit.Room < b.StackLimit {
		return 0, cd.fail(c, sp, cd.low.Funcs[fn].Start, &vm.Fault{Kind: vm.FaultStack, Insn: -1, Verified: true})
	}
	s := &b.Saved
	s[1], s[2], s[3], s[4], s[5] = r1, r2, r3, r4, r5
	b.Engine[wordTarget] = cd.at(cd.funcs[fn])
	stub := cd.engine.call
	if cd.open != nil && cd.open[fn] {
		stub = cd.engine.jump
	}
	enter(uintptr(stub), uintptr(unsafe.Pointer(b)))
	if exitOf(b)[0] == emit.Done && b.Fuel >= 0 {
		return s[0], nil
	}
	return cd.exited(c, sp)
}

// done is what a run has returned, unless it took more than it may: code polls
// late where it must come to an end soon.
func (cd *code) done(c *vm.Context, sp mem.Addr) (uint64, error) {
	if c.Block.Fuel < 0 {
		if err := c.Poll(); err != nil {
			return 0, cd.fail(c, sp, 0, err)
		}
	}
	return c.Block.Saved[0], nil
}

// exitOf is the exit that was taken, and the handle of the program that took
// it. Code stores them one by one, and a processor is slow to load both at once.
func exitOf(b *vm.Block) *[2]int32 {
	return (*[2]int32)(unsafe.Pointer(&b.Engine[(emit.BlockExit-ir.BlockEngine)/8]))
}

// exit is a place where a program's code leaves to Go.
type exit struct {
	body   vm.HelperFunc // of a call
	resume uint64        // address
	unwind uint64        // address
	insn   int32
	kind   emit.ExitKind
}

// exitsOf are the exits of placed code.
func exitsOf(cd *code, exits []emit.Exit) []exit {
	all := make([]exit, len(exits))
	for i, x := range exits {
		all[i] = exit{resume: cd.at(x.Resume), unwind: cd.at(x.Unwind), insn: x.Insn, kind: x.Kind}
		if x.Kind == emit.ExitCall {
			all[i].body = cd.bodies[cd.low.Insns[x.Insn].Off]
		}
	}
	return all
}

// exited serves the exits of a run that has left to Go, until its function
// returns.
func (cd *code) exited(c *vm.Context, sp mem.Addr) (r0 uint64, err error) {
	b := c.Block
	s := &b.Saved
	insn := int32(0) // that left; -1 at the end
	before := guard()
	defer func() {
		unguard(before)
		if insn < 0 {
			return
		}
		if p := recover(); p != nil {
			err = cd.fail(c, sp, int(insn), wild(p))
		}
	}()
	for {
		word := exitOf(b)
		if word[0] < 0 {
			if word[0] == emit.Done {
				insn = -1
				return cd.done(c, sp)
			}
			return 0, cd.faulted(c, sp)
		}
		if handle := int(word[1]); handle != cd.handle {
			cd = (*cd.engine.progs.Load())[handle]
		}
		if c.Program() != cd.prog {
			c.SetProgram(cd.prog)
		}
		x := &cd.exits[word[0]]
		insn = x.insn
		if body := x.body; body != nil {
			r0 := body(c, s[1], s[2], s[3], s[4], s[5])
			if c.Ends() {
				return 0, cd.fail(c, sp, int(insn), c.Err())
			}
			s[0] = r0
			b.Engine[wordResume] = x.resume
		} else {
			b.Engine[wordResume] = x.resume
			if err := cd.serve(c, x); err != nil {
				return 0, cd.fail(c, sp, int(insn), err)
			}
		}
		enter(uintptr(cd.engine.resume), uintptr(unsafe.Pointer(b)))
	}
}

// guard makes a wild access of Go code on this goroutine a panic, which
// becomes a fault, instead of the end of the process. The result undoes it.
func guard() (before bool) { return debug.SetPanicOnFault(true) }

func unguard(before bool) { debug.SetPanicOnFault(before) }

// wild is the fault of a helper that made a wild access and panicked with p.
// Other panics go on.
func wild(p any) error {
	e, ok := p.(interface{ Addr() uintptr })
	if !ok {
		panic(fmt.Sprintf("BUG: panic in a helper: %v", p))
	}
	return &vm.Fault{Kind: vm.FaultArg, Insn: -1, Addr: uint64(e.Addr()), Verified: true}
}

// serve does what an exit other than a call asks for.
func (cd *code) serve(c *vm.Context, x *exit) error {
	b, in := c.Block, &cd.low.Insns[x.insn]
	switch x.kind {
	case emit.ExitPoll:
		return c.Poll()
	case emit.ExitTail:
		p := c.TailCall(mem.Addr(b.Saved[2]), b.Saved[3])
		if p == nil {
			return nil
		}
		next, ok := p.Code().(*code)
		if !ok || next.engine != cd.engine {
			return errors.New("tail call into a program of another engine")
		}
		if b.SP-emit.Room < b.StackLimit {
			return &vm.Fault{Kind: vm.FaultStack, Insn: -1, Verified: true}
		}
		c.SetProgram(p)
		b.Engine[wordTarget] = next.at(next.funcs[0])
		b.Engine[wordResume] = x.unwind
	case emit.ExitProbe:
		*cd.register(c, in.Dst) = c.Probe(in.Op, *cd.register(c, in.Src)+uint64(in.Off))
	case emit.ExitLoad:
		v, ok := c.PacketLoad(in.Op, in.Imm, *cd.register(c, in.Src))
		b.Saved[0] = v
		if !ok {
			b.Engine[wordResume] = x.unwind
		}
	case emit.ExitRing:
		s := &b.Saved
		if s[0] == 0 {
			s[0] = cd.bodies[in.Off](c, s[1], s[2], s[3], s[4], s[5])
			return c.Err()
		}
		c.Wake(mem.Addr(s[1]))
		s[0] = 0
	case emit.ExitThrow:
		return &vm.Thrown{Value: b.Saved[1]}
	default:
		return &vm.Fault{Kind: vm.FaultInsn, Insn: -1, Verified: true}
	}
	return nil
}

// register is where an exit has saved a BPF register.
func (cd *code) register(c *vm.Context, r uint8) *uint64 {
	if r < 6 {
		return &c.Block.Saved[r]
	}
	return (c.Block.SP + mem.Addr(8*(emit.SlotR10+10-int(r)))).U64()
}

// fail ends the run at a lowered instruction.
func (cd *code) fail(c *vm.Context, sp mem.Addr, insn int, err error) error {
	c.Block.SP = sp
	var f *vm.Fault
	if errors.As(err, &f) && f.Insn < 0 {
		for insn > 0 && cd.low.Insns[insn].Slot < 0 { // put in by an optimisation
			insn--
		}
		cd.prog.Locate(f, int(cd.low.Insns[insn].Slot))
	}
	c.Abort(err)
	return err
}

// caught ends a run that threw an exception as the thrower's program says.
func caught(c *vm.Context, err error) (uint64, error) {
	var t *vm.Thrown
	if !errors.As(err, &t) {
		return 0, err
	}
	cd := c.Program().Code().(*code)
	c.Recover()
	if cd.low.Exception < 0 {
		return t.Value, nil
	}
	return cd.run(c, cd.low.Exception, t.Value, 0, 0, 0, 0)
}
