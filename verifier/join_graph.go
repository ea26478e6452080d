package verifier

import (
	"slices"

	"github.com/skepbpf/skep/isa"
)

// numBlock is a run of instructions that is entered at its first and left at
// its last.
type numBlock struct {
	start, end int // slots
	fn         int32
	index      int32 // in the order in which blocks are processed
	head       bool  // something later in the order leads here
	call       int32 // function that the last instruction calls, -1 for none
	next       [2]*numBlock
	nexts      int

	known bool // some path comes here
	in    []entry
	// fresh is what one more round says of in.
	fresh      []entry
	freshKnown bool
}

// numFunction is a function as the pass sees it.
type numFunction struct {
	start, end int
	entry      *numBlock
	callers    []*numBlock // blocks that end with a call of it
	// result is what r0 is where the function returns.
	result     num
	returns    bool
	visits     int
	fresh      num
	freshKnown bool
	// opaque: the result is not what the function's own code says, because
	// another program may take its place.
	opaque bool
	// addressTaken: a helper may call it.
	addressTaken bool
	// exposes: the address of the frame goes elsewhere than into the addresses
	// of loads and stores.
	exposes bool
}

// jumpTo is where a jump at slot leads.
func jumpTo(in isa.Insn, slot int) int {
	if in.Op == gotolOp {
		return slot + 1 + int(in.Imm)
	}
	return slot + 1 + int(in.Off)
}

// slots is the number of slots of an instruction.
func slots(in isa.Insn) int {
	if in.IsWide() {
		return 2
	}
	return 1
}

// buildFuncs lists the functions.
func (j *joiner) buildFuncs() {
	j.funcs = make([]numFunction, len(j.p.funcs))
	j.funcOf = make([]int32, len(j.insns))
	for i := range j.p.funcs {
		from, f := &j.p.funcs[i], &j.funcs[i]
		f.start, f.end = from.Start, from.End
		f.opaque = from.Global || from.TailCalls
		for s := f.start; s < f.end; s++ {
			j.funcOf[s] = int32(i)
			in := j.insns[s]
			if in.Src() == isa.FP && exposesFrame(in) {
				f.exposes = true
			}
			if in.IsWide() {
				s++
				j.funcOf[s] = int32(i)
			}
		}
	}
	for s := 0; s < len(j.insns); s++ {
		in := j.insns[s]
		if in.Op == isa.LdImm64 && in.Src() == isa.PseudoFunc && j.reached(s) {
			if g := j.funcAt(s + 1 + int(in.Imm)); g >= 0 {
				j.funcs[g].addressTaken = true
			}
		}
		s += slots(in) - 1
	}
}

// exposesFrame reports whether an instruction with the frame pointer as its
// source does more with it than load through it.
func exposesFrame(in isa.Insn) bool {
	switch in.Op.Class() {
	case isa.ClassLdx:
		return false
	case isa.ClassStx:
		return in.Op.Mode() != isa.ModeAtomic || isa.AtomicOp(in.Imm) != isa.AtomicLoadAcq
	case isa.ClassAlu, isa.ClassAlu64, isa.ClassJmp, isa.ClassJmp32:
		return in.Op.IsX()
	}
	return false
}

// funcAt is the function that starts at slot, -1 if none does.
func (j *joiner) funcAt(slot int) int {
	if slot < 0 || slot >= len(j.insns) {
		return -1
	}
	if f := int(j.funcOf[slot]); j.funcs[f].start == slot {
		return f
	}
	return -1
}

func (j *joiner) reached(slot int) bool {
	return slot >= 0 && slot < len(j.facts) && j.facts[slot].Reached
}

// leads lists the slots that follow the instruction at slot in its function.
func (j *joiner) leads(slot int, to []int) []int {
	in := j.insns[slot]
	switch {
	case in.Op == isa.ExitOp:
		return to
	case in.Op == gotoOp || in.Op == gotolOp:
		return append(to, jumpTo(in, slot))
	case isJump(in.Op):
		return append(to, slot+1, jumpTo(in, slot))
	}
	return append(to, slot+slots(in))
}

// buildBlocks cuts the reached code into blocks.
func (j *joiner) buildBlocks() {
	n := len(j.insns)
	starts := make([]bool, n+1)
	for i := range j.funcs {
		starts[j.funcs[i].start] = true
	}
	var buf [2]int
	for s := 0; s < n; s++ {
		in := j.insns[s]
		local := in.Op == isa.CallOp && in.Src() == isa.CallLocal
		if isJump(in.Op) || local || in.Op == isa.ExitOp {
			for _, t := range j.leads(s, buf[:0]) {
				if t >= 0 && t < n {
					starts[t] = true
				}
			}
			starts[s+1] = true
		}
		s += slots(in) - 1
	}
	j.at = make([]*numBlock, n)
	var all []numBlock
	for s := 0; s < n; {
		e := s + 1
		for e < n && !starts[e] {
			e++
		}
		if j.reached(s) {
			all = append(all, numBlock{start: s, end: e, fn: j.funcOf[s], call: -1, index: -1})
		}
		s = e
	}
	for i := range all {
		b := &all[i]
		for s := b.start; s < b.end; s++ {
			j.at[s] = b
		}
	}
	for i := range all {
		j.connect(&all[i])
	}
	for i := range j.funcs {
		f := &j.funcs[i]
		if b := j.at[f.start]; b != nil && b.start == f.start {
			f.entry = b
		}
	}
	j.orderBlocks()
}

// connect finds what follows a block.
func (j *joiner) connect(b *numBlock) {
	last := j.last(b)
	in := j.insns[last]
	if in.Op == isa.CallOp && in.Src() == isa.CallLocal {
		if g := j.funcAt(last + 1 + int(in.Imm)); g >= 0 {
			b.call = int32(g)
			j.funcs[g].callers = append(j.funcs[g].callers, b)
		}
	}
	var buf [2]int
	for _, t := range j.leads(last, buf[:0]) {
		if t < 0 || t >= len(j.at) || j.at[t] == nil || j.funcOf[t] != b.fn {
			continue
		}
		b.next[b.nexts] = j.at[t]
		b.nexts++
	}
}

// last is the slot of the last instruction of a block.
func (j *joiner) last(b *numBlock) int {
	last := b.start
	for s := b.start; s < b.end; s += slots(j.insns[s]) {
		last = s
	}
	return last
}

// orderBlocks puts callers before what they call, and in a function every
// block before those it leads to, but for loops.
func (j *joiner) orderBlocks() {
	seen := make([]bool, len(j.funcs))
	var post []int
	var visit func(f int)
	visit = func(f int) {
		seen[f] = true
		for _, g := range j.p.funcs[f].Calls {
			if !seen[g] {
				visit(g)
			}
		}
		post = append(post, f)
	}
	for f := range j.funcs {
		if !seen[f] {
			visit(f)
		}
	}
	slices.Reverse(post)
	for _, f := range post {
		if e := j.funcs[f].entry; e != nil {
			j.orderFrom(e)
		}
	}
	for i, b := range j.blocks {
		for k := range b.nexts {
			if b.next[k].index <= int32(i) {
				b.next[k].head = true
			}
		}
	}
}

// orderFrom appends the blocks of one function in reverse postorder.
func (j *joiner) orderFrom(entry *numBlock) {
	type visit struct {
		b *numBlock
		k int
	}
	first := len(j.blocks)
	entry.index = 0 // seen
	path := []visit{{entry, entry.nexts}}
	for len(path) > 0 {
		top := &path[len(path)-1]
		if top.k == 0 {
			j.blocks = append(j.blocks, top.b)
			path = path[:len(path)-1]
			continue
		}
		top.k--
		if n := top.b.next[top.k]; n.index < 0 {
			n.index = 0
			path = append(path, visit{n, n.nexts})
		}
	}
	slices.Reverse(j.blocks[first:])
	for i := first; i < len(j.blocks); i++ {
		j.blocks[i].index = int32(i)
	}
}
