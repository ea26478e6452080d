// SPDX-License-Identifier: MIT OR GPL-2.0-only
// A struct of the kernel, filled by programs.
#include "bpf.h"

struct bpf_dummy_ops_state { int val; };

struct bpf_dummy_ops {
	int (*test_1)(struct bpf_dummy_ops_state *state);
	int (*test_2)(struct bpf_dummy_ops_state *state, int a1, u16 a2, char a3, u64 a4);
	u64 number;
};

SEC("struct_ops/one") int one(u64 *ctx)
{
	return 1;
}

SEC("struct_ops.s/two") int two(u64 *ctx)
{
	return 2;
}

SEC("?struct_ops/three") int three(u64 *ctx)
{
	return 3;
}

SEC(".struct_ops") struct bpf_dummy_ops plain = { .test_1 = (void *)one, .number = 5 };
SEC(".struct_ops.link") struct bpf_dummy_ops linked = { .test_1 = (void *)one, .test_2 = (void *)two };
SEC("?.struct_ops.link") struct bpf_dummy_ops optional = { .test_2 = (void *)three };
