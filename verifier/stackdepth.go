package verifier

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
)

// privateFrom is the least frame that gets a stack of its own.
const privateFrom = 64

// maxTailStack is the most stack that frames above a function with a tail call
// may use: 33 tail calls must fit on the kernel's stack.
const maxTailStack = 256

// privateStacks reports whether frames of the program lie on a stack of their
// own, one a CPU. Linux 6.18: programs that the kernel keeps from recursion.
func (v *verifier) privateStacks() bool {
	for i := range v.subs {
		if v.subs[i].tailCall {
			return false
		}
	}
	switch v.prog.Type {
	case abi.Kprobe, abi.Tracepoint, abi.PerfEvent, abi.RawTracepoint:
		return true
	}
	return false
}

// roundFrame is the size of a frame in native code: a multiple of 16.
func roundFrame(n int) int { return (max(n, 1) + 15) &^ 15 }

// checkStackDepth demands that the frames of every chain of calls fit.
func (v *verifier) checkStackDepth() error {
	private := v.privateStacks()
	for s := range v.subs {
		sp := &v.subs[s]
		sp.private = private && sp.depth >= privateFrom
	}
	for s := range v.subs {
		if s > 0 && !v.subs[s].asyncCB {
			continue
		}
		d := depthWalk{v: v, onPath: make([]bool, len(v.subs))}
		if err := d.walk(s, 0, 1); err != nil {
			return err
		}
		v.totalDepth = max(v.totalDepth, d.deepest)
	}
	return nil
}

// depthWalk adds up the frames along all chains of calls from one function.
type depthWalk struct {
	v       *verifier
	onPath  []bool
	deepest int
	budget  int
}

// maxDepthSteps bounds the chains looked at.
const maxDepthSteps = 1 << 20

func (d *depthWalk) walk(s, depth, calls int) error {
	v := d.v
	sp := &v.subs[s]
	v.insn = sp.start
	if d.budget++; d.budget > maxDepthSteps {
		return v.reject(CodeCallDepth, abi.E2BIG, "the call graph is too complex")
	}
	// Frames above one that may be left by a tail call stay for all 33.
	if s > 0 && sp.tailCall && depth >= maxTailStack {
		return v.reject(CodeTailCall, abi.EACCES,
			"tail_calls are not allowed when call stack of previous frames is %d bytes. Too large", depth)
	}
	if sp.private {
		if sp.depth > maxStack {
			return v.reject(CodeStackDepth, abi.EACCES, "stack size of subprog %d is %d. Too large", s, sp.depth)
		}
	} else {
		depth += roundFrame(sp.depth)
		if depth > maxStack {
			return v.reject(CodeStackDepth, abi.EACCES, "combined stack size of %d calls is %d. Too large", calls, depth)
		}
	}
	d.deepest = max(d.deepest, depth)
	d.onPath[s] = true
	defer func() { d.onPath[s] = false }()
	for i := sp.start; i < sp.end; i++ {
		in := v.insns[i]
		call := in.Op == isa.CallOp && in.Src() == isa.CallLocal
		if !call && !(in.Op == isa.LdImm64 && in.Src() == isa.PseudoFunc) {
			continue
		}
		callee := v.subAt(v.callTarget(i))
		if callee < 0 {
			continue
		}
		if v.subs[callee].asyncCB {
			if v.subs[callee].tailCall {
				return v.reject(CodeTailCall, abi.EFAULT, "insn %d cannot call subprog %d with tail_call in async callback", i, callee)
			}
			if !call {
				continue // runs later, on a stack of its own
			}
		}
		if v.subs[callee].exception {
			return v.reject(CodeException, abi.EINVAL, "insn %d cannot call exception cb directly", i)
		}
		if d.onPath[callee] {
			return v.reject(CodeRecursion, abi.EINVAL, "recursive call from %s() to %s()", sp.name, v.subs[callee].name)
		}
		if calls >= maxFrames {
			return v.reject(CodeCallDepth, abi.E2BIG, "the call stack of %d frames is too deep !", calls+1)
		}
		if err := d.walk(callee, depth, calls+1); err != nil {
			return err
		}
	}
	return nil
}
