package vm_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
)

// rawWriter writes random raw programs: they index, compare with the length and
// with each other, save, and access what they believe to be there.
type rawWriter struct {
	*rand.Rand
	b     strings.Builder
	label int
	depth int
}

func (w *rawWriter) linef(format string, args ...any) {
	fmt.Fprintf(&w.b, "    "+format+"\n", args...)
}

// The registers: r6 is the memory and r7 its length, for good.
func (w *rawWriter) number() int { return 3 + w.IntN(3) }

func (w *rawWriter) constant() int {
	few := [...]int{0, 1, 2, 3, 4, 6, 8, 9, 12, 14, 15, 16, 20, 31, 32, 63, 64, -1, -2, -4, -8, -14, 0x7fffffff, -0x80000000}
	return few[w.IntN(len(few))]
}

func (w *rawWriter) access(base string) {
	size := [...]int{8, 16, 32, 64}[w.IntN(4)]
	off := [...]int{0, 0, 0, 1, 2, 3, 4, 7, 8, 12, 15, -1, -4, -8}[w.IntN(14)]
	switch w.IntN(4) {
	case 0:
		w.linef("*(u%d *)(%s %+d) = %d", size, base, off, w.IntN(100))
	case 1:
		if size < 64 {
			w.linef("r%d = *(s%d *)(%s %+d)", w.number(), size, base, off)
			break
		}
		fallthrough
	default:
		w.linef("r%d = *(u%d *)(%s %+d)", w.number(), size, base, off)
	}
}

func (w *rawWriter) operand() string {
	switch w.IntN(5) {
	case 0:
		return fmt.Sprint(w.constant())
	case 1, 2, 3:
		return "r7"
	}
	return fmt.Sprintf("r%d", w.number())
}

func (w *rawWriter) condition() string {
	op := [...]string{"<", "<=", ">", ">=", "s<", "s<=", "s>", "s>=", "==", "!=", "&"}[w.IntN(11)]
	a, b := fmt.Sprintf("r%d", w.number()), w.operand()
	if w.IntN(4) == 0 {
		a, b = "r7", a
	}
	if w.IntN(4) == 0 && b[0] == 'r' {
		a, b = "w"+a[1:], "w"+b[1:]
	}
	return a + " " + op + " " + b
}

func (w *rawWriter) statement() {
	n := w.number()
	switch w.IntN(16) {
	case 0:
		w.linef("r%d = %d", n, w.constant())
	case 1:
		w.linef("r%d = r%d", n, w.number())
	case 2:
		w.linef("r%d = r7", n)
	case 3:
		w.linef("%s%d += %d", [...]string{"r", "w"}[w.IntN(2)], n, w.constant())
	case 4:
		w.linef("r%d %s r%d", n, [...]string{"+=", "-=", "&=", "|=", "*="}[w.IntN(5)], w.number())
	case 5:
		w.linef("r%d %s %d", n, [...]string{"&=", ">>=", "<<="}[w.IntN(3)], 1+w.IntN(31))
	case 6:
		w.access("r6")
	case 7:
		w.linef("*(u64 *)(r10 -8) = r%d", n)
		w.linef("r%d = *(u%d *)(r10 -8)", w.number(), [...]int{64, 64, 32, 8}[w.IntN(4)])
	case 8, 9:
		w.linef("if %s goto out", w.condition())
	case 10:
		w.label++
		l := w.label
		w.linef("if %s goto l%d", w.condition(), l)
		for range 1 + w.IntN(3) {
			w.statement()
		}
		fmt.Fprintf(&w.b, "l%d:\n", l)
	case 11:
		w.linef("r9 = r6")
		w.linef("r9 += %d", w.constant()&15)
		w.linef("r8 = r6")
		w.linef("r8 += r7")
		w.linef("if r9 %s r8 goto out", [...]string{"<", "<=", ">", ">="}[w.IntN(4)])
		w.access("r9")
		w.access("r6")
	case 12:
		if w.depth == 0 {
			w.depth++
			w.label++
			l := w.label
			w.linef("r2 = 0")
			fmt.Fprintf(&w.b, "l%d:\n", l)
			for range 1 + w.IntN(4) {
				w.statement()
			}
			w.linef("r2 += %d", 1+w.IntN(4))
			w.linef("if r2 < %d goto l%d", 1+w.IntN(12), l)
			w.depth--
		}
	default:
		// The common form: an offset, what is wanted behind it, the question.
		off := w.number()
		if w.IntN(2) == 0 {
			w.linef("r9 = r%d", off)
			w.linef("%s9 += %d", [...]string{"r", "w"}[w.IntN(2)], w.IntN(9))
			w.linef("if r9 %s r7 goto out", [...]string{">", ">=", "!=", "s>"}[w.IntN(4)])
		} else {
			w.linef("if r%d %s r7 goto out", off, [...]string{">", ">=", "!=", "==", "s>="}[w.IntN(5)])
		}
		w.linef("r9 = r6")
		w.linef("r9 += r%d", off)
		w.access("r9")
	}
}

// rawProgram is a random raw program and the memory that it was promised.
func rawProgram(seed uint64) string {
	w := &rawWriter{Rand: rand.New(rand.NewPCG(seed, 7))}
	least := [...]int{0, 1, 4, 8, 16, 33}[w.IntN(6)]
	fmt.Fprintf(&w.b, ".program main section=raw memory=%d flags=%d\n", least, [...]abi.ProgFlags{0, abi.TestStateFreq}[w.IntN(2)])
	for _, line := range []string{"r6 = r1", "r7 = r2", "r0 = 0", "r2 = 0", "r8 = 0", "r9 = 0", "*(u64 *)(r10 -8) = r0"} {
		w.linef("%s", line)
	}
	for r := 3; r < 6; r++ {
		if least >= 8 && w.IntN(3) > 0 {
			w.linef("r%d = *(u%d *)(r6 +%d)", r, [...]int{8, 8, 16, 32, 64}[w.IntN(5)], w.IntN(least-7))
		} else {
			w.linef("r%d = %d", r, w.IntN(20))
		}
	}
	for range 3 + w.IntN(12) {
		w.statement()
	}
	w.linef("r0 = r%d", w.number())
	w.b.WriteString("out:\n    exit\n")
	return w.b.String()
}

// TestRawProgramsStayInTheirMemory runs random raw programs that the verifier
// accepts with memory of many lengths: through the door that checks every
// access, and in the engines, which must give the same. SKEP_RAW is how long, by
// default a number of programs.
func TestRawProgramsStayInTheirMemory(t *testing.T) {
	t.Parallel()
	count := 3000
	var until time.Time
	if s := os.Getenv("SKEP_RAW"); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatal(err)
		}
		count, until = 1<<60, time.Now().Add(d)
	}
	rt, err := vm.NewRuntime(&vm.RuntimeOptions{CPUs: 1})
	if err != nil {
		t.Fatal(err)
	}
	run, err := rt.Runner(context.Background(), &vm.RunOptions{Budget: 100000})
	if err != nil {
		t.Fatal(err)
	}
	block, err := mem.Alloc(256)
	if err != nil {
		t.Fatal(err)
	}
	accepted := 0
	for i := range count {
		if !until.IsZero() && time.Now().After(until) {
			break
		}
		if rawRuns(t, run, block, rawProgram(uint64(i))) {
			accepted++
		}
		if t.Failed() {
			break
		}
	}
	if accepted < 50 {
		t.Errorf("%d programs were accepted", accepted)
	}
	t.Logf("%d programs accepted", accepted)
	if err := errors.Join(run.Close(), rt.Close(), mem.Free(block)); err != nil {
		t.Error(err)
	}
}

func rawRuns(t *testing.T, run *vm.Runner, block []byte, text string) bool {
	t.Helper()
	coll, err := asm.Parse("raw", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	img := coll.Programs[0]
	img.Funcs = nil
	proven, err := verifier.Verify(context.Background(), img, &verifier.Options{MaxInsns: 20000, Caps: [...]verifier.Caps{0, verifier.CapSysAdmin}[len(text)&1]})
	if err != nil {
		return false
	}
	door, err := interp.NewUnverified(img, &interp.UnverifiedOptions{Helpers: helper.Table()})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	progs := map[string]*vm.Program{"door": door}
	if progs["interp"], err = vm.New(proven, vm.Options{Engine: interp.Engine{}}); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if e, err := native(); err == nil {
		if progs["jit"], err = vm.New(proven, vm.Options{Engine: e}); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	}
	r := rand.New(rand.NewPCG(uint64(len(text)), 1))
	before := make([]byte, len(block))
	for n := range 48 {
		size := int(img.Memory) + n
		few := [...]byte{0, 0, 0, 0xff, 0xff, byte(r.Uint32())}[r.IntN(6)]
		for i := range before {
			switch before[i] = few; r.IntN(6) {
			case 0:
				before[i] = byte(r.Uint32())
			case 1:
				before[i] = byte(r.Uint32() & 15)
			case 2:
				before[i] = -byte(r.Uint32() & 15)
			}
		}
		var want uint64
		var after []byte
		for _, name := range []string{"door", "interp", "jit"} {
			p := progs[name]
			if p == nil {
				continue
			}
			copy(block, before)
			r0, err := run.RunMemory(p, mem.AddrOf(block), size)
			switch {
			case err != nil:
				t.Errorf("%s: memory of %d bytes: %v\n%s", name, size, err, text)
				return true
			case name == "door":
				want, after = r0, append([]byte{}, block...)
			case r0 != want || string(block) != string(after):
				t.Errorf("%s: memory of %d bytes: r0 = %#x, want %#x; memory %x, want %x\n%s", name, size, r0, want, block[:size], after[:size], text)
				return true
			}
		}
	}
	for _, p := range progs {
		_ = p.Close()
	}
	return true
}

// TestRawProgramsWantTheirMemory demands that runs give a raw program what it was
// verified with, and that only those runs take it.
func TestRawProgramsWantTheirMemory(t *testing.T) {
	t.Parallel()
	const text = `
.program wants section=raw memory=4
    r0 = *(u32 *)(r1 +0)
    r0 += r2
    exit
.program plain section=socket
    r0 = 1
    exit
`
	for _, engine := range []string{"verified", "jit verified"} {
		if _, err := native(); err != nil && engine != "verified" {
			continue
		}
		w := newWorld(t, engine, "memory", []byte(text), 0)
		r := w.runner(t, 0)
		m, err := mem.Alloc(64)
		if err != nil {
			t.Fatal(err)
		}
		m[0] = 7
		if r0, err := r.RunMemory(w.progs["wants"], mem.AddrOf(m), 60); r0 != 67 || err != nil {
			t.Errorf("%s: r0 = %d, %v", engine, r0, err)
		}
		if _, err := r.RunMemory(w.progs["wants"], mem.AddrOf(m), 3); !errors.Is(err, abi.EINVAL) {
			t.Errorf("%s: 3 bytes: %v", engine, err)
		}
		if _, err := r.RunMemory(w.progs["wants"], mem.AddrOf(m), abi.MaxMemory+1); !errors.Is(err, abi.E2BIG) {
			t.Errorf("%s: too much: %v", engine, err)
		}
		if _, err := r.Run(w.progs["wants"], 0); !errors.Is(err, abi.EINVAL) {
			t.Errorf("%s: no memory: %v", engine, err)
		}
		if _, err := r.RunMemory(w.progs["plain"], mem.AddrOf(m), 60); err == nil {
			t.Errorf("%s: a socket filter ran on memory", engine)
		}
		if err := w.progs["wants"].Close(); err != nil {
			t.Error(err)
		}
		if _, err := r.RunMemory(w.progs["wants"], mem.AddrOf(m), 60); !errors.Is(err, vm.ErrClosed) {
			t.Errorf("%s: closed: %v", engine, err)
		}
		if err := mem.Free(m); err != nil {
			t.Error(err)
		}
	}
}
