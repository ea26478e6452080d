package verifier

import (
	"errors"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier/domain"
)

// What arg of a packet pointer says besides a number of bytes: the pointer is
// known to be at, or beyond, the end of the packet.
const (
	atEnd     = -1
	beyondEnd = -2
)

// isPacketAny reports whether r points to the packet, its metadata or its end.
func (r *reg) isPacketAny() bool {
	return r.typ == ptPacket || r.typ == ptPacketMeta || r.typ == ptPacketEnd
}

// stepBranch is a conditional jump: the taken branch waits in the queue, the
// other one goes on.
func (v *verifier) stepBranch(in isa.Insn) error {
	if in.Op.Code() == isa.JCond {
		return v.stepMayGoto()
	}
	dst, src := int(in.Dst()), int(in.Src())
	if err := v.checkRead(dst); err != nil {
		return err
	}
	d := v.reg(dst)
	var k [2]reg
	s := &k[0]
	flags := histFlags(0)
	isX := in.Op.IsX()
	if isX {
		if err := v.checkRead(src); err != nil {
			return err
		}
		s = v.reg(src)
		if !(d.isPacketAny() && s.isPacketAny()) && v.leaks(s) {
			return v.reject(CodePointerCompare, abi.EACCES, "R%d pointer comparison prohibited", src)
		}
		if s.typ == ptStack {
			flags |= histSrcStack
		}
	} else {
		s.setConst(uint64(int64(in.Imm)))
		k[1] = k[0]
	}
	if d.typ == ptStack {
		flags |= histDstStack
	}
	if flags != 0 {
		if err := v.pushHist(v.state, flags, linkedSet{}); err != nil {
			return err
		}
	}
	is32 := in.Op.Class() == isa.ClassJmp32
	cond := domain.Cond(in.Op.Code())
	if taken := v.branchTaken(cond, is32, d, s); taken >= 0 {
		return v.followOne(taken, dst, src, isX)
	}
	return v.followBoth(in, cond, is32, d, s, &k[1])
}

// followOne goes the only way that a decided jump goes. What decided it must
// be exact.
func (v *verifier) followOne(taken, dst, src int, isX bool) error {
	if v.reg(dst).typ == ptScalar {
		if err := v.markPrecise(dst); err != nil {
			return err
		}
	}
	if isX && v.reg(src).typ == ptScalar {
		if err := v.markPrecise(src); err != nil {
			return err
		}
	}
	if v.isRaw && !isX {
		raiseLength(v.state, v.reg(dst))
	}
	other := v.insn + 1
	if taken != 1 {
		other = v.jumpTarget(v.insn)
	}
	if err := v.speculate(other, dst, src, isX); err != nil {
		return err
	}
	v.logNow()
	if taken == 1 {
		v.insn = v.jumpTarget(v.insn)
	} else {
		v.insn++
	}
	return nil
}

func (v *verifier) followBoth(in isa.Insn, cond domain.Cond, is32 bool, d, s, k *reg) error {
	dst, src, isX := int(in.Dst()), int(in.Src()), in.Op.IsX()
	var linked linkedSet
	var cmp rawJump
	if v.isRaw {
		if err := v.beforeCompare(&cmp, in); err != nil {
			return err
		}
		if d = v.reg(dst); isX {
			s = v.reg(src)
		}
	}
	if isX && s.typ == ptScalar && s.id != 0 {
		v.collectLinked(v.state, s.id, &linked)
	}
	if d.typ == ptScalar && d.id != 0 {
		v.collectLinked(v.state, d.id, &linked)
	}
	if linked.n > 1 {
		if err := v.pushHist(v.state, 0, linked); err != nil {
			return err
		}
	}
	other, err := v.fork(v.jumpTarget(v.insn), v.insn, false)
	if err != nil {
		return err
	}
	od, os := &other.frame().regs[dst], k
	if isX {
		os = &other.frame().regs[src]
	}
	if err := v.refine(cond.Not(), is32, d, s); err != nil {
		return err
	}
	if err := v.refine(cond, is32, od, os); err != nil {
		return err
	}
	if isX && s.typ == ptScalar && s.id != 0 {
		v.syncLinked(v.state, s, &linked)
		v.syncLinked(other, os, &linked)
	}
	if d.typ == ptScalar && d.id != 0 {
		v.syncLinked(v.state, d, &linked)
		v.syncLinked(other, od, &linked)
	}
	if cmp.learns {
		cmp.learn(v.state, cond.Not(), d, s)
		cmp.learn(other, cond, od, os)
	}
	if isX && !is32 {
		v.shareNonNull(cond, d, s, od, os)
	}
	null := in.Imm == 0
	if isX {
		null = s.isNull()
	}
	switch {
	case !is32 && (cond == domain.Eq || cond == domain.Ne) && d.typ.has(fNull) && null:
		id, refID := d.id, d.refID
		v.resolveNull(v.state, id, refID, cond == domain.Ne)
		v.resolveNull(other, id, refID, cond == domain.Eq)
	case isX && !is32 && v.comparePacket(cond, dst, src, other):
	case v.leaks(d):
		return v.reject(CodePointerCompare, abi.EACCES, "R%d pointer comparison prohibited", dst)
	}
	v.log.touchReg(dst)
	if isX {
		v.log.touchReg(src)
	}
	v.logNow()
	v.insn++
	return nil
}

// shareNonNull: a pointer that may be NULL and equals one that is not is not
// NULL either. Kernel objects are left out: they may be NULL unmarked.
func (v *verifier) shareNonNull(cond domain.Cond, d, s, od, os *reg) {
	if d.typ == ptScalar || s.typ == ptScalar || d.typ.has(fNull) == s.typ.has(fNull) ||
		d.typ.base() == ptBTF || s.typ.base() == ptBTF {
		return
	}
	switch cond {
	case domain.Eq:
		d, s = od, os
	case domain.Ne:
	default:
		return
	}
	if s.typ.has(fNull) {
		notNull(s, v)
	} else {
		notNull(d, v)
	}
}

// branchTaken says whether a jump is always (1), never (0) or perhaps (-1)
// taken.
func (v *verifier) branchTaken(c domain.Cond, is32 bool, a, b *reg) int {
	if a.isPacketAny() && b.isPacketAny() && !is32 {
		return packetTaken(c, a, b)
	}
	isConst := func(r *reg) bool {
		return r.typ == ptScalar && (r.Bits.Mask == 0 || is32 && uint32(r.Bits.Mask) == 0)
	}
	if !isConst(b) {
		a, b, c = b, a, c.Flip()
	}
	if a.typ == ptScalar && b.typ == ptScalar {
		return domain.BranchTaken(c, is32, &a.Scalar, &b.Scalar)
	}
	if a.typ == ptScalar || !isConst(b) || b.Bits.Value != 0 && !(is32 && uint32(b.Bits.Value) == 0) || !v.neverNull(a) {
		return -1
	}
	switch c {
	case domain.Eq:
		return 0
	case domain.Ne:
		return 1
	}
	return -1
}

// neverNull reports whether r is known not to be NULL.
func (v *verifier) neverNull(r *reg) bool {
	if r.typ.has(fNull) {
		return false
	}
	switch r.typ.base() {
	case ptSocket, ptTCPSock, ptMapValue, ptMapKey, ptSockCommon, ptMap:
		return true
	case ptBTF:
		return v.isTrusted(r)
	case ptMem:
		return !r.typ.has(fUntrusted)
	}
	return false
}

func packetTaken(c domain.Cond, a, b *reg) int {
	p := a
	switch {
	case b.typ == ptPacketEnd:
	case a.typ == ptPacketEnd:
		p, c = b, c.Flip()
	default:
		return -1
	}
	n := int32(p.arg)
	if p.typ != ptPacket || n >= 0 {
		return -1
	}
	yes := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	switch c {
	case domain.Le, domain.Gt:
		if n == beyondEnd {
			return yes(c == domain.Gt)
		}
	case domain.Lt, domain.Ge:
		return yes(c == domain.Ge)
	}
	return -1
}

// comparePacket learns how much of the packet exists from a comparison of a
// pointer into it with its end, or of the metadata with the packet's start.
// It reports whether the comparison is one of these.
func (v *verifier) comparePacket(c domain.Cond, dst, src int, other *state) bool {
	start := func(r *reg) bool {
		return r.typ == ptPacket && r.id == 0 && r.off == 0 && r.Bits == domain.Tnum{}
	}
	inside := func(p, end *reg) bool {
		return p.typ == ptPacket && end.typ == ptPacketEnd || p.typ == ptPacketMeta && start(end)
	}
	d, s := v.reg(dst), v.reg(src)
	n := dst
	switch {
	case inside(d, s):
	case inside(s, d):
		n, c = src, c.Flip()
	default:
		return false
	}
	p := *v.reg(n)
	// In terms of p against the end: within is where p <= end or p < end
	// holds, out is the other branch.
	var within, out *state
	var open bool
	switch c {
	case domain.Gt:
		within, out, open = v.state, other, false
	case domain.Le:
		within, out, open = other, v.state, false
	case domain.Ge:
		within, out, open = v.state, other, true
	case domain.Lt:
		within, out, open = other, v.state, true
	default:
		return false
	}
	v.provePacket(within, &p, p.typ, open)
	if o := &out.frame().regs[n]; o.typ == ptPacket {
		if open {
			o.arg = markArg(atEnd)
		} else {
			o.arg = markArg(beyondEnd)
		}
	}
	return true
}

// stepMayGoto is a jump that the runtime takes when the loop has run too long:
// both ways are possible at any time.
func (v *verifier) stepMayGoto() error {
	prev := v.previousRound(v.state.parent, v.insn)
	s, err := v.fork(v.insn+1, v.insn, false)
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			e.Errno = abi.ENOMEM // Linux 6.18: another number than for other jumps.
		}
		return err
	}
	s.mayGoto++
	if prev != nil {
		v.widen(prev, s)
	}
	v.insn = v.jumpTarget(v.insn)
	return nil
}

// previousRound is the last unfinished state kept at insn that the current
// path has passed through.
func (v *verifier) previousRound(cur *state, insn int) *state {
	for _, s := range v.keptAt(insn, v.state).list {
		if s.branches > 0 && sameCallsites(s, cur) && s.dfsDepth < cur.dfsDepth {
			return s
		}
	}
	return nil
}

// widen makes scalars that changed since the last round of a loop unknown,
// unless their value matters: so that the next round is the same. One that is
// linked to others than before has changed too.
func (v *verifier) widen(old, cur *state) {
	v.ids.reset(0)
	change := func(o, c *reg) bool {
		return o.typ == ptScalar && c.typ == ptScalar && !o.precise && !c.precise && !v.ids.sameReg(o, c)
	}
	for i := old.cur; i >= 0; i-- {
		o, c := old.frames[i], cur.frames[i]
		for r := range int(isa.FP) {
			if change(&o.regs[r], &c.regs[r]) {
				c = cur.wframe(i)
				c.regs[r].setUnknown()
			}
		}
		for k := range min(len(o.stack), len(c.stack)) {
			if o.stack[k].isSpill() && c.stack[k].isSpill() && change(o.stack[k].r, c.stack[k].r) {
				c = cur.wframe(i)
				n := new(reg)
				n.setUnknown()
				c.stack[k].r = n
			}
		}
	}
}

func markArg(n int32) uint32 { return uint32(n) }
