// SPDX-License-Identifier: MIT OR GPL-2.0-only
// A static function in a section of programs is a subprogram.
#include "bpf.h"

static volatile int sink;

SEC("xdp") static NOINLINE int helper(int x)
{
	sink = x;
	return x;
}

SEC("xdp") int entry(struct xdp_md *ctx)
{
	return helper(ctx->rx_queue_index) + helper(1);
}
