// A map that the helper does not work on.
//
// Each helper works on certain types of map: bpf_map_lookup_elem on those with
// keys, bpf_map_pop_elem on queues and stacks, bpf_redirect_map on device, CPU
// and socket maps, bpf_perf_event_output on perf event arrays.
//
// Take the map type that the helper wants, or the helper for the map: see the
// map type's page in the kernel's documentation.
//
// Linux answers EINVAL:
//     cannot pass map_type 27 into func bpf_perf_event_output#25

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

SEC("xdp")
int rejected(struct xdp_md *ctx)
{
	__u32 event = 1;

	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &event, sizeof(event));
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u32 event = 1;

	bpf_ringbuf_output(&events, &event, sizeof(event), 0);
	return XDP_PASS;
}
