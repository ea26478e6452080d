package opt

import (
	"math/bits"

	"github.com/skepbpf/skep/vm/ir"
)

const (
	hoistMost  = 16 // constants of a loop that are looked at
	hoistAll   = 64 // uses of constants in a function that are
	hoistReach = 64 // instructions behind a constant that may read it
	// What a use gains that loses an instruction, and one that gets a shorter.
	hoistSaves   = 4
	hoistShorter = 1
)

// wideConst is an instruction in a loop with a constant that machines do not
// take as an operand.
type wideConst struct {
	at   place
	imm  int64
	gain int // by a register with the constant
}

// homeless is a constant that a loop would like to have in a register.
type homeless struct {
	imm  int64
	gain int
}

// hoist loads wide constants before the loops that use them in each turn, into
// registers that nothing in there needs, outer loops first. What they were
// loaded by becomes nothing, in blocks whose numbers it gives.
func (l *loops) hoist() (changed []int32) {
	all := l.wideConsts()
	if len(all) == 0 {
		return nil
	}
	f, n := l.f, len(l.list)
	room := make([]regs, 2*n)
	busy, homes := room[:n], room[n:]
	l.busy(busy, all)
	for n := len(l.list) - 1; n >= 0; n-- {
		if p := l.list[n].parent; p != none {
			homes[n] = homes[p]
		}
		free := func() regs { return (callerRegs | savedRegs) &^ (busy[n] | homes[n]) }
		if free() == 0 {
			continue
		}
		var wants [hoistMost]homeless
		for _, w := range l.wants(n, all, wants[:0]) {
			if free() == 0 || l.preheader(n) == none {
				break
			}
			// What other passes look for is among those that calls change.
			h := uint8(bits.Len32(uint32(free())) - 1)
			homes[n] |= set(h)
			before := l.list[n].before
			f.add(before, ir.Insn{Op: ir.Mov64K, Dst: h, Imm: w.imm, Slot: -1})
			f.blocks[before].liveOut |= set(h)
			for i := range all {
				if c := &all[i]; c.gain > 0 && c.imm == w.imm && l.contains(n, int(c.at.block)) {
					f.readHome(c, h)
					c.gain = 0
					changed = append(changed, c.at.block)
				}
			}
		}
	}
	if changed != nil {
		for i, k := range l.of {
			if k != none {
				f.blocks[i].liveIn |= homes[k]
				f.blocks[i].liveOut |= homes[k]
			}
		}
	}
	return changed
}

// busy finds the registers that each loop with one of all needs or changes; of
// other loops it says all.
func (l *loops) busy(busy []regs, all []wideConst) {
	for n := range busy {
		busy[n] = callerRegs | savedRegs
	}
	for i := range all {
		for k := l.of[all[i].at.block]; k != none && busy[k] != 0; k = l.list[k].parent {
			busy[k] = 0
		}
	}
	for _, b := range l.order {
		k := l.of[b]
		for k != none && busy[k] == callerRegs|savedRegs {
			k = l.list[k].parent
		}
		if k == none {
			continue
		}
		bl := &l.f.blocks[b]
		s := bl.liveIn | bl.liveOut
		for i := range bl.insns {
			s |= l.f.uses(&bl.insns[i]) | defs(&bl.insns[i])
		}
		for ; k != none; k = l.list[k].parent {
			busy[k] |= s &^ set(fp)
		}
	}
}

// wideConsts finds the constants in loops that gain by a register, in blocks
// that run in each turn.
func (l *loops) wideConsts() (all []wideConst) {
	f, zeros := l.f, false
	for _, b := range l.order {
		n := l.of[b]
		if n == none || !l.everyTurn(n, b) {
			continue
		}
		bl := &f.blocks[b]
		z, known := regs(0), false
		for i := range bl.insns {
			in := &bl.insns[i]
			c := wideConst{at: place{int32(b), int32(i)}, imm: in.Imm}
			if in.Op == ir.Elem {
				if c.imm = f.arrayBase(in); c.imm != 0 && !known {
					if !zeros {
						f.zeros()
						zeros = true
					}
					z, known = bl.upper, true
					for k := range bl.insns[:i] {
						z = zerosBehind(&bl.insns[k], z)
					}
				}
				if z.has(in.Src) {
					c.gain = hoistSaves
				}
			} else if !small(c.imm) {
				c.gain = f.hoistGain(b, i)
			}
			if c.gain > 0 && !small(c.imm) && len(all) < hoistAll {
				all = append(all, c)
			}
			if known {
				z = zerosBehind(in, z)
			}
		}
	}
	return all
}

// arrayBase is where the elements of the array are that in is a lookup in, if an
// index finds them, else 0.
func (f *function) arrayBase(in *ir.Insn) int64 {
	m := &f.prog.Maps[in.Off]
	if in.Flags&ir.InBounds == 0 || m.Kind != ir.MapArray || m.Stride == 0 || m.Stride > 8 || m.Stride&(m.Stride-1) != 0 {
		return 0
	}
	return int64(m.Base)
}

// hoistGain is what instruction i of block b gains by its constant in a
// register, 0 for nothing.
func (f *function) hoistGain(b, i int) int {
	switch op := f.blocks[b].insns[i].Op; op {
	case ir.Add64K, ir.Sub64K, ir.Mul64K, ir.Or64K, ir.And64K, ir.Xor64K, ir.St64K, ir.StIdx64K:
		return hoistSaves
	case ir.Mov64K:
		if _, ok := f.readers(b, i); ok {
			return hoistSaves
		}
		// An operation that works in its place wants a copy; one for a call is
		// not worth a register.
		if next := i + 1; next < len(f.blocks[b].insns) {
			in, x := &f.blocks[b].insns[i], &f.blocks[b].insns[next]
			if x.Dst == in.Dst && x.Op > ir.Invalid && x.Op < ir.Mov64K {
				return hoistShorter
			}
		}
		return 0
	default:
		if op >= ir.JEq64K && op <= ir.JSLe32X && op.IsK() && !op.Is32() {
			return hoistSaves
		}
		return 0
	}
}

// readers reports whether all that read the constant that instruction i of block
// b loads could read another register, and where they end.
func (f *function) readers(b, i int) (end int, ok bool) {
	insns := f.blocks[b].insns
	d := insns[i].Dst
	for k := i + 1; k < len(insns) && k <= i+hoistReach; k++ {
		x := &insns[k]
		if f.uses(x).has(d) && !readsOnly(x, d) {
			return 0, false
		}
		if defs(x).has(d) {
			return k + 1, true
		}
	}
	return len(insns), len(insns) <= i+hoistReach+1 && !f.blocks[b].liveOut.has(d)
}

// readsOnly reports whether an instruction that reads d could read another
// register instead.
func readsOnly(in *ir.Insn, d uint8) bool {
	switch op := in.Op; {
	case op >= ir.Add64K && op < ir.Mov64K:
		return !op.IsK() && in.Dst != d
	case op == ir.Mov64X || op == ir.Mov32X || op >= ir.MovSX64From8 && op <= ir.MovSX32From16,
		op >= ir.JEq64K && op <= ir.JSLe32X, op >= ir.LdU8 && op <= ir.LdS32, op >= ir.St8K && op <= ir.St64X,
		op >= ir.LdBe16 && op <= ir.LdBe64, op >= ir.LdIdxU8 && op <= ir.LeaIdx:
		return true
	}
	return false
}

// readHome lets an instruction read its constant from h.
func (f *function) readHome(c *wideConst, h uint8) {
	b, i := int(c.at.block), int(c.at.insn)
	insns := f.blocks[b].insns
	in := &insns[i]
	in.Flags &^= ir.KnownSrc | ir.Src32
	switch op := in.Op; op {
	case ir.Elem:
		m := &f.prog.Maps[in.Off]
		*in = ir.Insn{Op: ir.LeaIdx, Dst: in.Dst, Src: h, Index: in.Src, Scale: uint8(bits.TrailingZeros64(m.Stride)), Slot: in.Slot}
	case ir.St64K:
		in.Op, in.Src, in.Imm = ir.St64X, h, 0
	case ir.StIdx64K:
		in.Op, in.Src, in.Imm = ir.StIdx64X, h, 0
	case ir.Mov64K:
		end, ok := f.readers(b, i)
		d := in.Dst
		*in = ir.Insn{Op: ir.Mov64X, Dst: d, Src: h, Slot: in.Slot}
		if !ok {
			return
		}
		in.Src = d // which is nothing
		for k := i + 1; k < end; k++ {
			if x := &insns[k]; f.uses(x).has(d) {
				readInstead(x, d, h)
			}
		}
	default:
		in.Op, in.Src, in.Imm = op+1, h, 0
	}
}

// readInstead makes an instruction read h where it reads d.
func readInstead(in *ir.Insn, d, h uint8) {
	if in.Dst == d && !defs(in).has(d) {
		in.Dst = h
	}
	if in.Src == d {
		in.Src = h
	}
	if in.Op >= ir.LdIdxU8 && in.Index == d {
		in.Index = h
	}
}

// wants are the constants of loop n that are not in a register yet, those that
// gain most first. What inner loops use counts more.
func (l *loops) wants(n int, all []wideConst, wants []homeless) []homeless {
	for i := range all {
		c := &all[i]
		if c.gain == 0 || !l.contains(n, int(c.at.block)) {
			continue
		}
		d := 0
		for k := l.of[c.at.block]; k != n; k = l.list[k].parent {
			d++
		}
		k := 0
		for k < len(wants) && wants[k].imm != c.imm {
			k++
		}
		if k == len(wants) {
			if k == hoistMost {
				continue
			}
			wants = append(wants, homeless{imm: c.imm})
		}
		wants[k].gain += c.gain << (3 * min(d, 4))
		for ; k > 0 && wants[k-1].gain < wants[k].gain; k-- {
			wants[k-1], wants[k] = wants[k], wants[k-1]
		}
	}
	return wants
}
