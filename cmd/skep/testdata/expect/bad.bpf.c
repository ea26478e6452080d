// SPDX-License-Identifier: Apache-2.0
// Programs that fail what is expected of them, one for each way to fail.
#include "expect.h"

SEC("socket") ACCEPTED ABOUT("reads what is not set")
NAKED int refused(void) { asm volatile("r0 = r5; exit"); }

SEC("socket") REFUSED
int accepted(void *ctx) { return 0; }

SEC("socket") REFUSED SAYS("R5 is not what it was")
NAKED int other_message(void) { asm volatile("r0 = r5; exit"); }

SEC("socket") REFUSED SAYS("!read_ok") SAYS("(bf) r0 = r5")
NAKED int other_order(void) { asm volatile("r0 = r5; exit"); }

SEC("socket") REFUSED SAYS_NOT("!read_ok")
NAKED int said(void) { asm volatile("r0 = r5; exit"); }

SEC("socket") REFUSED SAYS("(b7) r0 = 3") SAYS_NOT("(bf) r3 = r{{[0-9]}}") SAYS("!read_ok")
NAKED int said_between(void) { asm volatile("r0 = 3; r3 = r0; r0 = r5; exit"); }

SEC("socket") UNPRIV_REFUSED UNPRIV_SAYS_NOT("leaks")
NAKED int said_unprivileged(void) { asm volatile("r0 = r10; exit"); }

SEC("socket") SAYS("processed")
int no_log_of_accepted(void *ctx) { return 0; }

SEC("xdp") ACCEPTED RETURNS(3)
int other_value(struct xdp_md *ctx) { return 2; }

SEC("socket") RETURNS(many)
int bad_tag(void *ctx) { return 0; }

SEC("socket") REFUSED SAYS("{{open")
int bad_pattern(void *ctx) { return 0; }

SEC("socket") ACCEPTED TAG("test_btf_path=none.btf")
int no_types(void *ctx) { return 0; }
