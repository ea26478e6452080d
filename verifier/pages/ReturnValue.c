// The program's return value is not in the legal range.
//
// A hook knows a few return values; where others would do harm the verifier
// demands the range, for every path. A value that was read from memory or came
// from a helper has no bounds until it was compared. The message says what the
// range is.
//
// Return constants: "return found ? 1 : 0;". XDP and tc have no range, since
// they take unknown values for a drop.
//
// Linux answers EINVAL:
//     At program exit the register R0 has smin=0 smax=4294967295 should have been in [0, 3]

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("cgroup_skb/egress")
int rejected(struct __sk_buff *skb)
{
	return skb->len;
}

SEC("cgroup_skb/egress")
int mended(struct __sk_buff *skb)
{
	return skb->len < 1500; /* 1 lets the packet pass */
}
