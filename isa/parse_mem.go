package isa

import "strings"

// access is a memory operand: "*(u32 *)(r1 +4)".
type access struct {
	size   Size
	signed bool
	base   register
	off    int16
	tok    token // the type
}

// pointer reads "(u32 *)(r1 +4)".
func (p *parser) pointer() access {
	a := p.pointerType()
	p.expect("(")
	p.address(&a)
	p.expect(")")
	return a
}

// pointerType reads "(u32 *)".
func (p *parser) pointerType() access {
	var a access
	p.expect("(")
	a.tok = p.next()
	var ok bool
	if a.size, a.signed, ok = sizeOf(a.tok.text); !ok {
		p.fail(a.tok, "expected a type u8, u16, u32, u64, s8, s16 or s32, found %s", a.tok.describe())
	}
	p.expect("*")
	p.expect(")")
	return a
}

// address reads "r1 +4".
func (p *parser) address(a *access) {
	a.base = p.wide64()
	if p.is("+") || p.is("-") {
		a.off = p.offset()
	}
}

// unsigned refuses signed types where there are none.
func (p *parser) unsigned(a access) {
	if p.err == nil && a.signed {
		p.fail(a.tok, "type %s is for loads only; write u%s", a.tok.text, a.tok.text[1:])
	}
}

// width refuses a register that does not go with the access.
func (p *parser) width(r register, a access) {
	if p.err == nil && !r.fits(a.size) {
		p.fail(r.tok, "%s has 32 bits, the access %d", r.tok.text, 8*a.size.Bytes())
	}
}

// load reads "*(u32 *)(r2 +4)" and "*(u8 *)skb[14]" for dst.
func (p *parser) load(dst register) {
	p.expect("*")
	a := p.pointerType()
	if p.is("skb") {
		p.unsigned(a)
		p.packet(dst, a)
		return
	}
	p.expect("(")
	p.address(&a)
	p.expect(")")
	p.width(dst, a)
	mode := ModeMem
	if a.signed {
		mode = ModeMemSX
		if p.err == nil && (a.size == SizeDW || !dst.is64) {
			p.fail(a.tok, "sign-extending loads are of s8, s16 or s32 into a 64-bit register")
		}
	}
	p.emit(New(MemOp(ClassLdx, mode, a.size), dst.r, a.base.r, a.off, 0))
}

// packet reads "skb[14]" and "skb[r1 + 14]".
func (p *parser) packet(dst register, a access) {
	p.expect("skb")
	p.expect("[")
	if p.err == nil && (dst.r != R0 || !dst.is64 || a.size == SizeDW) {
		p.fail(dst.tok, "packet loads are of 1, 2 or 4 bytes into r0")
	}
	mode, src, imm := ModeAbs, R0, int32(0)
	if p.peek().isRegister() {
		mode, src = ModeInd, p.wide64().r
		if p.is("+") || p.is("-") {
			// "r1 + -2" is how the kernel writes a negative displacement.
			if p.is("+") && p.toks[p.pos+1].text == "-" {
				p.next()
			}
			imm = p.imm(false)
		}
	} else {
		imm = p.imm(false)
	}
	p.expect("]")
	p.emit(New(MemOp(ClassLd, mode, a.size), R0, src, 0, imm))
}

// store reads "*(u32 *)(r1 +4) = r2" and "... = 5".
func (p *parser) store() {
	p.expect("*")
	a := p.pointer()
	p.unsigned(a)
	p.expect("=")
	if p.peek().isRegister() {
		src := p.register()
		p.width(src, a)
		p.emit(New(MemOp(ClassStx, ModeMem, a.size), a.base.r, src.r, a.off, 0))
		return
	}
	p.emit(New(MemOp(ClassSt, ModeMem, a.size), a.base.r, 0, a.off, p.imm(a.size == SizeDW)))
}

// atomic reads "*(u64 *)(r1 +0) += r2" after "lock".
func (p *parser) atomic() {
	p.expect("*")
	a := p.pointer()
	p.unsigned(a)
	t := p.next()
	op := AtomicOp(-1)
	for o := range atomicNames {
		if t.kind == tokOp && t.text == aluOps[o>>4] {
			op = o
		}
	}
	if op < 0 {
		p.fail(t, "expected +=, |=, &= or ^=, found %s", t.describe())
	}
	src := p.register()
	p.width(src, a)
	p.atomicOp(a, src, op)
}

// atomicOp makes an atomic instruction.
func (p *parser) atomicOp(a access, src register, op AtomicOp) {
	if p.err == nil && a.size != SizeDW && a.size != SizeW {
		p.fail(a.tok, "atomics are of u32 or u64")
	}
	p.emit(New(MemOp(ClassStx, ModeAtomic, a.size), a.base.r, src.r, a.off, int32(op)))
}

// fetch reads the call that an atomic with a result is written as; its name is
// read already.
func (p *parser) fetch(dst register, t token) {
	name := t.text
	if s, ok := strings.CutPrefix(name, "atomic"); ok {
		s, is64 := strings.CutPrefix(s, "64")
		p.expect("(")
		a := p.pointer()
		p.unsigned(a)
		if p.err == nil && is64 && a.size != SizeDW {
			p.fail(a.tok, "%s works on u64", name)
		}
		p.fetchRest(dst, t, strings.TrimPrefix(s, "_"), a)
		return
	}
	// LLVM: "xchg_64(r2 + 0x0, r1)", "cmpxchg32_32(r2 + 0x0, w0, w1)".
	for _, w := range [...]struct {
		suffix string
		size   Size
	}{{"_64", SizeDW}, {"32_32", SizeW}} {
		if s, ok := strings.CutSuffix(name, w.suffix); ok && (s == "xchg" || s == "cmpxchg") {
			a := access{size: w.size, tok: t}
			p.expect("(")
			p.address(&a)
			p.fetchRest(dst, t, s, a)
			return
		}
	}
	p.fail(t, "unknown function %q", name)
}

// fetchRest reads the operands after the address.
func (p *parser) fetchRest(dst register, t token, name string, a access) {
	op := AtomicOp(-1)
	switch name {
	case "xchg":
		op = AtomicXchg
	case "cmpxchg":
		op = AtomicCmpXchg
		p.expect(",")
		if old := p.register(); p.err == nil && (old.r != R0 || dst.r != R0) {
			p.fail(old.tok, "cmpxchg compares with r0 and returns in it")
		}
	default:
		for o, s := range atomicNames {
			if name == "fetch_"+s {
				op = o | AtomicFetch
			}
		}
	}
	if op < 0 {
		p.fail(t, "unknown function %q", t.text)
	}
	p.expect(",")
	src := p.register()
	p.expect(")")
	p.width(src, a)
	p.width(dst, a)
	if p.err == nil && op != AtomicCmpXchg && dst.r != src.r {
		p.fail(src.tok, "%s returns in the register it takes, %s", t.text, dst.tok.text)
	}
	p.atomicOp(a, src, op)
}

// loadAcquire reads "load_acquire((u64 *)(r2 +0))" after its name.
func (p *parser) loadAcquire(dst register) {
	p.expect("(")
	a := p.pointer()
	p.expect(")")
	p.unsigned(a)
	p.width(dst, a)
	p.emit(New(MemOp(ClassStx, ModeAtomic, a.size), dst.r, a.base.r, a.off, int32(AtomicLoadAcq)))
}

// storeRelease reads "store_release((u64 *)(r1 +0), r2)" after its name.
func (p *parser) storeRelease() {
	p.expect("(")
	a := p.pointer()
	p.expect(",")
	src := p.register()
	p.expect(")")
	p.unsigned(a)
	p.width(src, a)
	p.emit(New(MemOp(ClassStx, ModeAtomic, a.size), a.base.r, src.r, a.off, int32(AtomicStoreRel)))
}
