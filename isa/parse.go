package isa

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// RefKind says what a statement refers to by name.
type RefKind uint8

// The kinds of references.
const (
	RefNone RefKind = iota
	RefJump         // label: the distance goes into the field that Statement.Resolve knows
	RefCall         // label, helper or kfunc, whichever has the name
	RefFunc         // label whose address is taken
	RefMap          // map
	RefKsym         // kernel variable
)

// Ref is a name in a statement that only the surrounding program can resolve.
type Ref struct {
	Kind   RefKind
	Name   string
	Col    int // 1-based, in bytes
	Num    int32
	HasNum bool // the name came with a number, as in "bpf_map_lookup_elem#1"
}

// Statement is one line of text: its slots, and the name they refer to. The
// fields that hold the reference are zero.
type Statement struct {
	Insns []Insn
	Ref   Ref
}

// Resolve sets the distance of a reference to a label: slot pc is that of the
// statement, target that of the label.
func (s *Statement) Resolve(pc, target int) error {
	i := &s.Insns[0]
	dist := target - pc - 1
	if s.Ref.Kind == RefCall {
		*i = New(CallOp, R0, CallLocal, 0, int32(dist))
		return nil
	}
	if s.Ref.Kind == RefJump && i.Op != AluOp(ClassJmp32, Code(JA), SrcK) {
		if dist != int(int16(dist)) {
			remedy := "jump over a gotol"
			if i.Op == AluOp(ClassJmp, Code(JA), SrcK) {
				remedy = "use gotol"
			}
			return errorAt(s.Ref.Col, "label %s is %d slots away, more than 16 bits hold; %s", s.Ref.Name, dist, remedy)
		}
		i.Off = int16(dist)
		return nil
	}
	i.Imm = int32(dist)
	return nil
}

// Parse reads one instruction in any of the dialects that Printer prints: one
// slot, or two for a wide one. Names of maps, helpers and labels are refused;
// package asm knows them.
func Parse(line string) ([]Insn, error) {
	s, err := ParseStatement(line)
	if err != nil {
		return nil, err
	}
	if len(s.Insns) == 0 {
		return nil, errorAt(1, "no instruction")
	}
	if err := s.resolveNumber(); err != nil {
		return nil, err
	}
	return s.Insns, nil
}

// resolveNumber resolves a reference that carries its number.
func (s *Statement) resolveNumber() error {
	r := s.Ref
	switch {
	case r.Kind == RefNone:
		return nil
	case r.Kind == RefCall && r.HasNum:
		s.Insns[0].Imm = r.Num
		return nil
	case r.Kind == RefMap, r.Kind == RefKsym:
		return errorAt(r.Col, "name %q of a map or variable; a lone instruction takes fd:N, idx:N or btf:N", r.Name)
	case r.Kind == RefCall:
		return errorAt(r.Col, "no label %q, and names of helpers are not known here; write its number", r.Name)
	}
	return errorAt(r.Col, "no label %q", r.Name)
}

// ParseStatement reads one line: an instruction or nothing. Comments are
// skipped.
func ParseStatement(line string) (Statement, error) {
	if s, ok, err := rawSlots(line); ok {
		return s, err
	}
	toks, err := lex(line)
	if err != nil {
		return Statement{}, err
	}
	if toks[0].kind == tokEnd {
		return Statement{}, nil
	}
	p := &parser{toks: toks}
	p.statement()
	if t := p.peek(); p.err == nil && t.kind != tokEnd {
		p.fail(t, "unexpected %q after the instruction", t.text)
	}
	if p.err != nil {
		return Statement{}, p.err
	}
	var hi Insn
	if len(p.out.Insns) == 2 {
		hi = p.out.Insns[1]
	}
	if e := p.out.Insns[0].Check(hi); e != nil {
		return Statement{}, errorAt(toks[0].col, "%s", e.Reason)
	}
	return p.out, nil
}

// rawSlots reads ".slot" and its slots, 16 hexadecimal digits each, bytes in
// the order of a little-endian file. They may hold any encoding, legal or not.
func rawSlots(line string) (s Statement, ok bool, err error) {
	rest, ok := strings.CutPrefix(strings.TrimLeft(line, " \t"), ".slot")
	if !ok || rest != "" && isNameByte(rest[0]) {
		return s, false, nil
	}
	col := len(line) - len(rest) + 1
	for _, f := range strings.Fields(StripComment(rest)) {
		b, err := hex.DecodeString(f)
		if err != nil || len(b) != SlotSize {
			return s, true, errorAt(col, "expected %d hexadecimal digits a slot, found %q", 2*SlotSize, f)
		}
		i, err := Decode(b, binary.LittleEndian)
		if err != nil {
			return s, true, err
		}
		s.Insns = append(s.Insns, i...)
	}
	if len(s.Insns) == 0 {
		return s, true, errorAt(col, "expected %d hexadecimal digits a slot", 2*SlotSize)
	}
	return s, true, nil
}

// parser reads the tokens of one line. The first error sticks; after it all
// tokens read as the end.
type parser struct {
	toks []token
	pos  int
	err  error
	out  Statement
}

func (p *parser) peek() token {
	if p.err != nil {
		return token{kind: tokEnd}
	}
	return p.toks[p.pos]
}

func (p *parser) next() token {
	t := p.peek()
	if t.kind != tokEnd {
		p.pos++
	}
	return t
}

func (p *parser) fail(t token, format string, args ...any) {
	if p.err == nil {
		p.err = errorAt(t.col, format, args...)
	}
}

// is reports whether the next token is the operator or word s.
func (p *parser) is(s string) bool {
	t := p.peek()
	return (t.kind == tokOp || t.kind == tokName) && t.text == s
}

// take skips the next token if it is s.
func (p *parser) take(s string) bool {
	if p.is(s) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) expect(s string) {
	if t := p.peek(); !p.take(s) {
		p.fail(t, "expected %q, found %s", s, t.describe())
	}
}

func (t token) describe() string {
	if t.kind == tokEnd {
		return "the end of the line"
	}
	return `"` + t.text + `"`
}

func (p *parser) emit(i ...Insn) { p.out.Insns = i }

// register is a register operand with its width.
type register struct {
	r    Reg
	is64 bool
	tok  token
}

// isRegister reports whether t looks like a register, existing or not.
func (t token) isRegister() bool {
	if t.kind != tokName || len(t.text) < 2 || t.text[0] != 'r' && t.text[0] != 'w' {
		return false
	}
	return strings.Trim(t.text[1:], "0123456789") == ""
}

func (p *parser) register() register {
	t := p.next()
	if !t.isRegister() {
		p.fail(t, "expected a register, found %s", t.describe())
		return register{}
	}
	n := t.text[1:]
	if len(n) > 2 || len(n) == 2 && n != "10" {
		p.fail(t, "register %s does not exist, registers are r0 to r10", t.text)
		return register{}
	}
	r := Reg(n[0] - '0')
	if n == "10" {
		r = R10
	}
	return register{r, t.text[0] == 'r', t}
}

// sameWidth refuses operands of two widths.
func (p *parser) sameWidth(a, b register) {
	if a.is64 != b.is64 {
		p.fail(b.tok, "%s and %s have different widths", a.tok.text, b.tok.text)
	}
}

// number reads a number with an optional sign.
func (p *parser) number() (v int64, t token, neg bool) {
	t = p.peek()
	if neg = p.take("-"); !neg {
		p.take("+")
	}
	n := p.next()
	if n.kind != tokNumber {
		p.fail(n, "expected a number, found %s", n.describe())
		return 0, t, neg
	}
	t.hex, t.num = n.hex, n.num
	if neg {
		if n.num > 1<<63 {
			p.fail(t, "number -%s has more than 64 bits", n.text)
		}
		return -int64(n.num), t, neg
	}
	return int64(n.num), t, neg
}

// imm reads a 32-bit immediate. Hexadecimal ones may use all 32 bits where the
// top bit is not extended, or in the kernel's notation of comparisons.
func (p *parser) imm(extended bool) int32 {
	v, t, neg := p.number()
	switch {
	case p.err != nil:
	case neg && v >= -1<<31, !neg && t.num <= 1<<31-1:
		return int32(v)
	case neg || t.num > 1<<32-1:
		p.fail(t, "immediate does not fit 32 bits; a 64-bit one needs \"rN = ... ll\"")
	case !t.hex:
		p.fail(t, "immediate does not fit 32 bits with a sign; write it in hexadecimal or negative")
	case extended:
		p.fail(t, "immediate %#x would be extended to %#x; write %d, or load it with \"rN = %#x ll\"",
			t.num, uint64(int64(int32(v))), int32(v), t.num)
	}
	return int32(v)
}

func (p *parser) offset() int16 {
	v, t, _ := p.number()
	if p.err == nil && (v != int64(int16(v)) || t.num > 1<<15) {
		p.fail(t, "offset does not fit 16 bits")
	}
	return int16(v)
}
