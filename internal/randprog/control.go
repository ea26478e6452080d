package randprog

import "github.com/skepbpf/skep/isa"

var conditions = [...]isa.Code{
	isa.JEq, isa.JNe, isa.JGt, isa.JGe, isa.JLt, isa.JLe, isa.JSGt, isa.JSGe, isa.JSLt, isa.JSLe, isa.JSet,
}

// condition writes a conditional jump over numbers, sometimes over pointers.
func (g *gen) condition(to label) {
	class := pick(g.source, isa.ClassJmp, isa.ClassJmp32)
	code := conditions[g.below(len(conditions))]
	dst := g.number()
	if p, ok := g.find(func(r reg) bool { return r.kind > scalar }); ok && g.oneIn(16) {
		dst, class = p, isa.ClassJmp
	}
	if src, ok := g.find(isScalar); ok && g.below(3) == 2 {
		g.jumpReg(class, code, dst, src, to)
		return
	}
	v := g.imm()
	if x := g.st.regs[dst]; x.kind == scalar && g.below(2) == 1 {
		v = int32(pick(g.source, x.min, x.max, x.min+1, x.max-1, (x.min+x.max)/2))
	}
	g.jumpImm(class, code, dst, v, to)
}

// branch writes an if, perhaps with an else.
func (g *gen) branch() {
	if len(g.insns) >= g.limit {
		return
	}
	other := g.label()
	g.condition(other)
	start := g.st
	g.block(g.between(1, 5))
	if g.below(2) == 1 {
		g.bind(other)
		g.st = merge(&g.st, &start)
		return
	}
	end := g.label()
	first := g.st
	if !first.dead {
		g.jump(end)
	}
	g.bind(other)
	g.st = start
	g.block(g.between(1, 5))
	g.bind(end)
	g.st = merge(&g.st, &first)
}

// earlyExit leaves the function under a condition.
func (g *gen) earlyExit() {
	if g.st.refs > 0 {
		return
	}
	on := g.label()
	g.condition(on)
	start := g.st
	g.leave()
	g.bind(on)
	g.st = start
}

// enter prepares the state for the head of a loop: what is there may come round
// again as something else of its kind, so numbers are unknown and the rest is
// kept.
func (g *gen) enter() {
	g.loops++
	for r := range isa.FP {
		x := &g.st.regs[r]
		switch {
		case r <= isa.R5:
			*x = reg{}
		case x.kind == scalar && !x.fixed:
			*x = unknown()
		case x.kind != none:
			x.fixed = true
		}
	}
	for i := range g.st.stack {
		x := &g.st.stack[i].reg
		switch {
		case x.kind == scalar:
			*x = unknown()
		case x.kind != none:
			x.fixed = true
		}
	}
}

// loop writes a loop that counts.
func (g *gen) loop() {
	i, ok := g.keep()
	if !ok || g.loops > 1 || g.fn.level > 1 || len(g.insns) >= g.limit {
		return
	}
	down := g.oneIn(4)
	n := int32(g.between(1, 12))
	first := int32(0)
	if down {
		first = n
	}
	var end isa.Reg
	limit, bounded := uint64(n), false
	if e, ok := g.keep(); ok && e != i && g.oneIn(4) && !down {
		// The number of rounds is not known.
		end, bounded = e, true
		g.loadUnknown(e)
		limit = uint64(pick(g.source, 4, 7, 10))
		g.bound(e, limit)
	}
	g.movImm(i, first)
	g.st.regs[i] = reg{kind: scalar, max: limit, fixed: true}
	if bounded {
		g.st.regs[end].fixed = true
	}
	outer := g.st
	head, leave := g.label(), g.label()
	g.enter()
	g.bind(head)
	early := g.below(3) == 2
	if early {
		g.leaveAtHead(i, end, bounded, n, down, leave)
	}
	start := g.st
	g.block(g.between(1, 5))
	if g.st.dead {
		g.loops--
		g.bind(leave)
		g.st = start
		g.unfix(&outer, i, end, bounded)
		return
	}
	if down {
		g.addImm(i, -1)
	} else {
		g.addImm(i, 1)
	}
	switch {
	case early:
		g.jump(head)
	case down:
		g.jumpImm(isa.ClassJmp, isa.JNe, i, 0, head)
	case bounded:
		g.jumpReg(isa.ClassJmp, pick(g.source, isa.JLt, isa.JSLt, isa.JLe), i, end, head)
	default:
		code := pick(g.source, isa.JLt, isa.JNe, isa.JSLt)
		g.jumpImm(pick(g.source, isa.ClassJmp, isa.ClassJmp32), code, i, n, head)
	}
	g.bind(leave)
	g.loops--
	if early {
		g.st = merge(&g.st, &start)
	}
	g.unfix(&outer, i, end, bounded)
}

// leaveAtHead leaves a loop at its head.
func (g *gen) leaveAtHead(i, end isa.Reg, bounded bool, n int32, down bool, leave label) {
	switch {
	case down:
		g.jumpImm(isa.ClassJmp, isa.JEq, i, 0, leave)
	case bounded:
		g.jumpReg(isa.ClassJmp, isa.JGe, i, end, leave)
	default:
		g.jumpImm(isa.ClassJmp, pick(g.source, isa.JGe, isa.JEq, isa.JSGe), i, n, leave)
	}
}

// unfix makes registers writable again behind a loop.
func (g *gen) unfix(outer *state, i, end isa.Reg, bounded bool) {
	for r := range g.st.regs {
		g.st.regs[r].fixed = outer.regs[r].fixed
	}
	for k := range g.st.stack {
		g.st.stack[k].reg.fixed = outer.stack[k].reg.fixed
	}
	g.st.regs[i].fixed = false
	if bounded {
		g.st.regs[end].fixed = false
	}
}

// mayGotoLoop writes a loop that ends by may_goto.
func (g *gen) mayGotoLoop() {
	if g.loops > 0 || len(g.insns) >= g.limit {
		return
	}
	outer := g.st
	head, leave := g.label(), g.label()
	g.enter()
	g.bind(head)
	g.mayGoto(leave)
	start := g.st
	g.block(g.between(1, 4))
	if !g.st.dead {
		if g.below(2) == 1 {
			g.condition(leave)
		}
		g.jump(head)
	}
	g.bind(leave)
	g.loops--
	g.st = merge(&g.st, &start)
	for r := range g.st.regs {
		g.st.regs[r].fixed = outer.regs[r].fixed
	}
	for k := range g.st.stack {
		g.st.stack[k].reg.fixed = outer.stack[k].reg.fixed
	}
}
