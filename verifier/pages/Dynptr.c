// A dynptr misused.
//
// A struct bpf_dynptr is 16 bytes of stack that stand for memory whose size is
// known at run time. A helper sets it up (bpf_dynptr_from_mem, _from_skb,
// bpf_ringbuf_reserve_dynptr), and the program touches it through helpers
// only: bytes that it wrote itself are none. One that stands for a ring buffer
// record must be submitted or discarded.
//
// Declare it as a local variable, set it up before use, and do not copy it or
// write to it.
//
// Linux answers EINVAL:
//     Expected an initialized dynptr as arg #0

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int rejected(struct __sk_buff *skb)
{
	struct bpf_dynptr d = {}; /* not set up */
	char *p = bpf_dynptr_data(&d, 0, 4);

	return p ? p[0] : 0;
}

char buf[16];

SEC("tc")
int mended(struct __sk_buff *skb)
{
	struct bpf_dynptr d;
	char *p;

	bpf_dynptr_from_mem(buf, sizeof(buf), 0, &d);
	p = bpf_dynptr_data(&d, 0, 4);
	return p ? p[0] : 0;
}
