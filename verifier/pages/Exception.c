// An exception where none may be thrown, or a bad exception callback.
//
// bpf_throw ends the program from any depth of calls, and its argument, or
// what the exception callback makes of it, becomes the result. Helpers that
// call back cannot be unwound, so callbacks must not throw. The callback for
// exceptions is one global function of one number, named by the tag of the
// program, and is not called otherwise.
//
// Return 1 from the callback to end the loop, leave a note in its context, and
// throw after the helper has returned.
//
// Linux answers EINVAL:
//     bpf_throw kfunc (insn 10) cannot be called from callback subprog 1

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

extern void bpf_throw(__u64 cookie) __ksym;

static int each(__u32 i, void *ctx)
{
	if (i == 5)
		bpf_throw(0);
	return 0;
}

SEC("tc")
int rejected(struct __sk_buff *skb)
{
	bpf_loop(10, each, NULL, 0);
	return 0;
}

static int turn(__u32 i, void *ctx)
{
	return i == 5;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	if (bpf_loop(10, turn, NULL, 0) < 10)
		bpf_throw(0);
	return 0;
}
