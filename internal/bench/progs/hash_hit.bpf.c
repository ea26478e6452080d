// SPDX-License-Identifier: Apache-2.0
//
// 1000 lookups in a hash table of 1000; all are there.
#include "keys.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u64);
} table SEC(".maps");

SEC("xdp")
int init(struct xdp_md *ctx)
{
	for (int i = 0; i < COUNT; i++) {
		__u64 key = key_of(i), value = i;
		bpf_map_update_elem(&table, &key, &value, BPF_ANY);
	}
	return 0;
}

SEC("xdp")
int run(struct xdp_md *ctx)
{
	__u32 x = *(const __u32 *)INPUT(ctx), sum = 0;

	for (int i = 0; i < 1000; i++) {
		x = next(x);
		__u64 key = key_of(below(x));
		__u64 *v = bpf_map_lookup_elem(&table, &key);
		if (v)
			sum += *v;
	}
	return sum;
}
