package kernel

import (
	"fmt"
	"time"

	"github.com/skepbpf/skep/abi"
)

// RunOptions are what a program runs over.
type RunOptions struct {
	Data    []byte // the packet
	Context []byte // the context's bytes, nil for the kernel's own
	Repeat  int    // 0 for once
	CPU     int
	Flags   uint32 // BPF_F_TEST_*
}

// RunResult is what a run gave.
type RunResult struct {
	Return  uint32
	Time    time.Duration // of one run, on average
	Data    []byte        // the packet afterwards
	Context []byte        // the context afterwards, as long as the one given
}

// tailroom is by how much a packet may grow in a run.
const tailroom = 512

// Run runs the program in the kernel, on data that is no one's packet. Not
// every program type can.
func (p *Program) Run(opts *RunOptions) (*RunResult, error) {
	var o RunOptions
	if opts != nil {
		o = *opts
	}
	out := make([]byte, 0)
	if len(o.Data) > 0 {
		out = make([]byte, len(o.Data)+tailroom)
	}
	bctx := append([]byte(nil), o.Context...)
	var a attr
	a.u32(0, uint32(p.fd))
	a.u32(8, uint32(len(o.Data)))
	a.u32(12, uint32(len(out)))
	a.ptr(16, o.Data)
	a.ptr(24, out)
	a.u32(32, uint32(o.Repeat))
	a.u32(40, uint32(len(o.Context)))
	a.u32(44, uint32(len(bctx)))
	a.ptr(48, o.Context)
	a.ptr(56, bctx)
	a.u32(64, o.Flags)
	a.u32(68, uint32(o.CPU))
	if err := p.run(&a); err != nil {
		return nil, err
	}
	return &RunResult{
		Return: a.get32(4), Time: time.Duration(a.get32(36)),
		Data: out[:min(int(a.get32(12)), len(out))], Context: bctx,
	}, nil
}

func (p *Program) run(a *attr) error {
	defer a.done()
	if p.fd < 0 {
		return fmt.Errorf("test run: %w", abi.EBADF)
	}
	for try := 0; ; try++ {
		_, errno := bpf(cmdProgTestRun, a)
		switch {
		case errno == 0:
			return nil
		case errno == abi.ENOTSUPP || errno == abi.EOPNOTSUPP:
			return fmt.Errorf("test run: the kernel has none for this program type: %w", errno)
		case errno != abi.EINTR && errno != abi.EAGAIN || try == maxTries:
			return fmt.Errorf("test run: %w", errno)
		}
	}
}
