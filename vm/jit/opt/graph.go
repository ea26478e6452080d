package opt

import (
	"slices"

	"github.com/skepbpf/skep/vm/ir"
)

// function is a subprogram as a graph. Blocks keep the order of the program;
// the first is the entry.
type function struct {
	prog   *ir.Program
	index  int // in prog.Funcs
	info   ir.Func
	blocks []block
	walker *walker // to use, shared by all functions
}

// none is the block that is none.
const none = -1

// block is a run of instructions that only its first can be jumped to. A jump
// to another block is the last of insns; its Off is the block's number.
type block struct {
	insns []ir.Insn
	// next is the block that control falls into, none after an end or a jump
	// without a condition.
	next  int
	preds []int // blocks that lead here, each once
	// liveIn and liveOut are the registers that somebody may read.
	liveIn, liveOut regs
	// upper are registers that a pass over upper halves knows something of.
	upper regs
	// loops says that the block is the head of a short loop.
	loops bool
	// dead blocks are not laid out.
	dead bool
}

// last is the last instruction, nil in an empty block.
func (b *block) last() *ir.Insn {
	if len(b.insns) == 0 {
		return nil
	}
	return &b.insns[len(b.insns)-1]
}

// jump is the jump that ends b, nil if none does.
func (b *block) jump() *ir.Insn {
	if in := b.last(); in != nil && in.Op.IsJump() {
		return in
	}
	return nil
}

// body is what comes before the jump that ends b.
func (b *block) body() []ir.Insn {
	if b.jump() != nil {
		return b.insns[:len(b.insns)-1]
	}
	return b.insns
}

// succs are the blocks that control can go to from b, none where there is no
// second one.
func (b *block) succs() [2]int {
	s := [2]int{b.next, none}
	if j := b.jump(); j != nil && int(j.Off) != b.next {
		s[1] = int(j.Off)
	}
	if s[0] == none {
		s[0], s[1] = s[1], none
	}
	return s
}

// ends reports whether control cannot go on behind an operation.
func ends(op ir.Op) bool { return op == ir.Exit || op == ir.Throw || op == ir.JA }

// build cuts function n of p, whose instructions are at insns, into blocks.
// insns is changed.
func build(p *ir.Program, n int, insns []ir.Insn) *function {
	info := p.Funcs[n]
	f := &function{prog: p, index: n, info: info}
	if len(insns) == 0 {
		return f
	}
	// number is the block that begins at an instruction, plus one.
	number := make([]int32, len(insns)+1)
	number[0] = 1
	for i := range insns {
		if in := &insns[i]; in.Op.IsJump() {
			number[int(in.Off)-info.Start] = 1
			number[i+1] = 1
		} else if ends(in.Op) {
			number[i+1] = 1
		}
	}
	count := int32(0)
	for i := range insns {
		if number[i] != 0 {
			count++
			number[i] = count
		}
	}
	f.blocks = make([]block, 0, count)
	for i := 0; i < len(insns); {
		end := i + 1
		for end < len(insns) && number[end] == 0 {
			end++
		}
		b := block{insns: insns[i:end:end], next: len(f.blocks) + 1}
		last := &b.insns[end-i-1]
		if ends(last.Op) || end == len(insns) {
			b.next = none
		}
		if last.Op.IsJump() {
			last.Off = number[int(last.Off)-info.Start] - 1
		}
		if last.Op == ir.JA && last.Flags&ir.BackEdge == 0 {
			b.next = int(last.Off)
			b.insns = b.insns[:len(b.insns)-1]
		}
		f.blocks = append(f.blocks, b)
		i = end
	}
	f.link()
	return f
}

// link finds who leads where, and which blocks nothing leads to.
func (f *function) link() {
	reached := make([]bool, len(f.blocks))
	work := make([]int, 1, len(f.blocks))
	reached[0] = true
	f.noPreds()
	for len(work) > 0 {
		n := work[len(work)-1]
		work = work[:len(work)-1]
		for _, s := range f.blocks[n].succs() {
			if s == none {
				continue
			}
			f.blocks[s].preds = append(f.blocks[s].preds, n)
			if !reached[s] {
				reached[s] = true
				work = append(work, s)
			}
		}
	}
	for i := range f.blocks {
		f.blocks[i].dead = !reached[i]
	}
}

// noPreds empties the lists of predecessors and makes room for all of them at
// once.
func (f *function) noPreds() {
	count := make([]int32, len(f.blocks))
	all := 0
	for i := range f.blocks {
		for _, s := range f.blocks[i].succs() {
			if s != none {
				count[s]++
				all++
			}
		}
	}
	room := make([]int, all)
	for i, n := range count {
		f.blocks[i].preds, room = room[:0:n], room[n:]
	}
}

// merge joins blocks with the only block that they lead to, if nothing else
// leads there, and takes jumps out that go where control goes anyway.
func (f *function) merge() {
	for i := range f.blocks {
		b := &f.blocks[i]
		if b.dead {
			continue
		}
		b.insns = slices.Clip(b.insns)
		for {
			if j := b.jump(); j != nil && j.Op != ir.MayGoto && int(j.Off) == b.next && j.Flags&ir.BackEdge == 0 {
				b.insns = b.body()
			}
			if b.jump() != nil || b.next == none || b.next == i || b.next == 0 {
				break
			}
			s := &f.blocks[b.next]
			if len(s.preds) != 1 {
				break
			}
			b.insns = append(b.insns, s.insns...)
			old := b.next
			b.next = s.next
			s.dead, s.insns, s.preds = true, nil, nil
			for _, t := range b.succs() {
				if t != none {
					replace(f.blocks[t].preds, old, i)
				}
			}
		}
	}
}

func replace(list []int, old, with int) {
	for i, v := range list {
		if v == old {
			list[i] = with
		}
	}
}

// thread leads jumps past blocks without instructions, and finds the
// predecessors again.
func (f *function) thread() {
	past := func(n int) int {
		for range f.blocks {
			if n == none || len(f.blocks[n].insns) > 0 || f.blocks[n].next == none {
				break
			}
			n = f.blocks[n].next
		}
		return n
	}
	for i := range f.blocks {
		b := &f.blocks[i]
		if b.dead {
			continue
		}
		b.next = past(b.next)
		if j := b.jump(); j != nil {
			j.Off = int32(past(int(j.Off)))
		}
	}
	f.link()
}
