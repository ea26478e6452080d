package interp

import (
	"encoding/binary"
	"errors"

	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/ir"
)

// Engine is the interpreter as an engine of vm.
type Engine struct {
	// Poison fills every frame before its function begins, if it is not 0. It
	// shows whether a program reads stack that it has not written.
	Poison byte
}

// Name is "interp".
func (Engine) Name() string { return "interp" }

// Compile packs p's instructions for the loop.
func (e Engine) Compile(p *vm.Program) (vm.Code, error) {
	if err := checkHost(); err != nil {
		return nil, err
	}
	cd := newCode(p)
	cd.poison = e.Poison
	return cd, nil
}

// code is a program as the loop runs it.
type code struct {
	prog   *vm.Program
	low    *ir.Program
	insns  []insn
	funcs  []ir.Func
	bodies []vm.HelperFunc
	poison byte
}

func newCode(p *vm.Program) *code {
	low := p.Lowered()
	cd := &code{prog: p, low: low, funcs: low.Funcs, bodies: p.Bodies()}
	cd.insns = make([]insn, len(low.Insns)+1) // the last is never run; ip may point at it
	for i, in := range low.Insns {
		if in.Op.IsJump() {
			in.Off = (in.Off - int32(i) - 1) * int32(insnSize)
		}
		cd.insns[i] = insn{in.Op, in.Dst, in.Src, in.Off, in.Imm}
	}
	return cd
}

// Run runs the program from its entry.
func (cd *code) Run(c *vm.Context, bctx mem.Addr, r2 uint64) (uint64, error) {
	defer unguard(guard())
	r0, err := run(c, cd, 0, &[5]uint64{uint64(bctx), r2})
	if err != nil {
		return caught(c, err)
	}
	return r0, nil
}

// Call runs a callback.
func (cd *code) Call(c *vm.Context, fn int, r1, r2, r3, r4, r5 uint64) (uint64, error) {
	return run(c, cd, fn, &[5]uint64{r1, r2, r3, r4, r5})
}

// Close has nothing to free.
func (cd *code) Close() error { return nil }

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
	return run(c, cd, cd.low.Exception, &[5]uint64{t.Value})
}

// checkHost refuses hosts on which a little-endian program would see its
// memory in the wrong order.
func checkHost() error {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		return &vm.UnsupportedError{What: "running programs on a big-endian host"}
	}
	return nil
}
