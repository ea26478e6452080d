package isa

import (
	"math"
	"strings"
)

// statement reads an instruction by its first word.
func (p *parser) statement() {
	t := p.peek()
	if t.isRegister() {
		p.assign()
		return
	}
	if p.is("*") {
		p.store()
		return
	}
	p.next()
	switch t.text {
	case "if":
		p.cond()
	case "goto":
		p.jump(AluOp(ClassJmp, Code(JA), SrcK))
	case "gotol":
		p.jump(AluOp(ClassJmp32, Code(JA), SrcK))
	case "may_goto":
		p.jump(AluOp(ClassJmp, JCond, SrcK))
	case "gotox", "callx":
		o := OpcodeByName(t.text)
		p.emit(New(o.Op, p.wide64().r, 0, 0, 0))
	case "call":
		p.call()
	case "exit":
		p.emit(New(ExitOp, 0, 0, 0, 0))
		p.hidden()
	case "lock":
		p.atomic()
	case "store_release":
		p.storeRelease()
	case "ld_pseudo":
		p.pseudo()
	default:
		p.fail(t, "unknown instruction %s", t.describe())
	}
}

// wide64 reads a 64-bit register.
func (p *parser) wide64() register {
	r := p.register()
	if p.err == nil && !r.is64 {
		p.fail(r.tok, "%s is a 32-bit register, expected a 64-bit one, r%d", r.tok.text, r.r)
	}
	return r
}

// hidden reads the fields that the kernel does not print, "{off=7}".
func (p *parser) hidden() {
	if !p.take("{") {
		return
	}
	p.expect("off")
	p.expect("=")
	off := p.offset()
	p.expect("}")
	if p.err == nil {
		p.out.Insns[0].Off = off
	}
}

// jump reads the target of an unconditional jump.
func (p *parser) jump(op Op) {
	p.emit(New(op, 0, 0, 0, 0))
	p.target(RefJump)
}

// target reads where a jump goes, into the instruction's own field: "pc+3",
// "+3", "+0x3 <label>" or a label.
func (p *parser) target(kind RefKind) {
	t := p.peek()
	i := &p.out.Insns[0]
	dist := int64(0)
	switch {
	case p.is("+") || p.is("-"):
		dist, _, _ = p.number()
	case p.is("pc") && p.pos+1 < len(p.toks) && (p.toks[p.pos+1].text == "+" || p.toks[p.pos+1].text == "-"):
		p.next()
		dist, _, _ = p.number()
	case t.kind == tokName && !t.isRegister(), t.kind == tokString:
		p.next()
		p.out.Ref = Ref{Kind: kind, Name: t.text, Col: t.col}
	default:
		p.fail(t, "expected a label, pc+N or +N, found %s", t.describe())
	}
	if p.is("<") { // LLVM repeats the target as a symbol
		p.pos = len(p.toks) - 1
	}
	if p.err != nil {
		return
	}
	if kind == RefCall || kind == RefFunc || i.Op == Op(ClassJmp32) {
		if dist != int64(int32(dist)) {
			p.fail(t, "distance does not fit 32 bits")
		}
		i.Imm = int32(dist)
		return
	}
	if dist != int64(int16(dist)) {
		p.fail(t, "distance does not fit 16 bits; use gotol")
	}
	i.Off = int16(dist)
}

// cond reads "if r1 > 5 goto pc+3".
func (p *parser) cond() {
	dst := p.register()
	t := p.next()
	code := -1
	for n, s := range jumpOps {
		if s != "" && s == t.text && t.kind == tokOp {
			code = n
		}
	}
	if code < 0 {
		p.fail(t, "expected a comparison, found %s", t.describe())
		return
	}
	class := ClassJmp32
	if dst.is64 {
		class = ClassJmp
	}
	op := AluOp(class, Code(code<<4), SrcK)
	i := New(op, dst.r, 0, 0, 0)
	if p.peek().isRegister() {
		src := p.register()
		p.sameWidth(dst, src)
		i = New(op|SrcX, dst.r, src.r, 0, 0)
	} else {
		i.Imm = p.imm(false)
	}
	p.expect("goto")
	p.emit(i)
	p.target(RefJump)
}

// call reads "call bpf_map_lookup_elem#1", "call 1", "call pc+3", "call
// label", "call kfunc#7".
func (p *parser) call() {
	t := p.peek()
	if t.kind == tokNumber || p.is("-") && p.toks[p.pos+1].kind == tokNumber {
		p.emit(New(CallOp, R0, CallHelper, 0, p.imm(false)))
		return
	}
	if p.is("+") || p.is("pc") && (p.toks[p.pos+1].text == "+" || p.toks[p.pos+1].text == "-") {
		p.emit(New(CallOp, R0, CallLocal, 0, 0))
		p.target(RefCall)
		return
	}
	if t.kind != tokName && t.kind != tokString {
		p.fail(t, "expected a helper, a function or pc+N, found %s", t.describe())
		return
	}
	p.next()
	name, src := t.text, CallHelper
	if t.kind == tokName && name == "kernel" && p.is("-") { // "kernel-function#7"
		p.next()
		p.expect("function")
		name = "kfunc"
	}
	if t.kind == tokName && name == "kfunc" && p.is("#") {
		src = CallKfunc
	}
	p.emit(New(CallOp, R0, src, 0, 0))
	num, hasNum := int32(0), false
	if p.take("#") {
		hasNum = true
		num = p.imm(false)
	}
	if p.err != nil {
		return
	}
	if src == CallKfunc {
		p.out.Insns[0].Imm = num
	} else {
		p.out.Ref = Ref{Kind: RefCall, Name: name, Col: t.col, Num: num, HasNum: hasNum}
	}
	p.hidden()
	if i := &p.out.Insns[0]; i.Off != 0 { // only a kfunc takes an offset
		*i = i.WithRegs(R0, CallKfunc)
	}
}

// pseudo reads LLVM's "ld_pseudo r1, 0x1, 0x5".
func (p *parser) pseudo() {
	dst := p.wide64()
	p.expect(",")
	src, t, neg := p.number()
	if neg || src > 15 {
		p.fail(t, "expected the kind of a 64-bit immediate, 1 to 6")
	}
	p.expect(",")
	v, _, _ := p.number()
	p.imm64(dst, Reg(src&15), uint64(v))
}

func (p *parser) imm64(dst register, src Reg, v uint64) {
	p.emit(New(LdImm64, dst.r, src, 0, int32(uint32(v))), Insn{Imm: int32(uint32(v >> 32))})
}

// assign reads what begins with a register.
func (p *parser) assign() {
	dst := p.register()
	t := p.next()
	if t.kind == tokOp && t.text == "=" {
		p.value(dst)
		return
	}
	class, code := ClassAlu, -1
	if dst.is64 {
		class = ClassAlu64
	}
	text, off := t.text, int16(0)
	if text == "s/=" || text == "s%=" {
		text, off = text[1:], 1
	}
	for n, s := range aluOps {
		if s != "" && s == text && t.kind == tokOp {
			code = n
		}
	}
	if code < 0 {
		p.fail(t, "expected an operator such as \"=\" or \"+=\", found %s", t.describe())
		return
	}
	p.operand(dst, New(AluOp(class, Code(code<<4), SrcK), dst.r, 0, off, 0))
}

// operand reads the second operand of i, a register or an immediate.
func (p *parser) operand(dst register, i Insn) {
	if p.peek().isRegister() {
		src := p.register()
		p.sameWidth(dst, src)
		p.emit(New(i.Op|SrcX, dst.r, src.r, i.Off, 0))
		return
	}
	i.Imm = p.imm(dst.is64)
	p.emit(i)
}

// value reads the right side of an assignment.
func (p *parser) value(dst register) {
	class := ClassAlu
	if dst.is64 {
		class = ClassAlu64
	}
	t := p.peek()
	switch {
	case p.is("-") && p.toks[p.pos+1].isRegister():
		p.next()
		src := p.register()
		if src.r != dst.r || src.is64 != dst.is64 {
			p.fail(src.tok, "negation works in place: %s = -%s", dst.tok.text, dst.tok.text)
		}
		p.emit(New(AluOp(class, Neg, SrcK), dst.r, 0, 0, 0))
	case t.kind == tokNumber, p.is("-"), p.is("+") && p.toks[p.pos+1].kind == tokNumber:
		if p.numberIsWide() {
			p.constant(dst)
			return
		}
		p.operand(dst, New(AluOp(class, Mov, SrcK), dst.r, 0, 0, 0))
	case t.isRegister():
		p.operand(dst, New(AluOp(class, Mov, SrcK), dst.r, 0, 0, 0))
	case p.is("("):
		p.extend(dst, class)
	case p.is("*"):
		p.load(dst)
	default:
		p.function(dst)
	}
}

// numberIsWide reports whether the number that comes is a 64-bit constant:
// an "ll" follows.
func (p *parser) numberIsWide() bool {
	for n := p.pos; n < len(p.toks) && n < p.pos+3; n++ {
		if t := p.toks[n]; t.kind == tokName && t.text == "ll" {
			return true
		}
	}
	return false
}

func (p *parser) constant(dst register) {
	if !dst.is64 {
		p.fail(dst.tok, "a 64-bit constant needs a 64-bit register, r%d", dst.r)
	}
	v, _, _ := p.number()
	p.expect("ll")
	p.imm64(dst, 0, uint64(v))
}

// extend reads "(s8)r2".
func (p *parser) extend(dst register, class Class) {
	p.expect("(")
	t := p.next()
	off := map[string]int16{"s8": 8, "s16": 16, "s32": 32}[t.text]
	if off == 0 || off == 32 && !dst.is64 {
		p.fail(t, "expected s8, s16, or s32 for 64-bit registers, found %s", t.describe())
	}
	p.expect(")")
	src := p.register()
	p.sameWidth(dst, src)
	p.emit(New(AluOp(class, Mov, SrcX), dst.r, src.r, off, 0))
}

// function reads a right side that begins with a word.
func (p *parser) function(dst register) {
	t := p.next()
	if t.kind != tokName && t.kind != tokString {
		p.fail(t, "expected a value, found %s", t.describe())
		return
	}
	name := t.text
	switch {
	case t.kind == tokName && p.swap(dst, name):
	case t.kind == tokName && name == "addr_space_cast":
		p.cast(dst)
	case t.kind == tokName && name == "load_acquire":
		p.loadAcquire(dst)
	case t.kind == tokName && p.is("("):
		p.fetch(dst, t)
	case t.kind == tokName && name == "map" && p.is("["):
		p.mapRef(dst)
	case t.kind == tokName && name == "ksym" && p.is("["):
		p.ksymRef(dst)
	default:
		p.pos--
		p.emit(New(LdImm64, dst.r, PseudoFunc, 0, 0), Insn{})
		p.target(RefFunc)
		if !p.take("ll") {
			p.fail(t, "unknown value %s; the address of a function ends with \"ll\"", t.describe())
		}
		if !dst.is64 {
			p.fail(dst.tok, "an address needs a 64-bit register, r%d", dst.r)
		}
	}
}

// swap reads "be16 r1" once its first word is read.
func (p *parser) swap(dst register, name string) bool {
	o := OpcodeByName(name)
	if o == nil || o.Form != FormSwap {
		return false
	}
	src := p.wide64()
	if p.err == nil && (src.r != dst.r || !dst.is64) {
		p.fail(src.tok, "byte swaps work in place: r%d = %s r%d", dst.r, name, dst.r)
	}
	p.emit(New(o.Op, dst.r, 0, 0, o.Imm.A))
	return true
}

func (p *parser) cast(dst register) {
	p.expect("(")
	src := p.wide64()
	p.expect(",")
	to, t, _ := p.number()
	p.expect(",")
	from, _, _ := p.number()
	p.expect(")")
	if p.err == nil && (!dst.is64 || to+from != 1 || to < 0 || to > 1) {
		p.fail(t, "addr_space_cast of a 64-bit register goes from space 0 to 1 or back")
	}
	p.emit(New(AluOp(ClassAlu64, Mov, SrcX), dst.r, src.r, 1, int32(to<<16|from)))
}

// index reads the number after "fd:", "idx:" or "btf:".
func (p *parser) index() int32 {
	p.expect(":")
	return p.imm(false)
}

// prefixed reports whether "word:" comes.
func (p *parser) prefixed(word string) bool {
	return p.is(word) && p.toks[p.pos+1].text == ":"
}

// refName reads the name of a map or variable.
func (p *parser) refName(kind RefKind) {
	t := p.next()
	if t.kind != tokName && t.kind != tokString {
		p.fail(t, "expected a name, found %s", t.describe())
		return
	}
	p.out.Ref = Ref{Kind: kind, Name: t.text, Col: t.col}
}

// mapRef reads "map[name] ll" and "map[name][8] ll" from the bracket on.
func (p *parser) mapRef(dst register) {
	p.expect("[")
	src, ref := PseudoMapIdx, int32(0)
	switch {
	case p.prefixed("fd"):
		p.next()
		src, ref = PseudoMapFD, p.index()
	case p.prefixed("idx"):
		p.next()
		ref = p.index()
	default:
		p.refName(RefMap)
	}
	p.expect("]")
	off := uint64(0)
	if p.take("[") {
		src++ // the value kinds follow their map kinds
		v, t, neg := p.number()
		if neg || uint64(v) > math.MaxUint32 {
			p.fail(t, "offset in a map's value does not fit 32 bits")
		}
		off = uint64(v)
		p.expect("]")
	}
	p.take("ll")
	if p.err == nil && !dst.is64 {
		p.fail(dst.tok, "an address needs a 64-bit register, r%d", dst.r)
	}
	p.imm64(dst, src, off<<32|uint64(uint32(ref)))
}

// ksymRef reads "ksym[name] ll" from the bracket on.
func (p *parser) ksymRef(dst register) {
	p.expect("[")
	ref, obj := int32(0), int32(0)
	if p.prefixed("btf") {
		p.next()
		if ref = p.index(); p.is(":") {
			obj = p.index()
		}
	} else {
		p.refName(RefKsym)
	}
	p.expect("]")
	p.take("ll")
	if p.err == nil && !dst.is64 {
		p.fail(dst.tok, "an address needs a 64-bit register, r%d", dst.r)
	}
	p.imm64(dst, PseudoBTFID, uint64(uint32(obj))<<32|uint64(uint32(ref)))
}

// fits reports whether a register of this width goes with an access of a size:
// the kernel writes all of the register, LLVM the part in use.
func (r register) fits(s Size) bool { return r.is64 || s != SizeDW }

// sizeOf is the size that a type such as "u32" names.
func sizeOf(name string) (s Size, signed, ok bool) {
	sizes := map[string]Size{"8": SizeB, "16": SizeH, "32": SizeW, "64": SizeDW}
	if name == "" || name[0] != 'u' && name[0] != 's' {
		return 0, false, false
	}
	s, ok = sizes[strings.TrimLeft(name, "us")]
	return s, name[0] == 's', ok && len(name) <= 3
}
