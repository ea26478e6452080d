package vm_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/corpus"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/internal/packet"
	"github.com/skepbpf/skep/internal/randprog"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
)

// factCheck compares every step of a run with the facts of the program.
type factCheck struct {
	p      *verifier.Program
	ranges map[int]verifier.Registers
	steps  int
	errs   []string

	prev  int // slot of the step before, -1 for none
	frame int
	regs  [11]uint64
}

func newFactCheck(p *verifier.Program) *factCheck {
	c := &factCheck{p: p, ranges: map[int]verifier.Registers{}, prev: -1}
	p.Numbers().Each(func(slot int, regs *verifier.Registers) { c.ranges[slot] = *regs })
	return c
}

func (c *factCheck) errorf(format string, args ...any) {
	if len(c.errs) < 5 {
		c.errs = append(c.errs, fmt.Sprintf(format, args...))
	}
}

// step checks one step of a run.
func (c *factCheck) step(s interp.Step) {
	c.steps++
	f := c.p.Fact(s.Slot)
	ranges, ok := c.ranges[s.Slot]
	if !f.Reached || !ok || !c.p.Numbers().At(s.Slot).Has(verifier.NumberReached) {
		c.errorf("slot %d runs and is said not to be reached (%v, %v)", s.Slot, f.Reached, ok)
		return
	}
	for r := range isa.FP {
		if !ranges[r].Has(s.Regs[r]) {
			c.errorf("slot %d: r%d = %#x is not in %+v", s.Slot, r, s.Regs[r], ranges[r])
		}
	}
	c.before(s)
	if c.prev >= 0 && s.Frame == c.frame {
		c.after(s)
	}
	c.prev, c.frame, c.regs = s.Slot, s.Frame, *s.Regs
}

// before checks what is said of the operands of the instruction about to run.
func (c *factCheck) before(s interp.Step) {
	in, n := c.p.Image().Insns[s.Slot], c.p.Numbers().At(s.Slot)
	is32 := in.Op.Class() == isa.ClassAlu || in.Op.Class() == isa.ClassJmp32 ||
		in.Op.Class() == isa.ClassStx && in.Op.Size() != isa.SizeDW
	dst, src := s.Regs[in.Dst()], uint64(int64(in.Imm))
	if in.Op.IsX() || in.Op.Class() == isa.ClassStx {
		src = s.Regs[in.Src()]
	}
	if n.Has(verifier.NumberDst32) && dst>>32 != 0 || n.Has(verifier.NumberSrc32) && src>>32 != 0 {
		c.errorf("slot %d: operands %#x and %#x do not fit in 32 bits", s.Slot, dst, src)
	}
	if is32 {
		dst, src = uint64(uint32(dst)), uint64(uint32(src))
	}
	if n.Has(verifier.NumberSource) && n.Value != src {
		c.errorf("slot %d: the source is %#x and not %#x", s.Slot, src, n.Value)
	}
	if n.Has(verifier.NumberKey) {
		if key := *mem.Addr(s.Regs[isa.R2]).U32(); uint64(key) != n.Value {
			c.errorf("slot %d: the key is %#x and not %#x", s.Slot, key, n.Value)
		}
	}
	if n.Has(verifier.NumberNonZero) && src == 0 {
		c.errorf("slot %d: the divisor is zero", s.Slot)
	}
	if n.Has(verifier.NumberNoOverflow) && (is32 && dst == 1<<31 && src == 1<<32-1 || !is32 && dst == 1<<63 && src == 1<<64-1) {
		c.errorf("slot %d: the division overflows", s.Slot)
	}
	if n.Has(verifier.NumberCount) && (is32 && src >= 32 || src >= 64) {
		c.errorf("slot %d: the count is %d", s.Slot, src)
	}
}

// after checks what is said of the outcome of the instruction before.
func (c *factCheck) after(s interp.Step) {
	in, n := c.p.Image().Insns[c.prev], c.p.Numbers().At(c.prev)
	switch in.Op.Class() {
	case isa.ClassJmp, isa.ClassJmp32:
		if in.Op.Code() == isa.Call || in.Op.Code() == isa.Exit || in.Off == 0 {
			break
		}
		jumped := s.Slot == c.prev+1+int(in.Off)
		if n.Has(verifier.NumberAlways) && !jumped || n.Has(verifier.NumberNever) && jumped {
			c.errorf("slot %d: the jump goes to %d", c.prev, s.Slot)
		}
	}
	r := in.Dst()
	switch {
	case in.Op == isa.CallOp && in.Src() == isa.CallHelper:
		r = isa.R0
	case in.Op == isa.CallOp || in.Op == isa.ExitOp:
		return
	}
	if n.Has(verifier.NumberFits32) && s.Regs[r]>>32 != 0 {
		c.errorf("slot %d: the result %#x does not fit in 32 bits", c.prev, s.Regs[r])
	}
	if n.Has(verifier.NumberResult) && s.Regs[r] != n.Value {
		c.errorf("slot %d: the result is %#x and not %#x", c.prev, s.Regs[r], n.Value)
	}
	if n.Has(verifier.NumberInBounds) && s.Regs[0] == 0 {
		c.errorf("slot %d: the lookup finds nothing", c.prev)
	}
}

// spoiler puts garbage where nobody is said to look.
type spoiler struct {
	p    *verifier.Program
	prev int
	n    int
}

// step spoils the upper half of the last result, if it was one of 32 bits that
// nobody is said to read.
func (g *spoiler) step(s interp.Step) {
	if g.prev >= 0 {
		in := g.p.Image().Insns[g.prev]
		if in.Op.Class() == isa.ClassAlu && in.Imm != 64 && !g.p.Fact(g.prev).ZExt32 {
			s.Regs[in.Dst()] |= 0xdead_beef << 32
			g.n++
		}
	}
	g.prev = s.Slot
}

// TestEveryStepIsInItsRange runs the cases of testdata/run.
func TestEveryStepIsInItsRange(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "run", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	total := 0
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := corpusCase{}
		for _, f := range a.Files {
			c[f.Name] = string(f.Data)
		}
		if c["fault"] != "" || c["progs"] != "" || c["only"] != "" && !strings.Contains(c["only"], "verified") {
			continue
		}
		coll, err := asm.Parse(file, []byte(c["prog.s"]))
		if err != nil {
			t.Fatal(err)
		}
		for _, img := range coll.Programs {
			typed(img)
			p, err := verifier.Verify(context.Background(), img, nil)
			if err != nil {
				continue
			}
			total += runWithFacts(t, img, p, c.hex(t, "ctx"), c.hex(t, "packet"))
		}
	}
	if total < 100 {
		t.Errorf("only %d steps", total)
	}
}

// TestEveryStepOfTheFactsExamplesIsInItsRange runs the programs whose facts the
// verifier's own test lists, on random contexts.
func TestEveryStepOfTheFactsExamplesIsInItsRange(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "verifier", "testdata", "numbers", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	r := rand.New(rand.NewPCG(2, 3))
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		coll, err := asm.Parse(file, a.Files[0].Data)
		if err != nil {
			t.Fatal(err)
		}
		img := coll.Programs[0]
		typed(img)
		p, err := verifier.Verify(context.Background(), img, nil)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for n := range 60 {
			bctx := randomContext(r)
			if runWithFacts(t, img, p, bctx, bctx[:n%4]) == 0 {
				t.Fatalf("%s cannot run", file)
			}
			if t.Failed() {
				t.Fatal(file)
			}
		}
	}
}

// randomContext is a context of numbers at which operations differ.
func randomContext(r *rand.Rand) []byte {
	bctx := make([]byte, 1024)
	for i := 0; i < len(bctx); i += 8 {
		binary.LittleEndian.PutUint64(bctx[i:], operand(r))
	}
	return bctx
}

// TestEveryStepOfTheObjectsIsInItsRange runs accepted programs of the objects in
// the folder that SKEP_ORACLE_OBJS names.
func TestEveryStepOfTheObjectsIsInItsRange(t *testing.T) {
	objs := corpus.Open(t, "*.bpf.o")
	ran, steps := 0, 0
	for _, coll := range objs.Objects() {
		for _, img := range coll.Programs {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			p, err := verifier.Verify(ctx, img, &verifier.Options{KernelTypes: objs.Types, CPUs: 2, MaxInsns: 200_000})
			cancel()
			if err != nil || !ownMemory(img, p) {
				continue
			}
			if n := runWithFacts(t, img, p, make([]byte, 1024), nil); n > 0 {
				ran, steps = ran+1, steps+n
			}
		}
	}
	t.Logf("%d programs, %d steps", ran, steps)
}

// TestEveryStepOfRandomProgramsIsInItsRange runs random programs on random
// contexts. SKEP_FACT_SEEDS is how many, for hours of it.
func TestEveryStepOfRandomProgramsIsInItsRange(t *testing.T) {
	t.Parallel()
	seeds := 400
	if n, err := strconv.Atoi(os.Getenv("SKEP_FACT_SEEDS")); err == nil {
		seeds = n
	}
	accepted, steps := 0, 0
	for seed := range seeds {
		img := randprog.New(uint64(seed), &randprog.Options{Types: []abi.ProgType{abi.XDP, abi.Syscall}, NoMutation: seed%4 != 0})
		p, err := verifier.Verify(context.Background(), img, &verifier.Options{MaxInsns: 20_000})
		if err != nil || !ownMemory(img, p) {
			continue
		}
		accepted++
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		for range 3 {
			n := runWithFacts(t, img, p, randomContext(r), nil)
			steps += n
			if n == 0 || img.Type == abi.XDP {
				break
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("%d programs accepted, %d steps", accepted, steps)
	if accepted < seeds/10 || steps < 10*seeds {
		t.Errorf("only %d programs accepted, %d steps", accepted, steps)
	}
}

// runWithFacts runs p behind the unverified door, once with every step checked
// and once with the upper halves spoiled that nobody reads, and returns the
// number of steps; 0 where the door cannot run it.
func runWithFacts(t *testing.T, img *image.Program, p *verifier.Program, bctx, pkt []byte) int {
	t.Helper()
	for _, in := range img.Insns {
		if in.Op == isa.CallOp && in.Src() == isa.CallHelper && abi.HelperID(in.Imm) == abi.TailCall {
			return 0 // the steps of another program have no facts here
		}
	}
	check, spoil := newFactCheck(p), &spoiler{p: p, prev: -1}
	plain, ok := doorRun(t, img, check.step, func() { check.prev = -1 }, bctx, pkt)
	if !ok {
		return 0
	}
	for _, e := range check.errs {
		t.Errorf("%s (%v): %s", img.Name, img.Type, e)
	}
	spoiled, _ := doorRun(t, img, spoil.step, func() { spoil.prev = -1 }, bctx, pkt)
	if spoiled != plain && spoil.n > 0 {
		t.Errorf("%s (%v): upper halves that nobody reads make a difference: %s, not %s", img.Name, img.Type, spoiled, plain)
	}
	return check.steps
}

// doorRun runs img in the checked interpreter and returns what came out of it.
func doorRun(t *testing.T, img *image.Program, trace func(interp.Step), begin func(), input, pkt []byte) (result string, ok bool) {
	t.Helper()
	table := bpfmap.NewTable(bpfmap.TableOptions{CPUs: 2, Seed: 1})
	rt, err := vm.NewRuntime(&vm.RuntimeOptions{Table: table, Host: host.NewFixed(host.FixedOptions{})})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	opts := &interp.UnverifiedOptions{Helpers: helper.Table(), CtxSize: len(input), Trace: trace}
	if img.Type == abi.XDP && pkt == nil && len(input) == 1024 {
		opts.CtxSize = 24
	}
	defer func() {
		for _, m := range opts.Maps {
			_ = m.Close()
		}
	}()
	for _, def := range img.Maps {
		m, err := bpfmap.New(def, bpfmap.Options{Table: table})
		if err != nil {
			return "", false
		}
		opts.Maps = append(opts.Maps, m)
		for _, e := range def.Contents {
			if s, ok := m.(bpfmap.Syscaller); ok && e.Value != nil {
				s.SysUpdate(e.Key, e.Value, abi.UpdateAny)
			}
		}
	}
	ready, err := interp.NewUnverified(img, opts)
	if err != nil {
		return "", false
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, err := rt.Runner(ctx, &vm.RunOptions{Budget: 1 << 18})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	note := func(r0 uint64, err error) {
		var f *vm.Fault
		if errors.As(err, &f) {
			result += fmt.Sprintf("fault %v at %d; ", f.Kind, f.Insn)
			return
		}
		result += fmt.Sprintf("%#x %v; ", r0, err)
	}
	if opts.CtxSize != 24 {
		a, b := memory(t, max(len(input), 1))
		copy(b, input)
		r.Context().Event = packetBytes(pkt)
		begin()
		note(r.Run(ready, a))
		return result + fmt.Sprintf("%x", b), true
	}
	for _, pkt := range packets() {
		x, err := packet.NewXDP(len(pkt))
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Load(pkt); err != nil {
			t.Fatal(err)
		}
		r.Context().Event = x
		a, _ := x.Raw()
		begin()
		note(r.Run(ready, a))
		_ = x.Close()
	}
	return result, true
}
