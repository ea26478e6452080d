// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Variables that are set before loading.
#include "bpf.h"

const volatile u32 limit = 100;
u64 total;
u32 start = 3;

struct {
	NUM(type, HASH);
	NUM(max_entries, 8);
	TYPE(key, u32);
	TYPE(value, u64);
} seen SEC(".maps");

SEC("xdp") int count(struct xdp_md *ctx)
{
	u32 key = ctx->rx_queue_index;

	total += limit + start;
	return map_lookup(&seen, &key) ? 1 : 2;
}
