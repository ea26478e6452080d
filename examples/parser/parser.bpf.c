// SPDX-License-Identifier: MIT OR GPL-2.0-only
//
// A protocol parser in parts: one program a protocol, each calling the next
// through a program array. The place in the packet travels in the packet's own
// metadata, so that nothing is shared between CPUs. It lists the DNS names that
// were asked for and the HTTP requests that were made.
#include "../include/packet.h"

enum part {
	PART_IPV4,
	PART_IPV6,
	PART_TCP,
	PART_UDP,
	PART_DNS,
	PART_HTTP,
	PARTS,
};

int parse_ipv4(struct xdp_md *ctx);
int parse_ipv6(struct xdp_md *ctx);
int parse_tcp(struct xdp_md *ctx);
int parse_udp(struct xdp_md *ctx);
int parse_dns(struct xdp_md *ctx);
int parse_http(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, PARTS);
	__uint(key_size, sizeof(__u32));
	__array(values, int(struct xdp_md *));
} parts SEC(".maps") = {
	.values = {
		[PART_IPV4] = (void *)&parse_ipv4,
		[PART_IPV6] = (void *)&parse_ipv6,
		[PART_TCP] = (void *)&parse_tcp,
		[PART_UDP] = (void *)&parse_udp,
		[PART_DNS] = (void *)&parse_dns,
		[PART_HTTP] = (void *)&parse_http,
	},
};

// What was seen, in packets.
struct layers {
	__u64 frames;
	__u64 vlan;
	__u64 ipv4;
	__u64 ipv6;
	__u64 tcp;
	__u64 udp;
	__u64 dns;
	__u64 http;
	__u64 other;
	__u64 broken;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct layers);
} layers SEC(".maps");

#define MAX_NAME 64
#define MAX_LINE 64

struct question {
	char name[MAX_NAME];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct question);
	__type(value, __u64); // how often
} dns_questions SEC(".maps");

struct request {
	char line[MAX_LINE]; // method and path
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct request);
	__type(value, __u64);
} http_requests SEC(".maps");

// place is what travels from part to part, before the packet's first byte.
struct place {
	__u32 offset; // of the header that the next part reads
};

#define MAX_OFFSET 0xff // of any header that is read: 18 + 60 + 60 at most

#define seen(what)                                                       \
	({                                                               \
		__u32 zero = 0;                                          \
		struct layers *l = bpf_map_lookup_elem(&layers, &zero);  \
		if (l)                                                   \
			l->what++;                                       \
	})

#define done(what)                                                       \
	({                                                               \
		seen(what);                                              \
		XDP_PASS;                                                \
	})

// header is size bytes at the place, 0 when the packet ends before them.
static __always_inline void *header(struct xdp_md *ctx, __u32 size, __u32 *offset)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct place *p = (void *)(long)ctx->data_meta;

	if ((void *)(p + 1) > data || p->offset > MAX_OFFSET)
		return 0;
	*offset = p->offset;
	void *h = data + p->offset;
	return h + size > end ? 0 : h;
}

// next hands the packet to another part. It comes back only when the part is
// missing.
static __always_inline int next(struct xdp_md *ctx, __u32 offset, enum part part)
{
	struct place *p = (void *)(long)ctx->data_meta;

	if ((void *)(p + 1) > (void *)(long)ctx->data)
		return XDP_ABORTED;
	p->offset = offset;
	bpf_tail_call(ctx, &parts, part);
	return done(other);
}

SEC("xdp")
int parse(struct xdp_md *ctx)
{
	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(struct place)))
		return XDP_ABORTED;
	struct cursor c = {
		.pos = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	seen(frames);
	int type = take_ethernet(&c);
	__u32 offset = c.pos - (void *)(long)ctx->data;
	if (offset > sizeof(struct ethhdr))
		seen(vlan);
	switch (type) {
	case bpf_htons(ETH_P_IP):
		return next(ctx, offset, PART_IPV4);
	case bpf_htons(ETH_P_IPV6):
		return next(ctx, offset, PART_IPV6);
	case -1:
		return done(broken);
	default:
		return done(other);
	}
}

static __always_inline int transport(struct xdp_md *ctx, __u8 proto, __u32 offset)
{
	switch (proto) {
	case IPPROTO_TCP:
		return next(ctx, offset, PART_TCP);
	case IPPROTO_UDP:
		return next(ctx, offset, PART_UDP);
	default:
		return done(other);
	}
}

SEC("xdp")
int parse_ipv4(struct xdp_md *ctx)
{
	__u32 offset;
	struct iphdr *ip = header(ctx, sizeof(*ip), &offset);
	if (!ip || ip->version != 4 || ip->ihl < 5)
		return done(broken);
	seen(ipv4);
	if (ip->frag_off & bpf_htons(IP_FRAGMENT_OFFSET))
		return done(other);
	return transport(ctx, ip->protocol, offset + ip->ihl * 4);
}

SEC("xdp")
int parse_ipv6(struct xdp_md *ctx)
{
	__u32 offset;
	struct ipv6hdr *ip = header(ctx, sizeof(*ip), &offset);
	if (!ip || ip->version != 6)
		return done(broken);
	seen(ipv6);
	return transport(ctx, ip->nexthdr, offset + sizeof(*ip));
}

SEC("xdp")
int parse_tcp(struct xdp_md *ctx)
{
	__u32 offset;
	struct tcphdr *tcp = header(ctx, sizeof(*tcp), &offset);
	if (!tcp || tcp->doff < 5)
		return done(broken);
	seen(tcp);
	if (tcp->dest != bpf_htons(80) || !tcp->psh)
		return XDP_PASS;
	return next(ctx, offset + tcp->doff * 4, PART_HTTP);
}

SEC("xdp")
int parse_udp(struct xdp_md *ctx)
{
	__u32 offset;
	struct udphdr *udp = header(ctx, sizeof(*udp), &offset);
	if (!udp)
		return done(broken);
	seen(udp);
	if (udp->dest != bpf_htons(53))
		return XDP_PASS;
	return next(ctx, offset + sizeof(*udp), PART_DNS);
}

static __always_inline void bump(void *map, const void *key)
{
	__u64 one = 1, *n = bpf_map_lookup_elem(map, key);
	if (n)
		__sync_fetch_and_add(n, 1);
	else
		bpf_map_update_elem(map, key, &one, BPF_NOEXIST);
}

struct dns_header {
	__be16 id;
	__be16 flags;
	__be16 questions;
	__be16 answers;
	__be16 authorities;
	__be16 additional;
};

// copy_name copies a name's labels with dots between them: 0, or -1 for a name
// that is broken or too long for the table.
static __always_inline int copy_name(struct xdp_md *ctx, __u32 offset, char *name)
{
	__u32 left = 0; // bytes of the label that are still to come

	for (__u32 i = 0; i < MAX_NAME; i++) {
		__u8 b;
		if (bpf_xdp_load_bytes(ctx, offset + i, &b, 1))
			return -1;
		if (left) {
			left--;
			name[i - 1] = b;
		} else if (!b) {
			return 0;
		} else if (b > 63) {
			return -1; // a pointer: no question begins with one
		} else {
			left = b;
			if (i)
				name[i - 1] = '.';
		}
	}
	return -1;
}

SEC("xdp")
int parse_dns(struct xdp_md *ctx)
{
	__u32 offset;
	struct dns_header *dns = header(ctx, sizeof(*dns), &offset);
	if (!dns)
		return done(broken);
	seen(dns);
	if (dns->flags & bpf_htons(0x8000) || dns->questions != bpf_htons(1))
		return XDP_PASS;
	struct question q = {};
	if (copy_name(ctx, offset + sizeof(*dns), q.name))
		return done(broken);
	bump(&dns_questions, &q);
	return XDP_PASS;
}

SEC("xdp")
int parse_http(struct xdp_md *ctx)
{
	struct request r = {};
	__u32 offset;
	int blanks = 0;
	char *line = header(ctx, MAX_LINE, &offset);
	if (!line)
		return XDP_PASS; // no request is that short
	for (int i = 0; i < MAX_LINE - 1; i++) {
		char b = line[i];
		if (b < ' ' || b > '~')
			return XDP_PASS; // the middle of a body
		if (b == ' ' && ++blanks == 2)
			break; // the version follows
		r.line[i] = b;
	}
	seen(http);
	bump(&http_requests, &r);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
