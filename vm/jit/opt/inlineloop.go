package opt

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm/ir"
)

// maxLoops is the most turns of bpf_loop and of a numbers' iterator. Linux 6.18:
// BPF_MAX_LOOPS.
const maxLoops = 8 << 20

// home is where a value lives that outlives calls: a register, or a word of
// the frame.
type home struct {
	reg uint8 // 0 for none
	off int32 // from r10
}

// helper puts what a helper or kfunc does in place of its call at src[i], and is
// the number of instructions that it stands for.
func (w *writer) helper(i int, c *ir.Callee) int {
	switch {
	case c.Kfunc != "":
		return plainKfuncs[c.Kfunc](w, i)
	case c.Helper == abi.Loop:
		return w.loop(i)
	case c.Helper == abi.ForEachMapElem && c.Map > 0 && w.e.p.Maps[c.Map-1].Kind == ir.MapHash:
		return w.forEachHash(i, c.Map-1)
	case c.Helper == abi.ForEachMapElem && c.Map > 0:
		return w.forEach(i, c.Map-1)
	}
	return 0
}

// turning is a loop that calls back.
type turning struct {
	fn     int
	g      *body // inlined, nil if it is called
	from   regs  // for homes
	i, arg home
	ctx    func(dst uint8) // puts the program's own pointer into a register
	out    []int32         // jumps to the end
	top    int             // of the writer, before
	lent   regs
}

// begin looks at the callback in r2, the pointer in r3 and the flags in r4 of
// the call at src[i]; nil means that something of it varies.
func (w *writer) begin(i int) *turning {
	flags, ok := w.constant(i, 4)
	fn, known := w.constant(i, 2)
	if !ok || flags != 0 || !known {
		return nil
	}
	t := &turning{top: w.top, lent: w.lent, from: savedRegs}
	if t.fn, ok = ir.Callback(uint64(fn)); !ok || t.fn >= len(w.e.funcs) || w.top+homes > maxFrame {
		return nil
	}
	w.top += homes
	t.g = w.callee(t.fn)
	w.top = t.top
	if t.g != nil {
		w.forget(i, t.fn)
		if t.g.leaf {
			t.from |= argRegs &^ t.g.names &^ set(1) &^ set(2) &^ set(3)
		}
	}
	if off, ok := w.onFrame(i, 3); ok {
		t.ctx = func(dst uint8) {
			w.put(ir.Insn{Op: ir.Mov64X, Dst: dst, Src: fp})
			w.put(ir.Insn{Op: ir.Add64K, Dst: dst, Imm: int64(off)})
		}
		return t
	}
	if v, ok := w.constant(i, 3); ok {
		t.ctx = func(dst uint8) { w.put(ir.Insn{Op: ir.Mov64K, Dst: dst, Imm: v}) }
		return t
	}
	t.arg = w.home(t.from)
	w.save(t.arg, 3)
	t.ctx = func(dst uint8) { w.read(dst, t.arg) }
	return t
}

// homes is the most bytes of the frame that a loop's values take.
const homes = 4 * 8

// forget makes the constant that stands for fn, in r2 of the call at src[i], a
// plain one, if nothing but the call reads it: the function is not needed for it
// any more.
func (w *writer) forget(i, fn int) {
	for k := i - 1; k >= 0; k-- {
		in := &w.src[k]
		switch {
		case in.Op == ir.Mov64K && in.Dst == 2:
			w.out[w.at[k]].Imm = 0
			w.e.refs[fn]--
			return
		case in.Op.IsJump() || w.e.graph.uses(in).has(2):
			return
		}
	}
}

// home finds room for a value.
func (w *writer) home(from regs) home {
	if r := w.take(from); r != 0 {
		return home{reg: r}
	}
	return home{off: w.word()}
}

// save stores register r, and keep a constant, at p.
func (w *writer) save(p home, r uint8) {
	if p.reg != 0 {
		w.put(ir.Insn{Op: ir.Mov64X, Dst: p.reg, Src: r})
	} else {
		w.put(ir.Insn{Op: ir.St64X, Dst: fp, Src: r, Off: p.off})
	}
}

func (w *writer) keep(p home, v int64) {
	if p.reg != 0 {
		w.put(ir.Insn{Op: ir.Mov64K, Dst: p.reg, Imm: v})
	} else if v == int64(int32(v)) {
		w.put(ir.Insn{Op: ir.St64K, Dst: fp, Off: p.off, Imm: v})
	} else {
		w.save(p, w.load(1, v))
	}
}

// load puts a constant into register r.
func (w *writer) load(r uint8, v int64) uint8 {
	w.put(ir.Insn{Op: ir.Mov64K, Dst: r, Imm: v})
	return r
}

// read loads what is at p into dst.
func (w *writer) read(dst uint8, p home) {
	if p.reg != 0 {
		w.put(ir.Insn{Op: ir.Mov64X, Dst: dst, Src: p.reg})
	} else {
		w.put(ir.Insn{Op: ir.LdU64, Dst: dst, Src: fp, Off: p.off})
	}
}

// in is the register that holds what is at p, which is loaded into tmp if it is
// none.
func (w *writer) in(p home, tmp uint8) uint8 {
	if p.reg != 0 {
		return p.reg
	}
	w.read(tmp, p)
	return tmp
}

// loop is bpf_loop: r1 turns of the function that r2 stands for, with the
// turn's number and r3, until one returns other than 0. r0 = turns begun.
func (w *writer) loop(i int) int {
	n, known := w.constant(i, 1)
	n = int64(uint32(n))
	if known && (n == 0 || n > maxLoops) {
		return 0
	}
	t := w.begin(i)
	if t == nil {
		return 0
	}
	var count home
	var big, skip int32
	if !known {
		big = w.put(ir.Insn{Op: ir.JGt32K, Dst: 1, Imm: maxLoops})
		w.put(ir.Insn{Op: ir.Mov32X, Dst: 1, Src: 1})
		count = w.home(t.from)
		w.save(count, 1)
	}
	t.i = w.home(t.from)
	w.keep(t.i, 0)
	if !known {
		skip = w.put(ir.Insn{Op: ir.JEq32K, Dst: w.in(count, 1), Imm: 0})
	}
	head := w.firstTurn(t)
	w.read(1, t.i)
	t.ctx(2)
	w.callback(t)
	j := w.step(t)
	if known {
		w.back(t, head, ir.Insn{Op: ir.JLt32K, Dst: j, Imm: n})
	} else {
		w.back(t, head, ir.Insn{Op: ir.JLt32X, Dst: j, Src: w.in(count, 2)})
	}
	w.land(t.out...)
	if !known {
		w.land(skip)
	}
	w.read(0, t.i)
	if !known {
		end := w.put(ir.Insn{Op: ir.JA})
		w.land(big)
		w.load(0, -int64(abi.E2BIG))
		w.land(end)
	}
	w.top, w.lent = t.top, t.lent
	return 1
}

// forEach is bpf_for_each_map_elem over an array: turns of the function that r2
// stands for, with map n, a pointer to the index, one to the value and r3.
func (w *writer) forEach(i, n int) int {
	m := &w.e.p.Maps[n]
	if m.Kind != ir.MapArray && m.Kind != ir.MapPerCPUArray || m.MaxEntries == 0 || int64(m.MaxEntries) > 1<<31-1 {
		return 0
	}
	t := w.begin(i)
	if t == nil {
		return 0
	}
	t.from &^= set(4)
	key := w.word()
	value := w.home(t.from)
	t.i = w.home(t.from)
	w.put(ir.Insn{Op: ir.ElemK, Dst: 1, Off: int32(n)})
	w.save(value, 1)
	w.keep(t.i, 0)
	head := w.firstTurn(t)
	w.read(2, t.i)
	w.put(ir.Insn{Op: ir.St32X, Dst: fp, Src: 2, Off: key})
	w.load(1, int64(m.Header))
	w.put(ir.Insn{Op: ir.Mov64X, Dst: 2, Src: fp})
	w.put(ir.Insn{Op: ir.Add64K, Dst: 2, Imm: int64(key)})
	w.read(3, value)
	t.ctx(4)
	w.callback(t)
	v := w.in(value, 2)
	w.put(ir.Insn{Op: ir.Add64K, Dst: v, Imm: int64(m.Stride)})
	if value.reg == 0 {
		w.save(value, v)
	}
	w.back(t, head, ir.Insn{Op: ir.JLt32K, Dst: w.step(t), Imm: int64(m.MaxEntries)})
	w.land(t.out...)
	w.read(0, t.i)
	w.top, w.lent = t.top, t.lent
	return 1
}

// first1 takes the first turn of an inlined callback off the fuel, and is where
// turns begin.
func (w *writer) firstTurn(t *turning) (head int32) {
	if t.g != nil {
		w.put(ir.Insn{Op: ir.SpendPoll, Imm: int64(t.g.info.Cost)})
	}
	return w.here()
}

// callback runs the callback.
func (w *writer) callback(t *turning) {
	if t.g != nil {
		w.inline(t.g)
	} else {
		w.put(ir.Insn{Op: ir.CallLocal, Imm: int64(t.fn)})
	}
}

// step counts a turn, leaves the loop if it answered other than 0, and is a
// register with the count.
func (w *writer) step(t *turning) uint8 {
	i := w.in(t.i, 1)
	w.put(ir.Insn{Op: ir.Add64K, Dst: i, Imm: 1})
	if t.i.reg == 0 {
		w.save(t.i, i)
	}
	t.out = append(t.out, w.put(ir.Insn{Op: ir.JNe64K, Dst: 0, Imm: 0}))
	return i
}

// back ends a turn with the jump to the next one.
func (w *writer) back(t *turning, head int32, jump ir.Insn) {
	jump.Off, jump.Flags = head, ir.BackEdge
	if t.g != nil {
		jump.Cost = t.g.info.Cost
	}
	w.put(jump)
}
