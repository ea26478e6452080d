package opt

import (
	"math"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// expander puts what calls do in their place, before functions become graphs:
// subprograms, callbacks of loops, and kfuncs that are a few operations.
type expander struct {
	p     *ir.Program
	o     *emit.Options
	graph function // of no function, for uses
	funcs []body
	refs  []int32 // calls of each function, and constants that stand for it
	room  int     // instructions that inlining may still add
}

// body is a function as a list of its own: jumps lead to indices in it.
type body struct {
	info    ir.Func
	insns   []ir.Insn
	state   uint8
	changed bool
	// of a finished body:
	names regs // registers that it reads or changes
	fits  bool // it may be part of another function
	leaf  bool // it calls nothing, so that r1 to r5 are its own
}

// The states of a body.
const (
	untouched uint8 = iota
	underway
	finished
)

// What may be inlined: functions that are short, and those called once that are
// not very long.
const (
	shortBody = 32
	longBody  = 256
	maxFrame  = 512
)

// expand is p without the calls that it can do without, p itself if there are
// none. Functions and callees keep their numbers; a function that nothing leads
// to any more is empty.
func expand(p *ir.Program, o *emit.Options) *ir.Program {
	e := &expander{p: p, o: o}
	if !e.wanted() {
		return p
	}
	e.graph.prog = p
	e.funcs = make([]body, len(p.Funcs))
	e.room = len(p.Insns) + 8*shortBody
	for n := range p.Funcs {
		e.function(n)
	}
	changed := false
	for n := range e.funcs {
		changed = changed || e.funcs[n].changed
	}
	if !changed {
		return p
	}
	return e.program()
}

// wanted reports whether p has calls that may be expanded, and counts them.
func (e *expander) wanted() bool {
	found := false
	e.refs = make([]int32, len(e.p.Funcs))
	for i := range e.p.Insns {
		switch in := &e.p.Insns[i]; in.Op {
		case ir.CallLocal:
			e.refs[in.Imm]++
			found = true
		case ir.Mov64K:
			if f, ok := ir.Callback(uint64(in.Imm)); ok && f < len(e.refs) {
				e.refs[f]++
			}
		case ir.Call:
			found = found || e.known(&e.p.Callees[in.Off])
		}
	}
	return found
}

// known reports whether a helper or kfunc is one that call may expand.
func (e *expander) known(c *ir.Callee) bool {
	switch {
	case c.Kfunc != "":
		return plainKfuncs[c.Kfunc] != nil && e.o.Off&emit.OptKfunc == 0
	case c.Helper == abi.Loop || c.Helper == abi.ForEachMapElem:
		return e.o.Off&emit.OptLoop == 0
	}
	return false
}

// function expands the calls of function n, after those of the functions that
// it calls.
func (e *expander) function(n int) {
	b := &e.funcs[n]
	if b.state != untouched {
		return
	}
	b.state = underway
	info := e.p.Funcs[n]
	b.info = info
	b.insns = e.p.Insns[info.Start:info.End]
	work := false
	for i := range b.insns {
		switch in := &b.insns[i]; in.Op {
		case ir.CallLocal:
			e.function(int(in.Imm))
			work = true
		case ir.Mov64K:
			if f, ok := ir.Callback(uint64(in.Imm)); ok && f < len(e.funcs) {
				e.function(f)
			}
		case ir.Call:
			work = work || e.known(&e.p.Callees[in.Off])
		}
	}
	w := writer{e: e, src: b.insns, first: info.Start, info: info}
	if work {
		w.at = make([]int32, len(b.insns)+1)
		w.out = make([]ir.Insn, 0, len(b.insns)+64)
		for i := range b.insns {
			w.names |= e.names(&b.insns[i])
		}
		w.run()
	} else {
		w.copy()
	}
	b.insns, b.info, b.changed = w.out, w.info, w.changed
	e.judge(n, b)
	b.state = finished
}

// names are the registers that an instruction reads or changes.
func (e *expander) names(in *ir.Insn) regs { return e.graph.uses(in) | defs(in) }

// judge finds out what may be done with a body.
func (e *expander) judge(n int, b *body) {
	b.leaf, b.fits = true, n != 0 && n != e.p.Exception && len(b.insns) > 0
	for i := range b.insns {
		in := &b.insns[i]
		b.names |= e.names(in)
		switch op := in.Op; {
		case op == ir.Call || op == ir.CallLocal:
			b.leaf = false
		case op == ir.TailCall || op == ir.CallX || op >= ir.LdAbs8 && op <= ir.LdInd32:
			b.leaf, b.fits = false, false
		}
		if e.graph.uses(in).has(fp) && !moves(in) {
			b.fits = false
		}
	}
}

// moves reports whether an instruction that reads the frame pointer can read
// another one, with its displacement changed.
func moves(in *ir.Insn) bool {
	switch op := in.Op; {
	case op == ir.Mov64X || op == ir.MayGoto:
		return true
	case op >= ir.LdU8 && op <= ir.ProbeS32, op >= ir.LoadAcq8 && op <= ir.LoadAcq64:
		return true
	case op >= ir.St8K && op <= ir.StoreRel64:
		return in.Dst == fp && (in.Src != fp || op <= ir.St64K)
	}
	return false
}

// program puts the bodies together.
func (e *expander) program() *ir.Program {
	out := *e.p
	out.Funcs = make([]ir.Func, len(e.funcs))
	total := 0
	for n := range e.funcs {
		total += len(e.funcs[n].insns)
	}
	out.Insns = make([]ir.Insn, 0, total)
	for n := range e.funcs {
		b := &e.funcs[n]
		info := b.info
		info.Start = len(out.Insns)
		if n == 0 || n == e.p.Exception || e.refs[n] != 0 {
			out.Insns = append(out.Insns, b.insns...)
		}
		info.End = len(out.Insns)
		for i := info.Start; i < info.End; i++ {
			if in := &out.Insns[i]; in.Op.IsJump() {
				in.Off += int32(info.Start)
			}
		}
		out.Funcs[n] = info
	}
	for i := range out.Insns {
		if in := &out.Insns[i]; in.Op == ir.CallLocal {
			in.Off = int32(out.Funcs[in.Imm].Start)
		}
	}
	return &out
}

// writer writes one function anew.
type writer struct {
	e       *expander
	src     []ir.Insn
	first   int // index of src[0] in the program
	out     []ir.Insn
	at      []int32 // index in out of each of src
	jumps   []int32 // indices in out of jumps that lead to an index of src
	info    ir.Func
	names   regs // that the function names
	lent    regs // by take
	top     int  // bytes of the frame in use
	slot    int32
	changed bool
}

// copy is run for a function without calls.
func (w *writer) copy() {
	w.out = make([]ir.Insn, len(w.src))
	copy(w.out, w.src)
	for i := range w.out {
		if in := &w.out[i]; in.Op.IsJump() {
			in.Off -= int32(w.first)
		}
	}
}

func (w *writer) run() {
	w.top = w.info.StackDepth
	for i := 0; i < len(w.src); i++ {
		w.at[i] = w.here()
		in := w.src[i]
		w.slot = in.Slot
		done := 0
		switch in.Op {
		case ir.CallLocal:
			done = w.call(&in)
		case ir.Call:
			if c := &w.e.p.Callees[in.Off]; w.e.known(c) {
				done = w.helper(i, c)
			}
		}
		if done > 0 {
			w.changed = true
			for ; done > 1; done-- {
				i++
				w.at[i] = w.here()
			}
			continue
		}
		w.out = append(w.out, in)
		if in.Op.IsJump() {
			w.jumps = append(w.jumps, w.here()-1)
		}
	}
	w.at[len(w.src)] = w.here()
	for _, k := range w.jumps {
		in := &w.out[k]
		in.Off = w.at[int(in.Off)-w.first]
	}
	for i := range w.out {
		if in := &w.out[i]; in.Op.IsJump() && int(in.Off) < len(w.out) {
			w.out[in.Off].Flags |= ir.Target
		}
	}
	w.close()
}

// close gives jumps behind the last instruction something to lead to: what was
// put in place of a call that never returns may seem to.
func (w *writer) close() {
	end := w.here()
	for i := range w.out {
		if in := &w.out[i]; in.Op.IsJump() && in.Off == end {
			w.put(ir.Insn{Op: ir.Invalid, Flags: ir.Target})
			return
		}
	}
}

// here is the index of the next instruction written.
func (w *writer) here() int32 { return int32(len(w.out)) }

// put writes an instruction that stands for the one being replaced.
func (w *writer) put(in ir.Insn) int32 {
	in.Slot = w.slot
	w.out = append(w.out, in)
	return w.here() - 1
}

// land makes the jumps at these indices lead here.
func (w *writer) land(jumps ...int32) {
	for _, k := range jumps {
		w.out[k].Off = w.here()
	}
}

// take lends a register of from that this function does not name, 0 if there is
// none. It is given back by setting lent to what it was.
func (w *writer) take(from regs) uint8 {
	free := from &^ w.lent &^ (w.names & savedRegs)
	for r := uint8(9); r > 0; r-- {
		if free.has(r) {
			w.lent = w.lent.with(r)
			return r
		}
	}
	return 0
}

// word is 8 bytes of the frame, as an offset from r10.
func (w *writer) word() int32 {
	w.top = (w.top+7)&^7 + 8
	w.info.StackDepth = max(w.info.StackDepth, w.top)
	return -int32(w.top)
}

// constant is what register r holds before src[i], if that is the same always.
func (w *writer) constant(i int, r uint8) (v int64, ok bool) {
	def := w.origin(i, r)
	if def == nil {
		return 0, false
	}
	switch def.Op {
	case ir.Mov64K:
		return def.Imm, true
	case ir.Mov32K:
		return int64(uint32(def.Imm)), true
	}
	return 0, false
}

// onFrame is the distance from r10 of the address that register r holds before
// src[i].
func (w *writer) onFrame(i int, r uint8) (off int32, ok bool) {
	sum := int64(0)
	for k := i - 1; k >= 0 && i-k < callReach; k-- {
		if w.src[k+1].Flags&ir.Target != 0 {
			return 0, false
		}
		in := &w.src[k]
		if !defs(in).has(r) {
			continue
		}
		switch {
		case in.Op == ir.Add64K:
			sum += in.Imm
		case in.Op == ir.Mov64X && in.Src == fp:
			return int32(sum), sum >= math.MinInt16 && sum <= 0
		default:
			return 0, false
		}
	}
	return 0, false
}

// callReach is how many instructions are looked at for where a value comes from.
const callReach = 32

// origin is the instruction that gave register r what it holds before src[i],
// nil if there may be several.
func (w *writer) origin(i int, r uint8) *ir.Insn {
	for k := i - 1; k >= 0 && i-k < callReach; k-- {
		if w.src[k+1].Flags&ir.Target != 0 {
			return nil
		}
		if in := &w.src[k]; defs(in).has(r) {
			return in
		}
	}
	return nil
}
