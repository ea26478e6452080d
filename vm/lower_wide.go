package vm

import (
	"fmt"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/vm/ir"
)

// wide lowers a 64-bit immediate load to the constant that it stands for.
func (l *lowerer) wide(in isa.Insn) error {
	if l.slot+1 >= len(l.img.Insns) {
		return fmt.Errorf("ld_imm64 has no second slot")
	}
	hi := l.img.Insns[l.slot+1]
	var v uint64
	switch in.Src() {
	case 0:
		v = in.Imm64(hi)
	case isa.PseudoMapIdx, isa.PseudoMapIdxValue:
		a, err := l.mapAddr(int(in.Imm), in.Src(), uint32(hi.Imm))
		if err != nil {
			return err
		}
		v = uint64(a)
	case isa.PseudoFunc:
		fn, err := l.funcAt(l.slot + 1 + int(in.Imm))
		if err != nil {
			return err
		}
		v = ir.CallbackTag | uint64(fn)
	case isa.PseudoBTFID:
		if in.Imm < 0 || int(in.Imm) >= len(l.img.Ksyms) {
			return fmt.Errorf("kernel variable %d of %d", in.Imm, len(l.img.Ksyms))
		}
		if k := l.img.Ksyms[in.Imm]; !k.Weak || k.ID != 0 {
			return &UnsupportedError{What: "kernel variable " + k.Name}
		}
	default:
		return fmt.Errorf("map by file descriptor %d: images refer to maps by index", in.Imm)
	}
	l.emit(ir.Insn{Op: ir.Mov64K, Dst: uint8(in.Dst()), Imm: int64(v)})
	return nil
}

// funcAt is the index of the function that begins at slot.
func (l *lowerer) funcAt(slot int) (int, error) {
	for i, f := range l.img.Funcs {
		if f.Start == slot {
			return i, nil
		}
	}
	if len(l.img.Funcs) == 0 {
		for i, f := range l.findFuncs() {
			if f.Start == slot {
				return i, nil
			}
		}
	}
	return 0, fmt.Errorf("address of slot %d, where no function begins", slot)
}

// mapAddr is the address of a map's header, or of a byte in its only value.
func (l *lowerer) mapAddr(i int, kind isa.Reg, off uint32) (mem.Addr, error) {
	if i < 0 || i >= len(l.maps) {
		return 0, fmt.Errorf("map %d of %d", i, len(l.maps))
	}
	m := l.maps[i]
	if kind == isa.PseudoMapIdx {
		return m.Header(), nil
	}
	b, ok := m.(bpfmap.Memoryer)
	if !ok || m.Def().Type != abi.Array {
		return 0, fmt.Errorf("map %q: no address of a value in a map of this type", m.Def().Name)
	}
	block := b.Memory()
	if int64(off) >= int64(len(block)) {
		return 0, fmt.Errorf("map %q: offset %d outside of its value", m.Def().Name, off)
	}
	return mem.AddrOf(block) + mem.Addr(off), nil
}
