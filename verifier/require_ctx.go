package verifier

import (
	"errors"
	"fmt"
	"slices"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
)

// rules is what the rules of calls, contexts and types keep of the program.
type rules struct {
	types      typeTable
	fields     map[fieldKey]*fields
	structOps  string // kernel struct that a struct_ops program is a member of
	opsName    string // the member
	voidTarget bool   // the attach target returns nothing
	kinds      map[uint32]*kfunc

	target      *target
	targetKnown bool
	perCPU      map[string]bool // names of the kernel's per-CPU variables
}

// progType is the type whose rules hold.
func (v *verifier) progType() abi.ProgType { return v.prog.Type }

// attachType is the attach type that the load means.
func (v *verifier) attachType() abi.AttachType {
	if info := v.prog.Type.Info(); info != nil {
		return info.EffectiveAttach(v.prog.Attach)
	}
	return v.prog.Attach
}

// ctxField is what a load from the context yields.
type ctxField struct {
	typ       regType
	arg, arg2 uint32
	refID     uint32
	// ranged is set for numbers that lie between min and max.
	ranged   bool
	min, max int32
}

// fieldTypes are the pointers that context fields hold.
var fieldTypes = map[abi.FieldKind]regType{
	abi.FieldPacket:     ptPacket,
	abi.FieldPacketEnd:  ptPacketEnd,
	abi.FieldPacketMeta: ptPacketMeta,
	abi.FieldSocket:     ptSocket,
	abi.FieldSockCommon: ptSockCommon,
	abi.FieldFlowKeys:   ptFlowKeys,
	abi.FieldBTF:        ptBTF | fTrusted,
	abi.FieldBuffer:     ptBuf,
	abi.FieldTPBuffer:   ptTPBuffer,
}

// checkCtxAccess checks an access to the context at off and says what it
// yields.
func (v *verifier) checkCtxAccess(regno, off, size int, write bool) (ctxField, error) {
	r := v.reg(regno)
	if err := v.checkOffsetReg(r, regno, false); err != nil {
		return ctxField{}, err
	}
	bad := func() (ctxField, error) {
		err := v.reject(CodeCtxAccess, abi.EACCES, "invalid bpf_context access off=%d size=%d", off, size)
		var e *Error
		if errors.As(err, &e) && e.Source != nil {
			e.Linux = lineText(e.Source)
		}
		return ctxField{}, err
	}
	info := v.progType().Info()
	if info == nil || info.Context == nil {
		return bad()
	}
	c := v.progType().ContextOn("amd64")
	if c.Args {
		f, ok, err := v.argField(off, size, write)
		if err != nil || ok {
			return f, err
		}
		return bad()
	}
	f := c.Field(off, size, write, v.attachType())
	if f == nil || !v.capable(f.Cap) {
		return bad()
	}
	if f.Kind == abi.FieldScalar {
		return ctxField{typ: ptScalar}, nil
	}
	// A pointer cannot be loaded with its sign extended.
	if v.insns[v.insn].Op.Class() == isa.ClassLdx && v.insns[v.insn].Op.Mode() == isa.ModeMemSX {
		return bad()
	}
	out := ctxField{typ: fieldTypes[f.Kind]}
	if f.Nullable {
		out.typ |= fNull
	}
	if f.Kind == abi.FieldBTF {
		id, ok := v.kernelStruct(f.Type)
		if !ok {
			return bad()
		}
		out.arg = id
	}
	return out, nil
}

// mayAccessPacket reports whether the program may read, or write, packet data
// directly.
func (v *verifier) mayAccessPacket(write bool) bool {
	info := v.progType().Info()
	if info == nil {
		return false
	}
	if write {
		return info.PktWrite
	}
	return info.PktRead
}

// mayPassPacket reports whether packet data may be an argument of a call.
func (v *verifier) mayPassPacket(m *callMeta) bool {
	return v.mayAccessPacket(false) && (m.pkt || v.isRaw || v.progType() == abi.CgroupSockopt)
}

// returnRange is the range of legal return values; ok is false if any value
// will do. low32 is set if only the lower half counts.
func (v *verifier) returnRange() (lo, hi int32, low32, ok bool) {
	t := v.progType()
	info := t.Info()
	if info == nil {
		return 0, 0, false, false
	}
	rule := info.Return(v.attachType())
	if t == abi.LSM && v.attachType() != abi.AttachLSMCgroup {
		lo, hi, ok = v.hookRange()
		return lo, hi, true, ok
	}
	if t == abi.LSM && v.voidTarget {
		return 1, 1, false, true
	}
	if rule.ByHook && t == abi.StructOps {
		return 0, 0, false, false
	}
	return rule.Range.Min, rule.Range.Max, false, !rule.Range.Any
}

// checkReturnValue checks the register that the program, or a function that is
// verified alone, returns.
func (v *verifier) checkReturnValue(regno int, name string) error {
	f := v.state.frames[0]
	sub := v.sub != 0
	if v.voidTarget && (!sub || f.exceptionCB) && (v.progType() == abi.StructOps ||
		v.progType() == abi.LSM && v.attachType() != abi.AttachLSMCgroup) {
		return nil
	}
	if err := v.checkRead(regno); err != nil {
		return err
	}
	v.log.touchReg(regno)
	r := v.reg(regno)
	if v.leaks(r) {
		return v.reject(CodePointerLeak, abi.EACCES, "R%d leaks addr as return value", regno)
	}
	if v.state.frame().asyncCallback {
		fr := v.state.frame()
		return v.demandRange(regno, name, "At async callback return", fr.retMin, fr.retMax, false)
	}
	if sub && !f.exceptionCB {
		if r.typ != ptScalar {
			return v.reject(CodeReturnPointer, abi.EINVAL, "At subprogram exit the register R%d is not a scalar value (%s)", regno, r.typ)
		}
		return nil
	}
	lo, hi, low32, limited := v.returnRange()
	if !limited {
		return nil
	}
	return v.demandRange(regno, name, "At program exit", lo, hi, low32)
}

// demandRange demands a number between lo and hi in a register; it matters
// from here on.
func (v *verifier) demandRange(regno int, name, where string, lo, hi int32, low32 bool) error {
	r := v.reg(regno)
	if r.typ != ptScalar {
		return v.reject(CodeReturnPointer, abi.EINVAL, "%s the register R%d is not a known value (%s)", where, regno, r.typ)
	}
	if err := v.markPrecise(regno); err != nil {
		return err
	}
	r = v.reg(regno)
	in := r.SMin >= int64(lo) && r.SMax <= int64(hi)
	if low32 {
		in = r.S32Min >= lo && r.S32Max <= hi
	}
	if in {
		return nil
	}
	return v.rejectRange(r, name, where, lo, hi)
}

// rejectRange is the reason for a return value outside of its range.
func (v *verifier) rejectRange(r *reg, name, where string, lo, hi int32) error {
	have := ""
	if r.SMin > -1<<63 {
		have = fmt.Sprintf(" smin=%d", r.SMin)
	}
	if r.SMax < 1<<63-1 {
		have += fmt.Sprintf(" smax=%d", r.SMax)
	}
	if have == "" {
		have = " unknown scalar value"
	}
	return v.reject(CodeReturnValue, abi.EINVAL, "%s the register %s has%s should have been in [%d, %d]", where, name, have, lo, hi)
}

// tracingTypes are the types that may run anywhere in the kernel.
var tracingTypes = []abi.ProgType{
	abi.Kprobe, abi.Tracepoint, abi.PerfEvent, abi.RawTracepoint, abi.RawTracepointWritable,
}

// sleepableMaps are the map types that sleepable programs may use.
var sleepableMaps = []abi.MapType{
	abi.Hash, abi.LRUHash, abi.Array, abi.PerCPUHash, abi.PerCPUArray, abi.LRUPerCPUHash, abi.ArrayOfMaps,
	abi.HashOfMaps, abi.RingBuf, abi.UserRingBuf, abi.InodeStorage, abi.SkStorage, abi.TaskStorage, abi.CgrpStorage,
	abi.Queue, abi.Stack, abi.Arena,
}

// prepareProgram checks what concerns the program as a whole: its type, its
// maps, whether it may sleep.
func (v *verifier) prepareProgram() error {
	info := v.progType().Info()
	if info == nil {
		return v.reject(CodeAttach, abi.EINVAL, "unrecognized bpf program type %d", v.prog.Type)
	}
	if !info.AllowsAttach(v.prog.Attach) {
		return v.reject(CodeAttach, abi.EINVAL, "expected_attach_type %d is not allowed for program type %d", v.prog.Attach, v.prog.Type)
	}
	used := make([]bool, len(v.prog.Maps))
	arenas := 0
	for i, in := range v.insns {
		if in.Op == isa.LdImm64 && in.Src() == isa.PseudoBTFID {
			// Linux 6.18: also where no path leads.
			v.insn = i
			if _, err := v.findKsym(int(in.Imm)); err != nil {
				return err
			}
		}
		if in.Op != isa.LdImm64 || in.Src() != isa.PseudoMapIdx && in.Src() != isa.PseudoMapIdxValue {
			continue
		}
		at := int(in.Imm)
		if at < 0 || at >= len(used) || used[at] {
			continue
		}
		used[at] = true
		v.insn = i
		if v.maps[at].Type == abi.Arena {
			arenas++
		}
		if err := v.checkProgMap(at, arenas); err != nil {
			return err
		}
	}
	v.insn = 0
	if err := v.checkTarget(); err != nil {
		return err
	}
	return v.checkSleepable(info)
}

func (v *verifier) checkSleepable(info *abi.ProgInfo) error {
	sleeps := v.prog.Flags&abi.Sleepable != 0
	switch rule := info.Sleeping(v.attachType()); {
	case rule == abi.SleepMust && !sleeps:
		return v.reject(CodeSleep, abi.EINVAL, "Syscall programs can only be sleepable")
	case rule == abi.SleepNever && sleeps:
		return v.reject(CodeSleep, abi.EINVAL,
			"Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable")
	}
	return nil
}

// checkProgMap demands that programs of the type may use a map.
func (v *verifier) checkProgMap(at, arenas int) error {
	m, f := &v.maps[at], v.mapFields(at)
	trace := slices.Contains(tracingTypes, v.progType())
	no := func(format string, args ...any) error {
		return v.reject(CodeProgMap, abi.EINVAL, format, args...)
	}
	switch {
	case f.has(fieldListHead|fieldRBRoot) && trace:
		return no("tracing progs cannot use bpf_{list_head,rb_root} yet")
	case f.has(fieldSpinLock|fieldResLock) && v.progType() == abi.SocketFilter:
		return no("socket filter progs cannot use bpf_spin_lock yet")
	case f.has(fieldSpinLock|fieldResLock) && trace:
		return no("tracing progs cannot use bpf_spin_lock yet")
	case f.has(fieldTimer) && trace:
		return no("tracing progs cannot use bpf_timer yet")
	case f.has(fieldWorkqueue) && trace:
		return no("tracing progs cannot use bpf_wq yet")
	case m.Type == abi.StructOpsMap:
		return no("bpf_struct_ops map cannot be used in prog")
	case v.prog.Flags&abi.Sleepable != 0 && !slices.Contains(sleepableMaps, m.Type):
		return no("Sleepable programs can only use array, hash, ringbuf and local storage maps")
	}
	if m.Type == abi.Arena {
		switch {
		case arenas > 1:
			return v.reject(CodeProgMap, abi.EBUSY, "Only one arena per program")
		case !v.bpf || !v.perfmon:
			return v.reject(CodeUnprivileged, abi.EPERM, "CAP_BPF and CAP_PERFMON are required to use arena")
		}
	}
	return nil
}
