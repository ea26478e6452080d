// Locks taken or given back in the wrong place.
//
// While a bpf_spin_lock is held nothing may take long or stop: no calls of
// most helpers and of global functions, no second lock, no return. The
// function that takes the lock gives it back, on every path. Resilient locks
// (bpf_res_spin_lock) may nest, and are given back in the reverse order.
//
// Fetch what is needed before the lock, copy under it, and work on the copy
// after. Look for a return between lock and unlock.
//
// Linux answers EINVAL:
//     BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct count {
	struct bpf_spin_lock lock;
	__u32 packets;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct count);
} counts SEC(".maps");

SEC("tc")
int rejected(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct count *c = bpf_map_lookup_elem(&counts, &key);

	if (!c)
		return 0;
	bpf_spin_lock(&c->lock);
	if (c->packets == 100)
		return 2; /* still locked */
	c->packets++;
	bpf_spin_unlock(&c->lock);
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct count *c = bpf_map_lookup_elem(&counts, &key);
	int full;

	if (!c)
		return 0;
	bpf_spin_lock(&c->lock);
	full = c->packets == 100;
	if (!full)
		c->packets++;
	bpf_spin_unlock(&c->lock);
	return full ? 2 : 0;
}
