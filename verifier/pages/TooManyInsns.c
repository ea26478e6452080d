// More instructions were processed than the budget allows.
//
// The verifier walks every path through the program, and every turn of a loop
// whose states differ from those it has seen. It counts each instruction that
// it processes, however often it has been there, and stops at 1,000,000, so
// that a load ends in bounded time. A program of a few hundred instructions
// can get there with tests inside of loops.
//
// Let the body of a long loop be walked once: bpf_loop with a callback, or the
// open-coded iterator of bpf_for, whose states converge. Move work into a
// global function (one without static, marked __noinline), which is verified
// once and not again at every call. Have fewer branches inside of loops, and
// declare variables in the loop that are not used after it, so that their
// values do not keep states apart. skep verify --stats shows where the count
// stands.
//
// Linux answers E2BIG:
//     BPF program is too large. Processed 1000001 insn

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int rejected(struct xdp_md *ctx)
{
	int sum = 0;

	for (int i = 0; i < 1000000; i++)
		sum += bpf_get_prandom_u32();
	return sum ? XDP_PASS : XDP_DROP;
}

static int turn(__u32 i, int *sum)
{
	*sum += bpf_get_prandom_u32();
	return 0;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	int sum = 0;

	bpf_loop(1000000, turn, &sum, 0);
	return sum ? XDP_PASS : XDP_DROP;
}
