// SPDX-License-Identifier: Apache-2.0
//
// SipHash-2-4 over 1500 bytes: additions and rotations of 64 bits.
#include "bench.h"

#define ROTATE(x, n) ((x) << (n) | (x) >> (64 - (n)))

struct state {
	__u64 a, b, c, d;
};

static __always_inline void mix(struct state *s)
{
	s->a += s->b;
	s->c += s->d;
	s->b = ROTATE(s->b, 13) ^ s->a;
	s->d = ROTATE(s->d, 16) ^ s->c;
	s->a = ROTATE(s->a, 32);
	s->c += s->b;
	s->a += s->d;
	s->b = ROTATE(s->b, 17) ^ s->c;
	s->d = ROTATE(s->d, 21) ^ s->a;
	s->c = ROTATE(s->c, 32);
}

static __always_inline void absorb(struct state *s, __u64 word)
{
	s->d ^= word;
	mix(s);
	mix(s);
	s->a ^= word;
}

SEC("xdp")
int run(struct xdp_md *ctx)
{
	const __u8 *p = INPUT(ctx);
	__u64 k0 = 0x0706050403020100, k1 = 0x0f0e0d0c0b0a0908;
	struct state s = {
		k0 ^ 0x736f6d6570736575,
		k1 ^ 0x646f72616e646f6d,
		k0 ^ 0x6c7967656e657261,
		k1 ^ 0x7465646279746573,
	};

	for (int i = 0; i + 8 <= LENGTH; i += 8)
		absorb(&s, *(const __u64 *)(p + i));
	absorb(&s, (__u64)LENGTH << 56 | *(const __u32 *)(p + LENGTH / 8 * 8));
	s.c ^= 0xff;
	for (int i = 0; i < 4; i++)
		mix(&s);
	return fold(s.a ^ s.b ^ s.c ^ s.d);
}
