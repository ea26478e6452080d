// SPDX-License-Identifier: Apache-2.0
//
// Finds the addresses and ports of a TCP or UDP packet over IPv4.
#pragma once
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "bench.h"

struct flow {
	__u32 src;
	__u32 dst;
	__u16 sport;
	__u16 dport;
	__u32 proto;
};

struct vlan {
	__u16 tci;
	__u16 proto;
};

// parse fills in f and is 0, or -1 for other packets. Later fragments, which
// have no ports, are others.
static __always_inline int parse(struct xdp_md *ctx, struct flow *f)
{
	void *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = p;

	if ((void *)(eth + 1) > end)
		return -1;
	p = eth + 1;
	__u16 proto = eth->h_proto;
	if (proto == bpf_htons(ETH_P_8021Q)) {
		struct vlan *v = p;
		if ((void *)(v + 1) > end)
			return -1;
		proto = v->proto;
		p = v + 1;
	}
	if (proto != bpf_htons(ETH_P_IP))
		return -1;
	struct iphdr *ip = p;
	if ((void *)(ip + 1) > end || ip->version != 4 || ip->ihl < 5 || ip->frag_off & bpf_htons(0x1fff))
		return -1;
	if (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP)
		return -1;
	struct udphdr *ports = p + ip->ihl * 4; // TCP begins alike
	if ((void *)(ports + 1) > end)
		return -1;
	f->src = ip->saddr;
	f->dst = ip->daddr;
	f->sport = ports->source;
	f->dport = ports->dest;
	f->proto = ip->protocol;
	return 0;
}

static __always_inline __u32 flow_hash(const struct flow *f)
{
	__u32 h = f->src * 0x9e3779b1;

	h = (h ^ f->dst) * 0x85ebca6b;
	h = (h ^ h >> 13 ^ ((__u32)f->sport << 16 | f->dport)) * 0xc2b2ae35;
	return h ^ h >> 16 ^ f->proto;
}
