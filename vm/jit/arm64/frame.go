package arm64

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// frame is what a function keeps on the stack, from high addresses to low: the
// saved registers, its BPF stack.
type frame struct {
	fp    bool   // r10 points to the BPF stack
	bare  bool   // no register of BPF's is saved: nobody expects it
	saved [6]reg // in the order of addresses
	n     int    // of saved
	depth int32  // of the BPF stack, a multiple of 16
}

// size is the room of what is saved, a multiple of 16.
func (fr *frame) size() int32 { return int32(fr.n+1) &^ 1 * 8 }

func (fr *frame) save(r reg) {
	fr.saved[fr.n] = r
	fr.n++
}

// layout decides on the frame of f, which is function number n.
func (c *compiler) layout(n int, f *ir.Func) (fr frame) {
	written, fp, tail, calls := uint16(0), f.StackDepth > 0, false, false
	for i := f.Start; i < f.End; i++ {
		in := &c.p.Insns[i]
		written |= emit.Writes(in)
		fp = fp || in.Dst == 10 || in.Src == 10 || in.Index == 10
		tail = tail || in.Op == ir.TailCall
		calls = calls || in.Op == ir.CallLocal || in.Op == ir.Call && c.routine(&c.p.Callees[in.Off])
	}
	fr.fp, fr.depth = fp, int32(f.StackDepth+15)&^15
	fr.bare = n == 0 && c.outer
	if calls || tail && !fr.bare {
		fr.save(x30)
	}
	if fr.bare {
		return fr
	}
	// What a tail call enters saves nothing.
	if fp || tail {
		fr.save(regs[10])
	}
	for r := 6; r < 10; r++ {
		if tail || written&(1<<r) != 0 {
			fr.save(regs[r])
		}
	}
	return fr
}

// routine reports whether a call may be one of a routine of machine code.
func (c *compiler) routine(f *ir.Callee) bool {
	if f.Helper == abi.Loop || f.Helper == abi.CsumDiff || c.lookupLeaf(f) != nil {
		return true
	}
	_, body := c.ringLeaf(f)
	return body != nil
}

// prologue opens fn's frame and takes its instructions off the fuel.
func (c *compiler) prologue(at emit.Label) {
	f, fr := c.fn, &c.frame
	c.Bind(at)
	for i := 0; i < fr.n; i += 2 {
		switch {
		case i+1 == fr.n && i == 0:
			c.strPre(fr.saved[0], sp, -fr.size())
		case i+1 == fr.n:
			c.memScaled(accStore, 8, fr.saved[i], sp, int32(8*i))
		case i == 0:
			c.pair(stpPre, fr.saved[0], fr.saved[1], sp, -fr.size())
		default:
			c.pair(stp, fr.saved[i], fr.saved[i+1], sp, int32(8*i))
		}
	}
	if fr.fp {
		c.movSP(regs[10], sp)
	}
	if fr.depth > 0 {
		c.arithRI(true, sub, sp, sp, int64(fr.depth))
	}
	if f.MayGoto != 0 {
		c.movRI(tmp, ir.MayGotoTurns)
		c.store(8, regs[10], int32(f.MayGoto), tmp)
	}
	if f.NoPoll {
		c.addRI(sub, fuel, fuel, int64(f.Cost))
		return
	}
	c.spend(int(f.Cost), f.Start, -1)
}

// epilogue gives up fn's frame.
func (c *compiler) epilogue() {
	c.drop()
	c.restore()
}

// drop gives up the BPF stack.
func (c *compiler) drop() {
	if c.frame.depth > 0 {
		c.arithRI(true, add, sp, sp, int64(c.frame.depth))
	}
}

// restore loads what fn has saved.
func (c *compiler) restore() {
	fr := &c.frame
	for i := (fr.n - 1) &^ 1; i >= 0; i -= 2 {
		switch {
		case i+1 == fr.n && i == 0:
			c.ldrPost(fr.saved[0], sp, fr.size())
		case i+1 == fr.n:
			c.memScaled(accLoad, 8, fr.saved[i], sp, int32(8*i))
		case i == 0:
			c.pair(ldpPost, fr.saved[0], fr.saved[1], sp, fr.size())
		default:
			c.pair(ldp, fr.saved[i], fr.saved[i+1], sp, int32(8*i))
		}
	}
}

// unwinds emits the place where the latest exit may end the function instead.
func (c *compiler) unwinds() {
	over := c.NewLabel()
	c.b(over)
	c.exits[len(c.exits)-1].Unwind = c.Len()
	c.epilogue()
	c.back()
	c.Bind(over)
}
