// SPDX-License-Identifier: Apache-2.0
// Arguments of helpers: memory and its size, constants, strings, sockets.
#include "features.h"

int out;
char buf[64];
const char rotext[] = "%d %s\n";
const volatile char rovar[8] = "abc";
char writable[8] = "abc";
const char unterminated[4] = {'a', 'b', 'c', 'd'};
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 2); __type(key, int); __type(value, char[32]); } arr SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
#define CTX void *ctx
#define SKB struct __sk_buff *ctx
#define RND bpf_get_prandom_u32()

// Sizes.
OK("kprobe") int size_const(CTX) { char b[8]; return bpf_probe_read_kernel(b, 8, ctx); }
BAD("kprobe", "invalid write to stack R1 off=-8 size=9") int size_big(CTX) { char b[8]; return bpf_probe_read_kernel(b, 9, ctx); }
OK("kprobe") int size_zero(CTX) { char b[8]; return bpf_probe_read_kernel(b, 0, ctx); }
BAD("kprobe", "R1 type=scalar expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_") int size_zero_null(CTX) { return bpf_probe_read_kernel(NULL, 0, ctx); }
BAD("kprobe", "R1 type=scalar expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_") int size_null(CTX) { return bpf_probe_read_kernel(NULL, 8, ctx); }
OK("kprobe") int size_bounded(CTX) { char b[16]; u32 n = RND; if (n > 16) return 0; return bpf_probe_read_kernel(b, n, ctx); }
BAD("kprobe", "invalid write to stack R1 off=-16 size=17") int size_over(CTX) { char b[16]; u32 n = RND; if (n > 17) return 0; return bpf_probe_read_kernel(b, n, ctx); }
OK("kprobe") int size_masked(CTX) { return bpf_probe_read_kernel(buf, RND & 63, ctx); }
OK("kprobe") int size_masked_over(CTX) { return bpf_probe_read_kernel(buf, RND & 127, ctx); }
BAD("kprobe", "R2 unbounded memory access, use 'var &= const' or 'if (var < const)'") int size_signed(CTX) { s64 n = (s32)RND; if (n > 16) return 0; return bpf_probe_read_kernel(buf, n, ctx); }
OK("kprobe") int size_signed_checked(CTX) { s64 n = (s32)RND; if (n > 16 || n < 0) return 0; return bpf_probe_read_kernel(buf, n, ctx); }
BAD("kprobe", "R2 unbounded memory access, use 'var &= const' or 'if (var < const)'") int size_unbounded(CTX) { return bpf_probe_read_kernel(buf, RND, ctx); }
BAD("kprobe", "R2 type=ctx expected=scalar") int size_pointer(CTX) { return bpf_probe_read_kernel(buf, (u32)(long)ctx, ctx); }
OK("kprobe") int size_with_offset(CTX) { u32 o = RND & 31, n = RND & 31; return bpf_probe_read_kernel(buf + o, n, ctx); }
OK("kprobe") int size_with_offset_over(CTX) { u32 o = RND & 63, n = RND & 31; return bpf_probe_read_kernel(buf + o, n, ctx); }
BAD("tc", "R4 invalid zero-sized read: u64=[0,0]") int size_not_zero(SKB) { char b[8]; return bpf_skb_load_bytes(ctx, 0, b, 0); }
BAD("tc", "R4 invalid zero-sized read: u64=[0,7]") int size_maybe_zero(SKB) { char b[8]; return bpf_skb_load_bytes(ctx, 0, b, ctx->len & 7); }
OK("tc") int size_at_least_one(SKB) { char b[8]; return bpf_skb_load_bytes(ctx, 0, b, (ctx->len & 7) | 1); }
OK("tc") int csum_nulls(SKB) { return bpf_csum_diff(NULL, 0, (void *)buf, 4, 0) * 0; }
OK("tc") int csum_odd(SKB) { return bpf_csum_diff((void *)buf, 65, NULL, 0, 0) * 0; }
OK("tc") int reads_uninit_stack(SKB) { char b[8]; asm volatile("" :: "r"(b)); return bpf_skb_store_bytes(ctx, 0, b, 8, 0) * 0; }
OK("tc") int reads_pointer_stack(SKB) { u64 v = (long)ctx; return bpf_skb_store_bytes(ctx, 0, &v, 8, 0) * 0; }

// Strings.
OK("kprobe") int printk(CTX) { bpf_trace_printk(rotext, sizeof(rotext), 1, NULL); return 0; }
OK("kprobe") int printk_stack(CTX) { char f[] = "hello"; bpf_trace_printk(f, sizeof(f)); return 0; }
OK("kprobe") int snprintf_ok(CTX) { u64 a[] = {1, (long)buf}; return bpf_snprintf(buf, 8, rotext, a, 16); }
BAD("kprobe", "R3 does not point to a readonly map'") int snprintf_writable(CTX) { u64 a[] = {1}; return bpf_snprintf(buf, 8, writable, a, 8); }
OK("kprobe") int snprintf_unterminated(CTX) { u64 a[] = {1}; return bpf_snprintf(buf, 8, unterminated, a, 8); }
BAD("kprobe", "Invalid format string") int snprintf_args(CTX) { u64 a[] = {1}; return bpf_snprintf(buf, 8, rotext, a, 8); }
BAD("kprobe", "R3 type=fp expected=map_value") int snprintf_stack_fmt(CTX) { char f[] = "%d"; u64 a[] = {1}; return bpf_snprintf(buf, 8, f, a, 8); }
static const char badfmt[] = "%y";
static const char percent[] = "100%%";
BAD("kprobe", "Invalid format string") int snprintf_bad(CTX) { u64 a[] = {1}; return bpf_snprintf(buf, 8, badfmt, a, 8); }
OK("kprobe") int snprintf_percent(CTX) { return bpf_snprintf(buf, 8, percent, NULL, 0); }
OK("kprobe") int strncmp_ok(CTX) { return bpf_strncmp(buf, 4, (char *)rotext) * 0; }
BAD("kprobe", "R3 does not point to a readonly map'") int strncmp_writable(CTX) { return bpf_strncmp(buf, 4, writable); }
OK("kprobe") int strtol_ok(CTX) { long v; return bpf_strtol(buf, 8, 0, &v); }
BAD("kprobe", "misaligned stack access off 0+-12+0 size 8") int strtol_misaligned(CTX) { char b[16]; return bpf_strtol(buf, 8, 0, (long *)(b + 4)); }
OK("kprobe") int strtol_to_map(CTX) { return bpf_strtol(buf, 8, 0, (long *)(buf + 8)); }
BAD("kprobe", "write into map forbidden, value_size=49 off=7 size=8") int strtol_to_rodata(CTX) { return bpf_strtol(buf, 8, 0, (long *)rovar); }
BAD("kprobe", "write into map forbidden, value_size=49 off=7 size=4") int write_rodata(CTX) { return bpf_probe_read_kernel((void *)rovar, 4, ctx); }
OK("kprobe") int rodata_known(CTX) { if (rovar[0] != 'a') return *(volatile int *)0; return 0; }
BAD("kprobe", "R1 invalid mem access 'scalar'") int data_unknown(CTX) { if (((volatile char *)writable)[0] != 'a') asm volatile("r1 = 0; r0 = *(u32 *)(r1 + 0);" ::: "r0", "r1"); return 0; }
OK("kprobe") int snprintf_btf_(CTX) { struct btf_ptr p = { .ptr = ctx, .type_id = 1 }; return bpf_snprintf_btf(buf, 8, &p, sizeof(p), 0); }

// Ring buffer records.
OK("kprobe") int record(CTX) { u64 *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; *p = 1; bpf_ringbuf_submit(p, 0); return 0; }
BAD("kprobe", "R2 is not a known constant'") int record_size(CTX) { u64 *p = bpf_ringbuf_reserve(&rb, RND & 7, 0); if (p) bpf_ringbuf_submit(p, 0); return 0; }
OK("kprobe") int record_in_helper(CTX) { u64 *p = bpf_ringbuf_reserve(&rb, 64, 0); if (!p) return 0; bpf_probe_read_kernel(p, 64, ctx); bpf_ringbuf_discard(p, 0); return 0; }
BAD("kprobe", "R1 min value is outside of the allowed memory range") int record_in_helper_over(CTX) { u64 *p = bpf_ringbuf_reserve(&rb, 64, 0); if (!p) return 0; bpf_probe_read_kernel(p + 1, 64, ctx); bpf_ringbuf_discard(p, 0); return 0; }
BAD("kprobe", "R1 must have zero offset when passed to release func or trusted arg to kfunc") int record_moved(CTX) { u64 *p = bpf_ringbuf_reserve(&rb, 64, 0); if (!p) return 0; bpf_ringbuf_discard(p + 1, 0); return 0; }
OK("kprobe") int record_variable(CTX) { char *p = bpf_ringbuf_reserve(&rb, 64, 0); if (!p) return 0; p[RND & 63] = 1; bpf_ringbuf_discard(p, 0); return 0; }
BAD("kprobe", "R1 type=map_value expected=ringbuf_mem") int record_submit_value(CTX) { bpf_ringbuf_submit(buf, 0); return 0; }
BAD("kprobe", "R1 type=ringbuf_mem_or_null expected=ringbuf_mem") int record_submit_null(CTX) { u64 *p = bpf_ringbuf_reserve(&rb, 8, 0); bpf_ringbuf_submit(p, 0); return 0; }
OK("kprobe") int ringbuf_out(CTX) { return bpf_ringbuf_output(&rb, buf, 64, 0) + bpf_ringbuf_query(&rb, 0); }
OK("kprobe") int record_to_output(CTX) { u64 *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; bpf_ringbuf_output(&rb, p, 8, 0); bpf_ringbuf_submit(p, 0); return 0; }
BAD("kprobe", "BPF_EXIT instruction in main prog would lead to reference leak") int record_across_sub(CTX) { u64 *p = bpf_ringbuf_reserve(&rb, 8, 0); return p != NULL; }

// Sockets.
#define TUPLE struct bpf_sock_tuple t = {}
OK("tc") int sk_lookup(SKB) { TUPLE; struct bpf_sock *s = bpf_sk_lookup_tcp(ctx, &t, sizeof(t.ipv4), -1, 0); if (s) bpf_sk_release(s); return 0; }
BAD("tc", "BPF_EXIT instruction in main prog would lead to reference leak") int sk_lookup_leak(SKB) { TUPLE; struct bpf_sock *s = bpf_sk_lookup_tcp(ctx, &t, sizeof(t.ipv4), -1, 0); return s != NULL; }
BAD("tc", "R1 type=scalar expected=sock_common, sock, tcp_sock, xdp_sock, ptr_, trusted_ptr_") int sk_lookup_twice(SKB) { TUPLE; struct bpf_sock *s = bpf_sk_lookup_tcp(ctx, &t, sizeof(t.ipv4), -1, 0); if (s) { bpf_sk_release(s); bpf_sk_release(s); } return 0; }
BAD("tc", "R1 type=sock_or_null expected=sock_common, sock, tcp_sock, xdp_sock, ptr_, trusted_ptr_") int sk_lookup_unchecked(SKB) { TUPLE; struct bpf_sock *s = bpf_sk_lookup_tcp(ctx, &t, sizeof(t.ipv4), -1, 0); bpf_sk_release(s); return 0; }
BAD("tc", "R1 must be referenced when passed to release function") int sk_release_ctx(SKB) { struct bpf_sock *s = ctx->sk; if (s) bpf_sk_release(s); return 0; }
OK("tc") int sk_tcp(SKB) { TUPLE; struct bpf_sock *s = bpf_sk_lookup_tcp(ctx, &t, sizeof(t.ipv4), -1, 0); struct bpf_tcp_sock *p; if (!s) return 0; p = bpf_tcp_sock(s); if (p) out = p->snd_cwnd; bpf_sk_release(s); return 0; }
BAD("tc", "R8 invalid mem access 'scalar'") int sk_tcp_after(SKB) { TUPLE; struct bpf_sock *s = bpf_sk_lookup_tcp(ctx, &t, sizeof(t.ipv4), -1, 0); struct bpf_tcp_sock *p; if (!s) return 0; p = bpf_tcp_sock(s); bpf_sk_release(s); return p ? p->snd_cwnd : 0; }
OK("tc") int sk_release_tcp(SKB) { TUPLE; struct bpf_sock *s = bpf_sk_lookup_tcp(ctx, &t, sizeof(t.ipv4), -1, 0); struct bpf_tcp_sock *p; if (!s) return 0; p = bpf_tcp_sock(s); if (!p) { bpf_sk_release(s); return 0; } bpf_sk_release((void *)p); return 0; }
OK("tc") int skc_lookup(SKB) { TUPLE; struct bpf_sock *s = bpf_skc_lookup_tcp(ctx, &t, sizeof(t.ipv4), -1, 0); if (s) { out = s->state; bpf_sk_release(s); } return 0; }
OK("tc") int skc_to_tcp(SKB) { TUPLE; struct bpf_sock *s = bpf_skc_lookup_tcp(ctx, &t, sizeof(t.ipv4), -1, 0); struct tcp_sock *p; if (!s) return 0; p = bpf_skc_to_tcp_sock(s); if (p) out = p->snd_cwnd; bpf_sk_release(s); return 0; }
BAD("tc", "R8 invalid mem access 'scalar'") int skc_to_tcp_after(SKB) { TUPLE; struct bpf_sock *s = bpf_skc_lookup_tcp(ctx, &t, sizeof(t.ipv4), -1, 0); struct tcp_sock *p; if (!s) return 0; p = bpf_skc_to_tcp_sock(s); bpf_sk_release(s); return p ? p->snd_cwnd : 0; }
OK("tc") int listener(SKB) { struct bpf_sock *s = ctx->sk; if (!s) return 0; s = bpf_get_listener_sock(s); return s ? s->src_port * 0 : 0; }
OK("tc") int assign(SKB) { TUPLE; struct bpf_sock *s = bpf_sk_lookup_udp(ctx, &t, sizeof(t.ipv4), -1, 0); if (!s) return 0; bpf_sk_assign(ctx, s, 0); bpf_sk_release(s); return 0; }
BAD("tc", "R2 type=scalar expected=sock_common, sock, tcp_sock, xdp_sock, ptr_, trusted_ptr_") int assign_null(SKB) { return bpf_sk_assign(ctx, NULL, 0); }
BAD("tc", "R2 pointer arithmetic on sock prohibited") int sock_wide_port(SKB) { struct bpf_sock *s = ctx->sk; if (!s) return 0; s = bpf_sk_fullsock(s); return s ? *(volatile u64 *)&s->dst_port : 0; }
OK("tc") int sock_port_half(SKB) { struct bpf_sock *s = ctx->sk; if (!s) return 0; s = bpf_sk_fullsock(s); return s ? *(volatile u16 *)&s->dst_port * 0 : 0; }

// Results.
OK("kprobe") int stack_range(CTX) { long n = bpf_get_stack(ctx, buf, 64, 0); if (n > 64) asm volatile("r1 = 0; r0 = *(u32 *)(r1 + 0);" ::: "r0", "r1"); return 0; }
OK("kprobe") int stack_index(CTX) { long n = bpf_get_stack(ctx, buf, 32, 0); if (n < 0) return 0; return bpf_probe_read_kernel(buf + n, 32, ctx); }
OK("kprobe") int stack_index_over(CTX) { long n = bpf_get_stack(ctx, buf, 33, 0); if (n < 0) return 0; return bpf_probe_read_kernel(buf + n, 32, ctx); }
OK("kprobe") int str_index(CTX) { long n = bpf_probe_read_kernel_str(buf, 32, ctx); if (n < 0) return 0; buf[n] = 0; return 0; }
BAD("kprobe", "R6 min value is negative, either use unsigned index or do a if (index >=0) check.") int str_unchecked(CTX) { long n = bpf_probe_read_kernel_str(buf, 32, ctx); buf[n] = 0; return 0; }
OK("kprobe") int func_ip(CTX) { return bpf_get_func_ip(ctx) * 0 + bpf_get_attach_cookie(ctx) * 0; }
BAD("tp/sched/sched_switch", "func bpf_get_func_ip#173 not supported for program type 5") int func_ip_tp(CTX) { return bpf_get_func_ip(ctx) * 0; }
OK("kprobe") int pid_ns(CTX) { struct bpf_pidns_info i; return bpf_get_ns_current_pid_tgid(1, 2, &i, sizeof(i)); }
BAD("kprobe", "invalid write to stack R1 off=-8 size=9") int override(CTX) { char b[8]; bpf_get_current_comm(b, 9); return 0; }
OK("kprobe") int comm(CTX) { char b[16]; bpf_get_current_comm(b, 16); return b[15]; }
OK("syscall") int sys_bpf_map(CTX) { static union bpf_attr a; return bpf_sys_bpf(BPF_MAP_CREATE, &a, sizeof(a)); }
OK("syscall") int kallsyms(CTX) { u64 v; return bpf_kallsyms_lookup_name(rotext, sizeof(rotext), 0, &v); }
OK("perf_event") int perf_value(struct bpf_perf_event_data *ctx) { struct bpf_perf_event_value v; return bpf_perf_prog_read_value(ctx, &v, sizeof(v)); }
BAD("perf_event", "dereference of modified ctx ptr R1 off=168 disallowed") int perf_period_narrow(struct bpf_perf_event_data *ctx) { return ((volatile u8 *)&ctx->sample_period)[9]; }
OK("kprobe.session") int session(CTX) { return 1; }
BAD("kprobe.session", "At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]") int session_two(CTX) { return 2; }
OK("kprobe") int per_cpu_id(CTX) { return buf[bpf_get_smp_processor_id() & 63]; }
