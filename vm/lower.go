package vm

import (
	"fmt"
	"math"
	"slices"

	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm/ir"
)

// frameSize is the most stack of a function, and what it gets where nothing is
// known of it. RFC 9669 leaves it open; Linux gives 512 bytes.
const frameSize = 512

// lowerer turns slots into lowered instructions.
type lowerer struct {
	img   *image.Program
	proof facts // nil behind the unverified door
	maps  []bpfmap.Map
	// numbers are what registers hold, nil where nothing is known.
	numbers *verifier.Numbers
	out     *ir.Program

	callees map[ir.Callee]int
	mayGoto []int // per function, the offset of its counter, 0 if it has none
	fn      int   // the function being lowered
	slot    int   // the slot being lowered
}

// facts is what lowering reads of a verifier.Program.
type facts interface {
	Fact(slot int) verifier.Fact
	Funcs() []verifier.Func
}

// lower turns a verified program into what engines run.
func lower(p *verifier.Program, maps []bpfmap.Map) (*ir.Program, error) {
	return lowerImage(p.Image(), p, numbersFor(p, maps), maps)
}

// LowerUnverified lowers a program of which nothing is proven, for an engine
// that checks every access. Context accesses stay as they are.
func LowerUnverified(img *image.Program, maps []bpfmap.Map) (*ir.Program, error) {
	if err := isa.Validate(img.Insns); err != nil {
		return nil, err
	}
	return lowerImage(img, nil, nil, maps)
}

func lowerImage(img *image.Program, proof facts, numbers *verifier.Numbers, maps []bpfmap.Map) (*ir.Program, error) {
	if len(img.Insns) == 0 {
		return nil, fmt.Errorf("no instructions")
	}
	if len(maps) != len(img.Maps) {
		return nil, fmt.Errorf("%d maps for %d references", len(maps), len(img.Maps))
	}
	l := &lowerer{
		img: img, proof: proof, numbers: numbers, maps: maps, callees: map[ir.Callee]int{},
		out: &ir.Program{Index: make([]int32, len(img.Insns)), Exception: -1, Ctx: ir.CtxOf(img.Type)},
	}
	if proof == nil {
		l.out.Ctx = &ir.CtxLayout{}
	}
	for _, m := range maps {
		l.out.Maps = append(l.out.Maps, mapLayout(m))
	}
	l.frames()
	if err := l.functions(); err != nil {
		return nil, err
	}
	return l.out, l.link()
}

// frames lays out each function's frame.
func (l *lowerer) frames() {
	funcs := l.img.Funcs
	if len(funcs) == 0 {
		funcs = l.findFuncs()
	}
	l.mayGoto = make([]int, len(funcs))
	for i, f := range funcs {
		depth := l.depth(f.Start)
		end := len(l.img.Insns)
		if i+1 < len(funcs) {
			end = funcs[i+1].Start
		}
		for s := f.Start; s < end; s++ {
			if op := l.img.Insns[s].Op; op.Class() == isa.ClassJmp && op.Code() == isa.JCond {
				l.mayGoto[i] = -depth - 8
			}
		}
		if l.mayGoto[i] != 0 {
			depth += 8
		}
		if f.ExceptionCallback {
			l.out.Exception = i
		}
		l.out.Funcs = append(l.out.Funcs, ir.Func{
			Name: f.Name, Start: f.Start, End: end, StackDepth: depth, MayGoto: l.mayGoto[i],
		})
	}
}

// depth is the stack of the function at slot in bytes, a multiple of 8.
func (l *lowerer) depth(slot int) int {
	if l.proof == nil {
		return frameSize
	}
	funcs := l.proof.Funcs()
	i, ok := slices.BinarySearchFunc(funcs, slot, func(f verifier.Func, slot int) int { return f.Start - slot })
	if !ok {
		return frameSize
	}
	return min((funcs[i].Depth+7)&^7, frameSize)
}

// findFuncs finds the functions of a program without function information by
// its calls.
func (l *lowerer) findFuncs() []image.Func {
	starts := make([]bool, len(l.img.Insns))
	starts[0] = true
	for s := 0; s < len(l.img.Insns); s++ {
		in := l.img.Insns[s]
		call := in.Op == isa.CallOp && in.Src() == isa.CallLocal
		if in.IsWide() && in.Src() == isa.PseudoFunc {
			call = true
		}
		if t := s + 1 + int(in.Imm); call && t >= 0 && t < len(starts) {
			starts[t] = true
		}
		if in.IsWide() {
			s++
		}
	}
	var funcs []image.Func
	for s, is := range starts {
		if is {
			funcs = append(funcs, image.Func{Start: s})
		}
	}
	return funcs
}

// functions lowers all slots, with slot numbers as jump targets.
func (l *lowerer) functions() error {
	for i := range l.out.Funcs {
		f := &l.out.Funcs[i]
		first, end := f.Start, f.End
		l.fn = i
		f.Start = len(l.out.Insns)
		for l.slot = first; l.slot < end; l.slot++ {
			in := l.img.Insns[l.slot]
			l.out.Index[l.slot] = -1
			wide := in.IsWide()
			if l.reached(l.slot) {
				l.out.Index[l.slot] = int32(len(l.out.Insns))
				if err := l.insn(in); err != nil {
					return fmt.Errorf("insn %d: %w", l.slot, err)
				}
			}
			if wide && l.slot+1 < end {
				l.slot++
				l.out.Index[l.slot] = -1
			}
		}
		f.End = len(l.out.Insns)
		f.Cost = int32(f.End - f.Start)
	}
	return nil
}

func (l *lowerer) reached(slot int) bool {
	return l.proof == nil || slot >= 0 && slot < len(l.img.Insns) && l.proof.Fact(slot).Reached
}

// fact is what was proven of the slot being lowered.
func (l *lowerer) fact() verifier.Fact {
	if l.proof == nil {
		return verifier.Fact{Reached: true, ZExt32: true}
	}
	return l.proof.Fact(l.slot)
}

// emit appends an instruction.
func (l *lowerer) emit(in ir.Insn) {
	in.Slot = int32(l.slot)
	l.know(&in)
	l.out.Insns = append(l.out.Insns, in)
}

// insn lowers one slot.
func (l *lowerer) insn(in isa.Insn) error {
	switch in.Op.Class() {
	case isa.ClassAlu, isa.ClassAlu64:
		return l.alu(in)
	case isa.ClassJmp, isa.ClassJmp32:
		return l.jump(in)
	case isa.ClassLdx:
		return l.load(in)
	case isa.ClassSt, isa.ClassStx:
		return l.store(in)
	}
	if in.IsWide() {
		return l.wide(in)
	}
	return l.packetLoad(in)
}

// link replaces the slot numbers in jumps by indices.
func (l *lowerer) link() error {
	insns := l.out.Insns
	var back []int32
	for i := range insns {
		in := &insns[i]
		if !in.Op.IsJump() && in.Op != ir.CallLocal {
			continue
		}
		t := int(in.Off)
		if t < 0 || t >= len(l.out.Index) || l.out.Index[t] < 0 {
			return fmt.Errorf("insn %d: jump to %d, which is no instruction", in.Slot, t)
		}
		in.Off = l.out.Index[t]
		if in.Op == ir.CallLocal {
			fn := l.out.FuncAt(int(in.Off))
			if l.out.Funcs[fn].Start != int(in.Off) {
				return fmt.Errorf("insn %d: call of slot %d, where no function begins", in.Slot, t)
			}
			in.Imm = int64(fn)
			continue
		}
		if f := &l.out.Funcs[l.out.FuncAt(i)]; int(in.Off) < f.Start || int(in.Off) >= f.End {
			return fmt.Errorf("insn %d: jump to %d, which is another function's", in.Slot, t)
		}
		insns[in.Off].Flags |= ir.Target
		if int(in.Off) <= i {
			in.Flags |= ir.BackEdge
			back = append(back, int32(i))
		}
	}
	// The last jump to an instruction sets the cost of all.
	cost := make(map[int32]int32, len(back))
	for _, i := range slices.Backward(back) {
		in := &insns[i]
		if cost[in.Off] == 0 {
			cost[in.Off] = i + 1 - in.Off
		}
		in.Cost = cost[in.Off]
	}
	return l.ends()
}

// ends demands that control cannot run out of the program.
func (l *lowerer) ends() error {
	insns := l.out.Insns
	for _, f := range l.out.Funcs {
		if f.End == f.Start {
			continue // nothing of it is reached
		}
		switch last := insns[f.End-1]; last.Op {
		case ir.Exit, ir.JA, ir.Throw:
		default:
			if f.End == len(insns) || l.proof == nil {
				return fmt.Errorf("insn %d: control runs out of the function", last.Slot)
			}
			if last.Op != ir.Call && last.Op != ir.CallLocal { // a callee that never returns
				return fmt.Errorf("insn %d: control runs out of the function", last.Slot)
			}
		}
	}
	if len(insns) > math.MaxInt32 {
		return fmt.Errorf("%d instructions", len(insns))
	}
	return nil
}
