package verifier

import "github.com/skepbpf/skep/isa"

// Upper halves. A backward data flow over the code that is reached says for
// every instruction of which registers the upper 32 bits can still make a
// difference: to a result, to memory, to a branch, to who is called. Reading a
// register's lower half alone asks for nothing, and what is computed of a
// register asks for its upper half only if the result's is asked for.

// findUpperReads sets ZExt32 of 32-bit operations.
func (v *verifier) findUpperReads(facts []Fact) {
	upper := make([]uint16, len(v.insns)) // before the instruction
	after := func(i int) (out uint16) {
		var buf [2]int
		for _, t := range v.successors(i, buf[:0]) {
			if t < len(facts) && facts[t].Reached {
				out |= upper[t]
			}
		}
		return out
	}
	for changed := true; changed; {
		changed = false
		for _, i := range v.postorder {
			if !facts[i].Reached {
				continue
			}
			u := v.upperBefore(i, after(i))
			if in := v.insns[i]; in.Op == isa.CallOp && in.Src() == isa.CallLocal {
				// A static function asks for what its code asks for.
				if to := v.callTarget(i); !v.subs[v.aux[to].sub].global {
					u = u&^argRegs | upper[to]&argRegs
				}
			}
			if u != upper[i] {
				upper[i], changed = u, true
			}
		}
	}
	for i := range facts {
		in := v.insns[i]
		if facts[i].Reached && in.Op.Class() == isa.ClassAlu {
			facts[i].ZExt32 = after(i)>>in.Dst()&1 != 0
		}
	}
}

// upperBefore says whose upper halves matter before instruction i, from those
// that matter after it.
func (v *verifier) upperBefore(i int, out uint16) uint16 {
	in := v.insns[i]
	dst, src := uint16(1)<<in.Dst(), uint16(1)<<in.Src()
	switch in.Op.Class() {
	case isa.ClassAlu64:
		return upperALU64(in, out)
	case isa.ClassAlu:
		if in.Op.Code() != isa.End {
			return out &^ dst // works on lower halves and clears the upper one
		}
		return upperSwap(in, out)
	case isa.ClassLdx:
		return out&^dst | src
	case isa.ClassSt:
		return out | dst
	case isa.ClassStx:
		return upperStore(in, out)
	case isa.ClassJmp32:
		return out
	case isa.ClassLd:
		if in.IsWide() {
			return out &^ dst
		}
	}
	// Jumps compare, and calls and the legacy loads use, whole registers.
	use, def := v.useDef(i)
	return out&^def | use
}

// upperALU64 is upperBefore for 64-bit arithmetic.
func upperALU64(in isa.Insn, out uint16) uint16 {
	dst, src := uint16(1)<<in.Dst(), uint16(1)<<in.Src()
	asked := out&dst != 0
	if !in.Op.IsX() {
		src = 0
	}
	switch in.Op.Code() {
	case isa.Mov:
		out &^= dst
		switch {
		case in.Op.IsX() && in.Off == 1: // a cast between address spaces
			out |= src
		case in.Off != 0: // a sign extension reads 32 bits at most
		case asked:
			out |= src
		}
		return out
	case isa.Add, isa.Sub, isa.Mul, isa.Or, isa.And, isa.Xor:
		// Carries go upwards: the lower half of the result is one of the lower
		// halves.
		if asked {
			out |= src
		}
		return out
	case isa.Neg, isa.Lsh: // a count is in the lowest bits
		return out
	case isa.Rsh, isa.Arsh:
		return out | dst
	case isa.End:
		return upperSwap(in, out)
	}
	return out | dst | src // division
}

// upperSwap is upperBefore for the byte order instructions.
func upperSwap(in isa.Insn, out uint16) uint16 {
	dst := uint16(1) << in.Dst()
	if in.Imm != 64 {
		return out &^ dst // cut to the width
	}
	if in.Op.Class() == isa.ClassAlu && !in.Op.IsX() {
		return out // to little-endian: nothing to do
	}
	return out | dst // the halves change places
}

// upperStore is upperBefore for stores of registers and atomics.
func upperStore(in isa.Insn, out uint16) uint16 {
	dst, src := uint16(1)<<in.Dst(), uint16(1)<<in.Src()
	whole := in.Op.Size() == isa.SizeDW
	if in.Op.Mode() != isa.ModeAtomic {
		if whole {
			return out | dst | src
		}
		return out | dst
	}
	value := uint16(0)
	if whole {
		value = src
	}
	switch op := isa.AtomicOp(in.Imm); {
	case op == isa.AtomicLoadAcq:
		return out&^dst | src
	case op == isa.AtomicCmpXchg:
		out &^= 1 << isa.R0
		if whole {
			out |= 1 << isa.R0
		}
	case op != isa.AtomicStoreRel && op&isa.AtomicFetch != 0:
		out &^= src
	}
	return out | dst | value
}
