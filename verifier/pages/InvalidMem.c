// An access through something that is no pointer to memory.
//
// The register holds a number, or a pointer that must not be followed: to a
// map, to the end of the packet. Often it once was a pointer and has become
// invalid. Helpers that change the packet (bpf_skb_store_bytes,
// bpf_xdp_adjust_head and their like) invalidate every pointer into it; a
// release invalidates the pointer that was given back; a pointer that went
// through 32 bits or through a map is a number.
//
// After such a helper read data and data_end from the context again. Read
// memory whose address is a number with bpf_probe_read_kernel or
// bpf_probe_read_user, or with BPF_CORE_READ.
//
// Linux answers EACCES:
//     R6 invalid mem access 'scalar'

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int rejected(struct xdp_md *ctx)
{
	unsigned char *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;

	if (data + 1 > (unsigned char *)end)
		return XDP_DROP;
	if (bpf_xdp_adjust_head(ctx, 4))
		return XDP_ABORTED;
	return data[0] ? XDP_PASS : XDP_DROP; /* the packet begins elsewhere by now */
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	if (bpf_xdp_adjust_head(ctx, 4))
		return XDP_ABORTED;

	unsigned char *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;

	if (data + 1 > (unsigned char *)end)
		return XDP_DROP;
	return data[0] ? XDP_PASS : XDP_DROP;
}
