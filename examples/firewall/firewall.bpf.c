// SPDX-License-Identifier: MIT OR GPL-2.0-only
//
// A packet filter at the first possible place: drops what comes from blocked
// networks, holds every other source to a packet rate, and reports both.
#include "../include/packet.h"

// Configuration. A loader may set it before the program is verified.
#define MAX_BLOCKED 16

struct prefix4 {
	__u32 length; // bits; 0 ends the list
	ipv4_t address;
};

struct prefix6 {
	__u32 length;
	ip_t address;
};

#define IPV4(a, b, c, d) bpf_htonl((a) << 24 | (b) << 16 | (c) << 8 | (d))

const volatile struct prefix4 block4[MAX_BLOCKED] = {
	{ 24, IPV4(203, 0, 113, 0) },
	{ 32, IPV4(198, 51, 100, 99) },
};
const volatile struct prefix6 block6[MAX_BLOCKED] = {
	{ 48, { 0x20, 0x01, 0x0d, 0xb8, 0x0b, 0xad } },
};
const volatile __u64 packets_per_second = 200; // of one source; 0 for no limit
const volatile __u64 burst = 100; // packets that a source may send at once

// The block lists. A rule's value counts what it dropped.
struct rule {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix4);
	__type(value, struct rule);
} blocked4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix6);
	__type(value, struct rule);
} blocked6 SEC(".maps");

// What every source sent. The oldest ones make room when the table is full, so
// that an attacker with many addresses cannot exhaust it.
struct source_key {
	ip_t address;
};

struct source {
	__u64 due_ns; // when a source that keeps to the rate would have sent this much
	__u64 passed;
	__u64 limited;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct source_key);
	__type(value, struct source);
} sources SEC(".maps");

enum reason {
	PASSED,
	BLOCKED,
	LIMITED,
	BROKEN,
};

struct count {
	__u64 packets;
	__u64 bytes;
};

struct totals {
	struct count passed;
	struct count blocked;
	struct count limited;
	struct count broken;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct totals);
} totals SEC(".maps");

// A dropped packet. A source that goes over its rate is reported once, not for
// every packet.
struct event {
	__u64 time_ns;
	enum reason reason;
	__u32 length; // of the packet, in bytes
	ip_t src;
	ip_t dst;
	port_t sport;
	port_t dport;
	__u8 proto;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps") __records("event");

__u32 installed; // the configuration's prefixes are in the maps

// install_rules moves the configured prefixes to the maps, where they can be
// changed while the program runs. The first packet does it.
static __always_inline void install_rules(void)
{
	const struct rule none = {};

	if (installed || __sync_lock_test_and_set(&installed, 1))
		return;
	for (int i = 0; i < MAX_BLOCKED; i++) {
		struct prefix4 p = { block4[i].length, block4[i].address };
		if (!p.length)
			break;
		bpf_map_update_elem(&blocked4, &p, &none, BPF_NOEXIST);
	}
	for (int i = 0; i < MAX_BLOCKED; i++) {
		struct prefix6 p = { block6[i].length };
		if (!p.length)
			break;
		for (int b = 0; b < sizeof(p.address); b++)
			p.address[b] = block6[i].address[b];
		bpf_map_update_elem(&blocked6, &p, &none, BPF_NOEXIST);
	}
}

static __always_inline struct rule *find_rule(const struct flow *f)
{
	if (f->family == AF_INET) {
		struct prefix4 key = { .length = 32 };
		__builtin_memcpy(&key.address, f->src + 12, sizeof(key.address));
		return bpf_map_lookup_elem(&blocked4, &key);
	}
	struct prefix6 key = { .length = 128 };
	__builtin_memcpy(key.address, f->src, sizeof(key.address));
	return bpf_map_lookup_elem(&blocked6, &key);
}

enum { UNDER, OVER, STILL_OVER };

// take_turn counts a packet of a source and says whether it is over its rate.
// The whole state of the limit is the time at which a source that keeps to the
// rate would be where this one is; a packet that would move it more than a
// burst into the future is over.
static __always_inline int take_turn(const struct flow *f, __u64 now)
{
	struct source_key key;
	__u64 cost = 1000000000ull / packets_per_second;

	__builtin_memcpy(key.address, f->src, sizeof(key.address));
	struct source *s = bpf_map_lookup_elem(&sources, &key);
	if (!s) {
		struct source first = { .due_ns = now + cost, .passed = 1 };
		bpf_map_update_elem(&sources, &key, &first, BPF_ANY);
		return UNDER;
	}
	__u64 due = s->due_ns;
	__u64 next = (due > now ? due : now) + cost;
	if (next > now + burst * cost) {
		__u64 before = __sync_fetch_and_add(&s->limited, 1);
		return before ? STILL_OVER : OVER;
	}
	// Another CPU may have counted a packet in between; the one that loses
	// passes on the winner's account.
	__sync_val_compare_and_swap(&s->due_ns, due, next);
	__sync_fetch_and_add(&s->passed, 1);
	return UNDER;
}

// report is a function of its own so that struct event is in the BTF.
static __noinline void report(struct event *e, const struct flow *f, __u32 length, enum reason reason)
{
	e->time_ns = bpf_ktime_get_ns();
	e->reason = reason;
	e->length = length;
	__builtin_memcpy(e->src, f->src, sizeof(e->src));
	__builtin_memcpy(e->dst, f->dst, sizeof(e->dst));
	e->sport = f->sport;
	e->dport = f->dport;
	e->proto = f->proto;
}

static __always_inline void emit(const struct flow *f, __u32 length, enum reason reason)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e)
		return; // nobody reads; the counters still tell
	report(e, f, length, reason);
	bpf_ringbuf_submit(e, 0);
}

static __always_inline struct count *pick(struct totals *t, enum reason reason)
{
	switch (reason) {
	case BLOCKED:
		return &t->blocked;
	case LIMITED:
		return &t->limited;
	case BROKEN:
		return &t->broken;
	default:
		return &t->passed;
	}
}

static __always_inline int finish(enum reason reason, __u32 length, int action)
{
	__u32 zero = 0;
	struct totals *t = bpf_map_lookup_elem(&totals, &zero);
	if (t) {
		struct count *c = pick(t, reason);
		c->packets++;
		c->bytes += length;
	}
	return action;
}

SEC("xdp")
int firewall(struct xdp_md *ctx)
{
	__u32 length = ctx->data_end - ctx->data;
	struct flow f = {};

	install_rules();
	switch (parse_flow(ctx, &f)) {
	case PARSED_OTHER:
		return finish(PASSED, length, XDP_PASS);
	case PARSED_BROKEN:
		return finish(BROKEN, length, XDP_DROP);
	case PARSED_FLOW:
		break;
	}

	struct rule *r = find_rule(&f);
	if (r) {
		__sync_fetch_and_add(&r->packets, 1);
		__sync_fetch_and_add(&r->bytes, length);
		emit(&f, length, BLOCKED);
		return finish(BLOCKED, length, XDP_DROP);
	}
	switch (take_turn(&f, bpf_ktime_get_ns())) {
	case OVER:
		emit(&f, length, LIMITED);
		return finish(LIMITED, length, XDP_DROP);
	case STILL_OVER:
		return finish(LIMITED, length, XDP_DROP);
	}
	return finish(PASSED, length, XDP_PASS);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
