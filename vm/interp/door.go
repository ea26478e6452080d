package interp

import (
	"context"
	"fmt"

	"encoding/binary"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/ir"
)

// UnverifiedOptions are what an unverified program runs with.
type UnverifiedOptions struct {
	Helpers *vm.Helpers
	// Maps are the live maps, in the order of image.Program.Maps.
	Maps []bpfmap.Map
	// CtxSize is the size of the memory that r1 points to, which the program
	// may read and write. It is the context as programs see it, not the native
	// block.
	CtxSize int
	// Trace is called before every instruction, nil for none.
	Trace func(Step)
}

// Step is the state before an instruction.
type Step struct {
	Slot int // in the image
	Regs *[11]uint64
	// Frame is the number of functions below the running one.
	Frame int
}

// NewUnverified readies a program that was not verified: the unverified door.
// Every access, helper argument and step is checked when it happens, and what
// leaves the program's regions ends the run with a *vm.Fault.
func NewUnverified(img *image.Program, opts *UnverifiedOptions) (*vm.Program, error) {
	if opts == nil {
		opts = &UnverifiedOptions{}
	}
	return vm.NewUnverified(img, checkingEngine{opts}, vm.Options{Helpers: opts.Helpers, Maps: opts.Maps})
}

// checkingEngine makes programs for the checked loop.
type checkingEngine struct{ opts *UnverifiedOptions }

func (checkingEngine) Name() string { return "checked interp" }

func (checkingEngine) ChecksEveryAccess() {}

func (e checkingEngine) Compile(p *vm.Program) (vm.Code, error) {
	if err := checkHost(); err != nil {
		return nil, err
	}
	k := &checked{prog: p, low: p.Lowered(), bodies: p.Bodies(), ctxSize: e.opts.CtxSize, trace: e.opts.Trace}
	for _, c := range k.low.Callees {
		h, err := checkable(c, p.Image())
		if err != nil {
			return nil, err
		}
		k.protos = append(k.protos, h)
	}
	return k, nil
}

// checkable is the prototype of a callee of img, if its arguments can be checked
// at run time.
func checkable(c ir.Callee, img *image.Program) (*abi.Helper, error) {
	if c.Kfunc != "" {
		if h := checkableKfuncs[c.Kfunc]; h != nil {
			return h, nil
		}
		return nil, &vm.UnsupportedError{What: "kfunc " + c.Kfunc + " in an unverified program"}
	}
	h := abi.HelperFor(c.Helper, img.Type, img.Attach)
	if h == nil {
		h = abi.HelperByID(c.Helper) // conformance tests call all in one type
	}
	if h == nil {
		return nil, &vm.UnsupportedError{What: fmt.Sprintf("helper %d", c.Helper)}
	}
	for _, a := range h.Args {
		if !checkableArg(a) {
			return nil, &vm.UnsupportedError{What: "helper " + h.Name + " in an unverified program"}
		}
	}
	return h, nil
}

// checkableKfuncs are the kernel functions whose arguments can be checked at run
// time, in the form of helpers: those of iterators over numbers, which make do
// with whatever is in their 8 bytes.
var checkableKfuncs = map[string]*abi.Helper{
	"bpf_iter_num_new": {
		Name: "bpf_iter_num_new", Args: [5]abi.Arg{iterNum, abi.ArgAnything, abi.ArgAnything}, ArgSize: [5]uint32{8},
	},
	"bpf_iter_num_next":    {Name: "bpf_iter_num_next", Args: [5]abi.Arg{iterNum}, ArgSize: [5]uint32{8}},
	"bpf_iter_num_destroy": {Name: "bpf_iter_num_destroy", Args: [5]abi.Arg{iterNum}, ArgSize: [5]uint32{8}, Ret: abi.RetVoid},
}

const iterNum = abi.ArgMem | abi.ArgFixed | abi.ArgWrite

// RunRaw runs a program of bare instructions through the unverified door: r1
// is the address of memory and r2 its length, both 0 if there is none. What
// the program writes is in memory afterwards.
func RunRaw(ctx context.Context, rt *vm.Runtime, helpers *vm.Helpers, program, memory []byte) (r0 uint64, err error) {
	insns, err := isa.Decode(program, binary.LittleEndian)
	if err != nil {
		return 0, err
	}
	img := &image.Program{Name: "raw", Insns: insns}
	p, err := NewUnverified(img, &UnverifiedOptions{Helpers: helpers, CtxSize: len(memory)})
	if err != nil {
		return 0, err
	}
	c, err := rt.Claim(ctx)
	if err != nil {
		return 0, err
	}
	defer rt.Release(c)
	if len(memory) == 0 {
		return p.Run(c, 0)
	}
	m, err := mem.Alloc(len(memory))
	if err != nil {
		return 0, err
	}
	copy(m, memory)
	r0, err = p.Run(c, mem.AddrOf(m))
	copy(memory, m)
	if e := mem.Free(m); err == nil {
		err = e
	}
	return r0, err
}
