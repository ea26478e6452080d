// A tail call where it is not allowed.
//
// A tail call does not come back: the other program runs in place of this one,
// and its result becomes that of the function that made the call. So a static
// function that makes one must return int. A tail call is not possible out of
// a callback, or below frames that hold 256 bytes or more, and none may happen
// with a lock or reference held.
//
// Declare the function int, or do the tail call in the program itself. After a
// loop with a callback, do it with what the callback left in its context.
//
// Linux answers EINVAL:
//     tail_call is only allowed in functions that return 'int'.

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
} stages SEC(".maps");

static __noinline void next(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &stages, 1);
}

SEC("tc")
int rejected(struct __sk_buff *skb)
{
	next(skb); /* returns nothing */
	return 0;
}

static __noinline int next_or_pass(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &stages, 1);
	return 0; /* there is no such program */
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	return next_or_pass(skb);
}
