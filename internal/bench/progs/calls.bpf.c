// SPDX-License-Identifier: Apache-2.0
//
// 600 calls of small functions, a third of them from within another.
#include "bench.h"

static __noinline __u32 twist(__u32 x) { return (x ^ x >> 15) * 0x2c1b3c6d; }

static __noinline __u32 pick(__u32 a, __u32 b, __u32 c) { return (a & b) | (~a & c); }

static __noinline __u32 join(__u32 a, __u32 b) { return twist(a + b) ^ b; }

SEC("xdp")
int run(struct xdp_md *ctx)
{
	const __u32 *p = (const void *)INPUT(ctx);
	__u32 a = p[0], b = p[1], c = p[2];

	for (int i = 0; i < 200; i++) {
		a = join(a, b);
		b = pick(a, b, c);
		c += a + i;
	}
	return a ^ b ^ c;
}
