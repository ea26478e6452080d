package opt

import (
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// callerOf is a program whose main function is insns, followed by a function
// that adds 1 to r1 and another of size instructions.
func callerOf(size int, insns ...ir.Insn) *ir.Program {
	p := &ir.Program{
		Callees: []ir.Callee{
			{Helper: abi.Loop}, {Helper: abi.ForEachMapElem, Map: 1}, {Kfunc: "bpf_iter_num_next"}, {Helper: abi.ForEachMapElem, Map: 2},
			{Helper: abi.ForEachMapElem, Map: 3},
		},
		Maps: []ir.MapLayout{
			{Kind: ir.MapPerCPUArray, Base: 4096, Stride: 8, CPUStride: 64, MaxEntries: 9},
			{Kind: ir.MapHash, Hash: &ir.HashLayout{Mask: 15, Value: ir.HashPerCPU}},
			{Kind: ir.MapHash, Hash: &ir.HashLayout{Mask: 15}},
		},
		Exception: -1,
	}
	add := func(depth int, insns ...ir.Insn) {
		start := len(p.Insns)
		p.Insns = append(p.Insns, insns...)
		p.Funcs = append(p.Funcs, ir.Func{Start: start, End: len(p.Insns), Cost: int32(len(insns)), StackDepth: depth})
	}
	add(16, append(insns, ir.Insn{Op: ir.Exit})...)
	add(8, ir.Insn{Op: ir.Mov64X, Dst: 0, Src: 1}, ir.Insn{Op: ir.Add64K, Dst: 0, Imm: 1}, ir.Insn{Op: ir.Exit})
	long := make([]ir.Insn, size)
	for i := range long {
		long[i] = ir.Insn{Op: ir.Add64K, Dst: 1, Imm: 1}
	}
	long[size-1] = ir.Insn{Op: ir.Exit}
	add(8, long...)
	for i := range p.Insns {
		p.Insns[i].Slot = int32(i)
		if in := &p.Insns[i]; in.Op == ir.CallLocal {
			in.Off = int32(p.Funcs[in.Imm].Start)
		}
	}
	p.Index = make([]int32, len(p.Insns))
	return p
}

func TestCallsAreExpanded(t *testing.T) {
	t.Parallel()
	k := func(r uint8, v int64) ir.Insn { return ir.Insn{Op: ir.Mov64K, Dst: r, Imm: v} }
	x := func(d, s uint8) ir.Insn { return ir.Insn{Op: ir.Mov64X, Dst: d, Src: s} }
	local := func(fn int64) ir.Insn { return ir.Insn{Op: ir.CallLocal, Imm: fn} }
	call := func(n int32) ir.Insn { return ir.Insn{Op: ir.Call, Off: n} }
	callback := func(fn int64) ir.Insn { return k(2, ir.CallbackTag|fn) }
	for name, c := range map[string]struct {
		insns         []ir.Insn
		size          int
		off           emit.Opt
		calls, locals int // left
	}{
		"a short function is inlined wherever it is called": {insns: []ir.Insn{local(1), x(1, 0), local(1)}, size: 9},
		"but for the switch":                       {insns: []ir.Insn{local(1)}, size: 9, off: emit.OptInline, locals: 1},
		"one called once may be longer":            {insns: []ir.Insn{local(2)}, size: shortBody + 9},
		"one called twice may not":                 {insns: []ir.Insn{local(2), x(1, 0), local(2)}, size: shortBody + 9, locals: 2},
		"none may be long":                         {insns: []ir.Insn{local(2)}, size: longBody + 1, locals: 1},
		"bpf_loop is a loop of the callback":       {insns: []ir.Insn{callback(1), x(3, 10), k(4, 0), call(0)}, size: 9},
		"but for its switch":                       {insns: []ir.Insn{callback(1), x(3, 10), k(4, 0), call(0)}, size: 9, off: emit.OptLoop, calls: 1},
		"with a long callback it calls":            {insns: []ir.Insn{callback(2), k(3, 0), k(4, 0), call(0)}, size: longBody + 1, locals: 1},
		"with flags of any kind it is a call":      {insns: []ir.Insn{callback(1), k(3, 0), k(4, 1), call(0)}, size: 9, calls: 1},
		"with a callback that varies it is, too":   {insns: []ir.Insn{x(2, 1), k(3, 0), k(4, 0), call(0)}, size: 9, calls: 1},
		"an array is visited by a loop":            {insns: []ir.Insn{callback(1), x(3, 1), k(4, 0), call(1)}, size: 9},
		"but for the switch of loops":              {insns: []ir.Insn{callback(1), x(3, 1), k(4, 0), call(1)}, size: 9, off: emit.OptLoop, calls: 1},
		"a hash is, too":                           {insns: []ir.Insn{callback(1), x(3, 1), k(4, 0), call(4)}, size: 9},
		"one with a value for each CPU is not":     {insns: []ir.Insn{callback(1), x(3, 1), k(4, 0), call(3)}, size: 9, calls: 1},
		"an iterator of numbers is a few accesses": {insns: []ir.Insn{call(2)}, size: 9},
		"but for the switch of kfuncs":             {insns: []ir.Insn{call(2)}, size: 9, off: emit.OptKfunc, calls: 1},
	} {
		p := Optimize(callerOf(c.size, c.insns...), emit.Options{Off: c.off})
		calls, locals := 0, 0
		main := p.Insns[p.Funcs[0].Start:p.Funcs[0].End]
		for i := range main {
			switch main[i].Op {
			case ir.Call:
				calls++
			case ir.CallLocal:
				locals++
			}
		}
		if calls != c.calls || locals != c.locals {
			t.Errorf("%s: %d calls of helpers and %d of functions are left, want %d and %d", name, calls, locals, c.calls, c.locals)
		}
		if used := p.Funcs[1].End > p.Funcs[1].Start; c.off == 0 && c.calls == 0 && c.size == 9 && used {
			t.Errorf("%s: a function stayed that nothing leads to", name)
		}
	}
}

// TestCallbacksThatAreReadTwiceStay keeps the function that a constant stands
// for, where the constant is read by another call.
func TestCallbacksThatAreReadTwiceStay(t *testing.T) {
	t.Parallel()
	p := Optimize(callerOf(9,
		ir.Insn{Op: ir.Mov64K, Dst: 2, Imm: ir.CallbackTag | 1}, ir.Insn{Op: ir.Mov64X, Dst: 6, Src: 2},
		ir.Insn{Op: ir.Mov64K, Dst: 3}, ir.Insn{Op: ir.Mov64K, Dst: 4}, ir.Insn{Op: ir.Call},
		ir.Insn{Op: ir.Mov64X, Dst: 2, Src: 6}, ir.Insn{Op: ir.Mov64X, Dst: 3, Src: 10}, ir.Insn{Op: ir.Mov64K, Dst: 4}, ir.Insn{Op: ir.Call},
	), emit.Options{Off: emit.OptAll &^ (emit.OptInline | emit.OptLoop)})
	if p.Funcs[1].Start == p.Funcs[1].End {
		t.Error("the function of a callback is gone")
	}
}

// TestNumbersForTracePrintkAreRead keeps the arguments that the prototype of
// bpf_trace_printk does not name.
func TestNumbersForTracePrintkAreRead(t *testing.T) {
	t.Parallel()
	p := callerOf(9, ir.Insn{Op: ir.Mov64K, Dst: 3, Imm: 42}, ir.Insn{Op: ir.Call}, ir.Insn{Op: ir.Mov64K, Dst: 0})
	p.Callees = []ir.Callee{{Helper: abi.TracePrintk}}
	p = Optimize(p, emit.Options{})
	if in := p.Insns[0]; in.Op != ir.Mov64K || in.Imm != 42 {
		t.Errorf("begins with %+v", in)
	}
}
