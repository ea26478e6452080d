// SPDX-License-Identifier: Apache-2.0
//
// 50 records of 48 bytes to a ring buffer.
#include "bench.h"

struct record {
	__u64 number;
	__u32 length;
	__u32 reason;
	__u8 start[32];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 21);
} records SEC(".maps");

SEC("xdp")
int run(struct xdp_md *ctx)
{
	const __u8 *p = INPUT(ctx);
	int written = 0;

	for (int i = 0; i < 50; i++) {
		struct record *r = bpf_ringbuf_reserve(&records, sizeof(*r), 0);
		if (!r)
			break;
		r->number = i;
		r->length = LENGTH;
		r->reason = 1;
		for (int j = 0; j < 4; j++)
			((__u64 *)r->start)[j] = ((const __u64 *)p)[j];
		bpf_ringbuf_submit(r, 0);
		written++;
	}
	return written;
}
