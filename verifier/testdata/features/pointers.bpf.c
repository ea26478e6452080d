// SPDX-License-Identifier: Apache-2.0
// Typed kernel pointers: trusted, RCU, untrusted, null; probe reads; casts.
#include "features.h"

bpf_ksym struct task_struct *bpf_task_from_vpid(s32 vpid);
bpf_ksym struct cgroup *bpf_task_get_cgroup1(struct task_struct *task, int hierarchy_id);
bpf_ksym struct cgroup *bpf_cgroup_ancestor(struct cgroup *cgrp, int level);
bpf_ksym long bpf_task_under_cgroup(struct task_struct *task, struct cgroup *ancestor);
bpf_ksym struct kmem_cache *bpf_get_kmem_cache(u64 addr);
bpf_ksym int bpf_strcmp(const char *s1__ign, const char *s2__ign);
bpf_ksym int bpf_strlen(const char *s__ign);
bpf_ksym struct bpf_cpumask *bpf_cpumask_create(void);
bpf_ksym void bpf_cpumask_release(struct bpf_cpumask *m);
bpf_ksym u32 bpf_cpumask_first(const struct cpumask *m);
bpf_ksym void bpf_cpumask_set_cpu(u32 cpu, struct bpf_cpumask *m);
bpf_ksym int bpf_send_signal_task(struct task_struct *task, int sig, enum pid_type type, u64 value);
bpf_ksym int bpf_get_file_xattr(struct file *file, const char *name__str, struct bpf_dynptr *value_p);
extern const int runqueues_missing __ksym __weak;
extern const struct rq runqueues __ksym;
extern const int bpf_prog_active __ksym;
int out;
char buf[16];
#define TP BPF_PROG
#define TPARGS struct task_struct *t, u64 f
#define STMT(body) { body; return 0; }

OK("tp_btf/task_newtask") int TP(read_pid, TPARGS) STMT(out = t->pid)
OK("tp_btf/task_newtask") int TP(read_comm, TPARGS) STMT(out = t->comm[3])
BAD("tp_btf/task_newtask", "access beyond struct task_struct at off 3264 size 1") int TP(read_beyond, TPARGS) STMT(out = ((volatile char *)t)[sizeof(*t)])
BAD("tp_btf/task_newtask", "R1 is ptr_task_struct invalid negative access: off=-1") int TP(read_negative, TPARGS) STMT(out = ((volatile char *)t)[-1])
BAD("tp_btf/task_newtask", "R2 is ptr_task_struct invalid variable offset: off=0, var_off=(0x0; 0x7)") int TP(read_variable, TPARGS) STMT(out = ((volatile char *)t)[f & 7])
BAD("tp_btf/task_newtask", "only read is supported") int TP(write_pid, TPARGS) STMT(t->pid = 1)
BAD("tp_btf/task_newtask", "only read is supported") int TP(atomic_pid, TPARGS) STMT(__sync_fetch_and_add(&t->pid, 1))
OK("tp_btf/task_newtask") int TP(walk_parent, TPARGS) STMT(out = t->real_parent->pid)
OK("tp_btf/task_newtask") int TP(walk_deep, TPARGS) STMT(out = t->mm->exe_file->f_inode->i_ino)
OK("tp_btf/task_newtask") int TP(walk_untrusted, TPARGS) STMT(out = t->last_wakee->pid)
OK("tp_btf/task_newtask") int TP(walk_void, TPARGS) STMT(out = *(int *)t->stack)
BAD("tp_btf/task_newtask", "cannot access ptr member stack with moff 32 in struct task_struct with off 32 size 4") int TP(walk_to_int, TPARGS) STMT(out = *(volatile int *)&t->stack)
OK("tp_btf/task_newtask") int TP(walk_union, TPARGS) STMT(out = t->sched_info.pcount)
OK("tp_btf/task_newtask") int TP(walk_array_of_ptr, TPARGS) STMT(struct pid *p = t->thread_pid; out = p->level)
OK("tp_btf/task_newtask") int TP(read_bitfield, TPARGS) STMT(out = BPF_CORE_READ_BITFIELD(t, in_execve))
BAD("tp_btf/task_newtask", "cannot access ptr member real_parent with moff 1280 in struct task_struct with off 1283 size 1") int TP(read_part, TPARGS) STMT(out = *(volatile u8 *)((void *)&t->real_parent + 3))
BAD("tp_btf/task_newtask", "cannot access ptr member real_parent with moff 1280 in struct task_struct with off 1284 size 8") int TP(read_across, TPARGS) STMT(out = *(volatile u64 *)((void *)&t->real_parent + 4))
BAD("tp_btf/task_newtask", "R1 must be a rcu pointer") int TP(acquire_walked, TPARGS) { struct task_struct *p = bpf_task_acquire(t->last_wakee); if (p) bpf_task_release(p); return 0; }
OK("tp_btf/task_newtask") int TP(acquire_rcu_field, TPARGS) { struct task_struct *p = bpf_task_acquire(t->group_leader); if (p) bpf_task_release(p); return 0; }
OK("tp_btf/task_newtask") int TP(acquire_real_parent, TPARGS) { struct task_struct *p = bpf_task_acquire(t->real_parent); if (p) bpf_task_release(p); return 0; }
BAD("tp_btf/task_newtask", "Possibly NULL pointer passed to trusted arg0") int TP(acquire_null, TPARGS) { struct task_struct *p = bpf_task_acquire(NULL); if (p) bpf_task_release(p); return 0; }
BAD("tp_btf/task_newtask", "arg#0 pointer type STRUCT task_struct must point to scalar, or struct with scalar") int TP(acquire_scalar, TPARGS) { struct task_struct *p = bpf_task_acquire((void *)f); if (p) bpf_task_release(p); return 0; }
BAD("tp_btf/task_newtask", "arg#0 pointer type STRUCT task_struct must point to scalar, or struct with scalar") int TP(acquire_stack, TPARGS) { struct task_struct *p = bpf_task_acquire((void *)&f); if (p) bpf_task_release(p); return 0; }
BAD("tp_btf/task_newtask", "R1 must be a rcu pointer") int TP(acquire_wrong_type, TPARGS) { struct task_struct *p = bpf_task_acquire((void *)t->mm); if (p) bpf_task_release(p); return 0; }
BAD("tp_btf/task_newtask", "Possibly NULL pointer passed to trusted arg0") int TP(acquire_unchecked, TPARGS) { struct task_struct *p = bpf_task_acquire(t); bpf_task_release(p); return 0; }
BAD("tp_btf/task_newtask", "release kernel function bpf_task_release expects refcounted PTR_TO_BTF_ID") int TP(release_argument, TPARGS) STMT(bpf_task_release(t))
OK("tp_btf/task_newtask") int TP(from_vpid, TPARGS) { struct task_struct *p = bpf_task_from_vpid(1); if (p) bpf_task_release(p); return 0; }
OK("tp_btf/task_newtask") int TP(cgroups, TPARGS) { struct cgroup *c = bpf_task_get_cgroup1(t, 0), *d; if (!c) return 0; d = bpf_cgroup_ancestor(c, 1); if (d) { out = bpf_task_under_cgroup(t, d); bpf_cgroup_release(d); } bpf_cgroup_release(c); return 0; }
BAD("tp_btf/task_newtask", "Possibly NULL pointer passed to trusted arg1") int TP(under_null, TPARGS) { struct cgroup *c = bpf_task_get_cgroup1(t, 0); out = bpf_task_under_cgroup(t, c); if (c) bpf_cgroup_release(c); return 0; }
OK("tp_btf/task_newtask") int TP(cgroup_field, TPARGS) { struct cgroup *c; bpf_rcu_read_lock(); c = t->cgroups->dfl_cgrp; c = bpf_cgroup_acquire(c); if (c) bpf_cgroup_release(c); bpf_rcu_read_unlock(); return 0; }
OK("tp_btf/task_newtask") int TP(kmem_cache, TPARGS) { struct kmem_cache *s = bpf_get_kmem_cache(f); return s ? s->size * 0 : 0; }
OK("tp_btf/task_newtask") int TP(kmem_cache_unchecked, TPARGS) { struct kmem_cache *s = bpf_get_kmem_cache(f); return s->size; }
OK("tp_btf/task_newtask") int TP(cpumask_field, TPARGS) STMT(out = bpf_cpumask_first(t->cpus_ptr))
OK("tp_btf/task_newtask") int TP(cpumask_member, TPARGS) STMT(out = bpf_cpumask_first(&t->cpus_mask))
OK("tp_btf/task_newtask") int TP(cpumask, TPARGS) { struct bpf_cpumask *m = bpf_cpumask_create(); if (!m) return 0; bpf_cpumask_set_cpu(1, m); out = bpf_cpumask_first((void *)m); bpf_cpumask_release(m); return 0; }
BAD("tp_btf/task_newtask", "kernel function bpf_cpumask_set_cpu args#1 expected pointer to STRUCT bpf_cpumask but R2 has a pointer to STRUCT task_struct") int TP(cpumask_set_member, TPARGS) STMT(bpf_cpumask_set_cpu(1, (void *)&t->cpus_mask))
BAD("tp_btf/task_newtask", "BPF_EXIT instruction in main prog would lead to reference leak") int TP(cpumask_leak, TPARGS) STMT(out = bpf_cpumask_create() != NULL)
OK("tp_btf/task_newtask") int TP(signal, TPARGS) STMT(out = bpf_send_signal_task(t, 9, PIDTYPE_PID, 0))
BAD("tp_btf/task_newtask", "R1 must be referenced or trusted") int TP(signal_walked, TPARGS) STMT(out = bpf_send_signal_task(t->last_wakee, 9, PIDTYPE_PID, 0))
OK("tp_btf/task_newtask") int TP(strings, TPARGS) STMT(out = bpf_strcmp(buf, t->comm) + bpf_strlen((void *)f))
OK("tp_btf/task_newtask") int TP(probe, TPARGS) STMT(bpf_probe_read_kernel(buf, 8, t))
BAD("tp_btf/task_newtask", "bpf_probe_read_kernel() may write into memory pointed by R1 type=trusted_ptr_") int TP(probe_to_task, TPARGS) STMT(bpf_probe_read_kernel(t, 8, buf))
OK("tp_btf/task_newtask") int TP(core_read, TPARGS) STMT(out = BPF_CORE_READ(t, mm, exe_file, f_flags))
OK("tp_btf/task_newtask") int TP(storage_null, TPARGS) STMT(out = t->mm != NULL)
OK("tp_btf/task_newtask") int TP(compare, TPARGS) STMT(out = t->real_parent == t->parent)
BAD("tp_btf/task_newtask", "R1 pointer arithmetic with >>= operator prohibited") int TP(number_of_pointer, TPARGS) STMT(out = (long)t->real_parent >> 3)
OK("tp_btf/task_newtask") int TP(stored_pointer, TPARGS) STMT(u64 v = (long)t; bpf_probe_read_kernel(buf, 8, &v))
OK("tp_btf/task_newtask") int TP(current_btf, TPARGS) { struct task_struct *p = bpf_task_acquire(bpf_get_current_task_btf()); if (p) bpf_task_release(p); return 0; }
BAD("tp_btf/task_newtask", "R0 invalid mem access 'scalar'") int TP(current_plain, TPARGS) STMT(out = ((struct task_struct *)bpf_get_current_task())->pid)

// Casts.
OK("tp_btf/task_newtask") int TP(cast_struct, TPARGS) STMT(out = bpf_core_cast((void *)f, struct task_struct)->pid)
OK("tp_btf/task_newtask") int TP(cast_walk, TPARGS) STMT(out = bpf_core_cast((void *)f, struct task_struct)->mm->flags.__mm_flags[0])
BAD("tp_btf/task_newtask", "R1 must be a rcu pointer") int TP(cast_acquire, TPARGS) { struct task_struct *p = bpf_task_acquire(bpf_core_cast((void *)f, struct task_struct)); if (p) bpf_task_release(p); return 0; }
BAD("tp_btf/task_newtask", "only read is supported") int TP(cast_write, TPARGS) STMT(bpf_core_cast(t, struct task_struct)->pid = 1)
OK("tp_btf/task_newtask") int TP(cast_void, TPARGS) STMT(out = *(int *)(bpf_rdonly_cast((void *)f, 0) + 100))
OK("tp_btf/task_newtask") int TP(cast_void_variable, TPARGS) STMT(out = *(int *)(bpf_rdonly_cast(t, 0) + f))
OK("tp_btf/task_newtask") int TP(cast_void_null, TPARGS) STMT(out = *(int *)bpf_rdonly_cast(NULL, 0))
BAD("tp_btf/task_newtask", "R0 cannot write into rdonly_untrusted_mem") int TP(cast_void_write, TPARGS) STMT(*(int *)bpf_rdonly_cast(t, 0) = 1)
BAD("tp_btf/task_newtask", "R0 cannot write into rdonly_untrusted_mem") int TP(cast_void_atomic, TPARGS) STMT(__sync_fetch_and_add((int *)bpf_rdonly_cast(t, 0), 1))
BAD("tp_btf/task_newtask", "R1 type=map_value expected=map_ptr") int TP(cast_void_helper, TPARGS) STMT(bpf_map_push_elem((void *)&out, bpf_rdonly_cast(t, 0), 0))
BAD("tp_btf/task_newtask", "R1 type=rdonly_untrusted_mem expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_") int TP(cast_void_mem, TPARGS) STMT(out = bpf_strncmp(bpf_rdonly_cast(t, 0), 4, "abc"))
OK("tp_btf/task_newtask") int TP(cast_void_probe, TPARGS) STMT(bpf_probe_read_kernel(buf, 8, bpf_rdonly_cast(t, 0)))
OK("tp_btf/task_newtask") int TP(cast_void_string, TPARGS) STMT(out = bpf_strlen(bpf_rdonly_cast(t, 0)))
OK("tp_btf/task_newtask") int TP(cast_void_if, TPARGS) { int *p = bpf_rdonly_cast(t, 0); return p ? *p * 0 : 0; }
BAD("tp_btf/task_newtask", "kfunc bpf_rdonly_cast type ID argument must be of a struct or void") int TP(cast_int, TPARGS) STMT(out = *(int *)bpf_rdonly_cast(t, bpf_core_type_id_kernel(int)))
BAD("tp_btf/task_newtask", "R2 must be a known constant") int TP(cast_unknown_id, TPARGS) STMT(out = *(int *)bpf_rdonly_cast(t, f))
BAD("tp_btf/task_newtask", "Unknown type ID 134217727 passed to kfunc bpf_rdonly_cast") int TP(cast_huge_id, TPARGS) STMT(out = *(int *)bpf_rdonly_cast(t, 0x7ffffff))
OK("tp_btf/task_newtask") int TP(cast_sx, TPARGS) STMT(out = *(s8 *)(bpf_rdonly_cast((void *)f, 0)))
OK("tc") int kern_ctx(struct __sk_buff *ctx) { struct sk_buff *s = bpf_cast_to_kern_ctx(ctx); return s->dev->ifindex * 0; }
OK("xdp") int kern_xdp(struct xdp_md *ctx) { struct xdp_buff *s = bpf_cast_to_kern_ctx(ctx); return s->rxq->queue_index * 0; }
BAD("tc", "arg#0 expected pointer to ctx, but got scalar") int kern_ctx_null(struct __sk_buff *ctx) { struct sk_buff *s = bpf_cast_to_kern_ctx(NULL); return s->dev->ifindex * 0; }
OK("tc") int kern_ctx_shinfo(struct __sk_buff *ctx) { struct sk_buff *s = bpf_cast_to_kern_ctx(ctx); struct skb_shared_info *i = bpf_core_cast(s->head + s->end, struct skb_shared_info); return i->gso_size * 0; }

// Kernel symbols.
BAD("raw_tp", "ldimm64 failed to find the address for kernel symbol 'runqueues'.") int ksym_percpu(void *ctx) { struct rq *r = bpf_this_cpu_ptr(&runqueues); return r->nr_running * 0; }
BAD("raw_tp", "ldimm64 failed to find the address for kernel symbol 'runqueues'.") int ksym_percpu_other(void *ctx) { struct rq *r = bpf_per_cpu_ptr(&runqueues, 1); return r ? r->nr_running * 0 : 0; }
BAD("raw_tp", "ldimm64 failed to find the address for kernel symbol 'runqueues'.") int ksym_percpu_unchecked(void *ctx) { struct rq *r = bpf_per_cpu_ptr(&runqueues, 1); return r->nr_running * 0; }
BAD("raw_tp", "ldimm64 failed to find the address for kernel symbol 'runqueues'.") int ksym_percpu_direct(void *ctx) { return runqueues.nr_running; }
BAD("raw_tp", "ldimm64 failed to find the address for kernel symbol 'bpf_prog_active'.") int ksym_percpu_int(void *ctx) { int *p = bpf_this_cpu_ptr(&bpf_prog_active); return *p * 0; }
BAD("raw_tp", "ldimm64 failed to find the address for kernel symbol 'bpf_prog_active'.") int ksym_percpu_int_write(void *ctx) { int *p = bpf_this_cpu_ptr(&bpf_prog_active); *p = 1; return 0; }
OK("raw_tp") int ksym_weak(void *ctx) { return &runqueues_missing ? 1 : 0; }
BAD("raw_tp", "R1 invalid mem access 'scalar'") int ksym_weak_read(void *ctx) { return runqueues_missing; }

// Arguments of tracepoints that may be NULL.
OK("tp_btf/sched_pi_setprio") int TP(null_checked, struct task_struct *t, struct task_struct *pi) { return pi ? pi->pid * 0 : 0; }
OK("tp_btf/sched_pi_setprio") int TP(null_unchecked, struct task_struct *t, struct task_struct *pi) { return pi->pid * 0; }
OK("tp_btf/sched_pi_setprio") int TP(not_null, struct task_struct *t, struct task_struct *pi) { return t->pid * 0; }
BAD("tp_btf/sched_pi_setprio", "Possibly NULL pointer passed to trusted arg0") int TP(null_passed, struct task_struct *t, struct task_struct *pi) { pi = bpf_task_acquire(pi); if (pi) bpf_task_release(pi); return 0; }
OK("tp_btf/kfree_skb") int TP(kfree_skb, struct sk_buff *skb, void *loc, enum skb_drop_reason r, struct sock *sk) { return skb->len * 0; }
OK("tp_btf/kfree_skb") int TP(kfree_skb_sk, struct sk_buff *skb, void *loc, enum skb_drop_reason r, struct sock *sk) { return sk->sk_mark * 0; }
OK("tp_btf/kfree_skb") int TP(kfree_skb_loc, struct sk_buff *skb, void *loc, enum skb_drop_reason r, struct sock *sk) { out = (long)loc; return 0; }
BAD("tp_btf/kfree_skb", "R1 invalid mem access 'scalar'") int TP(kfree_skb_loc_read, struct sk_buff *skb, void *loc, enum skb_drop_reason r, struct sock *sk) { return *(int *)loc; }
BAD("tp_btf/sched_switch", "invalid bpf_context access off=32 size=8") int ctx_beyond(u64 *ctx) { return ctx[4]; }
OK("tp_btf/sched_switch") int ctx_last(u64 *ctx) { return ctx[3] * 0; }
BAD("tp_btf/sched_switch", "invalid bpf_context access off=8 size=4") int ctx_half(u64 *ctx) { return *(volatile u32 *)(ctx + 1); }
BAD("tp_btf/sched_switch", "invalid bpf_context access off=4 size=8") int ctx_odd(u64 *ctx) { return *(volatile u64 *)((void *)ctx + 4); }
BAD("tp_btf/sched_switch", "invalid bpf_context access off=0 size=8") int ctx_write(u64 *ctx) { *(volatile u64 *)ctx = 1; return 0; }
BAD("tp_btf/sched_switch", "variable ctx access var_off=(0x0; 0x8) disallowed") int ctx_variable(u64 *ctx) { return ctx[bpf_get_prandom_u32() & 1]; }
OK("tp_btf/sys_enter") int TP(sys_enter, struct pt_regs *regs, long id) { return regs->di * 0; }
OK("raw_tp/sched_switch") int raw(struct bpf_raw_tracepoint_args *ctx) { return ctx->args[0] * 0; }
BAD("raw_tp/sched_switch", "R1 invalid mem access 'scalar'") int raw_deref(struct bpf_raw_tracepoint_args *ctx) { return ((struct task_struct *)ctx->args[1])->pid; }
OK("raw_tp.w/x") int raw_writable(u64 *ctx) { return ctx[0] * 0; }
OK("iter/task") int iter_task(struct bpf_iter__task *ctx) { return ctx->task ? ctx->task->pid * 0 : 0; }
OK("iter/task") int iter_task_unchecked(struct bpf_iter__task *ctx) { return ctx->task->pid * 0; }
OK("iter/task") int iter_seq(struct bpf_iter__task *ctx) { static const char fmt[] = "%d\n"; u64 a = 1; bpf_seq_printf(ctx->meta->seq, fmt, sizeof(fmt), &a, 8); return 0; }
BAD("iter/task", "At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]") int iter_two(struct bpf_iter__task *ctx) { return 2; }
OK("iter/bpf_map_elem") int iter_elem(struct bpf_iter__bpf_map_elem *ctx) { u32 *k = ctx->key, *v = ctx->value; if (!k || !v) return 0; *(u8 *)v = *(u8 *)k; return 0; }
BAD("iter/bpf_map_elem", "R1 cannot write into rdonly_buf") int iter_elem_key(struct bpf_iter__bpf_map_elem *ctx) { u8 *k = ctx->key; if (k) *k = 1; return 0; }
OK("iter/bpf_map_elem") int iter_elem_unchecked(struct bpf_iter__bpf_map_elem *ctx) { return *(u8 *)ctx->value * 0; }
OK("iter/tcp") int iter_tcp(struct bpf_iter__tcp *ctx) { return ctx->sk_common ? ctx->sk_common->skc_family * 0 : 0; }
BAD("iter.s/task_vma", "R2 invalid mem access 'ptr_or_null_'") int iter_vma(struct bpf_iter__task_vma *ctx) { char b[8]; if (ctx->vma && ctx->task) bpf_copy_from_user_task(b, 8, (void *)ctx->vma->vm_start, ctx->task, 0); return 0; }
OK("iter/cgroup") int iter_cgroup(struct bpf_iter__cgroup *ctx) { struct cgroup *c = ctx->cgroup; return c ? c->level * 0 : 0; }
OK("iter/bpf_map") int iter_map(struct bpf_iter__bpf_map *ctx) { struct bpf_map *m = ctx->map; return m ? m->id * 0 : 0; }
OK("iter/kmem_cache") int iter_kmem(struct bpf_iter__kmem_cache *ctx) { struct kmem_cache *m = ctx->s; return m ? m->size * 0 : 0; }
