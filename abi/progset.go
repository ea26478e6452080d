package abi

// ProgSet is a set of program types, one bit each.
type ProgSet uint64

// Has reports whether t is in the set.
func (s ProgSet) Has(t ProgType) bool { return t < 64 && s>>t&1 != 0 }

// The sets that rows share. None of them holds Extension, which stands for the
// type of its target.
const (
	// tcProgs: traffic control.
	tcProgs ProgSet = 1<<SchedCLS | 1<<SchedACT
	// lwtProgs: lightweight tunnels.
	lwtProgs ProgSet = 1<<LWTIn | 1<<LWTOut | 1<<LWTXmit | 1<<LWTSeg6Local
	// cgroupProgs: types that attach to a cgroup.
	cgroupProgs ProgSet = 1<<CgroupSKB | 1<<CgroupSock | 1<<SockOps | 1<<CgroupDevice | 1<<CgroupSockAddr |
		1<<CgroupSysctl | 1<<CgroupSockopt
	// skbProgs: types with an __sk_buff that is a packet.
	skbProgs ProgSet = 1<<SocketFilter | 1<<SchedCLS | 1<<SchedACT | 1<<CgroupSKB | 1<<LWTIn |
		1<<LWTOut | 1<<LWTXmit | 1<<SkSKB | 1<<LWTSeg6Local
	// sockBaseProgs: types with the socket casts.
	sockBaseProgs ProgSet = 1<<SocketFilter | 1<<SchedCLS | 1<<SchedACT | 1<<XDP | 1<<CgroupSKB | 1<<LWTIn |
		1<<LWTOut | 1<<LWTXmit | 1<<SockOps | 1<<SkSKB | 1<<SkMsg | 1<<CgroupSockAddr |
		1<<LWTSeg6Local | 1<<FlowDissector | 1<<SkLookup
	// traceProgs: types with the tracing helpers.
	traceProgs ProgSet = 1<<Kprobe | 1<<Tracepoint | 1<<PerfEvent | 1<<RawTracepoint |
		1<<RawTracepointWritable | 1<<Tracing | 1<<LSM | 1<<Syscall
	// baseProgs: every type with the basic helpers.
	baseProgs ProgSet = allProgs &^ (1 << LircMode2)
	// allProgs: every type.
	allProgs ProgSet = 1<<33 - 1 - 1<<UnspecProg - 1<<Extension + 1<<Raw
)
