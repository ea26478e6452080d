package verifier

import (
	"fmt"
	"slices"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
)

// helperFor is the prototype by which the program calls a helper, nil if it must
// not.
func (v *verifier) helperFor(id abi.HelperID) *abi.Helper {
	h := abi.HelperFor(id, v.progType(), v.attachType())
	if h == nil || h.Config != "" || !v.capable(h.Cap) && !h.FreeIn.Has(v.progType()) {
		return nil
	}
	if len(h.StructOps) == 0 || v.progType() != abi.StructOps {
		return h
	}
	// A congestion control that is being released has no options to set.
	released := v.opsName == "release" && (id == abi.Setsockopt || id == abi.Getsockopt)
	if slices.Contains(h.StructOps, v.structOps) && !released {
		return h
	}
	return nil
}

// helperText is a helper's name and number as messages show them.
func helperText(id abi.HelperID) string {
	if id == 0 {
		return "bpf_unspec"
	}
	if h := abi.HelperByID(id); h != nil {
		return h.Name
	}
	return "unknown"
}

// checkHelperCall checks the call of a helper and carries out its effect.
func (v *verifier) checkHelperCall(insn int) error {
	id := abi.HelperID(v.insns[insn].Imm)
	if h := abi.HelperByID(id); h == nil || h.Since > abi.Rel(6, 18) {
		return v.reject(CodeHelperUnknown, abi.EINVAL, "invalid func %s#%d", helperText(id), id)
	}
	h := v.helperFor(id)
	if h == nil {
		return v.reject(CodeHelperForbidden, abi.EINVAL, "program of this type cannot use helper %s#%d", helperText(id), id)
	}
	sleeps := h.MightSleep || h.SleepsIfSleepable && v.state.inSleepable
	switch {
	case h.GPL && !v.gplCompatible():
		return v.reject(CodeHelperForbidden, abi.EINVAL, "cannot call GPL-restricted function from non-GPL compatible program")
	case id == abi.DPath && !v.mayCallDPath():
		return v.reject(CodeHelperForbidden, abi.EINVAL, "helper call is not allowed in probe")
	case sleeps && !v.state.inSleepable:
		return v.reject(CodeSleep, abi.EINVAL, "helper call might sleep in a non-sleepable prog")
	}
	if err := v.checkCallContext("helper", h.Name, int32(id), sleeps); err != nil {
		return err
	}
	m := &callMeta{helper: h, id: id, pkt: h.PktAccess, mapAt: -1, key: -1}
	for i := range h.Args {
		if err := v.checkArg(i, m); err != nil {
			return err
		}
	}
	if err := v.noteCallMap(insn, m); err != nil {
		return err
	}
	if err := v.fillRaw(m); err != nil {
		return err
	}
	if err := v.releaseArg(m); err != nil {
		return err
	}
	changes, err := v.helperSpecial(insn, m)
	if err != nil {
		return err
	}
	v.scratchCallRegs()
	if err := v.setReturn(insn, m); err != nil {
		return err
	}
	if err := v.checkMapFunc(m.mapAt, id); err != nil {
		return err
	}
	if id == abi.GetFuncIP {
		if err := v.checkFuncIP(); err != nil {
			return err
		}
	}
	if h.ChangesPkt || changes {
		v.clearPacketPointers()
	}
	return nil
}

// pathFuncs are the kernel functions in which a path can be printed without
// taking a lock twice.
var pathFuncs = []string{
	"security_file_permission", "security_inode_getattr", "security_file_open", "security_path_truncate",
	"vfs_truncate", "vfs_fallocate", "dentry_open", "vfs_getattr", "filp_close",
}

// mayCallDPath reports whether a path may be printed where the program runs.
func (v *verifier) mayCallDPath() bool {
	return v.progType() != abi.Tracing || v.attachType() == abi.AttachTraceIter ||
		slices.Contains(pathFuncs, v.prog.AttachTo)
}

// checkFuncIP demands that the program runs at a function, whose address it
// asks for.
func (v *verifier) checkFuncIP() error {
	switch v.progType() {
	case abi.Kprobe:
		return nil
	case abi.Tracing:
		switch v.attachType() {
		case abi.AttachTraceFEntry, abi.AttachTraceFExit, abi.AttachModifyReturn:
			return nil
		}
		return v.reject(CodeHelperForbidden, abi.ENOTSUPP,
			"func bpf_get_func_ip#173 supported only for fentry/fexit/fmod_ret programs")
	}
	return v.reject(CodeHelperForbidden, abi.ENOTSUPP,
		"func bpf_get_func_ip#173 not supported for program type %d", v.progType())
}

// gplCompatible reports whether the licence is one that Linux takes for
// compatible with the GPL.
func (v *verifier) gplCompatible() bool {
	switch v.prog.License {
	case "GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL":
		return true
	}
	return false
}

// mapEffect reports whether a helper works on the elements of its map, so that
// the map that it is called with is remembered.
func mapEffect(id abi.HelperID) bool {
	switch id {
	case abi.TailCall, abi.MapLookupElem, abi.MapUpdateElem, abi.MapDeleteElem, abi.MapPushElem, abi.MapPopElem,
		abi.MapPeekElem, abi.ForEachMapElem, abi.RedirectMap, abi.MapLookupPerCPUElem:
		return true
	}
	return false
}

// noteCallMap remembers which map the call has on every path.
func (v *verifier) noteCallMap(insn int, m *callMeta) error {
	if m.mapAt < 0 {
		return nil
	}
	a := &v.aux[insn]
	if !mapEffect(m.id) {
		v.setMapFact(a, m)
		return nil
	}
	if v.maps[m.mapAt].Flags&abi.ReadOnlyProg != 0 {
		switch m.id {
		case abi.MapDeleteElem, abi.MapUpdateElem, abi.MapPushElem, abi.MapPopElem:
			return v.reject(CodeMapForbidden, abi.EACCES, "write into map forbidden")
		}
	}
	v.setMapFact(a, m)
	if m.id == abi.TailCall {
		r := v.reg(3)
		if r.isConst() && r.Bits.Value < uint64(v.maps[m.mapAt].MaxEntries) {
			return v.markPrecise(3)
		}
	}
	return nil
}

func (v *verifier) setMapFact(a *insnAux, m *callMeta) {
	switch at := m.mapAt + 1; {
	case v.maps[m.mapAt].index < 0:
		a.mapState = -1
	case a.mapState == 0:
		a.mapState = at
	case a.mapState != at:
		a.mapState = -1
	}
}

// releaseArg gives up the reference that the releasing argument holds.
func (v *verifier) releaseArg(m *callMeta) error {
	if m.release == 0 {
		return nil
	}
	r := v.reg(m.release)
	ok := false
	switch {
	case m.helper.Args[m.release-1].Base() == abi.ArgDynptr:
		return v.releaseDynptr(r)
	case m.id == abi.KptrXchg && m.refID != 0:
		ok = v.storeReference(m.refID)
	case m.refID != 0:
		ok = v.releaseReference(m.refID)
	default:
		ok = r.isNull()
	}
	if !ok {
		return v.reject(CodeRefRelease, abi.EINVAL, "func %s#%d reference has not been acquired before", m.name(), m.id)
	}
	return nil
}

// helperSpecial does what only one helper asks for; it reports whether packet
// pointers become invalid.
func (v *verifier) helperSpecial(insn int, m *callMeta) (changes bool, err error) {
	switch m.id {
	case abi.TailCall:
		return false, v.checkHeld(false, true, "tail_call")
	case abi.GetLocalStorage:
		if !v.reg(2).isNull() {
			return false, v.reject(CodeHelperArg, abi.EINVAL, "get_local_storage() doesn't support non-zero flags")
		}
	case abi.ForEachMapElem:
		return false, v.pushCallback(insn, m.sub, v.mapElemCallback(), runsBetween)
	case abi.TimerSetCallback:
		return false, v.pushCallback(insn, m.sub, v.laterCallback(), runsLater)
	case abi.FindVMA:
		return false, v.pushCallback(insn, m.sub, v.findVMACallback(), runsBetween)
	case abi.Snprintf:
		return false, v.checkSnprintf()
	case abi.Loop:
		return false, v.callLoop(insn, m)
	case abi.UserRingBufDrain:
		return false, v.pushCallback(insn, m.sub, v.userRingCallback(), runsBetween)
	case abi.DynptrFromMem:
		if t := v.reg(1).typ; t != ptMapValue {
			return false, v.reject(CodeHelperArg, abi.EACCES, "Unsupported reg type %s for bpf_dynptr_from_mem data", t)
		}
	case abi.SetRetval:
		if v.progType() == abi.LSM && v.attachType() == abi.AttachLSMCgroup && v.voidTarget {
			return false, v.reject(CodeHelperForbidden, abi.EINVAL,
				"BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!")
		}
	case abi.DynptrData:
		d := v.dynptrReg(v.reg(m.dynReg))
		if d == nil {
			return false, v.bug("missing dynptr in bpf_dynptr_data")
		}
		m.dynID, m.refID = d.id, d.refID
	case abi.DynptrWrite:
		d := v.dynptrReg(v.reg(m.dynReg))
		if d == nil {
			return false, v.bug("missing dynptr in bpf_dynptr_write")
		}
		k := dynKindOf(d)
		return k == dynSKB || k == dynMeta, nil
	}
	return false, nil
}

// callLoop simulates the body of bpf_loop once more, unless it has been
// simulated as often as the loop runs.
func (v *verifier) callLoop(insn int, m *callMeta) error {
	if err := v.noteLoop(insn, m.sub); err != nil {
		return err
	}
	if err := v.markPrecise(1); err != nil {
		return err
	}
	f := v.state.frame()
	if uint64(f.depth) < v.reg(1).UMax {
		return v.pushCallback(insn, m.sub, v.loopCallback(), runsBetween)
	}
	f.depth = 0
	if v.log.on(logStates) {
		v.log.printf("frame%d bpf_loop iteration limit reached\n", f.number)
	}
	return nil
}

// noteLoop finds out whether Linux would write out the loop in place of the
// call: its flags must be 0, and its body the same function, on every path. The
// flags are exact then.
func (v *verifier) noteLoop(insn, sub int) error {
	a := &v.aux[insn]
	first := a.loopBody == 0
	if first {
		a.loopBody = int32(sub) + 1
	} else if !a.inlined {
		return nil
	}
	a.inlined = v.reg(4).isNull()
	if a.inlined {
		if err := v.markPrecise(4); err != nil {
			return err
		}
	}
	a.inlined = a.inlined && a.loopBody == int32(sub)+1
	return nil
}

// returnsSame reports whether a helper's result stands for the same object as
// its argument, so that both share one reference.
func returnsSame(id abi.HelperID) bool {
	switch id {
	case abi.TCPSock, abi.SkFullsock, abi.SkcToTCPSock, abi.SkcToTCP6Sock, abi.SkcToUDP6Sock, abi.SkcToMPTCPSock,
		abi.SkcToTCPTimewaitSock, abi.SkcToTCPRequestSock, abi.DynptrData:
		return true
	}
	return false
}

// acquires reports whether a helper's result must be given back.
func (v *verifier) acquires(m *callMeta) bool {
	switch m.id {
	case abi.SkLookupTCP, abi.SkLookupUDP, abi.SkcLookupTCP, abi.RingBufReserve, abi.KptrXchg:
		return true
	case abi.MapLookupElem:
		t := v.maps[m.mapAt].Type
		return t == abi.SockMap || t == abi.SockHash
	}
	return false
}

// setReturn makes R0 what the helper returns.
func (v *verifier) setReturn(insn int, m *callMeta) error {
	ret, r := m.helper.Ret, v.reg(0)
	v.log.touchReg(0)
	var flags regType
	if ret.Has(abi.RetNullable) {
		flags |= fNull
	}
	if ret.Has(abi.RetRingBuf) {
		flags |= fRingBuf
	}
	if ret.Has(abi.RetTrusted) {
		flags |= fTrusted
	}
	if ret.Has(abi.RetReadOnly) {
		flags |= fReadOnly
	}
	switch ret.Base() {
	case abi.RetInteger:
		r.setUnknown()
		v.boundReturn(r, m)
		return nil
	case abi.RetVoid:
		*r = reg{}
		return nil
	case abi.RetMapValue:
		v.returnMapValue(r, flags, m)
	case abi.RetSocket:
		r.setPointer(ptSocket | flags)
	case abi.RetSockCommon:
		r.setPointer(ptSockCommon | flags)
	case abi.RetTCPSock:
		r.setPointer(ptTCPSock | flags)
	case abi.RetMem, abi.RetDynptrMem:
		r.setPointer(ptMem | flags)
		r.arg = uint32(m.memSize)
	case abi.RetMemOrBTFID:
		if err := v.returnPerCPU(r, flags, m); err != nil {
			return err
		}
	case abi.RetBTFID:
		if err := v.returnObject(r, flags, m); err != nil {
			return err
		}
	}
	if r.typ.has(fNull) {
		r.id = v.newID()
	}
	if m.id == abi.DynptrData {
		r.arg2 = m.dynID
	}
	switch {
	case returnsSame(m.id):
		r.refID = m.refID
	case v.acquires(m):
		id := v.acquire(refPtr, insn)
		r.id, r.refID = id, id
	}
	return nil
}

func (v *verifier) returnMapValue(r *reg, flags regType, m *callMeta) {
	info := &v.maps[m.mapAt]
	if m.id == abi.MapLookupElem && m.key >= 0 && hasConstLookup(info.Type) && uint64(m.key) < uint64(info.MaxEntries) {
		flags &^= fNull
	}
	r.setPointer(ptMapValue | flags)
	r.arg, r.arg2 = uint32(m.mapAt), m.mapUID
	if flags&fNull == 0 && v.mapFields(int(m.mapAt)).has(fieldSpinLock|fieldResLock) {
		r.id = v.newID()
	}
}

// returnPerCPU is the result of per_cpu_ptr and this_cpu_ptr: a kernel object,
// or memory of the variable's size.
func (v *verifier) returnPerCPU(r *reg, flags regType, m *callMeta) error {
	size, isStruct, name, ok := v.typeExtent(m.retType, m.retLocal)
	if !isStruct {
		if !ok {
			return v.reject(CodeBTF, abi.EINVAL, "unable to resolve the size of type '%s': -22", name)
		}
		r.setPointer(ptMem | flags)
		r.arg = uint32(size)
		return nil
	}
	if m.perCPU {
		r.setPointer(ptBTF | fAlloc | fRCU)
	} else {
		r.setPointer(ptBTF | flags&^fReadOnly)
	}
	r.arg, r.arg2 = m.retType, m.retLocal
	return nil
}

// returnObject is the result of a helper that returns a kernel object.
func (v *verifier) returnObject(r *reg, flags regType, m *callMeta) error {
	if m.id == abi.KptrXchg {
		r.setPointer(ptBTF | flags)
		r.arg, r.arg2 = m.kptr.typeID, m.kptr.local
		if m.kptr.local != 0 {
			r.typ |= fAlloc
			if m.kptr.kind == fieldKptrPerCPU {
				r.typ |= fPerCPU
			}
		}
		return nil
	}
	id, ok := v.kernelStruct(m.helper.RetType)
	if !ok {
		return v.bug("invalid return type %d of func %s#%d", m.helper.Ret, m.name(), m.id)
	}
	r.setPointer(ptBTF | flags)
	r.arg = id
	return nil
}

// boundReturn narrows the results of helpers that promise a range.
func (v *verifier) boundReturn(r *reg, m *callMeta) {
	const maxErrno = 4095
	switch m.id {
	case abi.GetStack, abi.GetTaskStack, abi.ProbeReadStr, abi.ProbeReadKernelStr, abi.ProbeReadUserStr:
		r.SMin, r.SMax = -maxErrno, int64(m.sizeMax)
		r.S32Min, r.S32Max = -maxErrno, int32(m.sizeMax)
	case abi.GetSmpProcessorID:
		top := v.cpus() - 1
		r.UMin, r.UMax, r.SMin, r.SMax = 0, uint64(top), 0, int64(top)
		r.U32Min, r.U32Max, r.S32Min, r.S32Max = 0, uint32(top), 0, int32(top)
	default:
		return
	}
	r.Sync()
}

// cpus is the number of possible CPUs of the target.
func (v *verifier) cpus() int {
	if v.opts.CPUs > 0 {
		return v.opts.CPUs
	}
	return 2
}

// checkSnprintf checks the format of bpf_snprintf against its data.
func (v *verifier) checkSnprintf() error {
	data := v.reg(5)
	if n := data.Bits.Value; n%8 != 0 {
		// Linux 6.18: refused without a word.
		return &Error{
			Code: CodeHelperSize, Insn: v.insn, Source: v.prog.LineAt(v.insn), Errno: abi.EINVAL,
			Msg: fmt.Sprintf("bpf_snprintf takes 8 bytes for each argument, not %d in all", n),
		}
	}
	format, err := v.checkConstStr(3)
	if err != nil {
		return err
	}
	if !formatValid(format, int(data.Bits.Value/8)) {
		return v.reject(CodeHelperArg, abi.EINVAL, "Invalid format string")
	}
	return nil
}

// formatValid reports whether bpf_snprintf takes a format with n arguments.
// Linux 6.18: printable ASCII; %%, %s, %c, %d %i %u %x with l, ll and flags
// and widths, %p with its forms.
func formatValid(f string, n int) bool {
	for i := 0; i < len(f); i++ {
		c := f[i]
		if c >= 0x7f || c < 0x20 && (c < '\t' || c > '\r') {
			return false
		}
		if c != '%' {
			continue
		}
		if i+1 < len(f) && f[i+1] == '%' {
			i++
			continue
		}
		end, ok := directive(f, i+1)
		if !ok || n == 0 {
			return false
		}
		n--
		i = end
	}
	return true
}

// directive parses a conversion that starts behind its %, and returns its last
// byte.
func directive(f string, i int) (int, bool) {
	at := func(k int) byte {
		if k < len(f) {
			return f[k]
		}
		return 0
	}
	for at(i) == '0' || at(i) == '+' || at(i) == '-' || at(i) == ' ' {
		i++
	}
	if at(i) >= '1' && at(i) <= '9' {
		for at(i) >= '0' && at(i) <= '9' {
			i++
		}
	}
	ends := func(k int) bool { c := at(k); return c == 0 || c == ' ' || c == '%' || isPunct(c) || c < 0x20 }
	switch at(i) {
	case 'p':
		switch {
		case (at(i+1) == 'k' || at(i+1) == 'u') && at(i+2) == 's':
			return i + 2, true
		case at(i+1) == 'K' || at(i+1) == 'x' || at(i+1) == 's' || at(i+1) == 'S' || at(i+1) == 'B':
			return i + 1, true
		case ends(i + 1):
			return i, true
		case (at(i+1) == 'i' || at(i+1) == 'I') && (at(i+2) == '4' || at(i+2) == '6'):
			return i + 2, true
		}
		return i, false
	case 's', 'c':
		return i, true
	}
	for k := 0; k < 2 && at(i) == 'l'; k++ {
		i++
	}
	switch at(i) {
	case 'i', 'd', 'u', 'x', 'X':
		return i, true
	}
	return i, false
}

func isPunct(c byte) bool {
	return c > ' ' && c < 0x7f && !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z')
}

// callFacts is what the static passes must know of a call.
func (v *verifier) callFacts(insn int) callInfo {
	in := v.insns[insn]
	if in.Src() == isa.CallKfunc {
		return v.kfuncFacts(insn)
	}
	h := v.helperFor(abi.HelperID(in.Imm))
	if h == nil {
		return callInfo{}
	}
	c := callInfo{
		known: true, changesPkt: h.ChangesPkt || h.ChangesCallerPkt, fastcall: h.Fastcall,
		mightSleep: h.MightSleep || h.SleepsIfSleepable && v.prog.Flags&abi.Sleepable != 0,
	}
	for i, a := range h.Args {
		if a.Base() != abi.ArgNone {
			c.args |= 2 << i
		}
	}
	switch h.ID {
	case abi.Loop, abi.ForEachMapElem, abi.FindVMA, abi.UserRingBufDrain:
		c.syncCB = true
	case abi.TimerSetCallback:
		c.asyncCB = true
	}
	return c
}
