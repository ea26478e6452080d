package skep

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
)

// RuntimeOptions change how a Runtime is made.
type RuntimeOptions struct {
	// CPUs is the number of virtual CPUs: the runs that can go on at once, and
	// the values of a per-CPU map. 0 means GOMAXPROCS.
	CPUs int
	// Host is the world that programs see, nil for the real one.
	Host host.Host
	// Seed makes hashing and iteration orders repeatable; 0 is random.
	Seed uint64
	// Engine runs verified programs; "" means EngineJIT where there is one and
	// EngineInterp elsewhere. A name that was given is an order: where it cannot
	// be had, NewRuntime fails. Unverified programs are always interpreted.
	Engine Engine
	// NoSignals leaves the process's handlers of SIGSEGV and SIGBUS alone. They
	// turn a fault in machine code, which only a bug of skep can cause, into the
	// end of one run; without them it ends the process. Give it to every Runtime
	// of a process that must keep these signals to itself, and name a Backend
	// wherever one is taken, because the default Runtime has the handlers.
	NoSignals bool
	// Labels gives goroutines the pprof label bpf_prog, a program's name, while
	// they run it: profiles, which see machine code as runtime._ExternalCode, can
	// then be split by program (go tool pprof -tagfocus bpf_prog=NAME). Programs
	// that are tail called count for the first. Afterwards a goroutine has the
	// labels of the Go context that the run was given.
	Labels bool
	// PerfMap names the code of every program in /tmp/perf-PID.map, where perf
	// looks for it. The file is the process's and stays behind. Linux only.
	PerfMap bool
}

// Runtime is the Backend that runs programs in this process. Maps and programs
// of one Runtime can be used together.
type Runtime struct {
	vm      *vm.Runtime
	table   *bpfmap.Table
	engine  vm.Engine
	named   bool // engine was asked for by name
	labels  bool
	perf    *perfMap // nil where no code is named
	helpers *vm.Helpers
	frames  []frames // by virtual CPU
}

// NewRuntime makes a Runtime.
func NewRuntime(opts *RuntimeOptions) (*Runtime, error) {
	if opts == nil {
		opts = &RuntimeOptions{}
	}
	n := opts.CPUs
	if n == 0 {
		n = runtime.GOMAXPROCS(0)
	}
	h := opts.Host
	if h == nil {
		h = host.NewReal(host.RealOptions{})
	}
	table := bpfmap.NewTable(bpfmap.TableOptions{CPUs: n, Seed: opts.Seed})
	v, err := vm.NewRuntime(&vm.RuntimeOptions{CPUs: n, Host: h, Table: table})
	if err != nil {
		return nil, err
	}
	r := &Runtime{vm: v, table: table, helpers: helper.Table(), frames: make([]frames, n)}
	if r.engine, err = newEngine(opts.Engine, opts.NoSignals); err != nil {
		return nil, errors.Join(err, v.Close())
	}
	r.named, r.labels = opts.Engine != "", opts.Labels
	if opts.PerfMap {
		if r.perf, err = processMap(); err != nil {
			return nil, errors.Join(err, v.Close())
		}
	}
	return r, nil
}

// defaultRuntime serves callers that name no Backend, so that their maps and
// programs fit together.
var defaultRuntime = sync.OnceValues(func() (*Runtime, error) { return NewRuntime(nil) })

func backendOrDefault(b Backend) (Backend, error) {
	if b != nil {
		return b, nil
	}
	return defaultRuntime()
}

// hostKernelTypes is the running kernel's BTF.
var hostKernelTypes = sync.OnceValues(func() (*btf.Spec, error) {
	s, err := btf.LoadKernelSpec()
	if err != nil {
		return nil, fmt.Errorf("kernel types: %w: give ProgramOptions.KernelTypes", err)
	}
	return s, nil
})

// VM is the engine room, for hooks.
func (r *Runtime) VM() *vm.Runtime { return r.vm }

// Name is "user".
func (r *Runtime) Name() string { return "user" }

// CPUs is the number of virtual CPUs.
func (r *Runtime) CPUs() int { return r.vm.CPUs() }

// Close frees the runtime's memory. Its programs and maps must be closed.
func (r *Runtime) Close() error {
	if err := r.vm.Close(); err != nil {
		return err
	}
	for i := range r.frames {
		r.frames[i].close()
		r.frames[i] = frames{}
	}
	return nil
}

// NewMap creates a map without its contents.
func (r *Runtime) NewMap(def *image.Map) (BackendMap, error) {
	m, err := bpfmap.New(def, bpfmap.Options{Table: r.table})
	if err != nil {
		if errors.Is(err, bpfmap.ErrUnsupported) {
			return nil, fmt.Errorf("map %q: %w", def.Name, &UnsupportedError{What: fmt.Sprintf("map type %v", def.Type)})
		}
		return nil, err
	}
	return &userMap{m, r.CPUs()}, nil
}

// NewProgram verifies a program and readies it to run.
func (r *Runtime) NewProgram(ctx context.Context, p *image.Program, maps []BackendMap, opts *ProgramOptions) (BackendProgram, error) {
	live := make([]bpfmap.Map, len(maps))
	for i, m := range maps {
		um, ok := m.(*userMap)
		if !ok {
			return nil, fmt.Errorf("map %q: lives in another back end", p.Maps[i].Name)
		}
		live[i] = um.m
	}
	ready, proven, err := r.prepare(ctx, p, live, opts)
	if err != nil {
		return nil, err
	}
	u := &userProgram{rt: r, p: ready, proven: proven, engine: ready.Engine().Name(), quick: quickKindOf(p.Type, proven != nil)}
	if err := u.hold(live); err != nil {
		return nil, errors.Join(err, ready.Close())
	}
	return u, nil
}

// prepare verifies and lowers a program; without a proof for unverified ones.
func (r *Runtime) prepare(ctx context.Context, p *image.Program, live []bpfmap.Map, opts *ProgramOptions) (*vm.Program, *verifier.Program, error) {
	if opts.Unverified {
		size := 0
		if info := p.Type.Info(); info != nil && info.Context != nil {
			size = int(info.Context.Size)
		}
		ready, err := interp.NewUnverified(p, &interp.UnverifiedOptions{Helpers: r.helpers, Maps: live, CtxSize: size})
		return ready, nil, err
	}
	vo := &verifier.Options{
		Trust: opts.Trust, Caps: opts.Caps, KernelTypes: opts.KernelTypes, CPUs: r.CPUs(),
		LogLevel: uint32(opts.LogLevel), LogSize: opts.LogSize,
	}
	// Most programs need none; those that do and have none are refused by name.
	vo.FindTypes = func() *btf.Spec {
		types, _ := hostKernelTypes()
		return types
	}
	proven, err := verifier.Verify(ctx, p, vo)
	if err != nil {
		return nil, nil, err
	}
	ready, err := r.compile(proven, live)
	return ready, proven, err
}

// userMap is a bpfmap.Map as bpf(2) shows it.
type userMap struct {
	m    bpfmap.Map
	cpus int
}

// Map is the live map, for readers.
func (u *userMap) Map() bpfmap.Map { return u.m }

func (u *userMap) ValueLen() int { return bpfmap.ValueLen(u.m) }

func (u *userMap) Lookup(key, value []byte, flags abi.UpdateFlags) error {
	return errnoError(bpfmap.Lookup(u.m, key, value, flags))
}

func (u *userMap) LookupAndDelete(key, value []byte, flags abi.UpdateFlags) error {
	return errnoError(bpfmap.LookupDelete(u.m, key, value, flags))
}

func (u *userMap) Update(key, value []byte, flags abi.UpdateFlags) error {
	return errnoError(bpfmap.Update(u.m, key, value, flags))
}

func (u *userMap) Delete(key []byte) error { return errnoError(bpfmap.Delete(u.m, key)) }

func (u *userMap) NextKey(prev, next []byte) error {
	return errnoError(bpfmap.NextKey(u.m, prev, next))
}

func (u *userMap) SetMap(key []byte, m BackendMap, flags abi.UpdateFlags) error {
	inner, ok := m.(*userMap)
	if !ok {
		return errors.New("inner map lives in another back end")
	}
	h := bpfmap.MapHandle(inner.m)
	if h == nil {
		return ErrClosed
	}
	return u.hold(key, h, flags)
}

func (u *userMap) SetProgram(key []byte, p BackendProgram, flags abi.UpdateFlags) error {
	up, ok := p.(*userProgram)
	if !ok {
		return errors.New("program lives in another back end")
	}
	h := up.handle()
	if h == nil {
		return ErrClosed
	}
	return u.hold(key, h, flags)
}

func (u *userMap) hold(key []byte, h *bpfmap.Handle, flags abi.UpdateFlags) error {
	holder, ok := u.m.(bpfmap.Holder)
	if !ok {
		return fmt.Errorf("map type %s holds neither maps nor programs", u.m.Def().Type)
	}
	e := holder.Hold(key, h, flags)
	if e != 0 && h.Release != nil {
		h.Release()
	}
	return errnoError(e)
}

func (u *userMap) Freeze() error { return errnoError(u.m.Freeze()) }

func (u *userMap) Memory() ([]byte, error) {
	if m, ok := u.m.(bpfmap.Memoryer); ok {
		return m.Memory(), nil
	}
	return nil, &UnsupportedError{What: fmt.Sprintf("memory of map type %v", u.m.Def().Type)}
}

// Close also empties program arrays: a program that can call itself would hold
// itself alive for ever.
func (u *userMap) Close() error {
	if a, ok := u.m.(*bpfmap.ProgArray); ok {
		a.Clear()
	}
	return u.m.Close()
}

// PossibleCPU is the number of virtual CPUs of the default Runtime: of values
// that its per-CPU maps hold for each key.
func PossibleCPU() (int, error) {
	r, err := defaultRuntime()
	if err != nil {
		return 0, err
	}
	return r.CPUs(), nil
}

// MustPossibleCPU is PossibleCPU that panics on an error.
func MustPossibleCPU() int {
	n, err := PossibleCPU()
	if err != nil {
		panic(err)
	}
	return n
}
