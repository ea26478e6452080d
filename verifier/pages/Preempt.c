// A preemption section misused.
//
// After bpf_preempt_disable no other task gets the CPU, so each call must be
// matched by a bpf_preempt_enable on every path before the program ends.
// Sections may nest. Nothing in one may sleep.
//
// Look for the return between the two calls, or for an enable too many.
//
// Linux answers EINVAL:
//     BPF_EXIT instruction in main prog cannot be used inside bpf_preempt_disable-ed region

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;

SEC("tc")
int rejected(struct __sk_buff *skb)
{
	bpf_preempt_disable();
	if (skb->len < 64)
		return 2; /* preemption stays off */
	bpf_preempt_enable();
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	int verdict = 0;

	bpf_preempt_disable();
	if (skb->len < 64)
		verdict = 2;
	bpf_preempt_enable();
	return verdict;
}
