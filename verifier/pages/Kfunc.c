// A kernel function that does not exist or is not allowed here.
//
// Kernel functions that programs may call (kfuncs) are found by name in the
// kernel's BTF, and each is registered for certain program types. They are no
// stable interface: a kernel may lack them or have them under another
// prototype. Programs that call them need a licence compatible with the GPL.
//
// Take a program type for which the function is registered. Where a kernel may
// lack it, declare it __weak and ask bpf_ksym_exists(f) before the call.
//
// Linux answers EACCES:
//     calling kernel function bpf_dynptr_from_skb is not allowed

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *d) __ksym;
extern int bpf_dynptr_from_xdp(struct xdp_md *xdp, __u64 flags, struct bpf_dynptr *d) __ksym;

SEC("xdp")
int rejected(struct xdp_md *ctx)
{
	struct bpf_dynptr d;
	__u8 first = 0;

	bpf_dynptr_from_skb((void *)ctx, 0, &d); /* XDP runs before there is an skb */
	bpf_dynptr_read(&first, 1, &d, 0, 0);
	return first ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	struct bpf_dynptr d;
	__u8 first = 0;

	bpf_dynptr_from_xdp(ctx, 0, &d);
	bpf_dynptr_read(&first, 1, &d, 0, 0);
	return first ? XDP_PASS : XDP_DROP;
}
