// SPDX-License-Identifier: Apache-2.0
//
// bpf_for_each_map_elem over an array of 1000.
#include "keys.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, COUNT);
	__type(key, __u32);
	__type(value, __u64);
} table SEC(".maps");

SEC("xdp")
int init(struct xdp_md *ctx)
{
	for (int i = 0; i < COUNT; i++) {
		__u32 key = i;
		__u64 value = key_of(i);
		bpf_map_update_elem(&table, &key, &value, BPF_ANY);
	}
	return 0;
}

static long visit(void *map, __u32 *key, __u64 *value, __u64 *sum)
{
	*sum += *value ^ *key;
	return 0;
}

SEC("xdp")
int run(struct xdp_md *ctx)
{
	__u64 sum = 0;

	if (bpf_for_each_map_elem(&table, visit, &sum, 0) != COUNT)
		return 0;
	return fold(sum);
}
