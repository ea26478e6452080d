// SPDX-License-Identifier: Apache-2.0
// Programs that need what the kernel types do not have, one for each kind.
#include "expect.h"

SEC("fentry/function_of_no_kernel") ACCEPTED
int no_target(void *ctx) { return 0; }

SEC("tp_btf/tracepoint_of_no_kernel") ACCEPTED
int no_tracepoint(void *ctx) { return 0; }

SEC("lsm/hook_of_no_kernel") REFUSED
int no_hook(void *ctx) { return 0; }

SEC("iter/iterator_of_no_kernel") ACCEPTED
int no_iterator(void *ctx) { return 0; }

extern void kfunc_of_no_kernel(void) __ksym;

SEC("tc") ACCEPTED
int no_kfunc(struct __sk_buff *skb)
{
	kfunc_of_no_kernel();
	return 0;
}

SEC("tc") ACCEPTED
int complete(struct __sk_buff *skb) { return 0; }

char _license[] SEC("license") = "GPL";
