package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/selftest"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/jit/emit"
	"github.com/skepbpf/skep/vm/jit/listing"
)

// dumpMachine verifies programs and prints the machine code that is made of
// them, for any architecture: nothing is run.
func dumpMachine(e *env, f *dumpFlags, file string, coll *image.Collection, progs []*image.Program) error {
	for i, p := range coll.Programs {
		coll.Programs[i] = selftest.WithFlags(p)
	}
	// The engine does not matter: what is lowered is the same.
	rt, err := skep.NewRuntime(&skep.RuntimeOptions{Engine: skep.EngineInterp})
	if err != nil {
		return err
	}
	defer rt.Close()
	opts := skep.CollectionOptions{Backend: rt}
	if f.btfFile != "" {
		if opts.Programs.KernelTypes, err = btf.LoadSpec(f.btfFile); err != nil {
			return fmt.Errorf("kernel types %s: %w", f.btfFile, err)
		}
	}
	spec := skep.NewCollectionSpec(coll)
	for _, p := range progs {
		if err := dumpMachineOf(e, f, file, spec, &opts, p.Name); err != nil {
			return err
		}
	}
	return nil
}

func dumpMachineOf(e *env, f *dumpFlags, file string, spec *skep.CollectionSpec, opts *skep.CollectionOptions, name string) error {
	loaded, err := spec.Load(opts, name)
	if err != nil {
		return explainRejection(e, &runFlags{verbose: f.verbose}, file, err)
	}
	defer loaded.Close()
	p := loaded.Programs[name].VM()
	o := listing.Options{Arch: f.arch, Plain: f.plain, Args: 1}
	if o.Arch == "" {
		if o.Arch = "amd64"; runtime.GOARCH == "arm64" {
			o.Arch = runtime.GOARCH
		}
	}
	if p.Type() == skep.Raw {
		o.Args = 2
	}
	l, err := listing.Of(p.Lowered(), o)
	if err != nil {
		return fmt.Errorf("%s: program %q: %w", file, name, err)
	}
	m := &machinePrinter{p: p, img: p.Image(), l: l, pr: namer(p.Image()), arch: o.Arch}
	if f.json {
		return printJSON(e.out, m.result())
	}
	m.print(e.out)
	return nil
}

// machinePrinter prints a listing.
type machinePrinter struct {
	p    *vm.Program
	img  *image.Program
	l    *listing.Listing
	pr   *isa.Printer
	arch string
}

// machineResult is what dump --jit --json prints, one object a program.
type machineResult struct {
	Program string         `json:"program"`
	Arch    string         `json:"arch"`
	Bytes   int            `json:"bytes"`
	Gone    []int          `json:"slots_without_code,omitempty"`
	Pieces  []machinePiece `json:"pieces"`
}

type machinePiece struct {
	Kind   string        `json:"kind"` // "insn", "prologue", "epilogue", "exit", "leave", "loop", "leaf", "start"
	Slot   *int          `json:"slot,omitempty"`
	BPF    string        `json:"bpf,omitempty"`
	Func   string        `json:"func,omitempty"`
	Helper string        `json:"helper,omitempty"`
	File   string        `json:"file,omitempty"`
	Line   int           `json:"line,omitempty"`
	Source string        `json:"source,omitempty"`
	Code   []machineInsn `json:"code"`
}

type machineInsn struct {
	Offset int    `json:"offset"`
	Bytes  string `json:"bytes"`
	Text   string `json:"text"`
}

// machineKinds are the names of what code is there for, and what they mean.
var machineKinds = map[emit.MarkKind][2]string{
	emit.MarkInsn:  {"insn", "fuel"}, // without a slot
	emit.MarkFunc:  {"prologue", "prologue"},
	emit.MarkEnd:   {"epilogue", "epilogue"},
	emit.MarkExit:  {"exit", "to Go and back"},
	emit.MarkLeave: {"leave", "to Go"},
	emit.MarkLoop:  {"loop", "bpf_loop"},
	emit.MarkLeaf:  {"leaf", "without Go"},
	emit.MarkStart: {"start", "from Go"},
}

func (m *machinePrinter) result() *machineResult {
	r := &machineResult{Program: m.img.Name, Arch: m.arch, Bytes: len(m.l.Code), Gone: m.l.Gone}
	for i := range m.l.Pieces {
		x := &m.l.Pieces[i]
		p := machinePiece{Kind: machineKinds[x.Kind][0], Func: m.funcName(x.Func), Helper: m.callee(x)}
		if x.Slot >= 0 {
			p.Slot, p.BPF = &x.Slot, m.bpf(x.Slot)
			if l := m.img.LineAt(x.Slot); l != nil {
				p.File, p.Line, p.Source = l.File, l.Line, strings.TrimSpace(l.Text)
			}
		}
		for _, in := range x.Code {
			p.Code = append(p.Code, machineInsn{in.Offset, fmt.Sprintf("%x", in.Bytes), in.Text})
		}
		r.Pieces = append(r.Pieces, p)
	}
	return r
}

// bpf is the text of the instruction at a slot.
func (m *machinePrinter) bpf(slot int) string {
	in := m.img.Insns[slot]
	var hi isa.Insn
	if in.IsWide() && slot+1 < len(m.img.Insns) {
		hi = m.img.Insns[slot+1]
	}
	return m.pr.Format(slot, in, hi)
}

func (m *machinePrinter) funcName(n int) string {
	if n < 0 {
		return ""
	}
	if name := m.p.Lowered().Funcs[n].Name; name != "" {
		return name
	}
	return m.img.Name
}

func (m *machinePrinter) callee(x *listing.Piece) string {
	if x.Callee < 0 {
		return ""
	}
	c := m.p.Lowered().Callees[x.Callee]
	if c.Kfunc != "" {
		return c.Kfunc
	}
	name := m.pr.Helper(int32(c.Helper))
	if c.Map > 0 {
		name += " of " + m.img.Maps[c.Map-1].Name
	}
	return name
}

// machineColumn is where machine code begins, beside the program's.
const machineColumn = 44

func (m *machinePrinter) print(w io.Writer) {
	fmt.Fprintf(w, "program %s, section %q, type %s, %s, %s for %s\n",
		m.img.Name, m.img.Section, m.img.Type.Short(), count(len(m.img.Insns), "slot"), count(len(m.l.Code), "byte"), m.arch)
	fn, line := -1, (*image.Line)(nil)
	width := 4
	for i := range m.l.Pieces {
		for _, in := range m.l.Pieces[i].Code {
			width = max(width, min(len(in.Bytes), 10))
		}
	}
	for i := range m.l.Pieces {
		x := &m.l.Pieces[i]
		if x.Func >= 0 && x.Func != fn {
			fn = x.Func
			fmt.Fprintf(w, "%s:\n", m.funcName(fn))
		}
		label := machineKinds[x.Kind][1]
		switch l := m.img.LineAt(x.Slot); {
		case x.Kind == emit.MarkInsn && x.Slot >= 0:
			if l != nil && (line == nil || l.File != line.File || l.Line != line.Line) {
				fmt.Fprintf(w, "; %s  @ %s:%d\n", strings.TrimSpace(l.Text), l.File, l.Line)
				line = l
			}
			label = fmt.Sprintf("%4d: %s", x.Slot, m.bpf(x.Slot))
		case x.Kind == emit.MarkExit && x.Slot >= 0:
			label = fmt.Sprintf("%4d: %s", x.Slot, label)
		case x.Kind == emit.MarkLeaf:
			label = "      " + m.callee(x) + ", " + label
		default:
			label = "      " + label
		}
		for _, in := range x.Code {
			fmt.Fprintf(w, "%-*s | %5x  %-*x  %s\n", machineColumn, label, in.Offset, 2*width, in.Bytes, in.Text)
			label = ""
		}
	}
	if len(m.l.Gone) > 0 {
		fmt.Fprintf(w, "without code of their own: %s %s\n", plural(len(m.l.Gone), "slot"), ranges(m.l.Gone))
	}
	fmt.Fprintln(w)
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// ranges are sorted numbers, those in a row as one.
func ranges(list []int) string {
	var out []string
	for i := 0; i < len(list); {
		j := i
		for j+1 < len(list) && list[j+1] == list[j]+1 {
			j++
		}
		if j > i {
			out = append(out, fmt.Sprintf("%d-%d", list[i], list[j]))
		} else {
			out = append(out, fmt.Sprint(list[i]))
		}
		i = j + 1
	}
	return strings.Join(out, ", ")
}
