package vmfuzz

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/randprog"
	"github.com/skepbpf/skep/isa"
)

// What the guest prints: the seed that it is about to try, what the kernel says
// of it, or a difference looked into.
const (
	SeedMark       = "@"
	AliveMark      = "~" // a line of it says that work goes on
	AnswerMark     = "A "
	DifferenceMark = "D "
)

// Answer is what the kernel said of the program of a seed.
type Answer struct {
	Seed uint64
	Verdict
	Why string `json:",omitempty"` // there is no verdict
}

// Run is a row of seeds to try on the running kernel.
type Run struct {
	Seeds   []uint64
	Time    time.Duration // after which no further one is tried; 0 for no limit
	Release string        // of the kernel: "6.12.1"
	Judge   Judge
	Out     io.Writer
	// Tries is how many programs are tried to make a difference small.
	Tries int
}

// Ask prints what the kernel says of each program.
func (r *Run) Ask(ctx context.Context) error {
	return r.each(func(seed uint64, p *image.Program) error {
		a := Answer{Seed: seed}
		var err error
		if a.Verdict, err = r.Judge.Kernel(ctx, p); err != nil {
			a.Why = err.Error()
		}
		return r.print(AnswerMark, a)
	})
}

// Explain looks into programs on which the verifiers differ: it finds the
// reason, and makes small those that have none.
func (r *Run) Explain(ctx context.Context) error {
	seen := make(map[string]int)
	return r.each(func(seed uint64, p *image.Program) error {
		d, err := r.Judge.Both(ctx, p)
		if err != nil || d == nil {
			return r.print(DifferenceMark, Difference{Seed: seed, Kind: Same, Reason: fmt.Sprint("cannot be had again: ", err)})
		}
		d.Seed, d.Reason = seed, r.Judge.reason(ctx, p, d, r.Release)
		if key := d.Key(); d.Reason == "" && seen[key] < 2 {
			seen[key]++
			r.shrink(ctx, p, d)
		}
		return r.print(DifferenceMark, d)
	})
}

func (r *Run) each(f func(uint64, *image.Program) error) error {
	end := time.Now().Add(r.Time)
	for _, seed := range r.Seeds {
		if r.Time != 0 && time.Now().After(end) {
			return nil
		}
		if _, err := fmt.Fprintf(r.Out, "%s%d\n", SeedMark, seed); err != nil {
			return err
		}
		if err := f(seed, randprog.New(seed, nil)); err != nil {
			return err
		}
	}
	return nil
}

func (r *Run) print(mark string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(r.Out, "%s%s\n", mark, b)
	return err
}

// shrink puts a small program with the same difference into d.
func (r *Run) shrink(ctx context.Context, p *image.Program, d *Difference) {
	key := d.Key()
	small := Shrink(p, r.Tries, func(q *image.Program) bool {
		if _, err := fmt.Fprintln(r.Out, AliveMark); err != nil {
			return false
		}
		e, err := r.Judge.Both(ctx, q)
		return err == nil && e != nil && e.Key() == key && r.Judge.reason(ctx, q, e, r.Release) == ""
	})
	d.Program = Text(small)
	if e, err := r.Judge.Both(ctx, small); err == nil && e != nil {
		d.Skep, d.Kernel = e.Skep, e.Kernel
	}
}

// Text is a program as the assembler reads it, with what the text does not
// carry said in a comment.
func Text(p *image.Program) string {
	q := *p
	used := make([]bool, len(p.Maps))
	q.Maps, q.Insns = nil, append([]isa.Insn(nil), p.Insns...)
	at := make([]int, len(p.Maps))
	for i := range q.Insns {
		in := &q.Insns[i]
		if in.IsWide() && (in.Src() == isa.PseudoMapIdx || in.Src() == isa.PseudoMapIdxValue) {
			m := in.Imm
			if !used[m] {
				used[m], at[m] = true, len(q.Maps)
				q.Maps = append(q.Maps, p.Maps[m])
			}
			in.Imm = int32(at[m])
		}
	}
	out := string(asm.Format(&image.Collection{License: p.License, Programs: []*image.Program{&q}, Maps: q.Maps}))
	if len(p.Funcs) > 0 && p.Funcs[0].Type != nil {
		out = "; functions have types\n" + out
	}
	return out
}

// errTooLong says that a program takes longer than a comparison is worth.
var errTooLong = errors.New("too long")
