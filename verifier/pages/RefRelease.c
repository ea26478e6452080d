// A release of something that was not acquired.
//
// Only what was acquired can be released, once, and by the very pointer that
// was handed out: not one that was moved, one found by walking the kernel's
// structs, or one that was released before.
//
// Keep the pointer as it came, use another variable to move along, and set the
// flow up so that each path releases once.
//
// Linux answers EINVAL:
//     R1 must have zero offset when passed to release func or trusted arg to kfunc

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
	__u32 *event = bpf_ringbuf_reserve(&events, 8, 0);

	if (!event)
		return 0;
	*event++ = skb->len;
	*event = skb->mark;
	bpf_ringbuf_submit(event, 0); /* moved by four bytes */
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	__u32 *event = bpf_ringbuf_reserve(&events, 8, 0);

	if (!event)
		return 0;
	event[0] = skb->len;
	event[1] = skb->mark;
	bpf_ringbuf_submit(event, 0);
	return 0;
}
