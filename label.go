package skep

import (
	"context"
	"runtime/pprof"
)

// labelKey is the pprof label that names a program.
const labelKey = "bpf_prog"

// runLabelled is a run with the goroutine labelled.
func (p *Program) runLabelled(opts *RunOptions) (res RunResult, err error) {
	ctx := opts.Ctx
	if ctx == nil {
		ctx = context.Background()
	}
	p.Do(ctx, func(context.Context) { res, err = p.impl.Run(opts) })
	return res, err
}

// Do calls f with a context for the program's runs. Under RuntimeOptions.Labels
// the goroutine has the pprof label bpf_prog, the program's name, until f
// returns; then it has the labels of ctx.
func (p *Program) Do(ctx context.Context, f func(context.Context)) {
	if rt := p.Runtime(); rt == nil || !rt.labels {
		f(ctx)
		return
	}
	pprof.Do(ctx, pprof.Labels(labelKey, p.name), f)
}
