package difftest

import (
	"fmt"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier"
)

// follower is one run's way through a walk.
type follower struct {
	walk  *verifier.Walk
	img   *image.Program
	world *world
	tally *Tally

	passes []*pass
	prev   int // slot of the latest step
	regs   [11]uint64
	steps  int
	// the latest step in the frame at resultFP, for its result; -1 for none
	result   int
	resultFP uint64
	started  bool
	err      *Violation
	unfit    string // why the run can not go on in a made-up world
	// why the latest way that was tried is none
	why reason
	// scratch of linked
	links []link
}

// pass is a part of the run that was verified on its own: the entry, or a
// global function.
type pass struct {
	at     []candidate
	frames []frame
}

// frame is a function's activation in the machine. Registers of functions that
// wait are as they were at the call.
type frame struct {
	fp   uint64
	regs [11]uint64
}

// candidate is a visit whose state the machine may be in.
type candidate struct {
	visit int32
	free  freedom
}

// reason is why a visit's state is not the machine's.
type reason struct {
	visit   int32
	frame   int
	reg     int // -1 for a slot
	slot    int
	value   verifier.Value
	machine uint64
	text    string
}

// Violation is a step of a run that the verifier said could not be.
type Violation struct {
	Program string
	Seed    uint64
	Slot    int
	Step    int
	Text    string
}

// Error says where the run was and what it was there.
func (v *Violation) Error() string {
	return fmt.Sprintf("%s: seed %d: step %d: insn %d: %s", v.Program, v.Seed, v.Step, v.Slot, v.Text)
}

func (f *follower) fail(slot int, format string, args ...any) {
	if f.err == nil {
		f.err = &Violation{Program: f.img.Name, Slot: slot, Step: f.steps, Text: fmt.Sprintf(format, args...)}
	}
}

func (f *follower) top() *pass { return f.passes[len(f.passes)-1] }

func (p *pass) frame() *frame { return &p.frames[len(p.frames)-1] }

// step tells that the instruction at slot is about to run.
func (f *follower) step(slot int, regs *[11]uint64) {
	if f.err != nil || f.unfit != "" {
		return
	}
	f.steps++
	f.tally.Steps++
	if !f.started {
		f.started = true
		f.enterPass(0, slot, regs)
	} else {
		f.advance(slot, regs)
	}
	f.prev, f.regs = slot, *regs
}

// enterPass begins to follow subprogram fn as verified on its own.
func (f *follower) enterPass(fn, slot int, regs *[11]uint64) {
	p := &pass{frames: []frame{{fp: regs[10], regs: *regs}}}
	f.passes = append(f.passes, p)
	start := f.walk.Starts[fn]
	if start == 0 {
		f.fail(slot, "func %d runs and was not verified", fn)
		return
	}
	f.arrive(p, start, &freedom{})
	f.settled(slot)
}

// settled demands that some state is left.
func (f *follower) settled(slot int) {
	if f.err == nil && len(f.top().at) == 0 {
		f.fail(slot, "%s", f.why.format(f.walk))
	}
}

// advance moves over the instruction before slot.
func (f *follower) advance(slot int, regs *[11]uint64) {
	in, p := f.img.Insns[f.prev], f.top()
	switch {
	case in.Op == isa.ExitOp || in.Op.Class() == isa.ClassLd && !in.IsWide() && regs[10] != p.frame().fp:
		f.leave(slot, regs)
		return
	case in.Op != isa.CallOp:
		f.move(slot, regs)
		return
	case in.Src() == isa.CallLocal:
		f.enter(slot, regs)
		return
	case in.Src() == isa.CallKfunc && slot != f.prev+1:
		// An exception unwinds everything, and its callback runs alone.
		f.passes = f.passes[:0]
		f.enterPass(f.funcAt(slot), slot, regs)
		return
	case regs[10] == p.frame().fp:
		f.learn(in, regs)
		f.move(slot, regs)
		return
	}
	f.callback(in, slot, regs)
}

// move goes on in the same function.
func (f *follower) move(slot int, regs *[11]uint64) {
	p := f.top()
	p.frame().regs = *regs
	f.follow(p, slot, len(p.frames), func(v *verifier.Visit, free *freedom) bool { return f.flow(v, free) })
	f.settled(slot)
}

// follow replaces the states that the machine may be in by those after them.
func (f *follower) follow(p *pass, slot, depth int, flow func(*verifier.Visit, *freedom) bool) {
	from := p.at
	p.at = nil
	f.why = reason{text: fmt.Sprintf("no path goes on to insn %d", slot)}
	for i := range from {
		v := &f.walk.Visits[from[i].visit]
		free := from[i].free
		if !flow(v, &free) {
			continue
		}
		for _, n := range v.Next {
			w := &f.walk.Visits[n]
			if w.Slot != slot || len(w.Frames) != depth || w.Speculative || before(f.img, v, w) {
				continue
			}
			to := free
			f.arrive(p, n, &to)
		}
	}
}

// before reports whether w is v once more before its instruction took effect:
// the verifier walks some values of an operand on paths of their own.
func before(img *image.Program, v, w *verifier.Visit) bool {
	c := img.Insns[v.Slot].Op.Class()
	return v.Slot == w.Slot && (c == isa.ClassAlu || c == isa.ClassAlu64)
}

// arrive adds a visit, if the machine is one of those that it stands for, and
// those that stand for it.
func (f *follower) arrive(p *pass, n int32, free *freedom) {
	for i := range p.at {
		if p.at[i].visit == n && p.at[i].free == *free {
			return
		}
	}
	v := &f.walk.Visits[n]
	if !f.member(p, n, v, free) {
		return
	}
	if v.Cover != 0 {
		to := *free
		to.release(&v.Bound, &f.walk.Visits[v.Cover])
		f.tally.Covered++
		f.arrive(p, v.Cover, &to)
		return
	}
	p.at = append(p.at, candidate{n, *free})
	for _, m := range v.Next {
		if w := &f.walk.Visits[m]; before(f.img, v, w) && !w.Speculative {
			to := *free
			f.arrive(p, m, &to)
		}
	}
}

// enter follows a call of a function of the program.
func (f *follower) enter(slot int, regs *[11]uint64) {
	fn, p := f.funcAt(slot), f.top()
	p.frame().regs = f.regs
	switch {
	case fn < 0:
		f.fail(slot, "a call leads where no function begins")
	case f.walk.Funcs[fn].Alone:
		f.enterPass(fn, slot, regs)
	default:
		f.push(slot, regs, func(_ *verifier.Visit, free *freedom) bool {
			free.call(len(p.frames)-2, false)
			return true
		})
	}
}

// funcAt is the subprogram that begins at slot, -1 if none does.
func (f *follower) funcAt(slot int) int {
	for i := range f.walk.Funcs {
		if f.walk.Funcs[i].Start == slot {
			return i
		}
	}
	return -1
}

// push follows the run into a function that is part of the pass.
func (f *follower) push(slot int, regs *[11]uint64, flow func(*verifier.Visit, *freedom) bool) {
	p := f.top()
	p.frames = append(p.frames, frame{fp: regs[10], regs: *regs})
	if len(p.frames) > maxFrames {
		f.fail(slot, "%d functions deep", len(p.frames))
		return
	}
	f.follow(p, slot, len(p.frames), flow)
	f.settled(slot)
}

// callback follows a helper into the function that it runs.
func (f *follower) callback(in isa.Insn, slot int, regs *[11]uint64) {
	p := f.top()
	p.frame().regs = f.regs
	f.learnCallback(regs)
	f.push(slot, regs, func(_ *verifier.Visit, free *freedom) bool {
		free.call(len(p.frames)-2, true)
		return true
	})
}

// leave follows the end of a function.
func (f *follower) leave(slot int, regs *[11]uint64) {
	p := f.top()
	if len(p.frames) == 1 {
		if len(f.passes) == 1 {
			f.fail(slot, "the program goes on after its end")
			return
		}
		f.passes = f.passes[:len(f.passes)-1]
		p = f.top()
		f.prev = callOf(p, f.walk)
		f.move(slot, regs)
		return
	}
	last := len(p.frames) - 1
	site, callback := -1, false
	for i := range p.at {
		fr := f.walk.Visits[p.at[i].visit].Frames[last]
		site, callback = fr.CallSite, fr.Callback
	}
	p.frames = p.frames[:last]
	if !callback {
		p.frame().regs = *regs
		f.follow(p, slot, last, func(_ *verifier.Visit, free *freedom) bool {
			free.leave(last, true)
			return true
		})
		f.settled(slot)
		return
	}
	// The path comes back to the call, which then runs the callback again or
	// is over.
	f.prev, f.regs = site, p.frame().regs
	f.follow(p, site, last, func(_ *verifier.Visit, free *freedom) bool {
		free.leave(last, false)
		return true
	})
	if f.settled(site); f.err == nil {
		f.advance(slot, regs)
	}
}

// callOf is the call that p waits at.
func callOf(p *pass, w *verifier.Walk) int { return w.Visits[p.at[0].visit].Slot }

func (r *reason) format(w *verifier.Walk) string {
	if r.visit == 0 {
		return r.text
	}
	what := fmt.Sprintf("R%d", r.reg)
	if r.reg < 0 {
		what = fmt.Sprintf("fp%d", -8*(r.slot+1))
	}
	return fmt.Sprintf("frame %d %s = %#x: %s; visit %d of insn %d says %s",
		r.frame, what, r.machine, r.text, r.visit, w.Visits[r.visit].Slot, describe(&r.value))
}

var kindNames = [...]string{
	"nothing", "number", "context", "map", "map value", "map key", "stack", "packet metadata", "packet",
	"packet end", "memory", "function", "other",
}

func describe(v *verifier.Value) string {
	null := ""
	if v.MayBeNull {
		null = " or NULL"
	}
	return fmt.Sprintf("%s%s off=%d arg=%d id=%d link=%d bits=%v s64=[%d,%d] u64=[%d,%d] s32=[%d,%d] u32=[%d,%d]",
		kindNames[v.Kind], null, v.Off, v.Arg, v.ID, v.Link, v.Bits, v.SMin, v.SMax, v.UMin, v.UMax, v.S32Min, v.S32Max, v.U32Min, v.U32Max)
}
