package amd64

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// A processor predicts that a ret goes behind the latest call that has not
// returned. An exit to Go is the ret of the call that entered: with a call in
// between it and all returns of Go behind it are predicted wrong, which costs
// ten times the exit. So functions that may exit, here called open, and those
// that call such ones are entered and left by jumps, with the address to return
// to on the stack all the same.

// leavesToGo reports whether the call of a helper or kfunc leaves to Go as a rule.
func (c *compiler) leavesToGo(callee int) bool {
	f := &c.p.Callees[callee]
	switch f.Helper {
	case abi.GetSmpProcessorID, abi.Loop:
		return false
	case abi.MapLookupElem:
		if f.Map > 0 && c.opts.Off&emit.OptLookup == 0 {
			switch c.p.Maps[f.Map-1].Kind {
			case ir.MapArray, ir.MapPerCPUArray, ir.MapArrayOfMaps:
				return false
			}
		}
	}
	return c.leafOf(callee) == nil
}

// callLocal calls function fn.
func (c *compiler) callLocal(fn int) {
	to := c.funcs + emit.Label(fn)
	if !c.open[fn] {
		c.call(to)
		return
	}
	behind := c.NewLabel()
	c.leaLabel(tmp, behind)
	c.push(tmp)
	c.jmp(to)
	c.Bind(behind)
}

// back returns.
func (c *compiler) back() {
	if c.open[c.number] {
		c.pop(tmp)
		c.jmpR(tmp)
	} else {
		c.ret()
	}
}
