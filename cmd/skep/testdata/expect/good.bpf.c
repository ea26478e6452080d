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

SEC("socket") ACCEPTED TAG("test_expect_xlated=0=exit") TAG("test_expect_xlated=1=...") TAG("test_expect_xlated=2=r0") TAG("test_jited=3=ret")
int rewritten(void *ctx) { return 0; }

SEC("socket") ACCEPTED UNPRIV_ACCEPTED TAG("test_expect_xlated_unpriv=0=exit") TAG("test_jited_unpriv=1=ret")
int rewritten_unprivileged(void *ctx) { return 0; }

SEC("socket") ACCEPTED TAG("test_expect_stderr=0=fault") TAG("test_expect_stdout=1=text") TAG("test_of_another_time=2")
int streams(void *ctx) { return 0; }

SEC("socket") REFUSED SAYS_NOT("(bf) r0") SAYS("(b7) r0 = 3") SAYS_NOT("({{[a-f0-9]+}}) r0") SAYS("(bf) r0 = r5") SAYS_NOT("(b7)")
NAKED int absent(void) { asm volatile("r0 = 3; r3 = r0; r0 = r5; exit"); }

SEC("socket") ACCEPTED UNPRIV_REFUSED UNPRIV_SAYS("R0 leaks addr") UNPRIV_SAYS_NOT("R5 !read_ok")
NAKED int absent_unprivileged(void) { asm volatile("r0 = r10; exit"); }

SEC("tc") ACCEPTED UNPRIV_REFUSED
int no_capabilities(struct __sk_buff *skb) { return 0; }

SEC("tc") ACCEPTED UNPRIV_ACCEPTED TAG("test_caps_unpriv=CAP_BPF|CAP_NET_ADMIN")
int capabilities(struct __sk_buff *skb) { return 0; }

SEC("socket") TAG("load_mode=jited")
int with_jit(void *ctx) { return 0; }

SEC("socket") TAG("load_mode=no_jited") REFUSED
int without_jit(void *ctx) { return 0; }

SEC("tc") ACCEPTED RETURNS(0) TAG("test_linear_size=32")
int partly_linear(struct __sk_buff *skb) { return 0; }

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
