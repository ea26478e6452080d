package abi

import "strings"

// Section is what the name of an ELF section says about the programs in it, by
// the conventions of libbpf.
type Section struct {
	Name   string // without target: "kprobe", "xdp.frags/devmap"
	Type   ProgType
	Attach AttachType
	Flags  ProgFlags
	// Target sections may name an attach target after a slash.
	Target bool
	// AttachBTF programs attach to the function or type that the target names,
	// found by BTF before the program is loaded.
	AttachBTF bool
	// USDT programs attach with AttachTraceUprobeMulti where the kernel has it.
	USDT bool
	// Since is the first kernel release that takes such programs, where that is
	// newer than 6.12.
	Since Release
}

// SectionByName finds what a section name means. A leading "?", which says that
// the program is not loaded unless asked for, is ignored; the target is what
// follows the slash of a section with a target, "" if there is none.
func SectionByName(sec string) (s Section, target string, ok bool) {
	sec = strings.TrimPrefix(sec, "?")
	base, target, _ := strings.Cut(sec, "/")
	for i := range sections {
		switch s := &sections[i]; {
		case s.Target && s.Name == base:
			return *s, target, true
		case !s.Target && s.Name == sec:
			return *s, "", true
		}
	}
	return Section{}, "", false
}

// Sections are the rows of all section names. They must not be changed.
func Sections() []Section { return sections }

var sections = []Section{
	{Name: "socket", Type: SocketFilter},
	{Name: "sk_reuseport/migrate", Type: SkReuseport, Attach: AttachSkReuseportSelectOrMigrate},
	{Name: "sk_reuseport", Type: SkReuseport, Attach: AttachSkReuseportSelect},
	{Name: "kprobe", Type: Kprobe, Target: true},
	{Name: "uprobe", Type: Kprobe, Target: true},
	{Name: "uprobe.s", Type: Kprobe, Target: true, Flags: Sleepable},
	{Name: "kretprobe", Type: Kprobe, Target: true},
	{Name: "uretprobe", Type: Kprobe, Target: true},
	{Name: "uretprobe.s", Type: Kprobe, Target: true, Flags: Sleepable},
	{Name: "kprobe.multi", Type: Kprobe, Attach: AttachTraceKprobeMulti, Target: true},
	{Name: "kretprobe.multi", Type: Kprobe, Attach: AttachTraceKprobeMulti, Target: true},
	{Name: "kprobe.session", Type: Kprobe, Attach: AttachTraceKprobeSession, Target: true},
	{Name: "uprobe.multi", Type: Kprobe, Attach: AttachTraceUprobeMulti, Target: true},
	{Name: "uretprobe.multi", Type: Kprobe, Attach: AttachTraceUprobeMulti, Target: true},
	{Name: "uprobe.multi.s", Type: Kprobe, Attach: AttachTraceUprobeMulti, Target: true, Flags: Sleepable},
	{Name: "uretprobe.multi.s", Type: Kprobe, Attach: AttachTraceUprobeMulti, Target: true, Flags: Sleepable},
	{Name: "ksyscall", Type: Kprobe, Target: true},
	{Name: "kretsyscall", Type: Kprobe, Target: true},
	{Name: "usdt", Type: Kprobe, Target: true, USDT: true},
	{Name: "usdt.s", Type: Kprobe, Target: true, Flags: Sleepable, USDT: true},
	{Name: "tc/ingress", Type: SchedCLS, Attach: AttachTCXIngress},
	{Name: "tc/egress", Type: SchedCLS, Attach: AttachTCXEgress},
	{Name: "tcx/ingress", Type: SchedCLS, Attach: AttachTCXIngress},
	{Name: "tcx/egress", Type: SchedCLS, Attach: AttachTCXEgress},
	{Name: "tc", Type: SchedCLS},
	{Name: "classifier", Type: SchedCLS},
	{Name: "action", Type: SchedACT},
	{Name: "netkit/primary", Type: SchedCLS, Attach: AttachNetkitPrimary},
	{Name: "netkit/peer", Type: SchedCLS, Attach: AttachNetkitPeer},
	{Name: "tracepoint", Type: Tracepoint, Target: true},
	{Name: "tp", Type: Tracepoint, Target: true},
	{Name: "raw_tracepoint", Type: RawTracepoint, Target: true},
	{Name: "raw_tp", Type: RawTracepoint, Target: true},
	{Name: "raw_tracepoint.w", Type: RawTracepointWritable, Target: true},
	{Name: "raw_tp.w", Type: RawTracepointWritable, Target: true},
	{Name: "tp_btf", Type: Tracing, Attach: AttachTraceRawTP, Target: true, AttachBTF: true},
	{Name: "fentry", Type: Tracing, Attach: AttachTraceFEntry, Target: true, AttachBTF: true},
	{Name: "fmod_ret", Type: Tracing, Attach: AttachModifyReturn, Target: true, AttachBTF: true},
	{Name: "fexit", Type: Tracing, Attach: AttachTraceFExit, Target: true, AttachBTF: true},
	{Name: "fentry.s", Type: Tracing, Attach: AttachTraceFEntry, Target: true, Flags: Sleepable, AttachBTF: true},
	{Name: "fmod_ret.s", Type: Tracing, Attach: AttachModifyReturn, Target: true, Flags: Sleepable, AttachBTF: true},
	{Name: "fexit.s", Type: Tracing, Attach: AttachTraceFExit, Target: true, Flags: Sleepable, AttachBTF: true},
	{Name: "freplace", Type: Extension, Target: true, AttachBTF: true},
	{Name: "lsm", Type: LSM, Attach: AttachLSMMac, Target: true, AttachBTF: true},
	{Name: "lsm.s", Type: LSM, Attach: AttachLSMMac, Target: true, Flags: Sleepable, AttachBTF: true},
	{Name: "lsm_cgroup", Type: LSM, Attach: AttachLSMCgroup, Target: true, AttachBTF: true},
	{Name: "iter", Type: Tracing, Attach: AttachTraceIter, Target: true, AttachBTF: true},
	{Name: "iter.s", Type: Tracing, Attach: AttachTraceIter, Target: true, Flags: Sleepable, AttachBTF: true},
	{Name: "syscall", Type: Syscall, Flags: Sleepable},
	{Name: "xdp.frags/devmap", Type: XDP, Attach: AttachXDPDevMap, Flags: XDPHasFrags},
	{Name: "xdp/devmap", Type: XDP, Attach: AttachXDPDevMap},
	{Name: "xdp.frags/cpumap", Type: XDP, Attach: AttachXDPCPUMap, Flags: XDPHasFrags},
	{Name: "xdp/cpumap", Type: XDP, Attach: AttachXDPCPUMap},
	{Name: "xdp.frags", Type: XDP, Attach: AttachXDP, Flags: XDPHasFrags},
	{Name: "xdp", Type: XDP, Attach: AttachXDP},
	{Name: "perf_event", Type: PerfEvent},
	{Name: "lwt_in", Type: LWTIn},
	{Name: "lwt_out", Type: LWTOut},
	{Name: "lwt_xmit", Type: LWTXmit},
	{Name: "lwt_seg6local", Type: LWTSeg6Local},
	{Name: "sockops", Type: SockOps, Attach: AttachCgroupSockOps},
	{Name: "sk_skb/stream_parser", Type: SkSKB, Attach: AttachSkSKBStreamParser},
	{Name: "sk_skb/stream_verdict", Type: SkSKB, Attach: AttachSkSKBStreamVerdict},
	{Name: "sk_skb/verdict", Type: SkSKB, Attach: AttachSkSKBVerdict},
	{Name: "sk_skb", Type: SkSKB},
	{Name: "sk_msg", Type: SkMsg, Attach: AttachSkMsgVerdict},
	{Name: "lirc_mode2", Type: LircMode2, Attach: AttachLircMode2},
	{Name: "flow_dissector", Type: FlowDissector, Attach: AttachFlowDissector},
	{Name: "cgroup_skb/ingress", Type: CgroupSKB, Attach: AttachCgroupInetIngress},
	{Name: "cgroup_skb/egress", Type: CgroupSKB, Attach: AttachCgroupInetEgress},
	{Name: "cgroup/skb", Type: CgroupSKB},
	{Name: "cgroup/sock_create", Type: CgroupSock, Attach: AttachCgroupInetSockCreate},
	{Name: "cgroup/sock_release", Type: CgroupSock, Attach: AttachCgroupInetSockRelease},
	{Name: "cgroup/sock", Type: CgroupSock, Attach: AttachCgroupInetSockCreate},
	{Name: "cgroup/post_bind4", Type: CgroupSock, Attach: AttachCgroupInet4PostBind},
	{Name: "cgroup/post_bind6", Type: CgroupSock, Attach: AttachCgroupInet6PostBind},
	{Name: "cgroup/bind4", Type: CgroupSockAddr, Attach: AttachCgroupInet4Bind},
	{Name: "cgroup/bind6", Type: CgroupSockAddr, Attach: AttachCgroupInet6Bind},
	{Name: "cgroup/connect4", Type: CgroupSockAddr, Attach: AttachCgroupInet4Connect},
	{Name: "cgroup/connect6", Type: CgroupSockAddr, Attach: AttachCgroupInet6Connect},
	{Name: "cgroup/connect_unix", Type: CgroupSockAddr, Attach: AttachCgroupUnixConnect},
	{Name: "cgroup/sendmsg4", Type: CgroupSockAddr, Attach: AttachCgroupUDP4Sendmsg},
	{Name: "cgroup/sendmsg6", Type: CgroupSockAddr, Attach: AttachCgroupUDP6Sendmsg},
	{Name: "cgroup/sendmsg_unix", Type: CgroupSockAddr, Attach: AttachCgroupUnixSendmsg},
	{Name: "cgroup/recvmsg4", Type: CgroupSockAddr, Attach: AttachCgroupUDP4Recvmsg},
	{Name: "cgroup/recvmsg6", Type: CgroupSockAddr, Attach: AttachCgroupUDP6Recvmsg},
	{Name: "cgroup/recvmsg_unix", Type: CgroupSockAddr, Attach: AttachCgroupUnixRecvmsg},
	{Name: "cgroup/getpeername4", Type: CgroupSockAddr, Attach: AttachCgroupInet4Getpeername},
	{Name: "cgroup/getpeername6", Type: CgroupSockAddr, Attach: AttachCgroupInet6Getpeername},
	{Name: "cgroup/getpeername_unix", Type: CgroupSockAddr, Attach: AttachCgroupUnixGetpeername},
	{Name: "cgroup/getsockname4", Type: CgroupSockAddr, Attach: AttachCgroupInet4Getsockname},
	{Name: "cgroup/getsockname6", Type: CgroupSockAddr, Attach: AttachCgroupInet6Getsockname},
	{Name: "cgroup/getsockname_unix", Type: CgroupSockAddr, Attach: AttachCgroupUnixGetsockname},
	{Name: "cgroup/sysctl", Type: CgroupSysctl, Attach: AttachCgroupSysctl},
	{Name: "cgroup/getsockopt", Type: CgroupSockopt, Attach: AttachCgroupGetsockopt},
	{Name: "cgroup/setsockopt", Type: CgroupSockopt, Attach: AttachCgroupSetsockopt},
	{Name: "cgroup/dev", Type: CgroupDevice, Attach: AttachCgroupDevice},
	{Name: "struct_ops", Type: StructOps, Target: true},
	{Name: "struct_ops.s", Type: StructOps, Target: true, Flags: Sleepable},
	{Name: "sk_lookup", Type: SkLookup, Attach: AttachSkLookup},
	{Name: "netfilter", Type: Netfilter, Attach: AttachNetfilter},
	{Name: "raw", Type: Raw},
	{Name: "uprobe.session", Type: Kprobe, Attach: AttachTraceUprobeSession, Target: true, Since: 6<<8 | 13},
	{Name: "uprobe.session.s", Type: Kprobe, Attach: AttachTraceUprobeSession, Target: true, Flags: Sleepable, Since: 6<<8 | 13},
	{Name: "tracepoint.s", Type: Tracepoint, Target: true, Flags: Sleepable, Since: 7<<8 | 2},
	{Name: "tp.s", Type: Tracepoint, Target: true, Flags: Sleepable, Since: 7<<8 | 2},
	{Name: "raw_tracepoint.s", Type: RawTracepoint, Target: true, Flags: Sleepable, Since: 7<<8 | 2},
	{Name: "raw_tp.s", Type: RawTracepoint, Target: true, Flags: Sleepable, Since: 7<<8 | 2},
	{Name: "tp_btf.s", Type: Tracing, Attach: AttachTraceRawTP, Target: true, Flags: Sleepable, AttachBTF: true, Since: 7<<8 | 2},
	{Name: "fsession", Type: Tracing, Attach: AttachTraceFSession, Target: true, AttachBTF: true, Since: 7<<8 | 0},
	{Name: "fsession.s", Type: Tracing, Attach: AttachTraceFSession, Target: true, Flags: Sleepable, AttachBTF: true, Since: 7<<8 | 0},
	{Name: "fentry.multi", Type: Tracing, Attach: AttachTraceFEntryMulti, Target: true, AttachBTF: true, Since: 7<<8 | 2},
	{Name: "fentry.multi.s", Type: Tracing, Attach: AttachTraceFEntryMulti, Target: true, Flags: Sleepable, AttachBTF: true, Since: 7<<8 | 2},
	{Name: "fexit.multi", Type: Tracing, Attach: AttachTraceFExitMulti, Target: true, AttachBTF: true, Since: 7<<8 | 2},
	{Name: "fexit.multi.s", Type: Tracing, Attach: AttachTraceFExitMulti, Target: true, Flags: Sleepable, AttachBTF: true, Since: 7<<8 | 2},
	{Name: "fsession.multi", Type: Tracing, Attach: AttachTraceFSessionMulti, Target: true, AttachBTF: true, Since: 7<<8 | 2},
	{Name: "fsession.multi.s", Type: Tracing, Attach: AttachTraceFSessionMulti, Target: true, Flags: Sleepable, AttachBTF: true, Since: 7<<8 | 2},
}
