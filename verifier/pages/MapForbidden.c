// The map's flags forbid the access.
//
// A map made with BPF_F_RDONLY_PROG can be read by programs and written by
// user space only; one made with BPF_F_WRONLY_PROG is the other way round. The
// .rodata section is such a map, so constants have this code when they are
// written.
//
// Give the map other flags, or do the access from the other side. For a
// variable that changes, take const away.
//
// Linux answers EACCES:
//     write into map forbidden, value_size=8 off=0 size=8

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} limits SEC(".maps");

SEC("xdp")
int rejected(struct xdp_md *ctx)
{
	__u32 key = 0;
	__u64 *limit = bpf_map_lookup_elem(&limits, &key);

	if (limit)
		*limit = 10;
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u32 key = 0;
	__u64 *limit = bpf_map_lookup_elem(&limits, &key);

	if (limit && *limit > 10)
		return XDP_DROP;
	return XDP_PASS;
}
