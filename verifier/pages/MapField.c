// A special field of a map value misused.
//
// Locks, timers, work queues, list heads and tree roots in a map value belong
// to the kernel: programs hand their address to the functions made for them,
// at the offset that BTF gives, and touch them in no other way. A helper that
// copies a whole value must not cover such a field either.
//
// Write the members around the field one by one. The struct in BTF (compile
// with -g) must have the field, once, and the map must be of a type that can
// hold it.
//
// Linux answers EACCES:
//     bpf_spin_lock cannot be accessed directly by load/store

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

	if (c)
		__builtin_memset(c, 0, sizeof(*c)); /* the lock as well */
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct count *c = bpf_map_lookup_elem(&counts, &key);

	if (!c)
		return 0;
	bpf_spin_lock(&c->lock);
	c->packets = 0;
	bpf_spin_unlock(&c->lock);
	return 0;
}
