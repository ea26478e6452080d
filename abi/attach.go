package abi

import (
	"strconv"
	"strings"
)

// AttachType is an attach type, numbered as enum bpf_attach_type.
type AttachType uint32

// The attach types. Those after AttachTraceUprobeSession are newer than Linux
// 6.18.
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
	AttachTraceFSession                                // BPF_TRACE_FSESSION
	AttachTraceFEntryMulti                             // BPF_TRACE_FENTRY_MULTI
	AttachTraceFExitMulti                              // BPF_TRACE_FEXIT_MULTI
	AttachTraceFSessionMulti                           // BPF_TRACE_FSESSION_MULTI
)

// AttachInfo is the row of an attach type.
type AttachInfo struct {
	Type AttachType
	Name string // C name: "BPF_CGROUP_INET_INGRESS"
	// Cgroup is the word that bpftool takes for a cgroup's attach type:
	// "ingress"; "" for others.
	Cgroup string
	Since  Release
}

// Info is the row of an attach type, nil if there is none.
func (a AttachType) Info() *AttachInfo {
	if int(a) >= len(attachInfos) {
		return nil
	}
	return &attachInfos[a]
}

// String is the C name: "BPF_CGROUP_INET_INGRESS".
func (a AttachType) String() string {
	if i := a.Info(); i != nil {
		return i.Name
	}
	return "BPF_ATTACH_TYPE(" + strconv.Itoa(int(a)) + ")"
}

// Short is the name that bpftool and libbpf print: "cgroup_inet_ingress".
func (a AttachType) Short() string {
	if i := a.Info(); i != nil {
		return strings.ToLower(strings.TrimPrefix(i.Name, "BPF_"))
	}
	return strconv.Itoa(int(a))
}

// AttachTypeByName finds an attach type by its C name, its short name or
// bpftool's word for a cgroup.
func AttachTypeByName(name string) (AttachType, bool) {
	for i := range attachInfos {
		a := &attachInfos[i]
		if a.Name == name || a.Type.Short() == name || a.Cgroup != "" && a.Cgroup == name {
			return a.Type, true
		}
	}
	return 0, false
}

// attachInfos are the rows, by number.
var attachInfos = [...]AttachInfo{
	AttachCgroupInetIngress:          {Type: AttachCgroupInetIngress, Name: "BPF_CGROUP_INET_INGRESS", Cgroup: "ingress"},
	AttachCgroupInetEgress:           {Type: AttachCgroupInetEgress, Name: "BPF_CGROUP_INET_EGRESS", Cgroup: "egress"},
	AttachCgroupInetSockCreate:       {Type: AttachCgroupInetSockCreate, Name: "BPF_CGROUP_INET_SOCK_CREATE", Cgroup: "sock_create"},
	AttachCgroupSockOps:              {Type: AttachCgroupSockOps, Name: "BPF_CGROUP_SOCK_OPS", Cgroup: "sock_ops"},
	AttachSkSKBStreamParser:          {Type: AttachSkSKBStreamParser, Name: "BPF_SK_SKB_STREAM_PARSER"},
	AttachSkSKBStreamVerdict:         {Type: AttachSkSKBStreamVerdict, Name: "BPF_SK_SKB_STREAM_VERDICT"},
	AttachCgroupDevice:               {Type: AttachCgroupDevice, Name: "BPF_CGROUP_DEVICE", Cgroup: "device"},
	AttachSkMsgVerdict:               {Type: AttachSkMsgVerdict, Name: "BPF_SK_MSG_VERDICT"},
	AttachCgroupInet4Bind:            {Type: AttachCgroupInet4Bind, Name: "BPF_CGROUP_INET4_BIND", Cgroup: "bind4"},
	AttachCgroupInet6Bind:            {Type: AttachCgroupInet6Bind, Name: "BPF_CGROUP_INET6_BIND", Cgroup: "bind6"},
	AttachCgroupInet4Connect:         {Type: AttachCgroupInet4Connect, Name: "BPF_CGROUP_INET4_CONNECT", Cgroup: "connect4"},
	AttachCgroupInet6Connect:         {Type: AttachCgroupInet6Connect, Name: "BPF_CGROUP_INET6_CONNECT", Cgroup: "connect6"},
	AttachCgroupInet4PostBind:        {Type: AttachCgroupInet4PostBind, Name: "BPF_CGROUP_INET4_POST_BIND", Cgroup: "post_bind4"},
	AttachCgroupInet6PostBind:        {Type: AttachCgroupInet6PostBind, Name: "BPF_CGROUP_INET6_POST_BIND", Cgroup: "post_bind6"},
	AttachCgroupUDP4Sendmsg:          {Type: AttachCgroupUDP4Sendmsg, Name: "BPF_CGROUP_UDP4_SENDMSG", Cgroup: "sendmsg4"},
	AttachCgroupUDP6Sendmsg:          {Type: AttachCgroupUDP6Sendmsg, Name: "BPF_CGROUP_UDP6_SENDMSG", Cgroup: "sendmsg6"},
	AttachLircMode2:                  {Type: AttachLircMode2, Name: "BPF_LIRC_MODE2"},
	AttachFlowDissector:              {Type: AttachFlowDissector, Name: "BPF_FLOW_DISSECTOR", Since: 4<<8 | 20},
	AttachCgroupSysctl:               {Type: AttachCgroupSysctl, Name: "BPF_CGROUP_SYSCTL", Cgroup: "sysctl", Since: 5<<8 | 2},
	AttachCgroupUDP4Recvmsg:          {Type: AttachCgroupUDP4Recvmsg, Name: "BPF_CGROUP_UDP4_RECVMSG", Cgroup: "recvmsg4", Since: 5<<8 | 2},
	AttachCgroupUDP6Recvmsg:          {Type: AttachCgroupUDP6Recvmsg, Name: "BPF_CGROUP_UDP6_RECVMSG", Cgroup: "recvmsg6", Since: 5<<8 | 2},
	AttachCgroupGetsockopt:           {Type: AttachCgroupGetsockopt, Name: "BPF_CGROUP_GETSOCKOPT", Cgroup: "getsockopt", Since: 5<<8 | 3},
	AttachCgroupSetsockopt:           {Type: AttachCgroupSetsockopt, Name: "BPF_CGROUP_SETSOCKOPT", Cgroup: "setsockopt", Since: 5<<8 | 3},
	AttachTraceRawTP:                 {Type: AttachTraceRawTP, Name: "BPF_TRACE_RAW_TP", Since: 5<<8 | 5},
	AttachTraceFEntry:                {Type: AttachTraceFEntry, Name: "BPF_TRACE_FENTRY", Since: 5<<8 | 5},
	AttachTraceFExit:                 {Type: AttachTraceFExit, Name: "BPF_TRACE_FEXIT", Since: 5<<8 | 5},
	AttachModifyReturn:               {Type: AttachModifyReturn, Name: "BPF_MODIFY_RETURN", Since: 5<<8 | 7},
	AttachLSMMac:                     {Type: AttachLSMMac, Name: "BPF_LSM_MAC", Since: 5<<8 | 7},
	AttachTraceIter:                  {Type: AttachTraceIter, Name: "BPF_TRACE_ITER", Since: 5<<8 | 8},
	AttachCgroupInet4Getpeername:     {Type: AttachCgroupInet4Getpeername, Name: "BPF_CGROUP_INET4_GETPEERNAME", Cgroup: "getpeername4", Since: 5<<8 | 8},
	AttachCgroupInet6Getpeername:     {Type: AttachCgroupInet6Getpeername, Name: "BPF_CGROUP_INET6_GETPEERNAME", Cgroup: "getpeername6", Since: 5<<8 | 8},
	AttachCgroupInet4Getsockname:     {Type: AttachCgroupInet4Getsockname, Name: "BPF_CGROUP_INET4_GETSOCKNAME", Cgroup: "getsockname4", Since: 5<<8 | 8},
	AttachCgroupInet6Getsockname:     {Type: AttachCgroupInet6Getsockname, Name: "BPF_CGROUP_INET6_GETSOCKNAME", Cgroup: "getsockname6", Since: 5<<8 | 8},
	AttachXDPDevMap:                  {Type: AttachXDPDevMap, Name: "BPF_XDP_DEVMAP", Since: 5<<8 | 8},
	AttachCgroupInetSockRelease:      {Type: AttachCgroupInetSockRelease, Name: "BPF_CGROUP_INET_SOCK_RELEASE", Cgroup: "sock_release", Since: 5<<8 | 9},
	AttachXDPCPUMap:                  {Type: AttachXDPCPUMap, Name: "BPF_XDP_CPUMAP", Since: 5<<8 | 9},
	AttachSkLookup:                   {Type: AttachSkLookup, Name: "BPF_SK_LOOKUP", Since: 5<<8 | 9},
	AttachXDP:                        {Type: AttachXDP, Name: "BPF_XDP", Since: 5<<8 | 9},
	AttachSkSKBVerdict:               {Type: AttachSkSKBVerdict, Name: "BPF_SK_SKB_VERDICT", Since: 5<<8 | 13},
	AttachSkReuseportSelect:          {Type: AttachSkReuseportSelect, Name: "BPF_SK_REUSEPORT_SELECT", Since: 5<<8 | 14},
	AttachSkReuseportSelectOrMigrate: {Type: AttachSkReuseportSelectOrMigrate, Name: "BPF_SK_REUSEPORT_SELECT_OR_MIGRATE", Since: 5<<8 | 14},
	AttachPerfEvent:                  {Type: AttachPerfEvent, Name: "BPF_PERF_EVENT", Since: 5<<8 | 15},
	AttachTraceKprobeMulti:           {Type: AttachTraceKprobeMulti, Name: "BPF_TRACE_KPROBE_MULTI", Since: 5<<8 | 18},
	AttachLSMCgroup:                  {Type: AttachLSMCgroup, Name: "BPF_LSM_CGROUP", Since: 6<<8 | 0},
	AttachStructOps:                  {Type: AttachStructOps, Name: "BPF_STRUCT_OPS", Since: 6<<8 | 4},
	AttachNetfilter:                  {Type: AttachNetfilter, Name: "BPF_NETFILTER", Since: 6<<8 | 4},
	AttachTCXIngress:                 {Type: AttachTCXIngress, Name: "BPF_TCX_INGRESS", Since: 6<<8 | 6},
	AttachTCXEgress:                  {Type: AttachTCXEgress, Name: "BPF_TCX_EGRESS", Since: 6<<8 | 6},
	AttachTraceUprobeMulti:           {Type: AttachTraceUprobeMulti, Name: "BPF_TRACE_UPROBE_MULTI", Since: 6<<8 | 6},
	AttachCgroupUnixConnect:          {Type: AttachCgroupUnixConnect, Name: "BPF_CGROUP_UNIX_CONNECT", Cgroup: "connect_unix", Since: 6<<8 | 7},
	AttachCgroupUnixSendmsg:          {Type: AttachCgroupUnixSendmsg, Name: "BPF_CGROUP_UNIX_SENDMSG", Cgroup: "sendmsg_unix", Since: 6<<8 | 7},
	AttachCgroupUnixRecvmsg:          {Type: AttachCgroupUnixRecvmsg, Name: "BPF_CGROUP_UNIX_RECVMSG", Cgroup: "recvmsg_unix", Since: 6<<8 | 7},
	AttachCgroupUnixGetpeername:      {Type: AttachCgroupUnixGetpeername, Name: "BPF_CGROUP_UNIX_GETPEERNAME", Cgroup: "getpeername_unix", Since: 6<<8 | 7},
	AttachCgroupUnixGetsockname:      {Type: AttachCgroupUnixGetsockname, Name: "BPF_CGROUP_UNIX_GETSOCKNAME", Cgroup: "getsockname_unix", Since: 6<<8 | 7},
	AttachNetkitPrimary:              {Type: AttachNetkitPrimary, Name: "BPF_NETKIT_PRIMARY", Since: 6<<8 | 7},
	AttachNetkitPeer:                 {Type: AttachNetkitPeer, Name: "BPF_NETKIT_PEER", Since: 6<<8 | 7},
	AttachTraceKprobeSession:         {Type: AttachTraceKprobeSession, Name: "BPF_TRACE_KPROBE_SESSION", Since: 6<<8 | 10},
	AttachTraceUprobeSession:         {Type: AttachTraceUprobeSession, Name: "BPF_TRACE_UPROBE_SESSION", Since: 6<<8 | 13},
	AttachTraceFSession:              {Type: AttachTraceFSession, Name: "BPF_TRACE_FSESSION", Since: 7<<8 | 0},
	AttachTraceFEntryMulti:           {Type: AttachTraceFEntryMulti, Name: "BPF_TRACE_FENTRY_MULTI", Since: 7<<8 | 2},
	AttachTraceFExitMulti:            {Type: AttachTraceFExitMulti, Name: "BPF_TRACE_FEXIT_MULTI", Since: 7<<8 | 2},
	AttachTraceFSessionMulti:         {Type: AttachTraceFSessionMulti, Name: "BPF_TRACE_FSESSION_MULTI", Since: 7<<8 | 2},
}
