package randprog

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
)

// packetAccess checks a part of the packet against its end and goes there.
func (g *gen) packetAccess() {
	if !g.info.PktRead {
		g.valueAccess()
		return
	}
	usable := func(r reg) bool { return r.kind == packet && r.size-r.off > 0 }
	p, ok := g.find(usable)
	if !ok || g.below(4) == 3 {
		if g.oneIn(6) && g.changePacket() {
			return
		}
		if p, ok = g.checkPacket(); !ok {
			return
		}
	}
	for range g.between(1, 3) {
		x := g.st.regs[p]
		if x.kind != packet {
			return
		}
		if g.below(4) == 3 {
			g.variableAccess(p)
			continue
		}
		size, off := g.within(x)
		g.access(p, size, off)
	}
}

// contextPointer finds or loads the packet's start or end.
func (g *gen) contextPointer(want kind, field abi.FieldKind) (isa.Reg, bool) {
	if r, ok := g.find(func(r reg) bool { return r.kind == want && r.off == 0 }); ok && g.below(4) > 0 {
		return r, true
	}
	c, ok := g.find(func(r reg) bool { return r.kind == bctx && r.off == 0 })
	if !ok {
		return 0, false
	}
	for i := range g.bctx.Fields {
		if f := &g.bctx.Fields[i]; f.Kind == field {
			d := g.dest()
			if d == c {
				return 0, false
			}
			g.load(isa.SizeW, d, c, int32(f.Off))
			g.st.regs[d] = reg{kind: want}
			if want == packet {
				g.st.regs[d].id = g.id()
			}
			return d, true
		}
	}
	return 0, false
}

// checkPacket compares a pointer into the packet with the end.
func (g *gen) checkPacket() (isa.Reg, bool) {
	end, ok := g.contextPointer(packetEnd, abi.FieldPacketEnd)
	if !ok {
		return 0, false
	}
	defer g.hold(end)()
	p, ok := g.contextPointer(packet, abi.FieldPacket)
	if !ok {
		return 0, false
	}
	defer g.hold(p)()
	out, ok := g.bail()
	if !ok {
		return 0, false
	}
	if g.below(3) == 2 {
		// Headers of variable length: the range begins anew behind them.
		i := g.index(uint64(pick(g.source, 15, 60, 255, 1500, 0xffff)))
		d := g.dest()
		if d == i || g.st.regs[d].fixed {
			return 0, false
		}
		g.mov(d, p)
		g.put(isa.AluOp(isa.ClassAlu64, isa.Add, isa.SrcX), d, i, 0, 0)
		g.st.regs[d] = reg{kind: packet, id: g.id(), fixed: true}
		defer func() { g.st.regs[d].fixed = false }()
		p = d
	}
	n := int32(pick(g.source, 1, 4, 8, 14, 34, 64, 100))
	q := g.dest()
	if g.st.regs[q].fixed || q == p || q == end {
		return 0, false
	}
	g.mov(q, p)
	g.addImm(q, n)
	g.st.regs[q] = reg{}
	have := n
	const j = isa.ClassJmp
	switch g.below(7) {
	case 0, 1:
		g.jumpReg(j, isa.JGt, q, end, out)
	case 2:
		g.jumpReg(j, isa.JLt, end, q, out)
	case 3:
		g.jumpReg(j, isa.JGe, q, end, out)
		have = n + int32(g.below(2))
	case 4:
		g.jumpReg(j, isa.JLe, end, q, out)
	case 5:
		in := g.label()
		g.jumpReg(j, isa.JLe, q, end, in)
		g.jump(out)
		g.bind(in)
	default:
		in := g.label()
		g.jumpReg(j, isa.JGe, end, q, in)
		g.jump(out)
		g.bind(in)
	}
	if g.oneIn(20) {
		have++
	}
	id := g.st.regs[p].id
	g.st.change(id, func(r *reg) { r.size = max(r.size, have) })
	return p, true
}

// changePacket calls a helper after which the packet must be checked again.
func (g *gen) changePacket() bool {
	c, ok := g.find(func(r reg) bool { return r.kind == bctx && r.off == 0 })
	if !ok || !g.calls || g.loops > 0 || g.fn.level > 0 || g.st.refs > 0 {
		return false
	}
	id := abi.SKBPullData
	if g.prog.Type == abi.XDP {
		id = pick(g.source, abi.XDPAdjustHead, abi.XDPAdjustTail, abi.XDPAdjustMeta)
	}
	if abi.HelperFor(id, g.prog.Type, g.prog.Attach) == nil {
		return false
	}
	if c != isa.R1 {
		g.mov(isa.R1, c)
	}
	g.movImm(isa.R2, g.imm())
	g.call(id)
	g.st.regs[0] = unknown()
	if !g.oneIn(10) {
		g.st.forget(func(r reg) bool { return r.kind == packet || r.kind == packetEnd })
	}
	return true
}

// legacyLoad reads the packet the classic way.
func (g *gen) legacyLoad() {
	ok := g.prog.Type == abi.SocketFilter || g.prog.Type == abi.SchedCLS
	if !ok || g.st.regs[isa.R6].kind != bctx || !g.calls || g.fn.level > 0 || g.st.refs > 0 {
		g.loadUnknown(g.dest())
		return
	}
	size := pick(g.source, isa.SizeW, isa.SizeH, isa.SizeB)
	if g.below(2) == 1 {
		g.put(isa.MemOp(isa.ClassLd, isa.ModeInd, size), 0, g.number(), 0, int32(g.below(64)))
	} else {
		g.put(isa.MemOp(isa.ClassLd, isa.ModeAbs, size), 0, 0, 0, int32(g.below(64)))
	}
	g.clobber()
	g.st.regs[0] = unknown()
}
