package vmfuzz

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/difftest"
	"github.com/skepbpf/skep/internal/randprog"
	"github.com/skepbpf/skep/vm/jit"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// RunMark is what the guest prints before a run that ends otherwise in the
// kernel or on an engine than in the interpreter, TallyMark before the number of
// runs that were compared.
const (
	RunMark   = "R "
	TallyMark = "T "
)

// BadRun is a run that did not end alike everywhere.
type BadRun struct {
	Seed          uint64
	What, Program string
}

// testable are the program types that kernels can run on a packet. Linux 6.12
// gives programs of type cgroup_skb another end of the packet than 6.18.
var testable = []abi.ProgType{abi.XDP, abi.SchedCLS, abi.SocketFilter}

// Engines runs each program on skep's engines and in the kernel, and prints the
// runs that do not end alike.
func (r *Run) Engines(ctx context.Context) error {
	var engines []difftest.NamedEngine
	for name, opts := range map[string]jit.Options{"jit": {}, "jit plain": {Off: emit.OptAll, Plain: true}} {
		e, err := jit.New(&opts)
		if err != nil {
			return err
		}
		defer e.Close()
		engines = append(engines, difftest.NamedEngine{Name: name, Engine: e})
	}
	var tally difftest.EngineTally
	end := time.Now().Add(r.Time)
	for _, seed := range r.Seeds {
		if r.Time != 0 && time.Now().After(end) {
			break
		}
		if _, err := fmt.Fprintf(r.Out, "%s%d\n", SeedMark, seed); err != nil {
			return err
		}
		p := randprog.New(seed, &randprog.Options{Types: testable, NoMutation: true})
		err := difftest.AgreeKernel(ctx, p, engines, &difftest.Options{Seed: seed, Runs: 2, MaxInsns: r.Judge.MaxInsns}, &tally)
		var d *difftest.Disagreement
		if err == nil {
			continue
		}
		if !errors.As(err, &d) {
			return err
		}
		if err := r.print(RunMark, BadRun{Seed: seed, What: err.Error(), Program: Text(p)}); err != nil {
			return err
		}
	}
	return r.print(TallyMark, tally)
}
