package asm

import (
	"fmt"
	"strconv"
	"strings"
)

// Names are the kernel's without their common prefix, in lower case, by
// number.

// progTypes follow BPF_PROG_TYPE_.
var progTypes = []string{
	"unspec", "socket_filter", "kprobe", "sched_cls", "sched_act", "tracepoint", "xdp", "perf_event",
	"cgroup_skb", "cgroup_sock", "lwt_in", "lwt_out", "lwt_xmit", "sock_ops", "sk_skb",
	"cgroup_device", "sk_msg", "raw_tracepoint", "cgroup_sock_addr", "lwt_seg6local", "lirc_mode2",
	"sk_reuseport", "flow_dissector", "cgroup_sysctl", "raw_tracepoint_writable", "cgroup_sockopt",
	"tracing", "struct_ops", "ext", "lsm", "sk_lookup", "syscall", "netfilter",
}

// mapTypes follow BPF_MAP_TYPE_.
var mapTypes = []string{
	"unspec", "hash", "array", "prog_array", "perf_event_array", "percpu_hash", "percpu_array",
	"stack_trace", "cgroup_array", "lru_hash", "lru_percpu_hash", "lpm_trie", "array_of_maps",
	"hash_of_maps", "devmap", "sockmap", "cpumap", "xskmap", "sockhash", "cgroup_storage",
	"reuseport_sockarray", "percpu_cgroup_storage", "queue", "stack", "sk_storage", "devmap_hash",
	"struct_ops", "ringbuf", "inode_storage", "task_storage", "bloom_filter", "user_ringbuf",
	"cgrp_storage", "arena",
}

// attachTypes follow BPF_.
var attachTypes = []string{
	"cgroup_inet_ingress", "cgroup_inet_egress", "cgroup_inet_sock_create", "cgroup_sock_ops",
	"sk_skb_stream_parser", "sk_skb_stream_verdict", "cgroup_device", "sk_msg_verdict",
	"cgroup_inet4_bind", "cgroup_inet6_bind", "cgroup_inet4_connect", "cgroup_inet6_connect",
	"cgroup_inet4_post_bind", "cgroup_inet6_post_bind", "cgroup_udp4_sendmsg", "cgroup_udp6_sendmsg",
	"lirc_mode2", "flow_dissector", "cgroup_sysctl", "cgroup_udp4_recvmsg", "cgroup_udp6_recvmsg",
	"cgroup_getsockopt", "cgroup_setsockopt", "trace_raw_tp", "trace_fentry", "trace_fexit",
	"modify_return", "lsm_mac", "trace_iter", "cgroup_inet4_getpeername", "cgroup_inet6_getpeername",
	"cgroup_inet4_getsockname", "cgroup_inet6_getsockname", "xdp_devmap", "cgroup_inet_sock_release",
	"xdp_cpumap", "sk_lookup", "xdp", "sk_skb_verdict", "sk_reuseport_select",
	"sk_reuseport_select_or_migrate", "perf_event", "trace_kprobe_multi", "lsm_cgroup", "struct_ops",
	"netfilter", "tcx_ingress", "tcx_egress", "trace_uprobe_multi", "cgroup_unix_connect",
	"cgroup_unix_sendmsg", "cgroup_unix_recvmsg", "cgroup_unix_getpeername",
	"cgroup_unix_getsockname", "netkit_primary", "netkit_peer", "trace_kprobe_session",
	"trace_uprobe_session",
}

// progFlags follow BPF_F_, by bit.
var progFlags = []string{
	"strict_alignment", "any_alignment", "test_rnd_hi32", "test_state_freq", "sleepable",
	"xdp_has_frags", "xdp_dev_bound_only", "test_reg_invariants",
}

// mapFlags follow BPF_F_, by bit.
var mapFlags = []string{
	"no_prealloc", "no_common_lru", "numa_node", "rdonly", "wronly", "stack_build_id", "zero_seed",
	"rdonly_prog", "wronly_prog", "clone", "mmapable", "preserve_elems", "inner_map", "link",
	"path_fd", "vtype_btf_obj_fd", "token_fd", "segv_on_fault", "no_user_conv",
}

// enum is a set of numbered names.
type enum struct {
	what   string // "map type"
	prefix string // of the kernel's names
	names  []string
}

var (
	progTypeEnum   = enum{"program type", "BPF_PROG_TYPE_", progTypes}
	mapTypeEnum    = enum{"map type", "BPF_MAP_TYPE_", mapTypes}
	attachTypeEnum = enum{"attach type", "BPF_", attachTypes}
	progFlagEnum   = enum{"program flag", "BPF_F_", progFlags}
	mapFlagEnum    = enum{"map flag", "BPF_F_", mapFlags}
)

// number is the number of a name: short, the kernel's, or a number itself.
func (e enum) number(s string) (uint32, error) {
	if v, err := strconv.ParseUint(s, 0, 32); err == nil {
		return uint32(v), nil
	}
	short := strings.ToLower(strings.TrimPrefix(s, e.prefix))
	for n, name := range e.names {
		if name == short {
			return uint32(n), nil
		}
	}
	return 0, fmt.Errorf("unknown %s %q%s", e.what, s, suggest(short, e.names))
}

// name is the name of a number, or the number itself.
func (e enum) name(n uint32) string {
	if int64(n) < int64(len(e.names)) {
		return e.names[n]
	}
	return strconv.FormatUint(uint64(n), 10)
}

// flags reads names and numbers joined by "|".
func (e enum) flags(s string) (uint32, error) {
	var all uint32
	for part := range strings.SplitSeq(s, "|") {
		if v, err := strconv.ParseUint(part, 0, 32); err == nil {
			all |= uint32(v)
			continue
		}
		bit, err := e.number(part)
		if err != nil {
			return 0, err
		}
		all |= 1 << bit
	}
	return all, nil
}

// flagNames is the reverse of flags.
func (e enum) flagNames(v uint32) string {
	var parts []string
	for bit, name := range e.names {
		if v>>bit&1 != 0 {
			parts = append(parts, name)
			v &^= 1 << bit
		}
	}
	if v != 0 || len(parts) == 0 {
		parts = append(parts, fmt.Sprintf("%#x", v))
	}
	return strings.Join(parts, "|")
}

// suggest is "; did you mean ...?" for the name nearest to s, "" if none is
// near.
func suggest(s string, names []string) string {
	best, dist := "", 3
	if len(s) > 64 {
		return ""
	}
	for _, n := range names {
		if d := distance(s, n); d < dist {
			best, dist = n, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance is the number of edits between two names.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diag
			if a[i] != b[j] {
				cost++
			}
			diag = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
