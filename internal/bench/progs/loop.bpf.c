// SPDX-License-Identifier: Apache-2.0
//
// 1000 turns of bpf_loop.
#include "bench.h"

static long turn(__u32 i, __u32 *sum)
{
	*sum = next(*sum + i);
	return 0;
}

SEC("xdp")
int run(struct xdp_md *ctx)
{
	__u32 sum = *(const __u32 *)INPUT(ctx);

	if (bpf_loop(1000, turn, &sum, 0) != 1000)
		return 0;
	return sum;
}
