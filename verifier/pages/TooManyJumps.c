// Too many branches wait to be walked.
//
// At a branch that may go both ways the verifier walks one way and puts the
// other aside. Linux lets 8192 wait at once, so that they do not fill the
// memory. It takes a path with more open branches than that to get here: a
// long loop with a test in it, or thousands of tests in a row.
//
// Remove "#pragma unroll", or split the tests into global functions, which are
// verified on their own. A switch over many values is better a lookup in an
// array map. For a loop take bpf_loop or bpf_for, whose body is walked once.
//
// Linux answers EFAULT:
//     The sequence of 8193 jumps is too complex.

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int rejected(struct xdp_md *ctx)
{
	int zeros = 0;

	for (int i = 0; i < 1000000; i++)
		if (bpf_get_prandom_u32() % 10 == 0)
			zeros++;
	return zeros ? XDP_PASS : XDP_DROP;
}

static int turn(__u32 i, int *zeros)
{
	if (bpf_get_prandom_u32() % 10 == 0)
		++*zeros;
	return 0;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	int zeros = 0;

	bpf_loop(1000000, turn, &zeros, 0);
	return zeros ? XDP_PASS : XDP_DROP;
}
