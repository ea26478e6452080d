// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Global variables in every kind of data section.
#include "bpf.h"

u32 counter = 7;
u64 zeroed;
const volatile u32 limit = 100;
static volatile u32 seen = 3;
static volatile u64 hits;
HIDDEN u32 secret = 5;
WEAK u16 maybe = 9;
u8 table[5] = { 1, 2, 3, 4, 5 };
u32 tuned SEC(".data.tuned") = 42;
const volatile u64 fixed SEC(".rodata.fixed") = 0x1122334455667788;
static u64 lock SEC(".bss.private");
u32 *pointer SEC(".data.ptr") = &counter;

SEC("xdp") int use_globals(struct xdp_md *ctx)
{
	static const char fmt[] = "count %d";

	counter += limit;
	zeroed += fixed + hits;
	seen += secret + maybe;
	table[3] += tuned;
	lock++;
	hits += pointer != 0;
	trace(fmt, sizeof(fmt), counter);
	return table[4];
}
