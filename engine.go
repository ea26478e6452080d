package skep

import (
	"errors"
	"fmt"
	"sync"

	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
	"github.com/skepbpf/skep/vm/jit"
)

// Engine names what runs programs.
type Engine string

// The engines.
const (
	EngineInterp Engine = "interp" // the reference, on every machine
	EngineJIT    Engine = "jit"    // machine code; see vm/jit for where it runs
)

// The process's JITs: one arena for the code of all runtimes, and one more for
// those that want no signal handlers. Both are made when first wanted and last
// as long as the process, because a handler that another was put before cannot
// be taken away.
var (
	native = sync.OnceValues(func() (*jit.Engine, error) { return jit.New(nil) })
	quiet  = sync.OnceValues(func() (*jit.Engine, error) { return jit.New(&jit.Options{NoSignals: true}) })
)

// newEngine is the engine of that name, the best one for "".
func newEngine(name Engine, noSignals bool) (vm.Engine, error) {
	switch name {
	case EngineInterp:
		return interp.Engine{}, nil
	case "", EngineJIT:
	default:
		return nil, fmt.Errorf("engine %q: want interp or jit", name)
	}
	made := native
	if noSignals {
		made = quiet
	}
	e, err := made()
	if err == nil {
		return e, nil
	}
	if name == "" {
		return interp.Engine{}, nil
	}
	return nil, fmt.Errorf("engine jit: %w", err)
}

// compile readies a verified program and names its code where that is wanted.
func (r *Runtime) compile(p *verifier.Program, live []bpfmap.Map) (*vm.Program, error) {
	ready, err := r.lower(p, live)
	if err != nil || r.perf == nil {
		return ready, err
	}
	if err := r.perf.add(ready); err != nil {
		return nil, errors.Join(err, ready.Close())
	}
	return ready, nil
}

// lower readies a verified program. Where the JIT was not asked for by name
// and cannot take the program, the interpreter does.
func (r *Runtime) lower(p *verifier.Program, live []bpfmap.Map) (*vm.Program, error) {
	opts := vm.Options{Engine: r.engine, Helpers: r.helpers, Maps: live, Epoch: r.table.Epoch()}
	ready, err := vm.New(p, opts)
	if err == nil || r.named || !errors.Is(err, jit.ErrFull) && !errors.Is(err, vm.ErrNotSupported) {
		return ready, err
	}
	opts.Engine = interp.Engine{}
	if ready, ierr := vm.New(p, opts); ierr == nil {
		return ready, nil
	}
	return nil, err
}
