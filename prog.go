package skep

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/object"
	"github.com/skepbpf/skep/verifier"
)

// Program is a verified, loaded program.
type Program struct {
	name string
	typ  ProgramType
	impl BackendProgram
	own  *handle
	user *userProgram // impl, if Run can be quick
}

// ProgramOptions change how programs are verified and loaded.
type ProgramOptions struct {
	// LogLevel selects what VerifierError.Log and ProgramInfo.Log hold.
	LogLevel LogLevel
	// LogSize limits the log, in bytes, 0 for 64 MB. Of a longer one the end is
	// kept.
	LogSize int
	// KernelTypes is the BTF that CO-RE and kernel functions refer to, nil for
	// the running kernel's where a program needs it.
	KernelTypes *btf.Spec
	// Trust is whose rules apply; the zero value has root's, and for raw programs
	// those of users with CapBPF.
	Trust verifier.Trust
	// Caps are the capabilities that the author has after all, with Sandbox: XDP
	// programs need CapBPF and CapNetAdmin, and still leak no pointers.
	Caps verifier.Caps
	// Unverified runs programs without a proof, in the interpreter, which then
	// checks every access and helper argument when it happens: for tests of
	// programs that are not ready to be verified. Other back ends refuse it.
	Unverified bool
	// Backend is where a program that is loaded alone runs, nil for the
	// process's default Runtime.
	Backend Backend
}

// ProgramInfo describes a loaded program.
type ProgramInfo struct {
	Name   string
	Type   ProgramType
	Engine string // "interp", "jit", "kernel"
	// Verified are the figures of the verification.
	Verified verifier.Stats
	// Log is the verifier's log, "" unless asked for.
	Log string
}

// Unverified reports whether the program runs without a proof.
func (p *Program) Unverified() bool {
	u, ok := p.impl.(*userProgram)
	return ok && u.proven == nil
}

// RunOptions are the input and output of Program.Run.
type RunOptions struct {
	// Data is the packet, for program types that have one, and the memory of
	// raw programs. XDP and skb programs want at least 14 bytes.
	Data []byte
	// DataOut receives the packet, or a raw program's memory, after the last
	// run; its length is set.
	DataOut []byte
	// Context is the context in its C layout: a struct xdp_md for XDP, pt_regs
	// for kprobes. nil means zeroes.
	Context any
	// ContextOut receives the context after the last run: a pointer or a
	// byte slice.
	ContextOut any
	// Repeat is the number of runs, 0 for one.
	Repeat uint32
	// Reset is called before each run but the first.
	Reset func()
	// Ctx cancels the runs, nil for never.
	Ctx context.Context
	// Budget ends a run after that many instructions, 0 for no limit.
	Budget uint64
}

// RunResult is what a series of runs gave.
type RunResult struct {
	Return  uint32        // r0 of the last run
	Value   uint64        // the same, whole
	Runs    int           // runs done
	PerRun  time.Duration // mean time of a run
	Elapsed time.Duration // of all runs
}

// NewProgram verifies and loads one program that uses no maps.
func NewProgram(spec *ProgramSpec) (*Program, error) {
	return NewProgramWithOptions(spec, ProgramOptions{})
}

// NewProgramWithOptions verifies and loads one program that uses no maps.
func NewProgramWithOptions(spec *ProgramSpec, opts ProgramOptions) (*Program, error) {
	if len(spec.img.Maps) != 0 {
		return nil, fmt.Errorf("program %q: uses map %q: load its collection", spec.Name, spec.img.Maps[0].Name)
	}
	b, err := backendOrDefault(opts.Backend)
	if err != nil {
		return nil, err
	}
	if err := checkOrder(spec.ByteOrder); err != nil {
		return nil, fmt.Errorf("program %q: %w", spec.Name, err)
	}
	coll := &image.Collection{Name: spec.Name, ByteOrder: spec.ByteOrder, Programs: []*image.Program{spec.img}, Types: spec.img.Types}
	resolved := resolve(coll, &opts)
	return loadProgram(context.Background(), b, spec, resolved.Programs[0], nil, &opts)
}

// loadProgram verifies and loads a program whose image is fitted to its target.
// live gives the map for each definition that the image refers to.
func loadProgram(ctx context.Context, b Backend, spec *ProgramSpec, fitted *image.Program, live func(*image.Map) (*Map, error), opts *ProgramOptions) (*Program, error) {
	if fitted.Err != nil {
		return nil, fmt.Errorf("program %q: %w", spec.Name, fitted.Err)
	}
	img := *fitted
	img.Name, img.Type, img.Attach, img.AttachTo = spec.Name, spec.Type, spec.AttachType, spec.AttachTo
	img.License, img.Version, img.Flags, img.Memory = spec.License, spec.KernelVersion, abi.ProgFlags(spec.Flags), spec.Memory
	img.Maps = make([]*image.Map, len(fitted.Maps))
	handles := make([]BackendMap, len(fitted.Maps))
	for i, def := range fitted.Maps {
		m, err := live(def)
		if err != nil {
			return nil, fmt.Errorf("program %q: %w", spec.Name, err)
		}
		img.Maps[i], handles[i] = m.def, m.impl
	}
	impl, err := b.NewProgram(ctx, &img, handles, opts)
	if err != nil {
		return nil, fmt.Errorf("program %q: %w", spec.Name, err)
	}
	return newProgram(Program{name: spec.Name, typ: spec.Type, impl: impl, own: newHandle(impl.Close)}), nil
}

// newProgram is a handle for callers to close. Close for those that forget is
// the collector's: machine code lies outside of the heap.
func newProgram(p Program) *Program {
	if u, ok := p.impl.(*userProgram); ok && u.quick != quickNot {
		p.user = u
	}
	runtime.AddCleanup(&p, func(own *handle) { _ = own.close() }, p.own)
	return &p
}

// resolve fits programs to the kernel types in opts, or to this machine where
// any of them asks for more than their own object says.
func resolve(coll *image.Collection, opts *ProgramOptions) *image.Collection {
	target := &object.Target{}
	for _, p := range coll.Programs {
		if len(p.CORE)+len(p.Extern)+len(coll.Kconfig) == 0 {
			continue
		}
		// What this machine cannot tell is an error of the programs that ask.
		target, _ = object.HostTarget()
		break
	}
	if opts.KernelTypes != nil {
		target.KernelTypes, target.ModuleTypes = opts.KernelTypes, nil
	}
	return object.Resolve(coll, target)
}

// Name is the program's name in its object.
func (p *Program) Name() string { return p.name }

// Type is the program's type.
func (p *Program) Type() ProgramType { return p.typ }

// String is a short description for messages.
func (p *Program) String() string { return fmt.Sprintf("%s(%s)", p.typ, p.name) }

// Backend is the program as its backend sees it, for hooks.
func (p *Program) Backend() BackendProgram { return p.impl }

// Info describes the program.
func (p *Program) Info() (*ProgramInfo, error) {
	info := p.impl.Info()
	info.Name, info.Type = p.name, p.typ
	return &info, nil
}

// Test runs the program once on a packet and returns r0 and the packet
// afterwards.
func (p *Program) Test(in []byte) (uint32, []byte, error) {
	opts := RunOptions{Data: in, DataOut: make([]byte, len(in)+256+2)}
	ret, err := p.Run(&opts)
	if err != nil {
		return ret, nil, err
	}
	return ret, opts.DataOut, nil
}

// Run runs the program with opts and returns r0 of the last run.
func (p *Program) Run(opts *RunOptions) (uint32, error) {
	if u := p.user; u != nil && opts.quick() {
		if ret, done, err := u.runOnce(opts, p.own); done || err != nil {
			if err != nil {
				err = fmt.Errorf("program %q: %w", p.name, err)
			}
			return ret, err
		}
	}
	res, err := p.RunResult(opts)
	return res.Return, err
}

// RunResult is Run that also tells how often and how long.
func (p *Program) RunResult(opts *RunOptions) (RunResult, error) {
	if opts == nil {
		opts = &RunOptions{}
	}
	if !p.own.use() {
		return RunResult{}, fmt.Errorf("program %q: %w", p.name, ErrClosed)
	}
	defer p.own.done()
	var res RunResult
	var err error
	if u, ok := p.impl.(*userProgram); ok && u.rt.labels {
		res, err = p.runLabelled(opts)
	} else {
		res, err = p.impl.Run(opts)
	}
	if err != nil {
		return res, fmt.Errorf("program %q: %w", p.name, err)
	}
	return res, nil
}

// Benchmark runs the program repeat times on a packet and returns r0 and the
// mean time of a run. reset, which may be nil, is called between runs.
func (p *Program) Benchmark(in []byte, repeat int, reset func()) (uint32, time.Duration, error) {
	if repeat < 0 || int64(repeat) > 1<<32-1 {
		return 0, 0, errors.New("repeat is out of range")
	}
	res, err := p.RunResult(&RunOptions{Data: in, Repeat: uint32(repeat), Reset: reset})
	return res.Return, res.PerRun, err
}

// Clone is another handle on the same program; both must be closed.
func (p *Program) Clone() (*Program, error) {
	if p == nil {
		return nil, nil
	}
	own := p.own.clone()
	if own == nil {
		return nil, ErrClosed
	}
	c := *p
	c.own = own
	return newProgram(c), nil
}

// Close gives up this handle; it is idempotent. The program lives on while
// links, program arrays or clones use it, and while runs are inside. A handle
// that nothing refers to any more is closed by Go's collector.
func (p *Program) Close() error {
	if p == nil {
		return nil
	}
	return p.own.close()
}
