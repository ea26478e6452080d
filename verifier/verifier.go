package verifier

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// Trust is whose rules apply.
type Trust uint8

// The trust levels.
const (
	// Kernel is root's view: all capabilities. It is the reference verdict. For
	// raw programs, which are plug-ins, it means Sandbox with CapBPF unless
	// Options.Caps says more: CapSysAdmin has root's rules.
	Kernel Trust = iota
	// Sandbox has the rules of a user who has no capabilities but Options.Caps.
	Sandbox
)

// Options change how a program is verified. The zero value and nil mean the
// reference verdict.
type Options struct {
	Trust Trust
	// Caps are what the user of Sandbox has after all.
	Caps Caps
	// KernelTypes is the BTF of the kernel that the program is meant for, nil
	// for none.
	KernelTypes *btf.Spec
	// FindTypes is asked for KernelTypes if that is nil, once, by programs that
	// need it: few do, and to read a kernel's takes longer than to verify most. It
	// may be nil and give nil.
	FindTypes func() *btf.Spec
	// Symbol finds the address of a kernel symbol; nil takes for granted that
	// every variable in KernelTypes has one.
	Symbol func(name string) (addr uint64, ok bool)
	// LogLevel is the kernel's: 1 prints the paths, 2 the states too, 4 only
	// statistics. 0 keeps no log.
	LogLevel uint32
	// LogSize limits the log, in bytes, 0 for 64 MB. Of a longer one the end is
	// kept, behind a line that says how much is cut.
	LogSize int
	// CPUs is the number of possible CPUs that the target has, 0 for 2.
	CPUs int
	// MaxInsns limits the instructions processed, 0 for Linux's 1,000,000.
	MaxInsns int
	// MaxMemory limits what the states kept for comparison take, in bytes, 0
	// for 288 MB, with which the whole heap stays below 512 MB. Only programs
	// under BPF_F_TEST_STATE_FREQ come near, and loops around may_goto that
	// do not converge.
	MaxMemory int
	// Walk, if not nil, is filled with a record of the walk.
	Walk *Walk
}

// Stats are the figures of one verification, as in veristat.
type Stats struct {
	Insns         int // instructions processed
	States        int // states kept, in total
	PeakStates    int
	MaxStatesInsn int // most states kept at one instruction
	Memory        int // most bytes that kept states took at one time
	StackDepth    int // bytes, of the deepest call chain
	Frames        int // bytes of stack, of all functions together, without what Linux adds for bpf_loop
	Time          time.Duration
}

// Program is a verified program. Only Verify makes one.
type Program struct {
	img   *image.Program
	stats Stats
	log   string
	facts []Fact
	funcs []Func
	spans map[spanKey]Span

	numbers     *Numbers
	numbersOnce sync.Once
}

// kernel is the target's types, nil for none.
func (v *verifier) kernel() *btf.Spec {
	if v.opts.KernelTypes == nil && v.opts.FindTypes != nil {
		v.opts.KernelTypes, v.opts.FindTypes = v.opts.FindTypes(), nil
	}
	return v.opts.KernelTypes
}

// Image is the program as it was given to Verify. It must not be changed.
func (p *Program) Image() *image.Program { return p.img }

// Stats are the verification's figures.
func (p *Program) Stats() Stats { return p.stats }

// Log is the verifier's log, "" at LogLevel 0.
func (p *Program) Log() string { return p.log }

// Fact is what was proven of the instruction at slot, on every path.
func (p *Program) Fact(slot int) Fact { return p.facts[slot] }

// Verify proves p or returns an *Error that says why it cannot.
func Verify(ctx context.Context, p *image.Program, opts *Options) (*Program, error) {
	begin := time.Now()
	v := &verifier{ctx: ctx, prog: p, insns: p.Insns}
	if opts != nil {
		v.opts = *opts
	}
	if v.opts.MaxInsns == 0 {
		v.opts.MaxInsns = maxInsns
	}
	if v.opts.MaxMemory == 0 {
		v.opts.MaxMemory = maxMemory
	}
	if v.opts.LogSize <= 0 {
		v.opts.LogSize = defaultLogSize
	}
	v.isRaw = p.Type == abi.Raw
	v.setRights()
	v.strict = p.Flags&abi.StrictAlignment != 0 && p.Flags&abi.AnyAlignment == 0
	v.freq = p.Flags&abi.TestStateFreq != 0 && v.bpf
	v.invariants = p.Flags&abi.TestRegInvariants != 0
	if v.opts.LogLevel != 0 {
		v.log = &logger{level: v.opts.LogLevel, logTail: logTail{limit: v.opts.LogSize}}
	}
	v.aux = make([]insnAux, len(p.Insns))
	v.buckets = make([]int32, len(p.Insns))
	err := v.run()
	if v.opts.Walk != nil {
		v.opts.Walk.finish(v)
	}
	v.stats.StackDepth = v.totalDepth
	for i := range v.subs {
		v.stats.Frames += v.subs[i].depth
	}
	v.stats.Time = time.Since(begin)
	v.logEnd(err == nil)
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return nil, err
		}
		e.Stats = v.stats
		if v.log != nil {
			e.Log = v.log.text()
		}
		return nil, e
	}
	out := &Program{img: p, stats: v.stats, facts: v.collectFacts(), funcs: v.collectFuncs(), spans: v.spans}
	if v.log != nil {
		out.log = v.log.text()
	}
	return out, nil
}

// reference is the release whose rules hold.
const reference isa.Release = 6<<8 | 18

// phases are the steps of a verification, in order; the first that fails ends
// it.
var phases = [...]struct {
	name string
	run  func(*verifier) error
}{
	{"size", (*verifier).checkSize},
	{"rights", (*verifier).checkRights},
	{"maps", (*verifier).addMaps},
	{"functions", (*verifier).addSubprogs},
	{"jumps", (*verifier).checkSubprogs},
	{"returns", (*verifier).checkReturns},
	{"encoding", (*verifier).checkEncoding},
	{"program", (*verifier).prepareProgram},
	{"flow", (*verifier).checkFlow},
	{"loops", func(v *verifier) error { v.findLoops(); return nil }},
	{"liveness", func(v *verifier) error { v.findLiveRegs(); v.logLive(); return nil }},
	{"walk", (*verifier).walkAll},
	{"stack", (*verifier).checkStackDepth},
	{"calls", (*verifier).checkCalls},
	{"tail calls", (*verifier).checkTailCalls},
	{"addresses", (*verifier).checkAddresses},
}

func (v *verifier) run() error {
	for i := range phases {
		if err := phases[i].run(v); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) checkSize() error {
	if len(v.insns) == 0 || len(v.insns) > maxProgLen {
		return v.reject(CodeBadInsn, abi.E2BIG, "program of %d instructions", len(v.insns))
	}
	return nil
}

// addMaps lists the maps that registers can point to, the templates of inner
// maps last.
func (v *verifier) addMaps() error {
	for i, m := range v.prog.Maps {
		v.maps = append(v.maps, mapInfo{Map: m, index: i, inner: -1})
	}
	for i := range v.prog.Maps {
		if in := v.maps[i].Inner; in != nil {
			v.maps[i].inner = len(v.maps)
			v.maps = append(v.maps, mapInfo{Map: in, index: -1, inner: -1})
		}
	}
	return nil
}

// callX is a call of an address in a register, which Linux does not have.
const callX = isa.CallOp | 1<<3

// checkEncoding refuses instructions that do not exist, and references to what
// the image does not hold. Reserved fields are found when the instruction is
// walked, except those of loads.
func (v *verifier) checkEncoding() error {
	for i := 0; i < len(v.insns); i++ {
		in := v.insns[i]
		v.insn = i
		var hi isa.Insn
		if in.Op == callX {
			return v.reject(CodeBadInsn, abi.EINVAL, "unknown opcode %02x", uint8(in.Op))
		}
		if in.IsWide() {
			if i+1 >= len(v.insns) {
				return v.reject(CodeBadInsn, abi.EINVAL, "invalid bpf_ld_imm64 insn")
			}
			hi = v.insns[i+1]
		}
		// Linux 6.18: instructions of later kernels, and callx, are unknown.
		if o := isa.Lookup(in); o != nil && !o.KnownTo(reference) {
			return v.reject(CodeBadInsn, abi.EINVAL, "unknown opcode %02x", uint8(in.Op))
		}
		if bad := in.Check(hi); bad != nil {
			if bad.Field == "opcode" || in.IsWide() || in.Op.Class() == isa.ClassLdx {
				return v.rejectEncoding(bad)
			}
			v.aux[i].bad = bad
		}
		if in.IsWide() {
			if err := v.checkReference(in, hi); err != nil {
				return err
			}
			i++
		}
	}
	return nil
}

// rejectEncoding refuses an instruction that is not encoded as it must be.
func (v *verifier) rejectEncoding(bad *isa.EncodingError) error {
	if (bad.Field == "dst" || bad.Field == "src") && strings.HasSuffix(bad.Linux, " is invalid") {
		return v.reject(CodeBadReg, abi.EINVAL, "%s", bad.Linux)
	}
	return v.reject(CodeBadInsn, abi.EINVAL, "%s", bad.Linux)
}

// checkReference checks what a wide instruction refers to.
func (v *verifier) checkReference(in, hi isa.Insn) error {
	switch in.Src() {
	case isa.PseudoMapFD, isa.PseudoMapIdx, isa.PseudoMapValue, isa.PseudoMapIdxValue:
		if int(in.Imm) < 0 || int(in.Imm) >= len(v.prog.Maps) {
			return v.reject(CodeBadInsn, abi.EINVAL, "fd %d is not pointing to valid bpf_map", in.Imm)
		}
	case isa.PseudoBTFID:
		if int(in.Imm) < 0 || int(in.Imm) >= len(v.prog.Ksyms) {
			return v.reject(CodeBTF, abi.EINVAL, "ldimm64 insn specifies invalid btf_id %d.", in.Imm)
		}
		return nil
	default:
		return nil
	}
	if s := in.Src(); s != isa.PseudoMapValue && s != isa.PseudoMapIdxValue {
		return nil
	}
	m, off := &v.maps[in.Imm], uint32(hi.Imm)
	switch {
	case off >= maxVarOff:
		return v.reject(CodeBadInsn, abi.EINVAL, "direct value offset of %d is not allowed", off)
	case m.Type == abi.Arena:
	case m.Type != abi.Array:
		return v.reject(CodeBadInsn, abi.EINVAL, "no direct value access support for this map type")
	case m.MaxEntries > 1 || off >= m.ValueSize:
		return v.reject(CodeMapValueAccess, abi.EINVAL, "invalid access to map value pointer, value_size=%d off=%d", m.ValueSize, off)
	}
	return nil
}

// checkReturns refuses what can end a function early where the function does
// not return a number, or its type is not known.
func (v *verifier) checkReturns() error {
	for s := 1; s < len(v.subs); s++ {
		sp := &v.subs[s]
		v.insn = sp.start
		why := "only allowed in functions that return 'int'."
		if !sp.typed {
			why = "not allowed in subprogs without BTF"
		} else if v.returnsNumber(s) {
			continue
		}
		if sp.ldAbs {
			return v.reject(CodeLegacyLoad, abi.EINVAL, "LD_ABS is %s", why)
		}
		if sp.tailCall {
			return v.reject(CodeTailCall, abi.EINVAL, "tail_call is %s", why)
		}
	}
	return nil
}

// returnsNumber reports whether a subprogram's type has a small integer or an
// enum as its result.
func (v *verifier) returnsNumber(sub int) bool {
	f := v.funcAt(sub)
	if f == nil || f.Type == nil {
		return false
	}
	proto, ok := f.Type.Type.(*btf.FuncProto)
	if !ok {
		return false
	}
	switch t := btf.UnderlyingType(proto.Return).(type) {
	case *btf.Int:
		return t.Size <= 8
	case *btf.Enum:
		return true
	}
	return false
}

// walkAll walks the program, then every global function that it calls, alone.
func (v *verifier) walkAll() error {
	if err := v.walkSub(0); err != nil {
		return err
	}
	for again := true; again; {
		again = false
		for s := 1; s < len(v.subs); s++ {
			sp := &v.subs[s]
			if sp.verified || !(sp.global && sp.called || sp.exception) {
				continue
			}
			sp.verified = true
			if v.log.on(logPaths | logStates) {
				v.log.printf("Validating %s() func#%d...\n", sp.name, s)
			}
			if err := v.walkSub(s); err != nil {
				return err
			}
			if v.log.on(logPaths | logStates) {
				v.log.printf("Func#%d ('%s') is safe for any args that match its prototype\n", s, sp.name)
			}
			again = true
		}
	}
	return nil
}

// checkCalls refuses calls of kernel functions that were never resolved, where
// a path reaches them.
func (v *verifier) checkCalls() error {
	if v.leftCall {
		return v.reject(CodeKfunc, abi.EINVAL, "invalid kernel function call not eliminated in verifier pass")
	}
	return nil
}
