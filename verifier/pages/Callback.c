// A callback with the wrong signature or in the wrong place.
//
// A function that is given to bpf_loop, bpf_for_each_map_elem,
// bpf_timer_set_callback and their like is walked with the arguments that the
// helper documents, where it is used. So it must be static: a global function
// is verified by its prototype alone, which does not say what the helper
// passes. And it must be in the BTF: compile with -g.
//
// Write static before it. Its result must be 0 to go on or 1 to stop, or 0 for
// a timer; other values have the code ReturnValue.
//
// Linux answers EINVAL:
//     callback function not static

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

int each(__u32 i, void *ctx) /* global */
{
	return i == 5;
}

SEC("xdp")
int rejected(struct xdp_md *ctx)
{
	bpf_loop(10, each, NULL, 0);
	return XDP_PASS;
}

static int turn(__u32 i, void *ctx)
{
	return i == 5;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	bpf_loop(10, turn, NULL, 0);
	return XDP_PASS;
}
