// SPDX-License-Identifier: Apache-2.0
//
// Products, quotients and remainders of 64 bits by divisors from the packet.
#include "bench.h"

SEC("xdp")
int run(struct xdp_md *ctx)
{
	const __u64 *p = (const void *)INPUT(ctx);
	__u64 x = p[0] | 1, sum = 0;

	for (int i = 1; i < 101; i++) {
		__u64 d = p[i] >> 40 | 1;
		x = x * 6364136223846793005 + p[i];
		sum += x / d;
		x ^= sum % (d + 2);
	}
	return fold(x + sum);
}
