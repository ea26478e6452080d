// SPDX-License-Identifier: Apache-2.0
// Allocated objects, lists, trees, kernel pointers in maps.
#include "features.h"

struct elem { int data; struct bpf_list_node l; struct bpf_rb_node r; struct bpf_refcount ref; };
struct plain { int data; long more; };
struct lonly { struct bpf_list_node l; int data; };
struct ronly { struct bpf_rb_node r; int data; };
struct holder { struct plain __kptr *p; struct bpf_spin_lock lock; struct bpf_list_head h __contains(lonly, l); };
struct in_list { struct bpf_list_node l; };
struct around_list { int a; struct in_list in; };

#define priv(n) __private(n)
struct bpf_spin_lock lock_a priv(A);
struct bpf_list_head list_a priv(A) __contains(elem, l);
struct bpf_rb_root root_a priv(A) __contains(elem, r);
struct bpf_spin_lock lock_b priv(B);
struct bpf_list_head list_b priv(B) __contains(lonly, l);
struct bpf_rb_root root_b priv(B) __contains(ronly, r);
struct bpf_res_spin_lock lock_c priv(C);
struct bpf_list_head list_c priv(C) __contains(lonly, l);

struct val {
	struct task_struct __kptr *task;
	struct task_struct __kptr_untrusted *untrusted;
	struct cgroup __kptr *cgrp;
	struct plain __kptr *plain;
	struct elem __kptr *node;
	struct plain __percpu_kptr *pcpu;
	int n;
};
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, int); __type(value, struct val); } arr SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4); __type(key, int); __type(value, struct val); } hash SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_HASH); __uint(max_entries, 4); __type(key, int); __type(value, struct val); } phash SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, int); __type(value, struct holder); } holders SEC(".maps");

static struct val *get(void) { int k = bpf_get_prandom_u32(); return bpf_map_lookup_elem(&arr, &k); }
#define CTX void *ctx

// Allocation.
OK("tc") int new_drop(CTX) { struct plain *p = obj_new(struct plain); if (p) { p->data = 1; obj_drop(p); } return 0; }
BAD("tc", "BPF_EXIT instruction in main prog would lead to reference leak") int new_leak(CTX) { struct plain *p = obj_new(struct plain); return p != NULL; }
BAD("tc", "R0 invalid mem access 'ptr_or_null_'") int new_unchecked(CTX) { struct plain *p = obj_new(struct plain); p->data = 1; obj_drop(p); return 0; }
BAD("tc", "Possibly NULL pointer passed to trusted arg0") int drop_null(CTX) { struct plain *p = obj_new(struct plain); obj_drop(p); return 0; }
BAD("tc", "R1 must be referenced or trusted") int drop_twice(CTX) { struct plain *p = obj_new(struct plain); if (p) { obj_drop(p); obj_drop(p); } return 0; }
BAD("tc", "R6 invalid mem access 'scalar'") int use_after_drop(CTX) { struct plain *p = obj_new(struct plain); if (!p) return 0; obj_drop(p); return p->data; }
BAD("tc", "R1 must have zero offset when passed to release func or trusted arg to kfunc") int drop_moved(CTX) { struct elem *p = obj_new(struct elem); if (p) obj_drop((void *)&p->l); return 0; }
BAD("tc", "access beyond struct plain at off 16 size 4") int beyond(CTX) { struct plain *p = obj_new(struct plain); int v; if (!p) return 0; v = ((volatile int *)p)[4]; obj_drop(p); return v; }
BAD("tc", "direct access to bpf_list_node is disallowed") int writes_node(CTX) { struct elem *p = obj_new(struct elem); if (!p) return 0; *(volatile long *)&p->l = 1; obj_drop(p); return 0; }
BAD("tc", "direct access to bpf_refcount is disallowed") int reads_refcount(CTX) { struct elem *p = obj_new(struct elem); int v; if (!p) return 0; v = *(volatile int *)&p->ref; obj_drop(p); return v; }
BAD("tc", "R1 must be a known constant") int new_unknown_type(CTX) { void *p = bpf_obj_new_impl(bpf_get_prandom_u32(), NULL); if (p) obj_drop(p); return 0; }
BAD("tc", "bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct") int new_bad_type(CTX) { void *p = bpf_obj_new_impl(100000, NULL); if (p) obj_drop(p); return 0; }
BAD("tc", "bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct") int new_int(CTX) { void *p = bpf_obj_new_impl(bpf_core_type_id_local(int), NULL); if (p) obj_drop(p); return 0; }
BAD("tc", "R1 must be referenced or trusted") int drop_stack(CTX) { struct plain p = {}; asm volatile(""::"r"(&p):"memory"); obj_drop(&p); return 0; }
BAD("tc", "R1 must be referenced or trusted") int drop_value(CTX) { struct val *v = get(); if (v) obj_drop(v); return 0; }
OK("tc") int acquire(CTX) { struct elem *p = obj_new(struct elem), *q; if (!p) return 0; q = refcount_acquire(p); obj_drop(p); obj_drop(q); return 0; }
BAD("tc", "BPF_EXIT instruction in main prog would lead to reference leak") int acquire_leak(CTX) { struct elem *p = obj_new(struct elem), *q; if (!p) return 0; q = refcount_acquire(p); obj_drop(p); return 0; }
BAD("tc", "verifier bug: Couldn't find btf_record") int acquire_no_refcount(CTX) { struct plain *p = obj_new(struct plain), *q; if (!p) return 0; q = refcount_acquire(p); obj_drop(p); obj_drop(q); return 0; }
BAD("tc", "arg#0 doesn't point to a type with bpf_refcount field") int acquire_no_refcount_but_node(CTX) { struct lonly *p = obj_new(struct lonly), *q; if (!p) return 0; q = refcount_acquire(p); obj_drop(p); obj_drop(q); return 0; }
OK("tc") int acquire_moved(CTX) { struct elem *p = obj_new(struct elem), *q; if (!p) return 0; q = refcount_acquire(&p->l); obj_drop(p); if (q) obj_drop(q); return 0; }
OK("tc") int percpu(CTX) { struct plain *p = percpu_new(struct plain); if (p) bpf_percpu_obj_drop_impl(p, NULL); return 0; }
BAD("tc", "R0 is ptr_plain access percpu memory: off=0") int percpu_read(CTX) { struct plain *p = percpu_new(struct plain); int v; if (!p) return 0; v = p->data; bpf_percpu_obj_drop_impl(p, NULL); return v; }
BAD("tc", "R1 type=percpu_ptr_ expected=percpu_ptr_, percpu_rcu_ptr_, percpu_trusted_ptr_") int percpu_this(CTX) { struct plain *p = percpu_new(struct plain), *q; if (!p) return 0; q = bpf_this_cpu_ptr(p); q->data = 1; bpf_percpu_obj_drop_impl(p, NULL); return 0; }
BAD("tc", "R1 type=percpu_ptr_ expected=percpu_ptr_, percpu_rcu_ptr_, percpu_trusted_ptr_") int percpu_this_after(CTX) { struct plain *p = percpu_new(struct plain), *q; if (!p) return 0; q = bpf_this_cpu_ptr(p); bpf_percpu_obj_drop_impl(p, NULL); q->data = 1; return 0; }
BAD("tc", "R1 type=percpu_ptr_ expected=percpu_ptr_, percpu_rcu_ptr_, percpu_trusted_ptr_") int percpu_per_unchecked(CTX) { struct plain *p = percpu_new(struct plain), *q; if (!p) return 0; q = bpf_per_cpu_ptr(p, 0); bpf_percpu_obj_drop_impl(p, NULL); return q->data; }
BAD("tc", "arg#0 expected for bpf_percpu_obj_drop_impl()") int percpu_plain_drop(CTX) { struct plain *p = percpu_new(struct plain); if (p) obj_drop(p); return 0; }
BAD("tc", "bpf_percpu_obj_new type ID argument must not contain special fields") int percpu_with_node(CTX) { struct elem *p = percpu_new(struct elem); if (p) bpf_percpu_obj_drop_impl(p, NULL); return 0; }
struct huge { char c[600]; };
BAD("tc", "bpf_percpu_obj_new type size (600) is greater than 512") int percpu_huge(CTX) { struct huge *p = percpu_new(struct huge); if (p) bpf_percpu_obj_drop_impl(p, NULL); return 0; }
OK("tc") int new_huge(CTX) { struct huge *p = obj_new(struct huge); if (p) obj_drop(p); return 0; }
OK("syscall") int new_syscall(CTX) { struct plain *p = obj_new(struct plain); if (p) obj_drop(p); return 0; }
BAD("kprobe", "calling kernel function bpf_obj_new_impl is not allowed") int new_kprobe(CTX) { struct plain *p = obj_new(struct plain); if (p) obj_drop(p); return 0; }
BAD("socket", "calling kernel function bpf_obj_new_impl is not allowed") int new_socket(CTX) { struct plain *p = obj_new(struct plain); if (p) obj_drop(p); return 0; }
OK("tp_btf/sched_switch") int new_tp_btf(CTX) { struct plain *p = obj_new(struct plain); if (p) obj_drop(p); return 0; }

// Lists.
#define LOCK bpf_spin_lock(&lock_a)
#define UNLOCK bpf_spin_unlock(&lock_a)
OK("tc") int push_pop(CTX)
{
	struct elem *p = obj_new(struct elem);
	struct bpf_list_node *l;

	if (!p)
		return 0;
	LOCK;
	list_push(&list_a, &p->l);
	l = bpf_list_pop_front(&list_a);
	UNLOCK;
	if (l)
		obj_drop(container(l, struct elem, l));
	return 0;
}
BAD("tc", "bpf_spin_lock at off=0 must be held for bpf_list_head") int push_unlocked(CTX) { struct elem *p = obj_new(struct elem); if (p) list_push(&list_a, &p->l); return 0; }
BAD("tc", "bpf_spin_lock at off=0 must be held for bpf_list_head") int push_other_lock(CTX) { struct elem *p = obj_new(struct elem); if (!p) return 0; bpf_spin_lock(&lock_b); list_push(&list_a, &p->l); bpf_spin_unlock(&lock_b); return 0; }
BAD("tc", "bpf_list_node not found at offset=0") int push_wrong_node(CTX) { struct ronly *p = obj_new(struct ronly); if (!p) return 0; LOCK; list_push(&list_a, (void *)&p->r); UNLOCK; return 0; }
BAD("tc", "operation on bpf_list_head expects arg#1 bpf_list_node at offset=8 in struct elem, but arg is at offset=0 in struct lonly") int push_wrong_type(CTX) { struct lonly *p = obj_new(struct lonly); if (!p) return 0; LOCK; list_push(&list_a, &p->l); UNLOCK; return 0; }
BAD("tc", "bpf_list_node not found at offset=0") int push_wrong_offset(CTX) { struct elem *p = obj_new(struct elem); if (!p) return 0; LOCK; list_push(&list_a, (void *)p); UNLOCK; return 0; }
BAD("tc", "arg#1 expected pointer to allocated object") int push_twice(CTX) { struct elem *p = obj_new(struct elem); if (!p) return 0; LOCK; list_push(&list_a, &p->l); list_push(&list_a, &p->l); UNLOCK; return 0; }
OK("tc") int use_after_push_locked(CTX) { struct elem *p = obj_new(struct elem); if (!p) return 0; LOCK; list_push(&list_a, &p->l); p->data = 3; UNLOCK; return 0; }
BAD("tc", "R6 invalid mem access 'scalar'") int use_after_push_unlocked(CTX) { struct lonly *p = obj_new(struct lonly); if (!p) return 0; bpf_spin_lock(&lock_b); list_push(&list_b, &p->l); bpf_spin_unlock(&lock_b); p->data = 3; return 0; }
OK("tc") int use_after_push_refcounted(CTX) { struct elem *p = obj_new(struct elem); int v; if (!p) return 0; LOCK; list_push(&list_a, &p->l); UNLOCK; v = p->data; return v * 0; }
BAD("tc", "R6 invalid mem access 'scalar'") int write_after_push_refcounted(CTX) { struct elem *p = obj_new(struct elem); if (!p) return 0; LOCK; list_push(&list_a, &p->l); UNLOCK; p->data = 3; return 0; }
BAD("tc", "R1 must be referenced or trusted") int drop_after_push(CTX) { struct elem *p = obj_new(struct elem); if (!p) return 0; LOCK; list_push(&list_a, &p->l); UNLOCK; obj_drop(p); return 0; }
BAD("tc", "BPF_EXIT instruction in main prog would lead to reference leak") int pop_leak(CTX) { struct bpf_list_node *l; LOCK; l = bpf_list_pop_back(&list_a); UNLOCK; return l != NULL; }
BAD("tc", "bpf_spin_lock at off=0 must be held for bpf_list_head") int pop_unlocked(CTX) { struct bpf_list_node *l = bpf_list_pop_back(&list_a); if (l) obj_drop(container(l, struct elem, l)); return 0; }
BAD("tc", "R1 must have zero offset when passed to release func or trusted arg to kfunc") int pop_wrong_container(CTX) { struct bpf_list_node *l; LOCK; l = bpf_list_pop_back(&list_a); UNLOCK; if (l) obj_drop(l); return 0; }
OK("tc") int front_locked(CTX) { struct bpf_list_node *l; int v = 0; LOCK; l = bpf_list_front(&list_a); if (l) v = container(l, struct elem, l)->data; UNLOCK; return v * 0; }
BAD("tc", "bpf_spin_lock at off=0 must be held for bpf_list_head") int front_unlocked(CTX) { struct bpf_list_node *l = bpf_list_front(&list_a); return l != NULL; }
BAD("tc", "R6 invalid mem access 'scalar'") int front_used_after_plain(CTX) { struct bpf_list_node *l; bpf_spin_lock(&lock_b); l = bpf_list_back(&list_b); bpf_spin_unlock(&lock_b); return l ? container(l, struct lonly, l)->data : 0; }
BAD("tc", "R1 must be referenced or trusted") int front_dropped(CTX) { struct bpf_list_node *l; LOCK; l = bpf_list_front(&list_a); UNLOCK; if (l) obj_drop(container(l, struct elem, l)); return 0; }
OK("tc") int front_acquired(CTX) { struct bpf_list_node *l; struct elem *n = NULL; LOCK; l = bpf_list_front(&list_a); if (l) n = refcount_acquire(container(l, struct elem, l)); UNLOCK; if (n) obj_drop(n); return 0; }
BAD("tc", "R0 invalid mem access 'rcu_ptr_or_null_'") int front_unchecked(CTX) { struct bpf_list_node *l; int v; LOCK; l = bpf_list_front(&list_a); v = container(l, struct elem, l)->data; UNLOCK; return v; }
OK("tc") int res_locked_list(CTX) { struct lonly *p = obj_new(struct lonly); struct bpf_list_node *l; if (!p) return 0; if (bpf_res_spin_lock(&lock_c)) { obj_drop(p); return 0; } list_push(&list_c, &p->l); l = bpf_list_pop_back(&list_c); bpf_res_spin_unlock(&lock_c); if (l) obj_drop(container(l, struct lonly, l)); return 0; }
BAD("tc", "bpf_spin_lock at off=-22 must be held for bpf_list_head") int res_unlocked_list(CTX) { struct lonly *p = obj_new(struct lonly); if (!p) return 0; list_push(&list_c, &p->l); return 0; }
BAD("tc", "function calls are not allowed while holding a lock") int new_in_lock(CTX) { struct elem *p; LOCK; p = obj_new(struct elem); UNLOCK; if (p) obj_drop(p); return 0; }
BAD("tc", "function calls are not allowed while holding a lock") int drop_in_lock(CTX) { struct elem *p = obj_new(struct elem); if (!p) return 0; LOCK; obj_drop(p); UNLOCK; return 0; }
OK("tc") int refcount_in_lock(CTX) { struct elem *p = obj_new(struct elem), *q; if (!p) return 0; LOCK; q = refcount_acquire(p); list_push(&list_a, &p->l); UNLOCK; obj_drop(q); return 0; }
BAD("tc", "bpf_spin_lock at off=8 must be held for bpf_list_head") int list_of_value(CTX) { struct lonly *p = obj_new(struct lonly); int k = 1; struct holder *h = bpf_map_lookup_elem(&holders, &k); if (!p) return 0; if (!h) { obj_drop(p); return 0; } list_push(&h->h, &p->l); return 0; }
OK("tc") int list_of_value_locked(CTX) { struct lonly *p = obj_new(struct lonly); int k = 1; struct holder *h = bpf_map_lookup_elem(&holders, &k); if (!p) return 0; if (!h) { obj_drop(p); return 0; } bpf_spin_lock(&h->lock); list_push(&h->h, &p->l); bpf_spin_unlock(&h->lock); return 0; }
BAD("tc", "bpf_spin_lock at off=8 must be held for bpf_list_head") int list_of_two_values(CTX) { struct lonly *p = obj_new(struct lonly); int k = 1, m = 2; struct holder *h = bpf_map_lookup_elem(&holders, &k), *g = bpf_map_lookup_elem(&holders, &m); if (!p) return 0; if (!h || !g) { obj_drop(p); return 0; } bpf_spin_lock(&g->lock); list_push(&h->h, &p->l); bpf_spin_unlock(&g->lock); return 0; }
BAD("tc", "bpf_list_head not found at offset=24") int head_not_const(CTX) { struct lonly *p = obj_new(struct lonly); int k = 1; struct holder *h = bpf_map_lookup_elem(&holders, &k); if (!p) return 0; if (!h) { obj_drop(p); return 0; } bpf_spin_lock(&h->lock); list_push((void *)&h->h + 8, &p->l); bpf_spin_unlock(&h->lock); return 0; }

// Trees.
static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b) { return container(a, struct elem, r)->data < container(b, struct elem, r)->data; }
static bool less_b(struct bpf_rb_node *a, const struct bpf_rb_node *b) { return container(a, struct ronly, r)->data < container(b, struct ronly, r)->data; }
static bool less_writes(struct bpf_rb_node *a, const struct bpf_rb_node *b) { container(a, struct elem, r)->data = 1; return 0; }
static bool less_calls(struct bpf_rb_node *a, const struct bpf_rb_node *b) { return bpf_get_prandom_u32() & 1; }
static bool less_unlocks(struct bpf_rb_node *a, const struct bpf_rb_node *b) { bpf_spin_unlock(&lock_a); return 0; }
static bool less_two(struct bpf_rb_node *a, const struct bpf_rb_node *b) { return *(volatile u8 *)&container(a, struct elem, r)->data; }
static bool less_adds(struct bpf_rb_node *a, const struct bpf_rb_node *b) { rbtree_add(&root_a, a, less); return 0; }
static bool less_removes(struct bpf_rb_node *a, const struct bpf_rb_node *b) { return bpf_rbtree_remove(&root_a, a) != NULL; }
static bool less_first(struct bpf_rb_node *a, const struct bpf_rb_node *b) { return bpf_rbtree_first(&root_a) != NULL; }
#define ADD(fn) { struct elem *p = obj_new(struct elem); if (!p) return 0; LOCK; rbtree_add(&root_a, &p->r, fn); UNLOCK; return 0; }
OK("tc") int add(CTX) ADD(less)
BAD("tc", "bpf_spin_lock at off=0 must be held for bpf_rb_root") int add_unlocked(CTX) { struct elem *p = obj_new(struct elem); if (!p) return 0; rbtree_add(&root_a, &p->r, less); return 0; }
OK("tc") int add_less_writes(CTX) ADD(less_writes)
BAD("tc", "function calls are not allowed while holding a lock") int add_less_calls(CTX) ADD(less_calls)
BAD("tc", "can't spin_{lock,unlock} in rbtree cb") int add_less_unlocks(CTX) ADD(less_unlocks)
OK("tc") int add_less_two(CTX) ADD(less_two)
BAD("tc", "arg#1 expected pointer to allocated object") int add_less_adds(CTX) ADD(less_adds)
BAD("tc", "bpf_rbtree_remove not allowed in rbtree cb") int add_less_removes(CTX) ADD(less_removes)
OK("tc") int add_less_first(CTX) ADD(less_first)
BAD("tc", "arg2 expected pointer to func") int add_no_callback(CTX) ADD(NULL)
BAD("tc", "operation on bpf_rb_root expects arg#1 bpf_rb_node at offset=32 in struct elem, but arg is at offset=0 in struct ronly") int add_wrong_type(CTX) { struct ronly *p = obj_new(struct ronly); if (!p) return 0; LOCK; rbtree_add(&root_a, &p->r, less); UNLOCK; return 0; }
BAD("tc", "bpf_rb_node not found at offset=8") int add_list_node(CTX) { struct elem *p = obj_new(struct elem); if (!p) return 0; LOCK; rbtree_add(&root_a, (void *)&p->l, less); UNLOCK; return 0; }
OK("tc") int add_list_and_tree(CTX) { struct elem *p = obj_new(struct elem), *q; if (!p) return 0; q = refcount_acquire(p); LOCK; rbtree_add(&root_a, &p->r, less); list_push(&list_a, &q->l); UNLOCK; return 0; }
OK("tc") int first_remove(CTX) { struct bpf_rb_node *r; struct elem *n = NULL; LOCK; r = bpf_rbtree_first(&root_a); if (r) { r = bpf_rbtree_remove(&root_a, r); if (r) n = container(r, struct elem, r); } UNLOCK; if (n) obj_drop(n); return 0; }
OK("tc") int first_remove_plain(CTX) { struct bpf_rb_node *r; struct ronly *n = NULL; bpf_spin_lock(&lock_b); r = bpf_rbtree_first(&root_b); if (r) { r = bpf_rbtree_remove(&root_b, r); if (r) n = container(r, struct ronly, r); } bpf_spin_unlock(&lock_b); if (n) obj_drop(n); return 0; }
BAD("tc", "bpf_spin_lock at off=0 must be held for bpf_rb_root") int remove_unlocked(CTX) { struct bpf_rb_node *r; LOCK; r = bpf_rbtree_first(&root_a); UNLOCK; if (!r) return 0; r = bpf_rbtree_remove(&root_a, r); if (r) obj_drop(container(r, struct elem, r)); return 0; }
BAD("tc", "bpf_rbtree_remove can only take non-owning or refcounted bpf_rb_node pointer") int remove_after_unlock(CTX) { struct bpf_rb_node *r; bpf_spin_lock(&lock_b); r = bpf_rbtree_first(&root_b); bpf_spin_unlock(&lock_b); if (!r) return 0; bpf_spin_lock(&lock_b); r = bpf_rbtree_remove(&root_b, r); bpf_spin_unlock(&lock_b); if (r) obj_drop(container(r, struct ronly, r)); return 0; }
BAD("tc", "bpf_rbtree_remove can only take non-owning or refcounted bpf_rb_node pointer") int remove_refcounted_after_unlock(CTX) { struct bpf_rb_node *r; LOCK; r = bpf_rbtree_first(&root_a); UNLOCK; if (!r) return 0; LOCK; r = bpf_rbtree_remove(&root_a, r); UNLOCK; if (r) obj_drop(container(r, struct elem, r)); return 0; }
OK("tc") int remove_owned(CTX) { struct elem *p = obj_new(struct elem), *q; struct bpf_rb_node *r; if (!p) return 0; q = refcount_acquire(p); LOCK; rbtree_add(&root_a, &p->r, less); r = bpf_rbtree_remove(&root_a, &q->r); UNLOCK; obj_drop(q); if (r) obj_drop(container(r, struct elem, r)); return 0; }
OK("tc") int remove_owned_plain(CTX) { struct ronly *p = obj_new(struct ronly); struct bpf_rb_node *r; if (!p) return 0; bpf_spin_lock(&lock_b); r = bpf_rbtree_remove(&root_b, &p->r); bpf_spin_unlock(&lock_b); obj_drop(p); if (r) obj_drop(container(r, struct ronly, r)); return 0; }
BAD("tc", "R6 pointer arithmetic on ptr_or_null_ prohibited, null-check it first") int remove_null_result(CTX) { struct bpf_rb_node *r; LOCK; r = bpf_rbtree_first(&root_a); if (r) { r = bpf_rbtree_remove(&root_a, r); UNLOCK; obj_drop(container(r, struct elem, r)); return 0; } UNLOCK; return 0; }
OK("tc") int walk(CTX) { struct bpf_rb_node *r; int v = 0; LOCK; r = bpf_rbtree_root(&root_a); if (r) { struct bpf_rb_node *c = bpf_rbtree_left(&root_a, r); if (c) v = container(c, struct elem, r)->data; c = bpf_rbtree_right(&root_a, r); if (c) v += container(c, struct elem, r)->data; } UNLOCK; return v * 0; }
BAD("tc", "dereference of modified rcu_ptr_or_null_ ptr R2 off=32 disallowed") int walk_unchecked(CTX) { struct bpf_rb_node *r, *c; LOCK; r = bpf_rbtree_root(&root_a); c = bpf_rbtree_left(&root_a, r); UNLOCK; return c != NULL; }
BAD("tc", "bpf_spin_lock at off=0 must be held for bpf_rb_root") int walk_unlocked(CTX) { struct bpf_rb_node *r = bpf_rbtree_root(&root_a); return r != NULL; }
BAD("tc", "bpf_spin_lock at off=0 must be held for bpf_rb_root") int walk_left_unlocked(CTX) { struct bpf_rb_node *r, *c; LOCK; r = bpf_rbtree_root(&root_a); UNLOCK; if (!r) return 0; c = bpf_rbtree_left(&root_a, r); return c != NULL; }
OK("tc") int walk_owned_plain(CTX) { struct ronly *p = obj_new(struct ronly); struct bpf_rb_node *c; if (!p) return 0; bpf_spin_lock(&lock_b); c = bpf_rbtree_right(&root_b, &p->r); bpf_spin_unlock(&lock_b); obj_drop(p); return c != NULL; }
BAD("tc", "bpf_spin_lock at off=0 must be held for bpf_rb_root") int walk_other_root(CTX) { struct bpf_rb_node *r, *c = NULL; LOCK; r = bpf_rbtree_root(&root_a); if (r) c = bpf_rbtree_left(&root_b, r); UNLOCK; return c != NULL; }
BAD("tc", "bpf_rb_node not found at offset=8") int remove_list_from_tree(CTX) { struct bpf_list_node *l; struct bpf_rb_node *r = NULL; LOCK; l = bpf_list_front(&list_a); if (l) r = bpf_rbtree_remove(&root_a, (void *)l); UNLOCK; if (r) obj_drop(container(r, struct elem, r)); return 0; }
OK("tc") int remove_by_list(CTX) { struct bpf_list_node *l; struct bpf_rb_node *r = NULL; LOCK; l = bpf_list_front(&list_a); if (l) r = bpf_rbtree_remove(&root_a, &container(l, struct elem, l)->r); UNLOCK; if (r) obj_drop(container(r, struct elem, r)); return 0; }

// Kernel pointers in map values.
OK("tc") int xchg_task(CTX) { struct val *v = get(); struct task_struct *t, *o; if (!v) return 0; t = bpf_task_from_pid(1); if (!t) return 0; o = bpf_kptr_xchg(&v->task, t); if (o) bpf_task_release(o); return 0; }
BAD("tc", "BPF_EXIT instruction in main prog would lead to reference leak") int xchg_leak(CTX) { struct val *v = get(); struct task_struct *t, *o; if (!v) return 0; t = bpf_task_from_pid(1); if (!t) return 0; o = bpf_kptr_xchg(&v->task, t); return o != NULL; }
OK("tc") int xchg_null(CTX) { struct val *v = get(); struct task_struct *o; if (!v) return 0; o = bpf_kptr_xchg(&v->task, NULL); if (o) bpf_task_release(o); return 0; }
BAD("tc", "invalid kptr access, R2 type=ptr_cgroup expected=ptr_task_struct") int xchg_wrong_type(CTX) { struct val *v = get(); struct cgroup *t; struct task_struct *o; if (!v) return 0; t = bpf_cgroup_from_id(1); if (!t) return 0; o = bpf_kptr_xchg(&v->task, t); if (o) bpf_task_release(o); return 0; }
BAD("tc", "off=8 kptr isn't referenced kptr") int xchg_untrusted_slot(CTX) { struct val *v = get(); struct task_struct *t, *o; if (!v) return 0; t = bpf_task_from_pid(1); if (!t) return 0; o = bpf_kptr_xchg(&v->untrusted, t); if (o) bpf_task_release(o); return 0; }
BAD("tc", "Possibly NULL pointer passed to helper arg2") int xchg_maybe_null(CTX) { struct val *v = get(); struct task_struct *t, *o; if (!v) return 0; t = bpf_task_from_pid(1); o = bpf_kptr_xchg(&v->task, t); if (o) bpf_task_release(o); return 0; }
BAD("tc", "R2 type=scalar expected=ptr_, trusted_ptr_, rcu_ptr_") int xchg_scalar(CTX) { struct val *v = get(); struct task_struct *o; if (!v) return 0; o = bpf_kptr_xchg(&v->task, (void *)8); if (o) bpf_task_release(o); return 0; }
BAD("tc", "off=48 doesn't point to kptr") int xchg_wrong_offset(CTX) { struct val *v = get(); struct task_struct *o; if (!v) return 0; o = bpf_kptr_xchg(&v->n, NULL); if (o) bpf_task_release(o); return 0; }
OK("tc") int xchg_plain(CTX) { struct val *v = get(); struct plain *p, *o; if (!v) return 0; p = obj_new(struct plain); if (!p) return 0; o = bpf_kptr_xchg(&v->plain, p); if (o) obj_drop(o); return 0; }
OK("tc") int xchg_plain_field(CTX) { struct val *v = get(); struct plain *o; if (!v) return 0; o = bpf_kptr_xchg(&v->plain, NULL); if (o) { o->data = 1; obj_drop(o); } return 0; }
BAD("tc", "invalid kptr access, R2 type=ptr_huge expected=ptr_plain") int xchg_plain_other(CTX) { struct val *v = get(); struct huge *p; struct plain *o; if (!v) return 0; p = obj_new(struct huge); if (!p) return 0; o = bpf_kptr_xchg(&v->plain, p); if (o) obj_drop(o); return 0; }
OK("tc") int xchg_percpu(CTX) { struct val *v = get(); struct plain *p, *o; if (!v) return 0; p = percpu_new(struct plain); if (!p) return 0; o = bpf_kptr_xchg(&v->pcpu, p); if (o) bpf_percpu_obj_drop_impl(o, NULL); return 0; }
OK("tc") int xchg_percpu_plain(CTX) { struct val *v = get(); struct plain *p, *o; if (!v) return 0; p = obj_new(struct plain); if (!p) return 0; o = bpf_kptr_xchg(&v->pcpu, p); if (o) bpf_percpu_obj_drop_impl(o, NULL); return 0; }
BAD("tc", "invalid kptr access, R2 type=percpu_ptr_ expected=ptr_plain") int xchg_plain_percpu(CTX) { struct val *v = get(); struct plain *p, *o; if (!v) return 0; p = percpu_new(struct plain); if (!p) return 0; o = bpf_kptr_xchg(&v->plain, p); if (o) obj_drop(o); return 0; }
OK("tc") int xchg_inside_object(CTX) { struct holder *h = obj_new(struct holder); struct plain *p, *o; if (!h) return 0; p = obj_new(struct plain); if (!p) { obj_drop(h); return 0; } o = bpf_kptr_xchg(&h->p, p); if (o) obj_drop(o); obj_drop(h); return 0; }
OK("tc") int load_kptr(CTX) { struct val *v = get(); struct task_struct *t; int r = 0; if (!v) return 0; bpf_rcu_read_lock(); t = v->task; if (t) r = t->pid; bpf_rcu_read_unlock(); return r * 0; }
BAD("tc", "R1 invalid mem access 'rcu_ptr_or_null_'") int load_kptr_unchecked(CTX) { struct val *v = get(); struct task_struct *t; if (!v) return 0; t = v->task; return t->pid; }
OK("tc") int load_kptr_plain_prog(CTX) { struct val *v = get(); struct task_struct *t; if (!v) return 0; t = v->task; return t ? t->pid * 0 : 0; }
OK("tc") int load_kptr_acquire(CTX) { struct val *v = get(); struct task_struct *t; if (!v) return 0; t = v->task; if (!t) return 0; t = bpf_task_acquire(t); if (t) bpf_task_release(t); return 0; }
BAD("syscall", "R1 must be a rcu pointer") int load_kptr_sleepable_acquire(CTX) { struct val *v = get(); struct task_struct *t; if (!v) return 0; t = v->task; if (!t) return 0; t = bpf_task_acquire(t); if (t) bpf_task_release(t); return 0; }
OK("syscall") int load_kptr_sleepable_rcu(CTX) { struct val *v = get(); struct task_struct *t; if (!v) return 0; bpf_rcu_read_lock(); t = v->task; if (t) { t = bpf_task_acquire(t); if (t) bpf_task_release(t); } bpf_rcu_read_unlock(); return 0; }
BAD("syscall", "R1 must be a rcu pointer") int load_kptr_used_after_rcu(CTX) { struct val *v = get(); struct task_struct *t; if (!v) return 0; bpf_rcu_read_lock(); t = v->task; bpf_rcu_read_unlock(); if (t) { t = bpf_task_acquire(t); if (t) bpf_task_release(t); } return 0; }
OK("syscall") int load_kptr_read_after_rcu(CTX) { struct val *v = get(); struct task_struct *t; if (!v) return 0; bpf_rcu_read_lock(); t = v->task; bpf_rcu_read_unlock(); return t ? t->pid * 0 : 0; }
BAD("tc", "store to referenced kptr disallowed") int store_kptr(CTX) { struct val *v = get(); struct task_struct *t; if (!v) return 0; t = bpf_task_from_pid(1); if (!t) return 0; v->task = t; bpf_task_release(t); return 0; }
BAD("tc", "store to referenced kptr disallowed") int store_kptr_zero(CTX) { struct val *v = get(); if (!v) return 0; v->task = NULL; return 0; }
OK("tc") int store_untrusted(CTX) { struct val *v = get(); struct task_struct *t; if (!v) return 0; t = bpf_task_from_pid(1); if (!t) return 0; v->untrusted = t; bpf_task_release(t); return 0; }
OK("tc") int store_untrusted_zero(CTX) { struct val *v = get(); if (!v) return 0; v->untrusted = NULL; return 0; }
BAD("tc", "invalid kptr access, R1 type=scalar expected=ptr_task_struct or untrusted_ptr_task_struct") int store_untrusted_scalar(CTX) { struct val *v = get(); if (!v) return 0; v->untrusted = (void *)bpf_get_prandom_u32(); return 0; }
BAD("tc", "invalid kptr access, R0 type=ptr_cgroup expected=ptr_task_struct or untrusted_ptr_task_struct") int store_untrusted_other(CTX) { struct val *v = get(); struct cgroup *t; if (!v) return 0; t = bpf_cgroup_from_id(1); if (!t) return 0; v->untrusted = (void *)t; bpf_cgroup_release(t); return 0; }
OK("tc") int load_untrusted(CTX) { struct val *v = get(); struct task_struct *t; if (!v) return 0; t = v->untrusted; return t ? t->pid * 0 : 0; }
BAD("tc", "R1 must be a rcu pointer") int load_untrusted_acquire(CTX) { struct val *v = get(); struct task_struct *t; if (!v) return 0; t = v->untrusted; if (!t) return 0; t = bpf_task_acquire(t); if (t) bpf_task_release(t); return 0; }
BAD("tc", "kptr access size must be BPF_DW") int kptr_part(CTX) { struct val *v = get(); if (!v) return 0; return *(volatile u32 *)&v->task; }
BAD("tc", "kptr access misaligned expected=0 off=4") int kptr_misaligned(CTX) { struct val *v = get(); if (!v) return 0; return *(volatile u64 *)((void *)&v->task + 4); }
BAD("tc", "kptr access cannot have variable offset") int kptr_variable(CTX) { struct val *v = get(); u32 i = bpf_get_prandom_u32() & 8; if (!v) return 0; return *(volatile u64 *)((void *)&v->task + i) != 0; }
BAD("tc", "kptr in map can only be accessed using BPF_MEM instruction mode") int kptr_atomic(CTX) { struct val *v = get(); if (!v) return 0; __sync_fetch_and_add((u64 *)&v->task, 1); return 0; }
BAD("tc", "kptr cannot be accessed indirectly by helper") int kptr_to_helper(CTX) { struct val *v = get(); if (!v) return 0; return bpf_probe_read_kernel(v, sizeof(*v), NULL); }
OK("tc") int kptr_beside(CTX) { struct val *v = get(); if (!v) return 0; v->n = 1; return 0; }
OK("tc") int load_node(CTX) { struct val *v = get(); struct elem *n; if (!v) return 0; n = v->node; return n ? n->data * 0 : 0; }
OK("tc") int load_node_write(CTX) { struct val *v = get(); struct elem *n; if (!v) return 0; n = v->node; if (n) n->data = 1; return 0; }
OK("tc") int load_node_acquire(CTX) { struct val *v = get(); struct elem *n; if (!v) return 0; n = v->node; if (!n) return 0; n = refcount_acquire(n); if (n) obj_drop(n); return 0; }
BAD("tc", "Possibly NULL pointer passed to trusted arg0") int load_node_acquire_unchecked(CTX) { struct val *v = get(); struct elem *n; if (!v) return 0; n = v->node; if (!n) return 0; n = refcount_acquire(n); obj_drop(n); return 0; }
OK("tc") int load_percpu(CTX) { struct val *v = get(); struct plain *p; int r = 0; if (!v) return 0; bpf_rcu_read_lock(); p = v->pcpu; if (p) { p = bpf_this_cpu_ptr(p); r = p->data; } bpf_rcu_read_unlock(); return r * 0; }
OK("tc") int update_with_kptr(CTX) { struct val v = {}; int k = 1; return bpf_map_update_elem(&hash, &k, &v, 0) * 0; }
OK("tc") int percpu_hash_kptr(CTX) { int k = 1; struct val *v = bpf_map_lookup_elem(&phash, &k); struct task_struct *o; if (!v) return 0; o = bpf_kptr_xchg(&v->task, NULL); if (o) bpf_task_release(o); return 0; }

// References.
BAD("tc", "arg#0 pointer type STRUCT task_struct must point to scalar, or struct with scalar") int release_twice(CTX) { struct task_struct *t = bpf_task_from_pid(1); if (!t) return 0; bpf_task_release(t); bpf_task_release(t); return 0; }
BAD("tc", "Possibly NULL pointer passed to trusted arg0") int release_null(CTX) { struct task_struct *t = bpf_task_from_pid(1); bpf_task_release(t); return 0; }
BAD("tc", "R1 must have zero offset when passed to release func or trusted arg to kfunc") int release_moved(CTX) { struct task_struct *t = bpf_task_from_pid(1); if (!t) return 0; bpf_task_release((void *)t + 8); return 0; }
BAD("tc", "R1 must be referenced or trusted") int release_parent(CTX) { struct task_struct *t = bpf_task_from_pid(1); if (!t) return 0; bpf_task_release(t->group_leader); return 0; }
BAD("tc", "kernel function bpf_task_release args#0 expected pointer to STRUCT task_struct but R1 has a pointer to STRUCT cgroup") int release_cgroup_as_task(CTX) { struct cgroup *c = bpf_cgroup_from_id(1); if (!c) return 0; bpf_task_release((void *)c); return 0; }
BAD("tc", "R6 invalid mem access 'scalar'") int used_after_release(CTX) { struct task_struct *t = bpf_task_from_pid(1); if (!t) return 0; bpf_task_release(t); return t->pid; }
OK("tc") int walked_after_release(CTX) { struct task_struct *t = bpf_task_from_pid(1), *p; if (!t) return 0; p = t->group_leader; bpf_task_release(t); return p->pid; }
OK("tc") int acquire_of_acquired(CTX) { struct task_struct *t = bpf_task_from_pid(1), *p; if (!t) return 0; p = bpf_task_acquire(t); bpf_task_release(t); if (p) bpf_task_release(p); return 0; }
