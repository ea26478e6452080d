package verifier

import (
	"math"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier/domain"
)

// Raw programs are skep's own: r1 is memory, r2 its length in bytes. The memory
// is like a packet: what is proven of it is proven by comparing. But C has no
// second pointer for its end, and compilers turn a comparison of two pointers
// with one base into one of their offsets; so here it is numbers that are
// compared with the length. Four things are known that no program of Linux has:
//
//   - of a number, that it is the length (reg.arg2);
//   - of a number, its slack: so many bytes lie in the memory behind that offset
//     (reg.arg, plus one), that is number + slack <= length, without overflow;
//   - of a state, the least length (state.length);
//   - memory + length is the memory's end, as a packet's.
//
// A comparison with a number of known slack gives the other slack. Memory plus
// a number with slack has that many bytes proven. What ranges a fact is made of
// is marked precise first, and facts themselves are compared when states are,
// so that pruning keeps them.

// isLength marks the length in reg.arg2.
const isLength = 1

// prepareRaw fills the registers at the entry of a raw program.
func (v *verifier) prepareRaw() error {
	least := v.prog.Memory
	if least > abi.MaxMemory {
		return v.reject(CodeMemAccess, abi.E2BIG, "raw program wants %d bytes of memory, which no run has", least)
	}
	f := v.state.frame()
	f.regs[1].setPointer(ptPacket)
	f.regs[1].arg = least
	n := &f.regs[2]
	n.setUnknown()
	n.SMin, n.SMax = int64(least), abi.MaxMemory
	n.UMin, n.UMax = uint64(least), abi.MaxMemory
	n.Sync()
	n.arg, n.arg2 = 1, isLength
	v.state.length = least
	return nil
}

// hasSlack reports whether something is known of r's distance from the memory's
// end. It is no number that leaves the memory then, and fits into 32 bits.
func (r *reg) hasSlack() bool { return r.typ == ptScalar && r.arg != 0 }

// dropSlack forgets what is known of r's distance from the end: r was changed.
func (r *reg) dropSlack() {
	if r.typ == ptScalar {
		r.arg, r.arg2 = 0, 0
	}
}

// moveSlack keeps what is known after delta was added to r.
func (v *verifier) moveSlack(in isa.Insn, r *reg, before uint32) {
	r.dropSlack()
	if in.Op.Code() == isa.Add && !in.Op.IsX() && in.Imm >= 0 && before > uint32(in.Imm) {
		r.arg = before - uint32(in.Imm)
	}
}

// masksNothing reports whether an operation with a constant leaves its operand
// alone: compilers mask what they have added to a short number, and the sum
// shall stay linked to it.
func masksNothing(in isa.Insn, r *reg) bool {
	mask := uint64(int64(in.Imm))
	if in.Op.Class() == isa.ClassAlu {
		mask = uint64(uint32(in.Imm))
	}
	return in.Op.Code() == isa.And && mask&(mask+1) == 0 && r.UMax <= mask && (r.id != 0 || r.hasSlack())
}

// coversSlack reports whether what is known of cur's distance from the end is
// at least what is known of old's.
func coversSlack(old, cur *reg) bool { return old.arg <= cur.arg && old.arg2 <= cur.arg2 }

// rawJump is a comparison in a raw program, of which one number has slack, or
// one that is linked to them. What is read of ranges is that of before.
type rawJump struct {
	learns bool
	// raises is set where the comparison may tell of the memory's least length.
	raises  bool
	inRange [2]bool   // the operands are unsigned numbers in the width compared
	room    [2]uint32 // slack plus one that their ranges give them
	linked  [isa.NumRegs]struct {
		is      bool
		off     int32
		id      uint32
		highest uint64
	}
}

// beforeCompare prepares to learn from a comparison of numbers. What is read of
// ranges matters from here on.
func (v *verifier) beforeCompare(cmp *rawJump, in isa.Insn) error {
	dst, src, isX := int(in.Dst()), int(in.Src()), in.Op.IsX()
	d, s := *v.reg(dst), reg{}
	if s.setConst(uint64(int64(in.Imm))); isX {
		s = *v.reg(src)
	}
	if d.typ != ptScalar || s.typ != ptScalar {
		return nil
	}
	cmp.learns = d.hasSlack() || s.hasSlack()
	for i := range int(isa.FP) {
		r := v.reg(i)
		if r.typ == ptScalar && r.id != 0 && (r.id&^linkMask == d.id&^linkMask || r.id&^linkMask == s.id&^linkMask) {
			l := &cmp.linked[i]
			l.is, l.off, l.id, l.highest = true, r.off, r.id, r.UMax
			cmp.learns = cmp.learns || r.hasSlack()
		}
	}
	if !cmp.learns {
		return nil
	}
	// Not where a loop counts up to its end: the end would have to be precise,
	// and what follows the loop would be walked for each of its values.
	cmp.raises = !isX || d.arg2 == isLength && !s.isConst() || s.arg2 == isLength && !d.isConst()
	var matter [isa.NumRegs]bool
	most := widest(domain.Cond(in.Op.Code()), in.Op.Class() == isa.ClassJmp32)
	for i, r := range []*reg{&d, &s} {
		cmp.inRange[i] = r.UMax <= most
		if r.UMax <= uint64(v.state.length) && v.state.length-uint32(r.UMax)+1 > r.arg {
			cmp.room[i] = v.state.length - uint32(r.UMax) + 1
		}
		if n := [2]int{dst, src}[i]; i == 0 || isX {
			matter[n] = matter[n] || cmp.raises || cmp.room[i] != 0 || most != math.MaxUint64 && !r.hasSlack()
		}
	}
	for i := range cmp.linked {
		if l := &cmp.linked[i]; l.is && (cmp.raises || !v.reg(i).hasSlack()) {
			matter[i] = true
		}
	}
	for i := range matter {
		if matter[i] {
			if err := v.markPrecise(i); err != nil {
				return err
			}
		}
	}
	return nil
}

// widest is the largest number for which a comparison is one of whole unsigned
// numbers: it leaves no bits out and reads none as a sign.
func widest(c domain.Cond, is32 bool) uint64 {
	signed := c == domain.SLt || c == domain.SLe || c == domain.SGt || c == domain.SGe
	switch {
	case is32 && signed:
		return math.MaxInt32
	case is32:
		return math.MaxUint32
	case signed:
		return math.MaxInt64
	}
	return math.MaxUint64
}

// learn is what "a c b" says in s of distances from the memory's end.
func (cmp *rawJump) learn(s *state, c domain.Cond, a, b *reg) {
	na, nb := max(a.arg, cmp.room[0]), max(b.arg, cmp.room[1])
	if cmp.inRange[0] && cmp.inRange[1] {
		switch c {
		case domain.Lt, domain.SLt:
			below(a, nb, 1)
		case domain.Le, domain.SLe:
			below(a, nb, 0)
		case domain.Gt, domain.SGt:
			below(b, na, 1)
		case domain.Ge, domain.SGe:
			below(b, na, 0)
		case domain.Eq:
			below(a, nb, 0)
			below(b, na, 0)
		case domain.Ne:
			// An offset in the memory that is not its length is below it.
			if na != 0 && b.arg2 == isLength {
				below(a, nb, 1)
			}
			if nb != 0 && a.arg2 == isLength {
				below(b, na, 1)
			}
		}
	}
	if cmp.raises {
		raiseLength(s, a)
		raiseLength(s, b)
	}
	regs := &s.frame().regs
	for i := range cmp.linked {
		if l := &cmp.linked[i]; l.is {
			for _, k := range []*reg{a, b} {
				if k.id&^linkMask == l.id&^linkMask && k != &regs[i] {
					follow(&regs[i], k, l.off, l.id, l.highest)
				}
			}
			if cmp.raises {
				raiseLength(s, &regs[i])
			}
		}
	}
}

// below: x + gap <= y, whose slack plus one is n, 0 if it has none.
func below(x *reg, n, gap uint32) {
	if n != 0 {
		x.arg = max(x.arg, min(n+gap, abi.MaxMemory))
	}
}

// raiseLength: the memory is as long as the least value of r, which is precise,
// and its slack.
func raiseLength(s *state, r *reg) {
	if r.hasSlack() && r.UMin <= abi.MaxMemory {
		s.length = min(max(s.length, uint32(r.UMin)+r.arg-1), abi.MaxMemory)
	}
}

// follow gives x, which was k plus a constant, the slack that follows from k's.
func follow(x, k *reg, off int32, id uint32, highest uint64) {
	if !k.hasSlack() || k.id&linkMask != 0 && id&linkMask != 0 && (k.id^id)&linkMask != 0 {
		return
	}
	delta := int64(off) - int64(k.off) // x == k + delta, in the width of the link
	n := int64(k.arg-1) - delta
	if delta < 0 {
		// The sum that made k must not have wrapped.
		most := uint64(math.MaxInt64)
		if (id|k.id)&linkAdd32 != 0 {
			most = math.MaxUint32
		}
		if highest > most-uint64(-delta) {
			return
		}
	}
	if n >= 0 && n <= abi.MaxMemory {
		x.arg = max(x.arg, uint32(n)+1)
	}
}

// rawEnd makes d the end of the memory if p + s is: its beginning, and its
// length.
func rawEnd(p, s, d *reg, code isa.Code) bool {
	if code != isa.Add || p.typ != ptPacket || p.id != 0 || p.off != 0 || s.arg2 != isLength {
		return false
	}
	d.setPointer(ptPacketEnd)
	return true
}

// proveOffset sets what is proven of memory p moved by the number s, which is
// precise.
func (v *verifier) proveOffset(r, p, s *reg, code isa.Code, known bool) {
	if !known {
		r.arg = 0
	}
	if code != isa.Add || p.typ != ptPacket || p.id != 0 {
		return
	}
	n := uint32(0)
	if s.arg != 0 {
		n = s.arg - 1
	}
	if known {
		// The base is the same: the constant is part of what is proven.
		if s.hasSlack() && s.UMin <= abi.MaxMemory {
			r.arg = max(r.arg, uint32(s.UMin)+n)
		}
		return
	}
	if s.UMax <= uint64(v.state.length) {
		n = max(n, v.state.length-uint32(s.UMax))
	}
	r.arg = n
}

// rawInside reports whether an access lies in the least memory that there is.
func (v *verifier) rawInside(r *reg, off, size int) bool {
	if r.typ != ptPacket || r.SMin < 0 || r.UMax > abi.MaxMemory {
		return false
	}
	return int64(off)+r.SMin >= 0 && int64(off)+int64(r.UMax)+int64(size) <= int64(v.state.length)
}

// packetLimit is the largest offset that a comparison can prove.
func (v *verifier) packetLimit() int64 {
	if v.isRaw {
		return abi.MaxMemory
	}
	return maxPacketOff
}
