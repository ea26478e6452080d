package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// dumpGraph prints the basic blocks of programs for Graphviz's dot.
func dumpGraph(w io.Writer, progs []*image.Program) error {
	fmt.Fprintln(w, "digraph bpf {\n  node [shape=box, fontname=monospace, labeljust=l]")
	for n, p := range progs {
		fmt.Fprintf(w, "  subgraph cluster_%d {\n    label=%s\n", n, dotQuote(p.Name))
		pr := namer(p)
		starts := blockStarts(p)
		for i, start := range starts {
			end := len(p.Insns)
			if i+1 < len(starts) {
				end = starts[i+1]
			}
			var text strings.Builder
			for pc := start; pc < end; pc++ {
				var hi isa.Insn
				if p.Insns[pc].IsWide() && pc+1 < end {
					hi = p.Insns[pc+1]
				}
				fmt.Fprintf(&text, "%d: %s\n", pc, pr.Format(pc, p.Insns[pc], hi))
				if p.Insns[pc].IsWide() {
					pc++
				}
			}
			fmt.Fprintf(w, "    b%d_%d [label=%s]\n", n, start, dotQuote(text.String()))
		}
		for i, start := range starts {
			end := len(p.Insns)
			if i+1 < len(starts) {
				end = starts[i+1]
			}
			last := lastInsn(p.Insns, start, end)
			for _, s := range successors(p, last) {
				fmt.Fprintf(w, "    b%d_%d -> b%d_%d%s\n", n, start, n, s.slot, s.style)
			}
		}
		fmt.Fprintln(w, "  }")
	}
	fmt.Fprintln(w, "}")
	return nil
}

type edge struct {
	slot  int
	style string
}

// successors are the slots that control can reach from the instruction at pc.
func successors(p *image.Program, pc int) []edge {
	in := p.Insns[pc]
	next := pc + 1
	if in.IsWide() {
		next++
	}
	var out []edge
	add := func(slot int, style string) {
		if slot >= 0 && slot < len(p.Insns) {
			out = append(out, edge{slot, style})
		}
	}
	class := in.Op.Class()
	if class != isa.ClassJmp && class != isa.ClassJmp32 || in.Op.Code() == isa.Call {
		if p.FuncAt(pc) == p.FuncAt(min(next, len(p.Insns)-1)) {
			add(next, "")
		}
		return out
	}
	switch in.Op.Code() {
	case isa.Exit:
	case isa.JA:
		add(jumpTarget(in, pc), "")
	default:
		add(jumpTarget(in, pc), " [label=taken]")
		add(next, "")
	}
	return out
}

func jumpTarget(in isa.Insn, pc int) int {
	if in.Op.Class() == isa.ClassJmp32 && in.Op.Code() == isa.JA {
		return pc + 1 + int(in.Imm)
	}
	return pc + 1 + int(in.Off)
}

// blockStarts are the first slots of basic blocks, in order.
func blockStarts(p *image.Program) []int {
	starts := []int{0}
	for _, f := range p.Funcs {
		starts = append(starts, f.Start)
	}
	for pc := 0; pc < len(p.Insns); pc++ {
		in := p.Insns[pc]
		class := in.Op.Class()
		if (class == isa.ClassJmp || class == isa.ClassJmp32) && in.Op.Code() != isa.Call {
			for _, s := range successors(p, pc) {
				starts = append(starts, s.slot)
			}
			if pc+1 < len(p.Insns) {
				starts = append(starts, pc+1)
			}
		}
		if in.IsWide() {
			pc++
		}
	}
	slices.Sort(starts)
	return slices.Compact(starts)
}

// lastInsn is the slot of the last instruction of a block.
func lastInsn(insns []isa.Insn, start, end int) int {
	last := start
	for pc := start; pc < end; pc++ {
		last = pc
		if insns[pc].IsWide() {
			pc++
		}
	}
	return last
}

// dotQuote is s as a Graphviz string, its lines aligned to the left.
func dotQuote(s string) string {
	s = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\l`).Replace(s)
	return `"` + s + `"`
}
