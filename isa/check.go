package isa

import "fmt"

// EncodingError says why an encoding is not legal.
type EncodingError struct {
	Slot   int    // index of the slot
	Insn   Insn   // as found there
	Field  string // "opcode", "dst", "src", "offset", "imm" or "slot"
	Reason string // what is wrong, in skep's words
	Linux  string // the line of the kernel's verifier
}

// Error names the slot and says what is wrong with it.
func (e *EncodingError) Error() string {
	return fmt.Sprintf("slot %d: %s (Linux: %s)", e.Slot, e.Reason, e.Linux)
}

// Validate checks every slot of a program by the opcode table; the error is an
// *EncodingError. It judges encodings alone: no jump targets, no values.
func Validate(insns []Insn) error {
	for pc := 0; pc < len(insns); pc++ {
		i := insns[pc]
		if !i.IsWide() {
			if e := i.Check(Insn{}); e != nil {
				e.Slot = pc
				return e
			}
			continue
		}
		if pc+1 == len(insns) {
			return &EncodingError{pc, i, "slot", "ld_imm64 has no second slot", linuxBadWide}
		}
		if e := i.Check(insns[pc+1]); e != nil {
			e.Slot = pc
			return e
		}
		pc++
	}
	return nil
}

const linuxBadWide = "invalid bpf_ld_imm64 insn"

// Check checks one instruction by the opcode table, nil if it is legal. hi is
// the second slot of a wide instruction and not looked at for others.
func (i Insn) Check(hi Insn) *EncodingError {
	o := Lookup(i)
	if o == nil {
		return i.checkUnknown()
	}
	if o.Wide() && (hi.Op != 0 || hi.Regs != 0 || hi.Off != 0) {
		return &EncodingError{Insn: i, Field: "slot", Reason: "the second slot of ld_imm64 may hold an immediate only", Linux: linuxBadWide}
	}
	fields := [...]struct {
		name string
		rule Rule
		v    int32
	}{
		{"dst", o.Dst, int32(i.Dst())},
		{"src", o.Src, int32(i.Src())},
		{"offset", o.Off, int32(i.Off)},
		{"imm", o.Imm, i.Imm},
		{"imm of the second slot", o.Hi, hi.Imm},
	}
	n := len(fields)
	if !o.Wide() {
		n--
	}
	bad := -1
	for k := range n {
		// Linux 6.18: reserved fields are looked at before registers.
		if f := &fields[k]; !f.rule.Allows(f.v) && (bad < 0 || fields[bad].rule.Kind == RuleReg && f.rule.Kind != RuleReg) {
			bad = k
		}
	}
	if bad >= 0 {
		f := &fields[bad]
		e := &EncodingError{Insn: i, Field: f.name, Linux: o.linuxReserved(i)}
		switch f.rule.Kind {
		case RuleReg:
			e.Reason = fmt.Sprintf("%s: %s r%d does not exist, registers are r0 to r10", o.Name, f.name, f.v)
			e.Linux = fmt.Sprintf("R%d is invalid", f.v)
		case RuleOneOf:
			e.Reason = fmt.Sprintf("%s: %s is %d, must be %d or %d", o.Name, f.name, f.v, f.rule.A, f.rule.B)
		default:
			e.Reason = fmt.Sprintf("%s: %s is reserved and must be zero, is %d", o.Name, f.name, f.v)
			if n == len(fields) && f.name == fields[4].name {
				e.Field, e.Linux = "imm", "unrecognized bpf_ld_imm64 insn"
			}
		}
		return e
	}
	return nil
}

// checkUnknown tells an unknown opcode from a known one with a field that
// picks no row.
func (i Insn) checkUnknown() *EncodingError {
	rows := rowsOf(i.Op)
	if len(rows) == 0 {
		linux := fmt.Sprintf("unknown opcode %02x", uint8(i.Op))
		e := &EncodingError{Insn: i, Field: "opcode", Reason: linux, Linux: linux}
		if m := i.Op.Mode(); i.Op.Class() == ClassLdx && m != ModeMem && m != ModeMemSX {
			// Linux 6.18: the mode of a load is looked at before its opcode.
			e.Linux = "BPF_LDX uses reserved fields"
		}
		return e
	}
	o := &rows[0]
	e := &EncodingError{Insn: i, Linux: o.linuxReserved(i)}
	var v int32
	switch {
	case o.Op.Class() == ClassStx && o.Op.Mode() == ModeAtomic:
		e.Field, e.Linux = "imm", fmt.Sprintf("BPF_ATOMIC uses invalid atomic opcode %02x", uint32(i.Imm))
		e.Reason = fmt.Sprintf("no atomic operation has the number %#x", uint32(i.Imm))
		wide := i
		if wide.Op |= Op(SizeDW); Lookup(wide) != nil {
			e.Linux = "invalid atomic operand size"
			e.Reason += fmt.Sprintf(" and a width of %d bytes", o.Op.Size().Bytes())
		}
		return e
	case o.Src.Kind == RuleIs:
		e.Field, v = "src", int32(i.Src())
		if o.Wide() {
			e.Linux = "unrecognized bpf_ld_imm64 insn"
		}
	case o.Imm.Kind == RuleIs:
		e.Field, v = "imm", i.Imm
	default:
		e.Field, v = "offset", int32(i.Off)
	}
	e.Reason = fmt.Sprintf("opcode %#02x: %s %d has no meaning", uint8(i.Op), e.Field, v)
	return e
}

// linuxReserved is the line of the kernel's verifier for a reserved field of o
// that is set.
func (o *Opcode) linuxReserved(i Insn) string {
	switch o.Form {
	case FormNeg:
		return "BPF_NEG uses reserved fields"
	case FormSwap:
		return "BPF_END uses reserved fields"
	case FormMovSX:
		return "BPF_MOV uses reserved fields"
	case FormCast:
		return "addr_space_cast insn can only convert between address space 1 and 0"
	case FormMayGoto:
		return fmt.Sprintf("invalid may_goto imm %d", i.Imm)
	case FormGoto, FormGotoL:
		return "BPF_JA uses reserved fields"
	case FormCall, FormCallLocal, FormCallKfunc:
		return "BPF_CALL uses reserved fields"
	case FormExit:
		return "BPF_EXIT uses reserved fields"
	case FormCallX, FormGotoX:
		return fmt.Sprintf("unknown opcode %02x", uint8(o.Op))
	case FormAluImm, FormAluReg:
		if o.Op.Code() == Mov {
			return "BPF_MOV uses reserved fields"
		}
		return "BPF_ALU uses reserved fields"
	case FormJumpImm, FormJumpReg:
		return "BPF_JMP/JMP32 uses reserved fields"
	case FormLoad, FormLoadSX:
		return "BPF_LDX uses reserved fields"
	case FormStoreImm:
		return "BPF_ST uses reserved fields"
	case FormAbs, FormInd:
		return "BPF_LD_[ABS|IND] uses reserved fields"
	case FormImm64, FormMap, FormMapValue, FormKsym, FormFunc:
		return "BPF_LD_IMM64 uses reserved fields"
	}
	return "BPF_STX uses reserved fields"
}
