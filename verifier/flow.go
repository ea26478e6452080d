package verifier

import "github.com/skepbpf/skep/isa"

// order returns the slots of subprogram s in postorder of its control flow.
func (v *verifier) order(s int, out []int) []int {
	sp := &v.subs[s]
	seen := make([]bool, sp.end-sp.start)
	type visit struct {
		insn int
		next [2]int
		n    int
	}
	var buf [2]int
	enter := func(i int) visit {
		seen[i-sp.start] = true
		to := v.successors(i, buf[:0])
		w := visit{insn: i, n: len(to)}
		copy(w.next[:], to)
		return w
	}
	path := []visit{enter(sp.start)}
	for len(path) > 0 {
		top := &path[len(path)-1]
		if top.n == 0 {
			out = append(out, top.insn)
			path = path[:len(path)-1]
			continue
		}
		top.n--
		if n := top.next[top.n]; n >= sp.start && n < sp.end && !seen[n-sp.start] {
			path = append(path, enter(n))
		}
	}
	return out
}

// findLoops numbers the strongly connected components of every function:
// instructions of one loop share a number above 0. Tarjan's algorithm, with
// the recursion unrolled.
func (v *verifier) findLoops() {
	n := len(v.insns)
	index := make([]int32, n) // 0: not visited
	low := make([]int32, n)
	onStack := make([]bool, n)
	var stack []int
	var next, scc int32
	type visit struct {
		insn int
		to   [2]int
		n, i int
	}
	var buf [2]int
	enter := func(i int) visit {
		next++
		index[i], low[i] = next, next
		stack = append(stack, i)
		onStack[i] = true
		to := v.successors(i, buf[:0])
		w := visit{insn: i, n: len(to)}
		copy(w.to[:], to)
		return w
	}
	for root := range v.insns {
		if index[root] != 0 || v.aux[root].half {
			continue
		}
		path := []visit{enter(root)}
		for len(path) > 0 {
			w := &path[len(path)-1]
			if w.i < w.n {
				t := w.to[w.i]
				w.i++
				switch {
				case index[t] == 0:
					path = append(path, enter(t))
				case onStack[t]:
					low[w.insn] = min(low[w.insn], index[t])
				}
				continue
			}
			i := w.insn
			path = path[:len(path)-1]
			if len(path) > 0 {
				p := path[len(path)-1].insn
				low[p] = min(low[p], low[i])
			}
			if low[i] == index[i] {
				scc = v.closeLoop(i, &stack, onStack, scc)
			}
		}
	}
}

// closeLoop takes the component with root i off the stack and numbers it if it
// is a loop.
func (v *verifier) closeLoop(i int, stack *[]int, onStack []bool, scc int32) int32 {
	s := *stack
	k := len(s)
	for k--; s[k] != i; k-- {
	}
	members := s[k:]
	*stack = s[:k]
	loop := len(members) > 1
	for _, m := range members {
		onStack[m] = false
	}
	if !loop {
		var buf [2]int
		for _, t := range v.successors(i, buf[:0]) {
			loop = loop || t == i
		}
	}
	if !loop {
		return scc
	}
	scc++
	for _, m := range members {
		v.aux[m].scc = scc
	}
	return scc
}

// allRegs and scratched are sets of registers, one bit each.
const (
	allRegs   uint16 = 0xffff
	scratched uint16 = 1<<isa.R0 | 1<<isa.R1 | 1<<isa.R2 | 1<<isa.R3 | 1<<isa.R4 | 1<<isa.R5
	argRegs   uint16 = scratched &^ (1 << isa.R0)
)

// useDef says which registers instruction i reads and which it overwrites.
func (v *verifier) useDef(i int) (use, def uint16) {
	in := v.insns[i]
	dst, src := uint16(1)<<in.Dst(), uint16(1)<<in.Src()
	switch in.Op.Class() {
	case isa.ClassLd:
		if in.Op == isa.LdImm64 {
			return 0, dst
		}
		return allRegs, 0
	case isa.ClassLdx:
		return src, dst
	case isa.ClassSt:
		return dst, 0
	case isa.ClassStx:
		if in.Op.Mode() != isa.ModeAtomic {
			return dst | src, 0
		}
		switch op := isa.AtomicOp(in.Imm); {
		case op == isa.AtomicCmpXchg:
			return dst | src | 1<<isa.R0, 1 << isa.R0
		case op == isa.AtomicLoadAcq:
			return src, dst
		case op == isa.AtomicStoreRel:
			return dst | src, 0
		case op&isa.AtomicFetch != 0:
			return dst | src, src
		}
		return dst | src, 0
	case isa.ClassAlu, isa.ClassAlu64:
		switch {
		case in.Op.Code() == isa.End:
			return dst, dst
		case in.Op.Code() == isa.Mov && in.Op.IsX():
			return src, dst
		case in.Op.Code() == isa.Mov:
			return 0, dst
		case in.Op.IsX():
			return dst | src, dst
		}
		return dst, dst
	}
	switch code := in.Op.Code(); {
	case code == isa.JA || code == isa.JCond:
		return 0, 0
	case code == isa.Exit:
		return 1 << isa.R0, 0
	case code == isa.Call:
		if in.Src() != isa.CallLocal && v.aux[i].call.known {
			return v.aux[i].call.args, scratched
		}
		return argRegs, scratched
	case in.Op.IsX():
		return dst | src, 0
	}
	return dst, 0
}

// findLiveRegs computes for every instruction the registers that may still be
// read. A call from another function's point of view reads its arguments and
// forgets R0 to R5.
func (v *verifier) findLiveRegs() {
	order := make([]int, 0, len(v.insns))
	for s := range v.subs {
		order = v.order(s, order)
	}
	v.postorder = order
	var buf [2]int
	for changed := true; changed; {
		changed = false
		for _, i := range order {
			var out uint16
			for _, t := range v.successors(i, buf[:0]) {
				out |= v.aux[t].live
			}
			use, def := v.useDef(i)
			in := out&^def | use
			if in != v.aux[i].live {
				v.aux[i].live = in
				changed = true
			}
		}
	}
	for i := range v.aux {
		v.aux[i].live &= 1<<isa.R10 - 1
	}
}
