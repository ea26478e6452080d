package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/asm"
)

// BenchmarkCompile measures what the engine's compilation takes for an
// instruction, at the median of many programs: the suite's, the examples', and
// those of SKEP_ORACLE_OBJS that load.
func BenchmarkCompile(b *testing.B) {
	rt, err := skep.NewRuntime(&skep.RuntimeOptions{Engine: skep.EngineJIT})
	if err != nil {
		b.Skip(err)
	}
	defer rt.Close()
	files, _ := filepath.Glob("progs/*.bpf.o")
	examples, _ := filepath.Glob("../../examples/*/*.bpf.o")
	files = append(files, examples...)
	if dir := os.Getenv("SKEP_ORACLE_OBJS"); dir != "" {
		more, _ := filepath.Glob(filepath.Join(dir, "*.bpf.o"))
		files = append(files, more...)
	}
	var all []compiled
	for b.Loop() {
		all = all[:0]
		for _, file := range files {
			all = append(all, compileAll(rt, file)...)
		}
	}
	slices.SortFunc(all, func(x, y compiled) int { return int(x.perInsn*1000) - int(y.perInsn*1000) })
	b.ReportMetric(all[len(all)/2].perInsn, "ns/insn")
	b.ReportMetric(all[len(all)*99/100].perInsn, "p99-ns/insn")
	b.ReportMetric(float64(len(all)), "programs")
	insns, total := 0, 0.0
	for _, c := range all {
		insns += c.insns
		total += c.perInsn * float64(c.insns)
	}
	b.ReportMetric(total/float64(insns), "mean-ns/insn")
	b.Logf("slowest: %v", all[max(0, len(all)-5):])
}

type compiled struct {
	name    string
	insns   int
	perInsn float64
}

// compileAll compiles the programs of an object that load, each until the time
// is steady, and takes the least.
func compileAll(rt *skep.Runtime, file string) (all []compiled) {
	spec, err := skep.LoadCollectionSpec(file)
	if err != nil {
		return nil
	}
	for name := range spec.Programs {
		coll, err := spec.Load(&skep.CollectionOptions{Backend: rt}, name)
		if err != nil {
			continue
		}
		p := coll.Programs[name].VM()
		insns := len(p.Image().Insns)
		least := p.CompileTime()
		for range 5 {
			start := time.Now()
			code, err := p.Engine().Compile(p)
			if err != nil {
				break
			}
			least = min(least, time.Since(start))
			_ = code.Close()
		}
		all = append(all, compiled{filepath.Base(file) + ":" + name, insns, float64(least.Nanoseconds()) / float64(insns)})
		coll.Close()
	}
	return all
}

// BenchmarkLoadAndRun measures the time from a program of 100 instructions, as
// an image, to the end of its first run: verification, lowering, compilation.
func BenchmarkLoadAndRun(b *testing.B) {
	var text strings.Builder
	text.WriteString(".program p section=xdp\n    r2 = *(u32 *)(r1 +0)\n    r3 = *(u32 *)(r1 +4)\n    r0 = 1\n    r4 = r2\n    r4 += 34\n    if r4 > r3 goto out\n")
	for i := range 23 {
		fmt.Fprintf(&text, "    r5 = *(u8 *)(r2 +%d)\n    r0 += r5\n    r0 *= 31\n    if r5 == 77 goto out\n", i)
	}
	text.WriteString("out:\n    exit\n")
	img, err := asm.Parse("p", []byte(text.String()))
	if err != nil {
		b.Fatal(err)
	}
	rt, err := skep.NewRuntime(nil)
	if err != nil {
		b.Fatal(err)
	}
	defer rt.Close()
	opts := &skep.RunOptions{Data: make([]byte, 64)}
	Report(b, func(n int) error {
		for range n {
			coll, err := skep.NewCollectionWithOptions(skep.NewCollectionSpec(img), skep.CollectionOptions{Backend: rt})
			if err != nil {
				return err
			}
			if _, err := coll.Programs["p"].Run(opts); err != nil {
				return err
			}
			coll.Close()
		}
		return nil
	})
	b.ReportMetric(float64(len(img.Programs[0].Insns)), "insns")
}
