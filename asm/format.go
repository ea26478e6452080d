package asm

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// printer collects the text of a collection.
type printer struct {
	bytes.Buffer
	c *image.Collection
}

func (w *printer) linef(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

// Format is the text of a collection, which Parse reads back. BTF and CO-RE
// relocations are left out; a comment stands where a relocation would apply.
func Format(c *image.Collection) []byte {
	w := &printer{c: c}
	if c.ByteOrder != nil && c.ByteOrder.Uint16([]byte{0, 1}) == 1 {
		w.linef(".endian big")
	}
	if c.License != "" {
		w.linef(".license %q", c.License)
	}
	for _, m := range c.Maps {
		w.mapDef(m)
	}
	for _, m := range c.Maps {
		for _, e := range m.Contents {
			w.elem(m, e)
		}
	}
	for _, v := range c.Variables {
		w.variable(v)
	}
	for _, k := range c.Kconfig {
		w.linef(".kconfig %s off=%d size=%d%s", name(k.Name), k.Offset, k.Size, word2(k.Weak, "weak"))
	}
	for _, s := range c.StructOps {
		w.structOps(s)
	}
	for _, p := range c.Programs {
		w.program(p)
	}
	return w.Bytes()
}

// name is a name as a word of a directive: quoted where it would not be read
// back as it is.
func name(s string) string { return isa.QuoteName(s) }

func word2(set bool, word string) string {
	if set {
		return " " + word
	}
	return ""
}

func (w *printer) attr(key string, v uint64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf(" %s=%d", key, v)
}

// isMap reports whether m is one of the collection's maps, and so has a name
// to refer to.
func (w *printer) isMap(m *image.Map) bool {
	for _, have := range w.c.Maps {
		if have == m {
			return true
		}
	}
	return false
}

func (w *printer) mapDef(m *image.Map) {
	w.linef("\n.map %s", w.mapText(m))
	// Templates without a name of their own follow; depth keeps a hostile
	// image that holds itself from running on.
	for depth := 0; m.Inner != nil && !w.isMap(m.Inner) && depth < 8; depth++ {
		m = m.Inner
		w.linef(".inner %s", w.mapText(m))
	}
}

func (w *printer) mapText(m *image.Map) string {
	s := name(m.Name) + " " + mapTypes.name(uint32(m.Type))
	s += w.attr("key", uint64(m.KeySize))
	s += w.attr("value", uint64(m.ValueSize))
	s += w.attr("entries", uint64(m.MaxEntries))
	if m.Flags != 0 {
		s += " flags=" + mapBits.name(uint32(m.Flags))
	}
	if m.Extra != 0 {
		s += fmt.Sprintf(" extra=%#x", m.Extra)
	}
	s += w.attr("numa", uint64(m.NUMANode))
	if m.Inner != nil && w.isMap(m.Inner) {
		s += " inner=" + name(m.Inner.Name)
	}
	if m.Section != "" {
		s += " section=" + name(m.Section)
	}
	if m.StructOps != "" {
		s += " struct_ops=" + name(m.StructOps)
	}
	for _, tag := range m.Tags {
		s += fmt.Sprintf(" tag=%q", tag)
	}
	return s + word2(m.PinByName, "pin") + word2(m.Frozen, "frozen") + word2(m.NoAutocreate, "noauto")
}

func (w *printer) elem(m *image.Map, e image.Entry) {
	s := ".elem " + name(m.Name)
	if len(e.Key) == 4 {
		s += " u32 " + strconv.FormatUint(uint64(w.order().Uint32(e.Key)), 10)
	} else if len(e.Key) > 0 {
		s += data(e.Key)
	}
	switch {
	case e.Map != nil:
		s += " = map " + name(e.Map.Name)
	case e.Program != "":
		s += " = prog " + name(e.Program)
	case len(e.Value) == 0:
		s += ` = ""`
	default:
		s += " =" + data(e.Value)
	}
	w.linef("%s", s)
}

func (w *printer) order() binary.ByteOrder {
	if w.c.ByteOrder != nil {
		return w.c.ByteOrder
	}
	return binary.LittleEndian
}

// data is bytes as words: text as strings, runs of zeros by their length, the
// rest in hexadecimal.
func data(b []byte) string {
	var s strings.Builder
	for len(b) > 0 {
		zeros := len(b) - len(bytes.TrimLeft(b, "\x00"))
		text := 0
		for text < len(b) && b[text] >= ' ' && b[text] <= '~' {
			text++
		}
		n := 0
		switch {
		case zeros >= 8:
			n = zeros
			fmt.Fprintf(&s, " zero %d", n)
		case text >= 4:
			n = text
			fmt.Fprintf(&s, " %q", b[:n])
		default:
			for n < len(b) && (n == 0 || !breaksHex(b[n:])) {
				n++
			}
			fmt.Fprintf(&s, " hex %x", b[:n])
		}
		b = b[n:]
	}
	return s.String()
}

// breaksHex reports whether what follows is better written another way.
func breaksHex(b []byte) bool {
	if len(b) >= 8 && string(b[:8]) == "\x00\x00\x00\x00\x00\x00\x00\x00" {
		return true
	}
	if len(b) < 4 {
		return false
	}
	for _, c := range b[:4] {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

func (w *printer) variable(v *image.Variable) {
	s := fmt.Sprintf(".var %s map=%s off=%d size=%d", name(v.Name), name(v.Map.Name), v.Offset, v.Size)
	w.linef("%s%s%s%s", s, word2(v.Constant, "const"), word2(v.Weak, "weak"), word2(v.Hidden, "hidden"))
}

func (w *printer) structOps(s *image.StructOps) {
	members := make([]string, 0, len(s.Members))
	for member, prog := range s.Members {
		members = append(members, fmt.Sprintf(" %s=%s", member, name(prog)))
	}
	sort.Strings(members)
	w.linef(".struct_ops %s%s%s", name(s.Map.Name), word2(s.Link, "link"), strings.Join(members, ""))
}

// program prints a program.
func (w *printer) program(p *image.Program) {
	s := "\n.program " + name(p.Name)
	if p.Section != "" {
		s += fmt.Sprintf(" section=%q", p.Section)
	}
	implied := &image.Program{Section: p.Section}
	if !setSection(implied) || implied.Type != p.Type {
		s += " type=" + progTypes.name(uint32(p.Type))
	}
	if implied.Attach != p.Attach {
		s += " attach=" + attachTypes.name(uint32(p.Attach))
	}
	if implied.AttachTo != p.AttachTo {
		s += fmt.Sprintf(" to=%q", p.AttachTo)
	}
	if implied.Flags != p.Flags {
		s += " flags=" + progBits.name(uint32(p.Flags))
	}
	if p.License != w.c.License {
		s += fmt.Sprintf(" license=%q", p.License)
	}
	s += w.attr("version", uint64(p.Version))
	s += w.attr("memory", uint64(p.Memory))
	if p.Autoload == strings.HasPrefix(p.Section, "?") {
		s += " autoload=" + map[bool]string{true: "yes", false: "no"}[p.Autoload]
	}
	for _, tag := range p.Tests {
		s += fmt.Sprintf(" tag=%q", tag)
	}
	w.linef("%s", s)
	for _, k := range p.Kfuncs {
		w.linef(".kfunc %s%s%s", name(k.Name), word2(k.Weak, "weak"), w.attr("id", uint64(k.ID)))
	}
	for _, k := range p.Ksyms {
		w.linef(".ksym %s%s%s", name(k.Name), word2(k.Weak, "weak"), w.attr("id", uint64(k.ID)))
	}
	if len(p.Maps) > 0 {
		s := ".use"
		for _, m := range p.Maps {
			s += " " + name(m.Name)
		}
		w.linef("%s", s)
	}
	if p.Err != nil {
		w.linef("; cannot be loaded: %s", strings.ReplaceAll(p.Err.Error(), "\n", " "))
	}
	newCode(p).print(w)
}

// code prints the instructions of a program.
type code struct {
	*image.Program
	labels  map[int]string // by slot: functions and jump targets
	begins  map[int]bool   // slots at which a line of text must begin
	printer isa.Printer
}

func newCode(p *image.Program) *code {
	c := &code{Program: p, labels: map[int]string{}, begins: map[int]bool{}}
	// One map name may stand for several maps in a hostile image; Parse then
	// refuses the text.
	c.printer = isa.Printer{
		Helper: func(id int32) string {
			if h := abi.HelperByID(abi.HelperID(id)); h != nil {
				return h.Name
			}
			return ""
		},
		Kfunc: func(imm int32, off int16) string {
			if imm >= 0 && int(imm) < len(p.Kfuncs) && c.unique(p.Kfuncs[imm].Name) {
				return name(p.Kfuncs[imm].Name)
			}
			return ""
		},
		Map: func(kind isa.Reg, ref int32) string {
			if (kind == isa.PseudoMapIdx || kind == isa.PseudoMapIdxValue) && ref >= 0 && int(ref) < len(p.Maps) {
				return p.Maps[ref].Name
			}
			return ""
		},
		Ksym: func(ref int32) string {
			if ref >= 0 && int(ref) < len(p.Ksyms) {
				return p.Ksyms[ref].Name
			}
			return ""
		},
		Label: func(slot int) string { return c.labels[slot] },
	}
	c.findLabels()
	return c
}

// unique reports whether a kfunc's name means nothing else in the program.
func (c *code) unique(kfunc string) bool {
	n := 0
	for _, k := range c.Kfuncs {
		if k.Name == kfunc {
			n++
		}
	}
	for _, f := range c.Funcs {
		if f.Name == kfunc {
			n++
		}
	}
	return n == 1 && kfunc != c.Name
}

// findLabels names the functions and the slots that jumps go to.
func (c *code) findLabels() {
	taken := map[string]int{c.Name: 1}
	for _, f := range c.Funcs {
		if f.Start != 0 || f.Name != c.Name {
			taken[f.Name]++
		}
		c.begins[f.Start] = true
	}
	for _, l := range c.Lines {
		c.begins[l.Slot] = true
	}
	for _, e := range c.Extern {
		c.begins[e.Slot] = true
	}
	starts := map[int]bool{} // slots that hold an instruction of their own
	var targets []int
	for pc := 0; pc < len(c.Insns); pc++ {
		starts[pc] = true
		if t, ok := target(pc, c.Insns[pc]); ok {
			targets = append(targets, t)
		}
		if c.wideAt(pc) {
			pc++
		}
	}
	for _, f := range c.Funcs {
		if taken[f.Name] == 1 && starts[f.Start] {
			c.labels[f.Start] = name(f.Name)
		}
	}
	prefix := "L"
	for clash := true; clash; {
		clash = false
		for n := range taken {
			if strings.HasPrefix(n, prefix) && strings.Trim(n[len(prefix):], "0123456789") == "" {
				prefix, clash = prefix+"_", true
			}
		}
	}
	for _, t := range targets {
		if starts[t] && c.labels[t] == "" {
			c.labels[t] = prefix + strconv.Itoa(t)
		}
	}
}

// target is the slot that an instruction names, if it names one.
func target(pc int, i isa.Insn) (int, bool) {
	o := isa.Lookup(i)
	if o == nil {
		return 0, false
	}
	switch o.Form {
	case isa.FormJumpImm, isa.FormJumpReg, isa.FormGoto, isa.FormMayGoto:
		return pc + 1 + int(i.Off), true
	case isa.FormGotoL, isa.FormCallLocal, isa.FormFunc:
		return pc + 1 + int(i.Imm), true
	}
	return 0, false
}

// wideAt reports whether slot pc and the next one print as one instruction.
func (c *code) wideAt(pc int) bool {
	return c.Insns[pc].IsWide() && pc+1 < len(c.Insns) && !c.begins[pc+1]
}

func (c *code) print(w *printer) {
	core := map[int]bool{}
	for _, r := range c.CORE {
		core[r.Slot] = true
	}
	f, l, e := 0, 0, 0
	for pc := 0; pc < len(c.Insns); pc++ {
		for ; f < len(c.Funcs) && c.Funcs[f].Start <= pc; f++ {
			if fn := c.Funcs[f]; fn.Start != 0 || fn.Name != c.Name || !fn.Global || fn.ExceptionCallback {
				w.linef(".func %s%s%s", name(fn.Name), word2(fn.Global, "global"), word2(fn.ExceptionCallback, "exception_callback"))
			}
		}
		if s := c.labels[pc]; s != "" && !c.isFunc(pc, s) {
			w.linef("%s:", s)
		}
		for ; l < len(c.Lines) && c.Lines[l].Slot <= pc; l++ {
			line := c.Lines[l]
			w.linef(".line %q %d %d %q", line.File, line.Line, line.Column, line.Text)
		}
		for ; e < len(c.Extern) && c.Extern[e].Slot <= pc; e++ {
			x := c.Extern[e]
			w.linef(".extern %s %s%s", externKinds[x.Kind], name(x.Name), word2(x.Weak, "weak"))
		}
		if core[pc] {
			w.linef("    ; a CO-RE relocation of the next instruction is left out")
		}
		switch {
		case c.wideAt(pc):
			w.linef("    %s", c.printer.Format(pc, c.Insns[pc], c.Insns[pc+1]))
			pc++
		case c.Insns[pc].IsWide():
			w.linef("    %s", isa.FormatSlots(c.Insns[pc]))
		default:
			w.linef("    %s", c.printer.Format(pc, c.Insns[pc], isa.Insn{}))
		}
	}
}

// isFunc reports whether the label s at pc is that of a function, which .func
// or .program define.
func (c *code) isFunc(pc int, s string) bool {
	for _, f := range c.Funcs {
		if f.Start == pc && name(f.Name) == s {
			return true
		}
	}
	return false
}
