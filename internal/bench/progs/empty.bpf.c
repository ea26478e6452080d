// SPDX-License-Identifier: Apache-2.0
//
// Nothing: what a run itself costs.
#include "bench.h"

SEC("xdp")
int run(struct xdp_md *ctx)
{
	return XDP_PASS;
}
