package verifier

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
)

// checkAddresses refuses addresses of functions that no path walks. Linux 6.18:
// code that is not walked is removed before addresses are filled in; they are
// moved as jumps are, but those that point into what is removed, and must be
// starts of functions in the end. A program of which nothing but the entry is
// left is not asked.
func (v *verifier) checkAddresses() error {
	if !v.bpf {
		return nil
	}
	live := 0
	for s := range v.subs {
		if v.aux[v.subs[s].start].seen {
			live++
		}
	}
	if live < 2 || live == len(v.subs) {
		return nil
	}
	cuts, starts := v.removed()
	for i := 0; i < len(v.insns); i++ {
		in := v.insns[i]
		if !in.IsWide() {
			continue
		}
		if in.Src() == isa.PseudoFunc && v.aux[i].seen && !v.aux[v.callTarget(i)].seen {
			if to := moved(i, v.callTarget(i), cuts); !starts[to] {
				v.insn = i
				return v.reject(CodeCallback, abi.EFAULT, "verifier bug: No program to jit at insn %d (subprog < 0)", to)
			}
		}
		i++
	}
	return nil
}

// cut is a removal of n slots at a place of the program as it is by then.
type cut struct{ at, n int }

// removed are the removals in their order, of code that no path walks and then
// of jumps that lead nowhere else, and the starts of functions behind them.
func (v *verifier) removed() (cuts []cut, starts map[int]bool) {
	gone, left := 0, make([]int, len(v.insns))
	walked := func(i int) bool {
		return v.aux[i].seen || i > 0 && v.insns[i-1].IsWide() && v.aux[i-1].seen
	}
	for i := 0; i < len(v.insns); {
		n := 0
		for i+n < len(v.insns) && !walked(i+n) {
			left[i+n] = i - gone
			n++
		}
		if n > 0 {
			cuts = append(cuts, cut{i - gone, n})
			gone += n
			i += n
			continue
		}
		left[i] = i - gone
		i++
	}
	starts = make(map[int]bool)
	nops := 0
	for i := range v.insns {
		if s := v.subAt(i); s >= 0 && v.aux[i].seen {
			starts[left[i]-nops] = true
		}
		if walked(i) && v.jumpsNowhere(i, left) {
			cuts = append(cuts, cut{left[i] - nops, 1})
			nops++
		}
	}
	return cuts, starts
}

// jumpsNowhere reports whether the jump at slot i is one to the next
// instruction once the code that no path walks is gone.
func (v *verifier) jumpsNowhere(i int, left []int) bool {
	in := v.insns[i]
	c := in.Op.Class()
	if c != isa.ClassJmp && c != isa.ClassJmp32 || !v.aux[i].seen || in.Op == isa.CallOp || in.Op == isa.ExitOp ||
		in.Op.Code() == isa.JCond || c == isa.ClassJmp32 && in.Op.Code() == isa.JA || i+1 >= len(v.insns) {
		return false
	}
	to := i + 1 + int(in.Off)
	if in.Op.Code() != isa.JA && v.aux[i+1].seen {
		// A conditional jump whose target alone is not walked goes on.
		return !v.aux[to].seen
	}
	return left[to] == left[i]+1
}

// moved is where the instruction at slot i points when it pointed to slot to.
func moved(i, to int, cuts []cut) int {
	d := to - i
	for _, c := range cuts {
		if i >= c.at+c.n {
			i -= c.n
		}
		switch {
		case i < c.at && i+d >= c.at+c.n:
			d -= c.n
		case i >= c.at && i+d < c.at:
			d += c.n
		}
	}
	return i + d
}
