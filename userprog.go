package skep

import (
	"context"
	"fmt"
	"time"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/internal/packet"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm"
)

// userProgram is a program of a Runtime.
type userProgram struct {
	rt     *Runtime
	p      *vm.Program
	proven *verifier.Program // nil for unverified programs
	engine string
	quick  quickKind
	refs   *refs
}

// VM is the program for hooks, which run it on their own events; nil for
// programs of other back ends.
func (p *Program) VM() *vm.Program {
	if u, ok := p.impl.(*userProgram); ok {
		return u.p
	}
	return nil
}

// Runtime is the runtime that the program was loaded into; nil for programs of
// other back ends.
func (p *Program) Runtime() *Runtime {
	if u, ok := p.impl.(*userProgram); ok {
		return u.rt
	}
	return nil
}

func (u *userProgram) Info() ProgramInfo {
	if u.proven == nil {
		return ProgramInfo{Engine: "interp, unverified"}
	}
	return ProgramInfo{Engine: u.engine, Verified: u.proven.Stats(), Log: u.proven.Log()}
}

// hold keeps the program's maps alive and tells its program arrays what kind of
// program uses them.
func (u *userProgram) hold(maps []bpfmap.Map) error {
	for i, m := range maps {
		if a, ok := m.(*bpfmap.ProgArray); ok && !a.Claim(u.kind()) {
			u.letGo(maps[:i])
			return fmt.Errorf("map %q: holds programs of another type: %w", m.Def().Name, abi.EINVAL)
		}
		if !m.Retain() {
			u.letGo(maps[:i])
			return fmt.Errorf("map %q: %w", m.Def().Name, ErrClosed)
		}
	}
	u.refs = newRefs(func() error {
		err := u.p.Close()
		u.letGo(maps)
		return err
	})
	return nil
}

func (u *userProgram) letGo(maps []bpfmap.Map) {
	for _, m := range maps {
		m.Release()
	}
}

// Close gives up the caller's reference; program arrays may hold others.
func (u *userProgram) Close() error { return u.refs.drop() }

// programKind is what the programs of one program array agree in.
type programKind struct {
	typ    abi.ProgType
	engine string
	frags  bool
}

func (u *userProgram) kind() programKind {
	img := u.p.Image()
	return programKind{img.Type, u.engine, img.Flags&abi.XDPHasFrags != 0}
}

// handle is what a program array holds: a reference of its own, nil if the
// program is gone.
func (u *userProgram) handle() *bpfmap.Handle {
	if !u.refs.add() {
		return nil
	}
	return &bpfmap.Handle{
		Value: u.p.Entry(), Object: u.p, Owner: u.kind(),
		Release: func() { _ = u.refs.drop() },
	}
}

// Run runs the program opts.Repeat times on one virtual CPU.
func (u *userProgram) Run(opts *RunOptions) (RunResult, error) {
	ctx := opts.Ctx
	if ctx == nil {
		ctx = context.Background()
	}
	runner, err := u.rt.vm.Runner(ctx, &vm.RunOptions{Budget: int64(opts.Budget)})
	if err != nil {
		return RunResult{}, err
	}
	defer runner.Close()
	switch u.p.Type() {
	case abi.XDP:
		return u.runXDP(runner, opts)
	case abi.SchedCLS, abi.SchedACT:
		return u.runSKB(runner, opts, true)
	case abi.SocketFilter, abi.CgroupSKB, abi.LWTIn, abi.LWTOut, abi.LWTXmit:
		return u.runSKB(runner, opts, false)
	case abi.Raw:
		return u.runMemory(runner, opts)
	}
	return u.runRaw(runner, opts)
}

// xdpMDSize is the size of struct xdp_md.
const xdpMDSize = 24

func (u *userProgram) runXDP(runner *vm.Runner, opts *RunOptions) (RunResult, error) {
	if len(opts.Data) < packet.EthLen {
		return RunResult{}, fmt.Errorf("packet of %d bytes: XDP wants at least %d: %w", len(opts.Data), packet.EthLen, abi.EINVAL)
	}
	x, err := packet.NewXDP(len(opts.Data))
	if err != nil {
		return RunResult{}, err
	}
	defer x.Close()
	var ifindex, queue uint32 = 1, 0
	if opts.Context != nil {
		md, err := marshal(opts.Context, xdpMDSize)
		if err != nil {
			return RunResult{}, fmt.Errorf("context: %w", err)
		}
		ifindex, queue = order.Uint32(md[12:]), order.Uint32(md[16:])
	}
	x.SetInput(ifindex, queue)
	runner.Context().Event = x
	bctx := x.Ctx()
	if u.proven == nil {
		bctx, _ = x.Raw()
	}
	res, err := repeat(opts, func() (uint64, error) {
		if err := x.Load(opts.Data); err != nil {
			return 0, err
		}
		return runner.Run(u.p, bctx)
	})
	if err != nil {
		return res, err
	}
	// Linux 6.18: a test run gives the metadata back in front of the packet,
	// and the offsets of both in the context.
	meta, out := x.Meta(), x.Data()
	n := len(meta) + len(out)
	if opts.DataOut != nil {
		if len(opts.DataOut) < n {
			return res, fmt.Errorf("DataOut of %d bytes: the packet has %d: %w", len(opts.DataOut), n, abi.ENOSPC)
		}
		copy(opts.DataOut[copy(opts.DataOut, meta):], out)
		opts.DataOut = opts.DataOut[:n]
	}
	if opts.ContextOut != nil {
		md := make([]byte, xdpMDSize)
		order.PutUint32(md, uint32(len(meta)))
		order.PutUint32(md[4:], uint32(n))
		order.PutUint32(md[12:], ifindex)
		order.PutUint32(md[16:], queue)
		if err := unmarshal(opts.ContextOut, md); err != nil {
			return res, fmt.Errorf("context: %w", err)
		}
	}
	return res, nil
}

// repeat runs once opts.Repeat times and takes the time of the runs alone.
func repeat(opts *RunOptions, once func() (uint64, error)) (RunResult, error) {
	n := max(int(opts.Repeat), 1)
	var res RunResult
	for i := range n {
		if i > 0 && opts.Reset != nil {
			opts.Reset()
		}
		start := time.Now()
		r0, err := once()
		res.Elapsed += time.Since(start)
		if err != nil {
			return res, err
		}
		res.Return, res.Value = uint32(r0), r0
		res.Runs++
	}
	res.PerRun = res.Elapsed / time.Duration(n)
	return res, nil
}
