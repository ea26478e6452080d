// SPDX-License-Identifier: Apache-2.0
// What runs later: timers, work queues, task work.
#include "features.h"

bpf_ksym int bpf_task_work_schedule_signal_impl(struct task_struct *task, struct bpf_task_work *tw, void *map__map, int (callback)(struct bpf_map *map, void *key, void *value), void *aux__prog);
bpf_ksym int bpf_task_work_schedule_resume_impl(struct task_struct *task, struct bpf_task_work *tw, void *map__map, int (callback)(struct bpf_map *map, void *key, void *value), void *aux__prog);
bpf_ksym int bpf_copy_from_user_str(void *dst, u32 dst__sz, const void *unsafe_ptr__ign, u64 flags);

struct tval { int n; struct bpf_timer t; };
struct wval { int n; struct bpf_wq w; };
struct kval { int n; struct bpf_task_work w; };
struct nest { int n; struct { int m; struct bpf_wq w; } in; };
struct two { struct bpf_timer a, b; };
struct kp { struct task_struct __kptr *t; struct bpf_timer timer; };
#define MAP(name, kind, type_) struct { __uint(type, kind); __uint(max_entries, 2); __type(key, int); __type(value, struct type_); } name SEC(".maps")
MAP(ta, BPF_MAP_TYPE_ARRAY, tval);
MAP(th, BPF_MAP_TYPE_HASH, tval);
MAP(tl, BPF_MAP_TYPE_LRU_HASH, tval);
MAP(wa, BPF_MAP_TYPE_ARRAY, wval);
MAP(wh, BPF_MAP_TYPE_HASH, wval);
MAP(ka, BPF_MAP_TYPE_ARRAY, kval);
MAP(kh, BPF_MAP_TYPE_HASH, kval);
MAP(na, BPF_MAP_TYPE_ARRAY, nest);
MAP(kpa, BPF_MAP_TYPE_ARRAY, kp);
int out;
#define GET(m) int k = bpf_get_prandom_u32(); typeof(*m.value) *v = bpf_map_lookup_elem(&m, &k); if (!v) return 0
#define CTX void *ctx

static int tcb(void *m, int *k, struct tval *v) { v->n = *k; return 0; }
static int tcb_one(void *m, int *k, struct tval *v) { return 1; }
static int tcb_two(void *m, int *k, struct tval *v) { return 2; }
static int tcb_any(void *m, int *k, struct tval *v) { return out; }
static int tcb_rearm(void *m, int *k, struct tval *v) { bpf_timer_start(&v->t, 5, 0); return 0; }
static int tcb_cancel(void *m, int *k, struct tval *v) { bpf_timer_cancel(&v->t); return 0; }
static int tcb_set(void *m, int *k, struct tval *v) { bpf_timer_set_callback(&v->t, tcb_one); return 0; }
static int tcb_beyond(void *m, int *k, struct tval *v) { return ((volatile int *)v)[9]; }
static int tcb_timer_written(void *m, int *k, struct tval *v) { *(volatile int *)&v->t = 1; return 0; }
static int tcb_key_written(void *m, int *k, struct tval *v) { *k = 1; return 0; }
static int tcb_map(void *m, int *k, struct tval *v) { struct tval *w = bpf_map_lookup_elem(m, k); if (w) w->n = 1; return 0; }
static int tcb_sleeps(void *m, int *k, struct tval *v) { char b[8]; bpf_copy_from_user(b, 8, NULL); return 0; }
static int tcb_leak(void *m, int *k, struct tval *v) { bpf_rcu_read_lock(); return 0; }
static int tcb_task(void *m, int *k, struct tval *v) { return bpf_task_from_pid(1) != NULL; }
OK("tc") int timer(CTX) { GET(ta); bpf_timer_init(&v->t, &ta, 1); bpf_timer_set_callback(&v->t, tcb); bpf_timer_start(&v->t, 1, 0); bpf_timer_cancel(&v->t); return 0; }
OK("tc") int timer_hash(CTX) { GET(th); bpf_timer_init(&v->t, &th, 1); bpf_timer_set_callback(&v->t, tcb_rearm); return 0; }
OK("tc") int timer_lru(CTX) { GET(tl); bpf_timer_set_callback(&v->t, tcb_cancel); return 0; }
BAD("tc", "timer pointer in R1 map_uid=0 doesn't match map pointer in R2 map_uid=0") int timer_other_map(CTX) { GET(ta); bpf_timer_init(&v->t, &th, 1); return 0; }
BAD("tc", "off 0 doesn't point to 'struct bpf_timer' that is at 8") int timer_wrong_offset(CTX) { GET(ta); bpf_timer_init((void *)v, &ta, 1); return 0; }
BAD("tc", "map 'wa' has no valid bpf_timer") int timer_no_timer(CTX) { GET(wa); bpf_timer_init((void *)v, &wa, 1); return 0; }
BAD("tc", "R1 doesn't have constant offset. bpf_timer has to be at the constant offset") int timer_variable(CTX) { GET(ta); bpf_timer_init((void *)v + (bpf_get_prandom_u32() & 8), &ta, 1); return 0; }
BAD("tc", "R1 type=fp expected=map_value") int timer_stack(CTX) { struct bpf_timer t = {}; bpf_timer_init(&t, &ta, 1); return 0; }
BAD("tc", "R2 type=scalar expected=func") int timer_null_cb(CTX) { GET(ta); bpf_timer_set_callback(&v->t, NULL); return 0; }
BAD("tc", "At async callback return the register R0 has smin=1 smax=1 should have been in [0, 0]") int timer_one(CTX) { GET(ta); bpf_timer_set_callback(&v->t, tcb_one); return 0; }
BAD("tc", "At async callback return the register R0 has smin=2 smax=2 should have been in [0, 0]") int timer_two(CTX) { GET(ta); bpf_timer_set_callback(&v->t, tcb_two); return 0; }
BAD("tc", "At async callback return the register R0 has smin=0 smax=4294967295 should have been in [0, 0]") int timer_any(CTX) { GET(ta); bpf_timer_set_callback(&v->t, tcb_any); return 0; }
BAD("tc", "At async callback return the register R0 has smin=1 smax=1 should have been in [0, 0]") int timer_set_again(CTX) { GET(ta); bpf_timer_set_callback(&v->t, tcb_set); return 0; }
BAD("tc", "R3 min value is outside of the allowed memory range") int timer_beyond(CTX) { GET(ta); bpf_timer_set_callback(&v->t, tcb_beyond); return 0; }
BAD("tc", "bpf_timer cannot be accessed directly by load/store") int timer_written(CTX) { GET(ta); bpf_timer_set_callback(&v->t, tcb_timer_written); return 0; }
BAD("tc", "write to change key R2 not allowed") int timer_key_written(CTX) { GET(ta); bpf_timer_set_callback(&v->t, tcb_key_written); return 0; }
BAD("tc", "write to change key R2 not allowed") int timer_key_written_hash(CTX) { GET(th); bpf_timer_set_callback(&v->t, tcb_key_written); return 0; }
OK("tc") int timer_map(CTX) { GET(ta); bpf_timer_set_callback(&v->t, tcb_map); return 0; }
BAD("tc", "helper call might sleep in a non-sleepable prog") int timer_sleeps(CTX) { GET(ta); bpf_timer_set_callback(&v->t, tcb_sleeps); return 0; }
BAD("syscall", "helper call might sleep in a non-sleepable prog") int timer_sleeps_syscall(CTX) { GET(ta); bpf_timer_set_callback(&v->t, tcb_sleeps); return 0; }
BAD("tc", "BPF_EXIT instruction in main prog cannot be used inside bpf_rcu_read_lock-ed region") int timer_leaks(CTX) { GET(ta); bpf_timer_set_callback(&v->t, tcb_leak); return 0; }
BAD("tc", "BPF_EXIT instruction in main prog would lead to reference leak") int timer_leaks_task(CTX) { GET(ta); bpf_timer_set_callback(&v->t, tcb_task); return 0; }
OK("syscall") int timer_syscall(CTX) { GET(ta); bpf_timer_init(&v->t, &ta, 1); bpf_timer_set_callback(&v->t, tcb); return 0; }
BAD("kprobe", "tracing progs cannot use bpf_timer yet") int timer_kprobe(CTX) { GET(ta); bpf_timer_init(&v->t, &ta, 1); return 0; }
OK("tp_btf/sched_switch") int timer_tp_btf(CTX) { GET(ta); bpf_timer_init(&v->t, &ta, 1); return 0; }
OK("socket") int timer_socket(CTX) { GET(ta); bpf_timer_init(&v->t, &ta, 1); return 0; }
BAD("tc", "BPF_EXIT instruction in main prog would lead to reference leak") int timer_leak_ref(CTX) { struct task_struct *t; GET(ta); t = bpf_task_from_pid(1); bpf_timer_set_callback(&v->t, tcb); return 0; }
OK("tc") int timer_with_ref(CTX) { struct task_struct *t; GET(ta); t = bpf_task_from_pid(1); bpf_timer_set_callback(&v->t, tcb); if (t) bpf_task_release(t); return 0; }
BAD("tc", "bpf_timer cannot be accessed directly by load/store") int timer_in_lookup(CTX) { int k = 1; struct tval v = {}; bpf_map_update_elem(&ta, &k, &v, 0); struct tval *w = bpf_map_lookup_elem(&ta, &k); return w ? *(volatile int *)&w->t : 0; }
OK("tc") int timer_beside_kptr(CTX) { struct task_struct *t; GET(kpa); bpf_timer_init(&v->timer, &kpa, 1); t = bpf_kptr_xchg(&v->t, NULL); if (t) bpf_task_release(t); return 0; }

static int wcb(void *m, int *k, void *v) { return 0; }
static int wcb_value(void *m, int *k, void *v) { ((struct wval *)v)->n = *k; return 0; }
static int wcb_sleeps(void *m, int *k, void *v) { char b[8]; bpf_copy_from_user(b, 8, NULL); return 0; }
static int wcb_sleeps_kfunc(void *m, int *k, void *v) { char b[8]; bpf_copy_from_user_str(b, 8, NULL, 0); return 0; }
static int wcb_five(void *m, int *k, void *v) { return 5; }
static int wcb_again(void *m, int *k, void *v) { struct wval *w = v; bpf_wq_start(&w->w, 0); return 0; }
static int wcb_rcu(void *m, int *k, void *v) { bpf_rcu_read_lock(); bpf_rcu_read_unlock(); return 0; }
static int wcb_task_unguarded(void *m, int *k, void *v) { struct kp *p = bpf_map_lookup_elem(&kpa, k); struct task_struct *t; if (!p) return 0; t = p->t; if (!t) return 0; t = bpf_task_acquire(t); if (t) bpf_task_release(t); return 0; }
OK("tc") int wq(CTX) { GET(wa); bpf_wq_init(&v->w, &wa, 0); bpf_wq_set_callback_impl(&v->w, wcb, 0, NULL); bpf_wq_start(&v->w, 0); return 0; }
OK("tc") int wq_value(CTX) { GET(wh); bpf_wq_init(&v->w, &wh, 0); bpf_wq_set_callback_impl(&v->w, wcb_value, 0, NULL); return 0; }
OK("tc") int wq_sleeps(CTX) { GET(wh); bpf_wq_set_callback_impl(&v->w, wcb_sleeps, 0, NULL); return 0; }
OK("tc") int wq_sleeps_kfunc(CTX) { GET(wh); bpf_wq_set_callback_impl(&v->w, wcb_sleeps_kfunc, 0, NULL); return 0; }
BAD("tc", "At async callback return the register R0 has smin=5 smax=5 should have been in [0, 0]") int wq_five(CTX) { GET(wh); bpf_wq_set_callback_impl(&v->w, wcb_five, 0, NULL); return 0; }
OK("tc") int wq_again(CTX) { GET(wh); bpf_wq_set_callback_impl(&v->w, wcb_again, 0, NULL); return 0; }
OK("tc") int wq_rcu(CTX) { GET(wh); bpf_wq_set_callback_impl(&v->w, wcb_rcu, 0, NULL); return 0; }
BAD("tc", "R1 must be a rcu pointer") int wq_task_unguarded(CTX) { GET(wh); bpf_wq_set_callback_impl(&v->w, wcb_task_unguarded, 0, NULL); return 0; }
OK("tc") int wq_nested(CTX) { GET(na); bpf_wq_init(&v->in.w, &na, 0); bpf_wq_set_callback_impl(&v->in.w, wcb, 0, NULL); return 0; }
BAD("tc", "workqueue pointer in R1 map_uid=0 doesn't match map pointer in R2 map_uid=0") int wq_other_map(CTX) { GET(wa); bpf_wq_init(&v->w, &wh, 0); return 0; }
BAD("tc", "off 0 doesn't point to 'struct bpf_wq' that is at 8") int wq_wrong_offset(CTX) { GET(wa); bpf_wq_init((void *)v, &wa, 0); return 0; }
BAD("tc", "map 'ta' has no valid bpf_wq") int wq_no_wq(CTX) { GET(ta); bpf_wq_init((void *)v, &ta, 0); return 0; }
BAD("tc", "pointer in R2 isn't map pointer") int wq_no_map(CTX) { GET(wa); bpf_wq_init(&v->w, NULL, 0); return 0; }
BAD("tc", "arg#0 doesn't point to a map value") int wq_stack(CTX) { struct bpf_wq w = {}; bpf_wq_init(&w, &wa, 0); return 0; }
BAD("tc", "arg1 expected pointer to func") int wq_null_cb(CTX) { GET(wa); bpf_wq_set_callback_impl(&v->w, NULL, 0, NULL); return 0; }
BAD("kprobe", "tracing progs cannot use bpf_wq yet") int wq_kprobe(CTX) { GET(wa); bpf_wq_init(&v->w, &wa, 0); return 0; }
OK("tp_btf/sched_switch") int wq_tp_btf(CTX) { GET(wa); bpf_wq_init(&v->w, &wa, 0); return 0; }
BAD("tc", "bpf_wq cannot be accessed directly by load/store") int wq_written(CTX) { GET(wa); *(volatile int *)&v->w = 1; return 0; }

static int kcb(struct bpf_map *m, void *k, void *v) { return 0; }
static int kcb_sleeps(struct bpf_map *m, void *k, void *v) { char b[8]; bpf_copy_from_user(b, 8, NULL); return 0; }
static int kcb_five(struct bpf_map *m, void *k, void *v) { return 5; }
static int kcb_value(struct bpf_map *m, void *k, void *v) { ((struct kval *)v)->n = *(int *)k; return 0; }
#define TP BPF_PROG
#define TPARGS struct task_struct *t, u64 f
OK("tp_btf/task_newtask") int TP(tw, TPARGS) { GET(ka); bpf_task_work_schedule_signal_impl(t, &v->w, &ka, kcb, NULL); return 0; }
OK("tp_btf/task_newtask") int TP(tw_resume, TPARGS) { GET(kh); bpf_task_work_schedule_resume_impl(t, &v->w, &kh, kcb_sleeps, NULL); return 0; }
OK("tp_btf/task_newtask") int TP(tw_five, TPARGS) { GET(kh); bpf_task_work_schedule_resume_impl(t, &v->w, &kh, kcb_five, NULL); return 0; }
OK("tp_btf/task_newtask") int TP(tw_value, TPARGS) { GET(kh); bpf_task_work_schedule_resume_impl(t, &v->w, &kh, kcb_value, NULL); return 0; }
BAD("tp_btf/task_newtask", "bpf_task_work pointer in R2 map_uid=0 doesn't match map pointer in R3 map_uid=0") int TP(tw_other_map, TPARGS) { GET(kh); bpf_task_work_schedule_resume_impl(t, &v->w, &ka, kcb, NULL); return 0; }
BAD("tp_btf/task_newtask", "Possibly NULL pointer passed to trusted arg2") int TP(tw_null_map, TPARGS) { GET(kh); bpf_task_work_schedule_resume_impl(t, &v->w, NULL, kcb, NULL); return 0; }
BAD("tp_btf/task_newtask", "Possibly NULL pointer passed to trusted arg0") int TP(tw_null_task, TPARGS) { GET(kh); bpf_task_work_schedule_resume_impl(NULL, &v->w, &kh, kcb, NULL); return 0; }
BAD("tp_btf/task_newtask", "off 0 doesn't point to 'struct bpf_task_work' that is at 8") int TP(tw_wrong_offset, TPARGS) { GET(kh); bpf_task_work_schedule_resume_impl(t, (void *)v, &kh, kcb, NULL); return 0; }
BAD("tp_btf/task_newtask", "arg#1 doesn't point to a map value") int TP(tw_stack, TPARGS) { struct bpf_task_work w = {}; bpf_task_work_schedule_resume_impl(t, &w, &kh, kcb, NULL); return 0; }
BAD("tp_btf/task_newtask", "map 'wh' has no valid bpf_task_work") int TP(tw_no_work, TPARGS) { GET(wh); bpf_task_work_schedule_resume_impl(t, (void *)&v->w, &wh, kcb, NULL); return 0; }
BAD("tp_btf/task_newtask", "Possibly NULL pointer passed to trusted arg3") int TP(tw_null_cb, TPARGS) { GET(kh); bpf_task_work_schedule_resume_impl(t, &v->w, &kh, NULL, NULL); return 0; }
OK("kprobe") int tw_kprobe(CTX) { struct task_struct *t = bpf_get_current_task_btf(); GET(kh); bpf_task_work_schedule_resume_impl(t, &v->w, &kh, kcb, NULL); return 0; }
OK("perf_event") int tw_perf(CTX) { struct task_struct *t = bpf_get_current_task_btf(); GET(kh); bpf_task_work_schedule_signal_impl(t, &v->w, &kh, kcb, NULL); return 0; }
OK("tc") int tw_tc(CTX) { struct task_struct *t = bpf_get_current_task_btf(); GET(kh); bpf_task_work_schedule_signal_impl(t, &v->w, &kh, kcb, NULL); return 0; }
OK("syscall") int tw_syscall(CTX) { struct task_struct *t = bpf_get_current_task_btf(); GET(kh); bpf_task_work_schedule_signal_impl(t, &v->w, &kh, kcb, NULL); return 0; }

// Functions that only set up what sleeps.
__noinline int arms_sleeper(u64 x) { GET(wh); bpf_wq_set_callback_impl(&v->w, wcb_sleeps, 0, NULL); return 0; }
__noinline int arms(u64 x) { GET(wh); bpf_wq_set_callback_impl(&v->w, wcb, 0, NULL); return 0; }
BAD("tc", "Caller passes invalid args into func#1 ('arms')") int wq_global(CTX) { return arms(1) * 0; }
BAD("tc", "a non-sleepable BPF program context") int wq_global_sleeper(CTX) { return arms_sleeper(1) * 0; }
BAD("syscall", "a non-sleepable BPF program context") int wq_global_sleeper_rcu(CTX) { bpf_rcu_read_lock(); arms_sleeper(1); bpf_rcu_read_unlock(); return 0; }
BAD("syscall", "Caller passes invalid args into func#1 ('arms_sleeper')") int wq_global_sleeper_syscall(CTX) { return arms_sleeper(1) * 0; }
OK("syscall") int wq_callback_in_rcu(CTX) { GET(wh); bpf_rcu_read_lock(); bpf_wq_set_callback_impl(&v->w, wcb_sleeps, 0, NULL); bpf_rcu_read_unlock(); return 0; }
static int wcb_global_sleeps(void *m, int *k, void *v) { return arms_sleeper(2) * 0; }
BAD("tc", "Caller passes invalid args into func#2 ('arms_sleeper')") int wq_calls_global_sleeper(CTX) { GET(wh); bpf_wq_set_callback_impl(&v->w, wcb_global_sleeps, 0, NULL); return 0; }
static int wcb_percpu(void *m, int *k, void *v) { void *p = bpf_map_lookup_elem(&th, k); return 0; }
static int wcb_pkt(void *m, int *k, void *v) { return bpf_get_smp_processor_id() * 0; }
OK("tc") int wq_helpers(CTX) { GET(wh); bpf_wq_set_callback_impl(&v->w, wcb_percpu, 0, NULL); bpf_wq_set_callback_impl(&v->w, wcb_pkt, 0, NULL); return 0; }
static int both(void *m, int *k, void *v) { return 0; }
OK("tc") int wq_and_timer(CTX) { GET(wh); struct tval *t = bpf_map_lookup_elem(&ta, &k); bpf_wq_set_callback_impl(&v->w, both, 0, NULL); if (t) bpf_timer_set_callback(&t->t, both); return 0; }
OK("tc") int wq_and_loop(CTX) { GET(wh); bpf_wq_set_callback_impl(&v->w, both, 0, NULL); bpf_loop(3, (void *)both, NULL, 0); return 0; }
OK("tc") int wq_and_call(CTX) { GET(wh); bpf_wq_set_callback_impl(&v->w, both, 0, NULL); return both(&wh, &k, v) * 0; }
OK("tc") int wq_lock(CTX) { GET(wh); bpf_preempt_disable(); bpf_wq_set_callback_impl(&v->w, wcb_sleeps, 0, NULL); bpf_preempt_enable(); return 0; }
static int wcb_any_value(void *m, int *k, void *v) { return out & 1; }
BAD("tc", "At async callback return the register R0 has smin=0 smax=1 should have been in [0, 0]") int wq_any_value(CTX) { GET(wh); bpf_wq_set_callback_impl(&v->w, wcb_any_value, 0, NULL); return 0; }
static int kcb_pointer(struct bpf_map *m, void *k, void *v) { return (long)v; }
BAD("kprobe", "At async callback return the register R0 is not a known value (map_value)") int tw_pointer(CTX) { struct task_struct *t = bpf_get_current_task_btf(); GET(kh); bpf_task_work_schedule_resume_impl(t, &v->w, &kh, kcb_pointer, NULL); return 0; }
static int kcb_any(struct bpf_map *m, void *k, void *v) { return bpf_get_prandom_u32(); }
BAD("kprobe", "At async callback return the register R0 has unknown scalar value should have been in [-2147483648, 2147483647]") int tw_any(CTX) { struct task_struct *t = bpf_get_current_task_btf(); GET(kh); bpf_task_work_schedule_resume_impl(t, &v->w, &kh, kcb_any, NULL); return 0; }
