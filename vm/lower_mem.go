package vm

import (
	"fmt"

	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm/ir"
)

// step is the position of a width among ops that come as 8, 16, 32, 64 bits.
func step(s isa.Size) ir.Op {
	switch s {
	case isa.SizeB:
		return 0
	case isa.SizeH:
		return 1
	case isa.SizeW:
		return 2
	}
	return 3
}

// load lowers a load by what its base points to.
func (l *lowerer) load(in isa.Insn) error {
	out := ir.Insn{Dst: uint8(in.Dst()), Src: uint8(in.Src()), Off: int32(in.Off)}
	signed := in.Op.Mode() == isa.ModeMemSX
	if in.Op.Mode() != isa.ModeMem && !signed {
		return badInsn(in)
	}
	size := in.Op.Size()
	f := l.fact()
	switch f.Mem {
	case verifier.KindCtx:
		s, off, err := l.ctxAccess(f, size, false)
		if err != nil {
			return err
		}
		size = s
		out.Off = int32(in.Off) + int32(off) - int32(f.CtxOff)
	case verifier.KindProbe:
		out.Op = ir.ProbeU8 - ir.LdU8
	case verifier.KindSock, verifier.KindFlowKeys, verifier.KindArena, verifier.KindMapObject:
		return &UnsupportedError{What: "load from " + kindNames[f.Mem]}
	}
	if signed {
		out.Op += ir.LdS8 + step(size)
	} else {
		out.Op += ir.LdU8 + step(size)
	}
	l.emit(out)
	return nil
}

var kindNames = map[verifier.Kind]string{
	verifier.KindSock: "a socket", verifier.KindFlowKeys: "flow keys", verifier.KindArena: "an arena",
	verifier.KindMapObject: "struct bpf_map", verifier.KindProbe: "a kernel object",
}

// ctxAccess is the width and the offset in the native block of an access to
// the context.
func (l *lowerer) ctxAccess(f verifier.Fact, size isa.Size, write bool) (isa.Size, int, error) {
	off := int(f.CtxOff)
	layout := l.out.Ctx
	if layout.Fields == nil {
		return size, off, nil
	}
	field := layout.Field(off)
	if field == nil {
		return 0, 0, fmt.Errorf("access at offset %d of the context, where no field is", off)
	}
	if field.NativeSize > field.Size { // an address
		if write || off != int(field.Off) || size != isa.SizeW {
			return 0, 0, fmt.Errorf("partial access to the address at offset %d of the context", off)
		}
		return isa.SizeDW, int(field.Native), nil
	}
	return size, int(field.Native) + off - int(field.Off), nil
}

// store lowers stores and atomics.
func (l *lowerer) store(in isa.Insn) error {
	out := ir.Insn{Dst: uint8(in.Dst()), Off: int32(in.Off)}
	size := in.Op.Size()
	f := l.fact()
	switch f.Mem {
	case verifier.KindCtx:
		s, off, err := l.ctxAccess(f, size, true)
		if err != nil {
			return err
		}
		size = s
		out.Off = int32(in.Off) + int32(off) - int32(f.CtxOff)
	case verifier.KindSock, verifier.KindFlowKeys, verifier.KindArena, verifier.KindMapObject, verifier.KindProbe:
		return &UnsupportedError{What: "store to " + kindNames[f.Mem]}
	}
	if in.Op.Class() == isa.ClassStx && in.Op.Mode() == isa.ModeAtomic {
		return l.atomic(in, out)
	}
	if in.Op.Mode() != isa.ModeMem {
		return badInsn(in)
	}
	if in.Op.Class() == isa.ClassSt {
		out.Op = ir.St8K + step(size)
		out.Imm = int64(in.Imm)
	} else {
		out.Op = ir.St8X + step(size)
		out.Src = uint8(in.Src())
	}
	l.emit(out)
	return nil
}

// atomicOps are the 32-bit forms; the 64-bit form follows each.
var atomicOps = map[isa.AtomicOp]ir.Op{
	isa.AtomicAdd: ir.AtomicAdd32, isa.AtomicOr: ir.AtomicOr32,
	isa.AtomicAnd: ir.AtomicAnd32, isa.AtomicXor: ir.AtomicXor32,
	isa.AtomicAdd | isa.AtomicFetch: ir.FetchAdd32, isa.AtomicOr | isa.AtomicFetch: ir.FetchOr32,
	isa.AtomicAnd | isa.AtomicFetch: ir.FetchAnd32, isa.AtomicXor | isa.AtomicFetch: ir.FetchXor32,
	isa.AtomicXchg: ir.Xchg32, isa.AtomicCmpXchg: ir.CmpXchg32,
}

// atomic lowers an atomic. RFC 9669 section 5.3.
func (l *lowerer) atomic(in isa.Insn, out ir.Insn) error {
	size := in.Op.Size()
	out.Src = uint8(in.Src())
	switch op := isa.AtomicOp(in.Imm); op {
	case isa.AtomicLoadAcq:
		out.Op = ir.LoadAcq8 + step(size)
	case isa.AtomicStoreRel:
		out.Op = ir.StoreRel8 + step(size)
	default:
		base, ok := atomicOps[op]
		if !ok || size != isa.SizeW && size != isa.SizeDW {
			return badInsn(in)
		}
		out.Op = base
		if size == isa.SizeDW {
			out.Op++
		}
	}
	l.emit(out)
	return nil
}

// packetLoad lowers the legacy packet loads.
func (l *lowerer) packetLoad(in isa.Insn) error {
	out := ir.Insn{Src: uint8(in.Src()), Imm: int64(in.Imm)}
	if in.Op.Size() == isa.SizeDW {
		return badInsn(in)
	}
	switch in.Op.Mode() {
	case isa.ModeAbs:
		out.Op = ir.LdAbs8 + step(in.Op.Size())
		out.Src = 0
	case isa.ModeInd:
		out.Op = ir.LdInd8 + step(in.Op.Size())
	default:
		return badInsn(in)
	}
	l.emit(out)
	return nil
}
