package object

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// collection puts the programs of a unit together.
func (u *unit) collection() (*image.Collection, error) {
	kconfig, err := layKconfig(u.externs)
	if err != nil {
		return nil, err
	}
	c := &image.Collection{
		Name: u.name, ByteOrder: u.order, License: u.license,
		Maps: slices.Concat(u.maps, u.data), Variables: u.vars, StructOps: u.ops,
		Kconfig: kconfig, Types: u.types, Warnings: u.warnings,
	}
	a := assembler{unit: u, byName: make(map[string]*function)}
	for _, fn := range u.funcs {
		if _, ok := a.byName[fn.name]; !ok {
			a.byName[fn.name] = fn
		}
	}
	if len(kconfig) > 0 {
		a.kconfig = u.kconfigMap(kconfig)
		c.Maps = append(c.Maps, a.kconfig)
	}
	for _, fn := range u.funcs {
		if u.isEntry(fn) {
			c.Programs = append(c.Programs, a.program(fn))
		}
	}
	setStructOps(c)
	nameDataMaps(c)
	if len(c.Programs) == 0 && len(u.funcs) > 0 {
		c.Warnings = append(c.Warnings, "all functions are in section \".text\": none is a program")
	}
	return c, nil
}

// assembler makes programs of functions.
type assembler struct {
	*unit
	kconfig *image.Map
	byName  map[string]*function
	linked  int // slots and side records, over all programs
}

// linking is one program in the making.
type linking struct {
	*assembler
	p      *image.Program
	start  map[*function]int
	queued []*function // in the order of their slots
	maps   map[*image.Map]int32
	kfuncs map[*extern]int32
	ksyms  map[*extern]int32
	slots  int
}

// program links entry with the subprograms it reaches.
func (a *assembler) program(entry *function) *image.Program {
	p := &image.Program{
		Name: entry.name, Section: entry.section, License: a.license, Version: a.version,
		Autoload: !strings.HasPrefix(entry.section, "?"), Types: a.types,
	}
	setSection(p)
	if entry.typ != nil {
		p.Tests = slices.Clone(entry.typ.Tags)
	}
	l := &linking{
		assembler: a, p: p, start: make(map[*function]int),
		maps: make(map[*image.Map]int32), kfuncs: make(map[*extern]int32), ksyms: make(map[*extern]int32),
	}
	l.place(entry)
	except, err := a.exceptionCallback(entry)
	if err != nil {
		p.Err = fmt.Errorf("exception callback: %w", err)
	} else if _, ok := l.start[except]; except != nil && !ok {
		l.place(except)
	}
	if a.linked > maxLinked {
		p.Err = fmt.Errorf("the programs of the object have more than %d instructions together", maxLinked)
		return p
	}
	p.Insns = make([]isa.Insn, 0, l.slots)
	for _, fn := range l.queued {
		if err := l.add(fn); err != nil && p.Err == nil {
			p.Err = err
		}
		p.Funcs[len(p.Funcs)-1].ExceptionCallback = fn == except
	}
	return p
}

// place gives fn and what it reaches their slots, in the order in which libbpf
// appends them: a callee and all that it reaches come before the next callee.
func (l *linking) place(fn *function) {
	// An explicit stack: a hostile object may nest calls very deep.
	type frame struct {
		fn   *function
		next int
	}
	put := func(fn *function) {
		l.start[fn] = l.slots
		l.slots += len(fn.insns)
		l.linked += len(fn.insns) + 8*(len(fn.lines)+len(fn.core))
		l.queued = append(l.queued, fn)
	}
	put(fn)
	stack := []frame{{fn: fn}}
	for len(stack) > 0 && l.linked <= maxLinked {
		top := &stack[len(stack)-1]
		if top.next == len(top.fn.refs) {
			stack = stack[:len(stack)-1]
			continue
		}
		callee := top.fn.refs[top.next].fn
		top.next++
		if callee == nil {
			continue
		}
		if _, ok := l.start[callee]; !ok {
			put(callee)
			stack = append(stack, frame{fn: callee})
		}
	}
}

// add appends fn's code and side tables, with its references made the
// program's.
func (l *linking) add(fn *function) error {
	p, base := l.p, len(l.p.Insns)
	p.Insns = append(p.Insns, fn.insns...)
	dropIndices(p.Insns[base:])
	p.Funcs = append(p.Funcs, image.Func{
		Name: fn.name, Start: base, Type: fn.typ, Global: base == 0 || fn.isGlobal(),
	})
	for _, ln := range fn.lines {
		ln.Slot += base
		p.Lines = append(p.Lines, ln)
	}
	for _, c := range fn.core {
		c.Slot += base
		p.CORE = append(p.CORE, c)
	}
	if fn.err != nil {
		if base != 0 {
			return fmt.Errorf("function %q: %w", fn.name, fn.err)
		}
		return fn.err
	}
	for _, rf := range fn.refs {
		if err := l.apply(rf, base+rf.slot); err != nil {
			return fmt.Errorf("insn %d: %w", base+rf.slot, err)
		}
	}
	return nil
}

// dropIndices makes references that the code has without a relocation point
// nowhere: their numbers mean nothing here, and must not be taken for indices.
func dropIndices(insns []isa.Insn) {
	for i := 0; i < len(insns); i++ {
		in := &insns[i]
		switch {
		case in.Op == isa.CallOp && in.Src() == isa.CallKfunc:
			in.Imm = -1
		case in.IsWide():
			switch in.Src() {
			case isa.PseudoMapIdx, isa.PseudoMapIdxValue, isa.PseudoBTFID:
				in.Imm = -1
			}
			i++
		}
	}
}

// apply writes a reference into the instruction at slot.
func (l *linking) apply(rf ref, slot int) error {
	in := &l.p.Insns[slot]
	switch rf.kind {
	case refMap:
		l.setWide(slot, isa.PseudoMapIdx, l.mapIndex(rf.m), 0)
	case refValue:
		l.setWide(slot, isa.PseudoMapIdxValue, l.mapIndex(rf.m), int32(rf.off))
	case refCall:
		in.Imm = int32(l.start[rf.fn] - slot - 1)
	case refFunc:
		l.setWide(slot, isa.PseudoFunc, int32(l.start[rf.fn]-slot-1), 0)
	case refExtern:
		return l.applyExtern(rf, slot)
	}
	return nil
}

func (l *linking) setWide(slot int, src isa.Reg, lo, hi int32) {
	in := &l.p.Insns[slot]
	*in = in.WithRegs(in.Dst(), src)
	in.Imm = lo
	l.p.Insns[slot+1].Imm = hi
}

func (l *linking) applyExtern(rf ref, slot int) error {
	e, in := rf.ext, &l.p.Insns[slot]
	isCall := in.Op == isa.CallOp
	if e.kind == externLink {
		return fmt.Errorf("extern %q is not defined by any object", e.name)
	}
	if isCall != (e.kind == externKfunc) && (isCall || e.kind != externKfunc) {
		return fmt.Errorf("extern %q is not a kernel function", e.name)
	}
	relo := image.ExternRelo{Slot: slot, Name: e.name, Weak: e.weak}
	switch e.kind {
	case externKconfig:
		l.setWide(slot, isa.PseudoMapIdxValue, l.mapIndex(l.kconfig), int32(e.off+rf.off))
		return nil
	case externKsym:
		relo.Kind = image.ExternKsym
		l.setWide(slot, 0, 0, 0)
	case externTyped:
		relo.Kind = image.ExternTyped
		l.setWide(slot, isa.PseudoBTFID, l.ksymIndex(e), 0)
	case externKfunc:
		if !isCall {
			relo.Kind = image.ExternTyped
			l.setWide(slot, isa.PseudoBTFID, l.ksymIndex(e), 0)
			break
		}
		relo.Kind = image.ExternKfunc
		*in = in.WithRegs(0, isa.CallKfunc)
		in.Off, in.Imm = 0, l.kfuncIndex(e)
	}
	l.p.Extern = append(l.p.Extern, relo)
	return nil
}

func (l *linking) mapIndex(m *image.Map) int32 {
	i, ok := l.maps[m]
	if !ok {
		i = int32(len(l.p.Maps))
		l.maps[m] = i
		l.p.Maps = append(l.p.Maps, m)
	}
	return i
}

func (l *linking) kfuncIndex(e *extern) int32 {
	i, ok := l.kfuncs[e]
	if !ok {
		i = int32(len(l.p.Kfuncs))
		l.kfuncs[e] = i
		fn, _ := e.typ.(*btf.Func)
		l.p.Kfuncs = append(l.p.Kfuncs, image.Kfunc{Name: e.name, Type: fn, Weak: e.weak})
	}
	return i
}

func (l *linking) ksymIndex(e *extern) int32 {
	i, ok := l.ksyms[e]
	if !ok {
		i = int32(len(l.p.Ksyms))
		l.ksyms[e] = i
		l.p.Ksyms = append(l.p.Ksyms, image.Ksym{Name: e.name, Type: e.typ, Weak: e.weak})
	}
	return i
}

// exceptionCallback is the function that the entry's decl tag names, nil for
// none. Of an entry with several tags none is taken: the verifier refuses it.
func (a *assembler) exceptionCallback(entry *function) (*function, error) {
	if entry.typ == nil {
		return nil, nil
	}
	var names []string
	for _, tag := range entry.typ.Tags {
		if name, ok := strings.CutPrefix(tag, "exception_callback:"); ok {
			names = append(names, name)
		}
	}
	if len(names) != 1 {
		return nil, nil
	}
	fn := a.byName[names[0]]
	switch {
	case fn == nil || a.isEntry(fn):
		return nil, fmt.Errorf("%q is not a subprogram of the object", names[0])
	case fn.bind == bindLocal || fn.hidden:
		return nil, fmt.Errorf("%q is not a global function", names[0])
	}
	return fn, nil
}
