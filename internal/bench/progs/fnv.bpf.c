// SPDX-License-Identifier: Apache-2.0
//
// FNV-1a with 64 bits over 1500 bytes: one long chain of multiplications.
#include "bench.h"

SEC("xdp")
int run(struct xdp_md *ctx)
{
	const __u8 *p = INPUT(ctx);
	__u64 h = 0xcbf29ce484222325;

	for (int i = 0; i < LENGTH; i++) {
		h ^= p[i];
		h *= 0x100000001b3;
	}
	return fold(h);
}
