package arm64

import (
	"fmt"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// The machine's features that code may use, as bits of emit.Options.Features.
const (
	HasLSE uint64 = 1 << iota // atomic operations of one instruction
)

// Registers with a fixed use.
const (
	block = x24 // the run context's block
	fuel  = x25 // instructions until the next poll
	tmp   = x16 // a constant, an address
	tmp2  = x17 // a displacement
	tmp3  = x15
)

// regs are the machine's registers of r0 to r10.
var regs = [16]reg{x0, x1, x2, x3, x4, x5, x19, x20, x21, x22, fp}

// fp is r10.
const fp = x23

// compiler turns one program into code.
type compiler struct {
	encoder
	p     *ir.Program
	opts  emit.Options
	insns emit.Label // label of instruction 0
	funcs emit.Label // label of function 0
	leave emit.Label // the first of those in leaveCode
	loop  emit.Label // the code of bpf_loop
	loops bool       // somebody calls it

	emit.Marker
	skip   int // index of an instruction that the one before is, too; -1 for none
	exits  []emit.Exit
	cold   []cold
	leaves []leaf // routines that somebody calls

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
	c := &compiler{p: p, opts: opts}
	c.near = len(p.Insns) < 2000
	out, err := c.compile()
	for err == errFar && !c.far {
		c.near, c.far = false, !c.near
		out, err = c.compile()
	}
	return out, err
}

func (c *compiler) compile() (*emit.Output, error) {
	p := c.p
	c.Reset(len(p.Insns)*8 + 256)
	c.skip = -1
	c.exits, c.leaves = c.exits[:0], c.leaves[:0]
	c.Unmark()
	c.insns = c.NewLabels(len(p.Insns))
	c.funcs = c.NewLabels(len(p.Funcs))
	c.leave, c.loop, c.loops = c.NewLabels(saveAll+1), c.NewLabel(), false
	c.outer = !emit.Called(p, 0)
	c.open = emit.Open(p, c.leavesToGo)
	out := &emit.Output{Funcs: make([]int32, len(p.Funcs)), Starts: make([]int32, len(p.Insns))}
	for i := range p.Funcs {
		if err := c.function(i); err != nil {
			return nil, err
		}
	}
	c.Mark(&c.Buffer, emit.MarkLeave, -1)
	c.leaveCode()
	if c.loops {
		c.Mark(&c.Buffer, emit.MarkLoop, -1)
		c.loopCode()
	}
	c.leafCode()
	if err := c.link(); err != nil {
		return nil, err
	}
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
	shapes, short := c.shapes(), c.opts.Off&emit.OptShort == 0
	for i := f.Start; i < f.End; i++ {
		in := &c.p.Insns[i]
		if short && in.Flags&ir.Head != 0 {
			c.alignment()
		}
		c.Bind(c.insns + emit.Label(i))
		if i == c.skip {
			continue
		}
		if n := 0; shapes {
			if n = c.combine(i); n > 0 {
				for n--; n > 0; n-- {
					i++
					c.Bind(c.insns + emit.Label(i))
				}
				continue
			}
		}
		if err := c.insn(i, in); err != nil {
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
		c.b(k.back)
	}
	c.cold = c.cold[:0]
	return nil
}

// alignment lets the next instruction begin a line of 32 bytes, if four
// instructions that do nothing are enough.
func (c *compiler) alignment() {
	n := -c.Len() & 31
	if n > 16 {
		return
	}
	for ; n > 0; n -= 4 {
		c.nop()
	}
}

// spend takes n instructions off the fuel and polls when it is used up, then
// goes on at target; -1 is what follows.
func (c *compiler) spend(n, insn, target int) {
	c.addRI(subs, fuel, fuel, int64(n))
	k := cold{at: c.NewLabel(), kind: emit.ExitPoll, insn: int32(insn)}
	if target < 0 {
		k.back = c.NewLabel()
		c.bcond(condMI, k.at)
		c.Bind(k.back)
	} else {
		k.back = c.insns + emit.Label(target)
		c.bcond(condPL, k.back)
		c.b(k.at)
	}
	c.cold = append(c.cold, k)
}

// exit leaves to Go; it goes on behind. all says that r1 to r5 must be as
// before then; r0 always is what the block has.
func (c *compiler) exit(kind emit.ExitKind, insn int32, all bool) {
	c.movRI(tmp, int64(len(c.exits)))
	c.b(c.leave + emit.Label(c.toSave(kind, insn)))
	c.exits = append(c.exits, emit.Exit{Kind: kind, Insn: insn, Resume: c.Len(), Unwind: -1})
	if all {
		c.loadArgs()
	}
}

// loadArgs takes r1 to r5 from the block.
func (e *encoder) loadArgs() {
	e.pair(ldp, regs[1], regs[2], block, saved(1))
	e.pair(ldp, regs[3], regs[4], block, saved(3))
	e.memScaled(accLoad, 8, regs[5], block, saved(5))
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
		c.addRI(sub, fuel, fuel, in.Imm)
	case op == ir.SpendPoll:
		c.spend(int(in.Imm), i, -1)
	case op == ir.Elem || op == ir.ElemK:
		c.lookupKey(i, in, dst, src)
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
	c.cbz(false, false, dst, null)
	c.movRI(tmp, upper<<32)
	c.logicRR(true, orr, dst, dst, tmp)
	c.Bind(null)
}
