// SPDX-License-Identifier: Apache-2.0
// Global functions: arguments by tag, what callers may pass, what functions may
// return, sleeping, packets that change behind a call.
#include "features.h"

struct pair { int a, b; };
struct big { char c[200]; };
struct pair gpair;
int out;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct pair);
} arr SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} rb SEC(".maps");

__noinline int takes_mem(struct pair *p) { return p ? p->a : 0; }
__noinline int takes_mem_unchecked(struct pair *p) { return p->a; }
__noinline int takes_nonnull(struct pair *p __arg_nonnull) { return p->a; }
__noinline int takes_const(const struct pair *p __arg_nonnull) { return p->b; }
__noinline int writes_const(const struct pair *p __arg_nonnull) { ((volatile struct pair *)p)->b = 1; return 0; }
__noinline int takes_big(struct big *p) { return p ? p->c[199] : 0; }
__noinline int beyond(struct pair *p) { return p ? ((volatile int *)p)[2] : 0; }
__noinline int takes_nullable_mem(struct pair *p __arg_nullable) { return p ? p->a : 0; }
__noinline int takes_nonnull_nullable(struct pair *p __arg_nonnull __arg_nullable) { return p ? p->a : 0; }
__noinline int takes_int_ptr(int *p) { return p ? *p : 0; }
__noinline int takes_char_ptr(char *p) { return p ? *p : 0; }
__noinline int takes_u64_ptr(u64 *p) { return p ? *p : 0; }
__noinline int takes_void_ptr(void *p) { return p != NULL; }
__noinline int takes_ptr_ptr(int **p) { return p != NULL; }
__noinline int takes_array(int (*p)[4]) { return p ? (*p)[3] : 0; }
__noinline int takes_fwd(struct never_defined *p) { return p != NULL; }
__noinline int takes_long(long a, unsigned char b, _Bool c) { return a + b + c; }
enum colour { RED, GREEN };
enum wide { LOW = 0, HIGH = 0xffffffffffULL };
__noinline int takes_enum(enum colour c, enum wide w) { return c + (w == HIGH); }
__noinline enum colour returns_enum(int x) { return x ? RED : GREEN; }
__noinline enum wide returns_wide(int x) { return x ? LOW : HIGH; }
__noinline _Bool returns_bool(int x) { return x; }
__noinline char returns_char(int x) { return x; }
__noinline u64 returns_u64(int x) { return x; }
__noinline void returns_void(int x) { out = x; }
__noinline int *returns_ptr(int x) { return &out; }
__noinline void *returns_voidp(int x) { return &out; }

OK("socket") int mem_stack(void *ctx) { struct pair p = {1, 2}; return takes_mem(&p) * 0; }
OK("socket") int mem_null(void *ctx) { return takes_mem(NULL); }
OK("socket") int mem_global(void *ctx) { return takes_mem(&gpair); }
BAD("socket", "R1 invalid mem access 'mem_or_null'") int mem_unchecked(void *ctx) { struct pair p = {1, 2}; return takes_mem_unchecked(&p); }
BAD("socket", "Caller passes invalid args into func#1 ('takes_mem')") int mem_scalar(void *ctx) { return takes_mem((void *)8); }
BAD("socket", "Caller passes invalid args into func#1 ('takes_mem')") int mem_ctx(void *ctx) { return takes_mem(ctx); }
OK("socket") int mem_value_or_null(void *ctx) { int k = bpf_get_prandom_u32(); return takes_mem(bpf_map_lookup_elem(&arr, &k)) * 0; }
BAD("socket", "Caller passes invalid args into func#1 ('takes_nonnull')") int nonnull_value_or_null(void *ctx) { int k = bpf_get_prandom_u32(); return takes_nonnull(bpf_map_lookup_elem(&arr, &k)); }
BAD("socket", "R0 !read_ok") int nonnull_null(void *ctx) { return takes_nonnull(NULL); }
OK("socket") int nonnull_stack(void *ctx) { struct pair p = {1, 2}; return takes_nonnull(&p) * 0; }
BAD("socket", "Caller passes invalid args into func#1 ('takes_big')") int mem_too_small_stack(void *ctx) { u64 v[8] = {}; return takes_big((void *)v); }
BAD("socket", "Caller passes invalid args into func#1 ('takes_big')") int mem_too_small_value(void *ctx) { return takes_big((void *)&gpair); }
OK("socket") int mem_uninit_stack(void *ctx) { struct big b; asm volatile("" : : "r"(&b) : "memory"); return takes_big(&b) * 0; }
BAD("socket", "R1 min value is outside of the allowed memory range") int mem_beyond(void *ctx) { return beyond(&gpair); }
OK("socket") int const_arg(void *ctx) { return takes_const(&gpair) * 0; }
OK("socket") int const_written(void *ctx) { return writes_const(&gpair); }
const volatile struct pair ro = {1, 2};
OK("socket") int mem_rodata(void *ctx) { return takes_mem((void *)&ro); }
OK("socket") int mem_rodata_const(void *ctx) { return takes_const((void *)&ro) * 0; }
BAD("socket", "Caller passes invalid args into func#1 ('takes_nullable_mem')") int nullable_mem(void *ctx) { return takes_nullable_mem(&gpair); }
BAD("socket", "Caller passes invalid args into func#1 ('takes_nonnull_nullable')") int nonnull_nullable(void *ctx) { return takes_nonnull_nullable(&gpair); }
OK("socket") int int_ptr(void *ctx) { int v = 1; return takes_int_ptr(&v) * 0; }
OK("socket") int char_ptr(void *ctx) { char v = 1; return takes_char_ptr(&v) * 0; }
OK("socket") int u64_ptr_misaligned(void *ctx) { char b[16] = {}; return takes_u64_ptr((void *)b + 4) * 0; }
BAD("socket", "Caller passes invalid args into func#1 ('takes_void_ptr')") int void_ptr(void *ctx) { return takes_void_ptr(&gpair); }
OK("socket") int ptr_ptr(void *ctx) { return takes_ptr_ptr((void *)&gpair); }
OK("socket") int array_ptr(void *ctx) { int v[4] = {}; return takes_array(&v) * 0; }
BAD("socket", "Caller passes invalid args into func#1 ('takes_fwd')") int fwd_ptr(void *ctx) { return takes_fwd((void *)&gpair); }
OK("socket") int numbers(void *ctx) { return takes_long(1, 2, 1) * 0; }
BAD("socket", "Caller passes invalid args into func#1 ('takes_long')") int number_pointer(void *ctx) { return takes_long((long)ctx, 2, 1); }
OK("socket") int enums(void *ctx) { return takes_enum(RED, HIGH) * 0; }
OK("socket") int ret_enum(void *ctx) { return returns_enum(1) * 0; }
OK("socket") int ret_wide(void *ctx) { return returns_wide(1) * 0; }
OK("socket") int ret_bool(void *ctx) { return returns_bool(1) * 0; }
OK("socket") int ret_char(void *ctx) { return returns_char(1) * 0; }
OK("socket") int ret_u64(void *ctx) { return returns_u64(1) * 0; }
BAD("socket", "Caller passes invalid args into func#1 ('returns_void')") int ret_void(void *ctx) { returns_void(1); return 0; }
OK("socket") int ret_ptr(void *ctx) { return *returns_ptr(1); }
OK("socket") int ret_voidp(void *ctx) { return returns_voidp(1) != NULL; }
OK("socket") int ret_bool_bounded(void *ctx)
{
	u64 v = returns_bool(bpf_get_prandom_u32());

	barrier_var(v);
	return v * 0;
}

// Return values of global functions are unknown, whatever they are.
__noinline int returns_five(void) { return 5; }
OK("cgroup_skb/egress") int ret_constant(void *ctx) { return returns_five() & 1; }
BAD("cgroup_skb/egress", "At program exit the register R0 has smin=5 smax=5 should have been in [0, 3]") int ret_not_known(void *ctx) { return returns_five(); }

// Contexts.
__noinline int ctx_skb(struct __sk_buff *ctx) { return ctx->len; }
__noinline int ctx_tag(void *ctx __arg_ctx) { return ((struct __sk_buff *)ctx)->mark; }
__noinline int ctx_xdp(struct xdp_md *ctx) { return ctx->data_end - ctx->data; }
__noinline int ctx_regs(struct pt_regs *ctx __arg_ctx) { return ctx->ip; }
__noinline int ctx_user_regs(struct bpf_user_pt_regs_t *ctx) { return 0; }
__noinline int ctx_raw(struct bpf_raw_tracepoint_args *ctx __arg_ctx) { return ctx->args[0]; }
__noinline int ctx_perf(struct bpf_perf_event_data *ctx) { return ctx->sample_period; }
__noinline int ctx_u64(u64 *ctx __arg_ctx) { return ctx[0]; }
OK("tc") int pass_skb(struct __sk_buff *ctx) { return ctx_skb(ctx) * 0; }
OK("tc") int pass_skb_tag(struct __sk_buff *ctx) { return ctx_tag(ctx) * 0; }
BAD("tc", "Caller passes invalid args into func#1 ('ctx_skb')") int pass_skb_null(struct __sk_buff *ctx) { return ctx_skb(NULL); }
BAD("tc", "Caller passes invalid args into func#1 ('ctx_skb')") int pass_skb_moved(struct __sk_buff *ctx) { return ctx_skb((void *)ctx + 8); }
BAD("tc", "Caller passes invalid args into func#1 ('ctx_skb')") int pass_stack_as_skb(struct __sk_buff *ctx) { struct __sk_buff s = {}; barrier_var(ctx); asm volatile(""::"r"(&s):"memory"); return ctx_skb(&s); }
BAD("tc", "Caller passes invalid args into func#1 ('ctx_xdp')") int pass_skb_as_xdp(struct __sk_buff *ctx) { return ctx_xdp((void *)ctx); }
BAD("tc", "Caller passes invalid args into func#1 ('ctx_regs')") int pass_skb_as_regs(struct __sk_buff *ctx) { return ctx_regs((void *)ctx); }
BAD("xdp", "Caller passes invalid args into func#1 ('ctx_skb')") int pass_xdp_as_skb(struct xdp_md *ctx) { return ctx_skb((void *)ctx); }
OK("xdp") int pass_xdp(struct xdp_md *ctx) { return ctx_xdp(ctx) * 0; }
BAD("xdp", "At subprogram exit the register R0 is not a scalar value (pkt_meta)") int pass_xdp_tag(struct xdp_md *ctx) { return ctx_tag(ctx) * 0; }
OK("kprobe") int pass_regs(struct pt_regs *ctx) { return ctx_regs(ctx) * 0; }
OK("perf_event") int pass_perf_regs(struct bpf_perf_event_data *ctx) { return ctx_regs((void *)ctx) * 0; }
OK("perf_event") int pass_perf(struct bpf_perf_event_data *ctx) { return ctx_perf(ctx) * 0; }
BAD("kprobe", "Caller passes invalid args into func#1 ('ctx_perf')") int pass_regs_as_perf(struct pt_regs *ctx) { return ctx_perf((void *)ctx) * 0; }
OK("raw_tp") int pass_raw(struct bpf_raw_tracepoint_args *ctx) { return ctx_raw(ctx) * 0; }
OK("raw_tp") int pass_raw_u64(u64 *ctx) { return ctx_u64(ctx) * 0; }
OK("tp/sched/sched_switch") int pass_tp_u64(u64 *ctx) { return ctx_u64(ctx) * 0; }
OK("tp_btf/sched_switch") int pass_tp_btf_u64(u64 *ctx) { return ctx_u64(ctx) * 0; }
OK("kprobe") int pass_kprobe_u64(u64 *ctx) { return ctx_u64(ctx) * 0; }
OK("iter/task") int pass_iter_u64(struct bpf_iter__task *ctx) { return ctx_u64((void *)ctx) * 0; }
__noinline int ctx_iter(struct bpf_iter__task *ctx __arg_ctx) { return ctx->task != NULL; }
OK("iter/task") int pass_iter(struct bpf_iter__task *ctx) { return ctx_iter(ctx) * 0; }
BAD("syscall", "R1 invalid mem access 'mem_or_null'") int pass_syscall_skb(void *ctx) { return ctx_skb(ctx); }
__noinline int ctx_syscall(void *ctx __arg_ctx) { return *(int *)ctx; }
OK("syscall") int pass_syscall(void *ctx) { return ctx_syscall(ctx) * 0; }
OK("socket") int pass_socket(struct __sk_buff *ctx) { return ctx_skb(ctx) * 0; }
BAD("socket", "Caller passes invalid args into func#1 ('ctx_tag')") int main_ctx_tag_mem(struct __sk_buff *ctx) { struct __sk_buff s; return ctx_tag(&s); }

// Kernel pointers.
__noinline int task_trusted(struct task_struct *t __arg_trusted) { return t->pid; }
__noinline int task_trusted_nullable(struct task_struct *t __arg_trusted __arg_nullable) { return t ? t->pid : 0; }
__noinline int task_trusted_nullable_unchecked(struct task_struct *t __arg_trusted __arg_nullable) { return t->pid; }
__noinline int task_trusted_nonnull(struct task_struct *t __arg_trusted __arg_nonnull) { return t->pid; }
__noinline int task_untrusted(struct task_struct *t __arg_untrusted) { return t->pid; }
__noinline int task_untrusted_release(struct task_struct *t __arg_untrusted) { t = bpf_task_acquire(t); if (t) bpf_task_release(t); return 0; }
__noinline int task_untrusted_nullable(struct task_struct *t __arg_untrusted __arg_nullable) { return t->pid; }
__noinline int task_plain(struct task_struct *t) { return t ? t->pid : 0; }
__noinline int task_acquires(struct task_struct *t __arg_trusted) { t = bpf_task_acquire(t); if (t) bpf_task_release(t); return 0; }
__noinline int task_releases(struct task_struct *t __arg_trusted) { bpf_task_release(t); return 0; }
__noinline int task_leaks(struct task_struct *t __arg_trusted) { return bpf_task_acquire(t) != NULL; }
__noinline int trusted_int(int *t __arg_trusted) { return *t; }
__noinline int trusted_unknown(struct pair *t __arg_trusted) { return t->a; }
OK("tp_btf/task_newtask") int BPF_PROG(trusted, struct task_struct *t, u64 f) { return task_trusted(t) * 0; }
BAD("tp_btf/task_newtask", "Caller passes invalid args into func#1 ('task_trusted_nonnull')") int BPF_PROG(trusted_nonnull, struct task_struct *t, u64 f) { return task_trusted_nonnull(t) * 0; }
OK("tp_btf/task_newtask") int BPF_PROG(trusted_nullable, struct task_struct *t, u64 f) { return task_trusted_nullable(t) * 0; }
OK("tp_btf/task_newtask") int BPF_PROG(trusted_nullable_null, struct task_struct *t, u64 f) { return task_trusted_nullable(NULL) * 0; }
BAD("tp_btf/task_newtask", "Caller passes invalid args into func#1 ('task_trusted')") int BPF_PROG(trusted_null, struct task_struct *t, u64 f) { return task_trusted(NULL) * 0; }
BAD("tp_btf/task_newtask", "R1 invalid mem access 'trusted_ptr_or_null_'") int BPF_PROG(trusted_nullable_unchecked, struct task_struct *t, u64 f) { return task_trusted_nullable_unchecked(t) * 0; }
OK("tp_btf/task_newtask") int BPF_PROG(trusted_walked, struct task_struct *t, u64 f) { return task_trusted(t->parent) * 0; }
OK("tp_btf/task_newtask") int BPF_PROG(trusted_walked_untrusted, struct task_struct *t, u64 f) { return task_trusted(t->last_wakee) * 0; }
OK("tp_btf/task_newtask") int BPF_PROG(trusted_field, struct task_struct *t, u64 f) { return task_trusted(t->group_leader) * 0; }
BAD("tp_btf/task_newtask", "Caller passes invalid args into func#1 ('task_trusted')") int BPF_PROG(trusted_maybe_null, struct task_struct *t, u64 f) { t = bpf_task_from_pid(1); task_trusted(t); if (t) bpf_task_release(t); return 0; }
OK("tp_btf/task_newtask") int BPF_PROG(trusted_acquired, struct task_struct *t, u64 f) { t = bpf_task_from_pid(1); if (t) { task_trusted(t); bpf_task_release(t); } return 0; }
OK("tp_btf/task_newtask") int BPF_PROG(nullable_acquired, struct task_struct *t, u64 f) { t = bpf_task_from_pid(1); task_trusted_nullable(t); if (t) bpf_task_release(t); return 0; }
OK("tp_btf/task_newtask") int BPF_PROG(untrusted, struct task_struct *t, u64 f) { return task_untrusted(t->last_wakee) * 0; }
OK("tp_btf/task_newtask") int BPF_PROG(untrusted_trusted, struct task_struct *t, u64 f) { return task_untrusted(t) * 0; }
OK("tp_btf/task_newtask") int BPF_PROG(untrusted_scalar, struct task_struct *t, u64 f) { return task_untrusted((void *)f) * 0; }
OK("tp_btf/task_newtask") int BPF_PROG(untrusted_null, struct task_struct *t, u64 f) { return task_untrusted(NULL) * 0; }
BAD("tp_btf/task_newtask", "R1 must be a rcu pointer") int BPF_PROG(untrusted_release, struct task_struct *t, u64 f) { return task_untrusted_release(t) * 0; }
BAD("tp_btf/task_newtask", "Caller passes invalid args into func#1 ('task_untrusted_nullable')") int BPF_PROG(untrusted_nullable, struct task_struct *t, u64 f) { return task_untrusted_nullable(t) * 0; }
BAD("tp_btf/task_newtask", "Caller passes invalid args into func#1 ('task_plain')") int BPF_PROG(plain_task, struct task_struct *t, u64 f) { return task_plain(t) * 0; }
OK("tp_btf/task_newtask") int BPF_PROG(acquires, struct task_struct *t, u64 f) { return task_acquires(t) * 0; }
BAD("tp_btf/task_newtask", "release kernel function bpf_task_release expects refcounted PTR_TO_BTF_ID") int BPF_PROG(releases, struct task_struct *t, u64 f) { return task_releases(t) * 0; }
BAD("tp_btf/task_newtask", "BPF_EXIT instruction in main prog would lead to reference leak") int BPF_PROG(leaks, struct task_struct *t, u64 f) { return task_leaks(t) * 0; }
OK("tp_btf/task_newtask") int BPF_PROG(trusted_int_arg, struct task_struct *t, u64 f) { return trusted_int(&out) * 0; }
OK("tp_btf/task_newtask") int BPF_PROG(trusted_unknown_arg, struct task_struct *t, u64 f) { return trusted_unknown(&gpair) * 0; }
OK("tp_btf/task_newtask") int BPF_PROG(trusted_moved, struct task_struct *t, u64 f) { return task_trusted((void *)t + 0) * 0; }
BAD("tp_btf/task_newtask", "Caller passes invalid args into func#1 ('task_trusted')") int BPF_PROG(trusted_moved8, struct task_struct *t, u64 f) { return task_trusted((void *)t + 8) * 0; }

// Untrusted memory.
__noinline int mem_untrusted_void(void *p __arg_untrusted) { return *(int *)(p + 100); }
__noinline int mem_untrusted_int(int *p __arg_untrusted) { return p[1000]; }
__noinline int mem_untrusted_char(char *p __arg_untrusted) { return p[-5]; }
__noinline int mem_untrusted_enum(enum colour *p __arg_untrusted) { return *p; }
__noinline int mem_untrusted_struct(struct pair *p __arg_untrusted) { return p->a; }
__noinline int mem_untrusted_write(int *p __arg_untrusted) { *p = 1; return 0; }
__noinline int mem_untrusted_ptrptr(int **p __arg_untrusted) { return **p; }
OK("socket") int untrusted_void(void *ctx) { return mem_untrusted_void((void *)8) * 0; }
OK("socket") int untrusted_void_ctx(void *ctx) { return mem_untrusted_void(ctx) * 0; }
OK("socket") int untrusted_int(void *ctx) { return mem_untrusted_int(NULL) * 0; }
OK("socket") int untrusted_char(void *ctx) { return mem_untrusted_char((void *)&gpair) * 0; }
OK("socket") int untrusted_enum(void *ctx) { return mem_untrusted_enum((void *)&gpair) * 0; }
OK("socket") int untrusted_struct(void *ctx) { return mem_untrusted_struct(&gpair) * 0; }
BAD("socket", "R1 cannot write into rdonly_untrusted_mem") int untrusted_written(void *ctx) { return mem_untrusted_write((void *)&gpair) * 0; }
OK("socket") int untrusted_ptrptr(void *ctx) { return mem_untrusted_ptrptr((void *)&gpair) * 0; }

// Dynptrs.
__noinline int dyn(struct bpf_dynptr *d) { int v; return bpf_dynptr_read(&v, 4, d, 0, 0); }
__noinline int dyn_const(const struct bpf_dynptr *d) { int v; return bpf_dynptr_read(&v, 4, d, 0, 0); }
__noinline int dyn_write(struct bpf_dynptr *d) { int v = 1; return bpf_dynptr_write(d, 0, &v, 4, 0); }
__noinline int dyn_submit(struct bpf_dynptr *d) { bpf_ringbuf_submit_dynptr(d, 0); return 0; }
OK("tc") int pass_dynptr(void *ctx) { struct bpf_dynptr d; bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d); dyn(&d); bpf_ringbuf_submit_dynptr(&d, 0); return 0; }
OK("tc") int pass_dynptr_const(void *ctx) { struct bpf_dynptr d; bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d); dyn_const(&d); dyn_write(&d); bpf_ringbuf_submit_dynptr(&d, 0); return 0; }
BAD("tc", "BPF_EXIT instruction in main prog would lead to reference leak") int pass_dynptr_submit(void *ctx) { struct bpf_dynptr d; bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d); dyn_submit(&d); return 0; }
BAD("tc", "Caller passes invalid args into func#1 ('dyn')") int pass_dynptr_uninit(void *ctx) { struct bpf_dynptr d; dyn(&d); return 0; }
BAD("tc", "Caller passes invalid args into func#1 ('dyn')") int pass_dynptr_null(void *ctx) { dyn(NULL); return 0; }
BAD("tc", "Caller passes invalid args into func#1 ('dyn')") int pass_dynptr_moved(void *ctx) { struct bpf_dynptr d; bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d); dyn((void *)&d + 8); bpf_ringbuf_submit_dynptr(&d, 0); return 0; }
OK("tc") int pass_dynptr_local(void *ctx) { struct bpf_dynptr d; bpf_dynptr_from_mem(&gpair, 8, 0, &d); dyn(&d); dyn_write(&d); return 0; }

// Packets.
bpf_ksym int bpf_xdp_pull_data(struct xdp_md *xdp, u32 len);
__noinline int changes(struct __sk_buff *ctx) { return bpf_skb_pull_data(ctx, 0); }
__noinline int changes_inner(struct __sk_buff *ctx) { return changes(ctx) + 1; }
__noinline int keeps(struct __sk_buff *ctx) { return ctx->len; }
__noinline int changes_xdp(struct xdp_md *ctx) { return bpf_xdp_adjust_head(ctx, 0); }
__noinline int changes_xdp_kfunc(struct xdp_md *ctx) { return bpf_xdp_pull_data(ctx, 0); }
static __noinline int changes_static(struct __sk_buff *ctx) { return bpf_skb_pull_data(ctx, 0); }
#define PKT(ctx, call) do { u8 *d = (void *)(long)ctx->data, *e = (void *)(long)ctx->data_end; if (d + 1 > e) return 0; call(ctx); return *d * 0; } while (0)
OK("tc") int packet_changed(struct __sk_buff *ctx) { PKT(ctx, changes); }
OK("tc") int packet_changed_inner(struct __sk_buff *ctx) { PKT(ctx, changes_inner); }
OK("tc") int packet_kept(struct __sk_buff *ctx) { PKT(ctx, keeps); }
OK("tc") int packet_changed_static(struct __sk_buff *ctx) { PKT(ctx, changes_static); }
OK("xdp") int packet_changed_xdp(struct xdp_md *ctx) { PKT(ctx, changes_xdp); }
OK("xdp") int packet_changed_xdp_kfunc(struct xdp_md *ctx) { PKT(ctx, changes_xdp_kfunc); }
struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries, 2); __type(key, int); __type(value, int); } progs SEC(".maps");
__noinline int tails(struct __sk_buff *ctx) { bpf_tail_call(ctx, &progs, 0); return 0; }
static __noinline int tails_static(struct __sk_buff *ctx) { bpf_tail_call(ctx, &progs, 0); return 0; }
OK("tc") int packet_tail_called(struct __sk_buff *ctx) { PKT(ctx, tails); }
OK("tc") int packet_tail_called_static(struct __sk_buff *ctx) { PKT(ctx, tails_static); }

// Recursion and frames.
__noinline int rec_a(int x);
__noinline int rec_b(int x) { return x ? rec_a(x - 1) : 0; }
__noinline int rec_a(int x) { return rec_b(x) + 1; }
BAD("socket", "the call stack of 8 frames is too deep !") int recursion(void *ctx) { return rec_a(3); }
#define LEVEL(n, m) __noinline int level##n(int x) { return level##m(x) + 1; }
__noinline int level0(int x) { return out + x; }
LEVEL(1, 0) LEVEL(2, 1) LEVEL(3, 2) LEVEL(4, 3) LEVEL(5, 4) LEVEL(6, 5) LEVEL(7, 6) LEVEL(8, 7)
OK("socket") int eight_frames(void *ctx) { return level6(1) * 0; }
OK("socket") int nine_frames(void *ctx) { return level7(1) * 0; }
static __noinline int slevel0(int x) { barrier_var(x); return out + x; }
#define SLEVEL(n, m) static __noinline int slevel##n(int x) { barrier_var(x); return slevel##m(x) + 1; }
SLEVEL(1, 0) SLEVEL(2, 1) SLEVEL(3, 2) SLEVEL(4, 3) SLEVEL(5, 4) SLEVEL(6, 5) SLEVEL(7, 6) SLEVEL(8, 7)
OK("socket") int eight_static_frames(void *ctx) { return slevel6(1) * 0; }
BAD("socket", "the call stack of 9 frames is too deep") int nine_static_frames(void *ctx) { return slevel7(1) * 0; }

// Too many arguments do not fit; unused functions are judged when called only.
__noinline int unsafe_unless_bounded(u32 i) { return ((volatile char *)&gpair)[i]; }
__noinline int bounded(u32 i) { return i < 8 ? ((volatile char *)&gpair)[i] : 0; }
BAD("socket", "R2 unbounded memory access, make sure to bounds check any such access") int global_bounds_forgotten(void *ctx) { return unsafe_unless_bounded(3); }
OK("socket") int global_bounds(void *ctx) { return bounded(3) * 0; }
