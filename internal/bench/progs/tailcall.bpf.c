// SPDX-License-Identifier: Apache-2.0
//
// 32 tail calls, one after the other, to an index that is not known before.
#include "bench.h"

int step(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, sizeof(__u32));
	__array(values, int(void *));
} programs SEC(".maps") = {
	.values = { (void *)&step, (void *)&step, (void *)&step, (void *)&step },
};

__u32 turns;

SEC("xdp")
int step(struct xdp_md *ctx)
{
	if (++turns < 32)
		bpf_tail_call(ctx, &programs, turns & 3);
	return turns;
}

SEC("xdp")
int run(struct xdp_md *ctx)
{
	turns = 0;
	bpf_tail_call(ctx, &programs, 1);
	return 0;
}
