// A helper that the program type or licence must not call.
//
// Each program type has the helpers that make sense at its hook and are safe
// there. Some helpers are for programs under a licence compatible with the GPL
// only, some need a capability such as CAP_PERFMON or a certain attach type.
//
// Choose a helper that the type has (the manual page bpf-helpers(7) and "skep
// verify" of a small program tell), or do the work in a program of another
// type and pass the result in a map. For the licence write char LICENSE[]
// SEC("license") = "GPL" or "Dual MIT/GPL", if that is true.
//
// Linux answers EINVAL:
//     program of this type cannot use helper bpf_skb_load_bytes#26

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int rejected(struct xdp_md *ctx)
{
	__u8 first = 0;

	bpf_skb_load_bytes(ctx, 0, &first, 1); /* XDP runs before there is an skb */
	return first ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u8 first = 0;

	bpf_xdp_load_bytes(ctx, 0, &first, 1);
	return first ? XDP_PASS : XDP_DROP;
}
