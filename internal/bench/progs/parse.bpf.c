// SPDX-License-Identifier: Apache-2.0
//
// Finds and hashes a packet's 5-tuple.
#include "headers.h"

SEC("xdp")
int run(struct xdp_md *ctx)
{
	struct flow f;

	if (parse(ctx, &f))
		return 0;
	return flow_hash(&f);
}
