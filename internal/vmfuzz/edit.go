package vmfuzz

import (
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// replace puts other instructions in the place of some, false if there are
// none to replace. What pointed to one that is replaced points to the first of
// those in its place; what comes instead of an instruction and is none of the
// old ones goes where it says.
func replace(p *image.Program, by func(isa.Insn) []isa.Insn) (*image.Program, bool) {
	moved := make([]int, len(p.Insns)+1)
	lists := make([][]isa.Insn, len(p.Insns))
	n, any := 0, false
	for i, in := range p.Insns {
		moved[i] = n
		if in.Op != 0 {
			lists[i] = by(in)
		}
		if lists[i] == nil {
			lists[i] = []isa.Insn{in}
		} else {
			any = true
		}
		n += len(lists[i])
	}
	moved[len(p.Insns)] = n
	if !any {
		return p, false
	}
	q := *p
	q.Insns, q.Funcs, q.Lines = make([]isa.Insn, 0, n), append([]image.Func(nil), p.Funcs...), nil
	for i := range lists {
		for k, in := range lists[i] {
			if d, inImm, ok := distance(in); ok && in == p.Insns[i] {
				to := i + 1 + d
				if to >= 0 && to <= len(p.Insns) {
					d = moved[to] - (moved[i] + k) - 1
				}
				if inImm {
					in.Imm = int32(d)
				} else {
					in.Off = int16(d)
				}
			}
			q.Insns = append(q.Insns, in)
		}
	}
	for i := range q.Funcs {
		q.Funcs[i].Start = moved[q.Funcs[i].Start]
	}
	return &q, true
}
