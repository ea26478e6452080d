// SPDX-License-Identifier: Apache-2.0
//
// The product of two matrices of 8 by 8 numbers from the packet.
#include "bench.h"

#define N 8

SEC("xdp")
int run(struct xdp_md *ctx)
{
	const __u8 *p = INPUT(ctx);
	const __u32 *a = (const void *)(p + 40), *b = a + N * N;
	__u32 product[N * N], sum = 0;

	for (int i = 0; i < N; i++) {
		for (int j = 0; j < N; j++) {
			__u32 v = 0;
			for (int k = 0; k < N; k++)
				v += a[i * N + k] * b[k * N + j];
			product[i * N + j] = v;
		}
	}
	for (int i = 0; i < N * N; i++)
		sum += product[i] ^ i;
	return sum;
}
