package verifier_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/verifier"
)

// mostHeap is what one verification may make the heap grow to, in bytes.
const mostHeap = 512 << 20

// saves fills the whole stack with R6, adding step to it after each slot.
func saves(step int) string {
	var b strings.Builder
	for i := 1; i <= 64; i++ {
		fmt.Fprintf(&b, "    *(u64 *)(r10 -%d) = r6\n", i*8)
		if step != 0 {
			fmt.Fprintf(&b, "    r6 += %d\n", step)
		}
	}
	return b.String()
}

// endless are loops that the walk leaves at the limit on instructions only, with
// as much in every state as there can be.
var endless = map[string]string{
	"two instructions": "    r6 = 0\n" + saves(1) + `loop:
    r6 += 1
    if r6 < 5000000 goto loop
    r0 = 2
    exit
`,
	"a new stack in every round": `    r6 = 0
loop:
` + saves(1) + `    if r6 < 5000000 goto loop
    r0 = 2
    exit
`,
	"64 linked copies refined by every jump": "    r6 = *(u32 *)(r1 +12)\n" + saves(0) + `    r7 = 0
loop:
    r7 += 1
    r1 = r7
    r1 += 10
    if r6 > r1 goto loop
    r0 = 2
    exit
`,
	"a state at every may_goto": "    r6 = 0\n" + saves(1) + `loop:
    may_goto out
    r6 += 1
    if r6 < 5000000 goto loop
out:
    r0 = 2
    exit
`,
	"calls seven deep": deepCalls(),
}

func deepCalls() string {
	var b strings.Builder
	b.WriteString("    r6 = 0\nloop:\n    r1 = r6\n    call f1\n    r6 += 1\n    if r6 < 5000000 goto loop\n    r0 = 2\n    exit\n")
	for i := 1; i < 8; i++ {
		fmt.Fprintf(&b, "f%d:\n    r6 = r1\n", i)
		for k := 1; k <= 8; k++ {
			fmt.Fprintf(&b, "    *(u64 *)(r10 -%d) = r6\n    r6 += 1\n", k*8)
		}
		if i < 7 {
			fmt.Fprintf(&b, "    r1 = r6\n    call f%d\n", i+1)
		}
		b.WriteString("    r0 = 0\n    exit\n")
	}
	return b.String()
}

func parse(t testing.TB, name, text string) *image.Program {
	t.Helper()
	coll, err := asm.Parse(name, []byte(".license \"GPL\"\n.program p section=xdp\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return coll.Programs[0]
}

// TestMemory demands that a hostile program ends with a reason, and that the
// heap stays below mostHeap meanwhile. It runs alone: others' memory would
// count.
func TestMemory(t *testing.T) {
	for name, text := range endless {
		for _, flags := range []abi.ProgFlags{0, abi.TestStateFreq} {
			p := parse(t, name, text)
			p.Flags |= flags
			peak, err := heapPeak(p, nil)
			var e *verifier.Error
			if !errors.As(err, &e) {
				t.Fatalf("%s, flags %d: got %v, want a rejection", name, flags, err)
			}
			if e.Code != verifier.CodeTooManyInsns && (e.Code != verifier.CodeTooMuchMemory || flags == 0 && !strings.Contains(text, "may_goto")) {
				t.Errorf("%s, flags %d: %v: %v", name, flags, e.Code, e)
			}
			t.Logf("%s, flags %d: %d MB of heap, %d MB counted; %v", name, flags, peak>>20, e.Stats.Memory>>20, e.Code)
			if peak > mostHeap {
				t.Errorf("%s, flags %d: the heap grew to %d MB", name, flags, peak>>20)
			}
		}
	}
}

// heapPeak verifies p and looks at the heap every few milliseconds.
func heapPeak(p *image.Program, opts *verifier.Options) (peak uint64, err error) {
	runtime.GC()
	done := make(chan error)
	go func() {
		_, err := verifier.Verify(context.Background(), p, opts)
		done <- err
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return peak, err
		case <-tick.C:
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
		}
	}
}

// BenchmarkScaling verifies programs of which a thousand to a million
// instructions are processed: the time for each must not grow.
func BenchmarkScaling(b *testing.B) {
	loop := func(body string, n int) func(int) string {
		return func(insns int) string {
			return fmt.Sprintf("    r7 = 1\n    r6 = 0\nloop:\n%s    r6 += 1\n    if r6 < %d goto loop\n    r0 = 2\n    exit\n", body, insns/n)
		}
	}
	for _, c := range []struct {
		name string
		text func(insns int) string
	}{
		{"counting", loop("    r7 *= 3\n", 3)},
		{"saving", loop("    *(u64 *)(r10 -8) = r6\n    r7 = *(u64 *)(r10 -8)\n    *(u64 *)(r10 -16) = r7\n", 5)},
		{"straight", func(insns int) string {
			block := "    r8 = *(u32 *)(r9 +12)\n    if r8 > 5 goto +1\n    r7 = 1\n" + strings.Repeat("    r7 += 1\n    r7 *= 3\n", 100)
			return "    r9 = r1\n    r7 = 1\n" + strings.Repeat(block, max(insns/310, 1)) + "    r0 = 2\n    exit\n"
		}},
	} {
		for _, insns := range []int{1_000, 10_000, 100_000, 999_000} {
			b.Run(fmt.Sprintf("%s/%d", c.name, insns), func(b *testing.B) {
				p := parse(b, c.name, c.text(insns))
				processed := 0
				for b.Loop() {
					v, err := verifier.Verify(context.Background(), p, nil)
					if err != nil {
						b.Fatal(err)
					}
					processed += v.Stats().Insns
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(processed), "ns/insn")
				b.ReportMetric(float64(processed)/float64(b.N), "insns")
			})
		}
	}
}
