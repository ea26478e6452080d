package randprog

import (
	"math/rand/v2"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// Options narrow what is generated. The zero value and nil mean everything.
type Options struct {
	// Types are the program types to choose from.
	Types []abi.ProgType
	// NoMutation leaves out the changes at the end, so that more programs are
	// accepted.
	NoMutation bool
	// Size is about how many instructions a program may have, 0 for 160.
	Size int
}

// types are the program types that are generated.
var types = []abi.ProgType{
	abi.XDP, abi.SocketFilter, abi.SchedCLS, abi.Tracepoint, abi.RawTracepoint, abi.Syscall, abi.CgroupSKB, abi.Kprobe,
}

// New is the program of a seed.
func New(seed uint64, opts *Options) *image.Program {
	return generate(&source{rnd: rand.New(rand.NewPCG(seed, 0x736b6570))}, opts)
}

// FromBytes is the program that a fuzzer's bytes choose: each decides one
// choice, so that a small change of the bytes is a small change of the program.
func FromBytes(data []byte, opts *Options) *image.Program {
	return generate(&source{data: data}, opts)
}

// gen is one program in the making.
type gen struct {
	*source
	code
	opts  Options
	prog  *image.Program
	info  *abi.ProgInfo
	bctx  *abi.Context
	all   []*image.Map
	use   []int // of all: index in prog.Maps, -1 while not used
	funcs []*function

	st    state
	fn    *function
	ids   int
	limit int // instructions before the function should end
	loops int // loops around the place
	// needTypes is set by what Linux takes only from programs with BTF.
	needTypes bool
	calls     bool // calls may be written: R1 to R5 hold nothing that is needed
}

// function is a subprogram: known by a call, written later.
type function struct {
	name     string
	entry    label
	out      label // where checks that fail go
	outUsed  bool
	level    int
	args     [6]reg // what R0 to R5 hold at the entry
	callback bool
	global   bool // verified alone
	start    int
}

func generate(src *source, opts *Options) *image.Program {
	g := &gen{source: src, all: maps(), calls: true}
	if opts != nil {
		g.opts = *opts
	}
	if g.opts.Types == nil {
		g.opts.Types = types
	}
	if g.opts.Size == 0 {
		g.opts.Size = 160
	}
	typ := pick(src, g.opts.Types...)
	g.info, g.bctx = typ.Info(), typ.ContextOn("amd64")
	g.prog = &image.Program{Name: "random", Type: typ, License: "GPL", Autoload: true}
	if g.info.Sleep == abi.SleepMust {
		g.prog.Flags |= abi.Sleepable
	}
	switch g.below(16) {
	case 14:
		g.prog.Flags |= abi.TestStateFreq
	case 15:
		g.prog.Flags |= abi.StrictAlignment
	}
	g.use = make([]int, len(g.all))
	for i := range g.use {
		g.use[i] = -1
	}
	main := &function{name: "random", entry: g.label(), global: true}
	main.args[1] = reg{kind: bctx}
	g.funcs = append(g.funcs, main)
	for i := 0; i < len(g.funcs); i++ {
		g.function(g.funcs[i])
	}
	g.resolve()
	g.prog.Insns = g.insns
	typed := g.needTypes || g.below(2) == 1
	for _, f := range g.funcs {
		fn := image.Func{Name: f.name, Start: f.start, Global: f.global}
		if typed {
			fn.Type = f.btf()
		}
		g.prog.Funcs = append(g.prog.Funcs, fn)
	}
	if !g.opts.NoMutation && g.below(2) == 1 {
		g.mutate()
	}
	return g.prog
}

// function writes a whole function.
func (g *gen) function(f *function) {
	g.fn, g.st, f.start = f, state{}, len(g.insns)
	f.out = g.label()
	g.bind(f.entry)
	copy(g.st.regs[:], f.args[:])
	g.st.regs[isa.FP] = reg{kind: frame}
	size := g.opts.Size
	if f.level > 0 {
		size /= 4
	}
	g.limit = len(g.insns) + g.between(size/8, size)
	if f.level == 0 && !g.oneIn(8) {
		g.mov(isa.R6, isa.R1)
		g.st.regs[isa.R6] = g.st.regs[isa.R1]
	}
	for len(g.insns) < g.limit && !g.st.dead {
		before := len(g.insns)
		g.statement()
		if len(g.insns) == before {
			g.limit--
		}
	}
	if !g.st.dead {
		g.leave()
	}
	if f.outUsed {
		g.bind(f.out)
		g.st = state{}
		g.result()
		g.exit()
	}
}

// leave ends the path at the place.
func (g *gen) leave() {
	g.result()
	g.exit()
	g.st.dead = true
}

// result puts something into R0 that the function may return.
func (g *gen) result() {
	r := isa.R0
	switch {
	case g.fn.callback:
		g.movImm(r, int32(g.below(2)))
	case g.fn.level > 0 && g.st.regs[r].kind == scalar && g.below(4) > 0:
	case g.fn.level > 0:
		if x, ok := g.find(isScalar); ok && g.below(4) > 0 {
			g.mov(r, x)
		} else {
			g.movImm(r, g.imm())
		}
	case g.st.regs[r].kind == scalar && g.st.regs[r].max <= 1 && g.below(4) > 0:
	default:
		g.movImm(r, int32(g.below(2)))
	}
	if g.oneIn(64) {
		g.movImm(r, g.imm())
	}
	g.st.regs[r] = unknown()
}

// statement writes one piece. What comes first is what a fuzzer's bytes come to
// when they are at their end.
func (g *gen) statement() {
	if g.st.dead {
		return
	}
	switch g.below(64) {
	case 0:
		g.limit -= 4
	case 1, 2, 3, 4, 5, 6, 7, 8:
		g.arithmetic()
	case 9, 10, 11:
		g.copies()
	case 12, 13, 14:
		g.loadContext()
	case 15, 16, 17, 18:
		g.stackAccess()
	case 19, 20, 21, 22:
		g.stackVariable()
	case 23, 24, 25, 26, 27:
		g.lookup()
	case 28, 29, 30, 31, 32, 33:
		g.valueAccess()
	case 34, 35, 36, 37:
		g.packetAccess()
	case 38, 39, 40, 41, 42, 43:
		g.branch()
	case 44, 45:
		g.loop()
	case 46:
		g.mayGotoLoop()
	case 47:
		g.callback()
	case 48, 49, 50:
		g.callFunction()
	case 51, 52, 53, 54:
		g.helperCall()
	case 55:
		g.ringRecord()
	case 56:
		g.spinLock()
	case 57:
		g.tailCall()
	case 58, 59:
		g.atomic()
	case 60:
		g.legacyLoad()
	case 61:
		g.loadUnknown(g.dest())
	case 62:
		g.directValue()
	case 63:
		if len(g.insns) > g.limit/2 && g.loops == 0 && g.fn.level == 0 {
			g.earlyExit()
		}
	}
}

// block writes n statements or fewer.
func (g *gen) block(n int) {
	for ; n > 0 && len(g.insns) < g.limit && !g.st.dead; n-- {
		g.statement()
	}
}
