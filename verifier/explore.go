//go:build verifierdraft

package verifier

import (
	"context"
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// verifier is one verification.
type verifier struct {
	ctx   context.Context
	prog  *image.Program
	insns []isa.Insn
	opts  Options
	kern  *btf.Spec // the target's types, nil for none
	log   *logger   // nil when no log is kept

	aux  []insnAux
	subs []subprog
	maps []mapInfo // prog.Maps first, inner maps after them

	// The path being walked.
	state    *state
	insn     int // the instruction at hand
	prevInsn int
	jumped   bool // the instruction was reached by a jump or call
	curHist  int  // 1 + index of the instruction's history entry

	queue []pending
	idgen uint32
	stats Stats
	facts []Fact

	privileged bool // CAP_BPF and CAP_PERFMON
	strict     bool // alignment is enforced
	freq       bool // checkpoints at every candidate
	invariants bool // BPF_F_TEST_REG_INVARIANTS
	sub        int  // subprogram that is verified now (a pass of its own)
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
	return s, v.enqueue(s, insn, prev, speculative)
}

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

// reject makes the reason for a rejection; the text is the kernel's, and is
// appended to the log.
func (v *verifier) reject(c Code, errno abi.Errno, format string, args ...any) error {
	msg := fmt.Sprintf(format, args...)
	v.log.printf("%s\n", msg)
	return &Error{Code: c, Insn: v.insn, Source: v.prog.LineAt(v.insn), Msg: msg, Errno: errno}
}

// bug is the reason when an invariant of the verifier is broken; a program can
// not cause it knowingly, and the load fails as the kernel's does.
func (v *verifier) bug(format string, args ...any) error {
	return v.reject(CodeInternal, abi.EFAULT, "verifier bug: "+format, args...)
}
