package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

type dumpFlags struct {
	programs       []string
	cfg, btf, maps bool
	hex, verbose   bool
	facts          bool
	jit, json      bool
	plain          bool
	arch           string
	btfFile        string
}

func newDump(e *env) *cobra.Command {
	var f dumpFlags
	c := &cobra.Command{
		Use:   "dump FILE [PROGRAM]",
		Short: "Print instructions with their C lines, maps and types",
		Long: `Print the programs of an object with their C lines, and its maps.

With --facts the programs are verified, and each instruction stands with what is
proven of it on every path: what it reads can be, what it accesses, whether a
branch or a test is decided, whether anybody reads the upper half of a 32-bit
result. This is what lowering and the native engine rely on.

With --jit the programs are verified, and each C line and instruction stands with
the machine code that is made of it, for the machine's architecture or --arch.
Nothing is run. Code stands where it lies: what is reached rarely is behind its
function, the entry from Go at the end. Optimisations fold instructions into one
another; those without code of their own are named.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (f.json || f.arch != "" || f.plain) && !f.jit {
				return usageErrorf("--json, --arch and --plain go with --jit")
			}
			if f.arch != "" && f.arch != "amd64" && f.arch != "arm64" {
				return usageErrorf("--arch %q: want amd64 or arm64", f.arch)
			}
			f.programs = append(f.programs, args[1:]...)
			coll, err := openObject(e, args[0], f.verbose)
			if err != nil {
				return err
			}
			progs := make([]*image.Program, 0, len(coll.Programs))
			for _, p := range coll.Programs {
				if wanted(f.programs, p.Name) {
					progs = append(progs, p)
				}
			}
			if len(f.programs) > 0 && len(progs) == 0 {
				return fmt.Errorf("%s: %w", args[0], noProgram(coll, strings.Join(f.programs, ",")))
			}
			switch {
			case f.cfg:
				return dumpGraph(e.out, progs)
			case f.btf:
				return dumpTypes(e.out, coll)
			case f.maps:
				dumpMaps(e.out, coll.Maps)
				return nil
			case f.facts:
				return dumpFacts(cmd.Context(), e, args[0], coll, progs, f.btfFile)
			case f.jit:
				return dumpMachine(e, &f, args[0], coll, progs)
			}
			for _, p := range progs {
				dumpProgram(e.out, p, f.hex)
			}
			if len(f.programs) == 0 {
				dumpMaps(e.out, coll.Maps)
			}
			return nil
		},
	}
	fl := c.Flags()
	fl.StringSliceVar(&f.programs, "program", nil, "only programs of this `name`")
	fl.BoolVar(&f.cfg, "cfg", false, "control flow as a Graphviz graph")
	fl.BoolVar(&f.btf, "btf", false, "the object's types")
	fl.BoolVar(&f.maps, "maps", false, "the object's maps only")
	fl.BoolVar(&f.facts, "facts", false, "verify, and print what is proven beside each instruction")
	fl.BoolVar(&f.jit, "jit", false, "verify, and print the machine code of each instruction")
	fl.StringVar(&f.arch, "arch", "", "for --jit: amd64 or arm64 (default: the machine's, else amd64)")
	fl.BoolVar(&f.plain, "plain", false, "for --jit: only instructions that every such machine has")
	fl.BoolVar(&f.json, "json", false, "for --jit: one JSON object a program")
	fl.StringVar(&f.btfFile, "kernel-btf", "", "for --facts and --jit: kernel types from this BTF `file` (default: the running kernel's)")
	fl.BoolVar(&f.hex, "opcodes", false, "print the bytes of each instruction too")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "print the commands run")
	return c
}

// namer says how the references of a program's instructions are shown.
func namer(p *image.Program) *isa.Printer {
	pr := &isa.Printer{}
	pr.Helper = func(id int32) string {
		if h := abi.HelperByID(abi.HelperID(id)); h != nil {
			return h.Name
		}
		return ""
	}
	if p == nil {
		return pr
	}
	pr.Kfunc = func(i int32, _ int16) string {
		if i >= 0 && int(i) < len(p.Kfuncs) {
			return p.Kfuncs[i].Name
		}
		return ""
	}
	pr.Map = func(_ isa.Reg, i int32) string {
		if i >= 0 && int(i) < len(p.Maps) {
			return p.Maps[i].Name
		}
		return ""
	}
	pr.Ksym = func(i int32) string {
		if i >= 0 && int(i) < len(p.Ksyms) {
			return p.Ksyms[i].Name
		}
		return ""
	}
	pr.Label = func(slot int) string {
		for _, fn := range p.Funcs {
			if fn.Start == slot && slot > 0 {
				return fn.Name
			}
		}
		return ""
	}
	return pr
}

func dumpProgram(w io.Writer, p *image.Program, hex bool) {
	fmt.Fprintf(w, "program %s, section %q, type %s, %s, license %q\n",
		p.Name, p.Section, p.Type.Short(), count(len(p.Insns), "slot"), p.License)
	pr := namer(p)
	var last *image.Line
	for i := 0; i < len(p.Insns); i++ {
		for _, fn := range p.Funcs {
			if fn.Start == i {
				fmt.Fprintf(w, "%s:\n", fn.Name)
			}
		}
		if l := p.LineAt(i); l != nil && l.Slot == i && (last == nil || l.File != last.File || l.Line != last.Line) {
			fmt.Fprintf(w, "; %s  @ %s:%d\n", strings.TrimSpace(l.Text), l.File, l.Line)
			last = l
		}
		i += printInsn(w, pr, p.Insns, i, hex)
	}
	fmt.Fprintln(w)
}

// printInsn prints the instruction at slot i and returns the number of slots
// that it takes beyond the first.
func printInsn(w io.Writer, pr *isa.Printer, insns []isa.Insn, i int, hex bool) int {
	var hi isa.Insn
	wide := 0
	if insns[i].IsWide() && i+1 < len(insns) {
		hi, wide = insns[i+1], 1
	}
	if hex {
		fmt.Fprintf(w, "%4d: %x  %s\n", i, isa.Encode(insns[i:i+1+wide], order), pr.Format(i, insns[i], hi))
	} else {
		fmt.Fprintf(w, "%4d: %s\n", i, pr.Format(i, insns[i], hi))
	}
	return wide
}

func printInsns(w io.Writer, insns []isa.Insn, p *image.Program) {
	pr := namer(p)
	for i := 0; i < len(insns); i++ {
		i += printInsn(w, pr, insns, i, false)
	}
}

func dumpMaps(w io.Writer, maps []*image.Map) {
	for _, m := range maps {
		fmt.Fprintf(w, "map %s: %s, key %d, value %d, max_entries %d, flags %#x", m.Name, m.Type.Short(), m.KeySize, m.ValueSize, m.MaxEntries, uint32(m.Flags))
		if m.Inner != nil {
			fmt.Fprintf(w, ", inner %s (key %d, value %d, max_entries %d)", m.Inner.Type.Short(), m.Inner.KeySize, m.Inner.ValueSize, m.Inner.MaxEntries)
		}
		if m.PinByName {
			fmt.Fprint(w, ", pinned by name")
		}
		if len(m.Contents) > 0 && m.Section == "" {
			fmt.Fprintf(w, ", %s", count(len(m.Contents), "initial element"))
		}
		fmt.Fprintln(w)
	}
}

func dumpTypes(w io.Writer, coll *image.Collection) error {
	if coll.Types == nil {
		return fmt.Errorf("%s: no BTF: compile with -g", coll.Name)
	}
	for t, err := range coll.Types.All() {
		if err != nil {
			return fmt.Errorf("%s: BTF: %w", coll.Name, err)
		}
		id, err := coll.Types.TypeID(t)
		if err != nil {
			return fmt.Errorf("%s: BTF: %w", coll.Name, err)
		}
		fmt.Fprintf(w, "[%d] %+v\n", id, t)
	}
	return nil
}
