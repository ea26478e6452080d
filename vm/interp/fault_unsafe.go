package interp

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"unsafe"

	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/ir"
)

// guard makes a wild access of this goroutine a Go panic, which catch turns
// into a fault, instead of the end of the process. The result undoes it.
//
// Wild accesses come from bugs of skep alone; this is the second line of
// defence.
func guard() (before bool) { return debug.SetPanicOnFault(true) }

func unguard(before bool) { debug.SetPanicOnFault(before) }

// catch ends the run where an instruction or a helper made a wild access.
// Other panics go on.
func (m *machine) catch(err *error) {
	if m.ip == nil {
		return
	}
	p := recover()
	if p == nil {
		return
	}
	e, ok := p.(runtime.Error)
	if !ok {
		panic(fmt.Sprintf("BUG: panic in a helper: %v", p))
	}
	pc := m.cd.index(unsafe.Pointer(m.ip))
	in := m.cd.low.Insns[pc-1]
	f := &vm.Fault{Kind: vm.FaultRead, Insn: -1, Verified: true}
	a, known := e.(interface{ Addr() uintptr })
	if known {
		f.Addr = uint64(a.Addr())
	}
	switch {
	case in.Op >= ir.LdU8 && in.Op <= ir.ProbeS32 || in.Op >= ir.LoadAcq8 && in.Op <= ir.LoadAcq64:
	case in.Op >= ir.St8K && in.Op <= ir.StoreRel64:
		f.Kind = vm.FaultWrite
	case known:
		f.Kind = vm.FaultArg
	default:
		panic(fmt.Sprintf("BUG: panic in a helper: %v", p))
	}
	*err = m.fail(pc, f)
}
