// An RCU section misused.
//
// Between bpf_rcu_read_lock and bpf_rcu_read_unlock the kernel keeps the
// objects that a program has found there. A section must end on every path
// before the program does, may not begin twice, and some kernel functions work
// in one only. Pointers that were found in a section must not be followed
// after it.
//
// Look for the return between the two calls. Programs that do not sleep run in
// a section as it is, and need neither call for most purposes.
//
// Linux answers EINVAL:
//     BPF_EXIT instruction in main prog cannot be used inside bpf_rcu_read_lock-ed region

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

SEC("tc")
int rejected(struct __sk_buff *skb)
{
	bpf_rcu_read_lock();
	if (skb->len < 64)
		return 2; /* the section is open */
	bpf_rcu_read_unlock();
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	int verdict = 0;

	bpf_rcu_read_lock();
	if (skb->len < 64)
		verdict = 2;
	bpf_rcu_read_unlock();
	return verdict;
}
