// SPDX-License-Identifier: Apache-2.0
//
// 1000 atomic additions to the value of an array's element.
#include "bench.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} table SEC(".maps");

SEC("xdp")
int run(struct xdp_md *ctx)
{
	__u32 x = *(const __u32 *)INPUT(ctx), key = x & 15;
	__u64 *v = bpf_map_lookup_elem(&table, &key);

	if (!v)
		return 0;
	for (int i = 0; i < 1000; i++)
		__sync_fetch_and_add(v, i);
	return x;
}
