// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Map definitions as structs in a "maps" section, with and without members of
// a loader's own.
#include "bpf.h"

struct map_def { u32 type, key_size, value_size, max_entries, map_flags; };
struct long_def { struct map_def def; u32 inner_map_idx, numa_node; };

struct map_def SEC("maps") counts = { HASH, 4, 8, 64, 1 };
struct long_def SEC("maps") longer = { { ARRAY, 4, 16, 2, 0 }, 0, 0 };
struct map_def SEC("maps") last = { ARRAY, 4, 4, 1, 0 };

u32 kernel_version SEC("version") = 0x06120c;

SEC("tracepoint/syscalls/sys_enter_open") int count(void *ctx)
{
	u32 key = 0;

	return map_lookup(&counts, &key) && map_lookup(&longer, &key) && map_lookup(&last, &key);
}
