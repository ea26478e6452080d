// SPDX-License-Identifier: Apache-2.0
//
// What all programs of the suite share. With NATIVE they are compiled for the
// machine itself: the same source, called as a function on the same packet.
#pragma once
#include <linux/types.h>

#ifdef NATIVE
#define SEC(name)
#define __always_inline inline __attribute__((always_inline))
#define __noinline __attribute__((noinline))
struct xdp_md {
	unsigned long data;
	unsigned long data_end;
};
enum { XDP_ABORTED, XDP_DROP, XDP_PASS, XDP_TX };
#define bpf_ntohs(x) __builtin_bswap16(x)
#define bpf_htons(x) __builtin_bswap16(x)
#define bpf_ntohl(x) __builtin_bswap32(x)
#define run ENTRY
#else
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#endif

#define START 14     // of what is hashed, behind the Ethernet header
#define LENGTH 1500  // of what is hashed

// The compiler must not see through p.
#define HIDE(p) asm volatile("" : "+r"(p))

// input is the packet from its byte 14 on, or makes the program return 0 if it
// is shorter than 1514 bytes.
#define INPUT(ctx)                                                        \
	({                                                                \
		__u8 *start = (void *)(long)(ctx)->data;                  \
		__u8 *end = (void *)(long)(ctx)->data_end;                \
		if (start + START + LENGTH > end)                         \
			return 0;                                         \
		start + START;                                            \
	})

// next is a step of a linear congruence; its upper bits are the good ones.
static __always_inline __u32 next(__u32 x) { return x * 1664525 + 1013904223; }

static __always_inline __u32 fold(__u64 v) { return (__u32)(v ^ v >> 32); }
