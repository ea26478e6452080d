// SPDX-License-Identifier: Apache-2.0
//
// A layer-4 balancer's packet: the service is found in a hash table, the
// connection in an LRU table, else its server by a hash; the frame is sent to the
// server's address, packets and bytes are counted per CPU.
#include "headers.h"

#define SERVERS 64

struct service_key {
	__u32 address;
	__u16 port;
	__u16 proto;
};

struct service {
	__u32 first; // server
	__u32 servers;
};

struct server {
	__u8 mac[6];
	__u16 weight;
};

struct count {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, struct service_key);
	__type(value, struct service);
} services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct flow);
	__type(value, __u32);
} connections SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SERVERS);
	__type(key, __u32);
	__type(value, struct server);
} servers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SERVERS);
	__type(key, __u32);
	__type(value, struct count);
} counts SEC(".maps");

// init makes 100 services with the packet's address, one of them with its
// port, and all servers.
SEC("xdp")
int init(struct xdp_md *ctx)
{
	struct flow f;

	if (parse(ctx, &f))
		return 0;
	for (__u32 i = 0; i < 100; i++) {
		struct service_key key = { f.dst, f.dport + i, f.proto };
		struct service value = { i % 32, 32 };
		bpf_map_update_elem(&services, &key, &value, BPF_ANY);
	}
	for (__u32 i = 0; i < SERVERS; i++) {
		struct server value = { { 2, 0, 0, 0, 0, i }, 1 };
		bpf_map_update_elem(&servers, &i, &value, BPF_ANY);
	}
	return 1;
}

static __always_inline int choose(const struct flow *f, const struct service *s)
{
	__u32 *known = bpf_map_lookup_elem(&connections, f);

	if (known)
		return *known;
	__u32 chosen = s->first + flow_hash(f) % (s->servers ?: 1);
	bpf_map_update_elem(&connections, f, &chosen, BPF_ANY);
	return chosen;
}

SEC("xdp")
int run(struct xdp_md *ctx)
{
	struct flow f;

	if (parse(ctx, &f))
		return XDP_PASS;
	struct service_key key = { f.dst, f.dport, f.proto };
	struct service *s = bpf_map_lookup_elem(&services, &key);
	if (!s)
		return XDP_PASS;
	__u32 chosen = choose(&f, s);
	struct server *to = bpf_map_lookup_elem(&servers, &chosen);
	struct count *c = bpf_map_lookup_elem(&counts, &chosen);
	if (!to || !c)
		return XDP_DROP;
	c->packets++;
	c->bytes += ctx->data_end - ctx->data;
	struct ethhdr *eth = (void *)(long)ctx->data;
	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	__builtin_memcpy(eth->h_dest, to->mac, sizeof(eth->h_dest));
	return XDP_TX | chosen << 8;
}
