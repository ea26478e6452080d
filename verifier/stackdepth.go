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
	info := v.prog.Type.Info()
	return info != nil && info.HasPrivateStack(v.prog.Attach)
}

// roundFrame is the size of a frame in native code: a multiple of 16, nothing
// for a function that uses no stack.
func roundFrame(n int) int { return (n + 15) &^ 15 }

// checkStackDepth demands that the frames of every chain of calls fit. What
// runs on its own, later or after an exception, has a stack of its own; a
// function that is also reached from there has no private one.
func (v *verifier) checkStackDepth() error {
	private := v.privateStacks()
	for s := len(v.subs) - 1; s >= 0; s-- {
		if s > 0 && !v.subs[s].asyncCB && !v.subs[s].exception {
			continue
		}
		d := depthWalk{v: v, onPath: make([]int, len(v.subs)), private: private && s == 0}
		if err := d.walk(s, 0, 1, false); err != nil {
			return err
		}
		v.totalDepth = max(v.totalDepth, d.deepest)
	}
	return nil
}

// depthWalk adds up the frames along all chains of calls from one function.
type depthWalk struct {
	v       *verifier
	onPath  []int // frames of each function
	private bool  // frames may be private
	deepest int
	budget  int
}

// maxDepthSteps bounds the chains looked at.
const maxDepthSteps = 1 << 20

// walk adds function s to a chain of calls; inCallback is true where one of the
// functions above is a callback.
func (d *depthWalk) walk(s, depth, calls int, inCallback bool) error {
	v := d.v
	sp := &v.subs[s]
	v.insn = sp.start
	if d.budget++; d.budget > maxDepthSteps {
		return v.reject(CodeCallDepth, abi.E2BIG, "the call graph is too complex")
	}
	inCallback = inCallback || sp.callback || sp.exception
	// Frames above one that may be left by a tail call stay for all 33.
	if s > 0 && sp.tailCall && depth >= maxTailStack {
		return v.reject(CodeTailCall, abi.EACCES,
			"tail_calls are not allowed when call stack of previous frames is %d bytes. Too large", depth)
	}
	size := roundFrame(sp.depth)
	if !d.private {
		sp.noPrivate = true
	}
	sp.private = !sp.noPrivate && size >= privateFrom
	if sp.private {
		if size > maxStack {
			return v.reject(CodeStackDepth, abi.EACCES, "stack size of subprog %d is %d. Too large", s, size)
		}
	} else {
		depth += size
		if depth > maxStack {
			return v.reject(CodeStackDepth, abi.EACCES, "combined stack size of %d calls is %d. Too large", calls, depth)
		}
	}
	d.deepest = max(d.deepest, depth)
	d.onPath[s]++
	defer func() { d.onPath[s]-- }()
	for i := sp.start; i < sp.end; i++ {
		if err := d.walkCall(s, i, depth, calls, inCallback); err != nil {
			return err
		}
	}
	return nil
}

// walkCall follows the instruction at i of function s if it calls a function,
// or names one.
func (d *depthWalk) walkCall(s, i, depth, calls int, inCallback bool) error {
	v, in := d.v, d.v.insns[i]
	if inCallback && v.aux[i].call.isThrow {
		v.insn = i
		return v.reject(CodeException, abi.EINVAL, "bpf_throw kfunc (insn %d) cannot be called from callback subprog %d", i, s)
	}
	call := in.Op == isa.CallOp && in.Src() == isa.CallLocal
	if !call && !(in.Op == isa.LdImm64 && in.Src() == isa.PseudoFunc) {
		return nil
	}
	callee := v.subAt(v.callTarget(i))
	if callee < 0 {
		return nil
	}
	to := &v.subs[callee]
	if to.asyncCB || to.exception {
		if to.tailCall {
			return v.reject(CodeTailCall, abi.EFAULT, "insn %d cannot call subprog %d with tail_call in async callback", i, callee)
		}
		if !call {
			return nil // runs later, on a stack of its own
		}
		if to.exception {
			err := v.reject(CodeException, abi.EINVAL, "insn %d cannot call exception cb directly", i)
			v.log.chop() // Linux 6.18: no end of line.
			return err
		}
	}
	if calls >= maxFrames {
		code := CodeCallDepth
		if d.onPath[callee] > 0 {
			code = CodeRecursion
		}
		return v.reject(code, abi.E2BIG, "the call stack of %d frames is too deep !", calls)
	}
	return d.walk(callee, depth, calls+1, inCallback)
}
