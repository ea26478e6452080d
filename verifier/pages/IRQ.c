// An IRQ section misused.
//
// bpf_local_irq_save turns the CPU's interrupts off and keeps their former
// state in a variable on the stack; bpf_local_irq_restore puts it back. Saved
// states must be restored once each, the last one first, on every path, and no
// other code may touch the variable.
//
// Pair the calls like brackets.
//
// Linux answers EACCES:
//     cannot restore irq state out of order, expected id=2 acquired at insn_idx=7

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

extern void bpf_local_irq_save(unsigned long *flags) __ksym;
extern void bpf_local_irq_restore(unsigned long *flags) __ksym;

SEC("tc")
int rejected(struct __sk_buff *skb)
{
	unsigned long a, b;

	bpf_local_irq_save(&a);
	bpf_local_irq_save(&b);
	bpf_local_irq_restore(&a); /* b was saved last */
	bpf_local_irq_restore(&b);
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	unsigned long a, b;

	bpf_local_irq_save(&a);
	bpf_local_irq_save(&b);
	bpf_local_irq_restore(&b);
	bpf_local_irq_restore(&a);
	return 0;
}
