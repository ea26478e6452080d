package image

import (
	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
)

// Program is one program with the subprograms it reaches, linked into one
// array of slots with the entry first.
//
// References in Insns:
//
//	ld_imm64, src PseudoMapIdx       imm = index into Maps
//	ld_imm64, src PseudoMapIdxValue  imm = index into Maps, second imm = offset
//	ld_imm64, src PseudoBTFID        imm = index into Ksyms
//	ld_imm64, src PseudoFunc         imm relative to the next slot, as in a call
//	call, src CallLocal              imm relative to the next slot
//	call, src CallKfunc              imm = index into Kfuncs
//
// Code that has such an instruction without saying what it refers to gets the
// index -1: the verifier refuses it where it is reached. ld_imm64 with src
// PseudoMapFD or PseudoMapValue refers to a descriptor and is never valid.
type Program struct {
	Name    string // C function name
	Section string // ELF section, with its leading "?" if any; "" for others

	Type   abi.ProgType
	Attach abi.AttachType
	// AttachTo is the attach target that the section names, "" if none; of
	// struct_ops programs "struct:member", from the first map that has it.
	AttachTo string
	Flags    abi.ProgFlags
	License  string
	Version  uint32 // kernel version, from a legacy "version" section
	Memory   uint32 // least memory of every run, in bytes: raw programs only
	Autoload bool   // false for "?" sections

	Insns  []isa.Insn
	Funcs  []Func // sorted by Start; Funcs[0].Start is 0
	Maps   []*Map // shared with the collection and its other programs
	Kfuncs []Kfunc
	Ksyms  []Ksym
	Lines  []Line       // sorted by Slot
	CORE   []CORERelo   // relocations not resolved yet; nil after object.Resolve
	Extern []ExternRelo // kconfig and kernel symbols not resolved yet
	Tests  []string     // decl tags of the entry, "comment:test_..." and others

	// Types is the BTF that Funcs and Maps refer to, nil without BTF.
	Types *btf.Spec

	// Err says why the program cannot be loaded: it could not be linked, or it
	// does not fit the target that it was resolved for. Its siblings are not
	// affected. A program with Err must not be verified.
	Err error
}

// Func is a subprogram: Insns from Start to the next function's Start.
type Func struct {
	Name  string
	Start int // slot
	// Type has name, linkage, prototype and decl tags; nil without BTF.
	Type *btf.Func
	// Global is true for functions with global linkage and visibility, which
	// are verified on their own. The entry is global.
	Global bool
	// ExceptionCallback marks the function named by the entry's
	// "exception_callback:" tag.
	ExceptionCallback bool
}

// Line ties a slot, and those after it up to the next Line, to a C line.
type Line struct {
	Slot   int
	File   string
	Line   int
	Column int
	Text   string // source text, as clang recorded it
}

// Kfunc is a kernel function that a program calls.
type Kfunc struct {
	Name string
	Type *btf.Func // the program's own declaration
	Weak bool
	// ID is the type id in Target, 0 when unresolved.
	ID btf.TypeID
	// Target is the BTF of the kernel, or of the module that has the function.
	Target *btf.Spec
}

// Ksym is a kernel variable that a program takes the address of.
type Ksym struct {
	Name string
	Type btf.Type // the program's own declaration
	Weak bool
	// ID is the type id in Target, 0 when unresolved.
	ID btf.TypeID
	// Target is the BTF of the kernel, or of the module that has the variable.
	Target *btf.Spec
}

// COREKind is the kind of a CO-RE relocation, numbered as enum
// bpf_core_relo_kind.
type COREKind uint32

// The kinds of CO-RE relocations.
const (
	COREFieldOffset  COREKind = iota // byte offset of a field
	COREFieldSize                    // size of a field in bytes
	COREFieldExists                  // whether the field exists
	COREFieldSigned                  // whether the field is signed
	COREFieldLShift                  // left shift that extracts a bit field
	COREFieldRShift                  // right shift that follows
	CORETypeIDLocal                  // type id in the program's BTF
	CORETypeIDTarget                 // type id in the target's BTF
	CORETypeExists                   // whether the type exists
	CORETypeSize                     // size of the type in bytes
	COREEnumExists                   // whether the enumerator exists
	COREEnumValue                    // value of the enumerator
	CORETypeMatches                  // whether the type matches
)

// CORERelo is a CO-RE relocation of the instruction at Slot.
type CORERelo struct {
	Slot   int
	Kind   COREKind
	Type   btf.Type   // the program's own declaration
	TypeID btf.TypeID // of Type in the program's BTF
	// Access is the path to a field: an index of the pointer, then members and
	// array elements; for enumerators one index.
	Access []int
}

// ExternKind says what an extern refers to.
type ExternKind uint8

// The kinds of externs that are resolved before verification.
const (
	ExternKsym  ExternKind = iota + 1 // typeless kernel symbol: its address as a constant
	ExternTyped                       // typed kernel variable: becomes PseudoBTFID
	ExternKfunc                       // kernel function: Kfuncs[imm].ID is filled in
)

// ExternRelo is a reference to an extern from the instruction at Slot.
type ExternRelo struct {
	Slot int
	Kind ExternKind
	Name string
	Weak bool
}

// FuncAt is the index in Funcs of the function that holds slot.
func (p *Program) FuncAt(slot int) int {
	lo, hi := 0, len(p.Funcs)
	for hi-lo > 1 {
		if m := (lo + hi) / 2; p.Funcs[m].Start <= slot {
			lo = m
		} else {
			hi = m
		}
	}
	return lo
}

// LineAt is the C line of slot, nil if none is known.
func (p *Program) LineAt(slot int) *Line {
	lo, hi := 0, len(p.Lines)
	for lo < hi {
		if m := (lo + hi) / 2; p.Lines[m].Slot <= slot {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo == 0 {
		return nil
	}
	return &p.Lines[lo-1]
}
