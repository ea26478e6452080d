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
	exit   emit.ExitKind
	body   leafBody
}

// callLeaf emits instruction i's call of a callee's routine; false means that
// it has none.
func (c *compiler) callLeaf(i int32, callee int) bool {
	l := c.leafOf(callee)
	if l == nil {
		return false
	}
	c.bl(l.at)
	k := cold{at: c.NewLabel(), back: c.NewLabel(), kind: l.exit, insn: i}
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
	f := &c.p.Callees[callee]
	l := leaf{callee: callee, exit: emit.ExitCall, body: c.lookupLeaf(f)}
	switch {
	case l.body != nil:
	case f.Helper == abi.CsumDiff && c.opts.Off&emit.OptCsum == 0:
		l.body = (*compiler).csumDiff
	default:
		l.exit, l.body = c.ringLeaf(f)
	}
	if l.body == nil {
		return nil
	}
	l.at = c.NewLabel()
	c.leaves = append(c.leaves, l)
	return &c.leaves[len(c.leaves)-1]
}

type leafBody func(*compiler, *ir.MapLayout)

// mapOf is the map that a callee's r1 always is, an opaque one if it is none.
func (c *compiler) mapOf(f *ir.Callee) *ir.MapLayout {
	if f.Map > 0 {
		return &c.p.Maps[f.Map-1]
	}
	return &ir.MapLayout{}
}

// lookupLeaf is what emits the routine of a lookup, nil if there is nothing.
func (c *compiler) lookupLeaf(f *ir.Callee) leafBody {
	if f.Helper != abi.MapLookupElem {
		return nil
	}
	switch m := c.mapOf(f); {
	case m.Kind == ir.MapHash && m.KeySize <= maxLeafKey && c.opts.Off&emit.OptHash == 0:
		return (*compiler).hashLookup
	case m.Kind == ir.MapTrie && m.KeySize <= maxTrieKey && c.opts.Off&emit.OptTrie == 0:
		return (*compiler).trieLookup
	}
	return nil
}

// ringLeaf is what emits a routine of ring buffers, and how that is left.
func (c *compiler) ringLeaf(f *ir.Callee) (emit.ExitKind, leafBody) {
	if c.opts.Off&emit.OptRing != 0 {
		return 0, nil
	}
	switch ring := c.mapOf(f).Kind == ir.MapRing; {
	case f.Helper == abi.RingBufReserve && ring:
		return emit.ExitCall, (*compiler).ringReserve
	case f.Helper == abi.RingBufOutput && ring:
		return emit.ExitRing, (*compiler).ringOutput
	case f.Helper == abi.RingBufSubmit:
		return emit.ExitRing, func(c *compiler, _ *ir.MapLayout) { c.ringFinish(0) }
	case f.Helper == abi.RingBufDiscard:
		return emit.ExitRing, func(c *compiler, _ *ir.MapLayout) { c.ringFinish(ir.RingDiscard) }
	}
	return 0, nil
}

// leafCode emits the routines that are called.
func (c *compiler) leafCode() {
	for i := range c.leaves {
		l := &c.leaves[i]
		c.Mark(&c.Buffer, emit.MarkLeaf, l.callee)
		c.Bind(l.at)
		l.body(c, c.mapOf(&c.p.Callees[l.callee]))
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
