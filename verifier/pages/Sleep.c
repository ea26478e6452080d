// Something that sleeps where sleeping is not allowed.
//
// Reading user memory may wait for a disk, so helpers that do so are for
// sleepable programs (SEC("fentry.s/..."), "lsm.s/", "uprobe.s/", "iter.s/",
// "syscall"), and there only outside of lock, RCU, preemption and IRQ
// sections. Most hooks run where the kernel must not wait.
//
// Use the variant that gives up in place of waiting: bpf_probe_read_user for
// bpf_copy_from_user. Or attach to a sleepable hook.
//
// Linux answers EINVAL:
//     helper call might sleep in a non-sleepable prog

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("tracepoint/syscalls/sys_enter_open")
int rejected(void *ctx)
{
	char first = 0;

	bpf_copy_from_user(&first, 1, ctx);
	return first;
}

SEC("tracepoint/syscalls/sys_enter_open")
int mended(void *ctx)
{
	char first = 0;

	bpf_probe_read_user(&first, 1, ctx);
	return first;
}
