package amd64

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// frame is what a function keeps on the stack, from high addresses to low: the
// return address, rbp, the saved registers, its BPF stack.
type frame struct {
	fp    bool   // rbp is saved, and points to the BPF stack
	bare  bool   // nothing is saved: nobody expects it
	saved [4]reg // besides rbp
	n     int    // of saved
}

// layout decides on the frame of f, which is function number n.
func (c *compiler) layout(n int, f *ir.Func) (fr frame) {
	written, fp, tail := uint16(0), f.StackDepth > 0, false
	for i := f.Start; i < f.End; i++ {
		in := &c.p.Insns[i]
		written |= emit.Writes(in)
		fp = fp || in.Dst == 10 || in.Src == 10
		tail = tail || in.Op == ir.TailCall
	}
	fr.fp = fp
	if n == 0 && c.outer {
		fr.bare = true
		return fr
	}
	// What a tail call enters saves nothing.
	fr.fp = fp || tail
	for r := 6; r < 10; r++ {
		if tail || written&(1<<r) != 0 {
			fr.saved[fr.n] = regs[r]
			fr.n++
		}
	}
	return fr
}

// light reports whether the function that was just emitted, the first, may run
// on Go's stack: all it does there is to return.
func (c *compiler) light() bool {
	if len(c.exits) > 0 || c.frame.fp || c.frame.n > 0 {
		return false
	}
	for i := c.fn.Start; i < c.fn.End; i++ {
		if op := c.p.Insns[i].Op; op == ir.Call || op == ir.CallLocal {
			return false
		}
	}
	return true
}

// prologue opens fn's frame and takes its instructions off the fuel.
func (c *compiler) prologue(at emit.Label) {
	f := c.fn
	c.Bind(at)
	if c.frame.fp && !c.frame.bare {
		c.push(rbp)
	}
	for _, r := range c.frame.saved[:c.frame.n] {
		c.push(r)
	}
	if c.frame.fp {
		c.movRR(true, rbp, rsp)
	}
	if f.StackDepth > 0 {
		c.aluRI(true, sub, rsp, int32(f.StackDepth))
	}
	if f.MayGoto != 0 {
		c.storeI(8, rbp, int32(f.MayGoto), ir.MayGotoTurns)
	}
	if f.NoPoll {
		c.aluRI(true, sub, fuel, f.Cost)
	} else {
		c.spend(int(f.Cost), f.Start, -1)
	}
}

// epilogue gives up fn's frame, but for the return address.
func (c *compiler) epilogue() {
	if c.fn.StackDepth > 0 {
		c.movRR(true, rsp, rbp)
	}
	c.restore()
}

// restore pops what fn has saved.
func (c *compiler) restore() {
	for i := c.frame.n - 1; i >= 0; i-- {
		c.pop(c.frame.saved[i])
	}
	if c.frame.fp && !c.frame.bare {
		c.pop(rbp)
	}
}

// unwinds emits the place where the latest exit may end the function instead.
func (c *compiler) unwinds() {
	over := c.NewLabel()
	c.jmp(over)
	c.exits[len(c.exits)-1].Unwind = c.Len()
	c.epilogue()
	c.back()
	c.Bind(over)
}
