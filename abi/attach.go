package abi

// AttachType is an attach type, numbered as enum bpf_attach_type.
type AttachType uint32

// The attach types of Linux 6.18.
const (
	AttachCgroupInetIngress          AttachType = iota // BPF_CGROUP_INET_INGRESS
	AttachCgroupInetEgress                             // BPF_CGROUP_INET_EGRESS
	AttachCgroupInetSockCreate                         // BPF_CGROUP_INET_SOCK_CREATE
	AttachCgroupSockOps                                // BPF_CGROUP_SOCK_OPS
	AttachSkSKBStreamParser                            // BPF_SK_SKB_STREAM_PARSER
	AttachSkSKBStreamVerdict                           // BPF_SK_SKB_STREAM_VERDICT
	AttachCgroupDevice                                 // BPF_CGROUP_DEVICE
	AttachSkMsgVerdict                                 // BPF_SK_MSG_VERDICT
	AttachCgroupInet4Bind                              // BPF_CGROUP_INET4_BIND
	AttachCgroupInet6Bind                              // BPF_CGROUP_INET6_BIND
	AttachCgroupInet4Connect                           // BPF_CGROUP_INET4_CONNECT
	AttachCgroupInet6Connect                           // BPF_CGROUP_INET6_CONNECT
	AttachCgroupInet4PostBind                          // BPF_CGROUP_INET4_POST_BIND
	AttachCgroupInet6PostBind                          // BPF_CGROUP_INET6_POST_BIND
	AttachCgroupUDP4Sendmsg                            // BPF_CGROUP_UDP4_SENDMSG
	AttachCgroupUDP6Sendmsg                            // BPF_CGROUP_UDP6_SENDMSG
	AttachLircMode2                                    // BPF_LIRC_MODE2
	AttachFlowDissector                                // BPF_FLOW_DISSECTOR
	AttachCgroupSysctl                                 // BPF_CGROUP_SYSCTL
	AttachCgroupUDP4Recvmsg                            // BPF_CGROUP_UDP4_RECVMSG
	AttachCgroupUDP6Recvmsg                            // BPF_CGROUP_UDP6_RECVMSG
	AttachCgroupGetsockopt                             // BPF_CGROUP_GETSOCKOPT
	AttachCgroupSetsockopt                             // BPF_CGROUP_SETSOCKOPT
	AttachTraceRawTP                                   // BPF_TRACE_RAW_TP
	AttachTraceFEntry                                  // BPF_TRACE_FENTRY
	AttachTraceFExit                                   // BPF_TRACE_FEXIT
	AttachModifyReturn                                 // BPF_MODIFY_RETURN
	AttachLSMMac                                       // BPF_LSM_MAC
	AttachTraceIter                                    // BPF_TRACE_ITER
	AttachCgroupInet4Getpeername                       // BPF_CGROUP_INET4_GETPEERNAME
	AttachCgroupInet6Getpeername                       // BPF_CGROUP_INET6_GETPEERNAME
	AttachCgroupInet4Getsockname                       // BPF_CGROUP_INET4_GETSOCKNAME
	AttachCgroupInet6Getsockname                       // BPF_CGROUP_INET6_GETSOCKNAME
	AttachXDPDevMap                                    // BPF_XDP_DEVMAP
	AttachCgroupInetSockRelease                        // BPF_CGROUP_INET_SOCK_RELEASE
	AttachXDPCPUMap                                    // BPF_XDP_CPUMAP
	AttachSkLookup                                     // BPF_SK_LOOKUP
	AttachXDP                                          // BPF_XDP
	AttachSkSKBVerdict                                 // BPF_SK_SKB_VERDICT
	AttachSkReuseportSelect                            // BPF_SK_REUSEPORT_SELECT
	AttachSkReuseportSelectOrMigrate                   // BPF_SK_REUSEPORT_SELECT_OR_MIGRATE
	AttachPerfEvent                                    // BPF_PERF_EVENT
	AttachTraceKprobeMulti                             // BPF_TRACE_KPROBE_MULTI
	AttachLSMCgroup                                    // BPF_LSM_CGROUP
	AttachStructOps                                    // BPF_STRUCT_OPS
	AttachNetfilter                                    // BPF_NETFILTER
	AttachTCXIngress                                   // BPF_TCX_INGRESS
	AttachTCXEgress                                    // BPF_TCX_EGRESS
	AttachTraceUprobeMulti                             // BPF_TRACE_UPROBE_MULTI
	AttachCgroupUnixConnect                            // BPF_CGROUP_UNIX_CONNECT
	AttachCgroupUnixSendmsg                            // BPF_CGROUP_UNIX_SENDMSG
	AttachCgroupUnixRecvmsg                            // BPF_CGROUP_UNIX_RECVMSG
	AttachCgroupUnixGetpeername                        // BPF_CGROUP_UNIX_GETPEERNAME
	AttachCgroupUnixGetsockname                        // BPF_CGROUP_UNIX_GETSOCKNAME
	AttachNetkitPrimary                                // BPF_NETKIT_PRIMARY
	AttachNetkitPeer                                   // BPF_NETKIT_PEER
	AttachTraceKprobeSession                           // BPF_TRACE_KPROBE_SESSION
	AttachTraceUprobeSession                           // BPF_TRACE_UPROBE_SESSION
)
