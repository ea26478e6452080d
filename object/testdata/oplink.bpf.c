// SPDX-License-Identifier: MIT OR GPL-2.0-only
// A struct of the kernel as cilium/ebpf takes it: with a link only.
#include "bpf.h"

struct bpf_dummy_ops {
	int (*test_1)(void *state);
	u64 number;
};

SEC("struct_ops/test_1") int test_1(u64 *ctx)
{
	return 1;
}

SEC(".struct_ops.link") struct bpf_dummy_ops ops = { .test_1 = (void *)test_1, .number = 5 };
