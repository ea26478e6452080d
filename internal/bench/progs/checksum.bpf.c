// SPDX-License-Identifier: Apache-2.0
//
// The Internet checksum of 1460 bytes, as numbers of 16 bits in network order.
#include "bench.h"

SEC("xdp")
int run(struct xdp_md *ctx)
{
	const __u16 *p = (const void *)(INPUT(ctx) + 40);
	__u32 sum = 0;

	for (int i = 0; i < 730; i++)
		sum += bpf_ntohs(p[i]);
	sum = (sum & 0xffff) + (sum >> 16);
	sum += sum >> 16;
	return (__u16)~sum;
}
