// SPDX-License-Identifier: Apache-2.0
// What the feature programs share: expectations as decl tags, kernel functions,
// and the constants that a vmlinux.h does not hold.
#pragma once
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define __tag(x) __attribute__((btf_decl_tag(x)))
#define __success __tag("comment:test_expect_success")
#define __failure __tag("comment:test_expect_failure")
#define __msg(text) __tag("comment:test_expect_msg=" __COUNTER_TEXT "=" text)
#define __flag(f) __tag("comment:test_prog_flags=" #f)
#define __str1(x) #x
#define __str(x) __str1(x)
#define __COUNTER_TEXT __str(__COUNTER__)

// OK and BAD head a program of a section.
#define OK(sec) SEC(sec) __success
#define BAD(sec, text) SEC(sec) __failure __msg(text)

#define __naked __attribute__((naked))
#define __arg_untrusted __attribute__((btf_decl_tag("arg:untrusted")))
#undef __arg_trusted
#define __arg_trusted __attribute__((btf_decl_tag("arg:trusted")))
#undef __arg_nullable
#define __arg_nullable __attribute__((btf_decl_tag("arg:nullable")))
#undef __arg_nonnull
#define __arg_nonnull __attribute__((btf_decl_tag("arg:nonnull")))
#undef __arg_ctx
#define __arg_ctx __attribute__((btf_decl_tag("arg:ctx")))
#undef __arg_arena
#define __arg_arena __attribute__((btf_decl_tag("arg:arena")))
#undef __kptr
#define __kptr __attribute__((btf_type_tag("kptr")))
#undef __kptr_untrusted
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))
#define __percpu_kptr __attribute__((btf_type_tag("percpu_kptr")))
#define __contains(name, node) __attribute__((btf_decl_tag("contains:" #name ":" #node)))
#ifndef __ulong
#define __ulong(name, val) enum { name##_value = val } name
#endif
#define __private(name) SEC(".data." #name) __hidden __attribute__((aligned(8)))
#define bpf_core_cast(ptr, type) ((typeof(type) *)bpf_rdonly_cast((ptr), bpf_core_type_id_kernel(type)))
#ifndef BPF_CORE_READ_BITFIELD
#define BPF_CORE_READ_BITFIELD(s, f) ((s)->f)
#endif
#define __used_here(x) asm volatile("" : : "r"(x))
#undef barrier_var
#define barrier_var(x) asm volatile("" : "+r"(x))
#define __addr(name) [name] "i"(&name)
#define container(ptr, type, member) ((type *)((void *)(ptr) - __builtin_offsetof(type, member)))
#define NULL ((void *)0)
#define bpf_ksym extern __attribute__((section(".ksyms")))
#define bpf_wksym extern __weak __attribute__((section(".ksyms")))

bpf_ksym void bpf_rcu_read_lock(void);
bpf_ksym void bpf_rcu_read_unlock(void);
bpf_ksym void bpf_preempt_disable(void);
bpf_ksym void bpf_preempt_enable(void);
bpf_ksym void bpf_local_irq_save(unsigned long *flags);
bpf_ksym void bpf_local_irq_restore(unsigned long *flags);
bpf_ksym int bpf_res_spin_lock(struct bpf_res_spin_lock *lock);
bpf_ksym void bpf_res_spin_unlock(struct bpf_res_spin_lock *lock);
bpf_ksym int bpf_res_spin_lock_irqsave(struct bpf_res_spin_lock *lock, unsigned long *flags);
bpf_ksym void bpf_res_spin_unlock_irqrestore(struct bpf_res_spin_lock *lock, unsigned long *flags);
bpf_ksym void bpf_throw(u64 cookie);

bpf_ksym struct task_struct *bpf_task_from_pid(s32 pid);
bpf_ksym struct task_struct *bpf_task_acquire(struct task_struct *p);
bpf_ksym void bpf_task_release(struct task_struct *p);
bpf_ksym struct cgroup *bpf_cgroup_from_id(u64 cgid);
bpf_ksym void bpf_cgroup_release(struct cgroup *cgrp);
bpf_ksym struct cgroup *bpf_cgroup_acquire(struct cgroup *cgrp);

bpf_ksym void *bpf_obj_new_impl(u64 local_type_id__k, void *meta__ign);
bpf_ksym void bpf_obj_drop_impl(void *p__alloc, void *meta__ign);
bpf_ksym void *bpf_refcount_acquire_impl(void *p__refcounted_kptr, void *meta__ign);
bpf_ksym void *bpf_percpu_obj_new_impl(u64 local_type_id__k, void *meta__ign);
bpf_ksym void bpf_percpu_obj_drop_impl(void *p__alloc, void *meta__ign);
bpf_ksym int bpf_list_push_front_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta__ign, u64 off);
bpf_ksym int bpf_list_push_back_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta__ign, u64 off);
bpf_ksym struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head);
bpf_ksym struct bpf_list_node *bpf_list_pop_back(struct bpf_list_head *head);
bpf_ksym struct bpf_list_node *bpf_list_front(struct bpf_list_head *head);
bpf_ksym struct bpf_list_node *bpf_list_back(struct bpf_list_head *head);
bpf_ksym struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root, struct bpf_rb_node *node);
bpf_ksym int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node,
	bool (less)(struct bpf_rb_node *a, const struct bpf_rb_node *b), void *meta__ign, u64 off);
bpf_ksym struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root);
bpf_ksym struct bpf_rb_node *bpf_rbtree_root(struct bpf_rb_root *root);
bpf_ksym struct bpf_rb_node *bpf_rbtree_left(struct bpf_rb_root *root, struct bpf_rb_node *node);
bpf_ksym struct bpf_rb_node *bpf_rbtree_right(struct bpf_rb_root *root, struct bpf_rb_node *node);
#define obj_new(type) ((type *)bpf_obj_new_impl(bpf_core_type_id_local(type), NULL))
#define obj_drop(p) bpf_obj_drop_impl(p, NULL)
#define refcount_acquire(p) bpf_refcount_acquire_impl(p, NULL)
#define percpu_new(type) ((type *)bpf_percpu_obj_new_impl(bpf_core_type_id_local(type), NULL))
#define list_push(h, n) bpf_list_push_front_impl(h, n, NULL, 0)
#define list_push_back(h, n) bpf_list_push_back_impl(h, n, NULL, 0)
#define rbtree_add(r, n, less) bpf_rbtree_add_impl(r, n, less, NULL, 0)

bpf_ksym int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end);
bpf_ksym int *bpf_iter_num_next(struct bpf_iter_num *it);
bpf_ksym void bpf_iter_num_destroy(struct bpf_iter_num *it);

bpf_ksym void *bpf_rdonly_cast(const void *obj, u32 btf_id);
bpf_ksym void *bpf_cast_to_kern_ctx(void *obj);

bpf_ksym int bpf_wq_init(struct bpf_wq *wq, void *p__map, unsigned int flags);
bpf_ksym int bpf_wq_start(struct bpf_wq *wq, unsigned int flags);
bpf_ksym int bpf_wq_set_callback_impl(struct bpf_wq *wq, int (callback_fn)(void *map, int *key, void *value), unsigned int flags, void *aux__prog);

#define CAN_LOOP ({ __label__ out, more; bool ret = true; \
	asm volatile goto("may_goto %l[out]" : : : : out); \
	goto more; out: ret = false; more:; ret; })

char _license[] SEC("license") = "GPL";
