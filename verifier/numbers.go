package verifier

import (
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier/domain"
)

// Numbers are what a program's registers can hold, as numbers. They come from a
// pass of its own over the verified program, which joins all paths instead of
// walking them one by one and prunes nothing: they bind every value of every
// run. A verdict never depends on them.
//
// They speak of the values that the instruction set defines. Where
// Fact.ZExt32 is false and an engine leaves something else in an upper half,
// what is said of that half is not true of the machine's register.
type Numbers struct {
	j     *joiner // nil where the pass gave up
	facts []Number
	stats NumberStats
}

// Number is what the pass found of one instruction.
type Number struct {
	Flags NumberFlags
	// Value is the constant that NumberResult or NumberSource means.
	Value uint64
}

// NumberFlags are facts of an instruction.
type NumberFlags uint16

// The facts.
const (
	// NumberReached: some run may come here. The others hold where it does.
	NumberReached NumberFlags = 1 << iota
	// NumberSource: the register that is the second operand of an operation or
	// a comparison, or that is stored, holds the constant Value; where less than
	// 64 bits are used, its lower half does.
	NumberSource
	// NumberResult: what an operation or a load leaves in its register is the
	// constant Value. NumberSource is not set then.
	NumberResult
	// NumberFits32: the upper half of the result of an operation, a load or a
	// call is zero.
	NumberFits32
	// NumberDst32 and NumberSrc32: the upper half of an operand is zero before
	// the instruction.
	NumberDst32
	NumberSrc32
	// NumberNonZero: the divisor of a division or remainder is never zero; in
	// 32-bit forms its lower half is not.
	NumberNonZero
	// NumberNoOverflow: a signed division or remainder is never that of the
	// smallest number by -1.
	NumberNoOverflow
	// NumberAlways and NumberNever: a conditional jump is always taken, or
	// never. A comparison of a pointer with 0 is one.
	NumberAlways
	NumberNever
	// NumberCount: the count of a shift by a register is below the width.
	NumberCount
	// NumberInBounds: the key of a lookup in an array is below its size, so
	// that there is an element.
	NumberInBounds
	// NumberKey: the key of a lookup with NumberInBounds is the constant Value.
	NumberKey
)

// Has reports whether all flags of f are set.
func (n Number) Has(f NumberFlags) bool { return n.Flags&f == f }

// NumberStats are figures of the pass.
type NumberStats struct {
	Blocks  int
	Steps   int  // instructions processed, in all rounds
	GaveUp  bool // the budget was spent: nothing is known
	Widened bool
}

// Numbers runs the pass at its first call.
func (p *Program) Numbers() *Numbers {
	p.numbersOnce.Do(func() { p.numbers = join(p) })
	return p.numbers
}

// At is what is known of the instruction at slot.
func (n *Numbers) At(slot int) Number { return n.facts[slot] }

// Stats are the pass's figures.
func (n *Numbers) Stats() NumberStats { return n.stats }

// Registers are the values that r0 to r10 can have.
type Registers [isa.NumRegs]domain.Scalar

// Reg is the values that register r can have before the instruction at slot.
// Its cost is that of the instructions before it in its block; Each is cheaper
// for all slots.
func (n *Numbers) Reg(slot int, r isa.Reg) (s domain.Scalar) {
	s = domain.Unknown()
	if n.j == nil || n.facts[slot].Flags&NumberReached == 0 || r >= isa.FP {
		return s
	}
	n.j.before(n.j.blockAt(slot), func(at int, st *numState) {
		if at == slot {
			s = st.regs[r].Scalar
		}
	})
	return s
}

// Each calls f for every slot that is reached, in the order of slots, with the
// values that registers can have before it. f must not keep regs.
func (n *Numbers) Each(f func(slot int, regs *Registers)) {
	var regs Registers
	if n.j == nil {
		for r := range regs {
			regs[r] = domain.Unknown()
		}
		for slot := range n.facts {
			if n.facts[slot].Flags&NumberReached != 0 {
				f(slot, &regs)
			}
		}
		return
	}
	regs[isa.FP] = domain.Unknown()
	for slot := 0; slot < len(n.facts); slot++ {
		b := n.j.blockAt(slot)
		if b == nil {
			continue
		}
		n.j.before(b, func(at int, st *numState) {
			for r := range st.regs {
				regs[r] = st.regs[r].Scalar
			}
			f(at, &regs)
		})
		slot = b.end - 1
	}
}
