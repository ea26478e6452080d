package amd64

import (
	"fmt"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// The machine's features that code may use, as bits of emit.Options.Features.
const (
	HasBMI2       uint64 = 1 << iota
	HasFastDivide        // 64 bits take not much longer than 32
	HasPOPCNT
)

// Lacks are the optimisations that make operations that machines with so many
// features do not have.
func Lacks(features uint64) emit.Opt {
	if features&HasPOPCNT == 0 {
		return emit.OptPopcnt
	}
	return 0
}

// Registers with a fixed use.
const (
	block = r12 // the run context's block
	fuel  = r9  // instructions until the next poll
	tmp   = r11
	tmp2  = r10
)

// regs are the machine's registers of r0 to r10.
var regs = [16]reg{rax, rdi, rsi, rdx, rcx, r8, rbx, r13, r14, r15, rbp}

// compiler turns one program into code.
type compiler struct {
	encoder
	p     *ir.Program
	opts  emit.Options
	insns emit.Label // label of instruction 0
	funcs emit.Label // label of function 0
	leave emit.Label // the first of those in leaveCode
	begin emit.Label // of all code
	loop  emit.Label // the code of bpf_loop
	loops bool       // somebody calls it

	emit.Marker
	exits  []emit.Exit
	skip   int // index of an instruction that the one before is, too; -1 for none
	cold   []cold
	leaves []leaf // routines that somebody calls
	// aligns are the offsets that loops begin at.
	aligns []int32

	fn     *ir.Func
	frame  frame      // of fn
	number int        // of fn
	outer  bool       // function 0 is entered from outside alone
	open   []bool     // by function, see callopen.go
	unwind emit.Label // the code that ends fn
}

// cold is code that runs rarely and lies behind a function.
type cold struct {
	at, back emit.Label
	kind     emit.ExitKind
	insn     int32
}

// Compile is p as machine code.
func Compile(p *ir.Program, opts emit.Options) (*emit.Output, error) {
	c := &compiler{p: p, opts: opts, skip: -1}
	c.Reset(len(p.Insns)*8 + 256)
	c.insns = c.NewLabels(len(p.Insns))
	c.funcs = c.NewLabels(len(p.Funcs))
	c.leave, c.begin, c.loop = c.NewLabels(7), c.NewLabel(), c.NewLabel()
	c.Bind(c.begin)
	c.outer = !emit.Called(p, 0)
	c.open = emit.Open(p, c.leavesToGo)
	out := &emit.Output{Funcs: make([]int32, len(p.Funcs)), Starts: make([]int32, len(p.Insns))}
	for i := range p.Funcs {
		if err := c.function(i); err != nil {
			return nil, err
		}
		if i == 0 {
			out.Light = c.light()
		}
	}
	c.Mark(&c.Buffer, emit.MarkLeave, -1)
	c.leaveCode()
	if c.loops {
		c.Mark(&c.Buffer, emit.MarkLoop, -1)
		c.loopCode()
	}
	c.leafCode()
	if opts.Off&emit.OptShort == 0 {
		c.relax()
	}
	c.link()
	for i := range p.Funcs {
		out.Funcs[i] = c.Offset(c.funcs + emit.Label(i))
	}
	for i := range p.Insns {
		out.Starts[i] = c.Offset(c.insns + emit.Label(i))
	}
	out.Code, out.Exits, out.Open, out.Marks = c.Code, c.exits, c.open, c.Marks(&c.Buffer)
	return out, nil
}

// function emits a function: prologue, body, what runs rarely.
func (c *compiler) function(n int) error {
	f := &c.p.Funcs[n]
	c.number = n
	c.fn, c.frame, c.unwind = f, c.layout(n, f), c.NewLabel()
	c.Mark(&c.Buffer, emit.MarkFunc, n)
	c.prologue(c.funcs + emit.Label(n))
	shapes := c.shapes()
	for i := f.Start; i < f.End; i++ {
		if c.p.Insns[i].Flags&ir.Head != 0 && c.opts.Off&emit.OptShort == 0 {
			c.alignment()
		}
		c.Bind(c.insns + emit.Label(i))
		if i == c.skip {
			continue
		}
		if shapes && i+1 < f.End {
			if n := c.combine(i, f.End); n > 0 {
				for range n {
					i++
					c.Bind(c.insns + emit.Label(i))
				}
				continue
			}
		}
		if err := c.insn(i, &c.p.Insns[i]); err != nil {
			return err
		}
	}
	c.Mark(&c.Buffer, emit.MarkEnd, n)
	c.Bind(c.unwind)
	c.epilogue()
	c.back()
	for _, k := range c.cold {
		c.Mark(&c.Buffer, emit.MarkExit, int(k.insn))
		c.Bind(k.at)
		c.exit(k.kind, k.insn, k.kind == emit.ExitPoll)
		c.jmp(k.back)
	}
	c.cold = c.cold[:0]
	return nil
}

// spend takes n instructions off the fuel and polls when it is used up, then
// goes on at target; -1 is what follows.
func (c *compiler) spend(n, insn, target int) {
	c.aluRI(true, sub, fuel, int32(n))
	k := cold{at: c.NewLabel(), kind: emit.ExitPoll, insn: int32(insn)}
	if target < 0 {
		k.back = c.NewLabel()
		c.jcc(condS, k.at)
		c.Bind(k.back)
	} else {
		k.back = c.insns + emit.Label(target)
		c.jcc(condNS, k.back)
		c.jmp(k.at)
	}
	c.cold = append(c.cold, k)
}

// exit leaves to Go; it goes on behind. all says that r1 to r5 must be as
// before then; r0 always is what the block has.
func (c *compiler) exit(kind emit.ExitKind, insn int32, all bool) {
	c.storeI(4, block, emit.BlockExit, int32(len(c.exits)))
	c.jmp(c.leave + emit.Label(c.toSave(kind, insn)))
	c.exits = append(c.exits, emit.Exit{Kind: kind, Insn: insn, Resume: c.Len(), Unwind: -1})
	if all {
		for i := 1; i <= 5; i++ {
			c.load(8, false, regs[i], block, saved(i))
		}
	}
}

// saved is the offset of a saved register in the block.
func saved(r int) int32 { return ir.BlockSaved + 8*int32(r) }

// insn emits instruction i.
func (c *compiler) insn(i int, in *ir.Insn) error {
	dst, src := regs[in.Dst&15], regs[in.Src&15]
	switch op := in.Op; {
	case op >= ir.Add64K && op <= ir.Mov32X:
		c.binary(in, dst, src)
	case op >= ir.Neg64 && op <= ir.Swap64:
		c.convert(in, dst, src)
	case op.IsJump():
		c.jump(i, in, dst, src)
	case op >= ir.LdU8 && op <= ir.LdS32:
		size, signed := loadForm(op - ir.LdU8)
		c.load(size, signed, dst, src, in.Off)
	case op >= ir.St8K && op <= ir.St64K:
		c.storeConst(1<<(op-ir.St8K), dst, in)
	case op >= ir.St8X && op <= ir.St64X:
		c.store(1<<(op-ir.St8X), dst, in.Off, src)
	case op >= ir.AtomicAdd32 && op <= ir.StoreRel64:
		c.atomic(in, dst, src)
	case op >= ir.Rol64K && op <= ir.LdBe64:
		c.fused(in, dst, src)
	case op >= ir.LdIdxU8 && op <= ir.LeaIdx:
		c.indexed(in, dst, src)
	default:
		return c.control(i, in, dst, src)
	}
	return nil
}

// control emits calls, ends, and what leaves to Go.
func (c *compiler) control(i int, in *ir.Insn, dst, src reg) error {
	n := int32(i)
	switch op := in.Op; {
	case op == ir.Call:
		if !c.inline(&c.p.Callees[in.Off]) && !c.callLeaf(n, int(in.Off)) {
			c.exit(emit.ExitCall, n, false)
		}
	case op == ir.CallLocal:
		c.callLocal(int(in.Imm))
	case op == ir.Exit:
		if i != c.fn.End-1 {
			c.epilogue()
			c.back()
		}
	case op == ir.TailCall:
		c.tailCall(n, in)
	case op >= ir.ProbeU8 && op <= ir.ProbeS32:
		c.exit(emit.ExitProbe, n, true)
	case op >= ir.LdAbs8 && op <= ir.LdInd32:
		c.exit(emit.ExitLoad, n, true)
		c.unwinds()
	case op == ir.Throw:
		c.exit(emit.ExitThrow, n, false)
	case op == ir.CastKern:
		c.movRR(false, dst, src)
	case op == ir.CastUser:
		c.castUser(dst, src, in.Imm)
	case op == ir.Spend:
		c.aluRI(true, sub, fuel, int32(in.Imm))
	case op == ir.SpendPoll:
		c.spend(int(in.Imm), i, -1)
	case op == ir.Elem || op == ir.ElemK:
		c.element(i, in, dst, src)
	case op == ir.Invalid:
		c.exit(emit.ExitFault, n, false)
	default:
		return fmt.Errorf("operation %d at slot %d has no machine code", in.Op, in.Slot)
	}
	return nil
}

// castUser puts the upper half of user space's addresses to an arena address
// that is not 0.
func (c *compiler) castUser(dst, src reg, upper int64) {
	null := c.NewLabel()
	c.movRR(false, dst, src)
	c.testRR(false, dst, dst)
	c.jcc(condE, null)
	c.movRI(tmp, upper<<32)
	c.aluRR(true, or, dst, tmp)
	c.Bind(null)
}

// loadForm is the size and sign of a load by its distance from the first of
// its group.
func loadForm(n ir.Op) (size int, signed bool) {
	if n >= 4 {
		return 1 << (n - 4), true
	}
	return 1 << n, false
}

func (c *compiler) storeConst(size int, base reg, in *ir.Insn) {
	if size == 8 && !isInt32(in.Imm) {
		c.movRI(tmp, in.Imm)
		c.store(8, base, in.Off, tmp)
		return
	}
	c.storeI(size, base, in.Off, int32(in.Imm))
}
