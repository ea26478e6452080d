// An acquired object is not released.
//
// Some functions hand out what must be given back: bpf_ringbuf_reserve a
// record, bpf_sk_lookup_tcp a socket, bpf_task_from_pid a task, bpf_obj_new an
// object. Every path to the exit must give it back, or store it in a map,
// since nobody else will. The line before says which instruction acquired it.
//
// Look for the early return between acquiring and releasing, and release there
// too: bpf_ringbuf_discard, bpf_sk_release, bpf_obj_drop.
//
// Linux answers EINVAL:
//     Unreleased reference id=2 alloc_insn=5
//     BPF_EXIT instruction in main prog would lead to reference leak

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

SEC("tc")
int rejected(struct __sk_buff *skb)
{
	__u32 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	*event = skb->len;
	if (skb->len < 64)
		return 0; /* and the record? */
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	__u32 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	*event = skb->len;
	if (skb->len < 64) {
		bpf_ringbuf_discard(event, 0);
		return 0;
	}
	bpf_ringbuf_submit(event, 0);
	return 0;
}
