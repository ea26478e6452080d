// SPDX-License-Identifier: Apache-2.0
// The kernel types that the pages' examples need, as declarations whose BTF
// stands for the kernel's. Only names and prototypes are Linux's; the rest of
// each struct is left out.
#include <linux/types.h>

struct task_struct {
	int pid;
	struct task_struct *last_wakee;
};

struct sock {
	int sk_family;
};

struct __sk_buff {
	__u32 len;
};

struct xdp_md {
	__u32 data;
};

struct bpf_dynptr {
	__u64 opaque[2];
};

struct bpf_iter_num {
	__u64 opaque[1];
};

struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *sk);
	unsigned long (*get_info)(struct sock *sk, __u32 ext, int *attr, void *info);
	char name[16];
};

struct bpf_struct_ops_tcp_congestion_ops {
	__u64 common;
	struct tcp_congestion_ops data;
};

// Tracepoints are found by the typedefs of their probes.
typedef void (*btf_trace_task_newtask)(void *data, struct task_struct *task, __u64 flags);

// What is not referred to has no BTF.
struct bpf_struct_ops_tcp_congestion_ops ops;
btf_trace_task_newtask probe;

#define KFUNC(name, ret, params, result) ret name params { return result; }
KFUNC(bpf_rcu_read_lock, void, (void), )
KFUNC(bpf_rcu_read_unlock, void, (void), )
KFUNC(bpf_preempt_disable, void, (void), )
KFUNC(bpf_preempt_enable, void, (void), )
KFUNC(bpf_local_irq_save, void, (unsigned long *flags__irq_flag), )
KFUNC(bpf_local_irq_restore, void, (unsigned long *flags__irq_flag), )
KFUNC(bpf_task_from_pid, struct task_struct *, (int pid), 0)
KFUNC(bpf_task_acquire, struct task_struct *, (struct task_struct *p), 0)
KFUNC(bpf_task_release, void, (struct task_struct *p), )
KFUNC(bpf_task_release_dtor, void, (void *p), )
KFUNC(bpf_iter_num_new, int, (struct bpf_iter_num *it, int start, int end), 0)
KFUNC(bpf_iter_num_next, int *, (struct bpf_iter_num *it), 0)
KFUNC(bpf_iter_num_destroy, void, (struct bpf_iter_num *it), )
KFUNC(bpf_dynptr_from_skb, int, (struct __sk_buff *s, __u64 flags, struct bpf_dynptr *ptr__uninit), 0)
KFUNC(bpf_dynptr_from_xdp, int, (struct xdp_md *x, __u64 flags, struct bpf_dynptr *ptr__uninit), 0)
KFUNC(bpf_throw, void, (__u64 cookie), )
