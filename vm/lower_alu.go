package vm

import (
	"fmt"

	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/vm/ir"
)

// aluOps are the 64-bit K forms; 64X, 32K and 32X follow each.
var aluOps = map[isa.Code]ir.Op{
	isa.Add: ir.Add64K, isa.Sub: ir.Sub64K, isa.Mul: ir.Mul64K, isa.Div: ir.Div64K,
	isa.Mod: ir.Mod64K, isa.Or: ir.Or64K, isa.And: ir.And64K, isa.Xor: ir.Xor64K,
	isa.Lsh: ir.Lsh64K, isa.Rsh: ir.Rsh64K, isa.Arsh: ir.Arsh64K, isa.Mov: ir.Mov64K,
}

// Positions of the other forms after the 64-bit K form.
const (
	formX  = 1
	form32 = 2
)

// alu lowers an arithmetic instruction.
func (l *lowerer) alu(in isa.Insn) error {
	is64 := in.Op.Class() == isa.ClassAlu64
	out := ir.Insn{Dst: uint8(in.Dst()), Src: uint8(in.Src()), Imm: int64(in.Imm)}
	switch in.Op.Code() {
	case isa.Neg:
		out.Op = ir.Neg64
		if !is64 {
			out.Op = ir.Neg32
		}
		l.emit(out)
		return nil
	case isa.End:
		return l.swap(in, out)
	case isa.Mov:
		if in.Op.IsX() && in.Off != 0 {
			return l.movSX(in, out)
		}
	}
	op, ok := aluOps[in.Op.Code()]
	if !ok {
		return badInsn(in)
	}
	if in.Off == 1 && op == ir.Div64K {
		op = ir.SDiv64K
	} else if in.Off == 1 && op == ir.Mod64K {
		op = ir.SMod64K
	} else if in.Off != 0 {
		return badInsn(in)
	}
	out.Op = op
	if !is64 {
		out.Op += form32
	}
	if in.Op.IsX() {
		out.Op += formX
		out.Imm = 0
	} else {
		out.Src = 0
		constant(op, is64, &out)
	}
	l.emit(out)
	return nil
}

// constant brings an immediate second operand into range. op is the 64-bit K
// form. RFC 9669 section 4.1: shift counts are masked, division by zero gives
// 0 and remainder by zero the dividend.
func constant(op ir.Op, is64 bool, out *ir.Insn) {
	switch op {
	case ir.Lsh64K, ir.Rsh64K, ir.Arsh64K:
		if is64 {
			out.Imm &= 63
		} else {
			out.Imm &= 31
		}
	case ir.Div64K, ir.SDiv64K:
		if out.Imm == 0 {
			out.Op = ir.Mov64K
		}
	case ir.Mod64K, ir.SMod64K:
		if out.Imm == 0 {
			out.Src = out.Dst
			out.Op = ir.Mov64X
			if !is64 {
				out.Op = ir.Mov32X
			}
		}
	}
}

// swap lowers the byte order instructions.
func (l *lowerer) swap(in isa.Insn, out ir.Insn) error {
	base := ir.Le16
	switch {
	case in.Op.Class() == isa.ClassAlu64:
		base = ir.Swap16
	case in.Op.IsX():
		base = ir.Be16
	}
	switch in.Imm {
	case 16:
		out.Op = base
	case 32:
		out.Op = base + 1
	case 64:
		out.Op = base + 2
	default:
		return badInsn(in)
	}
	out.Src, out.Imm = 0, 0
	l.emit(out)
	return nil
}

// movSX lowers sign-extending moves and address space casts.
func (l *lowerer) movSX(in isa.Insn, out ir.Insn) error {
	is64 := in.Op.Class() == isa.ClassAlu64
	out.Imm = 0
	switch {
	case in.Off == 1 && is64:
		return l.cast(in, out)
	case in.Off == 8 && is64:
		out.Op = ir.MovSX64From8
	case in.Off == 16 && is64:
		out.Op = ir.MovSX64From16
	case in.Off == 32 && is64:
		out.Op = ir.MovSX64From32
	case in.Off == 8:
		out.Op = ir.MovSX32From8
	case in.Off == 16:
		out.Op = ir.MovSX32From16
	default:
		return badInsn(in)
	}
	l.emit(out)
	return nil
}

// cast lowers an address space cast. Linux 6.18: the arena address that
// programs dereference is the low half; the one that user space sees has the
// upper half of the arena's user address, but NULL stays NULL.
func (l *lowerer) cast(in isa.Insn, out ir.Insn) error {
	switch in.Imm {
	case 1: // from space 0 to 1
		out.Op = ir.CastUser
	case 1 << 16: // from space 1 to 0
		out.Op = ir.CastKern
	default:
		return badInsn(in)
	}
	l.emit(out)
	return nil
}

func badInsn(in isa.Insn) error {
	return fmt.Errorf("opcode %#02x with offset %d and immediate %d has no meaning", uint8(in.Op), in.Off, in.Imm)
}
