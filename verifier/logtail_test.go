package verifier_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/skepbpf/skep/verifier"
)

// verifyLog is the log of a program, whatever the verdict.
func verifyLog(t *testing.T, text string, opts *verifier.Options) string {
	t.Helper()
	v, err := verifier.Verify(context.Background(), parse(t, t.Name(), text), opts)
	var e *verifier.Error
	switch {
	case err == nil:
		return v.Log()
	case errors.As(err, &e):
		return e.Log
	}
	t.Fatal(err)
	return ""
}

// stable takes out what no two verifications share.
func stable(log string) string {
	lines := strings.SplitAfter(log, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "verification time ") {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "")
}

func TestLogSize(t *testing.T) {
	t.Parallel()
	const rounds = `    r6 = 0
loop:
    r6 += 1
    *(u64 *)(r10 -8) = r6
    if r6 < 300 goto loop
    r0 = 2
    exit
`
	full := stable(verifyLog(t, rounds, &verifier.Options{LogLevel: 2}))
	for _, size := range []int{1, 40, 1 << 10, 1<<12 + 1, 1 << 14, len(full) - 1} {
		opts := &verifier.Options{LogLevel: 2, LogSize: size}
		log := verifyLog(t, rounds, opts)
		head, rest, _ := strings.Cut(log, "\n")
		if want := fmt.Sprintf("[the first %d bytes of the log are cut]", len(full)-len(rest)); head != want {
			t.Errorf("size %d: first line %q, want %q", size, head, want)
		}
		if !strings.HasSuffix(full, "\n"+rest) {
			t.Errorf("size %d: not the last lines of the log:\n%s", size, rest)
		}
		if len(log) > max(size, len(head)+1) {
			t.Errorf("size %d: a log of %d bytes", size, len(log))
		}
		if most := len(full) / 300 * 3; size > 1<<10 && len(log) < size-most {
			t.Errorf("size %d: only %d bytes are left", size, len(log))
		}
	}
	if log := verifyLog(t, rounds, &verifier.Options{LogLevel: 2, LogSize: len(full)}); log != full {
		t.Errorf("a log of the size that is allowed is cut:\n%.100s", log)
	}
	// At level 1 nothing is left of what was cut, nor of the rest.
	log := verifyLog(t, rounds, &verifier.Options{LogLevel: 1, LogSize: 1 << 10})
	if lines := strings.Count(log, "\n"); lines != 1 || !strings.HasPrefix(log, "processed ") {
		t.Errorf("level 1: got\n%s", log)
	}
}

// TestLogMemory demands that a log of hundreds of megabytes, of a million
// instructions, takes no more than it may. It runs alone: others' memory would
// count.
func TestLogMemory(t *testing.T) {
	for _, c := range []struct {
		size, kept int
		heap       uint64
	}{
		{1 << 20, 1 << 20, mostHeap / 2},
		{0, 64 << 20, mostHeap},
	} {
		peak, err := heapPeak(parse(t, "calls", endless["calls seven deep"]), &verifier.Options{LogLevel: 2, LogSize: c.size})
		var e *verifier.Error
		if !errors.As(err, &e) {
			t.Fatalf("got %v, want a rejection", err)
		}
		head, _, _ := strings.Cut(e.Log, "\n")
		t.Logf("log of %d bytes, %s; %d MB of heap", len(e.Log), head, peak>>20)
		if len(e.Log) > c.kept || len(e.Log) < c.kept-1<<10 {
			t.Errorf("size %d: a log of %d bytes", c.size, len(e.Log))
		}
		if peak > c.heap {
			t.Errorf("size %d: the heap grew to %d MB", c.size, peak>>20)
		}
	}
}
