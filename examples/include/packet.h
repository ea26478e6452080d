// SPDX-License-Identifier: MIT OR GPL-2.0-only
//
// Finding the headers of a packet, with every byte checked before it is read.
#pragma once
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "format.h"

#ifndef AF_INET
#define AF_INET 2
#define AF_INET6 10
#endif

// Most IPv6 extension headers that are stepped over.
#define MAX_EXTENSIONS 4

#define IP_FRAGMENT_OFFSET 0x1fff

// cursor walks over a packet; bytes before pos are inside it.
struct cursor {
	void *pos;
	void *end;
};

struct flow {
	ip_t src;
	ip_t dst;
	port_t sport;
	port_t dport;
	__u8 proto; // IPPROTO_TCP and the like
	__u8 family; // AF_INET or AF_INET6
};

enum parsed {
	PARSED_FLOW, // an IP packet; the flow is filled in
	PARSED_OTHER, // no IP packet: ARP and the like
	PARSED_BROKEN, // an IP packet that is shorter than it says
};

#define take(c, type)                                                    \
	({                                                               \
		type *header = (c)->pos;                                 \
		if ((void *)(header + 1) > (c)->end)                     \
			header = 0;                                      \
		else                                                     \
			(c)->pos = header + 1;                           \
		header;                                                  \
	})

struct vlan_header {
	__be16 tci;
	__be16 type;
};

struct extension_header {
	__u8 next;
	__u8 length;
	__u8 rest[6];
};

// take_ethernet steps over the Ethernet header and one VLAN tag, and is the
// type of what follows, or -1.
static __always_inline int take_ethernet(struct cursor *c)
{
	struct ethhdr *eth = take(c, struct ethhdr);
	if (!eth)
		return -1;
	if (eth->h_proto != bpf_htons(ETH_P_8021Q))
		return eth->h_proto;
	struct vlan_header *vlan = take(c, struct vlan_header);
	return vlan ? vlan->type : -1;
}

static __always_inline void map_address(ip_t to, __be32 from)
{
	__builtin_memset(to, 0, 10);
	to[10] = 0xff;
	to[11] = 0xff;
	__builtin_memcpy(to + 12, &from, sizeof(from));
}

// take_ports fills in the ports of TCP and UDP; of a packet that is too short
// to have any it says so.
static __always_inline enum parsed take_ports(struct cursor *c, struct flow *f)
{
	if (f->proto != IPPROTO_TCP && f->proto != IPPROTO_UDP)
		return PARSED_FLOW;
	struct udphdr *h = take(c, struct udphdr); // TCP's begins the same way
	if (!h)
		return PARSED_BROKEN;
	f->sport = h->source;
	f->dport = h->dest;
	return PARSED_FLOW;
}

static __always_inline enum parsed take_ipv4(struct cursor *c, struct flow *f)
{
	struct iphdr *ip = take(c, struct iphdr);
	if (!ip || ip->version != 4 || ip->ihl < 5)
		return PARSED_BROKEN;
	f->family = AF_INET;
	f->proto = ip->protocol;
	map_address(f->src, ip->saddr);
	map_address(f->dst, ip->daddr);
	if (ip->frag_off & bpf_htons(IP_FRAGMENT_OFFSET))
		return PARSED_FLOW; // a later fragment has no ports
	c->pos = (void *)ip + ip->ihl * 4;
	return take_ports(c, f);
}

static __always_inline enum parsed take_ipv6(struct cursor *c, struct flow *f)
{
	struct ipv6hdr *ip = take(c, struct ipv6hdr);
	if (!ip || ip->version != 6)
		return PARSED_BROKEN;
	f->family = AF_INET6;
	f->proto = ip->nexthdr;
	__builtin_memcpy(f->src, &ip->saddr, sizeof(f->src));
	__builtin_memcpy(f->dst, &ip->daddr, sizeof(f->dst));
	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		if (f->proto != IPPROTO_HOPOPTS && f->proto != IPPROTO_ROUTING && f->proto != IPPROTO_DSTOPTS)
			break;
		struct extension_header *e = take(c, struct extension_header);
		if (!e)
			return PARSED_BROKEN;
		f->proto = e->next;
		c->pos += e->length * 8;
	}
	return take_ports(c, f);
}

// parse_flow finds the addresses and ports of the packet in ctx.
static __always_inline enum parsed parse_flow(struct xdp_md *ctx, struct flow *f)
{
	struct cursor c = {
		.pos = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	switch (take_ethernet(&c)) {
	case bpf_htons(ETH_P_IP):
		return take_ipv4(&c, f);
	case bpf_htons(ETH_P_IPV6):
		return take_ipv6(&c, f);
	case -1:
		return PARSED_BROKEN;
	default:
		return PARSED_OTHER;
	}
}
