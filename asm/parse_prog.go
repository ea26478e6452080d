package asm

import (
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// program is a program under construction.
type program struct {
	*image.Program
	p      *parser
	at     pos
	labels map[string]label
	refs   []reference
	line   *image.Line // for the next instruction
	extern *image.ExternRelo
}

// label is a place in a program.
type label struct {
	slot int
	at   pos
	// shared is set where several functions have the name, which is fine as
	// long as nothing refers to it.
	shared bool
}

// reference is a statement whose name waits for the end of its program.
type reference struct {
	st   isa.Statement
	slot int
	line int
}

func (p *parser) readProgram(a *attrs) error {
	if err := p.endProgram(); err != nil {
		return err
	}
	name, err := a.next("a name, as in \".program drop section=xdp\"")
	if err != nil {
		return err
	}
	if old, ok := p.progs[name.text]; ok {
		return p.errorf(name.at, "program %q is defined twice, first in line %d", name.text, old.line)
	}
	p.progs[name.text] = name.at
	g := &image.Program{Name: name.text, Autoload: true}
	words := a.words
	a.words = nil
	typed := false
	for _, w := range words { // the section first: it sets what the others change
		if w.key == "section" {
			g.Section = w.text
			g.Autoload = !strings.HasPrefix(w.text, "?")
			typed = setSection(g)
		}
	}
	for _, w := range words {
		if err := p.progAttr(a, g, w); err != nil {
			return err
		}
		typed = typed || w.key == "type"
	}
	if !typed {
		if g.Section == "" {
			return p.errorf(name.at, "program %q has neither section= nor type=", g.Name)
		}
		return p.errorf(name.at, "section %q means no program type; add type=NAME", g.Section)
	}
	g.Funcs = []image.Func{{Name: g.Name, Global: true}}
	p.out.Programs = append(p.out.Programs, g)
	p.prog = &program{Program: g, p: p, at: name.at, labels: map[string]label{g.Name: {at: name.at}}}
	return nil
}

func (p *parser) progAttr(a *attrs, g *image.Program, w word) error {
	number := func(set interface{ number(string) (uint32, error) }) (uint32, error) {
		v, err := set.number(w.text)
		if err != nil {
			return 0, p.errorf(w.val, "%v", err)
		}
		return v, nil
	}
	switch w.key {
	case "section":
		return nil
	case "type":
		v, err := number(&progTypes)
		g.Type = abi.ProgType(v)
		return err
	case "attach":
		v, err := number(&attachTypes)
		g.Attach = abi.AttachType(v)
		return err
	case "flags":
		v, err := number(&progBits)
		g.Flags = abi.ProgFlags(v)
		return err
	case "to":
		g.AttachTo = w.text
		return nil
	case "license":
		g.License = w.text
		return nil
	case "version":
		return p.uint32(w, &g.Version)
	case "memory":
		return p.uint32(w, &g.Memory)
	case "tag":
		g.Tests = append(g.Tests, w.text)
		return nil
	case "autoload":
		if w.text != "yes" && w.text != "no" {
			return p.errorf(w.val, "autoload is yes or no, not %q", w.text)
		}
		g.Autoload = w.text == "yes"
		return nil
	}
	return a.unknown(w, "section=, type=, attach=, to=, flags=, license=, version=, memory=, autoload= and tag=")
}

func (p *parser) readFunc(a *attrs) error {
	name, err := a.next("a name")
	if err != nil {
		return err
	}
	g := p.prog
	f := image.Func{Name: name.text, Start: len(g.Insns)}
	words := a.words
	a.words = nil
	for _, w := range words {
		switch {
		case w.key == "" && w.text == "global":
			f.Global = true
		case w.key == "" && w.text == "exception_callback":
			f.ExceptionCallback = true
		default:
			return a.unknown(w, "global and exception_callback")
		}
	}
	old, ok := g.labels[f.Name]
	switch {
	case f.Start == 0 && len(g.Funcs) == 1: // describes the entry itself
		g.Funcs[0] = f
		g.labels[f.Name] = label{0, name.at, ok && old.slot != 0}
		return nil
	case g.Funcs[len(g.Funcs)-1].Start == f.Start:
		return p.errorf(name.at, "function %q begins where function %q begins; a function needs an instruction", f.Name, g.Funcs[len(g.Funcs)-1].Name)
	}
	g.Funcs = append(g.Funcs, f)
	g.labels[f.Name] = label{f.Start, name.at, ok}
	return nil
}

// readUse names maps in the order of the program's table.
func (p *parser) readUse(a *attrs) error {
	for {
		w, err := a.next("a map")
		if err != nil {
			return err
		}
		m, err := p.mapNamed(w)
		if err != nil {
			return err
		}
		p.prog.Maps = append(p.prog.Maps, m)
		if len(a.words) == 0 {
			return nil
		}
	}
}

// weakID reads the attributes of a kernel symbol.
func (p *parser) weakID(a *attrs) (name word, weak bool, id btf.TypeID, err error) {
	if name, err = a.next("a name"); err != nil {
		return
	}
	words := a.words
	a.words = nil
	for _, w := range words {
		switch {
		case w.key == "" && w.text == "weak":
			weak = true
		case w.key == "id":
			var v uint32
			if err = p.uint32(w, &v); err != nil {
				return
			}
			id = btf.TypeID(v)
		default:
			err = a.unknown(w, "weak and id=")
			return
		}
	}
	return
}

func (p *parser) readKfunc(a *attrs) error {
	name, weak, id, err := p.weakID(a)
	if err != nil {
		return err
	}
	k := image.Kfunc{Name: name.text, Weak: weak, ID: id}
	if p.prog != nil {
		p.prog.Kfuncs = append(p.prog.Kfuncs, k)
		return nil
	}
	if _, ok := p.kfuncs[k.Name]; ok {
		return p.errorf(name.at, "kernel function %q is declared twice", k.Name)
	}
	p.kfuncs[k.Name] = k
	return nil
}

func (p *parser) readKsym(a *attrs) error {
	name, weak, id, err := p.weakID(a)
	if err != nil {
		return err
	}
	k := image.Ksym{Name: name.text, Weak: weak, ID: id}
	if p.prog != nil {
		p.prog.Ksyms = append(p.prog.Ksyms, k)
		return nil
	}
	if _, ok := p.ksyms[k.Name]; ok {
		return p.errorf(name.at, "kernel variable %q is declared twice", k.Name)
	}
	p.ksyms[k.Name] = k
	return nil
}

func (p *parser) readExtern(a *attrs) error {
	kind, err := a.next("ksym, typed or kfunc")
	if err != nil {
		return err
	}
	name, weak, id, err := p.weakID(a)
	if err != nil {
		return err
	}
	e := &image.ExternRelo{Name: name.text, Weak: weak}
	for k, s := range externKinds {
		if s == kind.text {
			e.Kind = k
		}
	}
	if e.Kind == 0 || id != 0 {
		return p.errorf(kind.at, "expected \".extern ksym|typed|kfunc NAME [weak]\"")
	}
	p.prog.extern = e
	return nil
}

var externKinds = map[image.ExternKind]string{
	image.ExternKsym: "ksym", image.ExternTyped: "typed", image.ExternKfunc: "kfunc",
}

// readLine reads the C line of the instructions from here on.
func (p *parser) readLine(a *attrs) error {
	file, err := a.next("a file in quotes")
	if err != nil {
		return err
	}
	var n [2]uint32
	for i, what := range [...]string{"a line", "a column"} {
		w, err := a.next(what)
		if err != nil {
			return err
		}
		if err := p.uint32(w, &n[i]); err != nil {
			return err
		}
	}
	l := &image.Line{File: file.text, Line: int(n[0]), Column: int(n[1])}
	if len(a.words) > 0 {
		text, err := a.next("the C line in quotes")
		if err != nil {
			return err
		}
		l.Text = text.text
	}
	p.prog.line = l
	return nil
}

// label defines a label at the next instruction.
func (g *program) label(name string, at pos) error {
	if old, ok := g.labels[name]; ok && !(old.slot == 0 && len(g.Insns) == 0 && name == g.Name) {
		return g.p.errorf(at, "label %q is defined twice in this program, first in line %d", name, old.at.line)
	}
	g.labels[name] = label{slot: len(g.Insns), at: at}
	return nil
}

// maxSlots bounds a program; the kernel takes a million instructions.
const maxSlots = 1 << 20

// add appends a statement.
func (g *program) add(at pos, st isa.Statement) error {
	slot := len(g.Insns)
	if slot+len(st.Insns) > maxSlots {
		return g.p.errorf(at, "program %q has more than %d slots", g.Name, maxSlots)
	}
	if g.line != nil {
		g.line.Slot = slot
		g.Lines = append(g.Lines, *g.line)
		g.line = nil
	}
	if g.extern != nil {
		g.extern.Slot = slot
		g.Extern = append(g.Extern, *g.extern)
		g.extern = nil
	}
	if st.Ref.Kind != isa.RefNone {
		g.refs = append(g.refs, reference{st, slot, at.line})
	}
	g.Insns = append(g.Insns, st.Insns...)
	return nil
}

// endProgram closes the program under construction. Its references wait for
// the end of the text, so that maps may stand below their users.
func (p *parser) endProgram() error {
	g := p.prog
	if g == nil {
		return nil
	}
	p.prog, p.last = nil, nil
	if len(g.Insns) == 0 {
		return p.errorf(g.at, "program %q has no instructions", g.Name)
	}
	if f := g.Funcs[len(g.Funcs)-1]; f.Start == len(g.Insns) {
		return p.errorf(g.labels[f.Name].at, "function %q has no instructions", f.Name)
	}
	p.late = append(p.late, func() error {
		for _, r := range g.refs {
			if err := g.resolve(&r); err != nil {
				return p.insnError(r.line, err)
			}
			copy(g.Insns[r.slot:], r.st.Insns)
		}
		return nil
	})
	return nil
}

// resolve fills in a reference.
func (g *program) resolve(r *reference) error {
	ref := r.st.Ref
	fail := func(format string, args ...any) error {
		return &isa.SyntaxError{Col: ref.Col, Msg: fmt.Sprintf(format, args...)}
	}
	i := &r.st.Insns[0]
	switch ref.Kind {
	case isa.RefMap:
		n := g.mapIndex(ref.Name)
		if n < 0 {
			return fail("map %q is not defined; add a .map line%s", ref.Name, suggest(ref.Name, g.p.mapNames()))
		}
		i.Imm = int32(n)
		return nil
	case isa.RefKsym:
		n := g.ksymIndex(ref.Name)
		if n < 0 {
			return fail("kernel variable %q is not declared; add \".ksym %s\"", ref.Name, ref.Name)
		}
		i.Imm = int32(n)
		return nil
	case isa.RefCall:
		if i.Off != 0 {
			n := g.kfuncIndex(ref.Name)
			if n < 0 {
				return fail("no kernel function %q is declared, and others take no {off=}; add \".kfunc %s\"", ref.Name, ref.Name)
			}
			i.Imm = int32(n)
			return nil
		}
		if ref.HasNum {
			if h := abi.HelperByID(abi.HelperID(ref.Num)); ref.Name != "unknown" && (h == nil || h.Name != ref.Name) {
				return fail("helper %d is %v, not %q", ref.Num, abi.HelperID(ref.Num), ref.Name)
			}
			i.Imm = ref.Num
			return nil
		}
	}
	if l, ok := g.labels[ref.Name]; ok {
		if l.shared {
			return fail("several functions are called %q; write pc+N", ref.Name)
		}
		return r.st.Resolve(r.slot, l.slot)
	}
	if ref.Kind != isa.RefCall {
		return fail("label %q is not defined in program %q%s", ref.Name, g.Name, suggest(ref.Name, g.labelNames()))
	}
	if n := g.kfuncIndex(ref.Name); n >= 0 {
		*i = i.WithRegs(isa.R0, isa.CallKfunc)
		i.Imm = int32(n)
		return nil
	}
	if h := abi.HelperByName(ref.Name); h != nil {
		i.Imm = int32(h.ID)
		return nil
	}
	return fail("no function or helper is called %q%s; a kernel function needs \".kfunc %s\"", ref.Name, suggest(ref.Name, g.labelNames()), ref.Name)
}

func (g *program) labelNames() []string {
	names := make([]string, 0, len(g.labels))
	for n := range g.labels {
		names = append(names, n)
	}
	return names
}

func (p *parser) mapNames() []string {
	names := make([]string, 0, len(p.out.Maps))
	for _, m := range p.out.Maps {
		names = append(names, m.Name)
	}
	return names
}

// mapIndex is the index of a map in the program's table, which it enters if it
// is not there; -1 if there is no such map.
func (g *program) mapIndex(name string) int {
	m := g.p.maps[name]
	if m == nil {
		return -1
	}
	for n, have := range g.Maps {
		if have == m {
			return n
		}
	}
	g.Maps = append(g.Maps, m)
	return len(g.Maps) - 1
}

func (g *program) kfuncIndex(name string) int {
	for n, k := range g.Kfuncs {
		if k.Name == name {
			return n
		}
	}
	k, ok := g.p.kfuncs[name]
	if !ok {
		return -1
	}
	g.Kfuncs = append(g.Kfuncs, k)
	return len(g.Kfuncs) - 1
}

func (g *program) ksymIndex(name string) int {
	for n, k := range g.Ksyms {
		if k.Name == name {
			return n
		}
	}
	k, ok := g.p.ksyms[name]
	if !ok {
		return -1
	}
	g.Ksyms = append(g.Ksyms, k)
	return len(g.Ksyms) - 1
}
