package opt

import "github.com/skepbpf/skep/vm/ir"

// maxTurns is the most turns that turns counts.
const maxTurns = 1 << 24

// turns is how often the head of loop n runs at most for each time that the
// loop is entered, 0 if that is not known. exact says that it runs so often
// each time.
func (l *loops) turns(n int) (most int64, exact bool) {
	p := &l.list[n]
	for _, e := range p.exits {
		if t := l.turnsBy(n, e); t > 0 && (most == 0 || t < most) {
			most = t
		}
	}
	return most, most > 0 && len(p.exits) == 1
}

// everyTurn reports whether block b runs once in each turn of loop n that does
// not leave before.
func (l *loops) everyTurn(n, b int) bool {
	return l.of[b] == n && l.dominates(b, l.list[n].tail)
}

// turnsBy is how often the head runs until the jump that ends block e leaves.
func (l *loops) turnsBy(n, e int) int64 {
	p, f := &l.list[n], l.f
	j := f.blocks[e].jump()
	if j == nil || j.Op < ir.JEq64K || j.Op > ir.JSLe32X || !l.everyTurn(n, e) {
		return 0
	}
	r := j.Dst
	at := p.at[r]
	if p.defs[r] != 1 || !l.everyTurn(n, int(at.block)) {
		return 0
	}
	c := counter{op: j.Op.Base(), is32: j.Op.Is32()}
	if !c.takes(&f.blocks[at.block].insns[at.insn]) {
		return 0
	}
	if l.contains(n, int(j.Off)) == l.contains(n, f.blocks[e].next) {
		return 0
	}
	if !l.contains(n, int(j.Off)) {
		if c.op = inverse(c.op); c.op == ir.Invalid {
			return 0
		}
	}
	var ok bool
	if c.limit = j.Imm; !j.Op.IsK() {
		if p.defs[j.Src] != 0 {
			return 0
		}
		if c.limit, ok = l.before(n, j.Src); !ok {
			return 0
		}
	} else if c.is32 {
		c.limit = int64(int32(c.limit))
	}
	if c.value, ok = l.before(n, r); !ok {
		return 0
	}
	if int(at.block) == e || l.dominates(int(at.block), e) {
		c.value += c.step
	}
	return c.turns()
}

// before is the constant in a register when loop n is entered.
func (l *loops) before(n int, r uint8) (v int64, ok bool) {
	f, b := l.f, none
	for _, p := range f.blocks[l.list[n].head].preds {
		if l.dominates(l.list[n].head, p) {
			continue
		}
		if b != none {
			return 0, false
		}
		b = p
	}
	for range 8 {
		if b == none {
			return 0, false
		}
		insns := f.blocks[b].insns
		for i := len(insns) - 1; i >= 0; i-- {
			in := &insns[i]
			if !defs(in).has(r) {
				continue
			}
			switch in.Op {
			case ir.Mov64K:
				return in.Imm, true
			case ir.Mov32K:
				return int64(uint32(in.Imm)), true
			}
			return 0, false
		}
		if len(f.blocks[b].preds) != 1 || b == 0 {
			return 0, false
		}
		b = f.blocks[b].preds[0]
	}
	return 0, false
}

// counter is a loop that goes on while a value that changes by a step has a
// relation to a limit.
type counter struct {
	value, step, limit int64
	op                 ir.Op // the 64-bit K form of the jump that goes on
	is32, step32       bool
}

// takes finds the step in an instruction that changes the value.
func (c *counter) takes(in *ir.Insn) bool {
	switch in.Op {
	case ir.Add64K, ir.Add32K:
		c.step = in.Imm
	case ir.Sub64K, ir.Sub32K:
		c.step = -in.Imm
	default:
		return false
	}
	c.step32 = in.Op.Is32()
	if c.step32 {
		c.step = int64(int32(c.step))
	}
	return c.step != 0 && small(c.step)
}

// small reports whether sums of a few such numbers are exact.
func small(v int64) bool { return v == int64(int32(v)) }

// turns is how many values the jump sees, the one that leaves included; 0 if
// that is not certain.
func (c *counter) turns() int64 {
	if !small(c.value) || !small(c.limit) {
		return 0
	}
	d := c.limit - c.value
	k := int64(0)
	switch c.op {
	case ir.JNe64K:
		if d%c.step != 0 || d/c.step < 0 {
			return 0
		}
		k = d / c.step
	case ir.JLe64K, ir.JSLe64K:
		d++
		fallthrough
	case ir.JLt64K, ir.JSLt64K:
		if c.step < 0 {
			return 0
		}
		k = max(0, (d+c.step-1)/c.step)
	case ir.JGe64K, ir.JSGe64K:
		d--
		fallthrough
	case ir.JGt64K, ir.JSGt64K:
		if c.step > 0 {
			return 0
		}
		k = max(0, (-d-c.step-1)/-c.step)
	default:
		return 0
	}
	if k >= maxTurns || !c.plain(k) {
		return 0
	}
	return k + 1
}

// plain reports whether all of k + 1 values and the limit mean the same number
// in all widths that the loop uses.
func (c *counter) plain(k int64) bool {
	last := c.value + k*c.step
	if !small(last) {
		return false
	}
	if c.value >= 0 && last >= 0 && c.limit >= 0 {
		return true
	}
	signed := c.op == ir.JNe64K || c.op >= ir.JSGt64K
	return signed && c.step32 == c.is32
}

// inverse is the 64-bit K form of the jump that is taken where op is not,
// Invalid if there is none.
func inverse(op ir.Op) ir.Op {
	form := op - op.Base()
	base := ir.Invalid
	switch op.Base() {
	case ir.JEq64K:
		base = ir.JNe64K
	case ir.JNe64K:
		base = ir.JEq64K
	case ir.JGt64K:
		base = ir.JLe64K
	case ir.JLe64K:
		base = ir.JGt64K
	case ir.JGe64K:
		base = ir.JLt64K
	case ir.JLt64K:
		base = ir.JGe64K
	case ir.JSGt64K:
		base = ir.JSLe64K
	case ir.JSLe64K:
		base = ir.JSGt64K
	case ir.JSGe64K:
		base = ir.JSLt64K
	case ir.JSLt64K:
		base = ir.JSGe64K
	default:
		return ir.Invalid
	}
	return base + form
}
