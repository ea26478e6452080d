// An access outside a kernel object's fields.
//
// A typed pointer to a kernel object is followed by the kernel's BTF: an
// access must be to a member, of its size, and a pointer is read whole. The
// object may be read, hardly ever written.
//
// Declare the struct with __attribute__((preserve_access_index)), or use
// vmlinux.h, so that offsets fit the kernel that the program runs on, and read
// members under their own names and types. What BTF cannot follow is read with
// bpf_core_read or bpf_probe_read_kernel.
//
// Linux answers EACCES:
//     cannot access ptr member last_wakee with moff 8 in struct task_struct with off 8 size 4

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct task_struct {
	int pid;
	struct task_struct *last_wakee;
} __attribute__((preserve_access_index));

SEC("tp_btf/task_newtask")
int BPF_PROG(rejected, struct task_struct *task, __u64 flags)
{
	return *(volatile int *)&task->last_wakee; /* half a pointer */
}

SEC("tp_btf/task_newtask")
int BPF_PROG(mended, struct task_struct *task, __u64 flags)
{
	struct task_struct *wakee = task->last_wakee;

	return wakee ? wakee->pid : 0;
}
