// SPDX-License-Identifier: Apache-2.0
//
// 600 atomic operations of all kinds on words that no other CPU touches.
#include "bench.h"

SEC("xdp")
int run(struct xdp_md *ctx)
{
	const __u64 *p = (const void *)INPUT(ctx);
	__u64 words[3] = { p[0], p[1], p[2] };
	__u64 *w = words, sum = 0;

	HIDE(w);
	for (int i = 0; i < 100; i++) {
		__sync_fetch_and_add(&w[0], sum);
		sum += __sync_fetch_and_add(&w[1], 3);
		sum ^= __sync_lock_test_and_set(&w[2], sum);
		sum += __sync_val_compare_and_swap(&w[0], sum, i);
		sum ^= __sync_fetch_and_or(&w[1], 1ull << (i & 63));
		__sync_fetch_and_xor(&w[2], sum);
	}
	return fold(sum ^ w[0] ^ w[1] ^ w[2]);
}
