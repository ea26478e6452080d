package listing

import (
	"fmt"
	"slices"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/amd64"
	"github.com/skepbpf/skep/vm/jit/arm64"
	"github.com/skepbpf/skep/vm/jit/emit"
	"github.com/skepbpf/skep/vm/jit/opt"
)

// Options choose what is compiled.
type Options struct {
	Arch string // "amd64" or "arm64"
	// Plain leaves out instructions that not every machine of the architecture
	// has.
	Plain bool
	// Off are optimisations to leave out.
	Off emit.Opt
	// Args is the number of arguments that Go passes, 0 for 1.
	Args int
}

// Listing is a program as machine code.
type Listing struct {
	Code   []byte
	Pieces []Piece // in the order of the code
	// Gone are the slots of instructions that have no code of their own: they
	// were folded into others, or nobody needs them.
	Gone []int
}

// Piece is code that is there for one thing.
type Piece struct {
	Kind emit.MarkKind
	Slot int // in the image, of MarkInsn and MarkExit; -1 where there is none
	Func int // the function that the code belongs to, -1 for none
	// Callee is the index in ir.Program.Callees of a MarkLeaf.
	Callee int
	Code   []Instruction
}

// Instruction is one instruction of the machine.
type Instruction struct {
	Offset int // in the code
	Bytes  []byte
	Text   string
}

// generator is what there is for an architecture.
type generator struct {
	compile     func(*ir.Program, emit.Options) (*emit.Output, error)
	start       func(*emit.Output, int) int32
	features    uint64
	lacks       func(features uint64) emit.Opt
	disassemble func(code []byte, at int) (length int, text string)
}

func generatorOf(arch string) (generator, error) {
	switch arch {
	case "amd64":
		return generator{amd64.Compile, amd64.StartStub, amd64.HasBMI2 | amd64.HasFastDivide | amd64.HasPOPCNT, amd64.Lacks, disassembleAMD64}, nil
	case "arm64":
		return generator{arm64.Compile, arm64.StartStub, arm64.HasLSE, func(uint64) emit.Opt { return 0 }, disassembleARM64}, nil
	}
	return generator{}, fmt.Errorf("architecture %q: want amd64 or arm64", arch)
}

// Where an engine's code would lie: what the code compares addresses with.
const (
	codeLow  = 0x7000_0000_0000
	codeSize = 64 << 20
)

// Of compiles p and takes the code apart. p is left alone.
func Of(p *ir.Program, o Options) (*Listing, error) {
	g, err := generatorOf(o.Arch)
	if err != nil {
		return nil, err
	}
	opts := emit.Options{Off: o.Off, CodeLow: codeLow, CodeSize: codeSize}
	if !o.Plain {
		opts.Features = g.features
	}
	opts.Off |= g.lacks(opts.Features)
	low := opt.Optimize(p, opts)
	out, err := g.compile(low, opts)
	if err != nil {
		return nil, err
	}
	size := len(out.Code)
	start := emit.Mark{At: g.start(out, max(o.Args, 1)), Arg: -1, Kind: emit.MarkStart}
	l := &Listing{Code: out.Code}
	marks := append(out.Map(), start)
	for i, m := range marks {
		end := len(out.Code)
		if m.Kind != emit.MarkStart {
			end = min(int(marks[i+1].At), size) // padding is for nothing
		}
		if int(m.At) < end {
			l.add(low, m, g.take(out.Code[:end], int(m.At)))
		}
	}
	l.gone(p)
	return l, nil
}

// take disassembles the code from an offset to its end.
func (g *generator) take(code []byte, at int) (list []Instruction) {
	for at < len(code) {
		n, text := g.disassemble(code[at:], at)
		list = append(list, Instruction{Offset: at, Bytes: code[at : at+n], Text: text})
		at += n
	}
	return list
}

// add appends a piece, or more of the last one.
func (l *Listing) add(low *ir.Program, m emit.Mark, code []Instruction) {
	p := Piece{Kind: m.Kind, Slot: -1, Func: -1, Callee: -1, Code: code}
	switch m.Kind {
	case emit.MarkInsn, emit.MarkExit:
		p.Slot, p.Func = int(low.Insns[m.Arg].Slot), low.FuncAt(int(m.Arg))
	case emit.MarkFunc, emit.MarkEnd:
		p.Func = int(m.Arg)
	case emit.MarkLeaf:
		p.Callee = int(m.Arg)
	}
	if n := len(l.Pieces); n > 0 {
		last := &l.Pieces[n-1]
		if last.Kind == p.Kind && last.Slot == p.Slot && last.Func == p.Func && last.Callee == p.Callee {
			last.Code = append(last.Code, code...)
			return
		}
	}
	l.Pieces = append(l.Pieces, p)
}

// gone finds the slots of p's instructions that no piece is for.
func (l *Listing) gone(p *ir.Program) {
	there := map[int]bool{}
	for i := range l.Pieces {
		there[l.Pieces[i].Slot] = true
	}
	for i := range p.Insns {
		if s := int(p.Insns[i].Slot); s >= 0 && !there[s] {
			there[s] = true
			l.Gone = append(l.Gone, s)
		}
	}
	slices.Sort(l.Gone)
}
