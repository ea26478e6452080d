// SPDX-License-Identifier: Apache-2.0
//
// Counts the primes below 1600 by trial division: short loops, one branch in
// each that depends on a remainder.
#include "bench.h"

SEC("xdp")
int run(struct xdp_md *ctx)
{
	const __u8 *p = INPUT(ctx);
	__u32 count = 1 + (p[0] & 1);

	for (__u32 n = 3; n < 1600; n += 2) {
		__u32 prime = 1;
		for (__u32 d = 3; d * d <= n; d += 2) {
			if (n % d == 0) {
				prime = 0;
				break;
			}
		}
		count += prime;
	}
	return count;
}
