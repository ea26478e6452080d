package verifier

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// subArg is an argument of a function that is verified alone, as its BTF
// promises it.
type subArg struct {
	kind   argKind
	flags  regType // fNull, fTrusted, fUntrusted, fReadOnly
	size   uint32  // of memory
	typeID uint32  // of a kernel object
	name   string
}

type argKind uint8

const (
	argScalar argKind = iota
	argContext
	argMemory
	argObject
	argDynptr
	argArena
)

// argTags are the tags that a parameter can have.
type argTags uint8

const (
	tagCtx argTags = 1 << iota
	tagTrusted
	tagUntrusted
	tagNonnull
	tagNullable
	tagArena
)

var argTagNames = map[string]argTags{
	"ctx": tagCtx, "trusted": tagTrusted, "untrusted": tagUntrusted, "nonnull": tagNonnull,
	"nullable": tagNullable, "arena": tagArena,
}

// funcAt is the image's function that starts where subprogram sub does.
func (v *verifier) funcAt(sub int) *image.Func {
	for i := range v.prog.Funcs {
		if v.prog.Funcs[i].Start == v.subs[sub].start {
			return &v.prog.Funcs[i]
		}
	}
	return nil
}

// prepareArgs reads a function's arguments from its BTF.
func (v *verifier) prepareArgs(sub int) error {
	sp := &v.subs[sub]
	if sp.argsKnown {
		return nil
	}
	f := v.funcAt(sub)
	if f == nil || f.Type == nil {
		return v.reject(CodeBTF, abi.EINVAL, "Func#%d has no BTF", sub)
	}
	proto, ok := f.Type.Type.(*btf.FuncProto)
	if !ok {
		return v.reject(CodeBTF, abi.EINVAL, "Invalid BTF of func %s", sp.name)
	}
	if len(proto.Params) > 5 {
		return v.reject(CodeGlobalFunc, abi.EINVAL, "Global function %s() with %d > %d args. Buggy compiler.",
			sp.name, len(proto.Params), 5)
	}
	switch bare(proto.Return).(type) {
	case *btf.Int, *btf.Enum:
	default:
		return v.reject(CodeGlobalFunc, abi.EINVAL,
			"Global function %s() doesn't return scalar. Only those are supported.", sp.name)
	}
	args := make([]subArg, len(proto.Params))
	for i := range proto.Params {
		var tags argTags
		var err error
		if i < len(f.Type.ParamTags) {
			if tags, err = v.readTags(i, f.Type.ParamTags[i], sp.global); err != nil {
				return err
			}
		}
		if args[i], err = v.prepareArg(i, proto.Params[i].Type, tags, sp.name, sp.global); err != nil {
			return err
		}
	}
	sp.args, sp.argsKnown = args, true
	return nil
}

func (v *verifier) readTags(i int, list []string, global bool) (argTags, error) {
	var tags argTags
	for _, tag := range list {
		name, ok := strings.CutPrefix(tag, "arg:")
		if !ok {
			continue
		}
		if !global {
			return 0, v.reject(CodeGlobalFunc, abi.EOPNOTSUPP, "arg#%d type tag is not supported in static functions", i)
		}
		t := argTagNames[name]
		if t == 0 {
			return 0, v.reject(CodeGlobalFunc, abi.EOPNOTSUPP, "arg#%d has unsupported set of tags", i)
		}
		tags |= t
	}
	return tags, nil
}

// prepareArg says what one parameter promises.
func (v *verifier) prepareArg(i int, typ btf.Type, tags argTags, fn string, global bool) (subArg, error) {
	bad := func(format string, args ...any) (subArg, error) {
		return subArg{}, v.reject(CodeGlobalFunc, abi.EINVAL, format, args...)
	}
	p, isPtr := bare(typ).(*btf.Pointer)
	if !isPtr {
		switch bare(typ).(type) {
		case *btf.Int, *btf.Enum:
			if tags != 0 {
				return bad("arg#%d has pointer tag, but is not a pointer type", i)
			}
			return subArg{}, nil
		}
		if tags != 0 {
			return bad("arg#%d has pointer tag, but is not a pointer type", i)
		}
		return bad("Arg#%d type %s in %s() is not supported yet.", i, kindName(bare(typ)), fn)
	}
	target := bare(p.Target)
	switch {
	case tags&tagCtx != 0 || v.isContext(p):
		if tags&^tagCtx != 0 {
			return bad("arg#%d has invalid combination of tags", i)
		}
		if tags != 0 {
			if err := v.checkContextTag(i, p); err != nil {
				return subArg{}, err
			}
		}
		return subArg{kind: argContext}, nil
	case nameOf(target) == "bpf_dynptr":
		if tags != 0 {
			return bad("arg#%d has invalid combination of tags", i)
		}
		return subArg{kind: argDynptr, flags: fReadOnly}, nil
	case tags&tagTrusted != 0:
		if tags&tagNonnull != 0 {
			return bad("arg#%d has invalid combination of tags", i)
		}
		a := subArg{kind: argObject, flags: fTrusted}
		if tags&tagNullable != 0 {
			a.flags |= fNull
		}
		return a, v.setObject(&a, i, target)
	case tags&tagUntrusted != 0:
		return v.untrustedArg(i, target, tags)
	case tags&tagArena != 0:
		if tags != tagArena {
			return bad("arg#%d arena cannot be combined with any other tags", i)
		}
		return subArg{kind: argArena}, nil
	case !global:
		return subArg{}, v.reject(CodeBTF, abi.EINVAL, "arg#%d of a static function is not supported", i)
	case tags&tagNullable != 0:
		return bad("arg#%d has invalid combination of tags", i)
	}
	size, err := btf.Sizeof(target)
	if _, void := target.(*btf.Void); err != nil || void || target == nil {
		return bad("arg#%d reference type('%s %s') size cannot be determined: -22", i, kindName(target), rawName(target))
	}
	a := subArg{kind: argMemory, size: uint32(size), flags: fNull}
	if tags&tagNonnull != 0 {
		a.flags = 0
	}
	return a, nil
}

func (v *verifier) untrustedArg(i int, target btf.Type, tags argTags) (subArg, error) {
	if tags != tagUntrusted {
		return subArg{}, v.reject(CodeGlobalFunc, abi.EINVAL, "arg#%d untrusted cannot be combined with any other tags", i)
	}
	switch target.(type) {
	case *btf.Int, *btf.Enum, *btf.Void, *btf.Pointer, nil:
		return subArg{kind: argMemory, flags: fReadOnly | fUntrusted}, nil
	}
	a := subArg{kind: argObject, flags: fUntrusted}
	return a, v.setObject(&a, i, target)
}

// setObject finds the kernel's type for a parameter's.
func (v *verifier) setObject(a *subArg, i int, target btf.Type) error {
	name := nameOf(target)
	if cut := strings.Index(name, "___"); cut > 0 {
		name = name[:cut]
	}
	id, ok := v.kernelStruct(name)
	if !ok {
		return v.reject(CodeGlobalFunc, abi.EINVAL, "arg#%d kernel type %s not found", i, name)
	}
	a.typeID, a.name = id, name
	return nil
}

// kindName is a BTF kind in the kernel's words.
func kindName(t btf.Type) string {
	switch t.(type) {
	case *btf.Struct:
		return "STRUCT"
	case *btf.Union:
		return "UNION"
	case *btf.Fwd:
		return "FWD"
	case *btf.Pointer:
		return "PTR"
	case *btf.Array:
		return "ARRAY"
	case *btf.Float:
		return "FLOAT"
	case *btf.FuncProto:
		return "FUNC_PROTO"
	case *btf.Int:
		return "INT"
	}
	return "UNKNOWN"
}

func rawName(t btf.Type) string {
	if t == nil {
		return ""
	}
	return t.TypeName()
}

// prepareSub fills the registers at the start of a function that is verified
// alone.
func (v *verifier) prepareSub(sub int) error {
	v.log.touchAll()
	f := v.state.frame()
	v.state.inSleepable = v.prog.Flags&abi.Sleepable != 0
	if sub == 0 && v.progType() != abi.Extension {
		if v.isRaw {
			return v.prepareRaw()
		}
		f.regs[1].setPointer(ptCtx)
		return v.prepareEntry()
	}
	if err := v.prepareArgs(sub); err != nil {
		return err
	}
	args := v.subs[sub].args
	if v.subs[sub].exception {
		f.exceptionCB = true
		if len(args) != 1 || args[0].kind != argScalar {
			return v.reject(CodeException, abi.EINVAL, "exception cb only supports single integer argument")
		}
	}
	for i := range args {
		a, r := &args[i], &f.regs[i+1]
		switch a.kind {
		case argContext:
			r.setPointer(ptCtx)
		case argScalar, argArena:
			r.setUnknown()
		case argDynptr:
			r.setPointer(ptDynptr)
			r.id, r.aux = v.newID(), uint8(dynLocal)|auxFirst
		case argMemory:
			r.setPointer(ptMem | a.flags)
			r.arg = a.size
		case argObject:
			r.setPointer(ptBTF | a.flags)
			r.arg, r.id = a.typeID, v.newID()
		}
		if r.typ.has(fNull) && r.id == 0 {
			r.id = v.newID()
		}
	}
	return nil
}

// prepareEntry logs, but does not mind, that a program's own BTF does not fit.
func (v *verifier) prepareEntry() error {
	f := v.funcAt(0)
	if f == nil || f.Type == nil {
		return nil
	}
	_ = v.prepareArgs(0)
	return nil
}

// checkGlobalCall demands that the arguments of a call fit what a global
// function promises about them.
func (v *verifier) checkGlobalCall(sub int) error {
	err := v.prepareArgs(sub)
	for i := range v.subs[sub].args {
		if err != nil {
			break
		}
		err = v.checkSubArg(i, &v.subs[sub].args[i])
	}
	if err != nil {
		// The reason is worth more than the line that Linux adds to it.
		line := fmt.Sprintf("Caller passes invalid args into func#%d ('%s')", sub, v.subs[sub].name)
		v.log.printf("%s\n", line)
		var e *Error
		if errors.As(err, &e) {
			e.Linux = line
		}
	}
	return err
}

// warnCall logs in what the arguments of a call do not fit a static function's
// types. Linux 6.18: only the log shows it, and only once.
func (v *verifier) warnCall(sub int) {
	sp := &v.subs[sub]
	if sp.global || sp.misfit || !sp.typed {
		return
	}
	log := v.log
	v.log = nil
	err := v.prepareArgs(sub)
	v.log = log
	for i := range sp.args {
		if err != nil {
			break
		}
		err = v.checkSubArg(i, &sp.args[i])
	}
	sp.misfit = err != nil
}

func (v *verifier) checkSubArg(i int, a *subArg) error {
	regno := i + 1
	r := v.reg(regno)
	if a.kind == argScalar {
		if r.typ != ptScalar {
			return v.reject(CodeGlobalArgs, abi.EINVAL, "R%d is not a scalar", regno)
		}
		return nil
	}
	if a.flags.has(fUntrusted) {
		return nil
	}
	switch a.kind {
	case argContext:
		if err := v.checkArgOffset(r, regno, abi.ArgNone); err != nil {
			return err
		}
		if r.typ != ptCtx {
			return v.reject(CodeGlobalArgs, abi.EINVAL, "arg#%d expects pointer to ctx", i)
		}
	case argMemory:
		if err := v.checkArgOffset(r, regno, abi.ArgNone); err != nil {
			return err
		}
		if err := v.checkMemReg(regno, int(a.size)); err != nil {
			// Linux 6.18: what is wrong with memory is all one to a caller.
			var e *Error
			if errors.As(err, &e) {
				e.Errno = abi.EINVAL
			}
			return err
		}
		if !a.flags.has(fNull) && v.reg(regno).typ.has(fNull) {
			return v.reject(CodeGlobalArgs, abi.EINVAL, "arg#%d is expected to be non-NULL", i)
		}
	case argArena:
		if r.typ != ptArena && r.typ != ptScalar {
			return v.reject(CodeGlobalArgs, abi.EINVAL, "R%d is not a pointer to arena or scalar.", regno)
		}
	case argDynptr:
		if err := v.checkArgOffset(r, regno, abi.ArgDynptr); err != nil {
			return err
		}
		return v.dynptrArg(regno, abi.ArgDynptr|abi.ArgReadOnly, dynNone, 0)
	case argObject:
		if r.isNull() && a.flags.has(fNull) {
			return nil
		}
		return v.checkObjectSubArg(r, regno, a)
	}
	return nil
}

func (v *verifier) checkObjectSubArg(r *reg, regno int, a *subArg) error {
	arg := abi.ArgBTFID
	if a.flags.has(fNull) {
		arg |= abi.ArgNullable
	}
	m := &callMeta{mapAt: -1, key: -1}
	if err := v.checkArgType(regno, arg, a.name, m); err != nil {
		return err
	}
	return v.checkArgOffset(r, regno, arg)
}

// checkMemReg demands that a register points to size bytes that may be read
// and written, or is NULL.
func (v *verifier) checkMemReg(regno, size int) error {
	r := v.reg(regno)
	if r.isNull() {
		return nil
	}
	saved := *r
	if r.typ.has(fNull) {
		notNull(r, v)
	}
	err := v.checkHelperMem(regno, size, false, true, nil)
	if err == nil {
		err = v.checkHelperMem(regno, size, true, true, nil)
	}
	if saved.typ.has(fNull) {
		*v.reg(regno) = saved
	}
	return err
}
