package verifier

import "github.com/skepbpf/skep/isa"

// kindOf is what lowering must know of an access through t.
func kindOf(t regType) Kind {
	switch t.base() {
	case ptCtx:
		return KindCtx
	case ptStack:
		return KindStack
	case ptPacket, ptPacketMeta:
		return KindPacket
	case ptMapValue, ptMapKey:
		return KindMapValue
	case ptFlowKeys:
		return KindFlowKeys
	case ptSocket, ptSockCommon, ptTCPSock, ptXDPSock:
		return KindSock
	case ptMap:
		return KindMapObject
	case ptArena:
		return KindArena
	case ptBTF:
		if t.has(fAlloc) && !t.has(fUntrusted) {
			return KindMem
		}
		return KindProbe
	case ptMem, ptBuf, ptTPBuffer:
		if t.has(fUntrusted) {
			return KindProbe
		}
		return KindMem
	}
	return KindNone
}

// noteAccess keeps what the access of the current instruction goes through.
func (v *verifier) noteAccess(r *reg, off int) {
	a := &v.aux[v.insn]
	if v.state.speculative || a.call.known || v.insns[v.insn].Op == isa.CallOp {
		return // a helper's own accesses
	}
	k := kindOf(r.typ)
	if !a.kindSet {
		a.kindSet, a.memKind = true, k
	} else if a.memKind != k {
		a.varies = true
		if k == KindProbe {
			a.memKind = k // the form that may fault serves all
		}
	}
	if k == KindCtx {
		a.ctxOff = int16(off + int(r.off))
	}
}

// collectFacts is what the walk has proven, by slot.
func (v *verifier) collectFacts() []Fact {
	facts := make([]Fact, len(v.insns))
	var buf [2]int
	for i := range v.insns {
		a, in := &v.aux[i], v.insns[i]
		facts[i] = Fact{Reached: a.seen, Mem: a.memKind, CtxOff: a.ctxOff, KindVaries: a.varies}
		facts[i].Barrier, facts[i].BarrierAfter, facts[i].Mask = a.barrier, a.barrierAfter, a.mask()
		if a.mapState > 0 {
			facts[i].Map = a.mapState
		}
		if in.Op.Class() != isa.ClassAlu {
			continue
		}
		for _, t := range v.successors(i, buf[:0]) {
			if v.aux[t].live>>in.Dst()&1 != 0 {
				facts[i].ZExt32 = true
			}
		}
	}
	return facts
}
