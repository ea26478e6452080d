package vm

import (
	"fmt"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/vm/ir"
)

// jumpOps are the 64-bit K forms; 64X, 32K and 32X follow each.
var jumpOps = map[isa.Code]ir.Op{
	isa.JEq: ir.JEq64K, isa.JNe: ir.JNe64K, isa.JGt: ir.JGt64K, isa.JGe: ir.JGe64K,
	isa.JLt: ir.JLt64K, isa.JLe: ir.JLe64K, isa.JSet: ir.JSet64K, isa.JSGt: ir.JSGt64K,
	isa.JSGe: ir.JSGe64K, isa.JSLt: ir.JSLt64K, isa.JSLe: ir.JSLe64K,
}

// opCallX is the call of the helper whose number is in a register, an opcode
// that Linux does not have.
const opCallX = isa.CallOp | isa.SrcX

// tailCallHelper is the number of bpf_tail_call.
const tailCallHelper abi.HelperID = 12

// throwKfunc ends a program by an exception.
const throwKfunc = "bpf_throw"

// jump lowers jumps, calls and exit.
func (l *lowerer) jump(in isa.Insn) error {
	is32 := in.Op.Class() == isa.ClassJmp32
	target := l.slot + 1 + int(in.Off)
	switch code := in.Op.Code(); {
	case code == isa.JA && !in.Op.IsX():
		if is32 {
			target = l.slot + 1 + int(in.Imm)
		}
		l.goTo(target)
		return nil
	case code == isa.JCond && !is32:
		l.emit(ir.Insn{Op: ir.MayGoto, Off: int32(target), Imm: int64(l.mayGoto[l.fn])})
		return nil
	case in.Op == isa.CallOp:
		return l.call(in)
	case in.Op == opCallX && l.proof == nil:
		l.emit(ir.Insn{Op: ir.CallX, Dst: uint8(in.Dst())})
		return nil
	case in.Op == isa.ExitOp:
		l.emit(ir.Insn{Op: ir.Exit})
		return nil
	}
	op, ok := jumpOps[in.Op.Code()]
	if !ok {
		return badInsn(in)
	}
	// Linux 6.18: a branch of which one side is never reached is no branch.
	if !l.reached(target) {
		return nil
	}
	if !l.reached(l.slot + 1) {
		l.goTo(target)
		return nil
	}
	out := ir.Insn{Op: op, Dst: uint8(in.Dst()), Off: int32(target)}
	if is32 {
		out.Op += form32
	}
	if in.Op.IsX() {
		out.Op += formX
		out.Src = uint8(in.Src())
	} else {
		out.Imm = int64(in.Imm)
	}
	l.emit(out)
	return nil
}

// goTo emits a jump, unless nothing would lie in between.
func (l *lowerer) goTo(target int) {
	if target == l.slot+1 && l.proof != nil {
		return
	}
	l.emit(ir.Insn{Op: ir.JA, Off: int32(target)})
}

// call lowers a call by its kind.
func (l *lowerer) call(in isa.Insn) error {
	var callee ir.Callee
	switch in.Src() {
	case isa.CallLocal:
		l.emit(ir.Insn{Op: ir.CallLocal, Off: int32(l.slot + 1 + int(in.Imm))})
		return nil
	case isa.CallKfunc:
		if in.Imm < 0 || int(in.Imm) >= len(l.img.Kfuncs) {
			return fmt.Errorf("kfunc %d of %d", in.Imm, len(l.img.Kfuncs))
		}
		callee.Kfunc = l.img.Kfuncs[in.Imm].Name
		if callee.Kfunc == throwKfunc {
			l.emit(ir.Insn{Op: ir.Throw})
			return nil
		}
	case isa.CallHelper:
		callee.Helper = abi.HelperID(in.Imm)
		if callee.Helper == tailCallHelper {
			l.emit(ir.Insn{Op: ir.TailCall, Imm: int64(l.fact().Map)})
			return nil
		}
		callee.Map = int(l.fact().Map)
	default:
		return badInsn(in)
	}
	i, ok := l.callees[callee]
	if !ok {
		i = len(l.out.Callees)
		l.callees[callee] = i
		l.out.Callees = append(l.out.Callees, callee)
	}
	l.emit(ir.Insn{Op: ir.Call, Off: int32(i)})
	return nil
}
