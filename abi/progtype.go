package abi

// ProgType is a program type, numbered as enum bpf_prog_type.
type ProgType uint32

// The program types of Linux 6.18.
const (
	UnspecProg            ProgType = iota // BPF_PROG_TYPE_UNSPEC
	SocketFilter                          // BPF_PROG_TYPE_SOCKET_FILTER
	Kprobe                                // BPF_PROG_TYPE_KPROBE
	SchedCLS                              // BPF_PROG_TYPE_SCHED_CLS
	SchedACT                              // BPF_PROG_TYPE_SCHED_ACT
	Tracepoint                            // BPF_PROG_TYPE_TRACEPOINT
	XDP                                   // BPF_PROG_TYPE_XDP
	PerfEvent                             // BPF_PROG_TYPE_PERF_EVENT
	CgroupSKB                             // BPF_PROG_TYPE_CGROUP_SKB
	CgroupSock                            // BPF_PROG_TYPE_CGROUP_SOCK
	LWTIn                                 // BPF_PROG_TYPE_LWT_IN
	LWTOut                                // BPF_PROG_TYPE_LWT_OUT
	LWTXmit                               // BPF_PROG_TYPE_LWT_XMIT
	SockOps                               // BPF_PROG_TYPE_SOCK_OPS
	SkSKB                                 // BPF_PROG_TYPE_SK_SKB
	CgroupDevice                          // BPF_PROG_TYPE_CGROUP_DEVICE
	SkMsg                                 // BPF_PROG_TYPE_SK_MSG
	RawTracepoint                         // BPF_PROG_TYPE_RAW_TRACEPOINT
	CgroupSockAddr                        // BPF_PROG_TYPE_CGROUP_SOCK_ADDR
	LWTSeg6Local                          // BPF_PROG_TYPE_LWT_SEG6LOCAL
	LircMode2                             // BPF_PROG_TYPE_LIRC_MODE2
	SkReuseport                           // BPF_PROG_TYPE_SK_REUSEPORT
	FlowDissector                         // BPF_PROG_TYPE_FLOW_DISSECTOR
	CgroupSysctl                          // BPF_PROG_TYPE_CGROUP_SYSCTL
	RawTracepointWritable                 // BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE
	CgroupSockopt                         // BPF_PROG_TYPE_CGROUP_SOCKOPT
	Tracing                               // BPF_PROG_TYPE_TRACING
	StructOps                             // BPF_PROG_TYPE_STRUCT_OPS
	Extension                             // BPF_PROG_TYPE_EXT
	LSM                                   // BPF_PROG_TYPE_LSM
	SkLookup                              // BPF_PROG_TYPE_SK_LOOKUP
	Syscall                               // BPF_PROG_TYPE_SYSCALL
	Netfilter                             // BPF_PROG_TYPE_NETFILTER
)

// ProgFlags are the load flags BPF_F_* of a program.
type ProgFlags uint32

// The program flags of Linux 6.18.
const (
	StrictAlignment   ProgFlags = 1 << 0 // BPF_F_STRICT_ALIGNMENT
	AnyAlignment      ProgFlags = 1 << 1 // BPF_F_ANY_ALIGNMENT
	TestRndHi32       ProgFlags = 1 << 2 // BPF_F_TEST_RND_HI32
	TestStateFreq     ProgFlags = 1 << 3 // BPF_F_TEST_STATE_FREQ
	Sleepable         ProgFlags = 1 << 4 // BPF_F_SLEEPABLE
	XDPHasFrags       ProgFlags = 1 << 5 // BPF_F_XDP_HAS_FRAGS
	XDPDevBoundOnly   ProgFlags = 1 << 6 // BPF_F_XDP_DEV_BOUND_ONLY
	TestRegInvariants ProgFlags = 1 << 7 // BPF_F_TEST_REG_INVARIANTS
)

// Release is a Linux release, major<<8 | minor; 0 means older than 4.18.
type Release uint16

// Rel makes a Release.
func Rel(major, minor int) Release { return Release(major<<8 | minor) }
