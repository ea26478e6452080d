package opt

import (
	"slices"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// pass is an optimisation of one function. It may rely on graph and liveness,
// and says whether it changed something: then liveness is found again.
type pass struct {
	opt emit.Opt
	run func(f *function, o *emit.Options) bool
}

// passes are the optimisations in their order.
var passes = []pass{
	{emit.OptFacts, (*function).believe},
	{emit.OptElement, (*function).lookups},
	{0, func(f *function, o *emit.Options) bool { f.forward(o, f.walker, true); return true }},
	{emit.OptDead, func(f *function, _ *emit.Options) bool { f.sweep(); return true }},
	{emit.OptPopcnt, (*function).popcnt},
	{emit.OptDead, (*function).frameStores},
}

// Optimize is p with fewer or better operations. p is left alone; functions,
// callees and maps keep their numbers.
func Optimize(p *ir.Program, o emit.Options) *ir.Program {
	p = expand(p, &o)
	out := *p
	out.Funcs = slices.Clone(p.Funcs)
	out.Insns = make([]ir.Insn, 0, len(p.Insns)+8)
	work := slices.Clone(p.Insns)
	w := &walker{}
	for n := range p.Funcs {
		f := build(p, n, work[p.Funcs[n].Start:p.Funcs[n].End])
		f.walker = w
		if len(f.blocks) > 0 {
			f.optimize(&o)
		}
		f.place(&out, o.Off&emit.OptPlace == 0)
	}
	out.Index = make([]int32, len(p.Index))
	for i := range out.Index {
		out.Index[i] = -1
	}
	for i := len(out.Insns) - 1; i >= 0; i-- {
		if s := out.Insns[i].Slot; s >= 0 {
			out.Index[s] = int32(i)
		}
	}
	return &out
}

func (f *function) optimize(o *emit.Options) {
	f.merge()
	f.live()
	wide := o.Off&(emit.OptUpper|emit.OptRotate) == 0 && f.wideOnly()
	for _, p := range passes {
		if o.Off&p.opt == 0 && p.run(f, o) {
			f.live()
		}
	}
	if wide {
		f.narrow()
		f.forward(o, f.walker, false)
		f.live()
		if o.Off&emit.OptDead == 0 {
			f.sweep()
		}
	}
	if o.Off&emit.OptAddress == 0 && f.address(o) {
		f.live()
	}
	if o.Off&emit.OptFuel == 0 {
		f.fuel(o)
	}
	if o.Off&emit.OptUpper == 0 {
		f.narrow()
	}
	if o.Off&emit.OptDead == 0 && !f.needsFrame() {
		f.info.StackDepth = 0
	}
	f.marks()
}
