package randprog

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
)

var sizes = [...]isa.Size{isa.SizeDW, isa.SizeW, isa.SizeH, isa.SizeB}

func (g *gen) size() isa.Size { return sizes[g.below(len(sizes))] }

// contextField loads a number from the context, false if there is none.
func (g *gen) contextField(dst isa.Reg) bool {
	c, ok := g.find(func(r reg) bool { return r.kind == bctx && r.off == 0 })
	if !ok {
		return false
	}
	if g.bctx.Raw {
		size := g.size()
		n := size.Bytes()
		end := min(int(g.bctx.Size), 160)
		off := int(g.bctx.First) + g.below(end-int(g.bctx.First)-n)
		if !g.oneIn(30) {
			off -= off % n
		}
		g.loadMem(dst, c, size, int32(off))
		return true
	}
	for range 8 {
		f := &g.bctx.Fields[g.below(len(g.bctx.Fields))]
		if f.Kind != abi.FieldScalar || f.Read == abi.Deny || f.Attach != nil {
			continue
		}
		n := int(f.Size)
		if f.Elem != 0 {
			n = int(f.Elem)
		}
		off, size := int32(f.Off), isa.SizeDW
		for size.Bytes() > n || f.Read&abi.Narrow != 0 && g.oneIn(3) && size != isa.SizeB {
			switch size {
			case isa.SizeDW:
				size = isa.SizeW
			case isa.SizeW:
				size = isa.SizeH
			default:
				size = isa.SizeB
			}
		}
		g.loadMem(dst, c, size, off)
		return true
	}
	return false
}

// loadContext reads or writes the context.
func (g *gen) loadContext() {
	c, ok := g.find(func(r reg) bool { return r.kind == bctx })
	if !ok {
		return
	}
	defer g.hold(c)()
	if g.oneIn(4) {
		if g.bctx.Raw && g.bctx.Write {
			g.store(g.size(), c, g.number(), int32(8*g.below(16)))
			return
		}
		for i := range g.bctx.Fields {
			f := &g.bctx.Fields[(i+g.below(8))%len(g.bctx.Fields)]
			if f.Write != abi.Deny && f.Size == 4 {
				g.store(isa.SizeW, c, g.number(), int32(f.Off))
				return
			}
		}
	}
	g.contextField(g.dest())
}

// stackRoom is an aligned place for n slots of which none may be read only.
func (g *gen) stackRoom(n int) (int32, bool) {
	for range 4 {
		i := g.below(14)
		if g.oneIn(24) {
			i = g.below(slots - n)
		}
		ok := true
		for k := i; k < i+n; k++ {
			ok = ok && !g.st.stack[k].reg.fixed && !g.st.stack[k].reg.ref
		}
		if ok {
			return int32(-8 * (i + n)), true
		}
	}
	return 0, false
}

// stackAccess spills, fills, stores or loads.
func (g *gen) stackAccess() {
	at, ok := g.stackRoom(1)
	if !ok {
		return
	}
	i := (-at - 1) / 8
	switch g.below(6) {
	case 0:
		r := g.number()
		g.store(isa.SizeDW, isa.FP, r, at)
		x := g.st.regs[r]
		x.fixed = false
		g.st.stack[i] = slot{used: true, reg: x}
	case 1:
		r, ok := g.find(func(r reg) bool { return r.kind > scalar && !r.ref })
		if !ok {
			return
		}
		g.store(isa.SizeDW, isa.FP, r, at)
		x := g.st.regs[r]
		x.fixed = false
		g.st.stack[i] = slot{used: true, reg: x}
	case 2:
		size := g.size()
		in := int32(size.Bytes() * g.below(8/size.Bytes()))
		if g.below(2) == 1 {
			g.storeImm(size, isa.FP, at+in, g.imm())
		} else {
			g.store(size, isa.FP, g.number(), at+in)
		}
		g.st.wipe(at, 8)
	default:
		for k := range int32(12) {
			if g.st.stack[k].used {
				i, at = k, -8*(k+1)
				if g.below(2) == 1 {
					break
				}
			}
		}
		dst := g.dest()
		if s := g.st.stack[i]; s.reg.kind > scalar || s.used && g.below(2) == 1 {
			g.load(isa.SizeDW, dst, isa.FP, at)
			x := s.reg
			if x.kind == none {
				x = unknown()
			}
			x.fixed = false
			g.st.regs[dst] = x
		} else {
			size := g.size()
			g.loadMem(dst, isa.FP, size, at+int32(size.Bytes()*g.below(8/size.Bytes())))
		}
	}
}

// stackVariable reads or writes the stack at an address that is not constant.
func (g *gen) stackVariable() {
	n := g.between(1, 7)
	at, ok := g.stackRoom(n)
	if !ok {
		return
	}
	for k := range int32(n) {
		if !g.oneIn(6) {
			g.storeImm(isa.SizeDW, isa.FP, at+8*k, g.imm())
		}
	}
	g.st.wipe(at, int32(8*n))
	size := g.size()
	bytes := size.Bytes()
	i := g.index(uint64(8*n/bytes - 1))
	if size != isa.SizeB {
		if !g.free(i) {
			return
		}
		if g.below(2) == 1 {
			g.aluImm(isa.ClassAlu64, isa.Mul, i, int32(bytes))
			g.st.regs[i] = upTo(uint64(8*n - bytes))
		} else {
			shift := map[int]int32{2: 1, 4: 2, 8: 3}[bytes]
			g.aluImm(isa.ClassAlu64, isa.Lsh, i, shift)
			g.st.regs[i] = upTo(uint64(8*n - bytes))
		}
	}
	p := g.dest()
	if p == i {
		return
	}
	g.st.regs[p] = reg{kind: frame, fixed: true}
	g.mov(p, isa.FP)
	switch g.below(3) {
	case 0:
		g.addImm(p, at)
		g.put(isa.AluOp(isa.ClassAlu64, isa.Add, isa.SrcX), p, i, 0, 0)
		at = 0
	case 1:
		g.put(isa.AluOp(isa.ClassAlu64, isa.Add, isa.SrcX), p, i, 0, 0)
		g.addImm(p, at)
		at = 0
	default:
		g.put(isa.AluOp(isa.ClassAlu64, isa.Add, isa.SrcX), p, i, 0, 0)
	}
	if g.oneIn(30) {
		at += int32(bytes)
	}
	switch g.below(3) {
	case 0:
		g.store(size, p, g.number(), at)
	case 1:
		g.storeImm(size, p, at, g.imm())
	default:
		g.loadMem(g.dest(), p, size, at)
	}
	g.st.regs[p] = reg{}
}

// valueAccess reads or writes a map's value, or other memory of known size.
func (g *gen) valueAccess() {
	usable := func(r reg) bool {
		return (r.kind == value || r.kind == memory) && (!r.null || g.oneIn(30)) && r.size > 0
	}
	p, ok := g.find(usable)
	if !ok {
		g.lookup()
		if p, ok = g.find(usable); !ok {
			return
		}
	}
	if g.below(2) == 1 {
		g.variableAccess(p)
		return
	}
	x := g.st.regs[p]
	size, off := g.within(x)
	if x.mapIdx == lockMap && x.kind == value && off < 4 && !g.oneIn(10) {
		off = 4
	}
	g.access(p, size, off)
}

// access is a load or store through a pointer to memory.
func (g *gen) access(p isa.Reg, size isa.Size, off int32) {
	x := g.st.regs[p]
	release := g.hold(p)
	defer func() {
		if g.st.regs[p].kind == x.kind {
			release()
		}
	}()
	readOnly := (x.kind == value && x.mapIdx == constMap || x.kind == packet && !g.info.PktWrite) && !g.oneIn(30)
	switch {
	case readOnly || g.below(2) == 1:
		g.loadMem(g.dest(), p, size, off)
	case g.below(3) == 2:
		g.storeImm(size, p, off, g.imm())
	default:
		g.store(size, p, g.number(), off)
	}
}

// variableAccess adds a bounded number to a pointer and goes there.
func (g *gen) variableAccess(p isa.Reg) {
	x := g.st.regs[p]
	size := g.size()
	room := x.size - x.off - int32(size.Bytes())
	if room < 0 {
		return
	}
	extra := int32(0)
	if g.below(2) == 1 {
		extra = int32(g.below(int(room) + 1))
	}
	release := g.hold(p)
	i := g.index(uint64(room - extra))
	d := g.dest()
	release()
	if d == i || i == p {
		return
	}
	g.mov(d, p)
	if g.oneIn(8) && room > extra {
		// The number is taken away again.
		g.addImm(d, room-extra)
		g.put(isa.AluOp(isa.ClassAlu64, isa.Sub, isa.SrcX), d, i, 0, 0)
	} else {
		g.put(isa.AluOp(isa.ClassAlu64, isa.Add, isa.SrcX), d, i, 0, 0)
	}
	x.id, x.ref, x.fixed = 0, false, true
	g.st.regs[d] = x
	g.access(d, size, extra)
	if g.st.regs[d].kind == x.kind {
		g.st.regs[d] = reg{}
	}
}

// lookup finds an element in a map.
func (g *gen) lookup() {
	if !g.mayCall() || g.st.refs > 0 && g.below(4) == 0 {
		return
	}
	m := pick(g.source, arrayMap, hashMap, arrayMap, perCPUMap, lruMap, smallMap, outerMap, lockMap)
	if m == lockMap && !g.locks() {
		m = arrayMap
	}
	def := g.all[m]
	at, ok := g.stackRoom(int(def.KeySize+7) / 8)
	if !ok {
		return
	}
	if def.KeySize == 8 {
		g.storeImm(isa.SizeDW, isa.FP, at, g.imm())
	} else {
		if g.oneIn(4) {
			at += 4
		}
		switch g.below(4) {
		case 0, 1:
			g.storeImm(isa.SizeW, isa.FP, at, int32(g.below(5)))
		case 2:
			g.store(isa.SizeW, isa.FP, g.number(), at)
		default:
			g.storeImm(isa.SizeDW, isa.FP, at&^7, int32(g.below(2)))
		}
	}
	g.st.wipe(at&^7, 8)
	g.mov(isa.R2, isa.FP)
	g.addImm(isa.R2, at)
	g.loadMap(isa.R1, m)
	g.call(abi.MapLookupElem)
	g.st.regs[0] = reg{kind: value, null: true, mapIdx: m, size: int32(def.ValueSize), id: g.id()}
	if m == outerMap {
		g.st.regs[0] = reg{kind: mapPtr, null: true, mapIdx: innerMap, id: g.id()}
	}
	r := isa.R0
	if k, ok := g.keep(); ok && !g.oneIn(5) {
		g.mov(k, r)
		g.st.regs[k] = g.st.regs[0]
		if g.below(2) == 1 {
			r = k
		}
	}
	g.checkNull(r)
	if m == outerMap {
		g.inner(r)
	}
}

// checkNull compares a pointer with NULL, mostly.
func (g *gen) checkNull(r isa.Reg) {
	x := g.st.regs[r]
	if g.oneIn(24) {
		return
	}
	known := func(r *reg) { r.null = false }
	if g.below(4) == 3 && len(g.insns) < g.limit {
		over := g.label()
		g.jumpImm(isa.ClassJmp, isa.JEq, r, 0, over)
		before := g.st
		before.change(x.id, func(r *reg) { *r = reg{} })
		g.st.change(x.id, known)
		g.block(g.between(1, 5))
		g.bind(over)
		g.st = merge(&g.st, &before)
		return
	}
	out, ok := g.bail()
	if !ok {
		return
	}
	if g.oneIn(4) {
		in := g.label()
		g.jumpImm(isa.ClassJmp, isa.JNe, r, 0, in)
		g.jump(out)
		g.bind(in)
	} else {
		g.jumpImm(isa.ClassJmp, isa.JEq, r, 0, out)
	}
	g.st.change(x.id, known)
}

// inner looks up in the map that a look-up gave.
func (g *gen) inner(r isa.Reg) {
	if x := g.st.regs[r]; x.kind != mapPtr || x.null {
		return
	}
	at, ok := g.stackRoom(1)
	if !ok {
		return
	}
	g.mov(isa.R1, r)
	g.storeImm(isa.SizeW, isa.FP, at, int32(g.below(3)))
	g.st.wipe(at, 8)
	g.mov(isa.R2, isa.FP)
	g.addImm(isa.R2, at)
	g.call(abi.MapLookupElem)
	g.st.regs[0] = reg{kind: value, null: true, mapIdx: innerMap, size: int32(g.all[innerMap].ValueSize), id: g.id()}
	g.checkNull(isa.R0)
}

// directValue takes the address of a place in an array's value.
func (g *gen) directValue() {
	m := pick(g.source, smallMap, constMap)
	d := g.dest()
	size := int32(g.all[m].ValueSize)
	off := int32(g.below(int(size)))
	if g.below(2) == 0 {
		off = 0
	}
	g.wide(d, isa.PseudoMapIdxValue, g.useMap(m), off)
	g.st.regs[d] = reg{kind: value, mapIdx: m, off: off, size: size}
}

// atomic writes an atomic operation.
func (g *gen) atomic() {
	size := pick(g.source, isa.SizeDW, isa.SizeW)
	n := int32(size.Bytes())
	op := pick(g.source, isa.AtomicAdd, isa.AtomicOr, isa.AtomicAnd, isa.AtomicXor, isa.AtomicXchg, isa.AtomicCmpXchg,
		isa.AtomicAdd|isa.AtomicFetch, isa.AtomicOr|isa.AtomicFetch, isa.AtomicAnd|isa.AtomicFetch,
		isa.AtomicXor|isa.AtomicFetch, isa.AtomicLoadAcq, isa.AtomicStoreRel)
	if op == isa.AtomicLoadAcq || op == isa.AtomicStoreRel {
		size = g.size()
		n = int32(size.Bytes())
	}
	p, off := isa.FP, int32(0)
	release := func() {}
	defer func() { release() }()
	if r, ok := g.find(func(r reg) bool {
		return (r.kind == value && r.mapIdx != lockMap && r.mapIdx != constMap || r.kind == memory) && !r.null && r.size >= r.off+8
	}); ok && g.below(2) == 1 {
		x := g.st.regs[r]
		release = g.hold(r)
		p, off = r, int32(g.below(int(x.size-x.off-n)+1))
		off -= (off + x.off) % n
	} else {
		at, ok := g.stackRoom(1)
		if !ok {
			return
		}
		if !g.oneIn(8) {
			g.storeImm(isa.SizeDW, isa.FP, at, g.imm())
		}
		g.st.wipe(at, 8)
		off = at
	}
	src := g.number()
	switch {
	case op == isa.AtomicCmpXchg:
		if g.st.regs[0].kind != scalar {
			if !g.free(0) || p == 0 || src == 0 {
				return
			}
			g.movImm(0, g.imm())
		}
		g.st.regs[0] = unknown()
	case op == isa.AtomicLoadAcq:
		d := g.dest()
		if d == p {
			return
		}
		g.put(isa.MemOp(isa.ClassStx, isa.ModeAtomic, size), d, p, int16(off), int32(op))
		g.st.regs[d] = unknown()
		return
	case op&isa.AtomicFetch != 0:
		src = g.writable()
		g.st.regs[src] = unknown()
	}
	if p != isa.FP && src == p {
		return
	}
	g.put(isa.MemOp(isa.ClassStx, isa.ModeAtomic, size), p, src, int16(off), int32(op))
}
