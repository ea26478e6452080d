package verifier

import (
	"context"
	"fmt"
	"strings"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// verifier is one verification.
type verifier struct {
	ctx   context.Context
	prog  *image.Program
	isRaw bool // prog.Type is abi.Raw
	insns []isa.Insn
	opts  Options
	log   *logger // nil when no log is kept

	aux  []insnAux
	subs []subprog
	maps []mapInfo // prog.Maps first, inner maps after them

	// The path being walked.
	state    *state
	insn     int // the instruction at hand
	prevInsn int
	cameFrom int // the instruction before the one at hand
	curHist  int // 1 + index of the instruction's history entry

	queue []pending
	// buckets are the numbers of states kept under each key of keptStates, which
	// instructions share.
	buckets []int32
	idgen   uint32
	stats   Stats
	alive   int // states kept and not yet given up, back-edges too
	bytes   int // that they take

	postorder []int // all slots, each function's after one another
	spans     map[spanKey]Span

	totalDepth int // bytes of stack, of the deepest chain of calls

	jumps, prevJumps int // conditional jumps and calls walked; at the last kept state
	prevInsns        int

	live   liveness
	loops  map[loopKey]*sccVisit
	demand demand
	ids    idMap

	rules

	caps         Caps // what the user may do; bpf and perfmon are two of them
	bpf, perfmon bool
	exactScalars bool // scalars are equal only if all is known alike

	throws     bool // bpf_throw is called
	leftCall   bool // a call of no kernel function is reached
	strict     bool // alignment is enforced
	freq       bool // checkpoints at every candidate
	invariants bool // BPF_F_TEST_REG_INVARIANTS
	sub        int  // subprogram that is verified now (a pass of its own)

	notes    []string // lines of log that a reason at noteInsn completes
	noteInsn int
}

// mapInfo is a map that a register can point to. Registers hold its index.
type mapInfo struct {
	*image.Map
	index int // in image.Program.Maps, -1 for the template of inner maps
	inner int // index of the inner map's info, -1 if none
}

// pending is a path to continue.
type pending struct {
	state    *state
	insn     int
	prevInsn int
	logPos   int
}

// fork queues a copy of the current state to continue at insn as if it came
// from prev. The caller changes the copy.
func (v *verifier) fork(insn, prev int, speculative bool) (*state, error) {
	s := v.newState()
	v.state.cloneInto(s)
	s.parent = v.state.parent
	s.branches = 1
	return s, v.enqueue(s, insn, prev, speculative)
}

// newState is a state to be filled.
func (v *verifier) newState() *state { return new(state) }

// maxQueue is the most jumps that may wait. Linux 6.18: BPF_COMPLEXITY_LIMIT_JMP_SEQ.
const maxQueue = 8192

func (v *verifier) enqueue(s *state, insn, prev int, speculative bool) error {
	v.queue = append(v.queue, pending{state: s, insn: insn, prevInsn: prev, logPos: v.log.pos()})
	s.speculative = s.speculative || speculative
	if len(v.queue) > maxQueue {
		return v.reject(CodeTooManyJumps, abi.EFAULT, "The sequence of %d jumps is too complex.", len(v.queue))
	}
	if s.parent != nil {
		s.parent.branches++
	}
	return nil
}

// newID is an id that nothing has yet.
func (v *verifier) newID() uint32 {
	v.idgen++
	return v.idgen
}

// reg is a register of the running frame.
func (v *verifier) reg(n int) *reg { return &v.state.frame().regs[n] }

// note logs a line that goes before a reason: with its sizes, or what it is
// about.
func (v *verifier) note(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	v.log.printf("%s\n", line)
	if v.noteInsn != v.insn {
		v.notes = v.notes[:0]
	}
	v.noteInsn, v.notes = v.insn, append(v.notes, line)
}

// reject makes the reason for a rejection; the text is the kernel's, and is
// appended to the log.
func (v *verifier) reject(c Code, errno abi.Errno, format string, args ...any) error {
	msg := fmt.Sprintf(format, args...)
	v.log.printf("%s\n", msg)
	e := &Error{Code: c, Insn: v.insn, Source: v.prog.LineAt(v.insn), Msg: msg, Linux: msg, Errno: errno}
	if v.noteInsn == v.insn {
		e.Detail = strings.Join(v.notes, "\n")
	}
	return e
}

// bug is the reason when an invariant of the verifier is broken; a program can
// not cause it knowingly, and the load fails as the kernel's does.
func (v *verifier) bug(format string, args ...any) error {
	return v.reject(CodeInternal, abi.EFAULT, "verifier bug: "+format, args...)
}

// walkSub verifies subprogram sub as a pass of its own: the entry, or a global
// function.
func (v *verifier) walkSub(sub int) error {
	v.sub = sub
	s := v.newState()
	f := &frame{callsite: -1, sub: int32(sub)}
	s.frames[0] = f
	s.branches = 1
	s.firstInsn, s.lastInsn = int32(v.subs[sub].start), -1
	v.state = s
	f.regs[isa.FP].setPointer(ptStack)
	v.insn, v.prevInsn = v.subs[sub].start, -1
	v.queue = v.queue[:0]
	clear(v.loops)
	v.bytes = 0
	for i := range v.aux {
		v.aux[i].kept = nil
	}
	clear(v.buckets)
	if err := v.prepareSub(sub); err != nil {
		return err
	}
	return v.walk()
}

// walk follows the current path to its end, then the waiting ones.
func (v *verifier) walk() error {
	for {
		end, err := v.path()
		if err != nil {
			return err
		}
		if !end {
			continue
		}
		if err := v.finish(v.state); err != nil {
			return err
		}
		v.logLiveStack()
		v.state.release()
		n := len(v.queue)
		if n == 0 {
			v.log.reset(0)
			return nil
		}
		p := v.queue[n-1]
		v.queue[n-1] = pending{}
		v.queue = v.queue[:n-1]
		v.state, v.insn, v.prevInsn = p.state, p.insn, p.prevInsn
		v.log.reset(p.logPos)
		v.logPop()
	}
}

// pollInterval is how many instructions pass between looks at the context.
const pollInterval = 4096

// path walks one path to its end.
func (v *verifier) path() (end bool, err error) {
	for {
		if v.insn < 0 || v.insn >= len(v.insns) {
			return true, v.bug("invalid insn idx %d insn_cnt %d", v.insn, len(v.insns))
		}
		v.curHist, v.cameFrom = 0, v.prevInsn
		v.stats.Insns++
		if v.stats.Insns > v.opts.MaxInsns {
			return true, v.reject(CodeTooManyInsns, abi.E2BIG, "BPF program is too large. Processed %d insn", v.stats.Insns)
		}
		if v.stats.Insns%pollInterval == 0 && v.ctx.Err() != nil {
			return true, v.reject(CodeCanceled, abi.EAGAIN, "verification canceled: %v", v.ctx.Err())
		}
		s, a := v.state, &v.aux[v.insn]
		s.lastInsn, s.insn = int32(v.prevInsn), int32(v.insn)
		if v.opts.Walk != nil {
			v.opts.Walk.visit(v)
		}
		if a.prune {
			done, err := v.visited()
			if err != nil {
				return true, err
			}
			if done {
				v.logSafe()
				return true, nil
			}
		}
		if a.jump {
			if err := v.pushHist(s, 0, linkedSet{}); err != nil {
				return true, err
			}
		}
		if v.log != nil {
			v.logStep()
		}
		a.seen = a.seen || !s.speculative
		v.prevInsn = v.insn
		if s.speculative && a.barrier {
			return true, nil
		}
		v.live.begin(v)
		end, err := v.step()
		if err != nil {
			return true, v.barrier(a, err)
		}
		v.live.commit()
		if end || a.barrierAfter && v.state.speculative {
			return true, nil
		}
	}
}

// noteStack tells the log that a slot may have changed. Linux 6.18: of the same
// number in the running frame, whichever frame it is in.
func (v *verifier) noteStack(off int) {
	if v.log != nil {
		i, _ := fpOff(off)
		v.log.touchSlot(i)
	}
}

// isXSK and isSockMap tell maps whose values are sockets.
func (m *mapInfo) isXSK() bool     { return m.Type == abi.XSKMap }
func (m *mapInfo) isSockMap() bool { return m.Type == abi.SockMap || m.Type == abi.SockHash }
