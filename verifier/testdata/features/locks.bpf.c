// SPDX-License-Identifier: Apache-2.0
// Sections: resilient spin locks, interrupts, preemption, RCU, spin locks.
#include "features.h"

struct val {
	int a;
	struct bpf_res_spin_lock lock;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct val);
} arr SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct val);
} hash SEC(".maps");

struct sval {
	struct bpf_spin_lock lock;
	int a;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct sval);
} sarr SEC(".maps");

struct bpf_res_spin_lock glock __private(A);
struct bpf_res_spin_lock glock2 __private(E);
struct bpf_res_spin_lock glock3 __private(B);
struct bpf_spin_lock slock __private(C);
struct bpf_spin_lock slock2 __private(D);
int counter;

static struct val *get(int k)
{
	return bpf_map_lookup_elem(&hash, &k);
}

static struct val *aget(int k)
{
	return bpf_map_lookup_elem(&arr, &k);
}

static struct sval *sget(int k)
{
	return bpf_map_lookup_elem(&sarr, &k);
}

OK("tc") int res_lock_once(void *ctx)
{
	if (!bpf_res_spin_lock(&glock)) {
		counter++;
		bpf_res_spin_unlock(&glock);
	}
	return 0;
}

BAD("tc", "bpf_res_spin_unlock without taking a lock") int res_lock_unchecked(void *ctx)
{
	bpf_res_spin_lock(&glock);
	bpf_res_spin_unlock(&glock);
	return 0;
}

BAD("tc", "BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region") int res_lock_leak(void *ctx)
{
	bpf_res_spin_lock(&glock);
	return 0;
}

BAD("tc", "Acquiring the same lock again, AA deadlock detected") int res_lock_twice(void *ctx)
{
	if (bpf_res_spin_lock(&glock))
		return 0;
	if (bpf_res_spin_lock(&glock)) {
		bpf_res_spin_unlock(&glock);
		return 0;
	}
	bpf_res_spin_unlock(&glock);
	bpf_res_spin_unlock(&glock);
	return 0;
}

OK("tc") int res_lock_two_globals(void *ctx)
{
	if (bpf_res_spin_lock(&glock))
		return 0;
	if (bpf_res_spin_lock(&glock2)) {
		bpf_res_spin_unlock(&glock);
		return 0;
	}
	bpf_res_spin_unlock(&glock2);
	bpf_res_spin_unlock(&glock);
	return 0;
}

BAD("tc", "bpf_res_spin_unlock cannot be out of order") int res_lock_out_of_order(void *ctx)
{
	if (bpf_res_spin_lock(&glock))
		return 0;
	if (bpf_res_spin_lock(&glock3)) {
		bpf_res_spin_unlock(&glock);
		return 0;
	}
	bpf_res_spin_unlock(&glock);
	bpf_res_spin_unlock(&glock3);
	return 0;
}

OK("tc") int res_lock_two_sections(void *ctx)
{
	if (bpf_res_spin_lock(&glock))
		return 0;
	if (bpf_res_spin_lock(&glock3)) {
		bpf_res_spin_unlock(&glock);
		return 0;
	}
	bpf_res_spin_unlock(&glock3);
	bpf_res_spin_unlock(&glock);
	return 0;
}

BAD("tc", "bpf_res_spin_unlock without taking a lock") int res_unlock_without(void *ctx)
{
	bpf_res_spin_unlock(&glock);
	return 0;
}

BAD("tc", "bpf_res_spin_unlock of different lock") int res_unlock_other(void *ctx)
{
	if (bpf_res_spin_lock(&glock))
		return 0;
	bpf_res_spin_unlock(&glock3);
	return 0;
}

OK("tc") int res_lock_two_values(void *ctx)
{
	struct val *a = get(0), *b = get(1);

	if (!a || !b)
		return 0;
	if (bpf_res_spin_lock(&a->lock))
		return 0;
	if (bpf_res_spin_lock(&b->lock)) {
		bpf_res_spin_unlock(&a->lock);
		return 0;
	}
	bpf_res_spin_unlock(&b->lock);
	bpf_res_spin_unlock(&a->lock);
	return 0;
}

BAD("tc", "bpf_res_spin_unlock of different lock") int res_unlock_other_value(void *ctx)
{
	struct val *a = get(0), *b = get(0);

	if (!a || !b)
		return 0;
	if (bpf_res_spin_lock(&a->lock))
		return 0;
	bpf_res_spin_unlock(&b->lock);
	return 0;
}

OK("tc") int res_lock_array_const(void *ctx)
{
	struct val *a = aget(0), *b = aget(1);

	if (!a || !b)
		return 0;
	if (bpf_res_spin_lock(&a->lock))
		return 0;
	if (!bpf_res_spin_lock(&b->lock))
		bpf_res_spin_unlock(&b->lock);
	bpf_res_spin_unlock(&a->lock);
	return 0;
}

BAD("tc", "bpf_res_spin_unlock of different lock") int res_lock_array_other(void *ctx)
{
	struct val *a = aget(0), *b = aget(1);

	if (!a || !b)
		return 0;
	if (bpf_res_spin_lock(&a->lock))
		return 0;
	bpf_res_spin_unlock(&b->lock);
	return 0;
}

BAD("tc", "off 0 doesn't point to 'struct bpf_res_spin_lock' that is at 4") int res_lock_wrong_offset(void *ctx)
{
	struct val *a = aget(0);

	if (!a)
		return 0;
	if (bpf_res_spin_lock((void *)a))
		return 0;
	bpf_res_spin_unlock((void *)a);
	return 0;
}

BAD("tc", "bpf_res_spin_lock cannot be accessed directly by load/store") int res_lock_written(void *ctx)
{
	struct val *a = aget(0);

	if (a)
		*(int *)&a->lock = 1;
	return 0;
}

BAD("tc", "arg#0 doesn't point to map value or allocated object") int res_lock_on_stack(void *ctx)
{
	struct bpf_res_spin_lock l = {};

	bpf_res_spin_lock(&l);
	return 0;
}

BAD("tc", "map '.data.C' has no valid bpf_res_spin_lock") int res_lock_spin_lock(void *ctx)
{
	if (!bpf_res_spin_lock((void *)&slock))
		bpf_res_spin_unlock((void *)&slock);
	return 0;
}

BAD("tc", "map '.data.A' has no valid bpf_spin_lock") int spin_lock_res_lock(void *ctx)
{
	bpf_spin_lock((void *)&glock);
	bpf_spin_unlock((void *)&glock);
	return 0;
}

OK("tc") int res_lock_in_spin_lock(void *ctx)
{
	bpf_spin_lock(&slock);
	if (!bpf_res_spin_lock(&glock))
		bpf_res_spin_unlock(&glock);
	bpf_spin_unlock(&slock);
	return 0;
}

BAD("tc", "function calls are not allowed while holding a lock") int spin_lock_in_res_lock(void *ctx)
{
	if (!bpf_res_spin_lock(&glock)) {
		bpf_spin_lock(&slock);
		bpf_spin_unlock(&slock);
		bpf_res_spin_unlock(&glock);
	}
	return 0;
}

BAD("tc", "function calls are not allowed while holding a lock") int spin_res_crossed(void *ctx)
{
	if (!bpf_res_spin_lock(&glock)) {
		bpf_spin_lock(&slock);
		bpf_res_spin_unlock(&glock);
		bpf_spin_unlock(&slock);
	}
	return 0;
}

OK("tc") int res_lock_irq(void *ctx)
{
	unsigned long f;

	if (!bpf_res_spin_lock_irqsave(&glock, &f))
		bpf_res_spin_unlock_irqrestore(&glock, &f);
	return 0;
}

BAD("tc", "bpf_res_spin_unlock of different lock") int res_lock_irq_plain_unlock(void *ctx)
{
	unsigned long f;

	if (!bpf_res_spin_lock_irqsave(&glock, &f))
		bpf_res_spin_unlock(&glock);
	return 0;
}

BAD("tc", "bpf_res_spin_unlock of different lock") int res_lock_irq_unlock_plain(void *ctx)
{
	unsigned long f;

	if (!bpf_res_spin_lock(&glock))
		bpf_res_spin_unlock_irqrestore(&glock, &f);
	return 0;
}

BAD("tc", "function calls are not allowed while holding a lock") int res_lock_irq_local_restore(void *ctx)
{
	unsigned long f;

	if (!bpf_res_spin_lock_irqsave(&glock, &f))
		bpf_local_irq_restore(&f);
	return 0;
}

BAD("tc", "function calls are not allowed while holding a lock") int res_lock_local_save_lock_restore(void *ctx)
{
	unsigned long f, g;

	if (bpf_res_spin_lock_irqsave(&glock, &f))
		return 0;
	bpf_local_irq_save(&g);
	bpf_res_spin_unlock_irqrestore(&glock, &g);
	return 0;
}

BAD("tc", "BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region") int res_lock_irq_failure_flag(void *ctx)
{
	unsigned long f;

	if (bpf_res_spin_lock_irqsave(&glock, &f))
		bpf_res_spin_unlock_irqrestore(&glock, &f);
	return 0;
}

OK("tc") int res_lock_irq_two(void *ctx)
{
	unsigned long f, g;

	if (bpf_res_spin_lock_irqsave(&glock, &f))
		return 0;
	if (!bpf_res_spin_lock_irqsave(&glock3, &g))
		bpf_res_spin_unlock_irqrestore(&glock3, &g);
	bpf_res_spin_unlock_irqrestore(&glock, &f);
	return 0;
}

BAD("tc", "cannot restore irq state out of order, expected id=2 acquired at insn_idx=10") int res_lock_irq_flags_swapped(void *ctx)
{
	unsigned long f, g;

	if (bpf_res_spin_lock_irqsave(&glock, &f))
		return 0;
	if (bpf_res_spin_lock_irqsave(&glock3, &g)) {
		bpf_res_spin_unlock_irqrestore(&glock, &f);
		return 0;
	}
	bpf_res_spin_unlock_irqrestore(&glock3, &f);
	bpf_res_spin_unlock_irqrestore(&glock, &g);
	return 0;
}

BAD("tc", "expected uninitialized irq flag as arg#1") int res_lock_irq_same_flag(void *ctx)
{
	unsigned long f;

	if (bpf_res_spin_lock_irqsave(&glock, &f))
		return 0;
	if (!bpf_res_spin_lock_irqsave(&glock3, &f))
		bpf_res_spin_unlock_irqrestore(&glock3, &f);
	bpf_res_spin_unlock_irqrestore(&glock, &f);
	return 0;
}

OK("tc") int res_lock_plain_in_irq_lock(void *ctx)
{
	unsigned long f;

	if (bpf_res_spin_lock_irqsave(&glock, &f))
		return 0;
	if (!bpf_res_spin_lock(&glock3))
		bpf_res_spin_unlock(&glock3);
	bpf_res_spin_unlock_irqrestore(&glock, &f);
	return 0;
}

OK("tc") int res_lock_ret_value_range(void *ctx)
{
	int r = bpf_res_spin_lock(&glock);

	if (r == 0)
		bpf_res_spin_unlock(&glock);
	else if (r > 0 || r < -4095)
		asm volatile("r0 = *(u64 *)(r0 + 0)" ::: "r0");
	return 0;
}

BAD("tc", "function calls are not allowed while holding a lock") int res_lock_helper_inside(void *ctx)
{
	if (!bpf_res_spin_lock(&glock)) {
		counter += bpf_get_smp_processor_id();
		bpf_res_spin_unlock(&glock);
	}
	return 0;
}

OK("?tc") int res_lock_kfunc_inside(void *ctx)
{
	struct bpf_iter_num it;

	if (!bpf_res_spin_lock(&glock)) {
		bpf_iter_num_new(&it, 0, 3);
		bpf_iter_num_destroy(&it);
		bpf_res_spin_unlock(&glock);
	}
	return 0;
}

__noinline int global_plain(void) { return counter; }
static __noinline int static_plain(void) { barrier_var(counter); return counter; }

BAD("?tc", "use static function instead") int res_lock_global_call(void *ctx)
{
	if (!bpf_res_spin_lock(&glock)) {
		counter += global_plain();
		bpf_res_spin_unlock(&glock);
	}
	return 0;
}

OK("tc") int res_lock_static_call(void *ctx)
{
	if (!bpf_res_spin_lock(&glock)) {
		counter += static_plain();
		bpf_res_spin_unlock(&glock);
	}
	return 0;
}

static __noinline int take(void) { return bpf_res_spin_lock(&glock); }
static __noinline void give(void) { bpf_res_spin_unlock(&glock); }

OK("tc") int res_lock_in_callee(void *ctx)
{
	if (!take())
		give();
	return 0;
}

__noinline int global_locks(void) { return bpf_res_spin_lock(&glock); }
BAD("tc", "BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region") int res_lock_leak_in_global(void *ctx) { return global_locks(); }

BAD("kprobe", "tracing progs cannot use bpf_spin_lock yet") int res_lock_kprobe(void *ctx)
{
	if (!bpf_res_spin_lock(&glock))
		bpf_res_spin_unlock(&glock);
	return 0;
}

BAD("perf_event", "tracing progs cannot use bpf_spin_lock yet") int res_lock_perf_event(void *ctx)
{
	if (!bpf_res_spin_lock(&glock))
		bpf_res_spin_unlock(&glock);
	return 0;
}

BAD("kprobe", "tracing progs cannot use bpf_spin_lock yet") int spin_lock_kprobe(void *ctx)
{
	bpf_spin_lock(&slock);
	bpf_spin_unlock(&slock);
	return 0;
}

BAD("socket", "socket filter progs cannot use bpf_spin_lock yet") int spin_lock_socket(void *ctx)
{
	bpf_spin_lock(&slock);
	bpf_spin_unlock(&slock);
	return 0;
}

BAD("socket", "socket filter progs cannot use bpf_spin_lock yet") int res_lock_socket(void *ctx)
{
	if (!bpf_res_spin_lock(&glock))
		bpf_res_spin_unlock(&glock);
	return 0;
}

OK("tp_btf/sched_switch") int res_lock_tp_btf(void *ctx)
{
	if (!bpf_res_spin_lock(&glock))
		bpf_res_spin_unlock(&glock);
	return 0;
}

OK("tp_btf/sched_switch") int spin_lock_tp_btf(void *ctx)
{
	bpf_spin_lock(&slock);
	bpf_spin_unlock(&slock);
	return 0;
}

OK("syscall") int res_lock_syscall(void *ctx)
{
	if (!bpf_res_spin_lock(&glock))
		bpf_res_spin_unlock(&glock);
	return 0;
}

BAD("syscall", "function calls are not allowed while holding a lock") int res_lock_sleep(void *ctx)
{
	char b[8];

	if (!bpf_res_spin_lock(&glock)) {
		bpf_copy_from_user(b, 8, NULL);
		bpf_res_spin_unlock(&glock);
	}
	return 0;
}

BAD("syscall", "sleepable helper bpf_copy_from_user#148 in IRQ-disabled region") int irq_sleep(void *ctx)
{
	unsigned long f;
	char b[8];

	bpf_local_irq_save(&f);
	bpf_copy_from_user(b, 8, NULL);
	bpf_local_irq_restore(&f);
	return 0;
}

BAD("syscall", "sleepable helper bpf_copy_from_user#148 in non-preemptible region") int preempt_sleep(void *ctx)
{
	char b[8];

	bpf_preempt_disable();
	bpf_copy_from_user(b, 8, NULL);
	bpf_preempt_enable();
	return 0;
}

BAD("syscall", "sleepable helper bpf_copy_from_user#148 in rcu_read_lock region") int rcu_sleep(void *ctx)
{
	char b[8];

	bpf_rcu_read_lock();
	bpf_copy_from_user(b, 8, NULL);
	bpf_rcu_read_unlock();
	return 0;
}

BAD("syscall", "function calls are not allowed while holding a lock") int spin_lock_sleep(void *ctx)
{
	char b[8];

	bpf_spin_lock(&slock);
	bpf_copy_from_user(b, 8, NULL);
	bpf_spin_unlock(&slock);
	return 0;
}

bpf_ksym int bpf_copy_from_user_str(void *dst, u32 dst__sz, const void *unsafe_ptr__ign, u64 flags);

BAD("syscall", "kernel func bpf_copy_from_user_str is sleepable within IRQ-disabled region") int irq_sleep_kfunc(void *ctx)
{
	unsigned long f;
	char b[8];

	bpf_local_irq_save(&f);
	bpf_copy_from_user_str(b, 8, NULL, 0);
	bpf_local_irq_restore(&f);
	return 0;
}

BAD("syscall", "kernel func bpf_copy_from_user_str is sleepable within non-preemptible region") int preempt_sleep_kfunc(void *ctx)
{
	char b[8];

	bpf_preempt_disable();
	bpf_copy_from_user_str(b, 8, NULL, 0);
	bpf_preempt_enable();
	return 0;
}

BAD("syscall", "kernel func bpf_copy_from_user_str is sleepable within rcu_read_lock region") int rcu_sleep_kfunc(void *ctx)
{
	char b[8];

	bpf_rcu_read_lock();
	bpf_copy_from_user_str(b, 8, NULL, 0);
	bpf_rcu_read_unlock();
	return 0;
}

BAD("syscall", "function calls are not allowed while holding a lock") int res_lock_sleep_kfunc(void *ctx)
{
	char b[8];

	if (!bpf_res_spin_lock(&glock)) {
		bpf_copy_from_user_str(b, 8, NULL, 0);
		bpf_res_spin_unlock(&glock);
	}
	return 0;
}

OK("syscall") int rcu_twice_in_turn(void *ctx)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return 0;
}

BAD("syscall", "nested rcu read lock (kernel function bpf_rcu_read_lock)") int rcu_nested(void *ctx)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	bpf_rcu_read_unlock();
	return 0;
}

BAD("syscall", "unmatched rcu read unlock (kernel function bpf_rcu_read_unlock)") int rcu_unlock_only(void *ctx)
{
	bpf_rcu_read_unlock();
	return 0;
}

BAD("syscall", "BPF_EXIT instruction in main prog cannot be used inside bpf_rcu_read_lock-ed region") int rcu_leak(void *ctx)
{
	bpf_rcu_read_lock();
	return 0;
}

__noinline int global_sleeps(void)
{
	char b[8];

	bpf_copy_from_user(b, 8, NULL);
	return b[0];
}

__noinline int global_sleeps_inner(void) { return global_sleeps() + 1; }
__noinline int global_rcu(void) { bpf_rcu_read_lock(); bpf_rcu_read_unlock(); return 0; }

OK("syscall") int rcu_global_plain(void *ctx)
{
	bpf_rcu_read_lock();
	counter += global_plain();
	bpf_rcu_read_unlock();
	return 0;
}

BAD("syscall", "a non-sleepable BPF program context") int rcu_global_sleeps(void *ctx)
{
	bpf_rcu_read_lock();
	counter += global_sleeps();
	bpf_rcu_read_unlock();
	return 0;
}

BAD("syscall", "a non-sleepable BPF program context") int rcu_global_sleeps_inner(void *ctx)
{
	bpf_rcu_read_lock();
	counter += global_sleeps_inner();
	bpf_rcu_read_unlock();
	return 0;
}

BAD("syscall", "a non-sleepable BPF program context") int irq_global_sleeps_inner(void *ctx)
{
	unsigned long f;

	bpf_local_irq_save(&f);
	counter += global_sleeps_inner();
	bpf_local_irq_restore(&f);
	return 0;
}

BAD("syscall", "a non-sleepable BPF program context") int preempt_global_sleeps(void *ctx)
{
	bpf_preempt_disable();
	counter += global_sleeps();
	bpf_preempt_enable();
	return 0;
}

OK("syscall") int sleeps_global_outside(void *ctx) { return global_sleeps_inner() * 0; }

BAD("tc", "a non-sleepable BPF program context") int sleeps_global_in_tc(void *ctx) { return global_sleeps_inner() * 0; }

OK("syscall") int rcu_global_rcu(void *ctx)
{
	bpf_rcu_read_lock();
	counter += global_rcu();
	bpf_rcu_read_unlock();
	return 0;
}

OK("tc") int irq_once(void *ctx)
{
	unsigned long f;

	bpf_local_irq_save(&f);
	bpf_local_irq_restore(&f);
	return 0;
}

OK("tc") int irq_nested(void *ctx)
{
	unsigned long f, g;

	bpf_local_irq_save(&f);
	bpf_local_irq_save(&g);
	bpf_local_irq_restore(&g);
	bpf_local_irq_restore(&f);
	return 0;
}

BAD("tc", "cannot restore irq state out of order, expected id=2 acquired at insn_idx=7") int irq_out_of_order(void *ctx)
{
	unsigned long f, g;

	bpf_local_irq_save(&f);
	bpf_local_irq_save(&g);
	bpf_local_irq_restore(&f);
	bpf_local_irq_restore(&g);
	return 0;
}

BAD("tc", "expected an initialized irq flag as arg#0") int irq_twice_restored(void *ctx)
{
	unsigned long f;

	bpf_local_irq_save(&f);
	bpf_local_irq_restore(&f);
	bpf_local_irq_restore(&f);
	return 0;
}

BAD("tc", "expected uninitialized irq flag as arg#0") int irq_twice_saved(void *ctx)
{
	unsigned long f;

	bpf_local_irq_save(&f);
	bpf_local_irq_save(&f);
	bpf_local_irq_restore(&f);
	bpf_local_irq_restore(&f);
	return 0;
}

BAD("tc", "BPF_EXIT instruction in main prog cannot be used inside bpf_local_irq_save-ed region") int irq_leak(void *ctx)
{
	unsigned long f;

	bpf_local_irq_save(&f);
	return 0;
}

unsigned long gflag;

BAD("tc", "arg#0 doesn't point to an irq flag on stack") int irq_in_map(void *ctx)
{
	bpf_local_irq_save(&gflag);
	bpf_local_irq_restore(&gflag);
	return 0;
}

BAD("tc", "expected uninitialized irq flag as arg#0") int irq_misaligned(void *ctx)
{
	char b[16];

	bpf_local_irq_save((void *)b + 4);
	bpf_local_irq_restore((void *)b + 4);
	return 0;
}

BAD("tc", "invalid read from stack off -8+0 size 8") int irq_copied(void *ctx)
{
	unsigned long f, g;

	bpf_local_irq_save(&f);
	g = f;
	barrier_var(g);
	bpf_local_irq_restore(&f);
	return 0;
}

static __noinline void irq_off(unsigned long *f) { bpf_local_irq_save(f); }
static __noinline void irq_on(unsigned long *f) { bpf_local_irq_restore(f); }

OK("tc") int irq_in_callees(void *ctx)
{
	unsigned long f;

	irq_off(&f);
	irq_on(&f);
	return 0;
}

static __noinline int irq_left(void)
{
	unsigned long f;

	bpf_local_irq_save(&f);
	return 0;
}

BAD("tc", "BPF_EXIT instruction in main prog cannot be used inside bpf_local_irq_save-ed region") int irq_left_by_callee(void *ctx) { return irq_left(); }

OK("tc") int irq_loop(void *ctx)
{
	unsigned long f;
	int i;

	for (i = 0; i < 4; i++) {
		bpf_local_irq_save(&f);
		counter++;
		bpf_local_irq_restore(&f);
	}
	return 0;
}

static long irq_cb(u32 i, void *ctx)
{
	unsigned long f;

	bpf_local_irq_save(&f);
	bpf_local_irq_restore(&f);
	return 0;
}

static long irq_cb_leak(u32 i, void *ctx)
{
	unsigned long f;

	bpf_local_irq_save(&f);
	return 0;
}

static long irq_cb_restore(u32 i, void *ctx)
{
	bpf_local_irq_restore(ctx);
	return 0;
}

OK("tc") int irq_in_callback(void *ctx) { bpf_loop(3, irq_cb, NULL, 0); return 0; }
BAD("tc", "BPF_EXIT instruction in main prog cannot be used inside bpf_local_irq_save-ed region") int irq_in_callback_leak(void *ctx) { bpf_loop(3, irq_cb_leak, NULL, 0); return 0; }
BAD("tc", "BPF_EXIT instruction in main prog cannot be used inside bpf_local_irq_save-ed region") int irq_in_callback_restore(void *ctx)
{
	unsigned long f;

	bpf_local_irq_save(&f);
	bpf_loop(1, irq_cb_restore, &f, 0);
	return 0;
}
OK("tc") int irq_around_callback(void *ctx)
{
	unsigned long f;

	bpf_local_irq_save(&f);
	bpf_loop(3, irq_cb, NULL, 0);
	bpf_local_irq_restore(&f);
	return 0;
}

OK("tc") int preempt_nested(void *ctx)
{
	bpf_preempt_disable();
	bpf_preempt_disable();
	bpf_preempt_enable();
	bpf_preempt_enable();
	return 0;
}

BAD("tc", "BPF_EXIT instruction in main prog cannot be used inside bpf_preempt_disable-ed region") int preempt_one_missing(void *ctx)
{
	bpf_preempt_disable();
	bpf_preempt_disable();
	bpf_preempt_enable();
	return 0;
}

BAD("tc", "unmatched attempt to enable preemption (kernel function bpf_preempt_enable)") int preempt_enable_only(void *ctx)
{
	bpf_preempt_enable();
	return 0;
}

BAD("tc", "BPF_EXIT instruction in main prog cannot be used inside bpf_local_irq_save-ed region") int preempt_crossing_irq_leak(void *ctx)
{
	unsigned long f;

	bpf_preempt_disable();
	bpf_local_irq_save(&f);
	bpf_preempt_enable();
	return 0;
}

static long preempt_cb(u32 i, void *ctx) { bpf_preempt_disable(); return 0; }
BAD("tc", "BPF_EXIT instruction in main prog cannot be used inside bpf_preempt_disable-ed region") int preempt_callback_leak(void *ctx) { bpf_loop(1, preempt_cb, NULL, 0); return 0; }
static long rcu_cb(u32 i, void *ctx) { bpf_rcu_read_lock(); return 0; }
BAD("syscall", "BPF_EXIT instruction in main prog cannot be used inside bpf_rcu_read_lock-ed region") int rcu_callback_leak(void *ctx) { bpf_loop(1, rcu_cb, NULL, 0); return 0; }
static long rcu_cb_un(u32 i, void *ctx) { bpf_rcu_read_unlock(); return 0; }
BAD("syscall", "BPF_EXIT instruction in main prog cannot be used inside bpf_rcu_read_lock-ed region") int rcu_callback_unlocks(void *ctx)
{
	bpf_rcu_read_lock();
	bpf_loop(1, rcu_cb_un, NULL, 0);
	return 0;
}

static __noinline void rcu_in(void) { bpf_rcu_read_lock(); }
static __noinline void rcu_out(void) { bpf_rcu_read_unlock(); }
OK("syscall") int rcu_by_callees(void *ctx) { rcu_in(); rcu_out(); return 0; }

OK("tc") int spin_lock_once(void *ctx)
{
	bpf_spin_lock(&slock);
	counter++;
	bpf_spin_unlock(&slock);
	return 0;
}

BAD("tc", "function calls are not allowed while holding a lock") int spin_lock_two(void *ctx)
{
	bpf_spin_lock(&slock);
	bpf_spin_lock(&slock2);
	bpf_spin_unlock(&slock2);
	bpf_spin_unlock(&slock);
	return 0;
}

BAD("tc", "function calls are not allowed while holding a lock") int spin_lock_same(void *ctx)
{
	bpf_spin_lock(&slock);
	bpf_spin_lock(&slock);
	bpf_spin_unlock(&slock);
	return 0;
}

BAD("tc", "bpf_spin_unlock of different lock") int spin_unlock_other(void *ctx)
{
	bpf_spin_lock(&slock);
	bpf_spin_unlock(&slock2);
	return 0;
}

BAD("tc", "bpf_spin_unlock without taking a lock") int spin_unlock_none(void *ctx)
{
	bpf_spin_unlock(&slock2);
	return 0;
}

BAD("tc", "function calls are not allowed while holding a lock") int spin_lock_helper(void *ctx)
{
	bpf_spin_lock(&slock);
	counter += bpf_get_prandom_u32();
	bpf_spin_unlock(&slock);
	return 0;
}

BAD("tc", "function calls are not allowed while holding a lock") int spin_lock_kfunc(void *ctx)
{
	struct task_struct *t;

	bpf_spin_lock(&slock);
	t = bpf_task_from_pid(1);
	bpf_spin_unlock(&slock);
	if (t)
		bpf_task_release(t);
	return 0;
}

OK("tc") int spin_lock_iter(void *ctx)
{
	struct bpf_iter_num it;

	bpf_spin_lock(&slock);
	bpf_iter_num_new(&it, 0, 3);
	bpf_iter_num_destroy(&it);
	bpf_spin_unlock(&slock);
	return 0;
}

BAD("tc", "use static function instead") int spin_lock_global(void *ctx)
{
	bpf_spin_lock(&slock);
	counter += global_plain();
	bpf_spin_unlock(&slock);
	return 0;
}

OK("tc") int spin_lock_static(void *ctx)
{
	bpf_spin_lock(&slock);
	counter += static_plain();
	bpf_spin_unlock(&slock);
	return 0;
}

BAD("tc", "function calls are not allowed while holding a lock") int spin_lock_rcu(void *ctx)
{
	bpf_spin_lock(&slock);
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	bpf_spin_unlock(&slock);
	return 0;
}

BAD("tc", "function calls are not allowed while holding a lock") int spin_lock_irq(void *ctx)
{
	unsigned long f;

	bpf_spin_lock(&slock);
	bpf_local_irq_save(&f);
	bpf_local_irq_restore(&f);
	bpf_spin_unlock(&slock);
	return 0;
}

BAD("tc", "function calls are not allowed while holding a lock") int spin_lock_preempt(void *ctx)
{
	bpf_spin_lock(&slock);
	bpf_preempt_disable();
	bpf_preempt_enable();
	bpf_spin_unlock(&slock);
	return 0;
}

OK("tc") int spin_lock_value(void *ctx)
{
	struct sval *v = sget(1);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	v->a++;
	bpf_spin_unlock(&v->lock);
	return 0;
}

BAD("tc", "bpf_spin_lock cannot be accessed directly by load/store") int spin_lock_value_read(void *ctx)
{
	struct sval *v = sget(1);

	return v ? *(volatile int *)&v->lock : 0;
}

BAD("tc", "bpf_spin_lock cannot be accessed directly by load/store") int spin_lock_value_copied(void *ctx)
{
	struct sval *v = sget(1);
	char b[8];

	if (v)
		bpf_probe_read_kernel(&v->lock, 4, NULL);
	return 0;
}

BAD("tc", "bpf_spin_unlock of different lock") int spin_lock_other_value(void *ctx)
{
	struct sval *v = sget(1), *w = sget(2);

	if (!v || !w)
		return 0;
	bpf_spin_lock(&v->lock);
	bpf_spin_unlock(&w->lock);
	return 0;
}

static long lock_cb(u32 i, void *ctx) { bpf_spin_lock(&slock); bpf_spin_unlock(&slock); return 0; }
OK("tc") int spin_lock_in_callback(void *ctx) { bpf_loop(2, lock_cb, NULL, 0); return 0; }
static long lock_cb_leak(u32 i, void *ctx) { bpf_spin_lock(&slock); return 0; }
BAD("tc", "function calls are not allowed while holding a lock") int spin_lock_in_callback_leak(void *ctx) { bpf_loop(2, lock_cb_leak, NULL, 0); return 0; }
BAD("tc", "function calls are not allowed while holding a lock") int spin_lock_around_loop(void *ctx)
{
	bpf_spin_lock(&slock);
	bpf_loop(2, irq_cb, NULL, 0);
	bpf_spin_unlock(&slock);
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, int);
	__type(value, int);
} progs SEC(".maps");

BAD("tc", "tail_call cannot be used inside bpf_rcu_read_lock-ed region") int tail_call_in_rcu(void *ctx) { bpf_rcu_read_lock(); bpf_tail_call(ctx, &progs, 0); bpf_rcu_read_unlock(); return 0; }
BAD("tc", "tail_call cannot be used inside bpf_preempt_disable-ed region") int tail_call_in_preempt(void *ctx) { bpf_preempt_disable(); bpf_tail_call(ctx, &progs, 0); bpf_preempt_enable(); return 0; }
BAD("tc", "tail_call cannot be used inside bpf_local_irq_save-ed region") int tail_call_in_irq(void *ctx) { unsigned long f; bpf_local_irq_save(&f); bpf_tail_call(ctx, &progs, 0); bpf_local_irq_restore(&f); return 0; }
BAD("tc", "function calls are not allowed while holding a lock") int tail_call_in_lock(void *ctx) { bpf_spin_lock(&slock); bpf_tail_call(ctx, &progs, 0); bpf_spin_unlock(&slock); return 0; }
BAD("tc", "function calls are not allowed while holding a lock") int tail_call_in_res_lock(void *ctx)
{
	if (bpf_res_spin_lock(&glock))
		return 0;
	bpf_tail_call(ctx, &progs, 0);
	bpf_res_spin_unlock(&glock);
	return 0;
}
BAD("tc", "bpf_throw cannot be used inside bpf_rcu_read_lock-ed region") int throw_in_rcu(void *ctx) { bpf_rcu_read_lock(); bpf_throw(0); bpf_rcu_read_unlock(); return 0; }
BAD("tc", "bpf_throw cannot be used inside bpf_local_irq_save-ed region") int throw_in_irq(void *ctx) { unsigned long f; bpf_local_irq_save(&f); bpf_throw(0); bpf_local_irq_restore(&f); return 0; }
BAD("tc", "function calls are not allowed while holding a lock") int throw_in_lock(void *ctx) { bpf_spin_lock(&slock); bpf_throw(0); bpf_spin_unlock(&slock); return 0; }
BAD("tc", "function calls are not allowed while holding a lock") int throw_in_res_lock(void *ctx)
{
	if (bpf_res_spin_lock(&glock))
		return 0;
	bpf_throw(1);
	bpf_res_spin_unlock(&glock);
	return 0;
}
