// SPDX-License-Identifier: Apache-2.0
//
// 1000 lookups of addresses in a trie of 1000 prefixes of 8 to 30 bits.
#include "keys.h"

struct prefix {
	__u32 length;
	__u32 address;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, __u64);
} table SEC(".maps");

SEC("xdp")
int init(struct xdp_md *ctx)
{
	for (int i = 0; i < COUNT; i++) {
		struct prefix key = { 8 + i % 23, (__u32)key_of(i) };
		__u64 value = i;
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
		// The address of a prefix, with other bits behind it.
		struct prefix key = { 32, (__u32)key_of(below(x)) ^ (x & 0xff) << 24 };
		__u64 *v = bpf_map_lookup_elem(&table, &key);
		if (v)
			sum += *v + 1;
	}
	return sum;
}
