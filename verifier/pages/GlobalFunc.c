// A global function that cannot be verified or called.
//
// A global function (one without static) is verified alone, by its BTF. So its
// result must be a number, and its arguments, at most five, must be numbers,
// contexts, or pointers to a type of known size; a tag that does not fit the
// type is refused too.
//
// Return 0 from a function that returns nothing, give void pointers a type, or
// make the function static: then it is verified with its callers, and anything
// goes.
//
// Linux answers EINVAL:
//     arg#0 reference type('UNKNOWN ') size cannot be determined: -22

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

__noinline int first(void *data) /* of how many bytes? */
{
	return data ? *(char *)data : 0;
}

SEC("xdp")
int rejected(struct xdp_md *ctx)
{
	__u64 x = ctx->ingress_ifindex;

	return first(&x) ? XDP_PASS : XDP_DROP;
}

__noinline int typed(__u64 *data)
{
	return data ? *(char *)data : 0;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u64 x = ctx->ingress_ifindex;

	return typed(&x) ? XDP_PASS : XDP_DROP;
}
