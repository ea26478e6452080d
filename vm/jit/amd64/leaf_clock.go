package amd64

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// clockLeaf is what emits the routine of bpf_ktime_get_ns, nil if f is none.
func (c *compiler) clockLeaf(f *ir.Callee) leafBody {
	if f.Kfunc != "" || f.Helper != abi.KtimeGetNS || c.opts.Off&emit.OptClock != 0 {
		return nil
	}
	return (*compiler).clockCode
}

// clockCode calls the C function in the block, clock_gettime of CLOCK_MONOTONIC
// and the address of seconds and nanoseconds. It keeps what r6 to r10 and the
// block are in; the fuel is kept in the block. Where there is no such function
// Go reads the clock.
func (c *compiler) clockCode(*ir.MapLayout) {
	const (
		monotonic = 1
		second    = 1_000_000_000
		oldSP     = 24 // behind the 16 bytes of the time
	)
	none := c.NewLabel()
	c.load(8, false, rax, block, ir.BlockClock)
	c.testRR(true, rax, rax)
	c.jcc(condE, none)
	c.store(8, block, ir.BlockFuel, fuel)
	c.movRR(true, tmp, rsp)
	c.aluRI(true, sub, rsp, 32)
	c.aluRI(true, and, rsp, -16)
	c.store(8, rsp, oldSP, tmp)
	c.movRI(rdi, monotonic)
	c.movRR(true, rsi, rsp)
	c.callR(rax)
	c.load(8, false, rax, rsp, 0)
	c.imulRRI(true, rax, rax, second)
	c.load(8, false, tmp, rsp, 8)
	c.aluRR(true, add, rax, tmp)
	c.load(8, false, rsp, rsp, oldSP)
	c.load(8, false, fuel, block, ir.BlockFuel)
	c.clc()
	c.ret()
	c.Bind(none)
	c.stc()
	c.ret()
}
