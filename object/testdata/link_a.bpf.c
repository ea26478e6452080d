// SPDX-License-Identifier: MIT OR GPL-2.0-only
// One of two objects that are linked together.
#include "bpf.h"

struct shared {
	NUM(type, ARRAY);
	TYPE(key, u32);
	TYPE(value, u64);
	NUM(max_entries, 4);
};

struct shared common SEC(".maps");
extern struct shared only_b __attribute__((section(".maps")));

u32 in_a = 1;
u8 pad_a = 2;
WEAK u32 decided = 3;
extern u32 in_b;
static volatile u32 private = 4;

int from_b(int x);
WEAK NOINLINE int overridden(int x)
{
	private = x;
	return 1;
}

NOINLINE int from_a(int x)
{
	private += x;
	return x + in_a;
}

SEC("xdp") int prog_a(struct xdp_md *ctx)
{
	u32 key = 0;

	if (map_lookup(&common, &key) && map_lookup(&only_b, &key))
		return overridden(1);
	return from_b(in_b + decided + pad_a + private);
}
