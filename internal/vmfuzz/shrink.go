package vmfuzz

import (
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// Shrink takes instructions away from a program for as long as keep holds of
// what is left, in at most tries trials.
func Shrink(p *image.Program, tries int, keep func(*image.Program) bool) *image.Program {
	try := func(q *image.Program) bool {
		if q == nil || tries <= 0 {
			return false
		}
		tries--
		return keep(q)
	}
	for f := len(p.Funcs) - 1; f > 0; f-- {
		if q := withoutFunc(p, f); try(q) {
			p = q
		}
	}
	for n := len(p.Insns) / 2; n > 0; n /= 2 {
		for again := true; again; {
			again = false
			for at := len(p.Insns) - n; at >= 0; at -= n {
				if q := without(p, at, n); try(q) {
					p, again = q, n == 1
				}
			}
		}
	}
	for i := range p.Insns {
		for _, q := range simpler(p, i) {
			if try(q) {
				p = q
				break
			}
		}
	}
	return p
}

// without is p without n slots from at, nil if that is no program: it would cut
// an instruction in two or take away the start of a function.
func without(p *image.Program, at, n int) *image.Program {
	end := at + n
	if end > len(p.Insns) || p.Insns[at].Op == 0 || end < len(p.Insns) && p.Insns[end].Op == 0 {
		return nil
	}
	// moved is where a slot goes: what pointed to a slot that is gone points to
	// the one behind it.
	moved := func(slot int) int {
		switch {
		case slot <= at:
			return slot
		case slot < end:
			return at
		}
		return slot - n
	}
	q := *p
	q.Insns, q.Funcs, q.Lines = nil, nil, nil
	for i := 0; i < len(p.Insns); i++ {
		in := p.Insns[i]
		if i >= at && i < end {
			continue
		}
		if d, inImm, ok := distance(in); ok {
			d = moved(i+1+d) - moved(i) - 1
			if inImm {
				in.Imm = int32(d)
			} else {
				in.Off = int16(d)
			}
		}
		q.Insns = append(q.Insns, in)
	}
	for i, f := range p.Funcs {
		next := len(p.Insns)
		if i+1 < len(p.Funcs) {
			next = p.Funcs[i+1].Start
		}
		if f.Start >= at && next <= end {
			if i == 0 {
				return nil
			}
			continue
		}
		f.Start = moved(f.Start)
		q.Funcs = append(q.Funcs, f)
	}
	if len(q.Insns) == 0 {
		return nil
	}
	return &q
}

// withoutFunc is p without a function: calls of it give 0, and so does its
// address.
func withoutFunc(p *image.Program, f int) *image.Program {
	q := *p
	q.Insns = append([]isa.Insn(nil), p.Insns...)
	start, end := p.Funcs[f].Start, len(p.Insns)
	if f+1 < len(p.Funcs) {
		end = p.Funcs[f+1].Start
	}
	for i, in := range p.Insns {
		if d, inImm, ok := distance(in); !ok || !inImm || i+1+d != start {
			continue
		}
		switch {
		case in.IsWide():
			q.Insns[i] = isa.New(isa.LdImm64, in.Dst(), 0, 0, 0)
		case in.Op == isa.CallOp:
			q.Insns[i] = isa.New(isa.AluOp(isa.ClassAlu64, isa.Mov, isa.SrcK), isa.R0, 0, 0, 0)
		}
	}
	return without(&q, start, end-start)
}

// distance is how far an instruction refers, and in which field.
func distance(in isa.Insn) (d int, inImm, ok bool) {
	c := in.Op.Class()
	switch {
	case in.IsWide() && in.Src() == isa.PseudoFunc, in.Op == isa.CallOp && in.Src() == isa.CallLocal:
		return int(in.Imm), true, true
	case c != isa.ClassJmp && c != isa.ClassJmp32 || in.Op == isa.CallOp || in.Op == isa.ExitOp:
		return 0, false, false
	case c == isa.ClassJmp32 && in.Op.Code() == isa.JA:
		return int(in.Imm), true, true
	}
	return int(in.Off), false, true
}

// simpler are programs with one instruction made plainer.
func simpler(p *image.Program, i int) []*image.Program {
	in := p.Insns[i]
	if in.Op == 0 || in.IsWide() || in.Op == isa.ExitOp {
		return nil
	}
	with := func(in isa.Insn) *image.Program {
		q := *p
		q.Insns = append([]isa.Insn(nil), p.Insns...)
		q.Insns[i] = in
		return &q
	}
	var list []*image.Program
	if c := in.Op.Class(); in.Op == isa.CallOp || c == isa.ClassLdx {
		dst := isa.R0
		if c == isa.ClassLdx {
			dst = in.Dst()
		}
		list = append(list, with(isa.New(isa.AluOp(isa.ClassAlu64, isa.Mov, isa.SrcK), dst, 0, 0, 0)))
	}
	if d, inImm, ok := distance(in); ok && d != 0 && !inImm {
		in.Off = 0
		list = append(list, with(in))
	}
	return list
}
