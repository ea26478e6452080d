package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/selftest"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier"
)

// dumpFacts verifies programs and prints them with what is proven of each
// instruction.
func dumpFacts(ctx context.Context, e *env, file string, coll *image.Collection, progs []*image.Program, btfFile string) error {
	kernel := &kernelTypes{file: btfFile}
	types, err := kernel.spec()
	if err != nil && btfFile != "" {
		return err
	}
	chosen := map[string]bool{}
	for _, p := range progs {
		chosen[p.Name] = true
	}
	for _, p := range fitKernel(coll, kernel).Programs {
		if !chosen[p.Name] {
			continue
		}
		if p.Err != nil {
			return fmt.Errorf("%s: program %q: %w", file, p.Name, p.Err)
		}
		opts := &verifier.Options{KernelTypes: types, CPUs: runtime.NumCPU()}
		if btfFile == "" {
			opts.Symbol = kernel.symbol
		}
		proven, err := verifier.Verify(ctx, selftest.WithSizes(selftest.WithFlags(p)), opts)
		if err != nil {
			return fmt.Errorf("%s: program %q: %w", file, p.Name, err)
		}
		printFacts(e.out, proven)
	}
	return nil
}

// factColumn is where facts begin.
const factColumn = 48

// printFacts prints a program, each function with its frame and each
// instruction with its facts.
func printFacts(w io.Writer, p *verifier.Program) {
	img := p.Image()
	fmt.Fprintf(w, "program %s, section %q, type %s, %s\n", img.Name, img.Section, img.Type.Short(), count(len(img.Insns), "slot"))
	pr := namer(img)
	for _, f := range p.Funcs() {
		fmt.Fprintf(w, "%s: %s of stack%s\n", f.Name, count(f.Depth, "byte"), functionWords(&f))
		for s := f.Start; s < f.End; s++ {
			var hi isa.Insn
			if img.Insns[s].IsWide() && s+1 < f.End {
				hi = img.Insns[s+1]
			}
			line := fmt.Sprintf("%4d: %s", s, pr.Format(s, img.Insns[s], hi))
			if t := p.FactText(s); t != "" {
				line = fmt.Sprintf("%-*s ; %s", factColumn, line, t)
			}
			fmt.Fprintln(w, line)
			if img.Insns[s].IsWide() {
				s++
			}
		}
	}
	fmt.Fprintln(w)
}

// functionWords are a function's properties.
func functionWords(f *verifier.Func) string {
	var out strings.Builder
	for _, w := range []struct {
		is   bool
		text string
	}{
		{f.Global, "global"}, {f.Callback, "callback"}, {f.Async, "runs later"}, {f.Exception, "exception callback"},
		{f.TailCalls, "tail calls"}, {f.LoadsAbs, "legacy loads"}, {f.MayGoto, "may_goto"},
		{len(f.Calls) == 0 && !f.Helpers, "leaf"},
	} {
		if w.is {
			out.WriteString(", " + w.text)
		}
	}
	return out.String()
}
