// SPDX-License-Identifier: Apache-2.0
//
// 500 insertions into a hash table that holds 500, and 500 deletions.
#define COUNT 500
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
	__u32 x = *(const __u32 *)INPUT(ctx), done = 0;

	// The one that goes was put in 5 turns before: some are in at a time.
	for (int i = 0; i < 505; i++) {
		__u64 key = key_of(COUNT + i), value = x;
		if (i < 500)
			done += !bpf_map_update_elem(&table, &key, &value, BPF_ANY);
		if (i >= 5) {
			key = key_of(COUNT + i - 5);
			done += !bpf_map_delete_elem(&table, &key);
		}
	}
	return done;
}
