// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Subprograms of every linkage, in .text and in sections of their own.
#include "bpf.h"

static volatile int sink;

static NOINLINE int deepest(int x)
{
	sink = x;
	return x * 3;
}

static NOINLINE int middle(int x)
{
	return deepest(x) + deepest(x + 1);
}

NOINLINE int global_add(int a, int b)
{
	sink = a;
	return a + b;
}

HIDDEN NOINLINE int hidden_sub(int a, int b)
{
	sink = b;
	return a - b;
}

WEAK NOINLINE int weak_mul(int a, int b)
{
	sink = a;
	return a * b;
}

NOINLINE int never_called(int a)
{
	sink = a;
	return middle(a);
}

static int on_each(u32 i, void *arg)
{
	*(int *)arg += deepest(i);
	return 0;
}

SEC("xdp") int plain(struct xdp_md *ctx)
{
	return 2;
}

SEC("xdp") int calls(struct xdp_md *ctx)
{
	int a = ctx->rx_queue_index;

	return weak_mul(middle(a), hidden_sub(global_add(a, 1), 2));
}

SEC("xdp") int calls_back(struct xdp_md *ctx)
{
	int sum = 0;

	loop(10, on_each, &sum, 0);
	return sum;
}

NOINLINE SEC("tc") int same_section(void *ctx)
{
	sink = 1;
	return 1;
}

SEC("tc") TAG("comment:test_prog_flags=BPF_F_TEST_STATE_FREQ") int calls_same_section(void *ctx)
{
	return same_section(ctx) + 1;
}
