// SPDX-License-Identifier: Apache-2.0
//
// What one does with single bits, on 100 words: count, reverse, spread, parity.
#include "bench.h"

static __always_inline __u64 count(__u64 v)
{
	v -= v >> 1 & 0x5555555555555555;
	v = (v & 0x3333333333333333) + (v >> 2 & 0x3333333333333333);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return v * 0x0101010101010101 >> 56;
}

static __always_inline __u64 reverse(__u64 v)
{
	v = (v >> 1 & 0x5555555555555555) | (v & 0x5555555555555555) << 1;
	v = (v >> 2 & 0x3333333333333333) | (v & 0x3333333333333333) << 2;
	v = (v >> 4 & 0x0f0f0f0f0f0f0f0f) | (v & 0x0f0f0f0f0f0f0f0f) << 4;
	return __builtin_bswap64(v);
}

static __always_inline __u64 spread(__u32 w)
{
	__u64 v = w;
	v = (v | v << 16) & 0x0000ffff0000ffff;
	v = (v | v << 8) & 0x00ff00ff00ff00ff;
	v = (v | v << 4) & 0x0f0f0f0f0f0f0f0f;
	v = (v | v << 2) & 0x3333333333333333;
	return (v | v << 1) & 0x5555555555555555;
}

static __always_inline __u64 parity(__u64 v)
{
	v ^= v >> 32;
	v ^= v >> 16;
	v ^= v >> 8;
	v ^= v >> 4;
	return 0x6996 >> (v & 15) & 1;
}

SEC("xdp")
int run(struct xdp_md *ctx)
{
	const __u64 *p = (const void *)INPUT(ctx);
	__u64 sum = 0;

	for (int i = 0; i < 100; i++) {
		__u64 v = p[i] ^ sum;
		sum += count(v & (v - 1)) + parity(v);
		sum ^= reverse(v) + (spread(v) | spread(v >> 32) << 1);
	}
	return fold(sum);
}
