// SPDX-License-Identifier: Apache-2.0
// Open-coded iterators, may_goto, loops.
#include "features.h"

bpf_ksym int bpf_iter_bits_new(struct bpf_iter_bits *it, const u64 *unsafe_ptr__ign, u32 nr_words);
bpf_ksym int *bpf_iter_bits_next(struct bpf_iter_bits *it);
bpf_ksym void bpf_iter_bits_destroy(struct bpf_iter_bits *it);
bpf_ksym int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task__nullable, unsigned int flags);
bpf_ksym struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it);
bpf_ksym void bpf_iter_task_destroy(struct bpf_iter_task *it);
bpf_ksym int bpf_iter_task_vma_new(struct bpf_iter_task_vma *it, struct task_struct *task, u64 addr);
bpf_ksym struct vm_area_struct *bpf_iter_task_vma_next(struct bpf_iter_task_vma *it);
bpf_ksym void bpf_iter_task_vma_destroy(struct bpf_iter_task_vma *it);
bpf_ksym int bpf_iter_css_new(struct bpf_iter_css *it, struct cgroup_subsys_state *start, unsigned int flags);
bpf_ksym struct cgroup_subsys_state *bpf_iter_css_next(struct bpf_iter_css *it);
bpf_ksym void bpf_iter_css_destroy(struct bpf_iter_css *it);
bpf_ksym int bpf_iter_css_task_new(struct bpf_iter_css_task *it, struct cgroup_subsys_state *css, unsigned int flags);
bpf_ksym struct task_struct *bpf_iter_css_task_next(struct bpf_iter_css_task *it);
bpf_ksym void bpf_iter_css_task_destroy(struct bpf_iter_css_task *it);
bpf_ksym int bpf_iter_kmem_cache_new(struct bpf_iter_kmem_cache *it);
bpf_ksym struct kmem_cache *bpf_iter_kmem_cache_next(struct bpf_iter_kmem_cache *it);
bpf_ksym void bpf_iter_kmem_cache_destroy(struct bpf_iter_kmem_cache *it);

int out, arr[16];
u64 words[2];
#define CTX void *ctx
#define NUM struct bpf_iter_num it; int *v
#define EACH(a, b) bpf_iter_num_new(&it, a, b); while ((v = bpf_iter_num_next(&it)))
#define END bpf_iter_num_destroy(&it)

OK("tc") int num(CTX) { NUM; EACH(0, 10) out += *v; END; return 0; }
BAD("tc", "BPF_EXIT instruction in main prog would lead to reference leak") int num_no_destroy(CTX) { NUM; EACH(0, 10) out += *v; return 0; }
BAD("tc", "expected an initialized iter_num as arg #0") int num_no_new(CTX) { struct bpf_iter_num it; return bpf_iter_num_next(&it) != NULL; }
BAD("tc", "expected an initialized iter_num as arg #0") int num_destroy_only(CTX) { struct bpf_iter_num it; END; return 0; }
BAD("tc", "expected uninitialized iter_num as arg #0") int num_twice(CTX) { struct bpf_iter_num it; bpf_iter_num_new(&it, 0, 1); bpf_iter_num_new(&it, 0, 1); END; return 0; }
BAD("tc", "expected an initialized iter_num as arg #0") int num_destroyed_twice(CTX) { struct bpf_iter_num it; bpf_iter_num_new(&it, 0, 1); END; END; return 0; }
BAD("tc", "expected an initialized iter_num as arg #0") int num_next_after(CTX) { struct bpf_iter_num it; bpf_iter_num_new(&it, 0, 1); END; return bpf_iter_num_next(&it) != NULL; }
BAD("tc", "R0 invalid mem access 'scalar'") int num_unchecked(CTX) { struct bpf_iter_num it; int r; bpf_iter_num_new(&it, 0, 1); r = *bpf_iter_num_next(&it); END; return r; }
BAD("tc", "R7 invalid mem access 'scalar'") int num_element_after(CTX) { NUM; bpf_iter_num_new(&it, 0, 1); v = bpf_iter_num_next(&it); END; return v ? *v : 0; }
OK("tc") int num_element_after_next(CTX) { NUM; int r = 0, *w; bpf_iter_num_new(&it, 0, 1); v = bpf_iter_num_next(&it); w = bpf_iter_num_next(&it); if (v) r = *v; END; return r * 0; }
BAD("tc", "R0 cannot write into rdonly_mem") int num_write_element(CTX) { NUM; bpf_iter_num_new(&it, 0, 1); v = bpf_iter_num_next(&it); if (v) *v = 1; END; return 0; }
BAD("tc", "R0 min value is outside of the allowed memory range") int num_element_beyond(CTX) { NUM; bpf_iter_num_new(&it, 0, 1); v = bpf_iter_num_next(&it); if (v) out = ((volatile int *)v)[1]; END; return 0; }
BAD("tc", "expected an initialized iter_num as arg #0") int num_overwritten(CTX) { struct bpf_iter_num it; bpf_iter_num_new(&it, 0, 1); *(volatile u64 *)&it = 0; END; return 0; }
BAD("tc", "invalid read from stack off -8+0 size 8") int num_read(CTX) { struct bpf_iter_num it; u64 r; bpf_iter_num_new(&it, 0, 1); r = *(volatile u64 *)&it; END; return r; }
OK("tc") int num_break(CTX) { NUM; EACH(0, 10) if (*v == 5) break; END; return 0; }
OK("tc") int num_nested(CTX) { NUM; struct bpf_iter_num jt; int *w; EACH(0, 10) { bpf_iter_num_new(&jt, 0, *v); while ((w = bpf_iter_num_next(&jt))) out += *w; bpf_iter_num_destroy(&jt); } END; return 0; }
BAD("tc", "BPF_EXIT instruction in main prog would lead to reference leak") int num_nested_leak(CTX) { NUM; struct bpf_iter_num jt; EACH(0, 10) { bpf_iter_num_new(&jt, 0, *v); } END; return 0; }
OK("tc") int num_sum(CTX) { NUM; u64 s = 0; EACH(0, 1000000) s += *v; END; return s * 0; }
BAD("tc", "BPF program is too large. Processed 1000001 insn") int num_counter(CTX) { NUM; int i = 0; EACH(0, 1000) { if (i < 16) arr[i] = *v; i++; } END; return 0; }
BAD("tc", "math between map_value pointer and register with unbounded min value is not allowed") int num_index_unchecked(CTX) { NUM; EACH(0, 16) arr[*v] = 1; END; return 0; }
OK("tc") int num_index_checked(CTX) { NUM; EACH(0, 16) if (*v >= 0 && *v < 16) arr[*v] = 1; END; return 0; }
BAD("tc", "R2 min value is outside of the allowed memory range") int num_counter_unbounded(CTX) { NUM; u32 i = 0; EACH(0, 16) { arr[i] = *v; i++; } END; return 0; }
OK("tc") int num_max(CTX) { NUM; int m = 0; EACH(0, 100) if (*v > m) m = *v; END; return m * 0; }
OK("tc") int num_flag(CTX) { NUM; bool f = false; EACH(0, 100) if (*v == 7) f = !f; END; return f; }
OK("tc") int num_two_flags(CTX) { NUM; int a = 0, b = 1; EACH(0, 100) { int t = a; a = b; b = t; } END; return a; }
OK("tc") int num_pointer_walk(CTX) { NUM; int *p = arr; EACH(0, 100) { if (p < arr + 15) p++; else p = arr; } END; return *p * 0; }
BAD("tc", "R1 min value is outside of the allowed memory range") int num_precise(CTX) { NUM; u64 i = 0; EACH(0, 100) { barrier_var(i); i += 1; } END; barrier_var(i); return ((volatile char *)arr)[i]; }
OK("tc") int num_precise_masked(CTX) { NUM; u64 i = 0; EACH(0, 100) { barrier_var(i); i += 1; i &= 63; } END; barrier_var(i); i &= 63; return ((volatile char *)arr)[i] * 0; }
static __noinline int sub_loop(int n) { NUM; int s = 0; EACH(0, n) s += *v; END; return s; }
static __noinline int *sub_next(struct bpf_iter_num *it) { return bpf_iter_num_next(it); }
static __noinline void sub_new(struct bpf_iter_num *it) { bpf_iter_num_new(it, 0, 5); }
static __noinline void sub_destroy(struct bpf_iter_num *it) { bpf_iter_num_destroy(it); }
OK("tc") int num_in_sub(CTX) { return sub_loop(5) * 0; }
OK("tc") int num_by_subs(CTX) { struct bpf_iter_num it; int *v; sub_new(&it); while ((v = sub_next(&it))) out += *v; sub_destroy(&it); return 0; }
static long cb_loops(u32 i, void *c) { NUM; EACH(0, 5) out += *v; END; return 0; }
static long cb_leaks(u32 i, void *c) { struct bpf_iter_num it; bpf_iter_num_new(&it, 0, 5); return 0; }
static long cb_next(u32 i, void *c) { return bpf_iter_num_next(c) == NULL; }
static long cb_destroys(u32 i, void *c) { bpf_iter_num_destroy(c); return 1; }
OK("tc") int num_in_callback(CTX) { bpf_loop(3, cb_loops, NULL, 0); return 0; }
BAD("tc", "BPF_EXIT instruction in main prog would lead to reference leak") int num_in_callback_leak(CTX) { bpf_loop(3, cb_leaks, NULL, 0); return 0; }
OK("tc") int num_next_in_callback(CTX) { struct bpf_iter_num it; bpf_iter_num_new(&it, 0, 9); bpf_loop(3, cb_next, &it, 0); END; return 0; }
BAD("tc", "BPF_EXIT instruction in main prog would lead to reference leak") int num_destroy_in_callback(CTX) { struct bpf_iter_num it; bpf_iter_num_new(&it, 0, 9); bpf_loop(1, cb_destroys, &it, 0); return 0; }
OK("tc") int callback_in_num(CTX) { NUM; EACH(0, 5) bpf_loop(3, cb_loops, NULL, 0); END; return 0; }
BAD("tc", "old state: R0=rdonly_mem(id=2,ref_obj_id=1,sz=4) R6=fp-8 R10=fp0 fp-8=iter_num(ref_id=1,state=active,depth=1) refs=1") int num_infinite_inside(CTX) { NUM; EACH(0, 5) { for (;;) { asm volatile("":::"memory"); } } END; return 0; }
OK("tc") __naked int num_bounded_inside(void) { asm volatile("r1 = r10; r1 += -8; r2 = 0; r3 = 10; call %[n]; 1: r1 = r10; r1 += -8; call %[x]; if r0 == 0 goto 2f; r6 = 0; 3: r6 += 1; if r6 < 5 goto 3b; goto 1b; 2: r1 = r10; r1 += -8; call %[d]; r0 = 0; exit;" :: [n]"i"(bpf_iter_num_new), [x]"i"(bpf_iter_num_next), [d]"i"(bpf_iter_num_destroy)); }
BAD("tc", "expected uninitialized iter_num as arg #0") __naked int num_at_unaligned(void) { asm volatile("r1 = r10; r1 += -12; r2 = 0; r3 = 10; call %[n]; r0 = 0; exit;" :: [n]"i"(bpf_iter_num_new)); }
BAD("tc", "expected an initialized iter_bits as arg #0") __naked int num_wrong_kind(void) { asm volatile("r1 = r10; r1 += -8; r2 = 0; r3 = 10; call %[n]; r1 = r10; r1 += -8; call %[x]; r0 = 0; exit;" :: [n]"i"(bpf_iter_num_new), [x]"i"(bpf_iter_bits_next)); }
BAD("tc", "arg#0 expected pointer to an iterator on stack") __naked int num_in_value(void) { asm volatile("r1 = %[o] ll; r2 = 0; r3 = 10; call %[n]; r0 = 0; exit;" :: [n]"i"(bpf_iter_num_new), [o]"i"(&words)); }
BAD("tc", "expected an initialized iter_num as arg #0") __naked int num_two_ways(void) { asm volatile("call %[rnd]; if r0 & 1 goto 1f; r1 = r10; r1 += -8; r2 = 0; r3 = 10; call %[n]; 1: r1 = r10; r1 += -8; call %[d]; r0 = 0; exit;" :: [n]"i"(bpf_iter_num_new), [d]"i"(bpf_iter_num_destroy), [rnd]"i"(bpf_get_prandom_u32)); }
BAD("tc", "BPF_EXIT instruction in main prog would lead to reference leak") __naked int num_empty_stack_read(void) { asm volatile("r1 = r10; r1 += -8; r2 = 0; r3 = 10; call %[n]; r1 = r10; r1 += -8; r2 = 8; r3 = 0; call %[p]; r0 = 0; exit;" :: [n]"i"(bpf_iter_num_new), [p]"i"(bpf_probe_read_kernel)); }

OK("tc") int bits(CTX) { struct bpf_iter_bits it; int *v; bpf_iter_bits_new(&it, words, 2); while ((v = bpf_iter_bits_next(&it))) out += *v; bpf_iter_bits_destroy(&it); return 0; }
OK("tc") int bits_anything(CTX) { struct bpf_iter_bits it; bpf_iter_bits_new(&it, (void *)8, out); bpf_iter_bits_destroy(&it); return 0; }
BAD("tc", "program must be sleepable to call sleepable kfunc bpf_iter_kmem_cache_new") int kmem(CTX) { struct bpf_iter_kmem_cache it; struct kmem_cache *s; bpf_iter_kmem_cache_new(&it); while ((s = bpf_iter_kmem_cache_next(&it))) out += s->size; bpf_iter_kmem_cache_destroy(&it); return 0; }
OK("syscall") int kmem_sleeps(CTX) { struct bpf_iter_kmem_cache it; struct kmem_cache *s; bpf_iter_kmem_cache_new(&it); while ((s = bpf_iter_kmem_cache_next(&it))) out += s->size; bpf_iter_kmem_cache_destroy(&it); return 0; }
#define TP BPF_PROG
#define TPARGS struct task_struct *t, u64 f
OK("tp_btf/task_newtask") int TP(tasks, TPARGS) { struct bpf_iter_task it; struct task_struct *p; bpf_iter_task_new(&it, NULL, 0); while ((p = bpf_iter_task_next(&it))) out += p->pid; bpf_iter_task_destroy(&it); return 0; }
OK("tp_btf/task_newtask") int TP(tasks_of, TPARGS) { struct bpf_iter_task it; struct task_struct *p; bpf_iter_task_new(&it, t, 1); while ((p = bpf_iter_task_next(&it))) out += p->pid; bpf_iter_task_destroy(&it); return 0; }
OK("tp_btf/task_newtask") int TP(tasks_acquire, TPARGS) { struct bpf_iter_task it; struct task_struct *p; bpf_iter_task_new(&it, NULL, 0); while ((p = bpf_iter_task_next(&it))) { p = bpf_task_acquire(p); if (p) bpf_task_release(p); } bpf_iter_task_destroy(&it); return 0; }
BAD("tp_btf/task_newtask", "BPF_EXIT instruction in main prog would lead to reference leak") int TP(tasks_used_after, TPARGS) { struct bpf_iter_task it; struct task_struct *p; bpf_iter_task_new(&it, NULL, 0); p = bpf_iter_task_next(&it); bpf_iter_task_destroy(&it); return p ? bpf_task_acquire(p) != NULL : 0; }
BAD("tp_btf/task_newtask", "arg#1 pointer type STRUCT task_struct must point to scalar, or struct with scalar") int TP(tasks_flags, TPARGS) { struct bpf_iter_task it; bpf_iter_task_new(&it, (void *)f, 0); bpf_iter_task_destroy(&it); return 0; }
BAD("iter.s/task", "kernel func bpf_iter_task_new requires RCU critical section protection") int tasks_no_rcu(struct bpf_iter__task *ctx) { struct bpf_iter_task it; bpf_iter_task_new(&it, NULL, 0); bpf_iter_task_destroy(&it); return 0; }
OK("iter.s/task") int tasks_rcu(struct bpf_iter__task *ctx) { struct bpf_iter_task it; struct task_struct *p; bpf_rcu_read_lock(); bpf_iter_task_new(&it, NULL, 0); while ((p = bpf_iter_task_next(&it))) out += p->pid; bpf_iter_task_destroy(&it); bpf_rcu_read_unlock(); return 0; }
BAD("iter.s/task", "expected an RCU CS when using bpf_iter_task_next") int tasks_rcu_left(struct bpf_iter__task *ctx) { struct bpf_iter_task it; struct task_struct *p; bpf_rcu_read_lock(); bpf_iter_task_new(&it, NULL, 0); bpf_rcu_read_unlock(); p = bpf_iter_task_next(&it); bpf_iter_task_destroy(&it); return 0; }
BAD("iter.s/task", "expected an RCU CS when using bpf_iter_task_destroy") int tasks_rcu_left_destroy(struct bpf_iter__task *ctx) { struct bpf_iter_task it; bpf_rcu_read_lock(); bpf_iter_task_new(&it, NULL, 0); bpf_rcu_read_unlock(); bpf_iter_task_destroy(&it); return 0; }
BAD("iter.s/task", "expected an RCU CS when using bpf_iter_task_next") int tasks_rcu_renewed(struct bpf_iter__task *ctx) { struct bpf_iter_task it; struct task_struct *p; bpf_rcu_read_lock(); bpf_iter_task_new(&it, NULL, 0); bpf_rcu_read_unlock(); bpf_rcu_read_lock(); p = bpf_iter_task_next(&it); bpf_iter_task_destroy(&it); bpf_rcu_read_unlock(); return 0; }
OK("tp_btf/task_newtask") int TP(vmas, TPARGS) { struct bpf_iter_task_vma it; struct vm_area_struct *p; bpf_iter_task_vma_new(&it, t, 0); while ((p = bpf_iter_task_vma_next(&it))) out += p->vm_start; bpf_iter_task_vma_destroy(&it); return 0; }
BAD("tp_btf/task_newtask", "Possibly NULL pointer passed to trusted arg1") int TP(vmas_null, TPARGS) { struct bpf_iter_task_vma it; bpf_iter_task_vma_new(&it, NULL, 0); bpf_iter_task_vma_destroy(&it); return 0; }
OK("iter.s/cgroup") int css(struct bpf_iter__cgroup *ctx) { struct bpf_iter_css it; struct cgroup_subsys_state *p; struct cgroup *c = ctx->cgroup; if (!c) return 0; bpf_rcu_read_lock(); bpf_iter_css_new(&it, &c->self, 1); while ((p = bpf_iter_css_next(&it))) out += p->id; bpf_iter_css_destroy(&it); bpf_rcu_read_unlock(); return 0; }
BAD("iter.s/cgroup", "kernel func bpf_iter_css_new requires RCU critical section protection") int css_no_rcu(struct bpf_iter__cgroup *ctx) { struct bpf_iter_css it; struct cgroup *c = ctx->cgroup; if (!c) return 0; bpf_iter_css_new(&it, &c->self, 1); bpf_iter_css_destroy(&it); return 0; }
BAD("iter/cgroup", "R2 pointer arithmetic on trusted_ptr_or_null_ prohibited, null-check it first") int css_null(struct bpf_iter__cgroup *ctx) { struct bpf_iter_css it; struct cgroup *c = ctx->cgroup; bpf_iter_css_new(&it, &c->self, 1); bpf_iter_css_destroy(&it); return 0; }
OK("iter.s/cgroup") int css_tasks(struct bpf_iter__cgroup *ctx) { struct bpf_iter_css_task it; struct task_struct *p; struct cgroup *c = ctx->cgroup; if (!c) return 0; bpf_iter_css_task_new(&it, &c->self, 1); while ((p = bpf_iter_css_task_next(&it))) out += p->pid; bpf_iter_css_task_destroy(&it); return 0; }
OK("iter/cgroup") int css_tasks_unsleepable(struct bpf_iter__cgroup *ctx) { struct bpf_iter_css_task it; struct cgroup *c = ctx->cgroup; if (!c) return 0; bpf_iter_css_task_new(&it, &c->self, 1); bpf_iter_css_task_destroy(&it); return 0; }
BAD("tp_btf/task_newtask", "css_task_iter is only allowed in bpf_lsm, bpf_iter and sleepable progs") int TP(css_tasks_tp, TPARGS) { struct bpf_iter_css_task it; bpf_iter_css_task_new(&it, NULL, 1); bpf_iter_css_task_destroy(&it); return 0; }

// may_goto.
OK("socket") int may_forever(CTX) { while (CAN_LOOP) out++; return 0; }
BAD("socket", "R1 min value is outside of the allowed memory range") int may_index(CTX) { int i; for (i = 0; CAN_LOOP; i++) arr[i] = 1; return 0; }
OK("socket") int may_index_checked(CTX) { int i; for (i = 0; i < 16 && CAN_LOOP; i++) arr[i] = 1; return 0; }
BAD("socket", "old state: R1=ctx() R10=fp0") int may_inner_forever(CTX) { while (CAN_LOOP) for (;;) asm volatile("":::"memory"); return 0; }
OK("socket") int may_states(CTX) { int s = 0; while (CAN_LOOP) { switch (s) { case 0: s = 1; break; case 1: s = 2; break; case 2: s = 5; break; default: s = 0; } } return s * 0; }
static __noinline int may_sub(int n) { int s = 0; while (CAN_LOOP) s += n; return s; }
OK("socket") int may_in_sub(CTX) { return may_sub(3) * 0; }
static long may_cb(u32 i, void *c) { while (CAN_LOOP) out++; return 0; }
OK("socket") int may_in_callback(CTX) { bpf_loop(5, may_cb, NULL, 0); return 0; }
OK("tc") int may_in_num(CTX) { NUM; EACH(0, 5) while (CAN_LOOP) out++; END; return 0; }
OK("tc") int num_in_may(CTX) { NUM; while (CAN_LOOP) { EACH(0, 5) out++; END; } return 0; }
BAD("tc", "BPF_EXIT instruction in main prog would lead to reference leak") int num_new_in_may(CTX) { struct bpf_iter_num it; while (CAN_LOOP) bpf_iter_num_new(&it, 0, 5); return 0; }
OK("socket") __naked int may_offset_zero(void) { asm volatile(".byte 0xe5, 0; .2byte 0; .4byte 0; r0 = 0; exit;"); }
OK("socket") __naked int may_backwards(void) { asm volatile("r0 = 0; 1: r0 += 1; .byte 0xe5, 0; .2byte 1; .4byte 0; goto 1b; r0 = 0; exit;"); }
BAD("socket", "old state: R0=0 R1=ctx() R10=fp0") __naked int may_back_to_self(void) { asm volatile("r0 = 0; .byte 0xe5, 0; .2byte -1; .4byte 0; exit;"); }
BAD("socket", "old state: R0=0 R1=ctx() R10=fp0") __naked int may_back_plain(void) { asm volatile("r0 = 0; .byte 0xe5, 0; .2byte -2; .4byte 0; exit;"); }
BAD("socket", "invalid may_goto imm 1") __naked int may_imm(void) { asm volatile("r0 = 0; .byte 0xe5, 0; .2byte 0; .4byte 1; exit;"); }
BAD("socket", "invalid may_goto imm 0") __naked int may_dst(void) { asm volatile("r0 = 0; .byte 0xe5, 1; .2byte 0; .4byte 0; exit;"); }
BAD("socket", "invalid may_goto imm 0") __naked int may_src(void) { asm volatile("r0 = 0; .byte 0xe5, 0x20; .2byte 0; .4byte 0; exit;"); }
BAD("socket", "jump out of range from insn 1 to 7") __naked int may_outside(void) { asm volatile("r0 = 0; .byte 0xe5, 0; .2byte 5; .4byte 0; exit;"); }

// Plain loops.
OK("socket") int loop_up(CTX) { int i, s = 0; for (i = 0; i < 100; i++) { barrier_var(i); s += i; } return s * 0; }
OK("socket") int loop_down(CTX) { int i, s = 0; for (i = 100; i > 0; i--) { barrier_var(i); s += i; } return s * 0; }
OK("socket") int loop_down_signed(CTX) { int i, s = 0; for (i = 100; i >= 0; i--) { barrier_var(i); s += i; } return s * 0; }
OK("socket") int loop_u8(CTX) { u8 i; int s = 0; for (i = 0; i < 200; i++) { barrier_var(s); s += i; } return s * 0; }
OK("socket") int loop_ne(CTX) { u64 i, s = 0; for (i = 0; i != 100; i++) { barrier_var(i); s += i; } return s * 0; }
OK("socket") int loop_step(CTX) { u64 i, s = 0; for (i = 0; i < 1000; i += 7) { barrier_var(i); s += i; } return s * 0; }
OK("socket") int loop_shift(CTX) { u64 i, s = 0; for (i = 1; i; i <<= 1) { barrier_var(i); s += i; } return s * 0; }
OK("socket") int loop_unknown_bound(CTX) { u32 n = bpf_get_prandom_u32() & 63, i, s = 0; for (i = 0; i < n; i++) { barrier_var(i); s += i; } return s * 0; }
OK("socket") int loop_array(CTX) { u32 n = bpf_get_prandom_u32() & 15, i; for (i = 0; i < n; i++) { barrier_var(i); arr[i & 15] = 1; } return 0; }
BAD("socket", "old state: R1=ctx() R10=fp0") int loop_forever(CTX) { for (;;) asm volatile("":::"memory"); return 0; }
BAD("socket", "old state: R0=scalar(smin=0x8000000000000001,umin=umin32=1) R10=fp0") int loop_until_random(CTX) { while (bpf_get_prandom_u32()) out++; return 0; }
OK("socket") int loop_nested(CTX) { int i, j, s = 0; for (i = 0; i < 30; i++) { barrier_var(i); for (j = 0; j < 30; j++) { barrier_var(j); s += i * j; } } return s * 0; }
OK("socket") int loop_branches(CTX) { int i, s = 0; for (i = 0; i < 60; i++) { barrier_var(i); if (bpf_get_prandom_u32() & 1) s++; } return s * 0; }
OK("socket") int loop_stack(CTX) { u64 a[8]; int i, s = 0; for (i = 0; i < 8; i++) { barrier_var(i); a[i] = i; } for (i = 0; i < 8; i++) { barrier_var(i); s += a[i]; } return s * 0; }
static __noinline int fact(int n) { int i, s = 1; for (i = 1; i <= (n & 7); i++) { barrier_var(i); s *= i; } return s; }
OK("socket") int loop_calls(CTX) { int i, s = 0; for (i = 0; i < 20; i++) { barrier_var(i); s += fact(i); } return s * 0; }
// bpf_loop and its kin.
static long one(u32 i, void *c) { return 1; }
static long two(u32 i, void *c) { return 2; }
static long anyret(u32 i, void *c) { return bpf_get_prandom_u32(); }
static long writes(u32 i, void *c) { if (i < 16) arr[i] = 1; return 0; }
static long writes_unchecked(u32 i, void *c) { arr[i] = 1; return 0; }
static long counts(u32 i, void *c) { (*(u32 *)c)++; return 0; }
static long past(u32 i, void *c) { return ((volatile char *)c)[8] & 1; }
OK("socket") int bloop(CTX) { return bpf_loop(10, one, NULL, 0) * 0; }
BAD("socket", "At callback return the register R0 has smin=2 smax=2 should have been in [0, 1]") int bloop_two(CTX) { return bpf_loop(10, two, NULL, 0); }
BAD("socket", "At callback return the register R0 has smin=0 smax=4294967295 should have been in [0, 1]") int bloop_any(CTX) { return bpf_loop(10, anyret, NULL, 0); }
OK("socket") int bloop_flags(CTX) { return bpf_loop(10, one, NULL, 5) * 0; }
OK("socket") int bloop_unknown(CTX) { return bpf_loop(bpf_get_prandom_u32(), one, NULL, 0) * 0; }
OK("socket") int bloop_writes(CTX) { return bpf_loop(10, writes, NULL, 0) * 0; }
BAD("socket", "R2 unbounded memory access, make sure to bounds check any such access") int bloop_unchecked(CTX) { return bpf_loop(10, writes_unchecked, NULL, 0); }
OK("socket") int bloop_counts(CTX) { u32 n = 0; bpf_loop(10, counts, &n, 0); return n * 0; }
BAD("socket", "R2 unbounded memory access, make sure to bounds check any such access") int bloop_counts_used(CTX) { u32 n = 0; bpf_loop(10, counts, &n, 0); return arr[n]; }
BAD("socket", "invalid read from stack R2 off=0 size=1") int bloop_past(CTX) { u64 n = 0; bpf_loop(10, past, &n, 0); return n; }
OK("socket") int bloop_zero(CTX) { u32 n = 3; bpf_loop(0, counts, &n, 0); return arr[n & 15] * 0; }
BAD("socket", "R2 type=scalar expected=func") int bloop_null(CTX) { return bpf_loop(10, NULL, NULL, 0); }
BAD("socket", "R6 invalid mem access 'scalar'") int bloop_result(CTX) { long n = bpf_loop(10, one, NULL, 0); return n > 10 ? ((volatile char *)NULL)[0] : 0; }
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4); __type(key, int); __type(value, u64); } hm SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, int); __type(value, u64); } am SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_QUEUE); __uint(max_entries, 4); __uint(value_size, 4); } qm SEC(".maps");
static long each(struct bpf_map *m, int *k, u64 *v, void *c) { *v += *k; return 0; }
static long each_key_write(struct bpf_map *m, int *k, u64 *v, void *c) { *k = 1; return 0; }
static long each_beyond(struct bpf_map *m, int *k, u64 *v, void *c) { return ((volatile u64 *)v)[1] & 1; }
static long each_delete(struct bpf_map *m, int *k, u64 *v, void *c) { bpf_map_delete_elem(m, k); return 0; }
static long each_lookup(struct bpf_map *m, int *k, u64 *v, void *c) { u64 *w = bpf_map_lookup_elem(&hm, k); return w ? *w & 1 : 0; }
OK("socket") int for_each(CTX) { return bpf_for_each_map_elem(&hm, each, NULL, 0) * 0; }
OK("socket") int for_each_array(CTX) { return bpf_for_each_map_elem(&am, each, NULL, 0) * 0; }
BAD("socket", "write to change key R2 not allowed") int for_each_key_write(CTX) { return bpf_for_each_map_elem(&hm, each_key_write, NULL, 0) * 0; }
BAD("socket", "write to change key R2 not allowed") int for_each_key_write_array(CTX) { return bpf_for_each_map_elem(&am, each_key_write, NULL, 0) * 0; }
BAD("socket", "R3 min value is outside of the allowed memory range") int for_each_beyond(CTX) { return bpf_for_each_map_elem(&hm, each_beyond, NULL, 0) * 0; }
OK("socket") int for_each_delete(CTX) { return bpf_for_each_map_elem(&hm, each_delete, NULL, 0) * 0; }
OK("socket") int for_each_lookup(CTX) { return bpf_for_each_map_elem(&hm, each_lookup, NULL, 0) * 0; }
BAD("socket", "callback function not allowed for map") int for_each_queue(CTX) { return bpf_for_each_map_elem(&qm, each, NULL, 0) * 0; }
static long in_vma(struct task_struct *t, struct vm_area_struct *vma, void *c) { out += vma->vm_start + t->pid; return 0; }
static long in_vma_write(struct task_struct *t, struct vm_area_struct *vma, void *c) { t->pid = 1; return 0; }
static long in_vma_find(struct task_struct *t, struct vm_area_struct *vma, void *c) { return bpf_find_vma(t, 0, in_vma, NULL, 0) & 1; }
OK("tp_btf/task_newtask") int TP(find, TPARGS) { return bpf_find_vma(t, 0, in_vma, NULL, 0) * 0; }
BAD("tp_btf/task_newtask", "only read is supported") int TP(find_write, TPARGS) { return bpf_find_vma(t, 0, in_vma_write, NULL, 0) * 0; }
OK("tp_btf/task_newtask") int TP(find_in_find, TPARGS) { return bpf_find_vma(t, 0, in_vma_find, NULL, 0) * 0; }
BAD("tp_btf/task_newtask", "R1 type=scalar expected=ptr_, trusted_ptr_, rcu_ptr_") int TP(find_null, TPARGS) { return bpf_find_vma(NULL, 0, in_vma, NULL, 0) * 0; }
OK("kprobe") int find_current(CTX) { struct task_struct *t = bpf_get_current_task_btf(); return bpf_find_vma(t, 0, in_vma, NULL, 0) * 0; }
