// SPDX-License-Identifier: Apache-2.0
// Depth of the stack: shared and private, tail calls, callbacks.
#include "features.h"

int out;
struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries, 2); __type(key, int); __type(value, int); } progs SEC(".maps");
struct tval { struct bpf_timer t; struct bpf_wq w; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, struct tval); } tm SEC(".maps");

// FRAME(name, n, ...): a static function with a frame of n bytes.
#define FRAME(name, n, text) __attribute__((used)) static __noinline __naked int name(void) { asm volatile("*(u64 *)(r10 - " #n ") = 0;" text "r0 = 0; exit;" ::); }
#define MAIN(name, n, text) __naked int name(void) { asm volatile("*(u64 *)(r10 - " #n ") = 0;" text "r0 = 0; exit;" ::); }
#define STUB(name, n, callee) FRAME(name, n, "call " #callee ";")
FRAME(f512, 512, "") FRAME(f504, 504, "") FRAME(f256, 256, "") FRAME(f240, 240, "") FRAME(f16, 16, "") FRAME(f8, 8, "") FRAME(f56, 56, "") FRAME(f64, 64, "")
STUB(d2, 512, f512) STUB(d3, 512, d2) STUB(d4, 512, d3) STUB(d5, 512, d4) STUB(d6, 512, d5) STUB(d7, 512, d6) STUB(d8, 512, d7)
__attribute__((used)) static __noinline __naked int none(void) { asm volatile("r0 = 0; exit;"); }

OK("socket") MAIN(sock_256_240, 256, "call f240;")
OK("socket") MAIN(sock_256_256, 256, "call f256;")
BAD("socket", "combined stack size of 2 calls is 528. Too large") MAIN(sock_256_256_8, 264, "call f256;")
OK("socket") MAIN(sock_512, 512, "")
OK("socket") MAIN(sock_512_none, 512, "call none;")
BAD("socket", "combined stack size of 2 calls is 528. Too large") MAIN(sock_512_8, 512, "call f8;")
BAD("socket", "invalid write to stack R10 off=-520 size=8") MAIN(sock_520, 520, "")
OK("socket") MAIN(sock_two_calls, 256, "call f256; call f240;")
OK("kprobe") MAIN(kprobe_512_512, 512, "call f512;")
OK("kprobe") MAIN(kprobe_512_8, 512, "call f8;")
OK("kprobe") MAIN(kprobe_512_56, 512, "call f56;")
OK("kprobe") MAIN(kprobe_eight, 512, "call d7;")
BAD("kprobe", "the call stack of 9 frames is too deep") MAIN(kprobe_nine, 512, "call d8;")
OK("tp/sched/sched_switch") MAIN(tp_512_512, 512, "call f512;")
OK("raw_tp") MAIN(raw_tp_512_512, 512, "call f512;")
OK("perf_event") MAIN(perf_512_512, 512, "call f512;")
BAD("tc", "combined stack size of 2 calls is 1024. Too large") MAIN(tc_512_512, 512, "call f512;")
BAD("xdp", "combined stack size of 2 calls is 1024. Too large") MAIN(xdp_512_512, 512, "call f512;")
BAD("syscall", "combined stack size of 2 calls is 1024. Too large") MAIN(syscall_512_512, 512, "call f512;")
OK("tp_btf/sched_switch") MAIN(tp_btf_512_512, 512, "call f512;")
BAD("iter/task", "combined stack size of 2 calls is 1024. Too large") MAIN(iter_512_512, 512, "call f512;")
OK("uprobe.s") MAIN(uprobe_s_512_512, 512, "call f512;")
OK("uprobe") MAIN(uprobe_512_512, 512, "call f512;")
OK("kprobe.multi") MAIN(kprobe_multi_512_512, 512, "call f512;")
BAD("raw_tp.w", "combined stack size of 2 calls is 1024. Too large") MAIN(raw_tp_w_512_512, 512, "call f512;")

static long cb512(u32 i, void *c) { char b[504]; asm volatile(""::"r"(b):"memory"); return 0; }
static long cb8(u32 i, void *c) { u64 b = 1; asm volatile(""::"r"(&b):"memory"); return 0; }
static long cb240(u32 i, void *c) { char b[240]; asm volatile(""::"r"(b):"memory"); return 0; }
#define BUF(n) char b[n]; asm volatile(""::"r"(b):"memory")
OK("socket") int sock_callback(void *ctx) { BUF(256); bpf_loop(3, cb512, NULL, 0); return 0; }
OK("socket") int sock_callback_240(void *ctx) { BUF(240); bpf_loop(3, cb240, NULL, 0); return 0; }
OK("kprobe") int kprobe_callback(void *ctx) { BUF(504); bpf_loop(3, cb512, NULL, 0); return 0; }
OK("kprobe") int kprobe_callback_8(void *ctx) { BUF(504); bpf_loop(3, cb8, NULL, 0); return 0; }
static int timer_cb(void *m, int *k, struct tval *v) { BUF(504); return 0; }
static int timer_cb_deep(void *m, int *k, struct tval *v) { BUF(504); bpf_loop(3, cb512, NULL, 0); return 0; }
OK("socket") int sock_timer(void *ctx) { int k = 0; struct tval *v = bpf_map_lookup_elem(&tm, &k); BUF(480); if (v) bpf_timer_set_callback(&v->t, timer_cb); return 0; }
OK("socket") int sock_timer_deep(void *ctx) { int k = 0; struct tval *v = bpf_map_lookup_elem(&tm, &k); BUF(400); if (v) bpf_timer_set_callback(&v->t, timer_cb_deep); return 0; }
BAD("kprobe", "tracing progs cannot use bpf_timer yet") int kprobe_timer_deep(void *ctx) { int k = 0; struct tval *v = bpf_map_lookup_elem(&tm, &k); BUF(400); if (v) bpf_timer_set_callback(&v->t, timer_cb_deep); return 0; }
OK("tc") int tc_timer(void *ctx) { int k = 0; struct tval *v = bpf_map_lookup_elem(&tm, &k); BUF(480); if (v) bpf_timer_set_callback(&v->t, timer_cb); return 0; }
OK("tc") int tc_timer_deep(void *ctx) { int k = 0; struct tval *v = bpf_map_lookup_elem(&tm, &k); BUF(400); if (v) bpf_timer_set_callback(&v->t, timer_cb_deep); return 0; }

// Tail calls.
static __noinline int tails(struct __sk_buff *ctx) { BUF(8); bpf_tail_call(ctx, &progs, 0); return out; }
static __noinline int tails_256(struct __sk_buff *ctx) { BUF(256); bpf_tail_call(ctx, &progs, 0); return out; }
static __noinline int calls_tails(struct __sk_buff *ctx) { BUF(120); barrier_var(ctx); return tails(ctx) + 1; }
OK("tc") int tail_240(struct __sk_buff *ctx) { BUF(240); return tails(ctx) * 0; }
OK("tc") int tail_256(struct __sk_buff *ctx) { BUF(256); return tails(ctx) * 0; }
OK("tc") int tail_248(struct __sk_buff *ctx) { BUF(248); return tails(ctx) * 0; }
OK("tc") int tail_callee_256(struct __sk_buff *ctx) { BUF(240); return tails_256(ctx) * 0; }
OK("tc") int tail_main_512(struct __sk_buff *ctx) { BUF(504); bpf_tail_call(ctx, &progs, 0); return 0; }
OK("tc") int tail_two(struct __sk_buff *ctx) { BUF(100); return calls_tails(ctx) * 0; }
OK("tc") int tail_two_deep(struct __sk_buff *ctx) { BUF(136); return calls_tails(ctx) * 0; }
static __noinline int ktails(void *ctx) { BUF(8); bpf_tail_call(ctx, &progs, 0); return out; }
OK("kprobe") int kprobe_tail_256(void *ctx) { BUF(256); return ktails(ctx) * 0; }
BAD("kprobe", "R1 type=scalar expected=ctx") MAIN(kprobe_tail_512_512, 512, "call f512; r1 = 0; call ktails;")
static long tail_cb(u32 i, void *c) { bpf_tail_call(c, &progs, 0); return 0; }
BAD("tc", "R3 type=ctx expected=fp") int tail_in_callback(struct __sk_buff *ctx) { bpf_loop(2, tail_cb, ctx, 0); return 0; }
static int tail_timer(void *m, int *k, struct tval *v) { bpf_tail_call(m, &progs, 0); return 0; }
BAD("tc", "R1 type=map_ptr expected=ctx") int tail_in_timer(void *ctx) { int k = 0; struct tval *v = bpf_map_lookup_elem(&tm, &k); if (v) bpf_timer_set_callback(&v->t, tail_timer); return 0; }

// may_goto and bpf_loop take stack of their own.
OK("socket") int may_512(void *ctx) { BUF(504); while (CAN_LOOP) out++; return 0; }
static __noinline int may_sub(int n) { BUF(256); while (CAN_LOOP) out += n; return out; }
OK("socket") int may_sub_256(void *ctx) { BUF(256); return may_sub(2) * 0; }
OK("kprobe") int may_sub_kprobe(void *ctx) { BUF(504); return may_sub(2) * 0; }
OK("socket") int loop_512(void *ctx) { BUF(504); bpf_loop(3, (void *)none, NULL, 0); return 0; }
OK("socket") int loop_512_8(void *ctx) { BUF(504); bpf_loop(3, cb8, NULL, 0); return 0; }

// Exceptions.
__noinline int throws(int x) { if (x) bpf_throw(x); return out; }
static __noinline int throws_deep(int x) { BUF(240); return throws(x); }
OK("tc") int throw_256(struct __sk_buff *ctx) { BUF(240); return throws_deep(ctx->len) * 0; }
__noinline int ex_cb(u64 c) { BUF(504); return c != 0; }
__noinline int ex_cb_none(u64 c) { return 0; }
SEC("tc") __success __attribute__((btf_decl_tag("exception_callback:ex_cb"))) int throw_cb(struct __sk_buff *ctx) { BUF(480); if (ctx->len) bpf_throw(1); return 0; }
SEC("tc") __success __attribute__((btf_decl_tag("exception_callback:ex_cb_none"))) int throw_cb_none(struct __sk_buff *ctx) { if (ctx->len) bpf_throw(1); return 0; }
SEC("tc") __failure __msg("multiple exception callback tags for main subprog") __attribute__((btf_decl_tag("exception_callback:ex_cb_none"))) __attribute__((btf_decl_tag("exception_callback:ex_cb"))) int throw_two_cbs(struct __sk_buff *ctx) { if (ctx->len) bpf_throw(1); return 0; }
__noinline int ex_cb_throws(u64 c) { bpf_throw(c); return 0; }
SEC("tc") __failure __msg("bpf_throw kfunc (insn 6) cannot be called from callback subprog 1") __attribute__((btf_decl_tag("exception_callback:ex_cb_throws"))) int throw_in_cb(struct __sk_buff *ctx) { if (ctx->len) bpf_throw(1); return 0; }
__noinline int ex_cb_two(u64 c, u64 d) { return 0; }
SEC("tc") __failure __msg("exception cb only supports single integer argument") __attribute__((btf_decl_tag("exception_callback:ex_cb_two"))) int throw_cb_two(struct __sk_buff *ctx) { if (ctx->len) bpf_throw(1); return 0; }
__noinline int ex_cb_ptr(u64 *c) { return 0; }
SEC("tc") __failure __msg("exception cb only supports single integer argument") __attribute__((btf_decl_tag("exception_callback:ex_cb_ptr"))) int throw_cb_ptr(struct __sk_buff *ctx) { if (ctx->len) bpf_throw(1); return 0; }
SEC("tc") __success __attribute__((btf_decl_tag("exception_callback:ex_cb_none"))) int throw_cb_called(struct __sk_buff *ctx) { if (ctx->len) bpf_throw(1); return ex_cb_none(3); }
__noinline int ex_cb_range(u64 c) { return c; }
SEC("cgroup_skb/egress") __failure __msg("At program exit the register R0 has unknown scalar value should have been in [0, 3]") __attribute__((btf_decl_tag("exception_callback:ex_cb_range"))) int throw_cb_range(struct __sk_buff *ctx) { if (ctx->len) bpf_throw(1); return 0; }
BAD("cgroup_skb/egress", "At program exit the register R1 has smin=64 smax=64 should have been in [0, 3]") int throw_cookie_range(struct __sk_buff *ctx) { if (ctx->len) bpf_throw(64); return 0; }
OK("cgroup_skb/egress") int throw_cookie_good(struct __sk_buff *ctx) { if (ctx->len) bpf_throw(1); return 0; }
static long throw_loop(u32 i, void *c) { bpf_throw(1); return 0; }
BAD("tc", "bpf_throw kfunc (insn 9) cannot be called from callback subprog 1") int throw_in_loop(struct __sk_buff *ctx) { bpf_loop(2, throw_loop, NULL, 0); return 0; }
static int throw_timer(void *m, int *k, struct tval *v) { bpf_throw(1); return 0; }
BAD("tc", "At async callback return the register R1 has smin=1 smax=1 should have been in [0, 0]") int throw_in_timer(void *ctx) { int k = 0; struct tval *v = bpf_map_lookup_elem(&tm, &k); if (v) bpf_timer_set_callback(&v->t, throw_timer); return 0; }
BAD("tc", "bpf_throw would lead to reference leak") int throw_with_task(void *ctx) { struct task_struct *t = bpf_task_from_pid(1); if (!t) return 0; bpf_throw(0); bpf_task_release(t); return 0; }
static __noinline int throw_static(int x) { if (x) bpf_throw(x); return out; }
BAD("tc", "bpf_throw would lead to reference leak") int throw_static_with_task(struct __sk_buff *ctx) { struct task_struct *t = bpf_task_from_pid(1); if (!t) return 0; throw_static(ctx->len); bpf_task_release(t); return 0; }
OK("tc") int throw_global_with_task(struct __sk_buff *ctx) { struct task_struct *t = bpf_task_from_pid(1); if (!t) return 0; throws(ctx->len); bpf_task_release(t); return 0; }
BAD("tc", "R1 is not a scalar") int throw_pointer(void *ctx) { bpf_throw((u64)ctx); return 0; }
BAD("kprobe", "calling kernel function bpf_throw is not allowed") int throw_kprobe(void *ctx) { bpf_throw(0); return 0; }
OK("syscall") int throw_syscall(void *ctx) { bpf_throw(0); return 0; }
OK("tp_btf/sched_switch") int throw_tp_btf(void *ctx) { bpf_throw(0); return 0; }
static __noinline int throw_lock_free(void) { bpf_rcu_read_lock(); bpf_throw(0); return 0; }
BAD("syscall", "bpf_throw cannot be used inside bpf_rcu_read_lock-ed region") int throw_rcu(void *ctx) { return throw_lock_free(); }
