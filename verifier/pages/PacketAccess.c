// An access outside the proven part of the packet.
//
// A packet has any length, so a program must show that the bytes are there
// before it reads or writes them: by a comparison with data_end. What the
// comparison has shown holds for the pointer that was compared and for those
// made from the same base, up to the offset that was compared. A read of one
// byte more is refused.
//
// Write "if (data + sizeof(*eth) > data_end) return XDP_DROP;" before the
// access, and once more for every header that follows. Adding a number that is
// not a constant to the pointer begins a new base, which needs a comparison of
// its own.
//
// Linux answers EACCES:
//     invalid access to packet, off=0 size=1, R1(id=0,off=0,r=0)
//     R1 offset is outside of the packet

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int rejected(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;

	if (eth->h_dest[0] & 1) /* to many */
		return XDP_DROP;
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;

	if ((void *)(eth + 1) > data_end)
		return XDP_DROP;
	if (eth->h_dest[0] & 1) /* to many */
		return XDP_DROP;
	return XDP_PASS;
}
