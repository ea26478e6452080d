package verifier

import (
	"math"
	"slices"

	"github.com/skepbpf/skep/isa"
)

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
		if care(k) > care(a.memKind) {
			a.memKind = k
		}
	}
	switch k {
	case KindCtx:
		a.ctxOff = int16(off + int(r.off))
	case KindPacket:
		// The range begins where the variable part ends.
		n := uint16(min(max(int(int32(r.arg))-int(r.off), 0), math.MaxUint16))
		if !a.packetSet || n < a.packet {
			a.packetSet, a.packet = true, n
		}
	}
}

// care ranks kinds that mix: lowering must know of the highest.
func care(k Kind) int {
	switch k {
	case KindProbe:
		return 3 // the form that may fault serves all
	case KindMapObject:
		return 2
	case KindFlowKeys:
		return 1
	}
	return 0
}

// noteSpan keeps the values that a number has that the proof of the current
// call relies on.
func (v *verifier) noteSpan(regno int) {
	if v.state.speculative {
		return
	}
	r := v.reg(regno)
	k, s := spanKey{int32(v.insn), int32(regno)}, Span{r.UMin, r.UMax}
	if old, ok := v.spans[k]; ok {
		s = Span{min(s.Min, old.Min), max(s.Max, old.Max)}
	} else if v.spans == nil {
		v.spans = map[spanKey]Span{}
	}
	v.spans[k] = s
}

// collectFacts is what the walk has proven, by slot.
func (v *verifier) collectFacts() []Fact {
	facts := make([]Fact, len(v.insns))
	for i := range v.insns {
		a := &v.aux[i]
		facts[i] = Fact{
			Reached: a.seen, Mem: a.memKind, KindVaries: a.varies, LoadsPointer: a.loadsPtr,
			CtxOff: a.ctxOff, Map: max(a.mapState, 0),
			Barrier: a.barrier, BarrierAfter: a.barrierAfter, Mask: a.mask(),
		}
		if a.memKind == KindPacket && !a.varies {
			facts[i].Packet = a.packet
		}
	}
	v.findUpperReads(facts)
	return facts
}

// collectFuncs describes the program's functions.
func (v *verifier) collectFuncs() []Func {
	funcs := make([]Func, len(v.subs))
	for s := range v.subs {
		sp := &v.subs[s]
		f := &funcs[s]
		*f = Func{
			Name: sp.name, Start: sp.start, End: sp.end, Depth: sp.depth, Global: sp.global,
			Callback: sp.callback, Async: sp.asyncCB && !sp.exception, Exception: sp.exception,
			TailCalls: sp.tailCall, LoadsAbs: sp.ldAbs, MayGoto: sp.mayGoto, Private: sp.private,
		}
		if sp.exception {
			f.Callback = false
		}
		for i := sp.start; i < sp.end; i++ {
			in := v.insns[i]
			call := in.Op == isa.CallOp && in.Src() == isa.CallLocal
			if in.Op == isa.CallOp && !call {
				f.Helpers = true
			}
			if call || in.Op == isa.LdImm64 && in.Src() == isa.PseudoFunc {
				if t := v.subAt(v.callTarget(i)); t >= 0 && !slices.Contains(f.Calls, t) {
					f.Calls = append(f.Calls, t)
				}
			}
		}
	}
	return funcs
}
