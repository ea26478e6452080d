package verifier

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
)

// step carries out the current instruction and moves to the next one. end is
// true where the path ends.
func (v *verifier) step() (end bool, err error) {
	in := v.insns[v.insn]
	if bad := v.aux[v.insn].bad; bad != nil {
		return true, v.rejectEncoding(bad)
	}
	switch in.Op.Class() {
	case isa.ClassAlu, isa.ClassAlu64:
		err = v.stepALU(in)
	case isa.ClassLdx:
		err = v.stepLoad(in)
	case isa.ClassSt:
		err = v.stepStore(in)
	case isa.ClassStx:
		if in.Op.Mode() == isa.ModeAtomic {
			err = v.stepAtomic(in)
		} else {
			err = v.stepStore(in)
		}
	case isa.ClassLd:
		if in.Op != isa.LdImm64 {
			err = v.stepLegacyLoad(in)
			if err == nil && v.state.cur > 0 {
				return v.returnEarly(true)
			}
			break
		}
		err = v.stepImm64(in)
		v.insn++
	default:
		v.jumps++
		return v.stepJump(in)
	}
	v.insn++
	return false, err
}

func (v *verifier) stepJump(in isa.Insn) (end bool, err error) {
	switch {
	case in.Op == gotoOp || in.Op == gotolOp:
		v.insn = v.jumpTarget(v.insn)
		return false, nil
	case in.Op == isa.ExitOp:
		return v.stepReturn()
	case in.Op == isa.CallOp:
		return v.stepCallInsn(in)
	}
	return false, v.stepBranch(in)
}

// helperTailCall and the like are the helpers that the walk itself knows.
const (
	helperTailCall   = abi.TailCall
	helperSpinUnlock = abi.SpinUnlock
	helperKptrXchg   = abi.KptrXchg
)

func (v *verifier) stepCallInsn(in isa.Insn) (end bool, err error) {
	if v.state.activeLocks > 0 {
		id := abi.HelperID(in.Imm)
		if in.Src() == isa.CallHelper && id != helperSpinUnlock && id != helperKptrXchg ||
			in.Src() == isa.CallKfunc && !v.kfuncUnderLock(v.insn) {
			return true, v.reject(CodeLock, abi.EINVAL, "function calls are not allowed while holding a lock")
		}
	}
	switch in.Src() {
	case isa.CallLocal:
		return false, v.callSub()
	case isa.CallKfunc:
		if err := v.checkKfuncCall(v.insn); err != nil {
			return true, err
		}
		if v.aux[v.insn].call.isThrow {
			v.throws = true
			return true, v.checkHeld(true, true, "bpf_throw")
		}
	default:
		if err := v.checkHelperCall(v.insn); err != nil {
			return true, err
		}
		if abi.HelperID(in.Imm) == helperTailCall && v.state.cur > 0 {
			return v.returnEarly(false)
		}
	}
	v.insn++
	return false, nil
}

// returnEarly is the way out of a called function that is hidden in an
// instruction: a tail call that succeeds runs another program to its end and
// returns that to the caller, a legacy load beyond the packet returns 0. The
// other outcome waits.
func (v *verifier) returnEarly(zero bool) (end bool, err error) {
	if _, err := v.fork(v.insn+1, v.insn, false); err != nil {
		return true, err
	}
	v.log.touchReg(0)
	if zero {
		v.reg(0).setConst(0)
	} else {
		v.clearPacketPointers()
		v.unknown(0)
	}
	return v.leave(true)
}

// callSub calls a function of the program: a static one is entered, a global
// one is verified on its own and gives an unknown number.
func (v *verifier) callSub() error {
	target := v.callTarget(v.insn)
	sub := v.subAt(target)
	if sub < 0 {
		return v.bug("no program starts at insn %d", target)
	}
	if v.subs[sub].global && v.subs[sub].typed {
		return v.callGlobal(sub)
	}
	v.warnCall(sub)
	caller := v.state.frame()
	regs := caller.regs
	if err := v.enter(v.state, sub, v.insn); err != nil {
		return err
	}
	v.live.trace.forget()
	callee := v.state.frame()
	copy(callee.regs[1:6], regs[1:6])
	// The caller's frame, just hidden, is still this state's alone.
	caller.scratch()
	v.insn = target
	if v.log.on(logPaths | logStates) {
		v.log.printf("caller:\n")
		v.logState(v.state, v.state.cur-1, true)
		v.log.printf("callee:\n")
		v.logState(v.state, v.state.cur, true)
		v.log.touchAll()
	}
	return nil
}

func (v *verifier) callGlobal(sub int) error {
	s, sp := v.state, &v.subs[sub]
	if s.activeLocks > 0 {
		v.note("global function calls are not allowed while holding a lock,")
		return v.reject(CodeLock, abi.EINVAL, "use static function instead")
	}
	if sp.mightSleep && (s.activeRCU || s.activePreempt > 0 || s.activeIRQ != 0 || !s.inSleepable) {
		v.note("global functions that may sleep are not allowed in non-sleepable context,")
		v.note("i.e., in a RCU/IRQ/preempt-disabled section, or in")
		return v.reject(CodeSleep, abi.EINVAL, "a non-sleepable BPF program context")
	}
	if err := v.checkGlobalCall(sub); err != nil {
		return err
	}
	if v.log.on(logPaths | logStates) {
		v.log.printf("Func#%d ('%s') is global and assumed valid.\n", sub, sp.name)
	}
	if sp.changesPkt {
		v.clearPacketPointers()
	}
	sp.called = true
	v.scratchCallRegs()
	v.unknown(0)
	v.log.touchReg(0)
	v.insn++
	return nil
}

// scratch forgets the registers that a call does not preserve.
func (f *frame) scratch() {
	for i := range 6 {
		f.regs[i] = reg{}
	}
}

func (v *verifier) scratchCallRegs() { v.state.frame().scratch() }

// enter gives s a frame for subprogram sub, called from site.
func (v *verifier) enter(s *state, sub, site int) error {
	if s.cur+1 >= maxFrames {
		code := CodeCallDepth
		for _, f := range s.frames[:s.cur+1] {
			if f.sub == int32(sub) {
				code = CodeRecursion
			}
		}
		return v.reject(code, abi.E2BIG, "the call stack of %d frames is too deep", s.cur+2)
	}
	f := &frame{callsite: int32(site), number: s.cur + 1, sub: int32(sub)}
	f.asyncEntry = s.frame().asyncEntry
	f.regs[isa.FP].setPointer(ptStack)
	f.regs[isa.FP].arg = uint32(s.cur + 1)
	s.cur++
	s.frames[s.cur] = f
	return nil
}

// callbackRun is when a callback runs.
type callbackRun uint8

const (
	runsBetween     callbackRun = iota // during the call
	runsLater                          // on its own, without sleeping
	runsLaterAsleep                    // on its own, may sleep whatever the program may
)

// pushCallback queues the body of a callback that the call at insn runs. set
// gives it its arguments. The call's own path goes on as if the callback did not
// run, or did not run again.
func (v *verifier) pushCallback(insn, sub int, set callbackSetup, run callbackRun) error {
	start := v.subs[sub].start
	v.subs[sub].callback = true
	v.warnCall(sub)
	v.log.touchAll()
	caller := v.state.frame()
	if run != runsBetween {
		v.subs[sub].asyncCB = true
		s := v.newState()
		s.branches = 1
		s.inSleepable = run == runsLaterAsleep
		s.firstInsn, s.lastInsn = int32(start), -1
		f := &frame{callsite: -1, sub: int32(sub), asyncEntry: caller.asyncEntry + 1}
		f.regs[isa.FP].setPointer(ptStack)
		s.frames[0] = f
		if err := v.enqueue(s, start, insn, false); err != nil {
			return err
		}
		return set(caller, f)
	}
	s, err := v.fork(start, insn, false)
	if err != nil {
		return err
	}
	outer := s.frame()
	if err := v.enter(s, sub, insn); err != nil {
		return err
	}
	if err := set(outer, s.frame()); err != nil {
		return err
	}
	s.callbackLv++
	outer.depth++
	caller.depth = 0
	return nil
}

// stepReturn is an exit: of the program, of a function, or of a callback.
func (v *verifier) stepReturn() (end bool, err error) {
	s := v.state
	if err := v.checkHeld(false, s.cur == 0, "BPF_EXIT instruction in main prog"); err != nil {
		return true, err
	}
	if s.cur == 0 {
		return true, v.checkReturnValue(0, "R0")
	}
	return v.leave(false)
}

// leave goes back to the caller of the running function; early if not by exit.
func (v *verifier) leave(early bool) (end bool, err error) {
	v.logLiveStack()
	v.live.trace.forget()
	s := v.state
	callee := s.frame()
	r0 := callee.regs[0]
	if r0.typ == ptStack {
		return true, v.reject(CodeReturnPointer, abi.EINVAL, "cannot return stack pointer to the caller")
	}
	if callee.callback {
		if r0.typ != ptScalar {
			return true, v.reject(CodeReturnValue, abi.EACCES, "R0 not a scalar value")
		}
		if err := v.demandRange(0, "R0", "At callback return", callee.retMin, callee.retMax, false); err != nil {
			return true, err
		}
	}
	at := int(callee.callsite)
	if !callee.callback {
		at++
	}
	logged := v.log.on(logPaths | logStates)
	if logged {
		v.log.printf("returning from callee:\n")
		v.logState(s, s.cur, true)
	}
	s.frames[s.cur] = nil
	s.cur--
	caller := s.wframe(s.cur)
	if !callee.callback {
		caller.regs[0] = r0
	}
	if logged {
		v.log.printf("to caller at %d:\n", at)
		v.logState(s, s.cur, true)
		v.log.popped = !early
	}
	v.insn = at
	if !callee.callback {
		return false, nil
	}
	// The call that runs the callback decides whether to run it again.
	if prev := v.previousRound(s, v.insn); prev != nil {
		v.widen(prev, s)
	}
	return false, nil
}

// clearPacketPointers forgets all pointers into the packet: it may have moved.
func (v *verifier) clearPacketPointers() {
	v.eachReg(func(r *reg) bool {
		return r.isPacketAny() || r.typ.base() == ptMem && r.typ&(fDynSKB|fDynXDP|fDynMeta) != 0
	}, v.invalidate)
}

// stepLegacyLoad is LD_ABS or LD_IND.
func (v *verifier) stepLegacyLoad(in isa.Insn) error {
	switch v.prog.Type {
	case abi.SocketFilter, abi.SchedCLS, abi.SchedACT:
	default:
		return v.reject(CodeLegacyLoad, abi.EINVAL, "BPF_LD_[ABS|IND] instructions not allowed for this program type")
	}
	if err := v.checkRead(int(isa.R6)); err != nil {
		return err
	}
	if err := v.checkHeld(false, true, "BPF_LD_[ABS|IND]"); err != nil {
		return err
	}
	r6 := v.reg(int(isa.R6))
	if r6.typ != ptCtx {
		return v.reject(CodeLegacyLoad, abi.EINVAL, "at the time of BPF_LD_ABS|IND R6 != pointer to skb")
	}
	if in.Op.Mode() == isa.ModeInd {
		if err := v.checkRead(int(in.Src())); err != nil {
			return err
		}
	}
	if err := v.checkOffsetReg(r6, int(isa.R6), false); err != nil {
		return err
	}
	v.scratchCallRegs()
	v.unknown(0)
	v.log.touchReg(0)
	return nil
}

// stepImm64 is the 64-bit immediate load: a number, a map, an address in a
// map's value, a function or a kernel variable.
func (v *verifier) stepImm64(in isa.Insn) error {
	dst := int(in.Dst())
	if err := v.checkWrite(dst); err != nil {
		return err
	}
	v.log.touchReg(dst)
	r, hi := v.reg(dst), v.insns[v.insn+1]
	switch in.Src() {
	case 0:
		r.setConst(in.Imm64(hi))
	case isa.PseudoMapFD, isa.PseudoMapIdx:
		r.setPointer(ptMap)
		r.arg = uint32(in.Imm)
	case isa.PseudoMapValue, isa.PseudoMapIdxValue:
		if v.maps[in.Imm].Type == abi.Arena {
			v.unknown(dst)
			return nil
		}
		r.setPointer(ptMapValue)
		r.arg, r.off = uint32(in.Imm), hi.Imm
	case isa.PseudoFunc:
		sub := v.subAt(v.callTarget(v.insn))
		if sub < 0 {
			return v.bug("no program starts at insn %d", v.callTarget(v.insn))
		}
		if !v.subs[sub].typed {
			return v.reject(CodeCallback, abi.EINVAL, "missing btf func_info")
		}
		if v.subs[sub].global {
			return v.reject(CodeCallback, abi.EINVAL, "callback function not static")
		}
		r.setPointer(ptFunc)
		r.arg = uint32(sub)
	case isa.PseudoBTFID:
		return v.loadKsym(dst, int(in.Imm))
	default:
		return v.reject(CodeBadInsn, abi.EINVAL, "unrecognized bpf_ld_imm64 insn")
	}
	return nil
}

// stepAtomic is an atomic operation on memory.
func (v *verifier) stepAtomic(in isa.Insn) error {
	a := access{reg: int(in.Dst()), off: int(in.Off), size: in.Op.Size().Bytes(), value: -1, strict: true}
	dst, src := int(in.Dst()), int(in.Src())
	switch op := isa.AtomicOp(in.Imm); op {
	case isa.AtomicLoadAcq:
		if err := v.checkRead(src); err != nil {
			return err
		}
		if err := v.checkWrite(dst); err != nil {
			return err
		}
		t := v.reg(src).typ
		a.reg, a.value = src, dst
		if err := v.checkAccess(&a); err != nil {
			return err
		}
		if !v.atomicOK(t) {
			return v.reject(CodeAtomic, abi.EACCES, "BPF_ATOMIC loads from R%d %s is not allowed", src, t)
		}
		return v.sameKind(t, false)
	case isa.AtomicStoreRel:
		if err := v.checkRead(src); err != nil {
			return err
		}
		if err := v.checkRead(dst); err != nil {
			return err
		}
		t := v.reg(dst).typ
		a.write, a.value = true, src
		if err := v.checkAccess(&a); err != nil {
			return err
		}
		if !v.atomicOK(t) {
			return v.reject(CodeAtomic, abi.EACCES, "BPF_ATOMIC stores into R%d %s is not allowed", dst, t)
		}
		return v.sameKind(t, false)
	}
	return v.stepUpdate(in, &a, dst, src)
}

// stepUpdate is an atomic read-modify-write.
func (v *verifier) stepUpdate(in isa.Insn, a *access, dst, src int) error {
	if a.size < 4 {
		return v.reject(CodeAtomic, abi.EINVAL, "invalid atomic operand size")
	}
	if err := v.checkRead(src); err != nil {
		return err
	}
	if err := v.checkRead(dst); err != nil {
		return err
	}
	op := isa.AtomicOp(in.Imm)
	load := -1
	if op == isa.AtomicCmpXchg {
		load = 0
		if err := v.checkRead(0); err != nil {
			return err
		}
		if v.leaks(v.reg(0)) {
			return v.reject(CodePointerLeak, abi.EACCES, "R0 leaks addr into mem")
		}
	} else if op&isa.AtomicFetch != 0 {
		load = src
	}
	if v.leaks(v.reg(src)) {
		return v.reject(CodePointerLeak, abi.EACCES, "R%d leaks addr into mem", src)
	}
	t := v.reg(dst).typ
	if !v.atomicOK(t) {
		return v.reject(CodeAtomic, abi.EACCES, "BPF_ATOMIC stores into R%d %s is not allowed", dst, t)
	}
	if load >= 0 {
		if err := v.checkWrite(load); err != nil {
			return err
		}
	}
	if err := v.checkAccess(a); err != nil {
		return err
	}
	if load >= 0 {
		a.value = load
		if err := v.checkAccess(a); err != nil {
			return err
		}
	}
	if t == ptArena {
		if err := v.sameKind(t, false); err != nil {
			return err
		}
	}
	a.value, a.write = -1, true
	return v.checkAccess(a)
}

// atomicOK reports whether memory of type t takes atomic operations.
func (v *verifier) atomicOK(t regType) bool {
	if v.isRaw && t == ptPacket {
		return true
	}
	switch t.base() {
	case ptCtx, ptPacket, ptPacketMeta, ptFlowKeys, ptSocket, ptSockCommon, ptTCPSock, ptXDPSock:
		return false
	}
	return true
}
