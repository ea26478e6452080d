// SPDX-License-Identifier: Apache-2.0
//
// 1000 lookups in a hash table of 1,000,000, of other keys in each run; all are
// there. 1000 runs of init fill it.
#define COUNT 1000000
#include "keys.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 20);
	__type(key, __u64);
	__type(value, __u64);
} table SEC(".maps");

__u32 filled, last;

SEC("xdp")
int init(struct xdp_md *ctx)
{
	for (int i = 0; i < 1000; i++) {
		__u64 value = filled++, key = key_of(value);
		bpf_map_update_elem(&table, &key, &value, BPF_ANY);
	}
	return 0;
}

SEC("xdp")
int run(struct xdp_md *ctx)
{
	__u32 x = last, found = 0;

	for (int i = 0; i < 1000; i++) {
		x = next(x);
		__u32 index = below(x);
		__u64 key = key_of(index);
		__u64 *v = bpf_map_lookup_elem(&table, &key);
		if (v)
			found += *v == index;
	}
	last = x;
	return found;
}
