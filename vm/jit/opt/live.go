package opt

import (
	"math/bits"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm/ir"
)

// regs is a set of registers.
type regs uint32

const (
	fp         = 10
	argRegs    = regs(0b111110)    // r1 to r5
	callerRegs = regs(0b111111)    // r0 to r5
	savedRegs  = regs(0b1111 << 6) // r6 to r9
)

func set(r uint8) regs             { return 1 << r }
func (s regs) first() uint8        { return uint8(bits.TrailingZeros32(uint32(s))) }
func (s regs) has(r uint8) bool    { return s>>r&1 != 0 }
func (s regs) with(r uint8) regs   { return s | 1<<r }
func (s regs) hasAny(of regs) bool { return s&of != 0 }

// uses are the registers that an instruction reads.
func (f *function) uses(in *ir.Insn) regs {
	switch op := in.Op; {
	case op >= ir.Add64K && op < ir.Mov64K:
		if op.IsK() {
			return set(in.Dst)
		}
		return set(in.Dst) | set(in.Src)
	case op == ir.Mov64K || op == ir.Mov32K:
		return 0
	case op == ir.Mov64X || op == ir.Mov32X || op >= ir.MovSX64From8 && op <= ir.MovSX32From16:
		return set(in.Src)
	case op >= ir.Neg64 && op <= ir.Swap64:
		return set(in.Dst)
	case op == ir.JA:
		return 0
	case op == ir.MayGoto:
		return set(fp)
	case op.IsJump():
		if op.IsK() {
			return set(in.Dst)
		}
		return set(in.Dst) | set(in.Src)
	case op >= ir.LdU8 && op <= ir.ProbeS32:
		return set(in.Src)
	case op >= ir.St8K && op <= ir.St64K:
		return set(in.Dst)
	case op == ir.CmpXchg32 || op == ir.CmpXchg64:
		return set(0) | set(in.Dst) | set(in.Src)
	case op >= ir.LoadAcq8 && op <= ir.LoadAcq64:
		return set(in.Src)
	case op >= ir.St8X && op <= ir.StoreRel64:
		return set(in.Dst) | set(in.Src)
	}
	return f.usesOfControl(in)
}

// usesOfControl are the registers that calls, ends and what is rare read.
func (f *function) usesOfControl(in *ir.Insn) regs {
	switch op := in.Op; {
	case op == ir.Call:
		return arguments(&f.prog.Callees[in.Off])
	case op == ir.CallLocal:
		return argRegs
	case op == ir.CallX:
		return argRegs | set(in.Dst)
	case op == ir.TailCall:
		return set(1) | set(2) | set(3)
	case op == ir.Exit:
		return set(0)
	case op >= ir.LdInd8 && op <= ir.LdInd32:
		return set(in.Src)
	case op == ir.CastKern || op == ir.CastUser:
		return set(in.Src)
	case op == ir.Throw:
		return set(1)
	case op == ir.Rol64K || op == ir.Rol32K || op >= ir.Popcnt64 && op <= ir.LdBe64:
		return set(in.Src)
	case op >= ir.Rol64X && op <= ir.Ror32X:
		return set(in.Dst) | set(in.Src)
	case op >= ir.LdIdxU8 && op <= ir.LdIdxBe64 || op == ir.LeaIdx:
		return set(in.Src) | set(in.Index)
	case op >= ir.StIdx8K && op <= ir.StIdx64K:
		return set(in.Dst) | set(in.Index)
	case op >= ir.StIdx8X && op <= ir.StIdx64X:
		return set(in.Dst) | set(in.Src) | set(in.Index)
	case op == ir.Lea:
		return set(in.Src)
	case op == ir.Elem:
		return set(in.Src)
	case op == ir.Spend || op == ir.SpendPoll || op == ir.ElemK || op >= ir.LdAbs8 && op <= ir.LdAbs32 || op == ir.Invalid:
		return 0
	}
	return callerRegs | savedRegs
}

// arguments are the registers that a helper or kfunc takes.
func arguments(c *ir.Callee) regs {
	h := abi.HelperByID(c.Helper)
	if c.Kfunc != "" || h == nil || c.Helper == abi.TracePrintk { // the prototype leaves its numbers out
		return argRegs
	}
	s := regs(0)
	for i, a := range h.Args {
		if a != abi.ArgNone {
			s = s.with(uint8(i + 1))
		}
	}
	return s
}

// defs are the registers that an instruction changes.
func defs(in *ir.Insn) regs {
	switch op := in.Op; {
	case op >= ir.Add64K && op <= ir.Swap64, op >= ir.LdU8 && op <= ir.ProbeS32, op >= ir.LoadAcq8 && op <= ir.LoadAcq64,
		op == ir.CastKern || op == ir.CastUser, op >= ir.Rol64K && op <= ir.LdBe64,
		op >= ir.LdIdxU8 && op <= ir.LdIdxBe64, op == ir.Lea || op == ir.LeaIdx || op == ir.Elem || op == ir.ElemK:
		return set(in.Dst)
	case op >= ir.FetchAdd32 && op <= ir.Xchg64:
		return set(in.Src)
	case op == ir.CmpXchg32 || op == ir.CmpXchg64:
		return set(0)
	case op == ir.Call || op == ir.CallLocal || op == ir.CallX:
		return callerRegs
	case op >= ir.LdAbs8 && op <= ir.LdInd32:
		return callerRegs
	}
	return 0
}

// pure reports whether an instruction does nothing but fill its registers.
func pure(op ir.Op) bool {
	return op >= ir.Add64K && op <= ir.Swap64 || op >= ir.LdU8 && op <= ir.LdS32 || op == ir.CastKern || op == ir.CastUser ||
		op >= ir.Rol64K && op <= ir.LdBe64 || op >= ir.LdIdxU8 && op <= ir.LdIdxBe64 || op == ir.Lea || op == ir.LeaIdx || op == ir.Elem || op == ir.ElemK
}

// flow is room for live.
type flow struct {
	use, def []regs
	queued   []bool
	work     []int
}

// room is s with n elements, or a longer one.
func room[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/2)
	}
	return s[:n]
}

// live finds which registers are read after which block.
func (f *function) live() {
	n := len(f.blocks)
	m := &f.walker.flow
	m.use, m.def, m.queued = room(m.use, n), room(m.def, n), room(m.queued, n)
	use, def, queued := m.use, m.def, m.queued
	work := m.work[:0]
	for i := range f.blocks {
		b := &f.blocks[i]
		b.liveIn, b.liveOut = 0, 0
		u, d := regs(0), regs(0)
		for k := len(b.insns) - 1; k >= 0; k-- {
			in := &b.insns[k]
			changed := defs(in)
			u = u&^changed | f.uses(in)
			d |= changed
		}
		use[i], def[i] = u, d
		if !b.dead {
			work = append(work, i)
		}
		queued[i] = !b.dead
	}
	for len(work) > 0 {
		i := work[len(work)-1]
		work = work[:len(work)-1]
		queued[i] = false
		b := &f.blocks[i]
		b.liveOut = 0
		for _, s := range b.succs() {
			if s != none {
				b.liveOut |= f.blocks[s].liveIn
			}
		}
		in := use[i] | b.liveOut&^def[i]
		if in == b.liveIn {
			continue
		}
		b.liveIn = in
		for _, p := range b.preds {
			if !queued[p] {
				queued[p] = true
				work = append(work, p)
			}
		}
	}
	m.work = work
}

// sweep takes out what only fills registers that nobody reads. It needs live.
func (f *function) sweep() {
	for i := range f.blocks {
		b := &f.blocks[i]
		if b.dead {
			continue
		}
		live := b.liveOut
		keep := len(b.insns)
		for k := len(b.insns) - 1; k >= 0; k-- {
			in := &b.insns[k]
			d := defs(in)
			if pure(in.Op) && !live.hasAny(d) || nothing(in) {
				continue
			}
			live = live&^d | f.uses(in)
			keep--
			b.insns[keep] = *in
		}
		b.insns = b.insns[keep:]
	}
}

// nothing reports whether an instruction leaves everything as it is.
func nothing(in *ir.Insn) bool { return in.Op == ir.Mov64X && in.Dst == in.Src || in.Op == ir.Le64 }

// marks tells generators which registers are read for the last time. It needs
// live.
func (f *function) marks() {
	for i := range f.blocks {
		b := &f.blocks[i]
		live := b.liveOut
		for k := len(b.insns) - 1; k >= 0; k-- {
			in := &b.insns[k]
			in.Flags &^= ir.SrcDead
			u, d := f.uses(in), defs(in)
			if u.has(in.Src) && in.Src != in.Dst && in.Src != fp && !live.has(in.Src) {
				in.Flags |= ir.SrcDead
			}
			if isDivision(in.Op) {
				in.Flags = in.Flags&^(ir.R0Dead|ir.R3Dead) | deadFlag(live, 0, ir.R0Dead) | deadFlag(live, 3, ir.R3Dead)
			}
			live = live&^d | u
		}
	}
}

func isDivision(op ir.Op) bool { return op >= ir.Div64K && op <= ir.SMod32X }

// deadFlag is flag if r is not in live.
func deadFlag(live regs, r uint8, flag ir.Flags) ir.Flags {
	if live.has(r) {
		return 0
	}
	return flag
}
