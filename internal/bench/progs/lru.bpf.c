// SPDX-License-Identifier: Apache-2.0
//
// 500 keys out of 4000 are looked up in an LRU table of 1000 and put in where
// they are not there, with other keys in each run.
#define COUNT 4000
#include "keys.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1000);
	__type(key, __u64);
	__type(value, __u64);
} table SEC(".maps");

__u32 last;

SEC("xdp")
int run(struct xdp_md *ctx)
{
	__u32 x = last, good = 0;

	for (int i = 0; i < 500; i++) {
		x = next(x);
		__u64 value = below(x), key = key_of(value);
		__u64 *v = bpf_map_lookup_elem(&table, &key);
		if (v)
			good += *v == value;
		else
			good += !bpf_map_update_elem(&table, &key, &value, BPF_ANY);
	}
	last = x;
	return good;
}
