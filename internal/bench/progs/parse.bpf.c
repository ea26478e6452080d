// SPDX-License-Identifier: Apache-2.0
//
// Finds and hashes a packet's 5-tuple, 10 times over.
#include "headers.h"

SEC("xdp")
int run(struct xdp_md *ctx)
{
	__u32 sum = 0;

	for (int i = 0; i < 10; i++) {
		struct flow f;
		HIDE(ctx);
		if (parse(ctx, &f))
			return 0;
		sum += flow_hash(&f) ^ i;
	}
	return sum;
}
