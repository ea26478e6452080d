package verifier_test

import (
	"testing"

	"github.com/skepbpf/skep/verifier"
)

// BenchmarkNumbers runs the pass over the programs of the objects in the folder
// that SKEP_ORACLE_OBJS names.
func BenchmarkNumbers(b *testing.B) {
	var progs []*verifier.Program
	slots := 0
	acceptedPrograms(b, func(_ string, p *verifier.Program) {
		progs = append(progs, p)
		slots += len(p.Image().Insns)
	})
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		for _, p := range progs {
			p.AnewNumbers()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(slots), "ns/slot")
}
