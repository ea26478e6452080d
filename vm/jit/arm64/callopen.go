package arm64

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// A processor predicts that a ret goes behind the latest bl that has not
// returned. An exit to Go is the ret of the call that entered: with a bl in
// between it and all returns of Go behind it are predicted wrong. So functions
// that may exit, here called open, and those that call such ones are entered and
// left by plain branches, with the address to return to in x30 all the same.

// findOpen finds the open functions.
func (c *compiler) findOpen() {
	c.open = make([]bool, len(c.p.Funcs))
	type edge struct{ from, to int }
	var calls []edge
	for n := range c.p.Funcs {
		f := &c.p.Funcs[n]
		c.open[n] = n == 0 && c.outer
		for i := f.Start; i < f.End; i++ {
			switch in := &c.p.Insns[i]; {
			case in.Op == ir.CallLocal:
				calls = append(calls, edge{n, int(in.Imm)})
			case in.Op == ir.Call:
				c.open[n] = c.open[n] || c.leavesToGo(int(in.Off))
			case in.Op == ir.TailCall, in.Op >= ir.ProbeU8 && in.Op <= ir.ProbeS32, in.Op >= ir.LdAbs8 && in.Op <= ir.LdInd32:
				c.open[n] = true
			}
		}
	}
	for again := len(calls) > 0; again; {
		again = false
		for _, e := range calls {
			if c.open[e.to] && !c.open[e.from] {
				c.open[e.from], again = true, true
			}
		}
	}
}

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
		c.bl(to)
		return
	}
	c.called30(func() { c.b(to) })
}

// called30 is a call by a plain branch.
func (e *encoder) called30(branch func()) {
	behind := e.NewLabel()
	e.adr(x30, behind)
	branch()
	e.Bind(behind)
}

// back returns.
func (c *compiler) back() {
	if c.open[c.number] {
		c.br(x30)
	} else {
		c.ret()
	}
}
