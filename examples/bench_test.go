package examples_test

import (
	"testing"

	"github.com/skepbpf/skep/hook"
)

// BenchmarkRun replays the traffic through each example. ns/packet is the
// program's own time, as skep run prints it; ns/op has the replay around it.
func BenchmarkRun(b *testing.B) {
	for _, c := range []struct{ name, program string }{
		{"firewall", "firewall"}, {"balancer", "balance"}, {"histogram", "histogram"}, {"parser", "parse"},
	} {
		b.Run(c.name+"/interp", func(b *testing.B) {
			frames := traffic(b)
			loaded := load(b, c.name, nil)
			opts := &hook.XDPOptions{Clock: loaded.clock}
			var total hook.XDPResult
			b.ReportAllocs()
			for b.Loop() {
				res, err := hook.ReplayXDP(b.Context(), loaded.Programs[c.program], []*hook.Port{{In: hook.Frames(frames...)}}, opts)
				if err != nil {
					b.Fatal(err)
				}
				total.Add(res)
			}
			b.ReportMetric(total.PerPacket(), "ns/packet")
			b.ReportMetric(float64(len(frames)), "packets/op")
		})
	}
}
