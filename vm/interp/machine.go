package interp

import (
	"errors"

	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/ir"
)

// machine is what the loop needs less often than at every instruction.
type machine struct {
	c    *vm.Context
	cd   *code    // the running program
	base int      // frames below the run
	sp   mem.Addr // stack pointer to give back
	// ip is behind the latest instruction that could fault.
	ip *insn
}

// begin opens the first frame.
func (m *machine) begin(fn int, r *[16]uint64) error {
	f := &m.cd.funcs[fn]
	err := m.frame(f, r)
	if err == nil {
		err = m.spend(f)
	}
	if err != nil {
		m.c.Block.SP = m.sp
		return m.name(f.Start, err)
	}
	return nil
}

// frame gives f a frame below the stack pointer.
func (m *machine) frame(f *ir.Func, r *[16]uint64) error {
	b := m.c.Block
	fp := b.SP
	sp := fp - mem.Addr(f.StackDepth)
	if sp < b.StackLimit {
		return &vm.Fault{Kind: vm.FaultStack, Insn: -1, Verified: true}
	}
	b.SP = sp
	r[10] = uint64(fp)
	if m.cd.poison != 0 {
		stack := sp.Bytes(f.StackDepth)
		for i := range stack {
			stack[i] = m.cd.poison
		}
	}
	if f.MayGoto != 0 {
		*(fp + mem.Addr(int64(f.MayGoto))).U64() = ir.MayGotoTurns
	}
	return nil
}

// spend takes the instructions of f off the fuel. A function's length is what
// it can run without a jump backwards.
func (m *machine) spend(f *ir.Func) error {
	b := m.c.Block
	if b.Fuel -= int64(f.End - f.Start); b.Fuel < 0 {
		return m.c.Poll()
	}
	return nil
}

// call enters subprogram fn and is where it starts; pc is where it returns to.
func (m *machine) call(fn, pc int, r *[16]uint64) (int, error) {
	c := m.c
	c.Frames = append(c.Frames, vm.Frame{
		Program: m.cd.prog, PC: pc, FP: mem.Addr(r[10]), Saved: [4]uint64{r[6], r[7], r[8], r[9]},
	})
	f := &m.cd.funcs[fn]
	if err := m.frame(f, r); err != nil {
		return 0, err
	}
	return f.Start, m.spend(f)
}

// ret returns from a subprogram to the frame that called it, and is where that
// goes on.
func (m *machine) ret(r *[16]uint64) int {
	c := m.c
	f := &c.Frames[len(c.Frames)-1]
	c.Block.SP = mem.Addr(r[10])
	r[10] = uint64(f.FP)
	r[6], r[7], r[8], r[9] = f.Saved[0], f.Saved[1], f.Saved[2], f.Saved[3]
	pc := f.PC
	if f.Program != m.cd.prog {
		c.SetProgram(f.Program)
		m.cd = f.Program.Code().(*code)
	}
	c.Frames = c.Frames[:len(c.Frames)-1]
	return pc
}

// tail puts the program of a tail call in the running frame's place; false
// means that the call falls through. r1 keeps the context.
func (m *machine) tail(r *[16]uint64) (bool, error) {
	c := m.c
	p := c.TailCall(mem.Addr(r[2]), r[3])
	if p == nil {
		return false, nil
	}
	next, ok := p.Code().(*code)
	if !ok {
		return false, errors.New("tail call into a program of another engine")
	}
	c.SetProgram(p)
	m.cd = next
	f := &next.funcs[0]
	c.Block.SP = mem.Addr(r[10])
	if err := m.frame(f, r); err != nil {
		return false, err
	}
	return true, m.spend(f)
}

// fail ends the run at the instruction before pc.
func (m *machine) fail(pc int, err error) error {
	m.c.Block.SP = m.sp
	m.c.Frames = m.c.Frames[:m.base]
	return m.name(pc-1, err)
}

// name puts the slot of instruction i into a fault that has none yet.
func (m *machine) name(i int, err error) error {
	var f *vm.Fault
	if errors.As(err, &f) && f.Insn < 0 {
		m.cd.prog.Locate(f, int(m.cd.low.Insns[i].Slot))
	}
	m.c.Abort(err)
	return err
}

// rare runs the operations that the loop leaves out. done ends the function.
func (m *machine) rare(in *insn, r *[16]uint64) (done bool, err error) {
	switch op := in.op; {
	case op >= ir.AtomicAdd32 && op <= ir.StoreRel64:
		base := in.dst
		if op >= ir.LoadAcq8 && op <= ir.LoadAcq64 {
			base = in.src
		}
		atomicOp(op, mem.Addr(r[base&15]+uint64(in.off)), &r[in.dst&15], &r[in.src&15], &r[0])
	case op >= ir.ProbeU8 && op <= ir.ProbeS32:
		r[in.dst&15] = m.c.Probe(op, r[in.src&15]+uint64(in.off))
	case op == ir.CastUser:
		r[in.dst&15] = castUser(r[in.src&15], in.imm)
	case op >= ir.LdAbs8 && op <= ir.LdInd32:
		v, ok := m.c.PacketLoad(in.op, in.imm, r[in.src&15])
		r[0] = v
		return !ok, nil
	case op == ir.Throw:
		return true, &vm.Thrown{Value: r[1]}
	default:
		return true, &vm.Fault{Kind: vm.FaultInsn, Insn: -1, Verified: true}
	}
	return false, nil
}

func castUser(v uint64, upper int64) uint64 {
	lo := uint64(uint32(v))
	if lo == 0 {
		return 0
	}
	return lo | uint64(upper)<<32
}
