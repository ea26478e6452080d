package arm64

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// Leaf routines do the work of helpers on the run's stack. There is one for
// each callee that a program calls, made for the callee's map, behind the
// program's functions.
//
// A routine finds r1 to r5 as the program passed them, may change x6 to x17, and
// leaves the result in r0 and 0 in tmp. With something else in tmp it has done
// nothing and r1 to r5 are as before: the caller leaves to Go for the helper's
// body, which can wait for a lock, wake a reader and so on.
type leaf struct {
	callee int
	at     emit.Label
	body   func(c *compiler, m *ir.MapLayout)
}

// callLeaf emits instruction i's call of a callee's routine; false means that
// it has none.
func (c *compiler) callLeaf(i int32, callee int) bool {
	l := c.leafOf(callee)
	if l == nil {
		return false
	}
	c.bl(l.at)
	k := cold{at: c.NewLabel(), back: c.NewLabel(), kind: emit.ExitCall, insn: i}
	c.cbz(true, true, tmp, k.at)
	c.Bind(k.back)
	c.cold = append(c.cold, k)
	return true
}

// leafOf is the routine of a callee, nil if it has none.
func (c *compiler) leafOf(callee int) *leaf {
	for i := range c.leaves {
		if l := &c.leaves[i]; l.callee == callee {
			return l
		}
	}
	body := c.leafBody(&c.p.Callees[callee])
	if body == nil {
		return nil
	}
	c.leaves = append(c.leaves, leaf{callee: callee, at: c.NewLabel(), body: body})
	return &c.leaves[len(c.leaves)-1]
}

// leafBody is what emits the routine of a callee, nil if there is nothing.
func (c *compiler) leafBody(f *ir.Callee) func(*compiler, *ir.MapLayout) {
	if f.Map == 0 {
		return nil
	}
	m := &c.p.Maps[f.Map-1]
	has := func(o emit.Opt) bool { return c.opts.Off&o == 0 }
	switch {
	case f.Helper == abi.MapLookupElem && m.Kind == ir.MapHash && m.KeySize <= maxLeafKey && has(emit.OptHash):
		return (*compiler).hashLookup
	case f.Helper == abi.MapLookupElem && m.Kind == ir.MapTrie && m.KeySize <= maxTrieKey && has(emit.OptTrie):
		return (*compiler).trieLookup
	}
	return nil
}

// leafCode emits the routines that are called.
func (c *compiler) leafCode() {
	for i := range c.leaves {
		l := &c.leaves[i]
		var m *ir.MapLayout
		if f := &c.p.Callees[l.callee]; f.Map > 0 {
			m = &c.p.Maps[f.Map-1]
		}
		c.Bind(l.at)
		l.body(c, m)
	}
}

// leafDone ends a routine that has done its work.
func (c *compiler) leafDone() {
	c.movRI(tmp, 0)
	c.ret()
}

// giveUp ends a routine that has done nothing.
func (c *compiler) giveUp() {
	c.movRI(tmp, 1)
	c.ret()
}
