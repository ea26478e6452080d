// SPDX-License-Identifier: Apache-2.0
//
// 1000 lookups in an array of 1024, each followed by an addition.
#include "bench.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} table SEC(".maps");

SEC("xdp")
int run(struct xdp_md *ctx)
{
	__u32 x = *(const __u32 *)INPUT(ctx);

	for (int i = 0; i < 1000; i++) {
		__u32 key = (x ^ i) & 1023;
		__u64 *v = bpf_map_lookup_elem(&table, &key);
		if (v)
			*v += i;
	}
	return x;
}
