package verifier

import (
	"slices"
	"strings"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
)

// insnAux is what the static passes and the walk know of one slot.
type insnAux struct {
	// Set by the static passes.
	prune         bool               // states are compared here
	jump          bool               // reached by more than falling through: a history entry is kept
	force         bool               // a state is always kept here
	callsCallback bool               // a helper or kfunc that runs a callback synchronously
	iterNext      bool               // a kfunc that advances an open-coded iterator
	half          bool               // second slot of a 64-bit immediate
	bad           *isa.EncodingError // reserved fields, reported when walked
	mayGoto       bool
	call          callInfo
	live          uint16 // registers that may be read from here on
	scc           int32  // loop, 0 outside of loops
	sub           int32  // subprogram

	// Set by the walk.
	seen     bool
	loopBody int32   // bpf_loop: 1 + the subprogram that it runs
	inlined  bool    // bpf_loop: Linux would write the loop out
	ptrType  regType // what the access goes through, the same on all paths
	mapState int32   // helper call: 1 + index of the constant map, -1 varies
	kept     []keptStates
	memKind  Kind
	kindSet  bool
	varies   bool
	loadsPtr bool // a narrow load with a pointer as its result
	ctxOff   int16

	// Against speculative execution.
	barrier      bool // before the instruction
	barrierAfter bool
	alu          aluState
	aluLimit     uint32

	packetSet bool
	packet    uint16 // fewest bytes of packet that are there
}

// callInfo is what the static passes must know of a call.
type callInfo struct {
	args       uint16 // registers read, as a mask
	known      bool   // the callee is known
	changesPkt bool
	mightSleep bool
	fastcall   bool
	syncCB     bool // runs a callback before it returns
	asyncCB    bool // registers a callback to run later
	iterNext   bool
	isThrow    bool
}

// subprog is one function of the program.
type subprog struct {
	name       string
	start, end int
	global     bool
	tailCall   bool // contains one
	ldAbs      bool
	mayGoto    bool
	changesPkt bool
	mightSleep bool
	callback   bool // body of a callback
	asyncCB    bool
	exception  bool // the exception callback
	called     bool // by a path that was walked: a global function to verify
	verified   bool
	depth      int      // bytes of stack used
	args       []subArg // of a global function, by BTF
	argsKnown  bool
	typed      bool // has BTF
	misfit     bool // static, and once called with other arguments than its types say
	private    bool // runs on a stack of its own
	noPrivate  bool // must not
	tailReach  bool
}

const (
	maxSubprogs = 256
	maxProgLen  = 1000000
)

// subprogStarts is where functions that are called or pointed to begin, unsorted;
// with an error, those in front of it.
func (v *verifier) subprogStarts() ([]int, error) {
	starts := []int{0}
	for i := 0; i < len(v.insns); i++ {
		in := v.insns[i]
		local := in.Op == isa.CallOp && in.Src() == isa.CallLocal || in.Op == isa.LdImm64 && in.Src() == isa.PseudoFunc
		kfunc := in.Op == isa.CallOp && in.Src() == isa.CallKfunc
		v.insn = i
		if (local || kfunc) && !v.bpf {
			return starts, v.reject(CodeUnprivileged, abi.EPERM, "loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN")
		}
		if kfunc {
			if err := v.checkKfuncUse(i); err != nil {
				return starts, err
			}
		}
		if local {
			t := i + 1 + int(in.Imm)
			if t < 0 || t >= len(v.insns) {
				return starts, v.reject(CodeBadJump, abi.EINVAL, "call to invalid destination")
			}
			starts = append(starts, t)
		}
	}
	return starts, nil
}

// checkExceptionTags refuses more than one exception callback.
func (v *verifier) checkExceptionTags() error {
	if f := v.funcAt(0); f != nil && f.Type != nil {
		n := 0
		for _, tag := range f.Type.Tags {
			if strings.HasPrefix(tag, "exception_callback:") {
				n++
			}
		}
		if n > 1 {
			return v.reject(CodeException, abi.EEXIST, "multiple exception callback tags for main subprog")
		}
	}
	return nil
}

// addSubprogs finds the functions: the entry, and every target of a call or
// of a function address.
func (v *verifier) addSubprogs() error {
	starts, err := v.subprogStarts()
	if err != nil {
		slices.Sort(starts)
		v.subs = make([]subprog, len(slices.Compact(starts))) // for the log's figures
		return err
	}
	for _, f := range v.prog.Funcs {
		if f.ExceptionCallback && f.Start > 0 && f.Start < len(v.insns) {
			starts = append(starts, f.Start)
		}
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	if len(starts) >= maxSubprogs {
		return v.reject(CodeBadSubprog, abi.E2BIG, "too many subprograms")
	}
	v.subs = make([]subprog, len(starts))
	for i, s := range starts {
		sp := &v.subs[i]
		sp.start, sp.end = s, len(v.insns)
		if i+1 < len(starts) {
			sp.end = starts[i+1]
		}
		for j := range v.prog.Funcs {
			if f := &v.prog.Funcs[j]; f.Start == s {
				sp.name, sp.exception = f.Name, f.ExceptionCallback
				sp.callback, sp.asyncCB = f.ExceptionCallback, f.ExceptionCallback
				if sp.typed = f.Type != nil; sp.typed {
					sp.name = f.Type.Name // a symbol may bear the compiler's marks
				}
				sp.global = f.Global && f.Type != nil
			}
		}
		for j := sp.start; j < sp.end; j++ {
			v.aux[j].sub = int32(i)
		}
	}
	v.subs[0].global = true
	if err := v.checkExceptionTags(); err != nil {
		return err
	}
	v.logSubs()
	return nil
}

// subAt is the subprogram that starts at slot, -1 if none does.
func (v *verifier) subAt(slot int) int {
	if slot < 0 || slot >= len(v.insns) {
		return -1
	}
	if s := int(v.aux[slot].sub); v.subs[s].start == slot {
		return s
	}
	return -1
}

// callTarget is the first slot of the function that a call or function
// address names.
func (v *verifier) callTarget(i int) int { return i + 1 + int(v.insns[i].Imm) }

// isJump reports whether op transfers control inside a function.
func isJump(op isa.Op) bool {
	c := op.Class()
	return (c == isa.ClassJmp || c == isa.ClassJmp32) && op.Code() != isa.Call && op.Code() != isa.Exit
}

const (
	gotoOp  = isa.Op(uint8(isa.ClassJmp) | uint8(isa.JA))
	gotolOp = isa.Op(uint8(isa.ClassJmp32) | uint8(isa.JA))
	condOp  = isa.Op(uint8(isa.ClassJmp) | uint8(isa.JCond))
)

// jumpTarget is where a jump leads.
func (v *verifier) jumpTarget(i int) int {
	if v.insns[i].Op == gotolOp {
		return i + 1 + int(v.insns[i].Imm)
	}
	return i + 1 + int(v.insns[i].Off)
}

// checkSubprogs demands that jumps stay in their function and that no
// function falls through into the next.
func (v *verifier) checkSubprogs() error {
	for s := range v.subs {
		sp := &v.subs[s]
		for i := sp.start; i < sp.end; i++ {
			in := v.insns[i]
			v.insn = i
			if in.Op == isa.CallOp && in.Src() == isa.CallHelper && abi.HelperID(in.Imm) == helperTailCall {
				sp.tailCall, sp.tailReach = true, true
			}
			if m := in.Op.Mode(); in.Op.Class() == isa.ClassLd && (m == isa.ModeAbs || m == isa.ModeInd) {
				sp.ldAbs = true
			}
			if in.Op == condOp {
				sp.mayGoto = true
			}
			if isJump(in.Op) {
				if t := v.jumpTarget(i); t < sp.start || t >= sp.end {
					return v.reject(CodeBadJump, abi.EINVAL, "jump out of range from insn %d to %d", i, t)
				}
			}
			if i == sp.end-1 && in.Op != isa.ExitOp && in.Op != gotoOp && in.Op != gotolOp {
				return v.reject(CodeBadSubprog, abi.EINVAL, "last insn is not an exit or jmp")
			}
		}
	}
	return nil
}

// width is the number of slots of the instruction at i.
func (v *verifier) width(i int) int {
	if v.insns[i].IsWide() {
		return 2
	}
	return 1
}

// successors appends where control can go from i inside its function; a call
// returns to the next instruction.
func (v *verifier) successors(i int, to []int) []int {
	in := v.insns[i]
	switch {
	case in.Op == isa.ExitOp:
		return to
	case in.Op == gotoOp || in.Op == gotolOp:
		return append(to, v.jumpTarget(i))
	case isJump(in.Op):
		return append(to, i+v.width(i), v.jumpTarget(i))
	}
	if n := i + v.width(i); n < len(v.insns) {
		return append(to, n)
	}
	return to
}

// checkFlow demands that every instruction can be reached, and marks where
// states are compared and where the history needs an entry.
func (v *verifier) checkFlow() error {
	visited := make([]bool, len(v.insns))
	onPath := make([]bool, len(v.insns))
	type visit struct {
		insn int
		next []int
	}
	enter := func(i int) visit {
		visited[i], onPath[i] = true, true
		return visit{i, v.markFlow(i)}
	}
	roots := []int{0}
	for s := range v.subs {
		if v.subs[s].exception {
			roots = append(roots, v.subs[s].start)
		}
	}
	for _, root := range roots {
		if visited[root] {
			continue
		}
		path := []visit{enter(root)}
		for len(path) > 0 {
			top := &path[len(path)-1]
			if len(top.next) == 0 {
				onPath[top.insn] = false
				path = path[:len(path)-1]
				continue
			}
			n := top.next[0]
			top.next = top.next[1:]
			if n < 0 || n >= len(v.insns) {
				v.insn = top.insn
				return v.reject(CodeBadJump, abi.EINVAL, "jump out of range from insn %d to %d", top.insn, n)
			}
			if onPath[n] && !v.bpf {
				v.insn = top.insn
				return v.reject(CodeInfiniteLoop, abi.EINVAL, "back-edge from insn %d to %d", top.insn, n)
			}
			if !visited[n] {
				path = append(path, enter(n))
			}
		}
	}
	for i := 0; i < len(v.insns); i++ {
		v.insn = i
		if !visited[i] {
			return v.reject(CodeUnreachable, abi.EINVAL, "unreachable insn %d", i)
		}
		if v.insns[i].IsWide() {
			if visited[i+1] {
				return v.reject(CodeBadJump, abi.EINVAL, "jump into the middle of ldimm64 insn %d", i)
			}
			v.aux[i+1].half = true
			i++
		}
	}
	v.mergeEffects()
	return nil
}

// markFlow marks what instruction i asks for and lists where it leads.
func (v *verifier) markFlow(i int) []int {
	in, a := v.insns[i], &v.aux[i]
	mark := func(t int) {
		if t >= 0 && t < len(v.insns) {
			v.aux[t].prune, v.aux[t].jump = true, true
		}
	}
	next := i + v.width(i)
	switch {
	case in.Op == isa.LdImm64 && in.Src() == isa.PseudoFunc:
		mark(next)
		mark(v.callTarget(i))
		a.prune = true
		return []int{next, v.callTarget(i)}
	case in.Op == isa.ExitOp:
		return nil
	case in.Op == isa.CallOp:
		if in.Src() == isa.CallLocal {
			mark(next)
			mark(v.callTarget(i))
			a.prune = true
			return []int{next, v.callTarget(i)}
		}
		mark(next)
		c := v.callFacts(i)
		a.call = c
		if c.asyncCB {
			a.prune = true
		}
		if c.syncCB {
			a.callsCallback, a.force, a.prune, a.jump = true, true, true, true
		}
		if c.iterNext {
			a.iterNext, a.force, a.prune = true, true, true
		}
		return []int{next}
	case in.Op == gotoOp || in.Op == gotolOp:
		t := v.jumpTarget(i)
		mark(t)
		return []int{t}
	case isJump(in.Op):
		a.prune = true
		if in.Op == condOp {
			a.force, a.mayGoto = true, true
		}
		mark(v.jumpTarget(i))
		return []int{next, v.jumpTarget(i)}
	}
	return []int{next}
}

// mergeEffects carries "may sleep" and "changes packet data" from callees to
// callers until nothing changes.
func (v *verifier) mergeEffects() {
	for changed := true; changed; {
		changed = false
		for i := range v.insns {
			in, sp := v.insns[i], &v.subs[v.aux[i].sub]
			pkt, sleep := v.aux[i].call.changesPkt, v.aux[i].call.mightSleep
			if in.Op == isa.CallOp && in.Src() == isa.CallLocal || in.Op == isa.LdImm64 && in.Src() == isa.PseudoFunc {
				callee := &v.subs[v.aux[v.callTarget(i)].sub]
				pkt, sleep = callee.changesPkt, callee.mightSleep
			}
			if pkt && !sp.changesPkt || sleep && !sp.mightSleep {
				sp.changesPkt = sp.changesPkt || pkt
				sp.mightSleep = sp.mightSleep || sleep
				changed = true
			}
		}
	}
}
