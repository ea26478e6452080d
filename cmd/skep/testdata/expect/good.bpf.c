// SPDX-License-Identifier: Apache-2.0
// Programs that meet what is expected of them, one for each kind of tag.
#include "expect.h"

SEC("tc") ACCEPTED RETURNS(TEST_DATA_LEN) ABOUT("length of the packet")
int length(struct __sk_buff *skb) { return skb->len; }

SEC("xdp") RETURNS(-2)
int negative(struct xdp_md *ctx) { return -2; }

SEC("xdp") RETURNS(0xfffffffe)
int hexadecimal(struct xdp_md *ctx) { return -2; }

SEC("xdp") RETURNS(INT_MIN)
int lowest(struct xdp_md *ctx) { return -2147483647 - 1; }

SEC("socket") RETURNS(POINTER_VALUE) UNPRIV_REFUSED UNPRIV_SAYS("R0 leaks addr as return value") ABOUT("pointer")
NAKED int pointer(void) { asm volatile("r0 = r10; exit"); }

SEC("socket") ACCEPTED UNPRIV_ACCEPTED RETURNS(7) UNPRIV_RETURNS(7)
int seven(void *ctx) { return 7; }

SEC("socket") UNPRIV_ACCEPTED
int only_unprivileged(void *ctx) { return 0; }

SEC("socket") REFUSED SAYS("0: (bf) r0 = r{{[0-9]+}}") SAYS("R{{[1-9]}} !read_ok")
NAKED int unset(void) { asm volatile("r0 = r5; exit"); }

SEC("socket") SAYS("0: (b7) r0 = 3") SAYS("1: (95) exit{{$}}") SAYS("processed 2 insns") TAG("test_log_level=2")
NAKED int logged(void) { asm volatile("r0 = 3; exit"); }

SEC("socket") REFUSED SAYS("misaligned stack access") TAG("test_prog_flags=BPF_F_STRICT_ALIGNMENT")
NAKED int misaligned(void) { asm volatile("r0 = 0; *(u32 *)(r10 - 7) = r0; exit"); }

SEC("socket") ACCEPTED TAG("test_expect_xlated=0=exit") TAG("test_expect_not_msg=1=x") TAG("test_jited=2=ret")
int rewritten(void *ctx) { return 0; }

SEC("socket") ACCEPTED TAG("test_arch=PDP11")
int elsewhere(void *ctx) { return 0; }

SEC("sk_msg") ACCEPTED RETURNS(1)
int on_sockets(struct sk_msg_md *msg) { return 1; }

SEC("socket")
int untagged(void *ctx) { return 0; }

SEC("tc") TAG("test_auxiliary")
int callee(struct __sk_buff *skb) { return 42; }

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__array(values, int(void *));
} calls SEC(".maps") = { .values = { (void *)&callee } };

SEC("tc") ACCEPTED RETURNS(42)
int caller(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &calls, 0);
	return 1;
}
