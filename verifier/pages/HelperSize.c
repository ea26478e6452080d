// A size argument that is not bounded, or too large for the memory.
//
// A helper that takes memory and its size reads or fills all of it. For the
// verifier the largest value that the size can have counts, and the smallest:
// a signed size may be negative, and many helpers refuse 0.
//
// Bound the size on both sides before the call, above by the memory itself:
// "if (n == 0 || n > sizeof(buf)) return 0;". Use an unsigned type. A mask
// serves too: n & (sizeof(buf) - 1).
//
// Linux answers EACCES:
//     R4 invalid zero-sized read: u64=[0,4294967295]

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int rejected(struct __sk_buff *skb)
{
	char buf[64];
	__u32 n = skb->len;

	bpf_skb_load_bytes(skb, 0, buf, n);
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	char buf[64];
	__u32 n = skb->len;

	if (n == 0 || n > sizeof(buf))
		return 0;
	bpf_skb_load_bytes(skb, 0, buf, n);
	return 0;
}
