package jit

import (
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/execmem"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
	"github.com/skepbpf/skep/vm/jit/opt"
)

// arenaSize is the room for all programs' code. Pages that are not used take no
// memory.
const arenaSize = 64 << 20

// ErrFull is that the engine has no room left for a program's code.
var ErrFull = execmem.ErrFull

// Engine compiles programs to machine code. It is safe for concurrent use.
type Engine struct {
	arena    *execmem.Arena
	features uint64
	off      emit.Opt
	call     mem.Addr  // stub that calls a function
	jump     mem.Addr  // the same for open functions
	resume   mem.Addr  // stub that goes on after an exit
	handlers *handlers // of signals, nil if there are none

	mu    sync.Mutex
	progs atomic.Pointer[[]*code] // by handle, nil where free
}

// Options change what an engine does to the process.
type Options struct {
	// NoSignals leaves the handlers of SIGSEGV and SIGBUS alone. A fault in
	// machine code, which only a bug of skep can cause, then ends the process;
	// otherwise it ends the run.
	NoSignals bool
	// Off are optimisations to leave out, to measure and compare.
	Off emit.Opt
	// Plain leaves out instructions that not every machine of the
	// architecture has.
	Plain bool
}

// New is an engine with memory of its own. It fails where the machine is none
// that code can be made for, or the system does not let it run. opts may be nil.
func New(opts *Options) (*Engine, error) {
	if opts == nil {
		opts = &Options{}
	}
	stubs, err := stubs()
	if err != nil {
		return nil, err
	}
	a, err := execmem.NewArena(arenaSize)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil, &vm.UnsupportedError{What: "machine code on " + runtime.GOOS}
	}
	if err != nil {
		return nil, err
	}
	e := &Engine{arena: a, off: opts.Off}
	e.progs.Store(&[]*code{})
	if !opts.Plain {
		e.features = features()
	}
	e.off |= lacks(e.features)
	b, err := a.Place(stubs.Code)
	if err == nil {
		err = useOnce(a)
	}
	if err == nil {
		e.call, e.resume = b.Addr()+mem.Addr(stubs.Funcs[0]), b.Addr()+mem.Addr(stubs.Funcs[1])
		if e.jump = e.call; len(stubs.Funcs) > 3 {
			e.jump = b.Addr() + mem.Addr(stubs.Funcs[3])
		}
		if !opts.NoSignals {
			e.handlers, err = handle(a, b.Addr()+mem.Addr(stubs.Funcs[2]))
		}
	}
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Name is "jit".
func (e *Engine) Name() string { return "jit" }

// Close gives back all code. No program of the engine may run or be run. Where
// another handler of the same signals was put before the engine's, the memory
// stays mapped: that one leads here.
func (e *Engine) Close() error {
	if !e.handlers.remove() {
		return nil
	}
	return e.arena.Close()
}

// Compile turns p into machine code.
func (e *Engine) Compile(p *vm.Program) (vm.Code, error) {
	cd := &code{engine: e, prog: p, bodies: p.Bodies()}
	cd.handle = e.add(cd)
	lo, hi := e.arena.Range()
	opts := emit.Options{
		Handle: uint32(cd.handle), Features: e.features, Off: e.off, CodeLow: uint64(lo), CodeSize: uint64(hi - lo),
	}
	cd.low = opt.Optimize(p.Lowered(), opts)
	out, err := compile(cd.low, opts)
	if err != nil {
		e.drop(cd.handle)
		return nil, err
	}
	args := 1
	if p.Type() == abi.Raw {
		args = 2
	}
	start := startStub(out, args)
	block, err := e.arena.Place(out.Code)
	if err != nil {
		e.drop(cd.handle)
		return nil, err
	}
	cd.starts, cd.marks, cd.funcs, cd.open = out.Starts, out.Marks, out.Funcs, out.Open
	e.mu.Lock()
	defer e.mu.Unlock()
	cd.block, cd.base, cd.size = block, block.Addr(), len(out.Code)
	cd.entry = cd.at(cd.funcs[0])
	if start >= 0 {
		cd.start = cd.at(start)
	}
	cd.exits = exitsOf(cd, out.Exits)
	return cd, nil
}

// holder is the program whose code is at pc, nil if there is none.
func (e *Engine) holder(pc mem.Addr) *code {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, cd := range *e.progs.Load() {
		if cd != nil && cd.block != nil && pc >= cd.base && pc < cd.base+mem.Addr(cd.block.Size()) {
			return cd
		}
	}
	return nil
}

// add gives cd a handle.
func (e *Engine) add(cd *code) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := slices.Clone(*e.progs.Load())
	i := slices.Index(all, nil)
	if i < 0 {
		i = len(all)
		all = append(all, nil)
	}
	all[i] = cd
	e.progs.Store(&all)
	return i
}

func (e *Engine) drop(handle int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := slices.Clone(*e.progs.Load())
	all[handle] = nil
	e.progs.Store(&all)
}

// code is a program as machine code.
type code struct {
	engine *Engine
	handle int
	prog   *vm.Program
	low    *ir.Program
	bodies []vm.HelperFunc
	entry  uint64         // Entry
	start  uint64         // Start
	block  *execmem.Block // nil when closed; under Engine.mu
	base   mem.Addr
	size   int
	exits  []exit
	funcs  []int32
	open   []bool // functions that are entered by a jump
	starts []int32
	marks  []emit.Mark
}

// Region is where the code lies.
func (cd *code) Region() (addr mem.Addr, size int) { return cd.base, cd.size }

// Close frees the code. It is idempotent.
func (cd *code) Close() error {
	cd.engine.mu.Lock()
	block := cd.block
	cd.block = nil
	cd.engine.mu.Unlock()
	if block != nil {
		cd.engine.drop(cd.handle)
		block.Free()
	}
	return nil
}

// Entry is the address at which tail calls enter.
func (cd *code) Entry() uint64 { return cd.entry }

// at is the address of an offset in the code.
func (cd *code) at(off int32) uint64 { return uint64(cd.base) + uint64(off) }
