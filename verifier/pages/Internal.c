// An invariant of the verifier is broken.
//
// The verifier checks itself: where two parts of it hold different things for
// true it says "verifier bug" and refuses, with EFAULT. Linux has the same
// checks, and a few programs run into one, since a rule that should have
// refused them is missing; a tail call out of a callback is such a program.
// skep gives the same answer, so that the verdicts agree.
//
// If the running kernel accepts the program, or gives another reason, this is
// a fault of skep: please report it with the object file. Otherwise change
// what the instruction does, as in the example.
//
// Linux answers EFAULT:
//     verifier bug: callback unexpected regs 1

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
} stages SEC(".maps");

static int each(__u32 i, struct __sk_buff **skb)
{
	bpf_tail_call(*skb, &stages, 1); /* out of a callback */
	return 0;
}

SEC("tc")
int rejected(struct __sk_buff *skb)
{
	bpf_loop(4, each, &skb, 0);
	return 0;
}

static int find(__u32 i, __u32 *stage)
{
	*stage = i;
	return i == 3;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	__u32 stage = 0;

	bpf_loop(4, find, &stage, 0);
	bpf_tail_call(skb, &stages, stage);
	return 0;
}
