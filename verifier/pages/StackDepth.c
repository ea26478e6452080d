// The frames of a call chain need too much stack.
//
// All frames that are active at once share a stack of 512 bytes, each rounded
// up to 16. They are part of the kernel's own stack, which is small. In some
// program types, kprobes and tracepoints among them, large frames are on a
// stack of their own and count alone.
//
// Put large buffers into a per-CPU array map of one element, make two
// functions that follow each other of one that holds both buffers, or let
// small functions be inlined: the compiler then shares their space.
//
// Linux answers EACCES:
//     combined stack size of 2 calls is 608. Too large

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

static __noinline int last(struct __sk_buff *skb, int at)
{
	char buf[300];

	if (bpf_skb_load_bytes(skb, at, buf, sizeof(buf)))
		return 0;
	return buf[299];
}

SEC("tc")
int rejected(struct __sk_buff *skb)
{
	char buf[300];

	if (bpf_skb_load_bytes(skb, 0, buf, sizeof(buf)))
		return 0;
	return last(skb, buf[0]) == buf[1]; /* both buffers at once */
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	char head[2];

	if (bpf_skb_load_bytes(skb, 0, head, sizeof(head)))
		return 0;
	return last(skb, head[0]) == head[1];
}
