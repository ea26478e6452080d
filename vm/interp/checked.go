package interp

import (
	"errors"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/ir"
)

// checked is an unverified program.
type checked struct {
	prog    *vm.Program
	low     *ir.Program
	bodies  []vm.HelperFunc
	protos  []*abi.Helper // of low.Callees
	ctxSize int
	trace   func(Step)
}

// Run runs the program from its entry.
func (k *checked) Run(c *vm.Context, bctx mem.Addr, r2 uint64) (uint64, error) {
	size := uint64(k.ctxSize)
	if k.prog.Type() == abi.Raw {
		size = r2
	}
	outer := c.State
	d := &door{c: c, top: c.Block.SP, bctx: uint64(bctx)}
	d.add(bctx, size, true)
	for i, m := range k.prog.Maps() {
		d.addMap(m, k.low.Maps[i])
	}
	c.State = d
	defer func() { c.State = outer }()
	r0, err := k.run(d, 0, [5]uint64{uint64(bctx), size})
	var t *vm.Thrown
	if !errors.As(err, &t) {
		return r0, err
	}
	c.Recover()
	k = c.Program().Code().(*checked)
	if k.low.Exception < 0 {
		return t.Value, nil
	}
	return k.run(d, k.low.Exception, [5]uint64{t.Value})
}

// Call runs a callback.
func (k *checked) Call(c *vm.Context, fn int, r1, r2, r3, r4, r5 uint64) (uint64, error) {
	d, ok := c.State.(*door)
	if !ok {
		panic("BUG: callback outside of a run")
	}
	if fn >= len(k.low.Funcs) {
		return 0, &vm.Fault{Kind: vm.FaultArg, Insn: -1, Addr: ir.CallbackTag | uint64(fn)}
	}
	if h := d.helper; h != nil {
		d.add(mem.Addr(r2), h.key, false)
		d.add(mem.Addr(r3), h.value, true)
	}
	return k.run(d, fn, [5]uint64{r1, r2, r3, r4, r5})
}

// Close has nothing to free.
func (k *checked) Close() error { return nil }

// cpu is the machine state of the checked loop.
type cpu struct {
	k      *checked
	d      *door
	r      [11]uint64
	pc     int
	base   int // frames below the run
	fuel   int64
	exited bool
}

func (k *checked) run(d *door, fn int, args [5]uint64) (uint64, error) {
	c := d.c
	sp := c.Block.SP
	u := &cpu{k: k, d: d, base: len(c.Frames), fuel: c.Block.Fuel}
	copy(u.r[1:], args[:])
	err := u.enter(fn)
	for err == nil && !u.exited {
		if u.pc >= len(u.k.low.Insns) {
			err = u.fault(vm.FaultInsn, 0, 0)
			break
		}
		in := &u.k.low.Insns[u.pc]
		if u.k.trace != nil {
			u.k.trace(Step{Slot: int(in.Slot), Regs: &u.r, Frame: len(c.Frames)})
		}
		if u.fuel--; u.fuel < 0 {
			c.Block.Fuel = u.fuel
			if err = c.Poll(); err != nil {
				break
			}
			u.fuel = c.Block.Fuel
		}
		err = u.step(in)
	}
	c.Block.SP = sp
	c.Block.Fuel = u.fuel
	c.Frames = c.Frames[:u.base]
	if err != nil {
		c.Abort(err)
		return 0, err
	}
	return u.r[0], nil
}

// fault is the end of the run at the instruction about to run.
func (u *cpu) fault(kind vm.FaultKind, addr uint64, size int) error {
	slot := -1
	if u.pc < len(u.k.low.Insns) {
		slot = int(u.k.low.Insns[u.pc].Slot)
	}
	f := &vm.Fault{Kind: kind, Addr: addr, Size: size}
	u.k.prog.Locate(f, slot)
	return f
}

// step runs one instruction and moves the pc.
func (u *cpu) step(in *ir.Insn) error {
	r := &u.r
	b := r[in.Src%11]
	switch op := in.Op; {
	case op < ir.Neg64:
		if op.IsK() {
			b = uint64(in.Imm)
		}
		if op.Is32() {
			r[in.Dst] = uint64(alu32(op.Base(), uint32(r[in.Dst]), uint32(b)))
		} else {
			r[in.Dst] = alu64(op.Base(), r[in.Dst], b)
		}
	case op < ir.JA:
		r[in.Dst] = convert(op, r[in.Dst], b)
	case op == ir.JA:
		u.pc = int(in.Off)
		return nil
	case op <= ir.JSLe32X:
		if op.IsK() {
			b = uint64(in.Imm)
		}
		if holds(op.Base(), op.Is32(), r[in.Dst], b) {
			u.pc = int(in.Off)
			return nil
		}
	case op <= ir.ProbeS32:
		return u.load(in)
	case op <= ir.St64X:
		return u.store(in, b)
	case op <= ir.StoreRel64:
		return u.atomic(in)
	default:
		return u.control(in)
	}
	u.pc++
	return nil
}

// control runs calls and the rest.
func (u *cpu) control(in *ir.Insn) error {
	r := &u.r
	switch in.Op {
	case ir.Call:
		return u.call(int(in.Off))
	case ir.CallX:
		return u.callX(r[in.Dst])
	case ir.CallLocal:
		u.push()
		return u.enter(int(in.Imm))
	case ir.Exit:
		u.exit()
		return nil
	case ir.TailCall:
		return u.tailCall()
	case ir.MayGoto:
		n := mem.Addr(r[10] + uint64(in.Imm)).U64()
		if *n == 0 {
			u.pc = int(in.Off)
			return nil
		}
		*n--
	case ir.Throw:
		return &vm.Thrown{Value: r[1]}
	case ir.CastKern:
		r[in.Dst] = uint64(uint32(r[in.Src]))
	case ir.CastUser:
		r[in.Dst] = castUser(r[in.Src], in.Imm)
	case ir.LdAbs8, ir.LdAbs16, ir.LdAbs32, ir.LdInd8, ir.LdInd16, ir.LdInd32:
		v, ok := u.d.c.PacketLoad(in.Op, in.Imm, r[in.Src])
		r[0] = v
		if !ok {
			u.exit()
			return nil
		}
	default:
		return u.fault(vm.FaultInsn, uint64(in.Op), 0)
	}
	u.pc++
	return nil
}

// push saves the running function.
func (u *cpu) push() {
	r := &u.r
	u.d.c.Frames = append(u.d.c.Frames, vm.Frame{
		Program: u.k.prog, PC: u.pc + 1, FP: mem.Addr(r[10]), Saved: [4]uint64{r[6], r[7], r[8], r[9]},
	})
}

// maxDepth is the number of functions that an unverified program may nest.
// Linux 6.18: MAX_CALL_FRAMES.
const maxDepth = 8

// enter opens a zeroed frame for a function.
func (u *cpu) enter(fn int) error {
	f := &u.k.low.Funcs[fn]
	b := u.d.c.Block
	fp := b.SP
	sp := fp - mem.Addr(f.StackDepth)
	if sp < b.StackLimit || len(u.d.c.Frames)-u.base >= maxDepth {
		return u.fault(vm.FaultStack, uint64(sp), f.StackDepth)
	}
	clear(sp.Bytes(f.StackDepth))
	b.SP = sp
	u.r[10] = uint64(fp)
	if f.MayGoto != 0 {
		*(fp + mem.Addr(int64(f.MayGoto))).U64() = ir.MayGotoTurns
	}
	u.pc = f.Start
	return nil
}

// exit returns from a function, or ends the run.
func (u *cpu) exit() {
	c, r := u.d.c, &u.r
	if len(c.Frames) == u.base {
		u.exited = true
		return
	}
	f := &c.Frames[len(c.Frames)-1]
	c.Frames = c.Frames[:len(c.Frames)-1]
	c.Block.SP = mem.Addr(r[10])
	r[10] = uint64(f.FP)
	r[6], r[7], r[8], r[9] = f.Saved[0], f.Saved[1], f.Saved[2], f.Saved[3]
	u.pc = f.PC
	if f.Program != u.k.prog {
		c.SetProgram(f.Program)
		u.k = f.Program.Code().(*checked)
	}
}

// tailCall goes on in another unverified program, or falls through.
func (u *cpu) tailCall() error {
	c, r := u.d.c, &u.r
	p := c.TailCall(mem.Addr(r[2]), r[3])
	if p == nil {
		u.pc++
		return nil
	}
	k, ok := p.Code().(*checked)
	if !ok || r[1] != u.d.bctx {
		return u.fault(vm.FaultArg, r[1], 1)
	}
	u.k = k
	c.SetProgram(p)
	for i, m := range p.Maps() {
		u.d.addMap(m, k.low.Maps[i])
	}
	c.Block.SP = mem.Addr(r[10])
	return u.enter(0)
}
