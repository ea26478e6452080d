package host

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	_ Host = (*Real)(nil)
	_ Host = (*Fixed)(nil)
)

func TestRealClocksGoForward(t *testing.T) {
	t.Parallel()
	h := NewReal(RealOptions{})
	for _, c := range []Clock{Monotonic, Boot, Coarse, TAI} {
		last := h.Now(c)
		if last == 0 {
			t.Errorf("clock %d reads 0", c)
		}
		for range 1000 {
			n := h.Now(c)
			if n < last {
				t.Fatalf("clock %d went from %d to %d", c, last, n)
			}
			last = n
		}
	}
	if coarse, mono := h.Now(Coarse), h.Now(Monotonic); coarse > mono || mono-coarse > uint64(time.Second) {
		t.Errorf("coarse clock %d against %d", coarse, mono)
	}
	before, ns := h.Now(Monotonic), time.Now()
	time.Sleep(10 * time.Millisecond)
	if got, want := h.Now(Monotonic)-before, uint64(time.Since(ns)); got+uint64(time.Millisecond) < 10e6 || got > want+uint64(time.Second) {
		t.Errorf("clock counted %d ns while Go counted %d", got, want)
	}
}

func TestRealTaskIsThisProcess(t *testing.T) {
	t.Parallel()
	task := NewReal(RealOptions{}).Task()
	if int(task.TGID) != os.Getpid() {
		t.Errorf("TGID = %d, want %d", task.TGID, os.Getpid())
	}
	if task.PID == 0 || task.Comm[0] == 0 || task.Comm[15] != 0 {
		t.Errorf("task = %+v", task)
	}
}

func TestTraceLooksLikeTracePipe(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	h := NewReal(RealOptions{Trace: &b})
	h.Trace(3, []byte("hello"))
	want := regexp.MustCompile(`^ *\S.*-\d+ +\[003\] \S+ +\d+\.\d{6}: bpf_trace_printk: hello\n$`)
	if !want.MatchString(b.String()) {
		t.Errorf("line %q does not match %v", b.String(), want)
	}
}

func TestTraceLinesDoNotMix(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	h := NewReal(RealOptions{Trace: &b})
	var wg sync.WaitGroup
	for cpu := range 4 {
		wg.Go(func() {
			for range 100 {
				h.Trace(cpu, bytes.Repeat([]byte{'a'}, 100))
			}
		})
	}
	wg.Wait()
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 400 {
		t.Fatalf("%d lines, want 400", len(lines))
	}
	for _, l := range lines {
		if !strings.HasSuffix(l, ": "+strings.Repeat("a", 100)) {
			t.Errorf("broken line %q", l)
		}
	}
}

func TestFixedHostsRepeat(t *testing.T) {
	t.Parallel()
	read := func() []uint64 {
		h := NewFixed(FixedOptions{Step: 10, Seed: 7})
		var all []uint64
		for range 5 {
			all = append(all, h.Now(Monotonic), h.Now(Boot), h.Now(TAI), h.Now(Coarse), h.Jiffies(),
				uint64(h.Rand(1)), uint64(h.Rand(0)))
		}
		return all
	}
	a, b := read(), read()
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("reading %d is %d and %d", i, a[i], b[i])
		}
	}
}

func TestFixedRandomSequencesOfCPUsAreApart(t *testing.T) {
	t.Parallel()
	alone, mixed := NewFixed(FixedOptions{Seed: 1}), NewFixed(FixedOptions{Seed: 1})
	for range 10 {
		mixed.Rand(1)
	}
	for range 10 {
		if a, b := alone.Rand(0), mixed.Rand(0); a != b {
			t.Fatalf("CPU 0 drew %d alone and %d after CPU 1 drew", a, b)
		}
	}
}

func TestFixedClockAdvancesByItsStep(t *testing.T) {
	t.Parallel()
	h := NewFixed(FixedOptions{Start: time.Second, Step: 5})
	if a, b := h.Now(Monotonic), h.Now(Monotonic); a != 1e9 || b != a+5 {
		t.Errorf("readings %d, %d", a, b)
	}
	h.SetTime(2 * time.Second)
	h.Advance(time.Second)
	if got := h.Now(Monotonic); got != 3e9 {
		t.Errorf("after Advance: %d", got)
	}
	h.Trace(2, []byte("x"))
	if l := h.Lines(); len(l) != 1 || l[0].CPU != 2 || l[0].Text != "x" {
		t.Errorf("lines = %+v", l)
	}
}

func TestFixedTraceIsBounded(t *testing.T) {
	t.Parallel()
	h := NewFixed(FixedOptions{})
	for i := range maxTraceLines + 10 {
		h.Trace(i, nil)
	}
	l := h.Lines()
	if len(l) < maxTraceLines/2 || len(l) > maxTraceLines || l[len(l)-1].CPU != maxTraceLines+9 {
		t.Errorf("%d lines, the last of CPU %d", len(l), l[len(l)-1].CPU)
	}
}

func TestJiffiesStartFiveMinutesBeforeOverflow(t *testing.T) {
	t.Parallel()
	if got, want := jiffies(0, 4e6), uint64(1<<32-75000); got != want {
		t.Errorf("jiffies at boot = %d, want %d", got, want)
	}
	if got, want := jiffies(300e9, 4e6), uint64(1<<32); got != want {
		t.Errorf("jiffies five minutes after = %d, want %d", got, want)
	}
}

func BenchmarkNow(b *testing.B) {
	h := NewReal(RealOptions{})
	for b.Loop() {
		h.Now(Monotonic)
	}
}
