// SPDX-License-Identifier: Apache-2.0
//
// Sorts 32 numbers on the stack by exchanging neighbours.
#include "bench.h"

#define COUNT 32

SEC("xdp")
int run(struct xdp_md *ctx)
{
	const __u32 *p = (const void *)INPUT(ctx);
	__u64 a[COUNT];
	__u32 sum = 0;

	for (int i = 0; i < COUNT; i++)
		a[i] = p[i + 16];
	for (int last = COUNT - 1; last > 0; last--) {
		for (int i = 0; i < last; i++) {
			__u64 x = a[i], y = a[i + 1];
			if (x > y) {
				a[i] = y;
				a[i + 1] = x;
			}
		}
	}
	for (int i = 0; i < COUNT; i++)
		sum += a[i] * (i + 1);
	return sum;
}
