package verifier

import (
	"slices"
	"strings"

	"github.com/skepbpf/skep/abi"
)

// callMeta is what the arguments of one call have told so far.
type callMeta struct {
	helper *abi.Helper // nil for a kernel function
	id     abi.HelperID
	pkt    bool // arguments may point into the packet

	mapAt  int32 // index in verifier.maps of the map argument, -1 without one
	mapUID uint32
	key    int64 // constant key of a lookup, -1 if unknown

	// raw is set while a memory argument is checked that need not be
	// initialised. checkStackRange then sets rawReg and rawSize, and the call
	// counts as writing that many bytes there.
	raw     bool
	rawReg  int
	rawSize int

	memSize  uint64 // size of the memory that is returned
	sizeMax  uint64 // largest value of the size argument
	refID    uint32 // reference that an argument holds
	release  int    // register that is released, 0 for none
	dynID    uint32
	dynReg   int       // register of the dynptr argument, 0 for none
	sub      int       // callback
	kptr     *mapField // of kptr_xchg
	perCPU   bool      // the per-CPU object was allocated by the program
	retType  uint32    // type id of the object that is returned
	retLocal uint32    // 1 if the type is of the program's BTF
}

// name is the callee as messages show it.
func (m *callMeta) name() string {
	if m.helper != nil {
		return m.helper.Name
	}
	return "unknown"
}

// argTypes lists the register types that fit a base kind of argument.
// Linux 6.18: the order is that of the message "expected=".
var argTypes = map[abi.Arg][]regType{
	abi.ArgMapKey:          memTypes,
	abi.ArgMapValue:        memTypes,
	abi.ArgMem:             memTypes,
	abi.ArgConstSize:       {ptScalar},
	abi.ArgConstSizeOrZero: {ptScalar},
	abi.ArgConstAllocSize:  {ptScalar},
	abi.ArgScalar:          {ptScalar},
	abi.ArgConstMapPtr:     {ptMap},
	abi.ArgCtx:             {ptCtx},
	abi.ArgSockCommon:      {ptSockCommon, ptSocket, ptTCPSock, ptXDPSock},
	abi.ArgSocket:          {ptSocket},
	abi.ArgBTFID:           {ptBTF, ptBTF | fTrusted, ptBTF | fRCU},
	abi.ArgSpinLock:        {ptMapValue, ptBTF | fAlloc},
	abi.ArgRingBufMem:      {ptMem | fRingBuf},
	abi.ArgBTFIDSockCommon: {ptSockCommon, ptSocket, ptTCPSock, ptXDPSock, ptBTF, ptBTF | fTrusted},
	abi.ArgPerCPUBTFID:     {ptBTF | fPerCPU, ptBTF | fPerCPU | fRCU, ptBTF | fPerCPU | fTrusted},
	abi.ArgFunc:            {ptFunc},
	abi.ArgStack:           {ptStack},
	abi.ArgConstStr:        {ptMapValue},
	abi.ArgTimer:           {ptMapValue},
	abi.ArgKptrXchgDest:    {ptMapValue, ptBTF | fAlloc},
	abi.ArgDynptr:          {ptStack, ptDynptr},
}

var memTypes = []regType{
	ptStack, ptPacket, ptPacketMeta, ptMapKey, ptMapValue, ptMem, ptMem | fRingBuf, ptBuf, ptBTF | fTrusted,
}

// isMemArg reports whether a kind of argument takes memory of any origin.
func isMemArg(base abi.Arg) bool {
	return base == abi.ArgMem || base == abi.ArgMapKey || base == abi.ArgMapValue
}

// checkArg checks argument i of a helper call and notes in m what it tells.
func (v *verifier) checkArg(i int, m *callMeta) error {
	arg, regno := m.helper.Args[i], i+1
	if arg.Base() == abi.ArgNone {
		return nil
	}
	if err := v.readArg(regno); err != nil {
		return err
	}
	r := v.reg(regno)
	if arg.Base() == abi.ArgAnything {
		if v.leaks(r) {
			return v.reject(CodePointerLeak, abi.EACCES, "R%d leaks addr into helper function", regno)
		}
		return nil
	}
	if r.typ.isPacket() && !v.mayPassPacket(m) {
		return v.reject(CodePacketForbidden, abi.EACCES, "helper access to the packet is not allowed")
	}
	if arg.Base() == abi.ArgMapValue {
		var err error
		if arg, err = v.mapValueArg(arg, m); err != nil {
			return err
		}
	}
	if !(r.isNull() && arg.Has(abi.ArgNullable)) {
		if err := v.checkArgType(regno, arg, m.helper.ArgType[i], m); err != nil {
			return err
		}
		if err := v.checkArgOffset(r, regno, arg); err != nil {
			return err
		}
	}
	if err := v.noteReference(r, regno, arg, m); err != nil {
		return err
	}
	return v.checkArgValue(i, regno, arg, m)
}

// readArg demands an initialised argument, all of which the callee may read.
func (v *verifier) readArg(regno int) error {
	if err := v.checkRead(regno); err != nil {
		return err
	}
	v.log.touchReg(regno)
	return nil
}

// mapValueArg is what a value argument means for the call's map.
func (v *verifier) mapValueArg(arg abi.Arg, m *callMeta) (abi.Arg, error) {
	if m.mapAt < 0 {
		return arg, v.bug("invalid map_ptr to access map->type")
	}
	switch v.maps[m.mapAt].Type {
	case abi.SockMap, abi.SockHash:
		if arg != abi.ArgMapValue {
			return arg, v.reject(CodeHelperArg, abi.EINVAL, "invalid arg_type for sockmap/sockhash")
		}
		return abi.ArgBTFIDSockCommon, nil
	case abi.BloomFilter:
		if m.id == abi.MapPeekElem {
			return abi.ArgMapValue, nil
		}
	}
	return arg, nil
}

// checkArgType demands that the register's type is one that the argument
// takes, and for kernel objects, that the object's type fits.
func (v *verifier) checkArgType(regno int, arg abi.Arg, want string, m *callMeta) error {
	r := v.reg(regno)
	t := r.typ
	if arg.Has(abi.ArgReadOnly) {
		t &^= fReadOnly
	}
	if arg.Has(abi.ArgNullable) {
		t &^= fNull
	}
	if arg.Base() == abi.ArgMem {
		t &^= fDynAny
	}
	if m.id == abi.KptrXchg && regno == 2 && t.has(fAlloc) {
		t &^= fAlloc | fPerCPU
	}
	fits := argTypes[arg.Base()]
	if !slices.Contains(fits, t) {
		names := make([]string, len(fits))
		for i, f := range fits {
			names[i] = f.String()
		}
		return v.reject(CodeHelperArg, abi.EACCES, "R%d type=%s expected=%s", regno, r.typ, strings.Join(names, ", "))
	}
	if r.typ.base() != ptBTF {
		return nil
	}
	if isMemArg(arg.Base()) {
		if !arg.Has(abi.ArgReadOnly) {
			return v.reject(CodeHelperArg, abi.EACCES, "%s() may write into memory pointed by R%d type=%s", m.name(), regno, r.typ)
		}
		return nil
	}
	return v.checkObjectArg(r, regno, arg, want, m)
}

// checkObjectArg is checkArgType for pointers to kernel or allocated objects.
func (v *verifier) checkObjectArg(r *reg, regno int, arg abi.Arg, want string, m *callMeta) error {
	switch {
	case r.typ.has(fAlloc):
		if m.id == abi.KptrXchg && regno == 2 {
			return v.matchKptr(m.kptr, r, regno)
		}
		return nil
	case r.typ.has(fPerCPU):
		return nil
	}
	release := arg.Has(abi.ArgRelease)
	if r.typ.has(fNull) && (!arg.Has(abi.ArgNullable) || release) {
		return v.reject(CodeMaybeNull, abi.EACCES, "Possibly NULL pointer passed to helper arg%d", regno)
	}
	if m.id == abi.KptrXchg {
		return v.matchKptr(m.kptr, r, regno)
	}
	if arg.Base() == abi.ArgBTFIDSockCommon {
		want = "sock_common"
	}
	id, ok := v.kernelStruct(want)
	if want == "" {
		return nil
	}
	strict := release && m.id != abi.SkRelease
	if !ok || !v.structMatches(r.arg2 == 0, r.arg, int(r.off), true, id, strict) {
		return v.reject(CodeHelperArg, abi.EACCES, "R%d is of type %s but %s is expected", regno, v.typeName(r), want)
	}
	return nil
}

// checkArgOffset demands that the pointer is moved no more than its kind
// allows.
func (v *verifier) checkArgOffset(r *reg, regno int, arg abi.Arg) error {
	if arg.Has(abi.ArgRelease) {
		if arg.Base() == abi.ArgDynptr && r.typ == ptStack {
			return nil
		}
		if r.off != 0 {
			return v.reject(CodeRefRelease, abi.EINVAL,
				"R%d must have zero offset when passed to release func or trusted arg to kfunc", regno)
		}
		return v.checkOffsetReg(r, regno, false)
	}
	switch r.typ {
	case ptStack, ptPacket, ptPacketMeta, ptMapKey, ptMapValue, ptMem, ptMem | fReadOnly, ptMem | fRingBuf,
		ptBuf, ptBuf | fReadOnly, ptArena, ptScalar:
		return nil
	case ptBTF, ptBTF | fAlloc, ptBTF | fTrusted, ptBTF | fRCU, ptBTF | fAlloc | fNonOwn, ptBTF | fAlloc | fNonOwn | fRCU:
		return v.checkOffsetReg(r, regno, true)
	}
	return v.checkOffsetReg(r, regno, false)
}

// noteReference checks the argument that gives up a reference and notes which
// reference the arguments hold.
func (v *verifier) noteReference(r *reg, regno int, arg abi.Arg, m *callMeta) error {
	if arg.Has(abi.ArgRelease) {
		switch {
		case arg.Base() == abi.ArgDynptr:
			if r.typ != ptStack {
				return v.reject(CodeRefRelease, abi.EINVAL, "cannot release unowned const bpf_dynptr")
			}
			if d := v.dynptrReg(r); d == nil || d.refID == 0 {
				return v.reject(CodeRefRelease, abi.EINVAL, "arg %d is an unacquired reference", regno)
			}
		case r.refID == 0 && !r.isNull():
			return v.reject(CodeRefRelease, abi.EINVAL, "R%d must be referenced when passed to release function", regno)
		}
		m.release = regno
	}
	if r.refID != 0 && arg.Base() != abi.ArgKptrXchgDest {
		if m.refID != 0 {
			return v.reject(CodeHelperArg, abi.EACCES, "more than one arg with ref_obj_id R%d %d %d", regno, r.refID, m.refID)
		}
		m.refID = r.refID
	}
	return nil
}

// checkArgValue checks what the argument's kind demands beyond its type.
func (v *verifier) checkArgValue(i, regno int, arg abi.Arg, m *callMeta) error {
	r := v.reg(regno)
	write := arg.Has(abi.ArgWrite)
	switch arg.Base() {
	case abi.ArgConstMapPtr:
		return v.noteMap(r, m)
	case abi.ArgMapKey:
		if m.mapAt < 0 {
			return v.reject(CodeHelperArg, abi.EACCES, "invalid map_ptr to access map->key")
		}
		size := int(v.maps[m.mapAt].KeySize)
		if err := v.checkHelperMem(regno, size, false, false, nil); err != nil {
			return err
		}
		return v.noteConstKey(r, size, m)
	case abi.ArgMapValue:
		if arg.Has(abi.ArgNullable) && r.isNull() {
			return nil
		}
		if m.mapAt < 0 {
			return v.reject(CodeHelperArg, abi.EACCES, "invalid map_ptr to access map->value")
		}
		m.raw = arg.Has(abi.ArgUninit)
		return v.checkHelperMem(regno, int(v.maps[m.mapAt].ValueSize), write, false, m)
	case abi.ArgMem:
		m.raw = arg.Has(abi.ArgUninit)
		if !arg.Has(abi.ArgFixed) {
			return nil
		}
		size := int(m.helper.ArgSize[i])
		if err := v.checkHelperMem(regno, size, write, false, m); err != nil {
			return err
		}
		if arg.Has(abi.ArgAligned) {
			return v.checkAlignment(r, &access{reg: regno, size: size, value: -1, strict: true})
		}
		return nil
	case abi.ArgConstSize, abi.ArgConstSizeOrZero:
		memWrite := i > 0 && m.helper.Args[i-1].Has(abi.ArgWrite)
		return v.checkSizeArg(regno, memWrite, arg.Base() == abi.ArgConstSizeOrZero, m)
	case abi.ArgConstAllocSize:
		if !r.Bits.IsConst() {
			return v.reject(CodeHelperSize, abi.EACCES, "R%d is not a known constant'", regno)
		}
		m.memSize = r.Bits.Value
		v.noteSpan(regno)
		return v.markPrecise(regno)
	case abi.ArgPerCPUBTFID:
		m.perCPU = r.typ.has(fRCU)
		m.retType, m.retLocal = r.arg, r.arg2
		if r.arg == 0 {
			return v.reject(CodeHelperArg, abi.EACCES, "Helper has invalid btf_id in R%d", regno)
		}
	case abi.ArgSpinLock:
		return v.processSpinLock(regno, m.id == abi.SpinLock, 0)
	case abi.ArgTimer:
		return v.processMapObject(regno, m, fieldTimer)
	case abi.ArgFunc:
		m.sub = int(r.arg)
	case abi.ArgDynptr:
		m.dynReg = regno
		return v.processDynptr(regno, arg, 0, m)
	case abi.ArgConstStr:
		_, err := v.checkConstStr(regno)
		return err
	case abi.ArgKptrXchgDest:
		return v.processKptrDest(regno, m)
	}
	return nil
}

// noteMap remembers the call's map. A map argument after a timer must be the
// map that the timer is in, the very same one among inner maps.
func (v *verifier) noteMap(r *reg, m *callMeta) error {
	if m.mapAt >= 0 && (m.mapAt != int32(r.arg) || m.mapUID != r.arg2) {
		return v.reject(CodeMapField, abi.EINVAL,
			"timer pointer in R1 map_uid=%d doesn't match map pointer in R2 map_uid=%d", m.mapUID, r.arg2)
	}
	m.mapAt, m.mapUID = int32(r.arg), r.arg2
	return nil
}

// checkSizeArg checks a size together with the memory in the register before
// it.
func (v *verifier) checkSizeArg(regno int, write, zeroOK bool, m *callMeta) error {
	r := v.reg(regno)
	m.sizeMax = r.UMax
	meta := m
	if !r.Bits.IsConst() {
		// The helper may fill less than the largest size, so all of it must be
		// initialised before.
		meta = nil
	}
	switch {
	case r.SMin < 0:
		return v.reject(CodeHelperSize, abi.EACCES, "R%d min value is negative, either use unsigned or 'var &= const'", regno)
	case r.UMin == 0 && !zeroOK:
		return v.reject(CodeHelperSize, abi.EACCES, "R%d invalid zero-sized read: u64=[%d,%d]", regno, int64(r.UMin), int64(r.UMax))
	case r.UMax >= maxVarOff:
		return v.reject(CodeHelperSize, abi.EACCES, "R%d unbounded memory access, use 'var &= const' or 'if (var < const)'", regno)
	}
	if err := v.checkHelperMem(regno-1, int(r.UMax), write, zeroOK, meta); err != nil {
		return err
	}
	v.noteSpan(regno)
	return v.markPrecise(regno)
}

// hasConstLookup reports whether a lookup with a constant key that is in range
// cannot fail.
func hasConstLookup(t abi.MapType) bool { return t == abi.Array || t == abi.PerCPUArray }

// noteConstKey finds a helper's key if it is a constant on the stack: bytes
// that are all zero, or a saved constant of exactly the key's size.
func (v *verifier) noteConstKey(r *reg, size int, m *callMeta) error {
	if !v.bpf || !hasConstLookup(v.maps[m.mapAt].Type) || r.typ != ptStack || !r.Bits.IsConst() {
		return nil
	}
	off := int(r.off) + int(int64(r.Bits.Value))
	f := v.state.frames[r.arg]
	index, at := fpOff(off)
	if off >= 0 || index >= len(f.stack) {
		return nil
	}
	s := &f.stack[index]
	zeros := 0
	for i := at; i < 8 && s.typ[i] == slotZero; i++ {
		zeros++
	}
	if zeros >= size {
		m.key = 0
		return nil
	}
	if !s.isScalarSpill() || !s.r.Bits.IsConst() {
		return nil
	}
	saved := 0
	for i := at; i < 8 && s.typ[i] == slotSpill; i++ {
		saved++
	}
	if saved != size {
		return nil
	}
	if err := v.markSlotPrecise(int32(r.arg), index); err != nil {
		return err
	}
	if key := s.r.Bits.Value; key <= 1<<62 {
		m.key = int64(key)
	}
	return nil
}

// checkConstStr demands a pointer to a read-only, zero-terminated string in a
// map and returns the string.
func (v *verifier) checkConstStr(regno int) (string, error) {
	r := v.reg(regno)
	if r.typ != ptMapValue {
		return "", v.reject(CodeHelperArg, abi.EACCES, "R%d type=%s expected=map_value", regno, r.typ)
	}
	info := &v.maps[r.arg]
	switch {
	case info.Type == abi.Arena:
		return "", v.reject(CodeHelperArg, abi.EINVAL, "R%d points to arena map which is not allowed", regno)
	case !v.mapReadOnly(int(r.arg)):
		return "", v.reject(CodeHelperArg, abi.EACCES, "R%d does not point to a readonly map'", regno)
	case !r.Bits.IsConst():
		return "", v.reject(CodeHelperArg, abi.EACCES, "R%d is not a constant address'", regno)
	case info.Type != abi.Array:
		return "", v.reject(CodeHelperArg, abi.EACCES, "no direct value access support for this map type")
	}
	off := int(r.off) + int(r.Bits.Value)
	if err := v.checkMapRange(regno, int(r.off), int(info.ValueSize)-off, false, false, true); err != nil {
		return "", err
	}
	data := v.mapContents(int(r.arg))
	if off <= len(data) {
		if n := slices.Index(data[off:], 0); n >= 0 {
			return string(data[off : off+n]), nil
		}
	}
	if off < int(info.ValueSize) && len(data) < int(info.ValueSize) {
		return string(data[min(off, len(data)):]), nil
	}
	return "", v.reject(CodeHelperArg, abi.EINVAL, "string is not zero-terminated")
}

// mapReadOnly reports whether a map's contents can be read as constants.
func (v *verifier) mapReadOnly(i int) bool {
	m := &v.maps[i]
	return m.Frozen && m.Flags&abi.ReadOnlyProg != 0
}

// mapContents is the first value of an array.
func (v *verifier) mapContents(i int) []byte {
	for _, e := range v.maps[i].Contents {
		if allZero(e.Key) {
			return e.Value
		}
	}
	return nil
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// checkCallContext demands that nothing that is held forbids a callee that may
// sleep.
func (v *verifier) checkCallContext(kind, name string, id int32, sleeps bool) error {
	if !sleeps {
		return nil
	}
	where := ""
	switch s := v.state; {
	case s.activeRCU:
		where = "rcu_read_lock region"
	case s.activePreempt > 0:
		where = "non-preemptible region"
	case s.activeIRQ != 0:
		where = "IRQ-disabled region"
	default:
		return nil
	}
	return v.reject(CodeSleep, abi.EINVAL, "sleepable %s %s#%d in %s", kind, name, id, where)
}

// inEntry reports whether the entry frame runs.
func (v *verifier) inEntry() bool { return v.state.cur == 0 }
