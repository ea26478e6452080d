// SPDX-License-Identifier: MIT OR GPL-2.0-only
//
// A plug-in: a policy that a server asks about each request. It is no program
// of the kernel: r1 is a block of memory that the server fills in, r2 its
// length, and the result goes back to the server.
//
//   - paths below /admin are for 10.0.0.0/8 only;
//   - a client may make `burst` requests, and `per_second` more each second;
//   - requests for /static/ get class 1, others class 2: written into the
//     block.
//
// Nothing of the block is there that was not compared with its length.
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "../include/format.h"

enum verdict { DENY, ALLOW, LATER };

struct request {
	ipv4_t client;
	__u16 path_len;
	__u8 class; // written by the policy
	__u8 pad;
	char path[]; // path_len bytes, not terminated
};

struct bucket {
	__u64 refilled; // time of the latest refill
	__u64 tokens;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, ipv4_t);
	__type(value, struct bucket);
} buckets SEC(".maps");

const volatile __u64 burst = 20, per_second = 10;
__u64 malformed;

#define MAX_PATH 128
#define SECOND 1000000000ull

// takes_token reports whether client may make a request.
static int takes_token(ipv4_t client)
{
	__u64 now = bpf_ktime_get_ns();
	struct bucket *b = bpf_map_lookup_elem(&buckets, &client);

	if (!b) {
		struct bucket full = {now, burst - 1};

		bpf_map_update_elem(&buckets, &client, &full, BPF_NOEXIST);
		return 1;
	}
	__u64 more = (now - b->refilled) * per_second / SECOND;

	if (more) {
		b->refilled = now;
		b->tokens = b->tokens + more > burst ? burst : b->tokens + more;
	}
	if (!b->tokens)
		return 0;
	b->tokens--;
	return 1;
}

// begins reports whether the n bytes of path begin with prefix, or are it
// without its last byte.
#define begins(path, n, prefix) \
	((n) >= sizeof(prefix) - 1 && __builtin_memcmp(path, prefix, sizeof(prefix) - 1) == 0)

SEC("raw")
int policy(struct request *r, __u64 len)
{
	if (len < sizeof(*r))
		goto malformed;
	__u32 n = r->path_len;

	if (n == 0 || n > MAX_PATH || sizeof(*r) + n > len || r->path[0] != '/')
		goto malformed;
	for (__u32 i = 0; i < n; i++) { // no control characters, no way up
		char c = r->path[i];

		if (c <= ' ' || c == 0x7f || (c == '.' && i + 1 < n && r->path[i + 1] == '.'))
			goto malformed;
	}
	if (begins(r->path, n, "/admin") && (r->client & bpf_htonl(0xff000000)) != bpf_htonl(0x0a000000))
		return DENY;
	if (!takes_token(r->client))
		return LATER;
	r->class = begins(r->path, n, "/static/") ? 1 : 2;
	return ALLOW;

malformed:
	__sync_fetch_and_add(&malformed, 1);
	return DENY;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
