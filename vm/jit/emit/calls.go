package emit

import "github.com/skepbpf/skep/vm/ir"

// Called reports whether p's code calls function fn, or may.
func Called(p *ir.Program, fn int) bool {
	for i := range p.Insns {
		in := &p.Insns[i]
		switch in.Op {
		case ir.CallLocal:
			if in.Imm == int64(fn) {
				return true
			}
		case ir.Mov64K:
			if f, ok := ir.Callback(uint64(in.Imm)); ok && f == fn {
				return true
			}
		}
	}
	return false
}

// Open are the functions of p that may leave to Go, those that call such ones,
// and the first, if only Go and tail calls enter it. leaves says which callees
// leave to Go.
func Open(p *ir.Program, leaves func(callee int) bool) []bool {
	open := make([]bool, len(p.Funcs))
	type edge struct{ from, to int }
	var calls []edge
	for n := range p.Funcs {
		f := &p.Funcs[n]
		open[n] = n == 0 && !Called(p, 0)
		for i := f.Start; i < f.End; i++ {
			switch in := &p.Insns[i]; {
			case in.Op == ir.CallLocal:
				calls = append(calls, edge{n, int(in.Imm)})
			case in.Op == ir.Call:
				open[n] = open[n] || leaves(int(in.Off))
			case in.Op == ir.TailCall, in.Op >= ir.ProbeU8 && in.Op <= ir.ProbeS32, in.Op >= ir.LdAbs8 && in.Op <= ir.LdInd32:
				open[n] = true
			}
		}
	}
	for again := len(calls) > 0; again; {
		again = false
		for _, e := range calls {
			if open[e.to] && !open[e.from] {
				open[e.from], again = true, true
			}
		}
	}
	return open
}

// Writes is the BPF registers that in changes, as bits, but for what calls do to
// r0 to r5.
func Writes(in *ir.Insn) uint16 {
	switch op := in.Op; {
	case op.IsJump() || op == ir.Spend || op == ir.SpendPoll || op >= ir.St8K && op <= ir.AtomicXor64 ||
		op >= ir.StoreRel8 && op < ir.CastKern || op == ir.Throw || op >= ir.StIdx8K && op <= ir.StIdx64X:
		return 0
	case op >= ir.FetchAdd32 && op <= ir.Xchg64:
		return 1 << in.Src
	case op == ir.CmpXchg32 || op == ir.CmpXchg64:
		return 1
	}
	return 1 << in.Dst
}
