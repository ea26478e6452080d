// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Variables that live in an arena.
#include "bpf.h"

#define IN_ARENA __attribute__((address_space(1)))

struct {
	NUM(type, ARENA);
	NUM(map_flags, 1 << 10);
	NUM(max_entries, 4);
	enum { arena_address = 0x1ull << 44 } map_extra;
} arena SEC(".maps");

u32 IN_ARENA first SEC(".addr_space.1") = 11;
u64 IN_ARENA second SEC(".addr_space.1") = 22;

SEC("syscall") int use_arena(void *ctx)
{
	second += first;
	return map_lookup(&arena, ctx) != 0;
}
