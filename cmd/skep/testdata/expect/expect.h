// SPDX-License-Identifier: Apache-2.0
// The decl tags that skep test reads. Tags of one text are merged by clang, so
// messages are numbered.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define TAG(text) __attribute__((btf_decl_tag("comment:" text)))
#define TEXT(x) #x
#define NUMBER(x) TEXT(x)
#define ACCEPTED TAG("test_expect_success")
#define REFUSED TAG("test_expect_failure")
#define UNPRIV_ACCEPTED TAG("test_expect_success_unpriv")
#define UNPRIV_REFUSED TAG("test_expect_failure_unpriv")
#define SAYS(text) TAG("test_expect_msg=" NUMBER(__COUNTER__) "=" text)
#define UNPRIV_SAYS(text) TAG("test_expect_msg_unpriv=" NUMBER(__COUNTER__) "=" text)
#define SAYS_NOT(text) TAG("test_expect_not_msg=" NUMBER(__COUNTER__) "=" text)
#define UNPRIV_SAYS_NOT(text) TAG("test_expect_not_msg_unpriv=" NUMBER(__COUNTER__) "=" text)
#define RETURNS(value) TAG("test_retval=" #value)
#define UNPRIV_RETURNS(value) TAG("test_retval_unpriv=" #value)
#define ABOUT(text) TAG("test_description=" text)

#define NAKED __attribute__((naked))
