// SPDX-License-Identifier: Apache-2.0
//
// A firewall's packet: the source must be in none of 1000 blocked prefixes, the
// port in a set of open ones, and the source's rate below its limit; all is
// counted per CPU.
#include "headers.h"

struct prefix {
	__u32 length;
	__u32 address;
};

struct source {
	__u64 due; // when it may send again at the latest
	__u64 packets;
};

struct count {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, __u32);
} blocked SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct source);
} sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct count);
} counts SEC(".maps");

// init blocks 1000 prefixes that the packet's source is not in, and opens 100
// ports, its own among them.
SEC("xdp")
int init(struct xdp_md *ctx)
{
	struct flow f;

	if (parse(ctx, &f))
		return 0;
	for (__u32 i = 0; i < 1000; i++) {
		struct prefix key = { 12 + i % 19, f.src ^ 0x80 >> (i & 7) ^ (i * 0x9e3779b1 & ~0xff) };
		__u32 value = i;
		bpf_map_update_elem(&blocked, &key, &value, BPF_ANY);
	}
	for (__u32 i = 0; i < 100; i++) {
		__u32 key = (f.dport + i) << 8 | f.proto, value = 1;
		bpf_map_update_elem(&ports, &key, &value, BPF_ANY);
	}
	return 1;
}

static __always_inline int over_rate(const struct flow *f)
{
	const __u64 cost = 10, burst = 1000000000; // nanoseconds
	__u64 now = bpf_ktime_get_ns();
	struct source *s = bpf_map_lookup_elem(&sources, &f->src);

	if (!s) {
		struct source first = { now + cost, 1 };
		bpf_map_update_elem(&sources, &f->src, &first, BPF_ANY);
		return 0;
	}
	__u64 due = (s->due > now ? s->due : now) + cost;
	if (due > now + burst)
		return 1;
	s->due = due;
	s->packets++;
	return 0;
}

static __always_inline int finish(struct xdp_md *ctx, __u32 verdict)
{
	struct count *c = bpf_map_lookup_elem(&counts, &verdict);

	if (c) {
		c->packets++;
		c->bytes += ctx->data_end - ctx->data;
	}
	return verdict;
}

SEC("xdp")
int run(struct xdp_md *ctx)
{
	struct flow f;

	if (parse(ctx, &f))
		return finish(ctx, XDP_PASS);
	struct prefix key = { 32, f.src };
	if (bpf_map_lookup_elem(&blocked, &key))
		return finish(ctx, XDP_DROP);
	__u32 port = f.dport << 8 | f.proto;
	if (!bpf_map_lookup_elem(&ports, &port) || over_rate(&f))
		return finish(ctx, XDP_DROP);
	return finish(ctx, XDP_PASS);
}
