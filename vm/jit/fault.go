package jit

import (
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// faulted ends a run whose code accessed memory that is not there: a bug.
func (cd *code) faulted(c *vm.Context, sp mem.Addr) error {
	pc := mem.Addr(c.Block.Engine[wordPC])
	f := &vm.Fault{Kind: vm.FaultRead, Insn: -1, Addr: c.Block.Engine[wordAddr], Verified: true}
	insn := 0
	if p := cd.engine.holder(pc); p != nil {
		cd = p
		var own bool
		if insn, own = p.insnAt(int32(pc - p.base)); own {
			size, write := accessOf(p.low.Insns[insn].Op)
			if f.Size = size; write {
				f.Kind = vm.FaultWrite
			}
		}
	}
	return cd.fail(c, sp, insn, f)
}

// insnAt is the instruction that the code at an offset works for; own is set if
// the code is that instruction's.
func (cd *code) insnAt(at int32) (insn int, own bool) {
	out := emit.Output{Starts: cd.starts, Marks: cd.marks}
	m, ok := emit.Find(out.Map(), at)
	if !ok {
		return 0, false
	}
	switch m.Kind {
	case emit.MarkInsn:
		return int(m.Arg), true
	case emit.MarkExit:
		return int(m.Arg), false
	case emit.MarkFunc:
		return cd.low.Funcs[m.Arg].Start, false
	case emit.MarkEnd:
		return max(cd.low.Funcs[m.Arg].End-1, 0), false
	case emit.MarkLeaf:
		for i := range cd.low.Insns { // which call it was is not known
			if in := &cd.low.Insns[i]; in.Op == ir.Call && in.Off == m.Arg {
				return i, false
			}
		}
	}
	return 0, false
}

// accessOf is how an operation accesses memory; the size is 0 if it does not, or
// in more than one way.
func accessOf(op ir.Op) (size int, write bool) {
	width := func(first ir.Op) int { return 1 << (op - first) }
	switch {
	case op >= ir.LdU8 && op <= ir.LdU64:
		return width(ir.LdU8), false
	case op >= ir.LdS8 && op <= ir.LdS32:
		return width(ir.LdS8), false
	case op >= ir.LdBe16 && op <= ir.LdBe64:
		return 2 * width(ir.LdBe16), false
	case op >= ir.LdIdxU8 && op <= ir.LdIdxU64:
		return width(ir.LdIdxU8), false
	case op >= ir.LdIdxS8 && op <= ir.LdIdxS32:
		return width(ir.LdIdxS8), false
	case op >= ir.LoadAcq8 && op <= ir.LoadAcq64:
		return width(ir.LoadAcq8), false
	case op >= ir.St8K && op <= ir.St64K:
		return width(ir.St8K), true
	case op >= ir.St8X && op <= ir.St64X:
		return width(ir.St8X), true
	case op >= ir.StIdx8K && op <= ir.StIdx64K:
		return width(ir.StIdx8K), true
	case op >= ir.StIdx8X && op <= ir.StIdx64X:
		return width(ir.StIdx8X), true
	case op >= ir.StoreRel8 && op <= ir.StoreRel64:
		return width(ir.StoreRel8), true
	case op >= ir.AtomicAdd32 && op <= ir.CmpXchg64:
		return 4 << ((op - ir.AtomicAdd32) & 1), true
	}
	return 0, false
}
