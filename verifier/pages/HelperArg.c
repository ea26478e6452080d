// An argument of the wrong type.
//
// A helper's prototype says of each argument whether it is a number, a map,
// the context, memory of some size. Numbers in the place of pointers are the
// usual case: keys and values go by pointer. A constant may be wanted where
// the program has a variable.
//
// Compare the call with bpf_helper_defs.h. Put keys in a variable and pass its
// address: "__u32 key = 5; bpf_map_lookup_elem(&m, &key)".
//
// Linux answers EACCES:
//     R2 type=scalar expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

SEC("xdp")
int rejected(struct xdp_md *ctx)
{
	__u32 key = 5;

	return bpf_map_lookup_elem(&seen, (void *)(long)key) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u32 key = 5;

	return bpf_map_lookup_elem(&seen, &key) ? XDP_PASS : XDP_DROP;
}
