// SPDX-License-Identifier: Apache-2.0
// Contexts, packets, return values and helpers by program and attach type.
#include "features.h"

int out;
char buf[64];
#define CTX void *ctx
#define SKB struct __sk_buff *ctx
#define STMT(x) { x; return 0; }
struct { __uint(type, BPF_MAP_TYPE_SK_STORAGE); __uint(map_flags, 1); __type(key, int); __type(value, int); } sks SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_CGRP_STORAGE); __uint(map_flags, 1); __type(key, int); __type(value, int); } cgs SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_TASK_STORAGE); __uint(map_flags, 1); __type(key, int); __type(value, int); } tks SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_CGROUP_STORAGE); __type(key, struct bpf_cgroup_storage_key); __type(value, int); } old SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_SOCKMAP); __uint(max_entries, 2); __type(key, int); __type(value, int); } sm SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_SOCKHASH); __uint(max_entries, 2); __type(key, int); __type(value, int); } sh SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY); __uint(max_entries, 2); __type(key, int); __type(value, u64); } ra SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_XSKMAP); __uint(max_entries, 2); __type(key, int); __type(value, int); } xsk SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_DEVMAP); __uint(max_entries, 2); __type(key, int); __type(value, int); } dev SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_DEVMAP_HASH); __uint(max_entries, 2); __type(key, int); __type(value, struct bpf_devmap_val); } devh SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_CPUMAP); __uint(max_entries, 2); __type(key, int); __type(value, int); } cpum SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(map_flags, 1); __uint(max_entries, 2); __type(key, u64); __type(value, int); } lpm SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_BLOOM_FILTER); __uint(max_entries, 2); __type(value, int); } bloom SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_QUEUE); __uint(max_entries, 2); __type(value, int); } queue SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_STACK_TRACE); __uint(max_entries, 2); __uint(key_size, 4); __uint(value_size, 80); } stk SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 4); } pe SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_CGROUP_ARRAY); __uint(max_entries, 2); __uint(key_size, 4); __uint(value_size, 4); } cga SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 2); __type(key, int); __type(value, int); } arr SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(map_flags, BPF_F_RDONLY_PROG); __uint(max_entries, 2); __type(key, int); __type(value, int); } rom SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(map_flags, BPF_F_WRONLY_PROG); __uint(max_entries, 2); __type(key, int); __type(value, int); } wom SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 2); __type(key, int); __type(value, int); } pca SEC(".maps");
struct inner_map { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 2); __type(key, int); __type(value, int); } inner SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 2); __type(key, int); __array(values, struct inner_map); } aom SEC(".maps") = { .values = { &inner } };
struct { __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS); __uint(max_entries, 2); __type(key, int); __array(values, struct inner_map); } hom SEC(".maps") = { .values = { &inner } };

// Socket options.
OK("cgroup/getsockopt") int getsockopt(struct bpf_sockopt *ctx) { u8 *p = ctx->optval, *e = ctx->optval_end; if (p + 1 > e) return 1; p[0] = 1; ctx->retval = 0; ctx->optlen = 1; return 1; }
BAD("cgroup/getsockopt", "R1 offset is outside of the packet") int getsockopt_unchecked(struct bpf_sockopt *ctx) { u8 *p = ctx->optval; p[0] = 1; return 1; }
BAD("cgroup/getsockopt", "At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]") int getsockopt_two(struct bpf_sockopt *ctx) { return 2; }
BAD("cgroup/getsockopt", "invalid bpf_context access off=24 size=4") int getsockopt_level(struct bpf_sockopt *ctx) { ctx->level = 2; return 1; }
OK("cgroup/setsockopt") int setsockopt(struct bpf_sockopt *ctx) { ctx->level = 1; ctx->optname = 2; ctx->optlen = 3; return ctx->sk->family & 1; }
BAD("cgroup/setsockopt", "invalid bpf_context access off=36 size=4") int setsockopt_retval(struct bpf_sockopt *ctx) { ctx->retval = 0; return 1; }
BAD("cgroup/setsockopt", "invalid bpf_context access off=36 size=4") int setsockopt_retval_read(struct bpf_sockopt *ctx) { return ctx->retval; }
OK("cgroup/setsockopt") int setsockopt_helper(struct bpf_sockopt *ctx) { bpf_set_retval(-1); return bpf_get_retval() & 1; }
BAD("cgroup/setsockopt", "R2 offset is outside of the packet") int setsockopt_packet_reg(struct bpf_sockopt *ctx) { u8 *p = ctx->optval, *e = ctx->optval_end; if (p + 4 > e) return 1; p[4] = 1; return 1; }
OK("cgroup/setsockopt") int setsockopt_probe(struct bpf_sockopt *ctx) { u8 *p = ctx->optval, *e = ctx->optval_end; if (p + 4 > e) return 1; bpf_probe_read_kernel(p, 4, NULL); return 1; }
BAD("cgroup/sysctl", "At program exit the register R0 has smin=0 smax=4294967295 should have been in [0, 1]") int sysctl(struct bpf_sysctl *ctx) { bpf_sysctl_get_name(ctx, buf, 8, 0); ctx->file_pos = 1; return ctx->write; }
BAD("cgroup/sysctl", "invalid bpf_context access off=0 size=4") int sysctl_write(struct bpf_sysctl *ctx) { ctx->write = 1; return 1; }
OK("cgroup/sysctl") int sysctl_new(struct bpf_sysctl *ctx) { return bpf_sysctl_set_new_value(ctx, buf, 8) == 0; }
OK("cgroup/dev") int dev_ok(struct bpf_cgroup_dev_ctx *ctx) { return ctx->major == 1; }
BAD("cgroup/dev", "At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]") int dev_two(struct bpf_cgroup_dev_ctx *ctx) { return 2; }
OK("cgroup/dev") int dev_narrow(struct bpf_cgroup_dev_ctx *ctx) { return *(volatile u16 *)&ctx->access_type & 1; }
BAD("cgroup/dev", "invalid bpf_context access off=4 size=2") int dev_narrow_major(struct bpf_cgroup_dev_ctx *ctx) { return *(volatile u16 *)&ctx->major & 1; }

// Sockets and their addresses.
#define ADDR struct bpf_sock_addr *ctx
OK("cgroup/connect4") int connect4(ADDR) { ctx->user_ip4 = 1; ctx->user_port = 2; return 1; }
BAD("cgroup/connect4", "invalid bpf_context access off=8 size=4") int connect4_ip6(ADDR) { ctx->user_ip6[0] = 1; return 1; }
BAD("cgroup/connect4", "invalid bpf_context access off=40 size=4") int connect4_src(ADDR) { ctx->msg_src_ip4 = 1; return 1; }
BAD("cgroup/connect4", "At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]") int connect4_two(ADDR) { return 2; }
OK("cgroup/connect6") int connect6(ADDR) { *(u64 *)&ctx->user_ip6[0] = 1; return ctx->sk->family & 1; }
OK("cgroup/bind4") int bind4_three(ADDR) { return 3; }
BAD("cgroup/bind4", "At program exit the register R0 has smin=4 smax=4 should have been in [0, 3]") int bind4_four(ADDR) { return 4; }
OK("cgroup/bind6") int bind6_two(ADDR) { return 2; }
OK("cgroup/sendmsg4") int sendmsg4(ADDR) { ctx->msg_src_ip4 = 1; return 1; }
BAD("cgroup/sendmsg4", "invalid bpf_context access off=44 size=4") int sendmsg4_src6(ADDR) { ctx->msg_src_ip6[0] = 1; return 1; }
OK("cgroup/sendmsg6") int sendmsg6(ADDR) { ctx->msg_src_ip6[0] = 1; return 1; }
BAD("cgroup/recvmsg4", "At program exit the register R0 has smin=0 smax=0 should have been in [1, 1]") int recvmsg4_zero(ADDR) { return 0; }
OK("cgroup/recvmsg4") int recvmsg4(ADDR) { return 1; }
BAD("cgroup/getpeername4", "At program exit the register R0 has smin=0 smax=0 should have been in [1, 1]") int getpeername4_zero(ADDR) { return 0; }
OK("cgroup/getsockname6") int getsockname6(ADDR) { return 1; }
OK("cgroup/connect_unix") int connect_unix(ADDR) { return ctx->user_family & 1; }
BAD("cgroup/connect_unix", "invalid bpf_context access off=4 size=4") int connect_unix_ip(ADDR) { return ctx->user_ip4; }
bpf_ksym int bpf_sock_addr_set_sun_path(struct bpf_sock_addr_kern *sa_kern, const u8 *sun_path, u32 sun_path__sz);
OK("cgroup/connect_unix") int connect_unix_path(ADDR) { bpf_sock_addr_set_sun_path(bpf_cast_to_kern_ctx(ctx), (u8 *)buf, 8); return 1; }
BAD("cgroup/getsockname_unix", "At program exit the register R0 has smin=0 smax=0 should have been in [1, 1]") int getsockname_unix_zero(ADDR) { return 0; }
OK("cgroup/connect4") int connect4_bind(ADDR) { struct sockaddr_in a = {}; return bpf_bind(ctx, (void *)&a, sizeof(a)) == 0; }
BAD("cgroup/bind4", "program of this type cannot use helper bpf_bind#64") int bind4_bind(ADDR) { struct sockaddr_in a = {}; return bpf_bind(ctx, (void *)&a, sizeof(a)) == 0; }
OK("cgroup/sock_create") int sock_create(struct bpf_sock *ctx) { ctx->mark = 1; ctx->bound_dev_if = 2; return 1; }
BAD("cgroup/sock_create", "invalid bpf_context access off=24 size=4") int sock_create_ip(struct bpf_sock *ctx) { return ctx->src_ip4 & 1; }
OK("cgroup/post_bind4") int post_bind4(struct bpf_sock *ctx) { return ctx->src_ip4 & 1; }
BAD("cgroup/post_bind4", "invalid bpf_context access off=28 size=4") int post_bind4_ip6(struct bpf_sock *ctx) { return ctx->src_ip6[0] & 1; }
BAD("cgroup/post_bind4", "invalid bpf_context access off=16 size=4") int post_bind4_mark(struct bpf_sock *ctx) { ctx->mark = 1; return 1; }
OK("cgroup/sock_release") int sock_release(struct bpf_sock *ctx) { ctx->mark = 1; return 1; }
OK("cgroup_skb/ingress") int ingress(SKB) { return ctx->len & 1; }
BAD("cgroup_skb/ingress", "At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]") int ingress_two(SKB) { return 2; }
OK("cgroup_skb/egress") int egress_three(SKB) { return 3; }
OK("cgroup/skb") int skb_one(SKB) { return 1; }
BAD("cgroup_skb/egress", "At program exit the register R0 has smin=4 smax=4 should have been in [0, 3]") int egress_four(SKB) { return 4; }
OK("sockops") int sockops_ok(struct bpf_sock_ops *ctx) { ctx->reply = 1; bpf_sock_ops_cb_flags_set(ctx, 1); return ctx->sk ? 1 : 0; }
BAD("sockops", "At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]") int sockops_two(struct bpf_sock_ops *ctx) { return 2; }
OK("sockops") int sockops_hdr(struct bpf_sock_ops *ctx) { bpf_load_hdr_opt(ctx, buf, 8, 0); bpf_store_hdr_opt(ctx, buf, 4, 0); bpf_reserve_hdr_opt(ctx, 4, 0); return 1; }
OK("sockops") int sockops_map(struct bpf_sock_ops *ctx) { int k = 0; bpf_sock_map_update(ctx, &sm, &k, 0); bpf_sock_hash_update(ctx, &sh, &k, 0); return 1; }
bpf_ksym int bpf_sock_ops_enable_tx_tstamp(struct bpf_sock_ops_kern *skops, u64 flags);
OK("sockops") int sockops_tstamp(struct bpf_sock_ops *ctx) { bpf_sock_ops_enable_tx_tstamp(bpf_cast_to_kern_ctx(ctx), 0); return 1; }
BAD("sockops", "arg#0 pointer type STRUCT bpf_sock_ops_kern must point to scalar, or struct with scalar") int sockops_tstamp_plain(struct bpf_sock_ops *ctx) { bpf_sock_ops_enable_tx_tstamp((void *)ctx, 0); return 1; }
OK("sk_lookup") int sk_lookup_ok(struct bpf_sk_lookup *ctx) { int k = 0; struct bpf_sock *s = bpf_map_lookup_elem(&sm, &k); if (!s) return 1; bpf_sk_assign(ctx, s, 0); bpf_sk_release(s); return 1; }
BAD("sk_lookup", "BPF_EXIT instruction in main prog would lead to reference leak") int sk_lookup_leak(struct bpf_sk_lookup *ctx) { int k = 0; return bpf_map_lookup_elem(&sm, &k) != NULL; }
BAD("sk_lookup", "At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]") int sk_lookup_two(struct bpf_sk_lookup *ctx) { return 2; }
BAD("sk_lookup", "R0 32-bit pointer arithmetic prohibited") int sk_lookup_null(struct bpf_sk_lookup *ctx) { bpf_sk_assign(ctx, NULL, 0); return ctx->cookie & 1; }
OK("sk_reuseport") int reuseport(struct sk_reuseport_md *ctx) { int k = 0; return bpf_sk_select_reuseport(ctx, &ra, &k, 0) == 0; }
OK("sk_reuseport/migrate") int reuseport_migrate(struct sk_reuseport_md *ctx) { return ctx->migrating_sk ? 1 : 0; }
OK("sk_reuseport") int reuseport_sockmap(struct sk_reuseport_md *ctx) { int k = 0; return bpf_sk_select_reuseport(ctx, &sm, &k, 0) == 0; }
OK("sk_msg") int sk_msg_ok(struct sk_msg_md *ctx) { u8 *p = ctx->data; if (p + 1 > (u8 *)ctx->data_end) return 1; p[0] = 1; bpf_msg_apply_bytes(ctx, 1); return 1; }
BAD("sk_msg", "R6 invalid mem access 'scalar'") int sk_msg_push(struct sk_msg_md *ctx) { u8 *p = ctx->data; if (p + 1 > (u8 *)ctx->data_end) return 1; bpf_msg_push_data(ctx, 0, 4, 0); return *p & 1; }
OK("sk_msg") int sk_msg_redirect(struct sk_msg_md *ctx) { return bpf_msg_redirect_map(ctx, &sm, 0, 0); }
BAD("sk_msg", "cannot pass map_type 2 into func bpf_msg_redirect_map#60") int sk_msg_redirect_arr(struct sk_msg_md *ctx) { return bpf_msg_redirect_map(ctx, (void *)&arr, 0, 0); }
OK("sk_skb/stream_verdict") int sk_skb(SKB) { return bpf_sk_redirect_map(ctx, &sm, 0, 0); }
OK("flow_dissector") int flow(SKB) { ctx->flow_keys->nhoff = 3; return 1; }
OK("lwt_xmit") int lwt_xmit_ok(SKB) { return bpf_lwt_push_encap(ctx, BPF_LWT_ENCAP_IP, buf, 8); }
BAD("lwt_in", "cannot write into packet") int lwt_in_write(SKB) { u8 *p = (void *)(long)ctx->data; if (p + 1 > (u8 *)(long)ctx->data_end) return 0; p[0] = 1; return 0; }
OK("lwt_xmit") int lwt_xmit_write(SKB) { u8 *p = (void *)(long)ctx->data; if (p + 1 > (u8 *)(long)ctx->data_end) return 0; p[0] = 1; return 0; }
OK("netfilter") int nf(struct bpf_nf_ctx *ctx) { return ctx->state->hook & 1; }
BAD("netfilter", "At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]") int nf_two(struct bpf_nf_ctx *ctx) { return 2; }
BAD("netfilter", "only read is supported") int nf_write(struct bpf_nf_ctx *ctx) { ctx->skb->mark = 1; return 1; }

// Packets.
#define PKT u8 *p = (void *)(long)ctx->data, *e = (void *)(long)ctx->data_end
OK("tc") int pkt_le(SKB) { PKT; if (p + 14 <= e) return p[13] * 0; return 0; }
OK("tc") int pkt_lt_off(SKB) { PKT; if (p + 14 < e) return p[15] * 0; return 0; }
OK("tc") int pkt_lt(SKB) { PKT; if (p + 14 < e) return p[14] * 0; return 0; }
OK("tc") int pkt_end_first(SKB) { PKT; if (e < p + 14) return 0; return p[13] * 0; }
OK("tc") int pkt_eq(SKB) { PKT; if (p + 14 == e) return p[13] * 0; return 0; }
BAD("tc", "R1 offset is outside of the packet") int pkt_negative(SKB) { PKT; if (p + 14 > e) return 0; return p[-1]; }
OK("tc") int pkt_variable(SKB) { PKT; u32 n = ctx->len & 15; if (p + n + 4 > e) return 0; return p[n + 3] * 0; }
BAD("tc", "R2 offset is outside of the packet") int pkt_variable_unbounded(SKB) { PKT; u64 n = ctx->len; n <<= 20; p += n; if (p + 4 > e) return 0; return p[3]; }
OK("tc") int pkt_variable_u16(SKB) { PKT; u64 n = ctx->len & 0xfff0; p += n; if (p + 4 > e) return 0; return p[3] * 0; }
OK("tc") int pkt_variable_u17(SKB) { PKT; u64 n = ctx->len & 0x1ffff; p += n; if (p + 4 > e) return 0; return p[3] * 0; }
BAD("tc", "R2 offset is outside of the packet") int pkt_other_id(SKB) { PKT; u8 *q = p + (ctx->len & 3), *r = p + (ctx->mark & 3); if (q + 4 > e) return 0; return r[3]; }
OK("tc") int pkt_meta(SKB) { u8 *p = (void *)(long)ctx->data_meta, *d = (void *)(long)ctx->data; if (p + 4 > d) return 0; return p[3] * 0; }
BAD("tc", "R1 offset is outside of the packet") int pkt_meta_end(SKB) { u8 *p = (void *)(long)ctx->data_meta, *d = (void *)(long)ctx->data_end; if (p + 4 > d) return 0; return p[3]; }
BAD("tc", "R6 invalid mem access 'scalar'") int pkt_pull(SKB) { PKT; if (p + 4 > e) return 0; bpf_skb_pull_data(ctx, 4); return p[3]; }
OK("tc") int pkt_to_map(SKB) { PKT; if (p + 4 > e) return 0; return bpf_map_lookup_elem(&arr, p) ? 1 : 0; }
BAD("tc", "R2 offset is outside of the packet") int pkt_to_map_short(SKB) { PKT; if (p + 3 > e) return 0; return bpf_map_lookup_elem(&arr, p) ? 1 : 0; }
BAD("cgroup_skb/egress", "cannot write into packet") int pkt_cgroup_write(SKB) { PKT; if (p + 1 > e) return 1; p[0] = 1; return 1; }
OK("xdp") int pkt_xdp_sub(struct xdp_md *ctx) { PKT; return (e - p) & 1; }
OK("tc") int pkt_loop(SKB) { PKT; int i, s = 0; for (i = 0; i < 10; i++) { if (p + i + 1 > e) break; s += p[i]; } return s * 0; }
OK("tc") int ld_abs(SKB) { asm volatile("r6 = r1; r0 = *(u8 *)skb[0];" ::: "r0", "r1", "r2", "r3", "r4", "r5", "r6"); return 0; }

// Maps.
BAD("tc", "write into map forbidden, value_size=4 off=0 size=4") int lookup_rom_write(SKB) { int k = 1, *v = bpf_map_lookup_elem(&rom, &k); if (v) *v = 1; return 0; }
BAD("tc", "read from map forbidden, value_size=4 off=0 size=4") int lookup_wom_read(SKB) { int k = 1, *v = bpf_map_lookup_elem(&wom, &k); return v ? *(volatile int *)v : 0; }
OK("tc") int lookup_wom_write(SKB) { int k = 1, *v = bpf_map_lookup_elem(&wom, &k); if (v) *(volatile int *)v = 1; return 0; }
BAD("tc", "write into map forbidden") int update_rom(SKB) { int k = 1; return bpf_map_update_elem(&rom, &k, &k, 0); }
OK("tc") int lookup_const_key(SKB) { int k = 1; return *(int *)bpf_map_lookup_elem(&arr, &k) * 0; }
OK("tc") int lookup_const_percpu(SKB) { int k = 1; return *(int *)bpf_map_lookup_elem(&pca, &k) * 0; }
OK("tc") int lookup_const_outside(SKB) { int k = 2; return *(int *)bpf_map_lookup_elem(&arr, &k) * 0; }
BAD("tc", "R0 invalid mem access 'map_value_or_null'") int lookup_const_inner(SKB) { int k = 1; void *m = bpf_map_lookup_elem(&aom, &k); return m ? *(int *)bpf_map_lookup_elem(m, &k) : 0; }
BAD("tc", "R1 type=map_value_or_null expected=map_ptr") int lookup_const_outer(SKB) { int k = 1; return bpf_map_lookup_elem(bpf_map_lookup_elem(&aom, &k), &k) ? 1 : 0; }
OK("tc") int lookup_inner(SKB) { int k = ctx->len; void *m = bpf_map_lookup_elem(&hom, &k); int *v; if (!m) return 0; v = bpf_map_lookup_elem(m, &k); return v ? *v * 0 : 0; }
OK("tc") int lookup_inner_read(SKB) { int k = ctx->len; int *m = bpf_map_lookup_elem(&hom, &k); return m ? *m : 0; }
BAD("tc", "R3 type=map_ptr expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_") int update_outer(SKB) { int k = 1; return bpf_map_update_elem(&aom, &k, &inner, 0); }
BAD("tc", "invalid zero-sized read") int lookup_queue(SKB) { int k = 1; return bpf_map_lookup_elem(&queue, &k) != NULL; }
OK("tc") int queue_ops(SKB) { int v = 1; bpf_map_push_elem(&queue, &v, 0); bpf_map_pop_elem(&queue, &v); return bpf_map_peek_elem(&queue, &v) * 0; }
OK("tc") int bloom_ops(SKB) { int v = 1; bpf_map_push_elem(&bloom, &v, 0); return bpf_map_peek_elem(&bloom, &v) * 0; }
BAD("tc", "cannot pass map_type 30 into func bpf_map_pop_elem#88") int bloom_pop(SKB) { int v = 1; return bpf_map_pop_elem(&bloom, &v); }
OK("tc") int lpm_lookup(SKB) { u64 k = 32; int *v = bpf_map_lookup_elem(&lpm, &k); return v ? *v * 0 : 0; }
BAD("tc", "cannot pass map_type 7 into func bpf_map_lookup_elem#1") int stack_lookup(SKB) { int k = 1; return bpf_map_lookup_elem(&stk, &k) != NULL; }
OK("tc") int perf_out(SKB) { return bpf_perf_event_output(ctx, &pe, 0, buf, 8) * 0; }
BAD("tc", "cannot pass map_type 4 into func bpf_map_lookup_elem#1") int perf_lookup(SKB) { int k = 1; return bpf_map_lookup_elem(&pe, &k) != NULL; }
OK("tc") int under_cgroup(SKB) { return bpf_skb_under_cgroup(ctx, &cga, 0) * 0; }
OK("xdp") int xdp_redirect(struct xdp_md *ctx) { return bpf_redirect_map(&dev, 0, 0) + bpf_redirect_map(&devh, 0, 0) + bpf_redirect_map(&cpum, 0, 0) + bpf_redirect_map(&xsk, 0, 0); }
OK("xdp") int xsk_lookup(struct xdp_md *ctx) { int k = 0; struct bpf_xdp_sock *s = bpf_map_lookup_elem(&xsk, &k); return s ? s->queue_id * 0 : 0; }
OK("tc") int xsk_lookup_tc(SKB) { int k = 0; return bpf_map_lookup_elem(&xsk, &k) != NULL; }
OK("xdp") int dev_lookup(struct xdp_md *ctx) { int k = 0; return bpf_map_lookup_elem(&dev, &k) != NULL; }
BAD("tc", "R3 type=fp expected=sock_common, sock, tcp_sock, xdp_sock, ptr_, trusted_ptr_") int sockmap_update_scalar(SKB) { int k = 0; return bpf_map_update_elem(&sm, &k, &k, 0); }
OK("tc") int sockmap_copy(SKB) { int k = 0; struct bpf_sock *s = bpf_map_lookup_elem(&sm, &k); if (!s) return 0; bpf_map_update_elem(&sh, &k, s, 0); bpf_sk_release(s); return 0; }
OK("tc") int sk_storage(SKB) { struct bpf_sock *s = ctx->sk; int *v; if (!s) return 0; s = bpf_sk_fullsock(s); if (!s) return 0; v = bpf_sk_storage_get(&sks, s, NULL, 1); return v ? *v * 0 : 0; }
OK("tc") int sk_storage_common(SKB) { struct bpf_sock *s = ctx->sk; int *v; if (!s) return 0; v = bpf_sk_storage_get(&sks, s, NULL, 1); return v ? *v * 0 : 0; }
BAD("tc", "R2 type=sock_common_or_null expected=sock_common, sock, tcp_sock, xdp_sock, ptr_, trusted_ptr_") int sk_storage_null(SKB) { return bpf_sk_storage_get(&sks, ctx->sk, NULL, 1) != NULL; }
BAD("tc", "R3 type=scalar expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_") int sk_storage_value(SKB) { struct bpf_sock *s = ctx->sk; if (!s) return 0; return bpf_sk_storage_get(&sks, s, (void *)8, 1) != NULL; }
OK("cgroup_skb/egress") int cgroup_storage(SKB) { int *v = bpf_get_local_storage(&old, 0); return *v & 1; }
BAD("cgroup_skb/egress", "get_local_storage() doesn't support non-zero flags") int cgroup_storage_flags(SKB) { int *v = bpf_get_local_storage(&old, 1); return *v & 1; }
OK("tp_btf/task_newtask") int BPF_PROG(task_storage, struct task_struct *t, u64 f) { int *v = bpf_task_storage_get(&tks, t, NULL, 1); return v ? *v * 0 : 0; }
OK("tp_btf/task_newtask") int BPF_PROG(task_storage_maybe_null, struct task_struct *t, u64 f) { int *v = bpf_task_storage_get(&tks, t->real_parent, NULL, 1); return v ? *v * 0 : 0; }
OK("tp_btf/task_newtask") int BPF_PROG(task_storage_walked, struct task_struct *t, u64 f) { int *v = bpf_task_storage_get(&tks, t->last_wakee, NULL, 1); return v ? *v * 0 : 0; }
OK("tp_btf/task_newtask") int BPF_PROG(cgrp_storage, struct task_struct *t, u64 f) { int *v = bpf_cgrp_storage_get(&cgs, t->cgroups->dfl_cgrp, NULL, 1); return v ? *v * 0 : 0; }
BAD("syscall", "R2 type=untrusted_ptr_ expected=ptr_, trusted_ptr_, rcu_ptr_") int task_storage_sleeps_rcu(CTX) { struct task_struct *t = bpf_get_current_task_btf(); struct task_struct *p = t->real_parent; int *v = bpf_task_storage_get(&tks, p, NULL, 1); return v ? *v : 0; }
