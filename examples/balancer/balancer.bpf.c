// SPDX-License-Identifier: MIT OR GPL-2.0-only
//
// A layer 4 load balancer with direct server return: packets to a service's
// address are wrapped in IP-in-IP and sent to one of its backends, which
// answers the client itself. Backends are chosen by rendezvous hashing, so that
// taking one away moves only its own flows; a connection table keeps flows
// where they are when one is added.
#include "../include/packet.h"

#define MAX_SERVICES 8
#define MAX_BACKENDS 16

#define IPV4(a, b, c, d) bpf_htonl((a) << 24 | (b) << 16 | (c) << 8 | (d))

// Configuration. A loader may set it before the program is verified.
struct service {
	ipv4_t address; // 0 ends the list
	port_t port;
	__u8 proto;
	__u8 backends; // the first so many backends serve it
};

const volatile struct service services[MAX_SERVICES] = {
	{ IPV4(192, 0, 2, 10), bpf_htons(80), IPPROTO_TCP, 4 },
	{ IPV4(192, 0, 2, 10), bpf_htons(53), IPPROTO_UDP, 2 },
};
const volatile ipv4_t backends[MAX_BACKENDS] = {
	IPV4(10, 0, 0, 1),
	IPV4(10, 0, 0, 2),
	IPV4(10, 0, 0, 3),
	IPV4(10, 0, 0, 4),
};
const volatile ipv4_t own_address = IPV4(192, 0, 2, 1); // source of the outer header
const volatile __u32 max_length = ETH_HLEN + 1500; // of a frame, outer header included

// Bit n takes backend n out of service. It may change while the program runs.
volatile __u32 drained;

struct connection_key {
	ipv4_t client;
	ipv4_t service;
	port_t client_port;
	port_t service_port;
	__u8 proto;
	__u8 zero[3];
};

struct connection {
	__u32 backend; // index
	__u32 moves; // to another backend, because its own was drained
	__u64 packets;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct connection_key);
	__type(value, struct connection);
} connections SEC(".maps");

struct backend_count {
	__u64 packets;
	__u64 bytes; // before they were wrapped
	__u64 connections;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MAX_BACKENDS);
	__type(key, __u32);
	__type(value, struct backend_count);
} per_backend SEC(".maps");

// Packets that the balancer did not forward, and why.
struct passed {
	__u64 no_service;
	__u64 no_backend;
	__u64 fragment;
	__u64 too_long;
	__u64 broken;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct passed);
} passed SEC(".maps");

#define pass(why)                                                        \
	({                                                               \
		__u32 zero = 0;                                          \
		struct passed *p = bpf_map_lookup_elem(&passed, &zero);  \
		if (p)                                                   \
			p->why++;                                        \
		XDP_PASS;                                                \
	})

// mix spreads every bit of v over all bits of the result.
static __always_inline __u64 mix(__u64 v)
{
	v ^= v >> 32;
	v *= 0x9e3779b97f4a7c15ull;
	v ^= v >> 29;
	v *= 0xd6e8feb86659fd93ull;
	return v ^ v >> 32;
}

static __always_inline const volatile struct service *find_service(const struct connection_key *k)
{
	for (int i = 0; i < MAX_SERVICES; i++) {
		const volatile struct service *s = &services[i];
		if (!s->address)
			break;
		if (s->address == k->service && s->port == k->service_port && s->proto == k->proto)
			return s;
	}
	return 0;
}

// choose gives every backend a score for this flow and takes the highest: -1
// when none is in service.
static __always_inline int choose(const struct connection_key *k, __u32 count)
{
	__u64 flow = mix((__u64)k->client << 32 | k->service) ^
		     mix((__u64)k->client_port << 32 | (__u32)k->service_port << 16 | k->proto);
	__u64 best = 0;
	int chosen = -1;

	for (int i = 0; i < MAX_BACKENDS; i++) {
		if (i >= count)
			break;
		if (drained >> i & 1)
			continue;
		__u64 score = mix(flow ^ backends[i]);
		if (chosen < 0 || score > best) {
			best = score;
			chosen = i;
		}
	}
	return chosen;
}

// backend_of finds the flow's backend in the connection table, or chooses one.
static __always_inline int backend_of(const struct connection_key *k, __u32 count, int *first)
{
	struct connection *c = bpf_map_lookup_elem(&connections, k);
	if (c && c->backend < MAX_BACKENDS && !(drained >> c->backend & 1)) {
		__sync_fetch_and_add(&c->packets, 1);
		return c->backend;
	}
	int chosen = choose(k, count);
	if (chosen >= 0) {
		struct connection fresh = { .backend = chosen, .packets = 1 };
		if (c) {
			fresh.moves = c->moves + 1;
			fresh.packets = c->packets + 1;
		}
		bpf_map_update_elem(&connections, k, &fresh, BPF_ANY);
		*first = 1;
	}
	return chosen;
}

static __always_inline __u16 header_checksum(const struct iphdr *ip)
{
	const __u16 *word = (const void *)ip;
	__u32 sum = 0;

	for (int i = 0; i < sizeof(*ip) / 2; i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

// encapsulate puts an IP header to the backend before the one that is there,
// and turns the frame round: the router that sent it knows the way.
static __always_inline int encapsulate(struct xdp_md *ctx, __be32 backend)
{
	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(struct iphdr)))
		return XDP_ABORTED;
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *outer = (void *)(eth + 1);
	struct ethhdr *old = data + sizeof(*outer);
	struct iphdr *ip = (void *)(old + 1);
	if ((void *)(ip + 1) > end)
		return XDP_ABORTED;

	struct ethhdr turned = { .h_proto = bpf_htons(ETH_P_IP) };
	__builtin_memcpy(turned.h_dest, old->h_source, ETH_ALEN);
	__builtin_memcpy(turned.h_source, old->h_dest, ETH_ALEN);
	struct iphdr wrapper = {
		.version = 4,
		.ihl = sizeof(wrapper) / 4,
		.tos = ip->tos,
		.tot_len = bpf_htons(bpf_ntohs(ip->tot_len) + sizeof(wrapper)),
		.frag_off = bpf_htons(0x4000), // do not fragment
		.ttl = 64,
		.protocol = IPPROTO_IPIP,
		.saddr = own_address,
		.daddr = backend,
	};
	wrapper.check = header_checksum(&wrapper);
	*eth = turned;
	*outer = wrapper;
	return XDP_TX;
}

static __always_inline void count_packet(__u32 backend, __u32 length, int first)
{
	struct backend_count *c = bpf_map_lookup_elem(&per_backend, &backend);
	if (!c)
		return;
	c->packets++;
	c->bytes += length;
	c->connections += first;
}

SEC("xdp")
int balance(struct xdp_md *ctx)
{
	struct cursor c = {
		.pos = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	__u32 length = ctx->data_end - ctx->data;
	struct flow f = {};
	int first = 0;

	struct ethhdr *eth = take(&c, struct ethhdr);
	if (!eth)
		return pass(broken);
	if (eth->h_proto != bpf_htons(ETH_P_IP))
		return pass(no_service);
	struct iphdr *ip = c.pos;
	if (take_ipv4(&c, &f) != PARSED_FLOW || (void *)(ip + 1) > c.end)
		return pass(broken);
	if (ip->frag_off & bpf_htons(0x2000 | IP_FRAGMENT_OFFSET))
		return pass(fragment);

	struct connection_key key = {
		.client = ip->saddr,
		.service = ip->daddr,
		.client_port = f.sport,
		.service_port = f.dport,
		.proto = f.proto,
	};
	const volatile struct service *s = find_service(&key);
	if (!s)
		return pass(no_service);
	if (length + sizeof(struct iphdr) > max_length)
		return pass(too_long);
	int chosen = backend_of(&key, s->backends, &first);
	if (chosen < 0 || chosen >= MAX_BACKENDS)
		return pass(no_backend);
	count_packet(chosen, length, first);
	return encapsulate(ctx, backends[chosen]);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
