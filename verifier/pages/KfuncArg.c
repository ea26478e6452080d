// An argument of a kernel function of the wrong type.
//
// Kernel functions follow the pointers that they get, so most of them want
// trusted ones: arguments of the hook (fentry's are not, tp_btf's are),
// results of other kernel functions, or objects that the program holds. A
// pointer that was read out of a struct is valid only as long as RCU says so,
// or not at all. Other arguments must be constants, locals on the stack, or of
// a certain type.
//
// Get the object by a function that acquires it (bpf_task_from_pid,
// bpf_task_acquire in an RCU section), test the result for NULL, and release
// it.
//
// Linux answers EINVAL:
//     R1 must be a rcu pointer

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct task_struct {
	struct task_struct *last_wakee;
} __attribute__((preserve_access_index));

extern struct task_struct *bpf_task_acquire(struct task_struct *task) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;

SEC("tp_btf/task_newtask")
int BPF_PROG(rejected, struct task_struct *task, __u64 flags)
{
	task = bpf_task_acquire(task->last_wakee); /* which may be gone */
	if (task)
		bpf_task_release(task);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(mended, struct task_struct *task, __u64 flags)
{
	task = bpf_task_acquire(task);
	if (task)
		bpf_task_release(task);
	return 0;
}
