// A kernel pointer field misused.
//
// A field of a map value that is marked __kptr holds a counted pointer to a
// kernel object, and user space sees NULL there. Programs change it by
// bpf_kptr_xchg only, which takes the old pointer out as it puts the new one
// in, so that the count stays right. Other accesses must be a read of the
// whole pointer; its offset must be a constant, and the type that of the
// field.
//
// Exchange with NULL to take the pointer out, and release what comes back.
//
// Linux answers EACCES:
//     store to referenced kptr disallowed

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

extern struct task_struct *bpf_task_acquire(struct task_struct *task) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;

struct last {
	struct task_struct __kptr *task;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct last);
} lasts SEC(".maps");

SEC("tp_btf/task_newtask")
int BPF_PROG(rejected, struct task_struct *task, __u64 flags)
{
	__u32 key = 0;
	struct last *last = bpf_map_lookup_elem(&lasts, &key);

	if (last)
		last->task = task;
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(mended, struct task_struct *task, __u64 flags)
{
	__u32 key = 0;
	struct last *last = bpf_map_lookup_elem(&lasts, &key);

	if (!last)
		return 0;
	task = bpf_task_acquire(task);
	if (!task)
		return 0;
	task = bpf_kptr_xchg(&last->task, task);
	if (task)
		bpf_task_release(task);
	return 0;
}
