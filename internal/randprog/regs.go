package randprog

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
)

func isScalar(r reg) bool { return r.kind == scalar }

// find is a random register that a test accepts.
func (g *gen) find(ok func(reg) bool) (isa.Reg, bool) {
	var list [isa.NumRegs]isa.Reg
	n := 0
	for r := range isa.FP {
		if ok(g.st.regs[r]) {
			list[n] = r
			n++
		}
	}
	if n == 0 {
		return 0, false
	}
	return list[g.below(n)], true
}

// free reports whether a register may be overwritten.
func (g *gen) free(r isa.Reg) bool {
	x := &g.st.regs[r]
	return !x.fixed && !x.ref && (g.calls || r > isa.R5)
}

// dest is a register to write to, rather one that holds nothing of value.
func (g *gen) dest() isa.Reg {
	for range 4 {
		r := isa.Reg(g.below(10))
		if x := g.st.regs[r]; g.free(r) && (x.kind == none || x.kind == scalar) {
			return r
		}
	}
	for i := range 10 {
		if r := isa.Reg((i + 7) % 10); g.free(r) && g.st.regs[r].kind != bctx {
			return r
		}
	}
	return isa.R0
}

// hold keeps a register from being written to, until the result is called.
func (g *gen) hold(r isa.Reg) func() {
	was := g.st.regs[r].fixed
	g.st.regs[r].fixed = true
	return func() { g.st.regs[r].fixed = was }
}

// mayCall reports whether a call may be written: nothing that is lost in one
// is needed.
func (g *gen) mayCall() bool {
	for r := isa.R0; r <= isa.R5; r++ {
		if g.st.regs[r].fixed {
			return false
		}
	}
	return g.calls && !g.st.regs[0].ref
}

// keep is a register to write to that survives calls.
func (g *gen) keep() (isa.Reg, bool) {
	first := g.below(4)
	for pass := range 2 {
		for i := range 4 {
			r := isa.R6 + isa.Reg((first+i)%4)
			x := g.st.regs[r]
			if g.free(r) && x.kind != bctx && (pass == 1 || x.kind == none || x.kind == scalar) {
				return r, true
			}
		}
	}
	return 0, false
}

// number is a register with a number, made where there is none.
func (g *gen) number() isa.Reg {
	if r, ok := g.find(isScalar); ok && !g.oneIn(6) {
		return r
	}
	r := g.dest()
	switch g.below(16) {
	case 1, 2, 3:
		v := g.imm()
		g.movImm(r, v)
		g.st.regs[r] = constant(uint64(int64(v)))
	case 4:
		lo, hi := g.imm(), g.imm()
		g.wide(r, 0, lo, hi)
		g.st.regs[r] = constant(uint64(uint32(lo)) | uint64(uint32(hi))<<32)
	default:
		g.loadUnknown(r)
	}
	return r
}

// writable is a register with a number that may be changed: another copy if
// need be.
func (g *gen) writable() isa.Reg {
	r := g.number()
	if !g.free(r) {
		d := g.dest()
		g.mov(d, r)
		g.st.regs[d] = g.st.regs[r]
		g.st.regs[d].fixed = false
		return d
	}
	return r
}

// loadUnknown puts a number into a register of which nothing is known but
// perhaps its width.
func (g *gen) loadUnknown(dst isa.Reg) {
	switch g.below(4) {
	case 1:
		if g.contextField(dst) {
			return
		}
	case 2:
		if p, ok := g.find(func(r reg) bool { return r.kind == value && !r.null && r.mapIdx != lockMap }); ok {
			size, off := g.within(g.st.regs[p])
			g.loadMem(dst, p, size, off)
			return
		}
	case 3:
		i := g.below(8)
		if s := g.st.stack[i]; s.used && s.reg.kind == none {
			g.loadMem(dst, isa.FP, pick(g.source, isa.SizeDW, isa.SizeW, isa.SizeH, isa.SizeB), int32(-8*(i+1)))
			return
		}
	}
	if g.mayCall() {
		g.call(abi.GetPrandomU32)
		g.st.regs[0] = unknown()
		if dst != 0 {
			g.mov(dst, 0)
			g.st.regs[dst] = unknown()
		}
		return
	}
	if !g.contextField(dst) {
		v := g.imm()
		g.movImm(dst, v)
		g.st.regs[dst] = constant(uint64(int64(v)))
	}
}

// loadMem is a plain load, sometimes a sign-extending one.
func (g *gen) loadMem(dst, src isa.Reg, size isa.Size, off int32) {
	mode := isa.ModeMem
	x := unknown()
	if size != isa.SizeDW {
		x = upTo(1<<(8*size.Bytes()) - 1)
		if g.oneIn(5) {
			mode, x = isa.ModeMemSX, unknown()
		}
	}
	g.put(isa.MemOp(isa.ClassLdx, mode, size), dst, src, int16(off), 0)
	g.st.regs[dst] = x
}

// call writes a call of a helper; the caller sets R0.
func (g *gen) call(id abi.HelperID) {
	g.put(isa.CallOp, 0, isa.CallHelper, 0, int32(id))
	g.clobber()
}

func (g *gen) clobber() {
	for r := isa.R0; r <= isa.R5; r++ {
		g.st.regs[r] = reg{}
	}
}

// bail is where a failed check goes, false where nothing may be left so.
func (g *gen) bail() (label, bool) {
	if g.st.refs > 0 && !g.oneIn(40) {
		return 0, false
	}
	g.fn.outUsed = true
	return g.fn.out, true
}

// id is a new identity for copies of a pointer.
func (g *gen) id() int {
	g.ids++
	return g.ids
}

// useMap is a map's index in the program.
func (g *gen) useMap(m int) int32 {
	if g.use[m] < 0 {
		g.use[m] = len(g.prog.Maps)
		g.prog.Maps = append(g.prog.Maps, g.all[m])
	}
	return int32(g.use[m])
}

// loadMap puts a map into a register.
func (g *gen) loadMap(dst isa.Reg, m int) {
	g.wide(dst, isa.PseudoMapIdx, g.useMap(m), 0)
	g.st.regs[dst] = reg{kind: mapPtr, mapIdx: m}
}

// within is an access that lies in memory, mostly.
func (g *gen) within(x reg) (isa.Size, int32) {
	size := pick(g.source, isa.SizeB, isa.SizeW, isa.SizeDW, isa.SizeH)
	n := int32(size.Bytes())
	last := x.size - x.off - n
	if last < 0 {
		return isa.SizeB, -x.off
	}
	off := last
	if g.below(2) == 1 {
		off = int32(g.below(int(last) + 1))
	}
	if g.prog.Flags&abi.StrictAlignment != 0 && !g.oneIn(8) {
		off -= (off + x.off) % n
	}
	if g.oneIn(40) {
		off = last + 1
	}
	return size, off
}
