// SPDX-License-Identifier: Apache-2.0
//
// Jenkins's hash of 12 bytes a round over 1500 bytes: subtractions and
// rotations of 32 bits.
#include "bench.h"

#define ROTATE(x, n) ((x) << (n) | (x) >> (32 - (n)))
#define STEP(x, y, z, n) (x -= z, x ^= ROTATE(z, n), z += y)
#define LAST(x, y, n) (x ^= y, x -= ROTATE(y, n))

SEC("xdp")
int run(struct xdp_md *ctx)
{
	const __u8 *p = INPUT(ctx);
	__u32 a = 0xdeadbeef + LENGTH, b = a, c = a;

	for (int i = 0; i < LENGTH; i += 12) {
		a += *(const __u32 *)(p + i);
		b += *(const __u32 *)(p + i + 4);
		c += *(const __u32 *)(p + i + 8);
		STEP(a, b, c, 4);
		STEP(b, c, a, 6);
		STEP(c, a, b, 8);
		STEP(a, b, c, 16);
		STEP(b, c, a, 19);
		STEP(c, a, b, 4);
	}
	LAST(c, b, 14);
	LAST(a, c, 11);
	LAST(b, a, 25);
	LAST(c, b, 16);
	LAST(a, c, 4);
	LAST(b, a, 14);
	LAST(c, b, 24);
	return c;
}
