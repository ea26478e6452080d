package isa

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
)

// Syntax is a dialect of the printed text. Parse reads all of them.
type Syntax uint8

// The dialects.
const (
	// SyntaxText is the kernel's, with what it lacks to be read back: " ll"
	// after 64-bit immediates, names for what a 64-bit immediate refers to,
	// and fields that the kernel does not print, as in "exit {off=7}".
	SyntaxText Syntax = iota
	// SyntaxLog is the kernel's verifier log, character for character. What is
	// not legal is printed as the kernel prints it, before it refuses it.
	SyntaxLog
	// SyntaxLLVM is that of llvm-objdump.
	SyntaxLLVM
)

// Printer prints instructions. Its functions give names to numbers; each may
// be nil or return "" for a number it does not know.
type Printer struct {
	Syntax Syntax
	Helper func(id int32) string
	Kfunc  func(imm int32, off int16) string
	Map    func(kind Reg, ref int32) string
	Ksym   func(ref int32) string
	// Label names a slot that a jump, a local call or a function address
	// refers to.
	Label func(slot int) string
}

// String is i in the kernel's syntax. Of a wide instruction it shows the first
// slot only; Format takes both.
func (i Insn) String() string { return (&Printer{}).Format(0, i, Insn{}) }

// Format is an instruction in the kernel's syntax; hi is the second slot of a
// wide one and not looked at for others.
func Format(i, hi Insn) string { return (&Printer{}).Format(0, i, hi) }

// Format is the instruction at slot pc; hi is the second slot of a wide one
// and not looked at for others. An illegal encoding is printed as ".slot" with
// its bytes, which Parse takes back.
func (p *Printer) Format(pc int, i, hi Insn) string {
	o := Lookup(i)
	if p.Syntax == SyntaxLog {
		if o = logRow(i, o); o == nil {
			return fmt.Sprintf("BUG_%02x", uint8(i.Op))
		}
	} else if o == nil || i.Check(hi) != nil {
		if i.IsWide() {
			return FormatSlots(i, hi)
		}
		return FormatSlots(i)
	}
	return p.text(o, pc, i, hi)
}

// logRow is the row by which the kernel prints i: without a look at reserved
// fields, but for the operation of atomics.
func logRow(i Insn, o *Opcode) *Opcode {
	if o != nil {
		return o
	}
	if i.Op.Class() == ClassStx && i.Op.Mode() == ModeAtomic {
		// Any width, though only those of the table are legal.
		i.Op |= Op(SizeDW)
		return Lookup(i)
	}
	rows := rowsOf(i.Op)
	if len(rows) == 0 {
		return nil
	}
	return &rows[0]
}

// FormatSlots is the text of slots that need not be legal: ".slot" and 16
// hexadecimal digits each, bytes in the order of a little-endian file.
func FormatSlots(slots ...Insn) string {
	b := []byte(".slot")
	for _, i := range slots {
		b = fmt.Appendf(b, " %x", Encode([]Insn{i}, binary.LittleEndian))
	}
	return string(b)
}

// aluOps and jumpOps are the operators by the high nibble of the opcode.
var (
	aluOps = [16]string{0: "+=", 1: "-=", 2: "*=", 3: "/=", 4: "|=", 5: "&=", 6: "<<=", 7: ">>=", 9: "%=", 10: "^=", 11: "=", 12: "s>>="}

	jumpOps = [16]string{1: "==", 2: ">", 3: ">=", 4: "&", 5: "!=", 6: "s>", 7: "s>=", 10: "<", 11: "<=", 12: "s<", 13: "s<="}

	atomicNames = map[AtomicOp]string{AtomicAdd: "add", AtomicOr: "or", AtomicAnd: "and", AtomicXor: "xor"}
)

// operator is the operator of an arithmetic or jump row.
func (o *Opcode) operator() string {
	if c := o.Op.Class(); c == ClassJmp || c == ClassJmp32 {
		return jumpOps[o.Op>>4]
	}
	s := aluOps[o.Op>>4]
	if o.Off == is(1) && (o.Op.Code() == Div || o.Op.Code() == Mod) {
		s = "s" + s
	}
	return s
}

// text prints an instruction by its row.
func (p *Printer) text(o *Opcode, pc int, i, hi Insn) string {
	dst, src := p.reg(i.Dst(), o.Is64()), p.reg(i.Src(), o.Is64())
	dst64, src64 := p.reg(i.Dst(), true), p.reg(i.Src(), true)
	// LLVM names the low half of a register where a memory access has at most
	// 32 bits.
	half := p.Syntax == SyntaxLLVM && o.Op.Size() != SizeDW
	mdst, msrc := p.reg(i.Dst(), !half), p.reg(i.Src(), !half)

	switch o.Form {
	case FormAluImm:
		return dst + " " + o.operator() + " " + p.imm(i.Imm)
	case FormAluReg:
		if p.Syntax == SyntaxLog && o.Op.Code() == Mov && i.Off == 32 {
			return dst + " = (s32)" + src
		}
		return dst + " " + o.operator() + " " + src
	case FormNeg:
		return dst + " = -" + dst
	case FormSwap:
		name := "le"
		if o.Op.Class() == ClassAlu64 {
			name = "bswap"
		} else if o.Op.IsX() {
			name = "be"
		}
		return fmt.Sprintf("%s = %s%d %s", dst64, name, i.Imm, dst64)
	case FormMovSX:
		return fmt.Sprintf("%s = (s%d)%s", dst, i.Off, src)
	case FormCast:
		to, from := uint32(i.Imm)>>16, uint32(i.Imm)&0xffff
		if p.Syntax == SyntaxLLVM {
			return fmt.Sprintf("%s = addr_space_cast(%s, %#x, %#x)", dst, src, to, from)
		}
		return fmt.Sprintf("%s = addr_space_cast(%s, %d, %d)", dst, src, to, from)
	case FormJumpImm:
		imm := p.imm(i.Imm)
		if p.Syntax != SyntaxLLVM {
			imm = fmt.Sprintf("%#x", uint32(i.Imm))
		}
		return "if " + dst + " " + o.operator() + " " + imm + " goto " + p.target(pc, int(i.Off))
	case FormJumpReg:
		return "if " + dst + " " + o.operator() + " " + src + " goto " + p.target(pc, int(i.Off))
	case FormGoto:
		return "goto " + p.target(pc, int(i.Off))
	case FormGotoL:
		return "gotol " + p.target(pc, int(i.Imm))
	case FormMayGoto:
		return "may_goto " + p.target(pc, int(i.Off))
	case FormGotoX, FormCallX:
		return o.Name + " " + dst64
	case FormCall, FormCallLocal, FormCallKfunc:
		return p.call(o, pc, i)
	case FormExit:
		return "exit" + p.hidden(i.Off)
	case FormLoad:
		return mdst + " = " + p.mem(i, "u", i.Src())
	case FormLoadSX:
		return dst64 + " = " + p.mem(i, "s", i.Src())
	case FormStoreImm:
		return p.mem(i, "u", i.Dst()) + " = " + p.imm(i.Imm)
	case FormStoreReg:
		return p.mem(i, "u", i.Dst()) + " = " + msrc
	case FormAtomic, FormAtomicFetch, FormXchg, FormCmpXchg, FormLoadAcquire, FormStoreRelease:
		return p.atomic(o, i, mdst, msrc)
	case FormAbs, FormInd:
		return p.packet(o, i)
	}
	return p.wide(o, pc, i, hi, dst64, src64)
}

// reg is a register's name: r for 64 bits, w for the low 32.
func (p *Printer) reg(r Reg, is64 bool) string {
	if is64 {
		return "r" + strconv.Itoa(int(r))
	}
	return "w" + strconv.Itoa(int(r))
}

func (p *Printer) imm(v int32) string {
	if p.Syntax == SyntaxLLVM {
		return signedHex(int64(v))
	}
	return strconv.Itoa(int(v))
}

func signedHex(v int64) string {
	if v < 0 {
		return fmt.Sprintf("-%#x", -uint64(v))
	}
	return fmt.Sprintf("%#x", v)
}

// target is where a jump at pc with a distance goes.
func (p *Printer) target(pc, dist int) string {
	if p.Label != nil {
		if s := p.Label(pc + 1 + dist); s != "" {
			return s
		}
	}
	if p.Syntax == SyntaxLLVM {
		if dist < 0 {
			return signedHex(int64(dist))
		}
		return "+" + signedHex(int64(dist))
	}
	return fmt.Sprintf("pc%+d", dist)
}

func (p *Printer) hidden(off int16) string {
	if off == 0 || p.Syntax != SyntaxText {
		return ""
	}
	return fmt.Sprintf(" {off=%d}", off)
}

// addr is an address in memory, "(r10 -8)".
func (p *Printer) addr(r Reg, off int16) string {
	switch {
	case p.Syntax != SyntaxLLVM:
		return fmt.Sprintf("r%d %+d", r, off)
	case off < 0:
		return fmt.Sprintf("r%d - %#x", r, -int(off))
	}
	return fmt.Sprintf("r%d + %#x", r, off)
}

// mem is a memory operand, "*(u32 *)(r1 +4)".
func (p *Printer) mem(i Insn, sign string, base Reg) string {
	return fmt.Sprintf("*(%s%d *)(%s)", sign, 8*i.Op.Size().Bytes(), p.addr(base, i.Off))
}

func (p *Printer) packet(o *Opcode, i Insn) string {
	s := fmt.Sprintf("r0 = *(u%d *)skb[", 8*i.Op.Size().Bytes())
	if o.Form == FormAbs {
		return s + p.imm(i.Imm) + "]"
	}
	s += p.reg(i.Src(), true)
	if p.Syntax == SyntaxLLVM && i.Imm == 0 {
		return s + "]"
	}
	return s + " + " + p.imm(i.Imm) + "]"
}

func (p *Printer) atomic(o *Opcode, i Insn, dst, src string) string {
	bits := 8 * i.Op.Size().Bytes()
	op := AtomicOp(i.Imm)
	ptr := fmt.Sprintf("(u%d *)(%s)", bits, p.addr(i.Dst(), i.Off))
	suffix := "" // of the kernel's names
	if bits == 64 {
		suffix = "64"
	}
	llvm := "_64" // of LLVM's names
	if bits == 32 {
		llvm = "32_32"
	}
	switch o.Form {
	case FormAtomic:
		return "lock *" + ptr + " " + aluOps[op>>4] + " " + src
	case FormAtomicFetch:
		name := atomicNames[op&^AtomicFetch]
		if p.Syntax == SyntaxLLVM {
			suffix = ""
		}
		return fmt.Sprintf("%s = atomic%s_fetch_%s(%s, %s)", src, suffix, name, ptr, src)
	case FormXchg:
		if p.Syntax == SyntaxLLVM {
			return fmt.Sprintf("%s = xchg%s(%s, %s)", src, llvm, p.addr(i.Dst(), i.Off), src)
		}
		return fmt.Sprintf("%s = atomic%s_xchg(%s, %s)", src, suffix, ptr, src)
	case FormCmpXchg:
		if p.Syntax == SyntaxLLVM {
			r0 := p.reg(R0, bits == 64)
			return fmt.Sprintf("%s = cmpxchg%s(%s, %s, %s)", r0, llvm, p.addr(i.Dst(), i.Off), r0, src)
		}
		return fmt.Sprintf("r0 = atomic%s_cmpxchg(%s, r0, %s)", suffix, ptr, src)
	case FormLoadAcquire:
		return fmt.Sprintf("%s = load_acquire((u%d *)(%s))", dst, bits, p.addr(i.Src(), i.Off))
	}
	return fmt.Sprintf("store_release(%s, %s)", ptr, src)
}

func (p *Printer) call(o *Opcode, pc int, i Insn) string {
	switch o.Form {
	case FormCallLocal:
		if p.Syntax == SyntaxLLVM && p.Label == nil {
			return "call " + signedHex(int64(i.Imm))
		}
		return "call " + p.target(pc, int(i.Imm))
	case FormCallKfunc:
		name := ""
		if p.Kfunc != nil {
			name = p.Kfunc(i.Imm, i.Off)
		}
		switch {
		case name == "":
			name = "kfunc#" + strconv.Itoa(int(i.Imm))
		case p.Syntax == SyntaxLog:
			name += "#" + strconv.Itoa(int(i.Imm))
		}
		return "call " + name + p.hidden(i.Off)
	}
	if p.Syntax == SyntaxLLVM {
		return "call " + p.imm(i.Imm)
	}
	if p.Helper != nil {
		if name := p.Helper(i.Imm); name != "" {
			return fmt.Sprintf("call %s#%d", name, i.Imm)
		}
	}
	if p.Syntax == SyntaxLog {
		return fmt.Sprintf("call unknown#%d", i.Imm)
	}
	return "call " + strconv.Itoa(int(i.Imm))
}

// wide prints the two-slot forms.
func (p *Printer) wide(o *Opcode, pc int, i, hi Insn, dst, src string) string {
	v := i.Imm64(hi)
	switch {
	case p.Syntax == SyntaxLog:
		return fmt.Sprintf("%s = %#x", dst, v)
	case p.Syntax == SyntaxLLVM && o.Form != FormImm64:
		return fmt.Sprintf("ld_pseudo %s, %#x, %s", dst, uint8(i.Src()), signedHex(int64(v)))
	case p.Syntax == SyntaxLLVM:
		return dst + " = " + signedHex(int64(v)) + " ll"
	}
	switch o.Form {
	case FormFunc:
		return dst + " = " + p.target(pc, int(i.Imm)) + " ll"
	case FormKsym:
		name := ""
		if p.Ksym != nil && hi.Imm == 0 {
			name = p.Ksym(i.Imm)
		}
		switch {
		case name != "":
			name = QuoteName(name)
		case hi.Imm != 0:
			name = fmt.Sprintf("btf:%d:%d", i.Imm, hi.Imm)
		default:
			name = fmt.Sprintf("btf:%d", i.Imm)
		}
		return dst + " = ksym[" + name + "] ll"
	case FormMap, FormMapValue:
		name := ""
		if p.Map != nil {
			name = p.Map(i.Src(), i.Imm)
		}
		switch {
		case name != "":
			name = QuoteName(name)
		case i.Src() == PseudoMapFD || i.Src() == PseudoMapValue:
			name = fmt.Sprintf("fd:%d", i.Imm)
		default:
			name = fmt.Sprintf("idx:%d", i.Imm)
		}
		if o.Form == FormMapValue {
			return fmt.Sprintf("%s = map[%s][%d] ll", dst, name, uint32(hi.Imm))
		}
		return dst + " = map[" + name + "] ll"
	}
	return fmt.Sprintf("%s = %#x ll", dst, v)
}

// reserved are the words that mean something where a name may stand.
var reserved = []string{
	"addr_space_cast", "btf", "fd", "idx", "kernel", "kfunc", "ksym", "ll",
	"load_acquire", "map", "pc", "unknown",
}

// QuoteName is a name as it stands in text: bare if it is an identifier that
// means nothing else, otherwise in double quotes.
func QuoteName(name string) string {
	if name == "" || isDigit(name[0]) || slices.Contains(reserved, name) {
		return strconv.Quote(name)
	}
	for n := range len(name) {
		if !isNameByte(name[n]) {
			return strconv.Quote(name)
		}
	}
	if t := (token{kind: tokName, text: name}); t.isRegister() {
		return strconv.Quote(name)
	}
	if o := OpcodeByName(name); o != nil && o.Form == FormSwap {
		return strconv.Quote(name)
	}
	return name
}
