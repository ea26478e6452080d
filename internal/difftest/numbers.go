package difftest

import (
	"math"

	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier"
)

// numbers are the facts of the joining pass about one program.
type numbers struct {
	all  *verifier.Numbers
	regs map[int]*verifier.Registers
}

func newNumbers(p *verifier.Program) *numbers {
	n := &numbers{all: p.Numbers(), regs: map[int]*verifier.Registers{}}
	n.all.Each(func(slot int, regs *verifier.Registers) {
		r := *regs
		n.regs[slot] = &r
	})
	return n
}

// checkNumbers holds the registers before slot to the numbers, which bind
// always, and the result of the instruction before.
func (f *follower) checkNumbers(n *numbers, slot int, regs *[11]uint64) {
	if f.err != nil || f.unfit != "" {
		return
	}
	num := n.all.At(slot)
	known := n.regs[slot]
	if num.Flags&verifier.NumberReached == 0 || known == nil {
		f.fail(slot, "runs, and the numbers say that none comes here")
		return
	}
	for r := range isa.FP {
		if !known[r].Has(regs[r]) {
			f.fail(slot, "R%d = %#x is none of the numbers that all paths have together: %+v", r, regs[r], known[r])
			return
		}
	}
	f.tally.Numbers += int(isa.FP)
	if text := wrongNumber(f.img.Insns[slot], num, regs); text != "" {
		f.fail(slot, "%s", text)
		return
	}
	f.checkResult(n, slot, regs)
	f.result = slot
}

// checkResult holds what the latest instruction left to its facts.
func (f *follower) checkResult(n *numbers, slot int, regs *[11]uint64) {
	prev := f.result
	if prev < 0 || f.resultFP != regs[10] {
		f.resultFP = regs[10]
		return
	}
	in, r := f.img.Insns[prev], isa.R0
	switch c := in.Op.Class(); {
	case c == isa.ClassAlu || c == isa.ClassAlu64 || c == isa.ClassLdx:
		r = in.Dst()
	case in.Op == isa.CallOp && in.Src() == isa.CallHelper && slot == prev+1:
	case c == isa.ClassJmp || c == isa.ClassJmp32:
		if text := wrongWay(f.img.Insns, prev, slot, n.all.At(prev)); text != "" {
			f.fail(prev, "%s", text)
		}
		return
	default:
		return
	}
	num := n.all.At(prev)
	switch {
	case num.Flags&verifier.NumberInBounds != 0 && regs[0] == 0:
		f.fail(prev, "finds no element, and the numbers say that there is one")
	case num.Flags&verifier.NumberResult != 0 && regs[r] != num.Value:
		f.fail(prev, "leaves %#x in R%d, the numbers say %#x", regs[r], r, num.Value)
	case num.Flags&verifier.NumberFits32 != 0 && regs[r]>>32 != 0:
		f.fail(prev, "leaves %#x in R%d, the numbers say that it fits 32 bits", regs[r], r)
	}
}

// wrongNumber is what is wrong with the facts about the operands of an
// instruction.
func wrongNumber(in isa.Insn, num verifier.Number, regs *[11]uint64) string {
	has := func(f verifier.NumberFlags) bool { return num.Flags&f != 0 }
	c := in.Op.Class()
	is32 := c == isa.ClassAlu || c == isa.ClassJmp32 || c == isa.ClassStx && in.Op.Size() != isa.SizeDW
	a, b := regs[in.Dst()%11], regs[in.Src()%11]
	if c != isa.ClassStx && !in.Op.IsX() {
		b = uint64(int64(in.Imm))
	}
	width, narrow := uint64(64), b
	if is32 {
		width, narrow = 32, uint64(uint32(b))
	}
	switch {
	case has(verifier.NumberSource) && narrow != num.Value && b != num.Value:
		return "the second operand is not the constant that the numbers say"
	case has(verifier.NumberDst32) && a>>32 != 0:
		return "the first operand does not fit 32 bits"
	case has(verifier.NumberSrc32) && b>>32 != 0:
		return "the second operand does not fit 32 bits"
	case has(verifier.NumberNonZero) && narrow == 0:
		return "the divisor is zero"
	case has(verifier.NumberCount) && narrow >= width:
		return "the count of the shift is not below the width"
	case has(verifier.NumberNoOverflow) && is32 && int32(a) == math.MinInt32 && int32(b) == -1,
		has(verifier.NumberNoOverflow) && !is32 && int64(a) == math.MinInt64 && int64(b) == -1:
		return "the division overflows"
	}
	return ""
}

// wrongWay is what is wrong with what the numbers say of the conditional jump
// at prev, after which slot runs.
func wrongWay(insns []isa.Insn, prev, slot int, num verifier.Number) string {
	in := insns[prev]
	taken := prev + 1 + int(in.Off)
	switch {
	case taken == prev+1:
	case num.Flags&verifier.NumberAlways != 0 && slot != taken:
		return "the jump is not taken, and the numbers say always"
	case num.Flags&verifier.NumberNever != 0 && slot == taken:
		return "the jump is taken, and the numbers say never"
	}
	return ""
}
