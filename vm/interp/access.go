package interp

import (
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/ir"
)

// load runs a checked load.
func (u *cpu) load(in *ir.Insn) error {
	op := in.Op
	if op >= ir.ProbeU8 {
		op -= ir.ProbeU8 - ir.LdU8
	}
	size := [...]uint64{1, 2, 4, 8, 1, 2, 4}[op-ir.LdU8]
	a := u.r[in.Src] + uint64(in.Off)
	p, ok := u.d.at(a, size, false)
	if !ok {
		return u.fault(vm.FaultRead, a, int(size))
	}
	var v uint64
	switch op {
	case ir.LdU8:
		v = uint64(*p.U8())
	case ir.LdU16:
		v = uint64(*p.U16())
	case ir.LdU32:
		v = uint64(*p.U32())
	case ir.LdU64:
		v = *p.U64()
	case ir.LdS8:
		v = uint64(int64(int8(*p.U8())))
	case ir.LdS16:
		v = uint64(int64(int16(*p.U16())))
	case ir.LdS32:
		v = uint64(int64(int32(*p.U32())))
	}
	u.r[in.Dst] = v
	u.pc++
	return nil
}

// store runs a checked store.
func (u *cpu) store(in *ir.Insn, v uint64) error {
	op := in.Op
	if op <= ir.St64K {
		v = uint64(in.Imm)
	} else {
		op -= ir.St8X - ir.St8K
	}
	size := uint64(1) << (op - ir.St8K)
	a := u.r[in.Dst] + uint64(in.Off)
	p, ok := u.d.at(a, size, true)
	if !ok {
		return u.fault(vm.FaultWrite, a, int(size))
	}
	switch op {
	case ir.St8K:
		*p.U8() = uint8(v)
	case ir.St16K:
		*p.U16() = uint16(v)
	case ir.St32K:
		*p.U32() = uint32(v)
	case ir.St64K:
		*p.U64() = v
	}
	u.pc++
	return nil
}

// atomic runs a checked atomic.
func (u *cpu) atomic(in *ir.Insn) error {
	op, base, write := in.Op, in.Dst, true
	var size uint64
	switch {
	case op >= ir.StoreRel8:
		size = 1 << (op - ir.StoreRel8)
	case op >= ir.LoadAcq8:
		size, base, write = 1<<(op-ir.LoadAcq8), in.Src, false
	default:
		size = 4 << ((op - ir.AtomicAdd32) % 2)
	}
	a := u.r[base] + uint64(in.Off)
	p, ok := u.d.at(a, size, write)
	if !ok {
		kind := vm.FaultWrite
		if !write {
			kind = vm.FaultRead
		}
		return u.fault(kind, a, int(size))
	}
	if p%mem.Addr(size) != 0 {
		return u.fault(vm.FaultAtomic, a, int(size))
	}
	atomicOp(op, p, &u.r[in.Dst], &u.r[in.Src], &u.r[0])
	u.pc++
	return nil
}
