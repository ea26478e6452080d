// SPDX-License-Identifier: MIT OR GPL-2.0-only
//
// Two histograms of what comes in, in powers of two: how long the packets are,
// and how far they are apart. Every CPU counts for itself, so nothing is shared
// and nothing is locked; the reader adds the CPUs up.
#include "../include/packet.h"

#define BUCKETS 32 // the last one takes all that is longer

// A histogram for every kind of traffic.
struct histogram {
	__u64 tcp[BUCKETS];
	__u64 udp[BUCKETS];
	__u64 icmp[BUCKETS];
	__u64 other[BUCKETS];
};

// sizes[..][n] counts packets of 2^n to 2^(n+1)-1 bytes.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct histogram);
} sizes SEC(".maps");

// gaps[..][n] counts packets that came 2^n to 2^(n+1)-1 microseconds after the
// one before of the same kind; those below a microsecond are in the first.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct histogram);
} gaps SEC(".maps");

struct arrival {
	__u64 tcp_ns;
	__u64 udp_ns;
	__u64 icmp_ns;
	__u64 other_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct arrival);
} arrivals SEC(".maps");

static __always_inline __u32 log2_bucket(__u64 v)
{
	__u32 n = 0;

	if (v >> 32)
		return BUCKETS - 1;
	if (v >> 16)
		n += 16;
	if (v >> (n + 8))
		n += 8;
	if (v >> (n + 4))
		n += 4;
	if (v >> (n + 2))
		n += 2;
	if (v >> (n + 1))
		n += 1;
	return n;
}

static __always_inline void count(__u64 *buckets, __u64 *arrival, __u64 *gap_buckets, __u32 length, __u64 now)
{
	buckets[log2_bucket(length) & (BUCKETS - 1)]++;
	if (*arrival)
		gap_buckets[log2_bucket((now - *arrival) / 1000) & (BUCKETS - 1)]++;
	*arrival = now;
}

SEC("xdp")
int histogram(struct xdp_md *ctx)
{
	__u64 now = bpf_ktime_get_ns();
	struct flow f = {};
	__u32 zero = 0;

	struct histogram *s = bpf_map_lookup_elem(&sizes, &zero);
	struct histogram *g = bpf_map_lookup_elem(&gaps, &zero);
	struct arrival *a = bpf_map_lookup_elem(&arrivals, &zero);
	if (!s || !g || !a)
		return XDP_ABORTED;

	__u32 length = ctx->data_end - ctx->data;
	parse_flow(ctx, &f); // a broken packet is counted by what could be read
	switch (f.proto) {
	case IPPROTO_TCP:
		count(s->tcp, &a->tcp_ns, g->tcp, length, now);
		break;
	case IPPROTO_UDP:
		count(s->udp, &a->udp_ns, g->udp, length, now);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		count(s->icmp, &a->icmp_ns, g->icmp, length, now);
		break;
	default:
		count(s->other, &a->other_ns, g->other, length, now);
	}
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
