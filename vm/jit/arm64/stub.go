package arm64

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// Where code finds its way back to Go: Go's stack pointer, and the address that it
// called from.
const (
	goSP = x26
	goLR = x27
)

// toGo leaves the run's stack and returns to whoever entered.
func (e *encoder) toGo() {
	e.movSP(tmp, sp)
	e.pair(stp, fuel, tmp, block, ir.BlockFuel) // and the stack pointer behind it
	e.movSP(sp, goSP)
	e.retR(goLR)
}

// fromGo takes the run's stack.
func (e *encoder) fromGo() {
	e.movSP(goSP, sp)
	e.movRR(true, goLR, x30)
	e.pair(ldp, fuel, tmp, block, ir.BlockFuel)
	e.movSP(sp, tmp)
}

// Stubs is the code through which Go enters a run and goes on with it: Funcs[0]
// calls the function at BlockTarget with r1 to r5 as saved, Funcs[1] goes on at
// BlockResume, Funcs[2] ends a run that faulted, Funcs[3] is Funcs[0] for an open
// function.
func Stubs() *emit.Output {
	var e encoder
	e.Reset(256)
	out := &emit.Output{Funcs: []int32{e.Len()}}
	e.stub(func() { e.blr(tmp) })

	out.Funcs = append(out.Funcs, e.Len())
	e.fromGo()
	e.pair(ldp, regs[6], x30, sp, 32)
	e.pair(ldp, regs[8], regs[7], sp, 16)
	e.pair(ldpPost, regs[10], regs[9], sp, savedSize)
	e.memScaled(accLoad, 8, regs[0], block, saved(0))
	e.memScaled(accLoad, 8, tmp, block, emit.BlockResume)
	e.br(tmp)

	out.Funcs = append(out.Funcs, e.Len())
	e.ends(emit.Fault)

	out.Funcs = append(out.Funcs, e.Len())
	e.stub(func() { e.called30(func() { e.br(tmp) }) })
	e.mustLink()
	out.Code = e.Code
	return out
}

// stub enters the function at BlockTarget, whose address it puts into tmp.
func (e *encoder) stub(call func()) {
	e.fromGo()
	e.loadArgs()
	e.memScaled(accLoad, 8, tmp, block, emit.BlockTarget)
	call()
	e.memScaled(accStore, 8, regs[0], block, saved(0))
	e.ends(emit.Done)
}

// mustLink is link for code that is always the same.
func (e *encoder) mustLink() {
	if err := e.link(); err != nil {
		panic("BUG: " + err.Error())
	}
}

// StartStub appends to a program the code for vm.Starter, which loads the first
// args registers, and is its offset.
func StartStub(out *emit.Output, args int) int32 {
	var e encoder
	e.Code = out.Code
	start := e.Len()
	e.fromGo()
	for r := 1; r <= args; r++ {
		e.memScaled(accLoad, 8, regs[r], block, saved(r))
	}
	to := e.NewLabel()
	e.BindAt(to, out.Funcs[0])
	if out.Open[0] {
		e.called30(func() { e.b(to) })
	} else {
		e.bl(to)
	}
	e.memScaled(accStore, 8, regs[0], block, saved(0))
	e.ends(emit.Done)
	e.mustLink()
	out.Code = e.Code
	return start
}

// ends leaves to Go with a value of BlockExit that is no index.
func (e *encoder) ends(exit int64) {
	e.movRI(tmp, exit)
	e.memScaled(accStore, 4, tmp, block, emit.BlockExit)
	e.toGo()
}

// Sign is code that leaves n in the block's scratch.
func Sign(n uint16) []byte {
	var e encoder
	e.movWide(true, movz, tmp, n, 0)
	e.memScaled(accStore, 8, tmp, block, ir.BlockScratch)
	e.ret()
	return e.Code
}

// Where a signal handler finds things: in its third argument, the ucontext, the
// registers; in its second, the siginfo, the address.
const (
	contextX0    = 184
	contextBlock = contextX0 + 8*int32(block)
	contextPC    = 440
	infoAddr     = 16
)

// Handler is a signal handler that goes before another one. A fault of an
// instruction in [lo, hi) goes on at fault, Funcs[2] of the stubs; any other is
// before's.
func Handler(lo, hi, fault, before uint64) []byte {
	var e encoder
	e.Reset(128)
	chain := e.NewLabel()
	pc, t, at := x9, x10, x11
	e.memScaled(accLoad, 8, pc, x2, contextPC)
	e.movRI(t, int64(lo))
	e.arithRR(true, sub, at, pc, t)
	e.movRI(t, int64(hi-lo))
	e.cmpRR(true, at, t)
	e.bcond(condHS, chain)
	e.memScaled(accLoad, 8, at, x2, contextBlock)
	e.memScaled(accStore, 8, pc, at, emit.BlockPC)
	e.memScaled(accLoad, 8, t, x1, infoAddr)
	e.memScaled(accStore, 8, t, at, emit.BlockAddr)
	e.movRI(t, int64(fault))
	e.memScaled(accStore, 8, t, x2, contextPC)
	e.ret()
	e.Bind(chain)
	e.movRI(t, int64(before))
	e.br(t)
	e.mustLink()
	return e.Code
}
