// An access outside a map's value or other memory of known size.
//
// A map's value, a ring buffer record, a dynptr's slice have a size that the
// verifier knows. The access must lie inside for every value that its offset
// can have: it is the largest one that counts, "max value is outside of the
// allowed memory range".
//
// Bound the index by the length of the array before the access: "if (i >= 16)
// return 0;", or mask it: "a[i & 15]". Compilers may compare one copy of the
// index and use another; barrier_var(i) of bpf_helpers.h before the test keeps
// them together.
//
// Linux answers EACCES:
//     invalid access to map value, value_size=64 off=64 size=4
//     R0 max value is outside of the allowed memory range

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct table {
	__u32 slot[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct table);
} tables SEC(".maps");

SEC("xdp")
int rejected(struct xdp_md *ctx)
{
	__u32 key = 0, i = ctx->rx_queue_index;
	struct table *t = bpf_map_lookup_elem(&tables, &key);

	if (!t || i > 16) /* 16 is one too many */
		return XDP_PASS;
	t->slot[i]++;
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u32 key = 0, i = ctx->rx_queue_index;
	struct table *t = bpf_map_lookup_elem(&tables, &key);

	if (!t || i >= 16)
		return XDP_PASS;
	t->slot[i]++;
	return XDP_PASS;
}
