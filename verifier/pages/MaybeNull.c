// An access through a pointer that may be NULL.
//
// A helper that may find nothing returns NULL then: bpf_map_lookup_elem above
// all, for array maps too, since the index may be too large (Linux 6.14 and
// later know that a constant one is not). The program must test the result on
// the way to every use. What the test has shown holds for the register and its
// copies.
//
// Write "if (!p) return 0;" between the call and the first access, and test
// the pointer itself before anything is added to it: &p->field is never NULL.
//
// Linux answers EACCES:
//     R0 invalid mem access 'map_value_or_null'

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} hits SEC(".maps");

SEC("xdp")
int rejected(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	__u64 *n = bpf_map_lookup_elem(&hits, &key);

	*n += 1;
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	__u64 *n = bpf_map_lookup_elem(&hits, &key);

	if (!n)
		return XDP_PASS;
	*n += 1;
	return XDP_PASS;
}
