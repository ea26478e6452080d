package abi

import (
	"slices"
	"strings"
)

// The sets of program types that may call groups of kernel functions.
const (
	// traceHookProgs: types that the kernel counts as tracing here; kprobes are
	// not among them.
	traceHookProgs ProgSet = 1<<Tracing | 1<<Tracepoint | 1<<PerfEvent | 1<<LSM
	// genericKfuncProgs: types with the functions on objects of programs, tasks
	// and cgroups.
	genericKfuncProgs = traceHookProgs | cgroupProgs | 1<<SchedCLS | 1<<XDP | 1<<StructOps | 1<<Syscall
	// skbKfuncProgs: types with functions on an __sk_buff.
	skbKfuncProgs = traceHookProgs | cgroupProgs | tcProgs | lwtProgs |
		1<<SocketFilter | 1<<SkSKB | 1<<Netfilter
	// everyKfuncProg: every type.
	everyKfuncProg = allProgs
)

// kfuncRows are all rows, by name.
var kfuncRows = func() []*Kfunc {
	var rows []*Kfunc
	for _, family := range [][]Kfunc{
		dynptrKfuncs, iterKfuncs, objectKfuncs, stringKfuncs, cpumaskKfuncs, netKfuncs, tcpKfuncs, taskKfuncs, optionalKfuncs,
	} {
		for i := range family {
			rows = append(rows, &family[i])
		}
	}
	slices.SortFunc(rows, func(a, b *Kfunc) int { return strings.Compare(a.Name, b.Name) })
	return rows
}()

// kfuncIndex finds a row by its name.
var kfuncIndex = func() map[string]int {
	m := make(map[string]int, len(kfuncRows))
	for i, k := range kfuncRows {
		m[k.Name] = i
	}
	return m
}()
