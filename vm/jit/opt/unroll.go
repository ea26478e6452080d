package opt

import "github.com/skepbpf/skep/vm/ir"

// Loops that are repeated in place: how long a turn may be, and all turns
// together, in instructions, and how many turns there are at most.
const (
	unrollBody = 10
	unrollAll  = 48
	unrollMost = 8
)

// unrolling is a loop of one block that becomes several turns of itself.
type unrolling struct {
	f     *function
	b     *block
	body  []ir.Insn // a turn, without the jump
	jump  ir.Insn
	turns int
	// steps are the registers that only count and address; their steps are
	// taken at once.
	steps regs
	sums  []sum
	out   []ir.Insn
}

// sum is an instruction that adds up what each turn makes: the only one that
// reads or changes the register that it adds to.
type sum struct {
	insn  int
	spare uint8 // takes the place of what is added in all turns but the first
}

// unroll lets loop n, which runs its head as often as said, do several turns
// before it jumps. What adds up independent values does so in pairs, and what
// counts does so once. The turns left over come before the loop.
func (l *loops) unroll(n int, turns int64) {
	p := &l.list[n]
	b := &l.f.blocks[p.head]
	j := b.jump()
	if len(p.latches) != 1 || p.latches[0] != p.head || j == nil || j.Op == ir.MayGoto || len(b.insns) > unrollBody || len(b.insns) < 2 {
		return
	}
	u := unrolling{f: l.f, b: b, body: b.body(), jump: *j}
	for i := range u.body {
		if op := u.body[i].Op; leaves(op) || op == ir.Spend || op == ir.SpendPoll || op >= ir.ProbeU8 && op <= ir.ProbeS32 {
			return
		}
	}
	best, left := 1, int64(1)
	for k := int64(2); k <= unrollMost && int(k)*len(u.body) <= unrollAll && turns >= 2*k; k++ {
		if r := turns % k; r == 0 || left > 0 && int(r)*len(u.body) <= unrollAll/4 {
			best, left = int(k), r
		}
	}
	if best == 1 {
		return
	}
	u.turns = best
	u.findSteps()
	u.findSums()
	before := &l.f.blocks[p.before]
	before.insns = before.insns[:len(before.insns):len(before.insns)]
	for range left {
		before.insns = append(before.insns, u.body...)
	}
	u.repeat()
	b.insns = u.out
}

// findSteps finds the registers that a turn changes by a constant alone, and
// otherwise reads as parts of addresses.
func (u *unrolling) findSteps() {
	count, other := [11]int{}, regs(0)
	for i := range u.body {
		in := &u.body[i]
		for d := defs(in); d != 0; d &= d - 1 {
			count[d.first()]++
		}
		if in.Op == ir.Add64K && small(in.Imm*unrollMost) {
			u.steps |= set(in.Dst)
		} else {
			other |= defs(in) | u.f.uses(in)&^inAddress(in)
		}
	}
	u.steps &^= other
	for r := range count {
		if count[r] != 1 {
			u.steps &^= set(uint8(r))
		}
	}
}

// inAddress are the registers that an access reads as parts of its address
// alone.
func inAddress(in *ir.Insn) regs {
	switch op := in.Op; {
	case op >= ir.LdU8 && op <= ir.LdS32 || op >= ir.LdBe16 && op <= ir.LdBe64:
		return set(in.Src)
	case op >= ir.St8K && op <= ir.St64K:
		return set(in.Dst)
	case op >= ir.St8X && op <= ir.St64X:
		return set(in.Dst) &^ set(in.Src)
	case op >= ir.LdIdxU8 && op <= ir.LdIdxBe64:
		return set(in.Src) | set(in.Index)
	case op >= ir.StIdx8K && op <= ir.StIdx64K:
		return set(in.Dst) | set(in.Index)
	case op >= ir.StIdx8X && op <= ir.StIdx64X:
		return (set(in.Dst) | set(in.Index)) &^ set(in.Src)
	}
	return 0
}

// findSums finds registers that only add up a value that each turn makes anew,
// and spare registers for these values.
func (u *unrolling) findSums() {
	uses, changes := [11]int{}, [11]int{}
	busy := u.b.liveIn | u.b.liveOut | set(fp) | u.f.uses(&u.jump)
	for i := range u.body {
		in := &u.body[i]
		d, s := defs(in), u.f.uses(in)
		busy |= d | s
		for r := range uint8(11) {
			if d.has(r) {
				changes[r]++
			}
			if s.has(r) {
				uses[r]++
			}
		}
	}
	outside := u.b.liveIn | u.b.liveOut
	for i := range u.body {
		in := &u.body[i]
		switch in.Op {
		case ir.Add64X, ir.Add32X, ir.Xor64X, ir.Xor32X:
		default:
			continue
		}
		spare := (callerRegs &^ busy).first()
		if spare >= fp || in.Dst == in.Src || outside.has(in.Src) || u.f.uses(&u.jump).hasAny(set(in.Dst)|set(in.Src)) ||
			uses[in.Dst] != 1 || changes[in.Dst] != 1 || changes[in.Src] == 0 || u.readAfter(in.Src, i) {
			continue
		}
		busy |= set(spare)
		u.sums = append(u.sums, sum{i, spare})
	}
}

// readAfter reports whether something behind instruction i changes or reads r.
func (u *unrolling) readAfter(r uint8, i int) bool {
	for k := i + 1; k < len(u.body); k++ {
		if (defs(&u.body[k]) | u.f.uses(&u.body[k])).has(r) {
			return true
		}
	}
	return false
}

// repeat writes the turns.
func (u *unrolling) repeat() {
	u.out = make([]ir.Insn, 0, u.turns*len(u.body)+4)
	var taken [11]int64 // steps that wait
	for turn := range u.turns {
		for i := range u.body {
			in := u.body[i]
			if in.Op == ir.Add64K && u.steps.has(in.Dst) {
				taken[in.Dst] += in.Imm
				continue
			}
			for r := inAddress(&in) & u.steps; r != 0; r &= r - 1 {
				u.shift(&in, r.first(), taken[r.first()])
			}
			if u.rename(&in, i, turn) {
				u.out = append(u.out, in)
			}
		}
	}
	for _, s := range u.sums {
		u.out = append(u.out, u.body[s.insn])
	}
	for i := range u.body {
		if in := u.body[i]; in.Op == ir.Add64K && u.steps.has(in.Dst) {
			in.Imm *= int64(u.turns)
			u.out = append(u.out, in)
		}
	}
	u.out = append(u.out, u.jump)
}

// shift makes an access find its address when r has not taken its steps yet.
func (u *unrolling) shift(in *ir.Insn, r uint8, by int64) {
	if in.Op >= ir.LdIdxU8 && in.Index == r {
		in.Off += int32(by << in.Scale)
	}
	base := in.Src
	if in.Op >= ir.St8K && in.Op <= ir.St64X || in.Op >= ir.StIdx8K && in.Op <= ir.StIdx64X {
		base = in.Dst
	}
	if base == r {
		in.Off += int32(by)
	}
}

// rename lets instruction i of a turn work on the sums' values; it is false
// where the instruction has nothing left to do.
func (u *unrolling) rename(in *ir.Insn, i, turn int) bool {
	for k := range u.sums {
		s := &u.sums[k]
		value := u.body[s.insn].Src
		switch {
		case i == s.insn && turn == 0:
			return false
		case i == s.insn:
			in.Dst, in.Src = value, s.spare
		case turn > 0:
			if in.Dst == value {
				in.Dst = s.spare
			}
			if in.Src == value {
				in.Src = s.spare
			}
			if in.Op >= ir.LdIdxU8 && in.Index == value {
				in.Index = s.spare
			}
		}
	}
	return true
}
