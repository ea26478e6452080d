package verifier

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
)

// checkAddresses refuses addresses of functions that no path walks. Linux 6.18:
// such code is removed before the addresses are filled in, and then there must
// be a function where it was; a program of which nothing but the entry is left
// is not asked.
func (v *verifier) checkAddresses() error {
	if !v.bpf {
		return nil
	}
	live, last := 0, 0
	for s := range v.subs {
		if v.aux[v.subs[s].start].seen {
			live++
			last = s
		}
	}
	if live < 2 {
		return nil
	}
	for i := 0; i < len(v.insns); i++ {
		in := v.insns[i]
		if !in.IsWide() {
			continue
		}
		if in.Src() == isa.PseudoFunc && v.aux[i].seen && v.subAt(v.callTarget(i)) > last {
			v.insn = i
			return v.reject(CodeCallback, abi.EFAULT, "verifier bug: No program to jit at insn %d (subprog < 0)", v.slotsLeft())
		}
		i++
	}
	return nil
}

// slotsLeft is the length of the program without the code that no path walks,
// and without the jumps that lead nowhere else then.
func (v *verifier) slotsLeft() int {
	n := 0
	for i := 0; i < len(v.insns); i++ {
		in := v.insns[i]
		wide := in.IsWide()
		if v.aux[i].seen && !v.jumpsOver(i) {
			n++
			if wide {
				n++
			}
		}
		if wide {
			i++
		}
	}
	return n
}

// jumpsOver reports whether the jump at slot i passes over nothing but code
// that no path walks.
func (v *verifier) jumpsOver(i int) bool {
	in := v.insns[i]
	c := in.Op.Class()
	if c != isa.ClassJmp && c != isa.ClassJmp32 || in.Op == isa.CallOp || in.Op == isa.ExitOp || in.Op.Code() == isa.JCond {
		return false
	}
	if c == isa.ClassJmp32 && in.Op.Code() == isa.JA {
		return false
	}
	to := i + 1 + int(in.Off)
	if in.Op.Code() != isa.JA && v.aux[i+1].seen {
		// The jump stays, or it is the jump's own target that is gone.
		return to >= 0 && to < len(v.insns) && !v.aux[to].seen
	}
	for k := i + 1; k < to; k++ {
		if v.aux[k].seen {
			return false
		}
	}
	return to > i
}
