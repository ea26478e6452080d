// A map that the program type must not use.
//
// Some maps do not work at every hook. Sleepable programs may use maps only
// whose elements stay valid while they sleep; tracing programs, which can
// interrupt anything, may not use values with spin locks, timers, lists or
// trees; socket filters may not use spin locks. A program has one arena at
// most.
//
// Use a ring buffer in place of a perf event array, or do the work in a
// program of another type.
//
// Linux answers EINVAL:
//     Sleepable programs can only use array, hash, ringbuf and local storage maps

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} perf SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

SEC("syscall") /* always sleepable */
int rejected(void *ctx)
{
	__u32 event = 1;

	bpf_perf_event_output(ctx, &perf, BPF_F_CURRENT_CPU, &event, sizeof(event));
	return 0;
}

SEC("syscall")
int mended(void *ctx)
{
	__u32 event = 1;

	bpf_ringbuf_output(&ring, &event, sizeof(event), 0);
	return 0;
}
