package amd64

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// toGo leaves the run's stack and returns to whoever entered.
func (e *encoder) toGo() {
	e.store(8, block, ir.BlockSP, rsp)
	e.store(8, block, ir.BlockFuel, fuel)
	e.load(8, false, rsp, block, emit.BlockGoSP)
	e.load(8, false, rbp, block, emit.BlockGoFP)
	e.ret()
}

// fromGo takes the run's stack.
func (e *encoder) fromGo() {
	e.store(8, block, emit.BlockGoSP, rsp)
	e.store(8, block, emit.BlockGoFP, rbp)
	e.load(8, false, rsp, block, ir.BlockSP)
	e.load(8, false, fuel, block, ir.BlockFuel)
}

// Stubs is the code through which Go enters a run and goes on with it: Funcs[0]
// calls the function at BlockTarget with r1 to r5 as saved, Funcs[1] goes on at
// BlockResume, Funcs[2] ends a run that faulted, Funcs[3] is Funcs[0] for an open
// function.
func Stubs() *emit.Output {
	var e encoder
	e.Reset(256)
	out := &emit.Output{Funcs: []int32{e.Len()}}
	e.stub(func() { e.callMem(block, emit.BlockTarget) })

	out.Funcs = append(out.Funcs, e.Len())
	e.fromGo()
	for r := 10; r >= 6; r-- {
		e.pop(regs[r])
	}
	e.load(8, false, rax, block, saved(0))
	e.jmpMem(block, emit.BlockResume)

	out.Funcs = append(out.Funcs, e.Len())
	e.storeI(4, block, emit.BlockExit, emit.Fault)
	e.toGo()

	out.Funcs = append(out.Funcs, e.Len())
	e.stub(func() {
		behind := e.NewLabel()
		e.leaLabel(tmp, behind)
		e.push(tmp)
		e.jmpMem(block, emit.BlockTarget)
		e.Bind(behind)
	})
	e.link()
	out.Code = e.Code
	return out
}

// stub enters a function with r1 to r5 as saved.
func (e *encoder) stub(call func()) {
	e.fromGo()
	for i := 1; i <= 5; i++ {
		e.load(8, false, regs[i], block, saved(i))
	}
	call()
	e.store(8, block, saved(0), rax)
	e.storeI(4, block, emit.BlockExit, emit.Done)
	e.toGo()
}

// StartStub appends to a program the code for vm.Starter, which loads the first
// args registers, and is its offset. Runs in a row find Go's stack pointer where
// the last one left it, and do not store it: what is not stored need not be
// waited for when it is loaded, and the processor can begin the next run before
// this one has ended. A light function stays on Go's stack; a fault in it ends
// as one in others does.
func StartStub(out *emit.Output, args int) int32 {
	var e encoder
	e.Code = out.Code
	for e.Len()%16 != 0 {
		e.Byte(0xcc)
	}
	start, save, same := e.Len(), e.NewLabel(), e.NewLabel()
	e.cmpRM(8, rsp, block, emit.BlockGoSP)
	e.jcc(condNE, save)
	e.cmpRM(8, rbp, block, emit.BlockGoFP)
	e.jcc(condNE, save)
	e.Bind(same)
	if !out.Light {
		e.load(8, false, rsp, block, ir.BlockSP)
	}
	e.load(8, false, fuel, block, ir.BlockFuel)
	for r := 1; r <= args; r++ {
		e.load(8, false, regs[r], block, saved(r))
	}
	if out.Open[0] {
		behind := e.NewLabel()
		e.leaLabel(tmp, behind)
		e.push(tmp)
		e.Byte(0xe9)
		e.U32(uint32(out.Funcs[0] - (e.Len() + 4)))
		e.Bind(behind)
	} else {
		e.Byte(0xe8)
		e.U32(uint32(out.Funcs[0] - (e.Len() + 4)))
	}
	e.store(8, block, saved(0), rax)
	e.storeI(4, block, emit.BlockExit, emit.Done)
	e.store(8, block, ir.BlockFuel, fuel)
	if !out.Light {
		e.load(8, false, rsp, block, emit.BlockGoSP)
		e.load(8, false, rbp, block, emit.BlockGoFP)
	}
	e.ret()
	e.Bind(save)
	e.store(8, block, emit.BlockGoSP, rsp)
	e.store(8, block, emit.BlockGoFP, rbp)
	e.jmp(same)
	e.link()
	out.Code = e.Code
	return start
}

// Where a signal handler finds things: in its third argument, the ucontext, the
// registers; in its second, the siginfo, the address.
const (
	contextR12 = 72
	contextRIP = 168
	infoAddr   = 16
)

// Handler is a signal handler that goes before another one. A fault of an
// instruction in [lo, hi) goes on at fault, Funcs[2] of the stubs; any other is
// before's.
func Handler(lo, hi, fault, before uint64) []byte {
	var e encoder
	e.Reset(128)
	chain := e.NewLabel()
	e.load(8, false, rax, rdx, contextRIP)
	e.movRI(rcx, int64(lo))
	e.movRR(true, r8, rax)
	e.aluRR(true, sub, r8, rcx)
	e.movRI(rcx, int64(hi-lo))
	e.aluRR(true, cmp, r8, rcx)
	e.jcc(condAE, chain)
	e.load(8, false, rcx, rdx, contextR12)
	e.store(8, rcx, emit.BlockPC, rax)
	e.load(8, false, rax, rsi, infoAddr)
	e.store(8, rcx, emit.BlockAddr, rax)
	e.movRI(rax, int64(fault))
	e.store(8, rdx, contextRIP, rax)
	e.ret()
	e.Bind(chain)
	e.movRI(rax, int64(before))
	e.push(rax)
	e.ret()
	e.link()
	return e.Code
}
