package helper

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm"
)

// row ties a body to its helper.
type row struct {
	id   abi.HelperID
	body vm.HelperFunc
}

// krow ties a body to its kfunc.
type krow struct {
	name string
	body vm.HelperFunc
}

// Table is every body that skep has. bpf_tail_call and bpf_throw have none:
// they are operations of the engines.
func Table() *vm.Helpers {
	h := &vm.Helpers{
		ByID:   make([]vm.HelperFunc, abi.NumHelpers),
		Kfuncs: map[string]vm.HelperFunc{},
		ForMap: bound,
	}
	for _, family := range [][]row{
		mapRows, loopRows, clockRows, cpuRows, taskRows, traceRows, ringRows, perfRows,
		csumRows, xdpRows, skbRows, redirectRows, textRows, lockRows, probeRows, dynptrRows,
	} {
		for _, r := range family {
			h.ByID[r.id] = r.body
		}
	}
	for _, family := range [][]krow{iterKrows, sectionKrows, stringKrows, dynptrKrows} {
		for _, r := range family {
			h.Kfuncs[r.name] = r.body
		}
	}
	return h
}

// result is an error number as r0: 0 for success.
func result(e abi.Errno) uint64 {
	if e == 0 {
		return 0
	}
	return e.R0()
}
