// SPDX-License-Identifier: MIT OR GPL-2.0-only
// A program with an exception callback.
#include "bpf.h"

extern void bpf_throw(u64 cookie) __attribute__((section(".ksyms")));

static volatile int sink;

static NOINLINE int helper(int x)
{
	sink = x;
	return x;
}

NOINLINE u64 on_throw(u64 cookie)
{
	return helper(cookie);
}

SEC("tc") TAG("exception_callback:on_throw") int throws(void *ctx)
{
	if (helper(1))
		bpf_throw(5);
	return 0;
}

SEC("tc") TAG("exception_callback:nowhere") int bad_callback(void *ctx)
{
	return 0;
}
