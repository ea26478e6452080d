package asm

import (
	"encoding/binary"
	"strings"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// parser reads a text line by line. Names are resolved at the end of the text.
type parser struct {
	file   string
	out    *image.Collection
	maps   map[string]*image.Map
	last   *image.Map // that .inner extends
	kfuncs map[string]image.Kfunc
	ksyms  map[string]image.Ksym
	prog   *program // under construction, nil outside
	progs  map[string]pos
	late   []func() error // what waits for the end of the text
	zeros  int            // bytes made by "zero"
}

// Parse reads a text; name is that of its file, for messages and as the
// collection's name. The error is an *Error.
func Parse(name string, src []byte) (*image.Collection, error) {
	p := &parser{
		file:   name,
		out:    &image.Collection{Name: name, ByteOrder: binary.LittleEndian},
		maps:   map[string]*image.Map{},
		kfuncs: map[string]image.Kfunc{},
		ksyms:  map[string]image.Ksym{},
		progs:  map[string]pos{},
	}
	line := 0
	for s := range strings.SplitSeq(string(src), "\n") {
		line++
		if err := p.line(line, s); err != nil {
			return nil, err
		}
	}
	if err := p.endProgram(); err != nil {
		return nil, err
	}
	for _, f := range p.late {
		if err := f(); err != nil {
			return nil, err
		}
	}
	for _, prog := range p.out.Programs {
		if prog.License == "" {
			prog.License = p.out.License
		}
	}
	return p.out, nil
}

// line reads one line: labels, then a directive, an instruction or nothing.
func (p *parser) line(n int, s string) error {
	for {
		label, rest, ok := isa.CutLabel(s)
		if !ok {
			break
		}
		trimmed := strings.TrimLeft(s, " \t")
		at := pos{n, len(s) - len(trimmed) + 1}
		if trimmed[0] >= '0' && trimmed[0] <= '9' {
			return p.errorf(at, "label %q begins with a digit; leave slot numbers out", label)
		}
		if p.prog == nil {
			return p.errorf(at, "label %q outside a program; %s", label, beginProgram)
		}
		if err := p.prog.label(label, at); err != nil {
			return err
		}
		s = rest
	}
	text := strings.TrimLeft(s, " \t")
	if strings.HasPrefix(text, ".") && !isSlots(text) {
		return p.directive(n, s)
	}
	st, err := isa.ParseStatement(s)
	if err != nil {
		return p.insnError(n, err)
	}
	if len(st.Insns) == 0 {
		return nil
	}
	at := pos{n, len(s) - len(text) + 1}
	if p.prog == nil {
		return p.errorf(at, "instruction outside a program; %s", beginProgram)
	}
	return p.prog.add(at, st)
}

const beginProgram = `begin one with ".program NAME section=xdp"`

// isSlots reports whether a line is an instruction in raw form.
func isSlots(s string) bool {
	return s == ".slot" || strings.HasPrefix(s, ".slot ") || strings.HasPrefix(s, ".slot\t")
}

// directive reads a line that begins with a dot.
func (p *parser) directive(line int, s string) error {
	ws, err := p.words(line, s)
	if err != nil {
		return err
	}
	a := &attrs{p: p, words: ws[1:], dir: ws[0], end: pos{line, len(isa.StripComment(s)) + 1}}
	for _, d := range directives {
		if d.name != ws[0].text || ws[0].quoted || ws[0].key != "" {
			continue
		}
		if d.inProgram && p.prog == nil {
			return p.errorf(a.dir.at, "%s outside a program; %s", d.name, beginProgram)
		}
		if err := d.read(p, a); err != nil {
			return err
		}
		return a.done()
	}
	names := make([]string, 0, len(directives))
	for _, d := range directives {
		names = append(names, d.name)
	}
	return p.errorf(a.dir.at, "unknown directive %q%s", ws[0].text, suggest(ws[0].text, names))
}

// directives are the words that begin with a dot.
var directives = []struct {
	name      string
	inProgram bool
	read      func(*parser, *attrs) error
}{
	{".license", false, (*parser).readLicense},
	{".endian", false, (*parser).readEndian},
	{".map", false, (*parser).readMap},
	{".inner", false, (*parser).readInner},
	{".elem", false, (*parser).readElem},
	{".var", false, (*parser).readVar},
	{".kconfig", false, (*parser).readKconfig},
	{".struct_ops", false, (*parser).readStructOps},
	{".kfunc", false, (*parser).readKfunc},
	{".ksym", false, (*parser).readKsym},
	{".program", false, (*parser).readProgram},
	{".func", true, (*parser).readFunc},
	{".use", true, (*parser).readUse},
	{".extern", true, (*parser).readExtern},
	{".line", true, (*parser).readLine},
}

func (p *parser) readLicense(a *attrs) error {
	w, err := a.next("the license in quotes")
	p.out.License = w.text
	return err
}

func (p *parser) readEndian(a *attrs) error {
	w, err := a.next("little or big")
	if err != nil {
		return err
	}
	switch w.text {
	case "little":
		p.out.ByteOrder = binary.LittleEndian
	case "big":
		p.out.ByteOrder = binary.BigEndian
	default:
		return p.errorf(w.at, "expected little or big, found %q", w.text)
	}
	return nil
}
