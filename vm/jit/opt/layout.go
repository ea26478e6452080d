package opt

import "github.com/skepbpf/skep/vm/ir"

// place appends the blocks of f to out, in an order in which control mostly
// falls through, and gives jumps their indices. It may turn jumps round.
func (f *function) place(out *ir.Program, turn bool) {
	info := f.info
	info.Start = len(out.Insns)
	order := f.order()
	start := make([]int32, len(f.blocks))
	for k, n := range order {
		b := &f.blocks[n]
		start[n] = int32(len(out.Insns))
		out.Insns = append(out.Insns, b.insns...)
		if b.loops && len(b.insns) > 0 {
			out.Insns[start[n]].Flags |= ir.Head
		}
		follows := none
		if k+1 < len(order) {
			follows = order[k+1]
		}
		if b.next != none && b.next != follows && !(turn && turnRound(out.Insns[start[n]:], b.next, follows)) {
			slot := int32(-1)
			if in := b.last(); in != nil {
				slot = in.Slot
			}
			out.Insns = append(out.Insns, ir.Insn{Op: ir.JA, Off: int32(b.next), Slot: slot})
		}
	}
	info.End = len(out.Insns)
	for i := info.Start; i < info.End; i++ {
		in := &out.Insns[i]
		in.Flags &^= ir.Target
		if in.Slot < 0 {
			in.Slot = out.Insns[max(i-1, 0)].Slot
		}
	}
	for i := info.Start; i < info.End; i++ {
		if in := &out.Insns[i]; in.Op.IsJump() {
			in.Off = start[in.Off]
			out.Insns[in.Off].Flags |= ir.Target
		}
	}
	out.Funcs[f.index] = info
}

// turnRound makes a block that ends in a jump to the block that follows jump to
// next instead, where that can be said in one instruction.
func turnRound(insns []ir.Insn, next, follows int) bool {
	if len(insns) == 0 || follows == none {
		return false
	}
	j := &insns[len(insns)-1]
	if j.Op < ir.JEq64K || j.Op > ir.JSLe32X || int(j.Off) != follows || j.Flags&ir.BackEdge != 0 {
		return false
	}
	op := inverse(j.Op)
	if op == ir.Invalid {
		return false
	}
	j.Op, j.Off = op, int32(next)
	return true
}

// order is the order of the blocks that are laid out: that of the program, but
// a block without another way in comes right behind the one that falls into it.
func (f *function) order() []int {
	order := make([]int, 0, len(f.blocks))
	placed := make([]bool, len(f.blocks))
	falls := make([]int32, len(f.blocks)) // how many that are not placed control falls from
	for i := range f.blocks {
		if b := &f.blocks[i]; !b.dead && b.next != none {
			falls[b.next]++
		}
	}
	for i := range f.blocks {
		for n := i; n != none && !placed[n] && !f.blocks[n].dead; n = f.blocks[n].next {
			placed[n] = true
			order = append(order, n)
			next := f.blocks[n].next
			if next == none {
				break
			}
			// Keep the program's order where control falls into a block that
			// another one precedes, too.
			if falls[next]--; next != n+1 && falls[next] > 0 {
				break
			}
		}
	}
	return order
}
