package interp

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/ir"
)

// checkableArg reports whether an argument's kind can be checked at run time.
func checkableArg(a abi.Arg) bool {
	switch a.Base() {
	case abi.ArgNone, abi.ArgConstMapPtr, abi.ArgMapKey, abi.ArgMapValue, abi.ArgMem,
		abi.ArgConstSize, abi.ArgConstSizeOrZero, abi.ArgConstAllocSize, abi.ArgCtx, abi.ArgAnything,
		abi.ArgSpinLock, abi.ArgRingBufMem, abi.ArgFunc, abi.ArgStack, abi.ArgConstStr, abi.ArgScalar:
		return true
	}
	return false
}

// maxArgSize bounds memory arguments. Linux 6.18: BPF_MAX_VAR_SIZ.
const maxArgSize = 1 << 29

// isMapOfMaps reports whether a lookup in a map gives another map.
func isMapOfMaps(d *image.Map) bool { return d.Type == abi.ArrayOfMaps || d.Type == abi.HashOfMaps }

// addMap lets the program touch the values of an array, whose addresses may be
// constants in the program.
func (d *door) addMap(m bpfmap.Map, l ir.MapLayout) {
	if b, ok := m.(bpfmap.Memoryer); ok && l.Kind == ir.MapArray && len(b.Memory()) > 0 {
		d.add(mem.AddrOf(b.Memory()), uint64(len(b.Memory())), m.Def().Flags&abi.ReadOnlyProg == 0)
	}
}

// arguments are the checked arguments of a helper call.
type arguments struct {
	u     *cpu
	proto *abi.Helper
	v     [5]uint64
	m     bpfmap.Map // of ArgConstMapPtr
}

// callX calls the helper with a number. RFC 9669 leaves callx open; LLVM's is
// a call of the function whose number is in the register.
func (u *cpu) callX(id uint64) error {
	f := u.k.prog.Helpers().Helper(abi.HelperID(id))
	if id > uint64(abi.NumHelpers) || f == nil {
		return u.fault(vm.FaultHelper, id, 0)
	}
	proto, err := checkable(ir.Callee{Helper: abi.HelperID(id)}, u.k.prog.Image())
	if err != nil {
		return u.fault(vm.FaultHelper, id, 0)
	}
	return u.invoke(proto, f)
}

func (u *cpu) call(i int) error { return u.invoke(u.k.protos[i], u.k.bodies[i]) }

// invoke calls a helper with checked arguments and lets the program touch what
// it returns.
func (u *cpu) invoke(proto *abi.Helper, f vm.HelperFunc) error {
	a := arguments{u: u, proto: proto}
	if err := a.check(); err != nil {
		return err
	}
	c, d := u.d.c, u.d
	outer := d.helper
	d.helper = nil
	if a.m != nil && hasCallback(proto) {
		d.helper = &call{uint64(a.m.Def().KeySize), uint64(a.m.Def().ValueSize)}
	}
	c.Block.Fuel = u.fuel
	r0 := f(c, a.v[0], a.v[1], a.v[2], a.v[3], a.v[4])
	u.fuel = c.Block.Fuel
	d.helper = outer
	if err := c.Err(); err != nil {
		if f, ok := err.(*vm.Fault); ok && f.Insn < 0 {
			f.Insn, f.Verified = int(u.k.low.Insns[u.pc].Slot), false
		}
		return err
	}
	switch proto.Ret.Base() {
	case abi.RetVoid:
		r0 = 0
	case abi.RetMapValue:
		if a.m != nil && !isMapOfMaps(a.m.Def()) {
			d.add(mem.Addr(r0), uint64(a.m.Def().ValueSize), a.m.Def().Flags&abi.ReadOnlyProg == 0)
		}
	case abi.RetMem:
		d.add(mem.Addr(r0), a.allocSize(), true)
	}
	u.r[0] = r0
	for i := 1; i <= 5; i++ {
		u.r[i] = 0
	}
	u.pc++
	return nil
}

func hasCallback(h *abi.Helper) bool {
	for _, a := range h.Args {
		if a.Base() == abi.ArgFunc {
			return true
		}
	}
	return false
}

// allocSize is the size that an argument asks a helper to return.
func (a *arguments) allocSize() uint64 {
	for i, k := range a.proto.Args {
		if k.Base() == abi.ArgConstAllocSize {
			return a.v[i]
		}
	}
	return 0
}

// check checks all arguments and replaces guest addresses by real ones.
func (a *arguments) check() error {
	copy(a.v[:], a.u.r[1:6])
	for i := range a.proto.Args {
		if !a.one(i) {
			return a.u.fault(vm.FaultArg, a.u.r[i+1], i+1)
		}
	}
	return nil
}

// one checks argument i.
func (a *arguments) one(i int) bool {
	k := a.proto.Args[i]
	v := &a.v[i]
	if *v == 0 && k.Has(abi.ArgNullable) {
		return true
	}
	d := a.u.d
	switch k.Base() {
	case abi.ArgConstMapPtr:
		a.m = nil
		if t := d.c.Table; t != nil {
			a.m = t.Map(mem.Addr(*v))
		}
		return a.m != nil
	case abi.ArgMapKey:
		return a.m != nil && a.memory(v, uint64(a.m.Def().KeySize), false)
	case abi.ArgMapValue:
		return a.m != nil && a.memory(v, uint64(a.m.Def().ValueSize), k.Has(abi.ArgWrite) || k.Has(abi.ArgUninit))
	case abi.ArgMem:
		return a.memory(v, a.size(i), !k.Has(abi.ArgReadOnly))
	case abi.ArgConstSize:
		return *v > 0 && *v < maxArgSize
	case abi.ArgConstSizeOrZero:
		return *v < maxArgSize
	case abi.ArgConstAllocSize: // the helper gives nothing for a size that is too large
	case abi.ArgCtx:
		return *v == d.bctx
	case abi.ArgSpinLock:
		return *v%4 == 0 && a.memory(v, 4, true)
	case abi.ArgRingBufMem:
		if d.c.Holder(mem.Addr(*v)) == nil {
			return false
		}
		d.remove(mem.Addr(*v))
	case abi.ArgFunc:
		fn, ok := ir.Callback(*v)
		return ok && fn < len(a.u.k.low.Funcs)
	case abi.ArgConstStr:
		return a.text(v)
	}
	return true
}

// size is the size of the memory argument i.
func (a *arguments) size(i int) uint64 {
	if a.proto.Args[i].Has(abi.ArgFixed) {
		return uint64(a.proto.ArgSize[i])
	}
	if i+1 < len(a.v) {
		return a.v[i+1]
	}
	return 0
}

// memory checks n bytes at *v and puts their real address there.
func (a *arguments) memory(v *uint64, n uint64, write bool) bool {
	if n == 0 {
		return true
	}
	p, ok := a.u.d.at(*v, n, write)
	if ok {
		*v = uint64(p)
	}
	return ok
}

// text checks that a string ends within its region.
func (a *arguments) text(v *uint64) bool {
	for n := uint64(1); n < maxArgSize; n++ {
		p, ok := a.u.d.at(*v, n, false)
		if !ok {
			return false
		}
		if *(p + mem.Addr(n-1)).U8() == 0 {
			*v = uint64(p)
			return true
		}
	}
	return false
}
