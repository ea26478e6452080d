package skep_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/cilium/ebpf"
	ciliumasm "github.com/cilium/ebpf/asm"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/isa"
)

// benchmarks are loops of the kinds that decide an engine's speed: a serial
// chain over bytes, branches with divisions, arithmetic.
var benchmarks = []string{"fnv1500", "primes", "muldiv"}

const benchRepeat = 1000

func readBench(t testing.TB, name string) string {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", "bench", name+".s"))
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// BenchmarkRun runs the loops on skep's engines and, where that is allowed, on
// the running kernel's JIT. Compare ns/run within one run only.
func BenchmarkRun(b *testing.B) {
	data := make([]byte, 1500)
	for i := range data {
		data[i] = byte(i * 7)
	}
	for _, name := range benchmarks {
		src := readBench(b, name)
		b.Run(name+"/interp", func(b *testing.B) {
			p := only(b, load(b, src))
			for b.Loop() {
				if _, err := p.Run(&skep.RunOptions{Data: data, Repeat: benchRepeat}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRepeat, "ns/run")
		})
		b.Run(name+"/kernel", func(b *testing.B) {
			p := linuxProgram(b, src)
			defer p.Close()
			var total float64
			for b.Loop() {
				_, d, err := p.Benchmark(data, benchRepeat, nil)
				if err != nil {
					b.Fatal(err)
				}
				total += float64(d.Nanoseconds())
			}
			b.ReportMetric(total/float64(b.N), "ns/run")
		})
	}
}

// TestBenchmarksComputeWhatLinuxComputes keeps the benchmarks honest.
func TestBenchmarksComputeWhatLinuxComputes(t *testing.T) {
	t.Parallel()
	data := make([]byte, 1500)
	for i := range data {
		data[i] = byte(i * 7)
	}
	for _, name := range benchmarks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := readBench(t, name)
			got, err := only(t, load(t, src)).Run(&skep.RunOptions{Data: data})
			if err != nil {
				t.Fatal(err)
			}
			if want, ok := linuxRun(t, src, data); ok && got != want {
				t.Errorf("got %#x, Linux gives %#x", got, want)
			}
			if got == 0 {
				t.Error("the result is 0")
			}
		})
	}
}

// linuxProgram loads a program into the running kernel; it skips where that is
// not allowed.
func linuxProgram(t testing.TB, src string) *ebpf.Program {
	t.Helper()
	img, err := asm.Parse(t.Name(), []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	p := img.Programs[0]
	insns, err := ciliumasm.AppendInstructions(nil, bytes.NewReader(isa.Encode(p.Insns, binary.LittleEndian)), binary.LittleEndian, "linux")
	if err != nil {
		t.Fatal(err)
	}
	prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.ProgramType(p.Type), Instructions: insns, License: "GPL"})
	if err != nil {
		t.Skipf("the kernel takes no programs here: %v", err)
	}
	return prog
}

// linuxRun runs a program in the running kernel, where that is allowed.
func linuxRun(t *testing.T, src string, data []byte) (ret uint32, ok bool) {
	t.Helper()
	t.Run("linux", func(t *testing.T) {
		p := linuxProgram(t, src)
		defer p.Close()
		var err error
		if ret, err = p.Run(&ebpf.RunOptions{Data: data}); err != nil {
			t.Skipf("the kernel runs no programs of this type: %v", err)
		}
		ok = true
	})
	return ret, ok
}
