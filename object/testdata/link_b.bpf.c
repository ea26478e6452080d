// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The other of two objects that are linked together.
#include "bpf.h"

struct shared {
	NUM(type, ARRAY);
	TYPE(key, u32);
	TYPE(value, u64);
	NUM(max_entries, 4);
};

extern struct shared common __attribute__((section(".maps")));
struct shared only_b SEC(".maps");

u8 pad_b = 5;
u32 in_b = 6;
u32 decided = 7;
static volatile u32 private = 8;

int from_a(int x);
NOINLINE int overridden(int x)
{
	private = x;
	return 2;
}

NOINLINE int from_b(int x)
{
	private += x;
	return from_a(x) + decided;
}

SEC("xdp") int prog_b(struct xdp_md *ctx)
{
	u32 key = 0;

	return map_lookup(&common, &key) ? from_b(pad_b) : overridden(in_b + private);
}
