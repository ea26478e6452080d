// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Map definitions of every shape.
#include "bpf.h"

struct key { u32 addr; u16 port; u16 pad; };
struct stats { u64 packets, bytes; };

struct {
	NUM(type, HASH);
	NUM(max_entries, 1024);
	NUM(map_flags, 1);
	TYPE(key, struct key);
	TYPE(value, struct stats);
} flows SEC(".maps") TAG("shown:yes");

struct {
	NUM(type, ARRAY);
	NUM(key_size, 4);
	NUM(value_size, 24);
	NUM(max_entries, 3);
	NUM(numa_node, 1);
	NUM(pinning, 1);
} sized SEC(".maps");

struct {
	NUM(type, LRU_PERCPU_HASH);
	NUM(key_size, 4);
	TYPE(key, u32);
	TYPE(value, u64);
	NUM(max_entries, 16);
} both SEC(".maps");

struct {
	NUM(type, RINGBUF);
} events SEC(".maps");

struct {
	NUM(type, BLOOM);
	TYPE(value, u32);
	NUM(max_entries, 100);
	NUM(map_extra, 3);
} bloom SEC(".maps");

struct inner {
	NUM(type, ARRAY);
	NUM(max_entries, 8);
	TYPE(key, u32);
	TYPE(value, u64);
};

struct inner inner_a SEC(".maps");
struct inner inner_b SEC(".maps");

struct {
	NUM(type, ARRAY_OF_MAPS);
	NUM(max_entries, 4);
	TYPE(key, u32);
	VALUES(struct inner);
} outer SEC(".maps") = { .values = { [0] = (void *)&inner_a, [2] = (void *)&inner_b } };

struct {
	NUM(type, HASH_OF_MAPS);
	NUM(max_entries, 4);
	NUM(key_size, 4);
	NUM(value_size, 4);
} unset SEC(".maps");

int parse_tcp(struct xdp_md *ctx);
int parse_udp(struct xdp_md *ctx);

struct {
	NUM(type, PROG_ARRAY);
	NUM(max_entries, 256);
	TYPE(key, u32);
	VALUES(int(void *));
} parsers SEC(".maps") = { .values = { [6] = (void *)&parse_tcp, [17] = (void *)&parse_udp } };

SEC("xdp") int parse_tcp(struct xdp_md *ctx)
{
	return 1;
}

SEC("xdp") int parse_udp(struct xdp_md *ctx)
{
	return 2;
}

SEC("xdp") int use_maps(struct xdp_md *ctx)
{
	struct key k = { .addr = ctx->rx_queue_index };
	u32 zero = 0;
	struct stats *s = map_lookup(&flows, &k);

	if (s)
		s->packets++;
	if (map_lookup(&sized, &zero) || map_lookup(&both, &zero) || map_lookup(&outer, &zero))
		return 1;
	if (map_lookup(&flows, &k))
		return 3;
	tail_call(ctx, &parsers, ctx->rx_queue_index);
	return 2;
}
