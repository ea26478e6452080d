package randprog

import "github.com/skepbpf/skep/isa"

var aluCodes = [...]isa.Code{
	isa.Add, isa.Sub, isa.Mul, isa.And, isa.Or, isa.Xor, isa.Lsh, isa.Rsh, isa.Arsh, isa.Neg, isa.End, isa.Div, isa.Mod, isa.Add, isa.And,
}

// arithmetic changes a number.
func (g *gen) arithmetic() {
	dst := g.writable()
	g.operate(dst, aluCodes[g.below(len(aluCodes))])
}

// operate writes one operation on a number.
func (g *gen) operate(dst isa.Reg, c isa.Code) {
	class := pick(g.source, isa.ClassAlu64, isa.ClassAlu)
	wide := class == isa.ClassAlu64
	x := g.st.regs[dst]
	result := unknown()
	if !wide {
		result = upTo(0xffffffff)
	}
	var off int16
	switch c {
	case isa.Neg:
		g.put(isa.AluOp(class, c, isa.SrcK), dst, 0, 0, 0)
	case isa.End:
		width := pick(g.source, int32(16), 32, 64)
		switch g.below(3) {
		case 0:
			g.put(isa.AluOp(isa.ClassAlu, c, isa.SrcX), dst, 0, 0, width)
		case 1:
			g.put(isa.AluOp(isa.ClassAlu, c, isa.SrcK), dst, 0, 0, width)
		default:
			g.put(isa.AluOp(isa.ClassAlu64, c, isa.SrcK), dst, 0, 0, width)
		}
		result = unknown()
		if width < 64 {
			result = upTo(1<<width - 1)
		}
	default:
		if c == isa.Div || c == isa.Mod {
			off = int16(g.below(2))
		}
		if src, ok := g.find(isScalar); ok && g.below(3) == 2 {
			g.put(isa.AluOp(class, c, isa.SrcX), dst, src, off, 0)
			break
		}
		v := g.imm()
		switch {
		case (c == isa.Lsh || c == isa.Rsh || c == isa.Arsh) && !g.oneIn(60):
			v = int32(g.below(32))
			if wide && g.below(2) == 1 {
				v += 32
			}
		case (c == isa.Div || c == isa.Mod) && v == 0 && !g.oneIn(16):
			v = 7
		}
		g.put(isa.AluOp(class, c, isa.SrcK), dst, 0, off, v)
		result = arith(x, c, wide, uint64(int64(v)))
	}
	g.st.regs[dst] = result
}

// copies writes a move, which links numbers, perhaps with a sum after it.
func (g *gen) copies() {
	if p, ok := g.find(func(r reg) bool { return r.kind > scalar && r.kind != mapPtr && !r.ref }); ok && g.oneIn(4) {
		dst := g.dest()
		x := g.st.regs[p]
		x.fixed = false
		g.mov(dst, p)
		g.st.regs[dst] = x
		return
	}
	src := g.number()
	dst := g.dest()
	if dst == src && !g.free(dst) {
		return
	}
	x := g.st.regs[src]
	x.fixed = false
	switch g.below(6) {
	case 0, 1, 2:
		g.mov(dst, src)
	case 3:
		g.put(isa.AluOp(isa.ClassAlu, isa.Mov, isa.SrcX), dst, src, 0, 0)
		if x.max > 0xffffffff {
			x = upTo(0xffffffff)
		}
	case 4:
		bits := pick(g.source, int16(8), 16, 32)
		g.put(isa.AluOp(isa.ClassAlu64, isa.Mov, isa.SrcX), dst, src, bits, 0)
		if x.max >= 1<<(bits-1) {
			x = unknown()
		}
	case 5:
		bits := pick(g.source, int16(8), 16)
		g.put(isa.AluOp(isa.ClassAlu, isa.Mov, isa.SrcX), dst, src, bits, 0)
		if x.max >= 1<<(bits-1) {
			x = upTo(0xffffffff)
		}
	}
	g.st.regs[dst] = x
	if g.below(3) == 2 {
		v := int32(g.below(64))
		class := pick(g.source, isa.ClassAlu64, isa.ClassAlu)
		code := pick(g.source, isa.Add, isa.Sub)
		g.aluImm(class, code, dst, v)
		g.st.regs[dst] = arith(x, code, class == isa.ClassAlu64, uint64(v))
	}
}

// index is a register with a number that is at most limit, mostly proven in one
// of many ways.
func (g *gen) index(limit uint64) isa.Reg {
	if g.oneIn(30) {
		limit++
	}
	small := func(r reg) bool { return r.kind == scalar && r.max <= limit && r.max != r.min }
	if r, ok := g.find(small); ok && g.below(2) == 1 {
		return r
	}
	r := g.writable()
	if g.st.regs[r].min > limit || g.st.regs[r].min == g.st.regs[r].max {
		g.loadUnknown(r)
	}
	if g.oneIn(3) {
		g.operate(r, aluCodes[g.below(len(aluCodes))])
	}
	g.bound(r, limit)
	return r
}

// bound proves that a number is at most limit.
func (g *gen) bound(r isa.Reg, limit uint64) {
	if g.st.regs[r].max <= limit && g.below(4) > 0 {
		return
	}
	out, ok := label(0), false
	way := g.below(12)
	if way >= 3 {
		out, ok = g.bail()
	}
	v := int32(limit)
	switch {
	case !ok && way == 1:
		bits := int32(1)
		for uint64(2)<<bits-1 <= limit {
			bits++
		}
		if limit == 0 {
			bits = 0
			g.aluImm(isa.ClassAlu64, isa.And, r, 0)
			break
		}
		g.aluImm(isa.ClassAlu64, isa.Rsh, r, 64-bits)
	case !ok:
		mask := int32(0)
		for uint64(mask)*2+1 <= limit {
			mask = mask*2 + 1
		}
		g.aluImm(pick(g.source, isa.ClassAlu64, isa.ClassAlu), isa.And, r, mask)
	default:
		g.compare(r, v, way, out)
	}
	g.st.regs[r] = upTo(limit)
}

// compare leaves for out where a number is above v.
func (g *gen) compare(r isa.Reg, v int32, way int, out label) {
	const j, j32 = isa.ClassJmp, isa.ClassJmp32
	switch way {
	case 3:
		g.jumpImm(j, isa.JGt, r, v, out)
	case 4:
		g.jumpImm(j, isa.JGe, r, v+1, out)
	case 5:
		g.put(isa.AluOp(isa.ClassAlu, isa.Mov, isa.SrcX), r, r, 0, 0)
		g.jumpImm(j32, isa.JGt, r, v, out)
	case 6:
		g.jumpImm(j, isa.JSLt, r, 0, out)
		g.jumpImm(j, isa.JSGt, r, v, out)
	case 7:
		g.jumpImm(j, isa.JSGe, r, v+1, out)
		g.jumpImm(j, isa.JSLe, r, -1, out)
	case 8:
		in := g.label()
		g.jumpImm(j, isa.JLe, r, v, in)
		g.jump(out)
		g.bind(in)
	case 9:
		g.linked(r, v, out)
	case 10:
		g.viaStack(r, v, out)
	default:
		c := g.dest()
		if c == r {
			g.jumpImm(j, isa.JGt, r, v, out)
			return
		}
		g.movImm(c, v)
		g.st.regs[c] = constant(uint64(int64(v)))
		if g.below(2) == 1 {
			g.jumpReg(j, isa.JLt, c, r, out)
		} else {
			g.jumpReg(j, isa.JGt, r, c, out)
		}
	}
}

// linked bounds a number through a copy with a constant added, or the copy
// through the number.
func (g *gen) linked(r isa.Reg, v int32, out label) {
	c := g.dest()
	if c == r {
		g.jumpImm(isa.ClassJmp, isa.JGt, r, v, out)
		return
	}
	class := pick(g.source, isa.ClassAlu64, isa.ClassAlu)
	jump := isa.ClassJmp
	if class == isa.ClassAlu {
		g.put(isa.AluOp(class, isa.Mov, isa.SrcX), r, r, 0, 0)
		jump = pick(g.source, isa.ClassJmp, isa.ClassJmp32)
	}
	d := int32(g.below(32))
	g.put(isa.AluOp(class, isa.Mov, isa.SrcX), c, r, 0, 0)
	if g.below(3) == 2 {
		g.aluImm(class, isa.Sub, c, -d)
	} else {
		g.aluImm(class, isa.Add, c, d)
	}
	g.jumpImm(jump, isa.JLt, c, d, out)
	g.jumpImm(jump, isa.JGt, c, d+v, out)
	g.st.regs[c] = reg{kind: scalar, min: uint64(d), max: uint64(d + v)}
}

// viaStack bounds a number through its spilled copy.
func (g *gen) viaStack(r isa.Reg, v int32, out label) {
	at, ok := g.stackRoom(1)
	if !ok {
		g.jumpImm(isa.ClassJmp, isa.JGt, r, v, out)
		return
	}
	size := isa.SizeDW
	if g.oneIn(4) {
		size = isa.SizeW
		g.put(isa.AluOp(isa.ClassAlu, isa.Mov, isa.SrcX), r, r, 0, 0)
	}
	g.store(size, isa.FP, r, at)
	g.st.wipe(at, 8)
	if g.below(2) == 1 {
		g.jumpImm(isa.ClassJmp, isa.JGt, r, v, out)
		g.load(size, r, isa.FP, at)
		return
	}
	c := g.dest()
	g.load(size, c, isa.FP, at)
	g.jumpImm(isa.ClassJmp, isa.JGt, c, v, out)
	g.st.regs[c] = upTo(uint64(v))
	if c == r {
		return
	}
	if g.below(2) == 1 {
		g.load(size, r, isa.FP, at)
	}
}
