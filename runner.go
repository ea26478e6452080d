package skep

import (
	"context"
	"errors"
	"fmt"
	"runtime/pprof"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
)

// RunnerOptions bound the runs of a Runner.
type RunnerOptions struct {
	// Budget ends a run after that many instructions, 0 for no limit. Give one
	// to programs of others.
	Budget uint64
	// Memory is the room for Runner.Memory, in bytes; 0 for 4096.
	Memory int
}

// Runner runs one raw program many times: it keeps a virtual CPU and a block of
// memory, so that a run costs nanoseconds. One goroutine uses it at a time, and
// a Runtime has no more of them than virtual CPUs; the next waits. Close it when
// there is nothing to run for a while.
type Runner struct {
	prog   *Program // holds a reference of its own
	p      *vm.Program
	r      *vm.Runner
	memory []byte // outside of the Go heap
	addr   mem.Addr
	// plain and labelled are Go contexts with the labels of a goroutine outside
	// of and inside a run; labelled is nil where there are none.
	plain, labelled context.Context
}

// Runner makes a Runner of a raw program, waiting for a virtual CPU. Its runs
// end when ctx is done. opts may be nil.
func (p *Program) Runner(ctx context.Context, opts *RunnerOptions) (*Runner, error) {
	if opts == nil {
		opts = &RunnerOptions{}
	}
	if p.typ != abi.Raw || p.VM() == nil {
		return nil, fmt.Errorf("program %q: %w", p.name, &UnsupportedError{What: "a Runner of programs of type " + p.typ.Short()})
	}
	keep, err := p.Clone()
	if err != nil {
		return nil, fmt.Errorf("program %q: %w", p.name, err)
	}
	r := &Runner{prog: keep, p: p.VM(), plain: ctx}
	if p.Runtime().labels {
		r.labelled = pprof.WithLabels(ctx, pprof.Labels(labelKey, p.name))
	}
	room := opts.Memory
	if room <= 0 {
		room = mem.PageSize
	}
	if r.memory, err = mem.Alloc(room); err == nil {
		r.addr = mem.AddrOf(r.memory)
		r.r, err = p.Runtime().vm.Runner(ctx, &vm.RunOptions{Budget: int64(opts.Budget)})
	}
	if err != nil {
		return nil, fmt.Errorf("program %q: %w", p.name, errors.Join(err, r.Close()))
	}
	return r, nil
}

// Memory is the Runner's own block, until Close. RunMemory of a part of it that
// begins at its beginning copies nothing.
func (r *Runner) Memory() []byte { return r.memory }

// RunMemory runs the program with data as its memory and returns r0. The program
// may change data. Programs reach no memory of the Go heap: data is copied into
// the Runner's block and back, unless it is the beginning of Memory.
func (r *Runner) RunMemory(data []byte) (uint64, error) {
	if r.r == nil {
		return 0, ErrClosed
	}
	n := len(data)
	own := n == 0 || n <= len(r.memory) && &data[0] == &r.memory[0]
	if !own {
		if err := r.grow(n); err != nil {
			return 0, err
		}
		copy(r.memory, data)
	}
	if r.labelled != nil {
		pprof.SetGoroutineLabels(r.labelled)
	}
	r0, err := r.r.RunMemory(r.p, r.addr, n)
	if r.labelled != nil {
		pprof.SetGoroutineLabels(r.plain)
	}
	if !own {
		copy(data, r.memory)
	}
	if err != nil {
		return 0, fmt.Errorf("program %q: %w", r.prog.name, err)
	}
	return r0, nil
}

// grow makes room for n bytes.
func (r *Runner) grow(n int) error {
	if n <= len(r.memory) {
		return nil
	}
	m, err := mem.Alloc(max(n, 2*len(r.memory)))
	if err != nil {
		return err
	}
	old := r.memory
	r.memory, r.addr = m, mem.AddrOf(m)
	return mem.Free(old)
}

// Close gives everything back. It is idempotent.
func (r *Runner) Close() error {
	var err error
	if r.r != nil {
		err = r.r.Close()
		r.r = nil
	}
	if r.memory != nil {
		err = errors.Join(err, mem.Free(r.memory))
		r.memory = nil
	}
	return errors.Join(err, r.prog.Close())
}

// runMemory runs a raw program on opts.Data.
func (u *userProgram) runMemory(runner *vm.Runner, opts *RunOptions) (RunResult, error) {
	block, err := mem.Alloc(max(len(opts.Data), 8))
	if err != nil {
		return RunResult{}, err
	}
	defer mem.Free(block)
	res, err := repeat(opts, func() (uint64, error) {
		copy(block, opts.Data)
		return runner.RunMemory(u.p, mem.AddrOf(block), len(opts.Data))
	})
	if err == nil && opts.DataOut != nil {
		if len(opts.DataOut) < len(opts.Data) {
			return res, fmt.Errorf("DataOut of %d bytes: the memory has %d: %w", len(opts.DataOut), len(opts.Data), abi.ENOSPC)
		}
		opts.DataOut = opts.DataOut[:copy(opts.DataOut, block[:len(opts.Data)])]
	}
	return res, err
}
